"""The tables of docs/content.md, drawn from the shipped structures and samples; see ``tests.reference``."""

from __future__ import annotations

import collections
import csv
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.tables import ROOT, coded, table

CONTENT = ROOT / "docs" / "content.md"


def _artefacts(class_name: str, collection: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((ROOT / "dsd").glob(f"*/{class_name}-*.json")):
        found += json.loads(path.read_text(encoding="utf-8"))["data"][collection]
    return found


def structures_text() -> str:
    """The data structures with their dimensions, in order."""
    rows = []
    for one in _artefacts("DataStructure", "dataStructures"):
        components = one["dataStructureComponents"]
        dimensions = [dimension["id"] for dimension in components["dimensionList"]["dimensions"]]
        rows.append((f"`{one['id']}`", one["name"], coded([*dimensions, "TIME_PERIOD"])))
    return table(("data structure", "name", "dimensions"), rows)


def dataflows_text() -> str:
    """The dataflows, each with the structure its data follow."""
    rows = [
        (
            f"`{one['id']}`",
            one["name"],
            f"`{one['structure'].rpartition(':')[2].partition('(')[0]}`",
            one["description"],
        )
        for one in _artefacts("Dataflow", "dataflows")
    ]
    return table(("dataflow", "name", "structure", "what it holds"), rows)


def codelists_text() -> str:
    """The codelists, with the number of their codes."""
    rows = []
    for index in sorted((ROOT / "codelists").glob("*/index.csv")):
        for row in _rows(index):
            codes = len(_rows(index.with_name(f"{row['id']}-{row['version']}.csv")))
            extends = f" and those of {row['extends']}" if row["extends"] else ""
            rows.append((f"`{index.parent.name}:{row['id']}({row['version']})`", row["name.en"], f"{codes}{extends}"))
    return table(("codelist", "name", "codes"), rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def artefacts_text() -> str:
    """How many artefacts of each class come with the hub."""
    counts = collections.Counter(path.name.partition("-")[0] for path in (ROOT / "dsd").glob("*/*.json"))
    counts["Codelist"] = sum(len(_rows(path)) for path in (ROOT / "codelists").glob("*/index.csv"))
    return table(("class", "artefacts"), [(f"`{name}`", str(count)) for name, count in sorted(counts.items())])


def samples_text() -> str:
    """The samples, each with its publisher, its terms and what it is."""
    rows = []
    for path in sorted((ROOT / "mappings").glob("*/samples/README.md")):
        text = path.read_text(encoding="utf-8")
        publisher, licence = (re.search(rf"^{word}: (.+)$", text, re.MULTILINE) for word in ("Publisher", "Licence"))
        assert publisher, path
        assert licence, path
        for file, source in re.findall(r"^\| (\S+\.\w+) \| (.+) \|$", text, re.MULTILINE):
            rows.append((f"`{path.parts[-3]}/{file}`", publisher[1], licence[1], source))
    return table(("sample", "publisher", "licence", "what it is"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "artefacts": artefacts_text,
    "data structures": structures_text,
    "dataflows": dataflows_text,
    "codelists": codelists_text,
    "samples": samples_text,
}
