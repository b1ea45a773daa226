"""Cells of SDMX-CSV metadata that hold several things: instances, languages, and instances of instances.

The guide's grammar, followed to any depth: things stand side by side, parted by the sub-field separator; one that holds
the separator, a quote or a line break is put in quotes, its own quotes doubled; a language stands before its text as
``fr:``. ``CONTACT[].PHONE[]`` is a list of contacts, each a list of telephones. A missing thing is nothing between two
separators, an empty text is ``""``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_SPOKEN = re.compile(r"([A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*):(.*)", re.DOTALL)

Value = str | Mapping[str, str] | None


def join(things: Sequence[str | None], separator: str) -> str | None:
    """Write things side by side; None when there is nothing at all."""
    if all(thing is None for thing in things):
        return None
    return separator.join("" if thing is None else _quoted(thing, separator) for thing in things)


def split(cell: str, separator: str) -> list[str | None]:
    """Read things written side by side."""
    return [_unquoted(part) if part else None for part in _parts(cell, separator)]


def write_value(value: Value, separator: str, *, spoken: bool) -> str | None:
    """Write one value; where a column tells languages (``spoken``), a text without one is put in quotes."""
    if value is None:
        return None
    if isinstance(value, str):
        return _in_quotes(value) if spoken else value
    return separator.join(f"{language}:{_quoted(text, separator)}" for language, text in value.items())


def read_value(cell: str, separator: str, languages: Iterable[str]) -> str | dict[str, str]:
    """Read one value of a column that tells ``languages``."""
    known = set(languages)
    found: dict[str, str] = {}
    for part in _parts(cell, separator):
        match = _SPOKEN.fullmatch(part)
        if match is None or match[1] not in known:
            return _unquoted(cell) or ""
        found[match[1]] = _unquoted(match[2]) or ""
    return found


def _quoted(thing: str, separator: str) -> str:
    if thing and not any(sign in thing for sign in (separator, '"', "\n", "\r")):
        return thing
    return _in_quotes(thing)


def _in_quotes(thing: str) -> str:
    doubled = thing.replace('"', '""')
    return f'"{doubled}"'


def _unquoted(part: str) -> str | None:
    if len(part) >= 2 and part[0] == part[-1] == '"':
        return part[1:-1].replace('""', '"')
    return part


def _parts(cell: str, separator: str) -> list[str]:
    parts, start, is_inside = [], 0, False
    for position, sign in enumerate(cell):
        if sign == '"':
            is_inside = not is_inside
        elif sign == separator and not is_inside:
            parts.append(cell[start:position])
            start = position + 1
    return [*parts, cell[start:]]
