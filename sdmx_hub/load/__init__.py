"""The way in: guard, read or map, check, split by audience, store; one release for one load, all or nothing.

Every fault of a file is found before anything is stored, and all of them at once, as findings. This room refuses to
repair: what is wrong is told with its place and what to do, and the provider corrects it.
"""
