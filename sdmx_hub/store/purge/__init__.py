"""Purging: values that should never have been published are taken out of everything the hub keeps, for good.

Elsewhere in the store nothing is overwritten. Here it is, on somebody's order and for a reason that stays in the audit
log: first a release takes the values away, so that whoever harvests the hub is told; then the segments with their
history and the logs of loads are written anew without them, received bytes that may hold them are removed, and the
pages of the database in which they stood are wiped. What happened stays known (releases, counts, that there was
something at a key, unless the key must go too); what was said there does not.

The room refuses to search for a text: it takes out what lies at a key, and what the same loads brought as bytes.
"""
