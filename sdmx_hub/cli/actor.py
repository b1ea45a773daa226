"""Who gives a command."""

from __future__ import annotations

import getpass


def actor() -> str:
    """Who gives the command, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"
