"""The store room: artefacts and control data in SQL, observations in immutable files.

Control data (artefacts with their history, releases, manifests, lineage, audit, leases, keys) live in SQLite or
PostgreSQL and change in short transactions, one writer at a time. Observations live in immutable, content-named DuckDB
files (*segments*) that a release makes visible by adding manifest rows in one SQL transaction, so a reader never needs
a lock and a writer that dies leaves nothing but an unreferenced file. Nothing that was published is overwritten: each
observation version knows the release that brought it and the one that ended it.

The room knows components, keys and plans; it does not know formats, sharing rules or who is asking. An *audience* is a
name here, and rows that an audience must not see are simply not in its segments.
"""
