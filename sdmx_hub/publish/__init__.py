"""The way out: a query becomes a message. Structures, schemas, data and what data there are.

A door parses and negotiates, this room finds and opens, a format writes. Nothing is rendered here and nothing is
filtered by who is asking: an audience is a name under which the store opens only what that audience may see.
"""
