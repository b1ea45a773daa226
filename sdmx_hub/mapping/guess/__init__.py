"""A draft to begin with: what a table most likely says, written down as a mapping a person then corrects.

Each module answers one question about a table nobody has described: how its bytes are text (``encoding``), where its
cells end (``delimited``), which rows are the table (``extent``), how its numbers (``signs``) and times (``periods``)
are written, what its columns are (``roles``), which of them are rows in truth (``layout``), which codes its texts are
(``codes``), and what it does not say at all (``constants``). ``draft`` asks them in that order and ``writing`` writes
the answer down. Only the beginning of a large table is looked at (``sample``), so the time is bounded whatever comes.
What this package refuses to do: give a text a code it is not sure of. Such texts are left out, and told.
"""
