"""Formats: bytes ↔ model, one module per format and version, and the one table of all of them.

Writers of data render in the engine: each projects a text column over the rows, and the Arrow buffer of that column is
the message. Nobody outside this room knows a media type, an element name or a delimiter. It refuses to be a place where
versions are flags: a new version of a format is a new module and a new row in ``table``.
"""
