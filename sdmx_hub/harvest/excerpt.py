"""What a partner said when it refused: the few words a person can use, and whether it means "no results"."""

from __future__ import annotations

import json
import re

from sdmx_hub.harvest.fetch import Answer

_LONGEST = 300
_TEXT = re.compile(r"<(?:[A-Za-z]+:)?(?:Text|faultstring)\b[^<>]{0,200}>([^<]{1,1000})<")
_CODE = re.compile(r"<(?:[A-Za-z]+:)?ErrorMessage\b[^<>]{0,200}\bcode\s*=\s*[\"']([0-9]{1,6})[\"']")
_NO_RESULTS = "100"


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


def says_no_results(answer: Answer) -> bool:
    """Tell whether the partner says that nothing matches: 204, or a 404 (or 400) with the SDMX code 100."""
    if answer.status == 204:
        return True
    if answer.status not in {400, 404}:
        return False
    code = _CODE.search(answer.excerpt)
    if code:
        return code[1] == _NO_RESULTS
    return answer.status == 404 and _json_code(answer.excerpt) in {100, 404, "100", "404"}


def _json_code(text: str) -> object:
    """The code of the first error of an SDMX-JSON error message."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    errors = message.get("errors") if isinstance(message, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return first.get("code") if isinstance(first, dict) else None
