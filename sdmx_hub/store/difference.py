"""The difference between two documents, as lines a person can read: one path a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sdmx_hub.model.artefact import Document

_ABSENT = object()
LONGEST = 60


def difference(old: Document, new: Document, longest: int = LONGEST) -> tuple[str, ...]:
    """List what changed, in the order of the old document: ``names.fr: "Mali" → "MALI"``, ``codes[XK]: added``.

    Lists of things with an id compare by id, others by position. Links do not count. Texts are cut at ``longest``.
    """
    return tuple(_changes({**old, "links": None}, {**new, "links": None}, "", longest))


def difference_text(old: Document, new: Document, most: int = 5) -> str:
    """Say the difference in one line, the first ``most`` changes of it."""
    lines = difference(old, new)
    rest = f"; … (+{len(lines) - most})" if len(lines) > most else ""
    return "; ".join(lines[:most]) + rest


def _changes(old: Any, new: Any, path: str, longest: int) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{path}.{key}" if path else key, longest)
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        before, after = _by_name(old), _by_name(new)
        for name in dict.fromkeys((*before, *after)):
            yield from _changes(before.get(name, _ABSENT), after.get(name, _ABSENT), f"{path}[{name}]", longest)
        if before.keys() == after.keys() and list(before) != list(after):
            yield f"{path}: order"
    elif old is _ABSENT:
        yield f"{path}: added {_shown(new, longest)}"
    elif new is _ABSENT:
        yield f"{path}: removed {_shown(old, longest)}"
    elif old != new:
        yield f"{path}: {_shown(old, longest)} → {_shown(new, longest)}"


def _by_name(values: list[Any] | tuple[Any, ...]) -> dict[object, Any]:
    ids = [value.get("id") if isinstance(value, Mapping) else None for value in values]
    unique = all(ids) and len(set(ids)) == len(ids)
    return dict(zip(ids if unique else range(len(values)), values, strict=True))


def _shown(value: Any, longest: int) -> str:
    if isinstance(value, Mapping | list | tuple):
        return "…"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= longest else text[:longest] + "…"
