"""Staging: from rows to immutable files that nobody sees yet, and what they will change.

Everything heavy happens here, outside any transaction: ``releases.publish`` then only adds rows to the control
database.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from sdmx_hub.errors import Conflict
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, Rows, literal
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.blobs import Blobs, Stored, log_name, segment_name, store_file
from sdmx_hub.store.changes import Counts, Difference, Scope
from sdmx_hub.store.files import discard, temporary
from sdmx_hub.store.incoming import Incoming, fingerprint, open_incoming, write_incoming
from sdmx_hub.store.lease import Lease
from sdmx_hub.store.manifest import INTERNAL, Version
from sdmx_hub.store.segments import VALID_FROM, Engine, columns_sql
from sdmx_hub.store.state import State, open_state
from sdmx_hub.store.writing import write_base, write_delta

SMALL = 2_000_000
"""Datasets up to this many observations are written anew by each release: they never have deltas."""
MOST_DELTAS = 8
MOST_CHANGED = 0.03
"""Deltas that hold more of the rows than this want compaction; a release that reaches three times as much does it."""
LOG_SUFFIX = ".parquet"


@dataclass(frozen=True, kw_only=True)
class View:
    """What a load means for one audience.

    ``before`` is the version it builds on. ``segment`` is None when nothing changes; it takes the place of the whole
    chain when ``is_base``, else it comes on top. ``rows`` are the observations there will be.
    """

    before: Version | None
    log: Stored
    log_rows: int
    counts: Counts
    segment: Stored | None
    segment_rows: int
    is_base: bool
    rows: int


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A load ready to be released: its files are written, nothing is visible.

    The counts are those of the audience that sees most: ``internal`` where it is among them.
    """

    dataflow: Ref
    structure: DataStructure
    action: Action
    views: Mapping[str, View]
    lease: Lease | None
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def counts(self) -> Counts:
        """The counts of the audience that sees most."""
        view = self.views.get(INTERNAL) or max(self.views.values(), key=lambda one: one.rows + one.counts.deleted)
        return view.counts

    @property
    def added(self) -> int:
        """Observations that were not there."""
        return self.counts.added

    @property
    def revised(self) -> int:
        """Observations that were there with other values or attributes."""
        return self.counts.revised

    @property
    def deleted(self) -> int:
        """Observations that will not be there any more."""
        return self.counts.deleted

    @property
    def unchanged(self) -> int:
        """Observations sent as they are."""
        return self.counts.unchanged

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing changes for anybody."""
        return all(view.segment is None for view in self.views.values())


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Where staging happens: an engine that may write, a folder to write in, and where files go that are finished.

    ``small`` as ``SMALL``.
    """

    engine: Engine
    blobs: Blobs
    temporary: Path
    small: int = SMALL

    def stage_views(
        self,
        before: Mapping[str, Version | None],
        structure: DataStructure,
        rows_by_audience: Mapping[str, Rows],
        *,
        scope: Scope | None,
        action: Action,
        is_exact: bool,
    ) -> dict[str, View]:
        """Stage the rows of each audience; audiences with the same past and the same rows share everything."""
        views: dict[str, View] = {}
        known: dict[tuple[object, ...], View] = {}
        is_one = len({id(rows) for rows in rows_by_audience.values()}) == 1
        for audience, rows in rows_by_audience.items():
            past = before[audience]
            chain = past.links if past else ()
            if (id(rows), chain) not in known:
                with self._opened(past, structure, rows, action) as bench:
                    same = ("" if is_one else fingerprint(bench.connection, bench.incoming), chain)
                    if same not in known:
                        known[same] = self._stage(bench, structure, scope, action, is_exact=is_exact)
                    known[id(rows), chain] = known[same]
            view = known[id(rows), chain]
            views[audience] = View(**{**vars(view), "before": past})
        return views

    @contextlib.contextmanager
    def _opened(self, past: Version | None, structure: DataStructure, rows: Rows, action: Action) -> Iterator[_Bench]:
        connection = self.engine.cursor()
        state = open_state(self.engine, past, connection) if past else None
        if state is not None:
            _check_dimensions(state, structure)
        known = {column: state.dictionary(column) for column in structure.components} if state else {}
        path = write_incoming(rows, structure, known, self.temporary)
        alias = f"i_{path.stem}"
        try:
            incoming = open_incoming(connection, path, alias, structure, action)
            yield _Bench(connection=connection, state=state, incoming=incoming)
        finally:
            connection.execute(f"DETACH DATABASE IF EXISTS {alias}")
            connection.close()
            discard(path)

    def _stage(
        self, bench: _Bench, structure: DataStructure, scope: Scope | None, action: Action, *, is_exact: bool
    ) -> View:
        incoming, log = bench.incoming, self._write_log(bench, structure)
        if bench.state is None and action is not Action.DELETE and incoming.is_base(structure):
            if not incoming.count:
                return self._view(bench, log, Counts(), None, is_base=True, rows=0, live=0)
            bench.connection.execute(f"DETACH {incoming.segment.alias}")
            counts = Counts(added=incoming.count)
            return self._view(bench, log, counts, incoming.path, is_base=True, rows=incoming.count, live=0)
        difference = Difference(
            connection=bench.connection,
            structure=structure,
            incoming=incoming,
            state=bench.state,
            action=action,
            scope=scope,
            is_exact=is_exact,
        )
        counts = difference.compute()
        live = difference.count_live()
        is_base = self._wants_base(bench.state, live + counts.added, counts.changed)
        path = None
        if counts.changed:
            path = (write_base if is_base else write_delta)(difference, self.temporary)
        rows = live + counts.added - counts.deleted if is_base else counts.changed
        return self._view(bench, log, counts, path, is_base=is_base, rows=rows, live=live)

    def _view(
        self, bench: _Bench, log: Stored, counts: Counts, path: Path | None, *, is_base: bool, rows: int, live: int
    ) -> View:
        return View(
            before=None,
            log=log,
            log_rows=bench.incoming.count,
            counts=counts,
            segment=store_file(self.blobs, path, segment_name) if path else None,
            segment_rows=rows,
            is_base=is_base,
            rows=live + counts.added - counts.deleted,
        )

    def _wants_base(self, state: State | None, rows: int, changed: int) -> bool:
        if state is None or rows <= self.small:
            return True
        in_deltas = sum(rows_in(segment.alias, self.engine) for segment in state.segments[1:])
        return len(state.segments) > MOST_DELTAS or in_deltas + changed > 3 * MOST_CHANGED * rows

    def _write_log(self, bench: _Bench, structure: DataStructure) -> Stored:
        """Keep the rows as they came: any segment can be made again from the logs, and other engines read them."""
        path = temporary(self.temporary, LOG_SUFFIX)
        columns = [*structure.components, *([ACTION] if ACTION in bench.incoming.segment.columns else [])]
        bench.connection.execute(
            f"COPY (SELECT {columns_sql(columns)} FROM {bench.incoming.segment.alias}.cur)"
            f" TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
        return store_file(self.blobs, path, log_name)


@dataclass(frozen=True, kw_only=True)
class _Bench:
    connection: duckdb.DuckDBPyConnection
    state: State | None
    incoming: Incoming


def rows_in(alias: str, engine: Engine) -> int:
    """Count the rows of an attached segment."""
    row = engine.cursor().execute(f"SELECT count(*) FROM {alias}.cur").fetchone()
    return int(row[0]) if row else 0


def _check_dimensions(state: State, structure: DataStructure) -> None:
    segment = state.segments[-1]
    there = set(segment.columns) - {VALID_FROM}
    missing = [key for key in structure.key_ids if key not in there]
    if missing:
        raise Conflict("dimensions-changed", dataflow=state.version.dataflow, missing=", ".join(missing))
