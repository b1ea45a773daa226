"""Templates: workbooks made for one dataflow, filled in by people, and read back without a mapping.

A hidden sheet says what the workbook is for; the ids beneath the headings say what each column holds, so columns may be
moved and others added. What a file says of itself is held to a hash, and to the data structure in use: a template of an
older structure is refused, never guessed at. A workbook without the hidden sheet is a table like any other, which needs
a mapping.
"""
