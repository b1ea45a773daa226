"""Probing: about forty small questions to a partner, and what the answers say of its dialect and of its health.

Each question is one guarded request, spaced from the one before and counted. The facts found become a dialect that a
source can carry, and a scorecard that says, area by area, what a harvester may rely on. Nothing is loaded or kept.
"""
