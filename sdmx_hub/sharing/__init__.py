"""The sharing room: who may see which observations. Pure decisions over values; nothing is read, stored or remembered.

An *audience* is a name for those who see the same rows. Rows are divided among audiences when they are loaded, so that
a request opens what its audience may see and nothing is filtered out afterwards: counts, availability, paging, history
and entity tags cannot tell what they were never shown.
"""
