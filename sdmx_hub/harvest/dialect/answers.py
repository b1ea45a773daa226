"""What an answer means in a dialect: nothing, too large, an error; codes are read from SDMX, SOAP, JSON and footers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect

_CODE = re.compile(r"<(?:\w+:)?(?:Error)?Message\b[^<>]{0,200}\bcode\s*=\s*[\"']([0-9]{1,6})[\"']", re.ASCII)
_FAULT = re.compile(r"<(?:\w+:)?(?:faultcode|Value)\b[^<>]{0,200}>\s*(?:[\w.-]+:)?([0-9]{1,6})\s*<", re.ASCII)
_SENTENCES = ("title", "detail", "message", "text", "error_description")
"""Where JSON has the words of an error."""
_GRAVE = frozenset({"130", "413", "510"})
"""Codes of SDMX, and the one of Eurostat, for what is too large."""
_ERROR_STYLES = (
    ("footer", re.compile(r"<(?:\w+:)?Footer\b", re.ASCII)),
    ("soap", re.compile(r"<(?:\w+:)?(?:Fault|Envelope)\b", re.ASCII)),
    ("sdmx", re.compile(r"<(?:\w+:)?(?:ErrorMessage|Error)\b", re.ASCII)),
    ("html", re.compile(r"<!doctype html|<html\b", re.ASCII | re.IGNORECASE)),
)


def error_code(excerpt: str) -> str:
    """The SDMX code an error message carries (110, 140 …), in SDMX-ML, SOAP or SDMX-JSON; empty for none."""
    found = _CODE.search(excerpt) or _FAULT.search(excerpt)
    return found[1] if found else _json_code(excerpt)


def json_errors(text: str) -> list[Mapping[str, Any]]:
    """The errors a JSON object tells: those of SDMX-JSON, one ``error``, or the object itself where it is a problem.

    Of the object itself a sentence is wanted (``message``, ``detail``, ``Message`` …), or it may be anything.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(message, dict):
        return []
    told = message.get("errors") or message.get("error")
    if isinstance(told, str):
        return [{"message": told}]
    if told:
        entries = told if isinstance(told, list) else [told]
        return [{"message": one} if isinstance(one, str) else one for one in entries if isinstance(one, str | dict)]
    lowered = {str(name).lower(): value for name, value in message.items()}
    return [lowered] if any(isinstance(lowered.get(name), str) for name in _SENTENCES) and "data" not in lowered else []


def _json_code(text: str) -> str:
    first = next(iter(json_errors(text)), {})
    code = first.get("code")
    return str(code) if isinstance(code, int | str) and not isinstance(code, bool) else ""


def _is_sdmx_json(text: str) -> bool:
    return '"errors"' in text and bool(_json_code(text))


def error_style(excerpt: str) -> str:
    """How an error is told: sdmx, soap, html, json, text, or nothing at all."""
    head = excerpt.strip().lstrip("\ufeff")
    for style, pattern in _ERROR_STYLES:
        if pattern.search(head):
            return style
    if head.startswith(("{", "[")):
        return "sdmx" if _is_sdmx_json(head) else "json"
    return "text" if head else "none"


def says_no_results(answer: Answer, dialect: Dialect = STANDARD) -> bool:
    """Tell whether the partner says that nothing matches."""
    if answer.status == 204 and "204" in dialect.nothing:
        return True
    if answer.status == 404 and "404" in dialect.nothing:
        return not is_strange(answer.excerpt, dialect)
    if answer.status not in {200, 400, 404} or answer.kept is not None:
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
    status, code = str(answer.status), error_code(answer.excerpt)
    if answer.status == 200:
        return answer.kept is None and code in _GRAVE
    return status in dialect.too_large or f"{status}+{code}" in dialect.too_large


def is_strange(excerpt: str, dialect: Dialect) -> bool:
    """Tell whether a page came from a partner that tells no errors by pages: a gateway before it may have answered."""
    return error_style(excerpt) == "html" and "html" not in dialect.errors
