"""One end of the pairs of a rule, brought into the engine: one row a cell, with its value and what describes it.

A *cell* is what both ends must have in common: frequency, period, the two countries, the split and the details. Where
an end reports a cell more than once (two sources, two units), the best ranked is taken and the others are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb

from sdmx_hub.model.rows import literal, open_reader, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.quality.pair_rules import TOTALS, PairRule, Side
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import ComponentFilter, Condition, DataQuery, Operator
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.observations import Observations

SPINE = ("FREQ", "REF_AREA", "INDICATOR", "COUNTERPART_TYPE", "COUNTERPART_AREA")
MIRROR_ESTIMATE = "MIR"
"""SOURCE_TYPE of reconciled values."""
RANKED = ("SOURCE_TYPE", "UNIT_MEASURE")
CELL = ("frequency", "period", "origin", "destination", "split", "detail")
"""The columns both ends are joined by."""
_TOLD = {
    "status": "OBS_STATUS",
    "source": "SOURCE_TYPE",
    "unit": "UNIT_MEASURE",
    "provider": "DATA_PROVIDER",
    "criterion": "RES_CRITERION",
    "start_day": "REPORTING_YEAR_START_DAY",
    "span": "REF_PERIOD_DETAIL",
}
_SCALE = "UNIT_MULT"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How the cells of a rule are told from the dimensions of its two structures."""

    rule: PairRule
    details: tuple[str, ...]

    @classmethod
    def of(cls, rule: PairRule, origin: DataStructure, destination: DataStructure) -> Shape:
        """The details are the dimensions both structures have, split and ranked ones left out."""
        aside = {*SPINE, *RANKED, *rule.split_by}
        shared = [one for one in origin.dimension_ids if one in destination.dimension_ids and one not in aside]
        return cls(rule=rule, details=tuple(shared))

    def split(self, side: Side) -> str:
        """SQL: the split of a row, such as ``MIG_TYPE=SEAS``."""
        return _joined((name, _aliased(side, name)) for name in self.rule.split_by)

    def detail(self) -> str:
        """SQL: the details of a row that are not totals, such as ``SEX=F``."""
        return _joined((name, quoted(name)) for name in self.details)


def _joined(named: Iterable[tuple[str, str]]) -> str:
    parts = [
        f"CASE WHEN {code} IN {_in(TOTALS)} THEN NULL ELSE {literal(name + '=')} || {code} END" for name, code in named
    ]
    return f"concat_ws(', ', {', '.join(parts)})" if parts else "''"


def _aliased(side: Side, dimension_id: str) -> str:
    if dimension_id not in side.alias:
        return quoted(dimension_id)
    other, code, means = side.alias[dimension_id]
    told = f"{quoted(dimension_id)} IN {_in((*TOTALS, '_U'))} AND {quoted(other)} = {literal(code)}"
    return f"CASE WHEN {told} THEN {literal(means)} ELSE {quoted(dimension_id)} END"


def _in(codes: Iterable[str]) -> str:
    return f"({', '.join(map(literal, codes))})"


@dataclass(frozen=True, kw_only=True)
class End:
    """One side of a rule as one hub holds it."""

    side: Side
    shape: Shape
    structure: DataStructure
    is_origin: bool

    def load(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        observations: Observations,
        version: Version | None,
    ) -> None:
        """Make ``table`` of this end, one row a cell; empty without a ``version`` that may be seen."""
        asked = {"INDICATOR": self.side.indicator, "COUNTERPART_TYPE": self.side.counterpart_type}
        filters = (ComponentFilter.of(name, ((Condition(Operator.EQUAL, code),),)) for name, code in asked.items())
        plan = plan_data(DataQuery(filters=tuple(filters)), self.structure)
        ref, audience = (version.dataflow, version.audience) if version else (self.side.urn.ref, "")
        rows = observations.open_rows(ref, self.structure, plan, audience=audience, version=version)
        try:
            columns = ", ".join(f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" for name in rows.columns)
            connection.register(
                "_side", open_reader(rows.connection, f"SELECT {columns} FROM ({rows.sql})", rows.params)
            )
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {self._best(rows.columns)}")
            connection.unregister("_side")
        finally:
            rows.close()

    def _best(self, columns: tuple[str, ...]) -> str:
        """SQL: the best ranked row of each cell."""
        cell = ", ".join((*CELL, "unit") if self.shape.rule.same_unit else CELL)
        ranks = ", ".join(_rank(name, self.side.ranked(name)) for name in self._ranked)
        return (
            f"SELECT {', '.join(CELL)}, value, {', '.join(_TOLD)}, series, choices FROM (SELECT *, "
            f"row_number() OVER (PARTITION BY {cell} ORDER BY {ranks}, series) AS place, "
            f"count(*) OVER (PARTITION BY {cell}) AS choices FROM ({self._cells(columns)})) WHERE place = 1"
        )

    def _cells(self, columns: tuple[str, ...]) -> str:
        """SQL: the rows that may stand for a cell. A reporting year counts as the year it begins in."""
        here, there = ("origin", "destination") if self.is_origin else ("destination", "origin")
        told = ", ".join(f"{quoted(name) if name in columns else 'NULL'} AS {short}" for short, name in _TOLD.items())
        scale = f"coalesce(TRY_CAST({quoted(_SCALE)} AS INTEGER), 0)" if _SCALE in columns else "0"
        series = ", ".join(quoted(name) for name in self.structure.dimension_ids)
        return (
            f"SELECT \"FREQ\" AS frequency, regexp_replace(\"TIME_PERIOD\", '-A1$', '') AS period, "
            f'"REF_AREA" AS {here}, "COUNTERPART_AREA" AS {there}, '
            f"{self.shape.split(self.side)} AS split, {self.shape.detail()} AS detail, "
            f"TRY_CAST({quoted(self.structure.measures[0].id)} AS DOUBLE) * power(10, {scale}) AS value, {told}, "
            f"concat_ws('.', {series}) AS series, * FROM _side WHERE {' AND '.join(self._admitted())}"
        )

    @property
    def _ranked(self) -> list[str]:
        """The dimensions whose codes are ranked: all that are no part of the cell."""
        parts = (*SPINE, *self.shape.details, *self.shape.rule.split_by)
        return [name for name in self.structure.dimension_ids if name not in parts]

    def _admitted(self) -> Iterator[str]:
        yield '"REF_AREA" <> "COUNTERPART_AREA"'
        for name in ("REF_AREA", "COUNTERPART_AREA"):  # countries, not groups of them
            yield f"regexp_full_match({quoted(name)}, '[A-Z]{{3}}')"
        # What was made of two ends is neither of them.
        yield f"\"SOURCE_TYPE\" <> '{MIRROR_ESTIMATE}'"
        for name in self._ranked:
            codes = self.side.ranked(name)
            if "*" not in codes:
                yield f"{quoted(name)} IN {_in(codes)}"


def _rank(dimension_id: str, ranked: tuple[str, ...]) -> str:
    codes = [code for code in ranked if code != "*"]
    cases = " ".join(f"WHEN {literal(code)} THEN {place}" for place, code in enumerate(codes))
    return f"CASE {quoted(dimension_id)} {cases} ELSE {len(codes)} END" if cases else "1"
