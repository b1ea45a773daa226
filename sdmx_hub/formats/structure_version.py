"""Versions as SDMX 2.1 knows them."""

from __future__ import annotations

import re

_WILDCARD = re.compile(r"[+*~]|-.*")


def plain_version(version: str) -> str:
    """A version as SDMX 2.1 knows them: numbers and dots, without wildcard or extension."""
    return _WILDCARD.sub("", version) or "1.0"
