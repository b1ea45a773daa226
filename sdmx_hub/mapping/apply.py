"""Applies a mapping to a file: rows of its dataflow, everything that is wrong, and the counts that must add up."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.before import Before, keep_rows, read_rows
from sdmx_hub.mapping.binding import CELL_COLUMN, PLACES, Binding, tie_files
from sdmx_hub.mapping.checking import Artefacts, check_mapping, filled_in
from sdmx_hub.mapping.compile_mapped import mapped
from sdmx_hub.mapping.figures import Bench
from sdmx_hub.mapping.lookups import Answered, look_up
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rounding import tell_rounding
from sdmx_hub.mapping.rules import ComponentRule, TableMapping, TotalRule
from sdmx_hub.mapping.running import decumulate
from sdmx_hub.mapping.shares import turn_shares
from sdmx_hub.mapping.sources import load_table, open_tables
from sdmx_hub.mapping.splits import divide
from sdmx_hub.mapping.table import BadTable, TableFile
from sdmx_hub.mapping.telling import Gap, find_gaps, number_findings, text_findings
from sdmx_hub.mapping.totals import add_up, derive_residuals
from sdmx_hub.mapping.units import convert_units
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure

_GOOD = "NOT _bad AND NOT _skip"


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """What a mapping made of a file.

    ``read`` = ``mapped`` + ``rejected``: cells (rows, where nothing is unpivoted) that the mapping does not leave out;
    ``left_out`` counts those it does, ``source_rows`` the rows of the table. ``rows`` has every component of the
    structure and ``_row``; ``scope`` is what a load that replaces may delete; ``answers`` are the texts met, ``gaps``
    those without a code, ``value_read`` and ``value_mapped`` the sums of the values read and mapped; ``before`` are
    rows as they stand in the file, where some are to be shown.
    """

    rows: Rows
    findings: tuple[Finding, ...] = ()
    read: int = 0
    mapped: int = 0
    rejected: int = 0
    left_out: int = 0
    source_rows: int = 0
    action: Action = Action.APPEND
    scope: Mapping[str, frozenset[str]] = field(default_factory=dict)
    totals: tuple[TotalRule, ...] = ()
    rounding: str | None = None
    answers: tuple[Answered, ...] = field(default=(), repr=False)
    gaps: tuple[Gap, ...] = ()
    value_read: float = 0
    value_mapped: float = 0
    before: Before = field(default_factory=Before, repr=False)


def apply_mapping(
    mapping: TableMapping,
    file: Path,
    structure: DataStructure,
    artefacts: Artefacts,
    connection: duckdb.DuckDBPyConnection,
) -> Mapped:
    """Map ``file``, as ``apply_to_files`` does several, or one with more to be told about it."""
    return apply_to_files(mapping, (TableFile(path=file),), structure, artefacts, connection)


def apply_to_files(
    mapping: TableMapping,
    files: Sequence[TableFile],
    structure: DataStructure,
    artefacts: Artefacts,
    connection: duckdb.DuckDBPyConnection,
    *,
    show: int = 0,
) -> Mapped:
    """Map a table that stands in ``files``, one behind the other, as if it stood in one.

    Whatever is wrong with mapping or files is a finding; the rows are those nothing is wrong with. ``_row`` is the row
    in its file, above ``table.SHIFT`` bits the number of the file. So many rows as ``show`` are kept as they stand.

    ``connection`` takes temporary tables and belongs to the rows. OSError when the file cannot be read.
    """
    findings = check_mapping(mapping, structure, artefacts)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-map-") as folder:
        try:
            binding = Binding(mapping, open_tables(mapping, files, Path(folder)))
            table, apart = tie_files(binding)
            if not binding.findings and not apart:
                load_table(table, binding.columns, mapping.source.last_row, connection, sql.SOURCE)
        except BadTable as error:
            return _nothing(structure, connection, [*findings, error.finding])
    if binding.findings or apart:
        told = [*binding.findings, *(one for one in apart if one not in binding.findings)]
        return _nothing(structure, connection, [*findings, *told])
    if show:
        keep_rows(binding, connection, show)
    _make_cells(binding, connection)
    try:
        answered = look_up(binding, structure, artefacts, connection)
    except BadTable as error:
        return _nothing(structure, connection, [*findings, error.finding])
    return _Run(binding, structure, answered, connection, shows=show > 0).mapped(findings)


def _make_cells(binding: Binding, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of cells, or of rows where columns become rows late, and let go of what it was made of."""
    is_late = sql.is_late(binding)
    target = sql.ROWS if is_late else sql.CELLS
    if sql.is_chosen(binding) or (binding.cells and not is_late):
        query = sql.chosen(binding) if is_late else sql.cells(binding)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {target} AS {query}")
        connection.execute(f"DROP TABLE {sql.SOURCE}")
        return
    connection.execute(f"DROP TABLE IF EXISTS {target}")
    connection.execute(f"ALTER TABLE {sql.SOURCE} RENAME TO {target}")
    if not is_late:
        connection.execute(f"ALTER TABLE {target} ADD COLUMN {CELL_COLUMN} INTEGER DEFAULT 0")


def _nothing(structure: DataStructure, connection: duckdb.DuckDBPyConnection, findings: Sequence[Finding]) -> Mapped:
    ids = tuple(structure.components)
    columns = ", ".join(f"NULL::VARCHAR AS {quoted(name)}" for name in ids)
    query = f"SELECT {columns}, NULL::BIGINT AS {SOURCE_ROW} WHERE false"
    rows = Rows(connection=connection, sql=query, columns=(*ids, SOURCE_ROW), is_sorted=False)
    return Mapped(rows=rows, findings=tuple(findings))


class _Run:
    """One application, from the cells and look-up tables on."""

    def __init__(
        self,
        binding: Binding,
        structure: DataStructure,
        answered: list[Answered],
        connection: duckdb.DuckDBPyConnection,
        *,
        shows: bool = False,
    ) -> None:
        self.binding = binding
        self.shows = shows
        self.mapping = binding.mapping
        self.structure = structure
        self.answered = answered
        self.connection = connection
        self.constants = filled_in(binding.mapping, structure)

    def mapped(self, findings: list[Finding]) -> Mapped:
        coded = [one.coded for one in self.answered]
        numeric = list(self._numeric())
        plain = self._plain({one.component_id for one in coded} | {one.component_id for one in numeric})
        wrong = [one for one in self.answered if not one.is_good]
        query = mapped(self.binding, coded, numeric, plain, [one.coded.table for one in wrong])
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {sql.MAPPED} AS {query}")
        self.connection.execute(f"DROP TABLE {sql.ROWS if sql.is_late(self.binding) else sql.CELLS}")
        worked = list(self._worked())
        counts, values = self._counts()
        before = read_rows(self.binding, self.connection) if self.shows else Before()
        gaps = {one.coded.component_id: find_gaps(one, self.binding, self.connection) for one in wrong}
        told = [
            finding
            for one in wrong
            for finding in text_findings(gaps[one.coded.component_id], one.lookup, self.binding)
        ]
        told += [finding for one in numeric for finding in number_findings(one, self.binding, self.connection)]
        told += worked
        told.sort(key=lambda finding: finding.where.row or 0)
        varying = self._varying()
        divide(self.mapping, varying, self.connection, sql.MAPPED)
        add_up(self.mapping, self.structure, varying, self.connection, sql.MAPPED)
        derive_residuals(self.mapping, self.structure, varying, self.connection, sql.MAPPED)
        return Mapped(
            rows=self._rows(varying),
            findings=(*findings, *told),
            **counts,
            action=self.mapping.action,
            scope=dict(self._scope(varying)),
            totals=self.mapping.totals,
            rounding=self.mapping.rounding,
            answers=tuple(self.answered),
            gaps=tuple(gap for found in gaps.values() for gap in found),
            value_read=values[0],
            value_mapped=values[1],
            before=before,
        )

    def _worked(self) -> Iterator[Finding]:
        """Work on the figures as the mapping declares."""
        bench = Bench(self.binding, self.structure, self.constants, self.connection, sql.MAPPED)
        for step in (turn_shares, decumulate, convert_units, tell_rounding):
            yield from step(bench)

    def _numeric(self) -> Iterator[sql.Numeric]:
        for component_id, bounds in self.binding.components.items():
            rule = self.mapping.components[component_id]
            if rule.number is not None and component_id in self.structure.components:
                yield sql.Numeric(component_id=component_id, text=sql.joined(bounds), rule=rule.number)

    def _plain(self, others: set[str]) -> dict[str, str]:
        """Components whose text is taken as it stands, and the constants that the measure's text may override."""
        plain = {
            component_id: self._as_it_stands(component_id)
            for component_id in self.binding.components
            if component_id not in others and component_id in self.structure.components
        }
        told = (sql.STATUS, sql.CONFIDENTIALITY, sql.COMMENT)
        return plain | {key: literal(self.constants[key]) for key in told if key in self.constants}

    def _as_it_stands(self, component_id: str) -> str:
        text = sql.evened(sql.joined(self.binding.components[component_id]))
        return f"nullif({sql.transformed(text, self.mapping.components[component_id])}, '')"

    def _counts(self) -> tuple[dict[str, int], tuple[float, float]]:
        """The counts of the mapped cells, and the sums of the values read and mapped."""
        number = f"TRY_CAST({quoted(MEASURE)} AS DOUBLE)" if MEASURE in self._varying() else "0.0"
        rows = f"count(DISTINCT {SOURCE_ROW})" if self.binding.cells else "count(*)"
        if sql.is_late(self.binding):
            rows = f"count(*) // {len(self.binding.cells)}"
        [(*counts, read, mapped)] = self.connection.execute(
            f"SELECT count(*) FILTER (NOT _skip), count(*) FILTER ({_GOOD}), count(*) FILTER (NOT _skip AND _bad), "
            f"count(*) FILTER (_skip), {rows}, coalesce(sum(number) FILTER (NOT _skip), 0), "
            f"coalesce(sum(number) FILTER ({_GOOD}), 0) FROM (SELECT *, {number} AS number FROM {sql.MAPPED})"
        ).fetchall()
        names = ("read", "mapped", "rejected", "left_out", "source_rows")
        return dict(zip(names, counts, strict=True)), (float(read), float(mapped))

    def _varying(self) -> tuple[str, ...]:
        found = self.connection.execute(f"SELECT * FROM {sql.MAPPED} LIMIT 0").description or []
        return tuple(str(name) for name, *_ in found if name in self.structure.components)

    def _rows(self, varying: Sequence[str]) -> Rows:
        columns = ", ".join(f"{self._expression(key, varying)} AS {quoted(key)}" for key in self.structure.components)
        query = f"SELECT {columns}, {SOURCE_ROW} FROM {sql.MAPPED} WHERE {_GOOD}"
        names = (*self.structure.components, SOURCE_ROW)
        return Rows(connection=self.connection, sql=query, columns=names, is_sorted=False)

    def _expression(self, component_id: str, varying: Sequence[str]) -> str:
        if component_id in varying:
            return quoted(component_id)
        constant = self.constants.get(component_id)
        return "NULL::VARCHAR" if constant is None else f"{literal(constant)}::VARCHAR"

    def _scope(self, varying: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
        """Bound what a replacing load may delete: the components named, else all that hold for the whole file."""
        for key in self.mapping.scope or self.structure.key_ids:
            if key in varying:
                if self.mapping.scope or key in self.constants or _is_of_file(self.mapping.components.get(key)):
                    yield key, self._codes(key)
            elif key in self.constants:
                yield key, frozenset({self.constants[key]})

    def _codes(self, component_id: str) -> frozenset[str]:
        query = f"SELECT DISTINCT {quoted(component_id)} FROM {sql.MAPPED} WHERE {_GOOD}"
        return frozenset(code for (code,) in self.connection.execute(query).fetchall() if code is not None)


def _is_of_file(rule: ComponentRule | None) -> bool:
    return rule is not None and bool(rule.columns) and all(name.startswith(PLACES) for name in rule.columns)
