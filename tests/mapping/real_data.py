"""What docs/mapping-real-data.md says of the samples: their counts, which the tests of the samples compare."""

from __future__ import annotations

import re

from tests.tables import ROOT

PAGE = ROOT / "docs" / "mapping-real-data.md"
Counts = tuple[int, int, int]
"""Figures read, mapped and left out."""
_ROW = re.compile(
    r"^\| (?P<file>[^|]+) \| (?P<publisher>[^|]+) \| (?P<counts>\d+ \| \d+ \| \d+ \| \d+) \| (?P<dataflow>DF_\w+) \| "
    r"(?P<mapping>\w+/\w+) \| (?P<sample>whole|no|extract \d+ / \d+ / \d+) \| (?P<notes>[^|]*) \|$"
)


def _rows() -> list[re.Match[str]]:
    text = PAGE.read_text(encoding="utf-8").partition("## The files")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    rows = [_ROW.match(line) for line in lines]
    for line, row in zip(lines, rows, strict=True):
        assert row, f"not a row of the table: {line}"
    return [row for row in rows if row]


def _samples() -> dict[str, Counts]:
    found = {}
    for row in _rows():
        read, mapped, left_out, rejected = map(int, row["counts"].split(" | "))
        assert mapped + rejected == read, row["file"]
        if row["sample"] == "whole":
            found[row["mapping"]] = (read, mapped, left_out)
        elif row["sample"] != "no":
            read, mapped, left_out = map(int, re.findall(r"\d+", row["sample"]))
            found[row["mapping"]] = (read, mapped, left_out)
    return found


SAMPLES = _samples()
UNSHIPPED = {row["mapping"] for row in _rows()} - SAMPLES.keys()
