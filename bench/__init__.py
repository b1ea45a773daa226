"""Benchmarks: what the hub costs, each figure a ratio to a peer or a limit measured in the same run.

``python -m bench`` prints one table; ``--scale 1m`` leaves the ten million out. Nothing here is a test: a slow machine
changes the seconds, not the ratios.
"""
