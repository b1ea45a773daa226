"""Columns of SDMX-CSV metadata: ``CONTACT[].NAME[en;fr]`` is a place in the metadata structure and how cells are read.

``write_cell`` and ``Report`` are each other's opposite: attributes, nested and repeated, to cells and back.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.metadata_canonical import check_depth
from sdmx_hub.formats.metadata_cells import join, read_value, split, write_value
from sdmx_hub.model.artefact import Document
from sdmx_hub.model.metadata import MetadataStructure, Path

_STEP = re.compile(r"([A-Za-z0-9_@$-]+)(\[\])?(?:\[([^\]]+)\])?")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A metadata attribute: its place, which steps to it are repeated, and the languages of its texts."""

    path: Path
    repeated: tuple[bool, ...]
    languages: tuple[str, ...] = ()

    def heading(self, separator: str) -> str:
        """Write the heading."""
        steps = [f"{one}[]" if again else one for one, again in zip(self.path, self.repeated, strict=True)]
        return ".".join(steps) + (f"[{separator.join(self.languages)}]" if self.languages else "")

    @property
    def is_composite(self) -> bool:
        """Tell whether cells need the sub-field separator."""
        return bool(self.languages) or any(self.repeated)


def parse_column(heading: str, separator: str) -> Column:
    """Read a heading. Raises Malformed."""
    path: list[str] = []
    repeated: list[bool] = []
    languages: tuple[str, ...] = ()
    steps = _steps(heading)
    check_depth(len(steps))
    for step in steps:
        match = _STEP.fullmatch(step)
        if match is None:
            raise Malformed("metadata-csv-heading", heading=heading[:100])
        path.append(match[1])
        repeated.append(bool(match[2]))
        languages = tuple(one.strip() for one in re.split(f"[{re.escape(separator)};|]", match[3])) if match[3] else ()
    return Column(path=tuple(path), repeated=tuple(repeated), languages=languages)


def _steps(heading: str) -> list[str]:
    return re.split(r"\.(?![^\[]*\])", heading)


def plan_columns(reports: Iterable[tuple[Document, MetadataStructure | None]]) -> tuple[Column, ...]:
    """The columns some sets need: those with values, in the order of each metadata structure, then as they come."""
    spoken: dict[Path, dict[str, None]] = {}
    counted: dict[Path, bool] = {}
    order: dict[Path, None] = {}
    for document, structure in reports:
        known = structure.by_path if structure else {}
        counted |= {path: True for path, one in known.items() if one.is_array}
        met = dict(_values(document.get("attributes", ()), (), counted))
        order |= dict.fromkeys([*known, *met])
        for path, languages in met.items():
            spoken.setdefault(path, {}).update(languages)
    return tuple(
        Column(
            path=path,
            repeated=tuple(counted.get(path[: depth + 1], False) for depth in range(len(path))),
            languages=tuple(spoken[path]),
        )
        for path in order
        if path in spoken
    )


def _values(
    listed: Sequence[Document], above: Path, counted: dict[Path, bool]
) -> Iterator[tuple[Path, dict[str, None]]]:
    """Each place with a value, and its languages; notes in ``counted`` where something is repeated."""
    times = collections.Counter(one["id"] for one in listed)
    found: dict[Path, dict[str, None]] = {}
    for one in listed:
        path = (*above, one["id"])
        if times[one["id"]] > 1:
            counted[path] = True
        value = one.get("value")
        if value is not None:
            found.setdefault(path, {}).update(dict.fromkeys(value if isinstance(value, Mapping) else ()))
        for below, languages in _values(one.get("attributes", ()), path, counted):
            found.setdefault(below, {}).update(languages)
    yield from found.items()


def write_cell(column: Column, attributes: Sequence[Document], separator: str) -> str | None:
    """Write what a set reports in the place of a column; None for nothing."""
    return _written(column, attributes, 0, separator)


def _written(column: Column, attributes: Sequence[Document], depth: int, separator: str) -> str | None:
    here = [one for one in attributes if one["id"] == column.path[depth]]
    told = [_instance(column, one, depth, separator) for one in here]
    if column.repeated[depth]:
        return join(told, separator)
    return told[0] if told else None


def _instance(column: Column, attribute: Document, depth: int, separator: str) -> str | None:
    if depth + 1 < len(column.path):
        return _written(column, attribute.get("attributes", ()), depth + 1, separator)
    return write_value(attribute.get("value"), separator, spoken=bool(column.languages))


@dataclass
class Report:
    """The attributes of one set, put together cell by cell."""

    _instances: dict[str, list[_Instance]] = field(default_factory=dict)

    def read_cell(self, column: Column, cell: str, separator: str) -> None:
        """Take in one cell."""
        _read(self._instances, column, 0, cell, separator)

    def attributes(self) -> list[dict[str, Any]]:
        """The attributes as the document of a set has them."""
        return _listed(self._instances)


@dataclass
class _Instance:
    value: str | dict[str, str] | None = None
    below: dict[str, list[_Instance]] = field(default_factory=dict)


def _read(where: dict[str, list[_Instance]], column: Column, depth: int, cell: str, separator: str) -> None:
    things: list[str | None] = split(cell, separator) if column.repeated[depth] else [cell]
    instances = where.setdefault(column.path[depth], [])
    instances += [_Instance() for _ in range(len(things) - len(instances))]
    for instance, thing in zip(instances, things, strict=False):
        if thing is None:
            continue
        if depth + 1 < len(column.path):
            _read(instance.below, column, depth + 1, thing, separator)
        else:
            instance.value = read_value(thing, separator, column.languages) if column.languages else thing


def _listed(where: dict[str, list[_Instance]]) -> list[dict[str, Any]]:
    listed = []
    for identifier, instances in where.items():
        for instance in instances:
            made: dict[str, Any] = {"id": identifier}
            if instance.value is not None:
                made["value"] = instance.value
            below = _listed(instance.below)
            if below:
                made["attributes"] = below
            listed.append(made)
    return listed
