"""Writes a draft as YAML: short values in one line, and every doubt as a comment above what it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CHECK = "# CHECK: "
_PLAIN = re.compile(r"[^\W\d_](?:[\w.$() '’/-]*[\w)])?")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Signs YAML takes only as escapes."""
_LINE = 110
"""Characters of the longest value written in one line."""


def write_draft(document: Mapping[str, Any], comments: Mapping[str, Sequence[str]], intro: Sequence[str]) -> str:
    """Write ``document``; ``comments`` are lines by path (``components.SEX``), ``intro`` lines at the top."""
    lines = [f"# {_one_line(line)}" for line in intro]
    for key, value in document.items():
        if isinstance(value, Mapping) and key not in {"title", "aggregate"}:
            lines.append("")
        lines += _entry(key, value, key, comments, indent=0)
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, path: str, comments: Mapping[str, Sequence[str]], indent: int) -> Iterator[str]:
    blank = " " * indent
    for comment in comments.get(path, ()):
        yield f"{blank}{CHECK}{_one_line(comment)}"
    has_deeper = any(other.startswith(f"{path}.") for other in comments)
    shown = flow(value)
    is_open = isinstance(value, Mapping | list) and bool(value)
    top = indent == 0 and key in {"source", "components", "unpivot", "fill_down"}
    if not is_open or (len(shown) + indent + len(key) <= _LINE and not has_deeper and not top):
        yield f"{blank}{scalar(key)}: {shown}"
        return
    yield f"{blank}{scalar(key)}:"
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _entry(str(name), inner, f"{path}.{name}", comments, indent + 2)
    else:
        for inner in value:
            yield f"{blank}  - {flow(inner)}"


def flow(value: Any) -> str:
    """Write a value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Write a text, plain where YAML reads it as the same text, else between double quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if (_PLAIN.fullmatch(text) and text.casefold() not in _WORDS) or re.fullmatch(r"_[TZUO]|\$skip|\$value", text):
        return text
    return _UNWRITABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _one_line(text: str) -> str:
    return " ".join(_UNWRITABLE.sub("\ufffd", text).split())
