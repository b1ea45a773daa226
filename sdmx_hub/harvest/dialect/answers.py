"""What an answer means in a dialect: nothing, too large, an error; codes are read from SDMX, SOAP and JSON."""

from __future__ import annotations

import json
import re

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect

_CODE = re.compile(r"<(?:\w+:)?ErrorMessage\b[^<>]{0,200}\bcode\s*=\s*[\"']([0-9]{1,6})[\"']", re.ASCII)
_FAULT = re.compile(r"<(?:\w+:)?(?:faultcode|Value)\b[^<>]{0,200}>\s*(?:[\w.-]+:)?([0-9]{1,6})\s*<", re.ASCII)
_ERROR_STYLES = (
    ("soap", re.compile(r"<(?:\w+:)?(?:Fault|Envelope)\b", re.ASCII)),
    ("sdmx", re.compile(r"<(?:\w+:)?(?:ErrorMessage|Error)\b", re.ASCII)),
    ("html", re.compile(r"<!doctype html|<html\b", re.ASCII | re.IGNORECASE)),
)


def error_code(excerpt: str) -> str:
    """The SDMX code an error message carries (110, 140 …), in SDMX-ML, SOAP or SDMX-JSON; empty for none."""
    found = _CODE.search(excerpt) or _FAULT.search(excerpt)
    return found[1] if found else _json_code(excerpt)


def _json_code(text: str) -> str:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    errors = message.get("errors") if isinstance(message, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    code = first.get("code") if isinstance(first, dict) else None
    return str(code) if isinstance(code, int | str) else ""


def error_style(excerpt: str) -> str:
    """How an error is told: sdmx, soap, html, json, text, or nothing at all."""
    head = excerpt.strip().lstrip("\ufeff")
    for style, pattern in _ERROR_STYLES:
        if pattern.search(head):
            return style
    if head.startswith(("{", "[")):
        return "sdmx" if _json_code(head) else "json"
    return "text" if head else "none"


def says_no_results(answer: Answer, dialect: Dialect = STANDARD) -> bool:
    """Tell whether the partner says that nothing matches."""
    if answer.status in {204, 404} and str(answer.status) in dialect.nothing:
        return True
    if answer.status not in {400, 404}:
        return False
    code = error_code(answer.excerpt)
    if answer.status == 404 and code == "404":  # SDMX-JSON repeats the status where SDMX-ML has 100
        code = "100"
    return f"{answer.status}+{code}" in dialect.nothing


def may_be_empty(dialect: Dialect) -> bool:
    """Tell whether a message without observations is an honest way to say that nothing matches."""
    return "200" in dialect.nothing


def says_too_large(answer: Answer, dialect: Dialect = STANDARD) -> bool:
    """Tell whether the partner says that the answer would be too large, and smaller questions may help."""
    status = str(answer.status)
    return status in dialect.too_large or f"{status}+{error_code(answer.excerpt)}" in dialect.too_large
