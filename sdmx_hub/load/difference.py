"""What a file would change in what the hub holds, row by row, before it is loaded; or in an older file or mapping.

The comparison is that of a load: a rehearsal stages the rows beside what is held and says what would differ. Against an
older file or mapping, the older rows are first released in a hub of their own that lives as long as the comparison.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sdmx_hub.load.audiences import values_of
from sdmx_hub.load.changes import write_changes
from sdmx_hub.load.release import load_file, open_checked, stage_flow
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.database import open_database
from sdmx_hub.store.history import CHANGE_KIND
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage
from sdmx_hub.store.staging import Staged

_ACTOR = "difference"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One observation: ``kind`` A (added), R (revised) or D (deleted), its key, and what it was and would be.

    Of a revised one ``old`` and ``new`` hold the components that differ, with None for an absent value.
    """

    kind: str
    key: Mapping[str, str]
    old: Mapping[str, str | None] = field(default_factory=dict)
    new: Mapping[str, str | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Shape the change for JSON."""
        return {"change": self.kind, "key": dict(self.key), "old": dict(self.old), "new": dict(self.new)}


@dataclass(frozen=True, kw_only=True)
class FlowDifference:
    """What differs in one dataflow: the counts, how often each component of revised rows differs, the first changes."""

    dataflow: Ref
    measure: str | None
    added: int
    revised: int
    deleted: int
    unchanged: int
    components: Mapping[str, int]
    changes: tuple[Change, ...]

    @property
    def changed(self) -> int:
        """All that is not as it was."""
        return self.added + self.revised + self.deleted

    def as_json(self) -> dict[str, Any]:
        """Shape the difference for JSON."""
        counts = {name: getattr(self, name) for name in ("added", "revised", "deleted", "unchanged")}
        return {
            "dataflow": str(self.dataflow),
            **counts,
            "components": dict(self.components),
            "changes": [one.as_json() for one in self.changes],
        }


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A comparison: what a load of the file would report, and what would change. No flows when there are errors."""

    report: LoadReport
    flows: tuple[FlowDifference, ...] = ()
    older: LoadReport | None = None

    @property
    def changed(self) -> int:
        """All that would not be as it was."""
        return sum(one.changed for one in self.flows)


def find_difference(
    order: LoadOrder,
    artefacts: Artefacts,
    observations: Observations,
    *,
    now: dt.datetime,
    most: int,
    out: BinaryIO | None = None,
) -> Difference:
    """Compare a file with what the hub holds, exactly as a load of ``order`` would; nothing is stored.

    ``most`` changes of each dataflow are told; all are written to ``out``. Raises as ``load_file``.
    """
    found: list[FlowDifference] = []

    def look(staged: Sequence[Staged]) -> None:
        found.extend(_look(one, observations, most, out) for one in staged)

    report = load_file(order, artefacts, observations, actor=_ACTOR, now=now, dry_run=True, look=look)
    return Difference(report=report, flows=tuple(found))


def compare_orders(
    older: LoadOrder,
    newer: LoadOrder,
    artefacts: Artefacts,
    *,
    now: dt.datetime,
    most: int,
    out: BinaryIO | None = None,
) -> Difference:
    """Compare what a file becomes with what an older one (or the same, by an older mapping) becomes.

    The rows of the older that nothing is wrong with are compared even where others are. Raises as ``load_file``.
    """
    with _hub_of_its_own() as observations:
        report = _release(older, artefacts, observations, now)
        whole = dataclasses.replace(newer, action=Action.REPLACE, scope={})
        found = find_difference(whole, artefacts, observations, now=now, most=most, out=out)
    return dataclasses.replace(found, older=report)


@contextlib.contextmanager
def _hub_of_its_own() -> Iterator[Observations]:
    """A store in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-difference-") as folder:
        database = open_database(f"sqlite:///{folder}/control.db")
        database.migrate()
        observations = Observations(database, Path(folder) / "observations")
        try:
            yield observations
        finally:
            observations.close()
            database.close()


def _release(order: LoadOrder, artefacts: Artefacts, observations: Observations, now: dt.datetime) -> LoadReport:
    with open_checked(order, artefacts) as opened:
        added = [dataclasses.replace(flow, action=Action.APPEND, scope=None) for flow in opened.flows]
        staged = [stage_flow(flow, observations, now, holder=_ACTOR, rehearse=False) for flow in added]
        observations.release(staged, Lineage(source=order.shown), actor=_ACTOR, now=now)
        return opened.report


def _look(staged: Staged, observations: Observations, most: int, out: BinaryIO | None) -> FlowDifference:
    structure = staged.structure
    audience = INTERNAL if INTERNAL in staged.views else next(iter(staged.views))
    rows = observations.open_staged_changes(staged, audience)
    try:
        components: dict[str, int] = {}
        changes: tuple[Change, ...] = ()
        if staged.added or staged.revised or staged.deleted:
            components = _components(rows, structure)
            changes = tuple(_first(rows, structure, most))
            if out is not None:
                for piece in write_changes(rows, staged.dataflow, structure):
                    out.write(piece)
    finally:
        rows.close()
    return FlowDifference(
        dataflow=staged.dataflow,
        measure=structure.measures[0].id if structure.measures else None,
        added=staged.added,
        revised=staged.revised,
        deleted=staged.deleted,
        unchanged=staged.unchanged,
        components=components,
        changes=changes,
    )


def _text(side: str, component_id: str) -> str:
    return f"CAST({quoted(f'{side}.{component_id}')} AS VARCHAR)"


def _components(rows: Rows, structure: DataStructure) -> dict[str, int]:
    """How often each component differs in revised rows; those that never do are left out."""
    values = values_of(structure)
    tests = ", ".join(
        f"count(*) FILTER ({_text('old', one)} IS DISTINCT FROM {_text('new', one)})" for one in values
    )  # fmt: skip
    query = f"SELECT {tests} FROM ({rows.sql}) WHERE {CHANGE_KIND} = 'R'"
    counted = rows.connection.execute(query, list(rows.params)).fetchone() or ()
    return {name: count for name, count in zip(values, counted, strict=False) if count}


def _first(rows: Rows, structure: DataStructure, most: int) -> Iterator[Change]:
    """The first changes of each kind, so that many additions do not hide what is deleted."""
    keys = ", ".join(quoted(key) for key in structure.key_ids)
    query = (
        f"SELECT * FROM ({rows.sql}) QUALIFY row_number() OVER (PARTITION BY {CHANGE_KIND} ORDER BY {keys}) <= {most} "
        f"ORDER BY position({CHANGE_KIND} IN 'DRA'), {keys}"
    )
    for cells in rows.connection.execute(query, list(rows.params)).fetchall():
        row = dict(zip(rows.columns, cells, strict=True))
        yield _change(row, structure)


def _change(row: Mapping[str, Any], structure: DataStructure) -> Change:
    kind = row[CHANGE_KIND]
    old = {one: row[f"old.{one}"] for one in values_of(structure)}
    new = {one: row[f"new.{one}"] for one in values_of(structure)}
    if kind == "R":
        differing = [one for one in old if old[one] != new[one]]
        old, new = {one: old[one] for one in differing}, {one: new[one] for one in differing}
    else:
        old = {} if kind == "A" else _stated(old)
        new = {} if kind == "D" else _stated(new)
    return Change(kind=kind, key={key: row[key] for key in structure.key_ids}, old=old, new=new)


def _stated(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {one: value for one, value in values.items() if value is not None}
