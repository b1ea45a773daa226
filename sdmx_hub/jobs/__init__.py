"""The jobs room: what a scheduler has done, and where: in this process, in processes beside it, or on a Dask cluster.

A *job* names a piece of work (visit for run 17, fold a dataflow, compare the two sides of corridors, measure pilots,
end embargoes). Whoever does it opens the hub by itself and reads there what is to be done, so that nothing but names
goes out and nothing but a word on how it went comes back: no rows, no settings, no secrets. Every job may be asked for
twice, or of two at once, and is then done once: a run by its lease and fence (``store.runs``), a dataflow by its write
lease, the rest because measuring what has not changed releases nothing. So a worker that dies loses nothing, and where
work is done is a matter of one setting.

The room refuses to be a queue: what is due stands in the control database, and is found there again when a cluster has
forgotten what it was asked for. It distributes whole jobs, never parts of a query or of a file.
"""
