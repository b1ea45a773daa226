"""The audiences every release has."""

from __future__ import annotations

PUBLIC = "public"
"""Everybody: free rows, and rows whose value is withheld."""
INTERNAL = "internal"
"""The office itself and the loads: every row as it was sent."""
