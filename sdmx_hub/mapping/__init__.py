"""Mappings: a table of an office, described once in a YAML file, becomes observations of a dataflow.

What this room is: the reader of mapping files (``reading``; their schema is ``mapping.schema.json``), the readers of
tables (``sources``: CSV, and workbooks in a limited child process) and the compiler that turns both into one DuckDB
query (``compile``, ``apply``). Text is translated value by distinct value, never row by row; numbers are read by the
engine. Whatever the mapping does not name stops the row and is told, with a suggestion that is text only: nothing is
guessed. What it refuses to be: a programming language, a cleaning tool, and a place where figures are made up.
"""
