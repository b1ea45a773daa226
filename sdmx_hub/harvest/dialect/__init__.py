"""Dialects: how a partner speaks SDMX REST, as one record of plain facts.

Every public service deviates from the standard somewhere. What it deviates in is data (``profiles.toml``, or a mapping
in a source), never a branch on the name of a partner: building URLs, choosing formats, reading answers and the
waits between requests all ask the record. The default record is the standard itself.

The room holds facts and pure decisions about answers. It sends nothing.
"""
