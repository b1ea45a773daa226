"""Reads what a mapping says of single texts: ``codes`` (dated or not), ``codes_file``, ``splits`` and ``groups``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.declared import DatedCode, GroupRule, SplitRule, overlap

Find = Callable[..., None]
"""How a fault is told: its code, the path to it, and parameters by name."""


class CodeTables:
    """The tables of one component: undated codes, dated ones, splits and groups, by text. Faults go to ``find``."""

    def __init__(self, component_id: str, node: Mapping[str, Any], folder: Path | None, find: Find) -> None:
        self.place = ("components", component_id)
        self.find = find
        self.folder = folder
        self.codes: dict[str, str] = {}
        self.dated: dict[str, tuple[DatedCode, ...]] = {}
        if "codes_file" in node:
            self._add_file(node["codes_file"])
        for text, given in node.get("codes", {}).items():
            self._add(evened(text), self._rows(given, text), ("codes", text))
        self.splits = {evened(text): self._split(text, given) for text, given in node.get("splits", {}).items()}
        self.groups = {evened(text): _group(given) for text, given in node.get("groups", {}).items()}

    def _rows(self, given: Any, text: str) -> list[DatedCode]:
        if not isinstance(given, list):
            return [DatedCode(code=str(given))]
        if not all(isinstance(one, Mapping) for one in given):
            self.find("M07-WEIGHTS", *self.place, "codes", text, value=text, codes=", ".join(map(str, given)))
            return [DatedCode(code=str(one)) for one in given[:1]]
        return [_dated(one) for one in given]

    def _add(self, text: str, rows: Iterable[DatedCode], path: tuple[str, ...]) -> None:
        listed = tuple(rows)
        self.codes.pop(text, None)
        self.dated.pop(text, None)
        if len(listed) == 1 and listed[0].valid_from is None and listed[0].valid_to is None:
            self.codes[text] = listed[0].code
            return
        self.dated[text] = listed
        try:
            both = overlap(listed)
        except BadRequest as error:
            self.find("M22-DATE", *self.place, *path, value=error.params.get("text", ""))
            return
        if both:
            self.find("M22-OVERLAP", *self.place, *path, value=text, codes=", ".join(one.shown for one in both))

    def _add_file(self, name: str) -> None:
        path = self.folder / name if self.folder and ".." not in Path(name).parts else None
        if path is None or not path.is_file():
            self.find("MAP-CODES-FILE", *self.place, "codes_file", name=name)
            return
        table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        if not {"source", "code"} <= set(table.fieldnames or ()):
            self.find("MAP-CODES-COLUMNS", *self.place, "codes_file", name=name)
            return
        rows: dict[str, list[DatedCode]] = {}
        for row in table:
            rows.setdefault(evened(row["source"] or ""), []).append(_dated(row))
        for text, listed in rows.items():
            dated = any(one.valid_from or one.valid_to for one in listed)
            self._add(text, listed if dated else listed[-1:], ("codes_file",))

    def _split(self, text: str, given: Mapping[str, Any]) -> SplitRule:
        try:
            rule = SplitRule({code: Decimal(str(weight)) for code, weight in given.items()})
        except InvalidOperation:
            rule = SplitRule({})
        if not rule.is_whole or any(weight <= 0 for weight in rule.weights.values()):
            total = sum(rule.weights.values())
            self.find("M07-SUM", *self.place, "splits", text, value=text, weights=rule.shown, total=total)
        return rule


def evened(text: str) -> str:
    """Even out the blanks of a text, as those of the file are."""
    return " ".join(str(text).split())


def _dated(row: Mapping[str, Any]) -> DatedCode:
    return DatedCode(
        code=_plain(row.get("code")) or "",
        valid_from=_plain(row.get("valid_from")),
        valid_to=_plain(row.get("valid_to")),
    )


def _plain(value: Any) -> str | None:
    text = "" if value is None else str(value).strip()
    return text or None


def _group(node: Mapping[str, Any]) -> GroupRule:
    return GroupRule(
        code=str(node["code"]),
        like=node.get("like"),
        members=tuple(map(str, node.get("members", ()))),
        also=tuple(map(str, node.get("with", ()))),
        without=tuple(map(str, node.get("without", ()))),
    )
