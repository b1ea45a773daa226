"""The table of a dataflow page: series as rows, the latest periods as columns, flags beside the values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.structure import Attachment, DataStructure
from sdmx_hub.publish.derived import (
    ESTIMATED,
    WHOLES,
    Cell,
    Derivation,
    DerivedValue,
    derive_shares,
    derive_totals,
)
from sdmx_hub.web.labels import Labels

SILENT_FLAGS = {"OBS_STATUS": "A", "CONF_STATUS": "F"}
"""Flags of observations worth showing, and the code that says nothing out of the ordinary."""
MOST_NOTES = 4

Row = Mapping[str, Any]
SeriesKey = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a page shows of its series: rows by series key, all periods drawn, and where in the whole they stand.

    ``derived`` are figures that follow from those in ``cells``, ``shares`` those by the component they are a share in.
    """

    labels: Labels
    keys: tuple[SeriesKey, ...]
    periods: tuple[str, ...]
    cells: Mapping[tuple[SeriesKey, str], Row]
    first: int
    total: int
    derived: Mapping[Cell, DerivedValue] = field(default_factory=dict)
    shares: Mapping[tuple[str, Cell], DerivedValue] = field(default_factory=dict)

    @property
    def structure(self) -> DataStructure:
        """The structure of the rows."""
        return self.labels.structure

    @property
    def has_derived(self) -> bool:
        """Tell whether anything is derived."""
        return bool(self.derived or self.shares)

    @property
    def varying(self) -> tuple[str, ...]:
        """The dimensions that tell the rows apart; one that says what the row is when there is only one."""
        ids = self.structure.dimension_ids
        differing = tuple(one for position, one in enumerate(ids) if len({key[position] for key in self.keys}) > 1)
        return differing or tuple(one for one in ids if one != "FREQ")[:1] or ids[:1]

    def row_labels(self, key: SeriesKey) -> list[str]:
        """The names of a row's codes in the dimensions that vary."""
        found = dict(zip(self.structure.dimension_ids, key, strict=True))
        return [self.labels.code(one, found[one]) for one in self.varying]

    def value(self, key: SeriesKey, period: str) -> str | None:
        """The text of an observation, if there is one, else what is derived."""
        if (key, period) in self.derived:
            return self.derived[key, period].value
        row = self.cells.get((key, period))
        return row.get(self.structure.measures[0].id) if row and self.structure.measures else None

    def flags(self, key: SeriesKey, period: str) -> list[tuple[str, str]]:
        """The flags of an observation that say something: (component id, code)."""
        if (key, period) in self.derived:
            return [("OBS_STATUS", ESTIMATED)]
        row = self.cells.get((key, period), {})
        return [
            (component_id, row[component_id])
            for component_id, silent in SILENT_FLAGS.items()
            if row.get(component_id) not in {None, silent}
        ]

    def as_json(self, columns: int) -> dict[str, Any]:
        """Shape the latest ``columns`` periods for the page and its JSON twin."""
        periods = self.periods[-columns:]
        ids = self.structure.dimension_ids
        rows: list[dict[str, Any]] = []
        for key in self.keys:
            rows.append(
                {
                    "key": dict(zip(ids, key, strict=True)),
                    "labels": self.row_labels(key),
                    "cells": [self._cell(key, period) for period in periods],
                }
            )
            rows += self._share_rows(key, periods)
        flags = {
            code: self.labels.code(component_id, code)
            for key in self.keys
            for period in periods
            for component_id, code in self.flags(key, period)
        }
        return {
            "first": self.first,
            "last": self.first + len(self.keys) - 1,
            "total": self.total,
            "heads": [{"id": one, "name": self.labels.component(one)} for one in self.varying],
            "periods": list(periods),
            "rows": rows,
            "common": self._common(),
            "flags": dict(sorted(flags.items())),
            "notes": self._notes(),
            "has_gaps": any(cell["value"] is None for row in rows for cell in row["cells"]),
        }

    def _cell(self, key: SeriesKey, period: str) -> dict[str, Any]:
        cell: dict[str, Any] = {
            "value": self.value(key, period),
            "flags": [code for _, code in self.flags(key, period)],
        }
        derived = self.derived.get((key, period))
        return cell | ({"derived": derived.formula} if derived else {})

    def _share_rows(self, key: SeriesKey, periods: Sequence[str]) -> Iterator[dict[str, Any]]:
        """A row for each share that the series is."""
        ids = self.structure.dimension_ids
        for component_id in dict.fromkeys(one for one, (of, _) in self.shares if of == key):
            found = [self.shares.get((component_id, (key, period))) for period in periods]
            if any(found):
                yield {
                    "key": dict(zip(ids, key, strict=True)),
                    "labels": self.row_labels(key),
                    "share_of": self._whole(component_id),
                    "cells": [
                        {"value": one.value if one else None, "flags": [], **({"derived": one.formula} if one else {})}
                        for one in found
                    ],
                }

    def _whole(self, component_id: str) -> dict[str, str]:
        total = next(one.total for one in WHOLES if one.component_id == component_id)
        return {"id": component_id, "code": total, "name": self.labels.code(component_id, total)}

    def _common(self) -> list[dict[str, str]]:
        if not self.keys:
            return []
        fixed = dict(zip(self.structure.dimension_ids, self.keys[0], strict=True))
        return [
            {"id": one, "name": self.labels.component(one), "value": self.labels.code(one, code)}
            for one, code in fixed.items()
            if one not in self.varying
        ]

    def _notes(self) -> list[dict[str, str]]:
        """The attributes of series, groups and the dataset, where they say anything."""
        described = self.structure.attributes_of(Attachment.DIMENSIONS, Attachment.GROUP, Attachment.DATASET)
        notes = []
        for attribute in described:
            said = dict.fromkeys(row[attribute.id] for row in self.cells.values() if row.get(attribute.id))
            shown = [self.labels.code(attribute.id, text) for text in list(said)[:MOST_NOTES]]
            if shown:
                more = " …" if len(said) > MOST_NOTES else ""
                name = self.labels.component(attribute.id)
                notes.append({"id": attribute.id, "name": name, "value": "; ".join(shown) + more})
        return notes


def read_table(labels: Labels, keys: Sequence[SeriesKey], rows: Sequence[Row], *, first: int, total: int) -> Table:
    """Arrange observations by series and period, periods in the order of time."""
    structure = labels.structure
    time = structure.time_dimension.id if structure.time_dimension else None
    cells = {}
    for row in rows:
        key = tuple(row[one] for one in structure.dimension_ids)
        cells[key, row[time] if time else ""] = row
    periods = tuple(sorted({period for _, period in cells}, key=period_order()))
    return Table(labels=labels, keys=tuple(keys), periods=periods, cells=cells, first=first, total=total)


def with_derived(table: Table, asked: Collection[Derivation]) -> Table:
    """Add what follows from the figures of a whole table: rows that are not published, and shares."""
    totals = derive_totals(table.cells, table.structure)
    shares = derive_shares(table.cells, totals, table.structure) if Derivation.SHARES in asked else {}
    if Derivation.TOTALS not in asked:
        return replace(table, shares=shares)
    keys = tuple(sorted({*table.keys, *(key for key, _ in totals)}))
    return replace(table, keys=keys, total=len(keys), derived=totals, shares=shares)


def period_order() -> Callable[[str], tuple[str, str, str]]:
    """Order periods by when they begin, then by when they end; what is no period comes last, by its text."""

    def order(text: str) -> tuple[str, str, str]:
        try:
            period = parse_period(text)
        except BadRequest:
            return ("~", "~", text)
        return (period.start.isoformat(), period.end.isoformat(), text)

    return order
