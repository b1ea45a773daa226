"""The harvest room: partners' endpoints visited on a schedule, what they say loaded by the same way in as any file.

A visit is a *run*: a row with one slot, held under a lease by one worker (``store.runs``). The scheduler only makes due
slots into rows; a worker takes a row, fetches through one guard for everything outgoing, keeps the raw bytes by their
hash, compares the partner's structure with ours, and loads. Nothing is published in part, a run that lost anything is
not a success, and a failed run leaves the last good state as it was.

The room refuses to be a crawler (it asks for what a source names, nothing else), a message queue, or a second
validator: what a partner sends meets the checks of any other load.
"""
