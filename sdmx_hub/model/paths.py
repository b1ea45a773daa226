"""Paths of this machine are nobody's business but its operators'."""

from __future__ import annotations

import re

_PATH = re.compile(r"(?<![\w:/.~-])~?/(?:[^\s/'\"<>:;,()]+/)+([^\s/'\"<>:;,()]*)")
"""An absolute path of two names or more; addresses of the web are none."""


def hide_paths(text: str) -> str:
    """Leave of each absolute path in a sentence its last name alone."""
    return _PATH.sub(r"…/\1", text)
