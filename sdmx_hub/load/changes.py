"""What a release changed, observation by observation, as SDMX-CSV or JSON, drawn while it is sent.

A row has the action that would make the same change elsewhere: ``A`` for an observation that was added, ``R`` for one
that was revised, ``D`` for one that was deleted, which names its key alone. Behind the components stands what measures
and attributes of observations were before, each in a column of its own (``OLD_OBS_VALUE`` …).
"""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as arrow_csv

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.formats.read_csv import OLD
from sdmx_hub.formats.render import draw
from sdmx_hub.load.audiences import values_of
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import Attachment, DataStructure
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.history import CHANGE_KIND, change_columns
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Change
from sdmx_hub.store.select import empty_rows

_PIECE_ROWS = 16_384


@dataclass(frozen=True, kw_only=True)
class ReleaseChanges:
    """What one release changed in one dataflow, for one audience. To be closed."""

    release_id: int | None
    dataflow: Ref
    structure: DataStructure
    rows: Rows

    def csv(self) -> Iterator[bytes]:
        """Write SDMX-CSV 2.0, ``OLD_…`` columns last."""
        return write_changes(self.rows, self.dataflow, self.structure)

    def json(self) -> Iterator[bytes]:
        """Write one object: the release, the dataflow, and a list of changes with ``key``, ``old`` and ``new``."""
        head = json.dumps({"release": self.release_id, "dataflow": str(self.dataflow)}, ensure_ascii=False)
        yield f'{head[:-1]}, "changes": ['.encode()
        cells = {
            "change": CHANGE_KIND,
            "key": _struct({key: _text(quoted(key)) for key in self.structure.key_ids}),
            **{
                side: f"CASE WHEN {CHANGE_KIND} <> '{absent}' THEN "
                + _struct({one: _text(quoted(f"{side}.{one}")) for one in values_of(self.structure)})
                + " END"
                for side, absent in (("old", "A"), ("new", "D"))
            },
        }
        lines = f"SELECT row_number() OVER () AS n, to_json({_struct(cells)})::VARCHAR AS line FROM ({self.rows.sql})"
        text = f"SELECT CASE WHEN n > 1 THEN ',' ELSE '' END || chr(10) || line FROM ({lines})"
        for piece in draw(self.rows, text):
            yield bytes(piece)
        yield b"\n]}\n"

    def first(self, most: int) -> list[dict[str, Any]]:
        """The first changes, by key: what a page shows of them."""
        query = f"SELECT * FROM ({self.rows.sql}) LIMIT {most}"
        drawn = self.rows.connection.execute(query, list(self.rows.params)).fetchall()
        return [self._shown(dict(zip(self.rows.columns, row, strict=True))) for row in drawn]

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        measure = self.structure.measures[0].id if self.structure.measures else None
        old, new = (
            {one: row[f"{side}.{one}"] for one in values_of(self.structure) if row[f"{side}.{one}"] is not None}
            for side in ("old", "new")
        )
        also = {*old, *new} if row[CHANGE_KIND] == "R" else set()
        return {
            "change": row[CHANGE_KIND],
            "key": {key: row[key] for key in self.structure.key_ids},
            "old": old.get(measure) if measure else None,
            "new": new.get(measure) if measure else None,
            "components": sorted(one for one in also if one != measure and old.get(one) != new.get(one)),
        }

    def close(self) -> None:
        """Give the connection back."""
        self.rows.close()


def open_run_changes(
    release_id: int | None,
    dataflow: Ref | None,
    artefacts: Artefacts,
    observations: Observations,
    *,
    audience: str = INTERNAL,
    now: dt.datetime,
) -> ReleaseChanges:
    """Open what a run changed: nothing when it released nothing, or nothing that ``audience`` sees. Raises NotFound."""
    if release_id is not None and changes_seen(release_id, observations, audience=audience, now=now):
        return open_release_changes(release_id, artefacts, observations, audience=audience, now=now)
    if dataflow is None:
        raise NotFound("release-none-of-run")
    return open_no_changes(dataflow, artefacts)


def open_release_changes(
    release_id: int,
    artefacts: Artefacts,
    observations: Observations,
    *,
    dataflow: Ref | None = None,
    audience: str = INTERNAL,
    now: dt.datetime,
) -> ReleaseChanges:
    """Open what a release changed in a dataflow, as far as ``audience`` sees it at ``now``.

    The dataflow must be named when the release touched several. Raises NotFound, BadRequest.
    """
    seen = changes_seen(release_id, observations, audience=audience, now=now)
    named = {change.dataflow: change for change in seen}
    if not named or (dataflow is not None and dataflow not in named):
        raise NotFound("release-missing", release=release_id)
    if dataflow is None and len(named) > 1:
        raise BadRequest("release-several", release=release_id, dataflows=", ".join(map(str, named)))
    change = named[dataflow] if dataflow else next(iter(named.values()))
    structure = artefacts.structure_of(Urn("Dataflow", change.dataflow))
    return ReleaseChanges(
        release_id=release_id,
        dataflow=change.dataflow,
        structure=structure,
        rows=observations.open_changes(change.dataflow, structure, release_id, audience=audience),
    )


def changes_seen(release_id: int, observations: Observations, *, audience: str, now: dt.datetime) -> tuple[Change, ...]:
    """What a release did to each dataflow, of that only what ``audience`` sees by now; operators see what waits too."""
    return tuple(
        change
        for release in observations.releases(release_id=release_id)
        for change in release.changes
        if change.audience == audience
        and (audience == INTERNAL or (change.visible_from <= now and change.counts.changed))
    )


def open_no_changes(dataflow: Ref, artefacts: Artefacts) -> ReleaseChanges:
    """Open the changes of what released nothing: none. Raises NotFound for a dataflow that is not here."""
    structure = artefacts.structure_of(Urn("Dataflow", dataflow))
    rows = empty_rows(duckdb.connect(), change_columns(structure))
    return ReleaseChanges(release_id=None, dataflow=dataflow, structure=structure, rows=rows)


def write_changes(rows: Rows, dataflow: Ref, structure: DataStructure) -> Iterator[bytes]:
    """Write changes (in the shape of ``Observations.open_changes``) as SDMX-CSV 2.0."""
    told = [one.id for one in (*structure.measures, *structure.attributes_of(Attachment.OBSERVATION))]
    cells = {"STRUCTURE": "'dataflow'", "STRUCTURE_ID": literal(str(dataflow)), "ACTION": CHANGE_KIND}
    cells |= {key: _text(quoted(key)) for key in structure.key_ids}
    cells |= {one: _text(quoted(f"new.{one}")) for one in values_of(structure)}
    cells |= {f"{OLD}{one}": _text(quoted(f"old.{one}")) for one in told}
    shown = ", ".join(f"{cell} AS {quoted(name)}" for name, cell in cells.items())
    listed = dataclasses.replace(rows, sql=f"SELECT {shown} FROM ({rows.sql})", columns=tuple(cells))
    heading = io.StringIO()
    csv.writer(heading, lineterminator="\n").writerow(cells)
    yield heading.getvalue().encode("utf-8")
    schema = pa.schema([(name, pa.string()) for name in cells])
    options = arrow_csv.WriteOptions(include_header=False, quoting_style="needed")
    for batch in listed.batches(_PIECE_ROWS):
        piece = io.BytesIO()
        arrow_csv.write_csv(batch.cast(schema), piece, write_options=options)
        yield piece.getvalue()


def _text(column: str) -> str:
    return f"CAST({column} AS VARCHAR)"


def _struct(cells: dict[str, str]) -> str:
    """SQL of a struct; names are quoted, so that they may be anything."""
    return "{" + ", ".join(f"{literal(name)}: {cell}" for name, cell in cells.items()) + "}"
