"""YAML as a mapping file uses it: every scalar as its author wrote it, and the line of every value.

YAML 1.2 (``NO`` is Norway). Plain ``true``, ``false``, ``null`` and integers without leading zeros are what they look
like; everything else is text, so that ``007``, ``1.10`` and ``2023-04-01`` come through unchanged. Anchors and aliases
are refused, a key written twice is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from sdmx_hub.model.finding import Finding, Where

Path = tuple[str | int, ...]
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
LONGEST = 4_000_000
"""Characters of the longest mapping file read."""


@dataclass
class Document:
    """Values of a YAML text: ``value`` of plain dicts, lists and scalars, ``lines`` from 1 by path."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of ``path``, or of the nearest thing above it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)


def parse_document(text: str, file: str | None = None) -> Document:
    """Read a YAML text. What cannot be read is a finding, and the value is then None."""
    document = Document()
    if len(text) > LONGEST:
        document.findings.append(_finding("MAP-YAML", file, None, why=f"more than {LONGEST} characters"))
        return document
    try:
        root = YAML(typ="rt", pure=True).compose(text)
        document.value = _Builder(document, file).build(root, ()) if root is not None else None
    except _AliasError as error:
        document.findings.append(_finding("MAP-ALIAS", file, error.line))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = " ".join(filter(None, (error.context, error.problem)))
        document.findings.append(_finding("MAP-YAML", file, mark.line + 1 if mark else None, why=why))
    except (YAMLError, RecursionError) as error:
        document.findings.append(_finding("MAP-YAML", file, None, why=str(error)[:200]))
    return document


class _AliasError(Exception):
    def __init__(self, line: int) -> None:
        self.line = line


class _Builder:
    """Turns nodes into values and remembers lines."""

    def __init__(self, document: Document, file: str | None) -> None:
        self.document = document
        self.file = file
        self.seen: set[int] = set()

    def build(self, node: Node, path: Path) -> Any:
        if id(node) in self.seen:
            raise _AliasError(node.start_mark.line + 1)
        self.seen.add(id(node))
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, position)) for position, item in enumerate(node.value)]
        return _scalar(node) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = _readable(str(key_node.value), key_node)
            line = key_node.start_mark.line + 1
            self.document.lines[(*path, key)] = line
            if key in values:
                self.document.findings.append(
                    _finding("MAP-TWICE", self.file, line, path=shown_path((*path, key)), key=key)
                )
            values[key] = self.build(value_node, (*path, key))
        return values


def _scalar(node: ScalarNode) -> str | int | bool | None:
    text = _readable(node.value, node)
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text


def _readable(text: str, node: Node) -> str:
    r"""Join characters that JSON escapes in two halves (``\ud83d\ude00``); half of one alone is refused."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise MarkedYAMLError(problem="half a character, such as \\ud800", problem_mark=node.start_mark) from error


def shown_path(path: Path) -> str:
    """Write a path as people read it: ``components.AGE.codes``, ``rows.drop[2]`` (counted from 1)."""
    return "".join(_parts(path)).removeprefix(".")


def _parts(path: Path) -> Iterator[str]:
    for part in path:
        yield f"[{part + 1}]" if isinstance(part, int) else f".{part}"


def _finding(code: str, file: str | None, line: int | None, path: str | None = None, **params: object) -> Finding:
    return Finding(code=code, where=Where(file=file, row=line, path=path), params=params)
