"""What a partner said when it refused: the few words a person can use."""

from __future__ import annotations

import json
import re

_LONGEST = 300
_TEXT = re.compile(r"<(?:[A-Za-z]+:)?(?:Text|faultstring)\b[^<>]{0,200}>([^<]{1,1000})<")


def told(excerpt: str) -> str:
    """Take the sentence out of an error message in SDMX-ML, SOAP, JSON or text; markup of pages is left out."""
    text = excerpt.strip()
    found = _TEXT.findall(text)
    if found:
        return _plain(" ".join(found))
    if text.startswith("{"):
        return _plain(_json_text(text))
    return "" if text.startswith("<") else _plain(text)


def _json_text(text: str) -> str:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    errors = message.get("errors") or message.get("error") or []
    entries = errors if isinstance(errors, list) else [errors]
    words = []
    for entry in entries:
        if isinstance(entry, dict):
            words += [str(entry[key]) for key in ("title", "detail", "message", "text") if entry.get(key)]
    return " ".join(words)


def _plain(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:_LONGEST]
