"""Messages gone wrong: what random edits make of a valid one, in its bytes or in its tree."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from lxml import etree

JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    " ",
    "x",
    "urn:sdmx:",
    [],
    {},
    [[]],
    ["x"],
    [None],
    {"id": 1},
    "9" * 40,
)
_WORDS = ("", "x", "-1", "1e999", "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=A", "2020-13", "\u00e9" * 9)


def cut_bytes(data: bytes, chance: random.Random) -> bytes:
    """Cut the end off, take a piece out, or change a byte."""
    first, second = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
    match chance.randrange(3):
        case 0:
            return data[:first]
        case 1:
            return data[:first] + data[min(second, first + chance.randrange(1, 60)) :]
        case _:
            return data[:first] + bytes([chance.randrange(256)]) + data[first + 1 :]


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Take members out of the tree, or put junk in their places."""
    tree = orjson.loads(data)
    for _ in range(chance.randrange(1, 4)):
        places = [place for place in _places(tree["data"]) if place]
        if not places:
            break
        parent, key = chance.choice(places)
        match chance.randrange(3):
            case 0:
                del parent[key]
            case 1:
                parent[key] = copy.deepcopy(chance.choice(JUNK))
            case _:
                other, name = chance.choice(places)
                parent[key] = copy.deepcopy(other[name])
    return orjson.dumps(tree)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inside:
        yield node, key
        yield from _places(value)


def mutate_xml(data: bytes, chance: random.Random) -> bytes:
    """Take elements or attributes out of the tree, move them, or put junk in their places."""
    root = etree.fromstring(data)
    structures = root[-1]
    for _ in range(chance.randrange(1, 4)):
        elements = [one for one in structures.iter() if one is not structures]
        if not elements:
            break
        chance.choice(_EDITS)(chance.choice(elements), elements, chance)
    return etree.tostring(root)


def _remove(element: Any, _others: list[Any], _chance: random.Random) -> None:
    element.getparent().remove(element)


def _forget(element: Any, _others: list[Any], chance: random.Random) -> None:
    if element.attrib:
        del element.attrib[chance.choice([*element.attrib])]


def _spoil(element: Any, _others: list[Any], chance: random.Random) -> None:
    if element.attrib:
        element.set(chance.choice([*element.attrib]), chance.choice(_WORDS))


def _say(element: Any, _others: list[Any], chance: random.Random) -> None:
    element.text = chance.choice(_WORDS)


def _copy(element: Any, others: list[Any], chance: random.Random) -> None:
    element.append(copy.deepcopy(chance.choice(others)))


def _rename(element: Any, others: list[Any], chance: random.Random) -> None:
    element.tag = chance.choice(others).tag


_EDITS: tuple[Callable[[Any, list[Any], random.Random], None], ...] = (_remove, _forget, _spoil, _say, _copy, _rename)
