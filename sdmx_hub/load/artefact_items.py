"""Items of item schemes put in, replaced and taken out one by one (SDMX REST v2.2, maintenance, partial update)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sdmx_hub.model.artefact import Artefact, Document, texts

_WORDS = ("name", "description")


def merge_partial(stored: Artefact, sent: Artefact) -> Artefact:
    """Update an item scheme by a part of it.

    A sent item replaces the stored one where that stands. A new one goes before the next sent item that is stored
    already, else to the end. Names and descriptions are added by language; what else the scheme says is replaced.
    """
    key = sent.artefact_class.items
    if key is None:
        return sent
    document = {name: value for name, value in sent.document.items() if name not in {"isPartial", key}}
    if stored.document.get("isPartial"):
        document["isPartial"] = True
    for word in _WORDS:
        spoken = {**texts(stored.document, word), **texts(sent.document, word)}
        if spoken:
            document[f"{word}s"] = spoken
            document[word] = sent.document.get(word) or stored.document.get(word) or next(iter(spoken.values()))
    document[key] = _merged(stored.items, sent.items)
    return Artefact(sent.artefact_class, document, sent.final or stored.final)


def _merged(stored: Sequence[Document], sent: Sequence[Document]) -> list[Document]:
    there = {item["id"] for item in stored}
    replaced = {item["id"]: item for item in sent}
    before: dict[str | None, list[Document]] = {}
    waiting: list[Document] = []
    for item in sent:
        if item["id"] in there:
            before.setdefault(item["id"], []).extend(waiting)
            waiting = []
        else:
            waiting.append(item)
    merged: list[Document] = []
    for item in stored:
        merged += [*before.get(item["id"], ()), replaced.get(item["id"], item)]
    return merged + waiting


def remove_item(artefact: Artefact, item_id: str) -> Artefact | None:
    """Take an item out; None when there is none of that id.

    In a flat scheme those below it lose their parent, in a nested one (``A.B.C``) they go with it.
    """
    key = artefact.artefact_class.items
    if key is None:
        return None
    kept = _without(artefact.items, key, item_id)
    if kept is None:
        return None
    document = {**artefact.document, key: [_orphaned(item, item_id) for item in kept]}
    if not kept:
        del document[key]
    return Artefact(artefact.artefact_class, document, artefact.final)


def _without(items: Iterable[Document], key: str, item_id: str) -> list[Document] | None:
    listed = list(items)
    kept = [item for item in listed if item["id"] != item_id]
    if len(kept) < len(listed):
        return kept
    head, _, rest = item_id.partition(".")
    found: list[Document] = []
    done = False
    for item in listed:
        below = _without(item.get(key, ()), key, rest) if rest and item["id"] == head else None
        done = done or below is not None
        found.append(item if below is None else _with_items(item, key, below))
    return found if done else None


def _with_items(item: Document, key: str, below: list[Document]) -> dict[str, Any]:
    rest = {name: value for name, value in item.items() if name != key}
    return {**rest, key: below} if below else rest


def _orphaned(item: Document, parent: str) -> Document:
    if item.get("parent") != parent:
        return item
    return {name: value for name, value in item.items() if name != "parent"}
