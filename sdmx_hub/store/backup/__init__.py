"""Backups: all a hub keeps, in a form that is the same from SQLite and from PostgreSQL, and the way back.

The control database is read in one snapshot and written as lines of JSON; the files it refers to never change, so they
are copied after it, each once, under its hash. A manifest, written last, makes a backup of what was copied: without it
there is none. A folder takes one backup after the other and shares what they have in common; an archive (``.tar``,
``.tar.zst``) is one backup in one file.

The room refuses to be a replication: what was released after the snapshot is in the next backup. What is secret stays
out unless it is asked for, and nothing that is there is overwritten: a restored hub is built beside, then renamed.
"""
