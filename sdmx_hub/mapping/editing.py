"""Changes one entry of a code table in the text of a mapping file; every other character stays as it was.

The text is not written anew from its values: the entry is put where it belongs, so comments, quotes, order and line
ends are untouched. What comes out is read again and must differ from what was there by just that entry.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from sdmx_hub.errors import Conflict
from sdmx_hub.mapping.document import parse_document
from sdmx_hub.mapping.reading import clean

_PLAIN = re.compile(r"\w(?:[\w.'’()/+&-]|[ ](?![#]))*[\w.)]|\w")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


@dataclass(frozen=True)
class _Edit:
    """Text put in the place of what stands between two positions."""

    start: int
    end: int
    text: str

    def made_in(self, text: str) -> str:
        return text[: self.start] + self.text + text[self.end :]


def write_code(text: str, component_id: str, source: str, code: str | None) -> str:
    """Give the mapping ``text`` with ``source`` → ``code`` in the code table of a component; None takes the entry out.

    Raises Conflict when the component is a constant, or its layout cannot be kept; ``text`` must be a mapping file.
    """
    component = _component(text, component_id)
    codes = _value(component, "codes")
    if isinstance(codes, MappingNode):
        edit = _in_table(text, component, codes, source, code)
    elif code is None:
        return text
    else:
        edit = _new_table(text, component, source, code)
    changed = text if edit is None else edit.made_in(text)
    _check(text, changed, component_id, source, code)
    return changed


def _component(text: str, component_id: str) -> MappingNode:
    root = YAML(typ="rt", pure=True).compose(text)
    components = _value(root, "components") if isinstance(root, MappingNode) else None
    component = _value(components, component_id) if isinstance(components, MappingNode) else None
    if not isinstance(component, MappingNode) or _value(component, "constant") is not None:
        named = components.value if isinstance(components, MappingNode) else []
        known = ", ".join(str(name.value) for name, node in named if isinstance(node, MappingNode))
        raise Conflict("decision-no-column", component=component_id, known=known)
    return component


def _value(node: MappingNode, key: str) -> Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _in_table(text: str, component: MappingNode, codes: MappingNode, source: str, code: str | None) -> _Edit | None:
    entry = next((pair for pair in codes.value if clean(str(pair[0].value)) == source), None)
    if entry is None:
        return None if code is None else _added(text, codes, f"{_scalar(source)}: {_scalar(code)}")
    if not isinstance(entry[1], ScalarNode):
        raise Conflict("decision-dated", value=source)
    if code is not None:
        return _Edit(entry[1].start_mark.index, entry[1].end_mark.index, _scalar(code))
    if len(codes.value) > 1:
        return _removed(text, codes, entry)
    return _removed(text, component, next(pair for pair in component.value if pair[1] is codes))


def _new_table(text: str, component: MappingNode, source: str, code: str) -> _Edit:
    pair = f"{_scalar(source)}: {_scalar(code)}"
    if component.flow_style:
        return _added(text, component, f"codes: {{{pair}}}")
    indent = " " * component.start_mark.column
    return _added(text, component, f"codes:{_line_end(text)}{indent}  {pair}")


def _added(text: str, node: MappingNode, entry: str) -> _Edit:
    if node.flow_style:
        at = _end(node.value[-1][1]) if node.value else node.start_mark.index + 1
        return _Edit(at, at, f", {entry}" if node.value else entry)
    end = _line_end(text)
    at = text.find("\n", _end(node.value[-1][1]))
    line = " " * node.start_mark.column + entry
    return _Edit(at + 1, at + 1, line + end) if at >= 0 else _Edit(len(text), len(text), end + line + end)


def _removed(text: str, node: MappingNode, entry: tuple[Node, Node]) -> _Edit:
    position = next(place for place, pair in enumerate(node.value) if pair is entry or pair[0] is entry[0])
    if node.flow_style:
        if position:
            return _Edit(_end(node.value[position - 1][1]), _end(entry[1]), "")
        following = node.value[1][0].start_mark.index if len(node.value) > 1 else _end(entry[1])
        return _Edit(entry[0].start_mark.index, following, "")
    start = text.rfind("\n", 0, entry[0].start_mark.index) + 1
    stop = text.find("\n", _end(entry[1]))
    return _Edit(start, len(text) if stop < 0 else stop + 1, "")


def _end(node: Node) -> int:
    """Where a value ends; a block collection reaches over the comments behind it, its last value does not."""
    while isinstance(node, CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _scalar(text: str) -> str:
    """Write a text so that it is read as just this text, in lines and between braces."""
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS
    if (plain and text.isprintable()) or text == "$skip":
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in escaped) + '"'


def _check(before: str, after: str, component_id: str, source: str, code: str | None) -> None:
    """Hold that the edit changed one entry and nothing else."""
    wanted, found = _split(before, component_id), _split(after, component_id)
    if code is None:
        wanted[1].pop(source, None)
    else:
        wanted[1][source] = code
    if wanted != found:
        raise Conflict("decision-layout", component=component_id, value=source)


def _split(text: str, component_id: str) -> tuple[Any, dict[str, str]]:
    """The values of a mapping file without one code table, and that table."""
    value = parse_document(text).value
    component = value["components"][component_id] if isinstance(value, dict) else {}
    codes = component.pop("codes", {}) or {}
    return value, {clean(str(key)): _plain(code) for key, code in codes.items()}


def _plain(code: Any) -> str:
    return str(code) if isinstance(code, str | int) else json.dumps(code, default=str)
