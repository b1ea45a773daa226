"""The cells of one flow of a pilot in an engine: what is required, what is held, what was held first.

Tables of the engine: ``cells`` (held now, all audiences' figures), ``shown`` (what the public sees), ``history`` (each
row of each release with its moment), ``wanted`` (one row a required cell, participant's area and period).
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from sdmx_hub.model.rows import Rows, literal, open_reader, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.quality.pilot import PilotFlow
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import ComponentFilter, Condition, DataQuery, Operator
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

AREA, SEX = "REF_AREA", "SEX"
OPEN_STATUS = ("F", "E")
"""CONF_STATUS of what the public may see, now or later."""
MEMORY = "512MB"
VALUES = ("OBS_VALUE", "OBS_STATUS", "CONF_STATUS")
METHOD = ("RES_CRITERION", "COVERAGE_POP", "METHOD_URL")
"""What is told of the method of a source, once for an indicator and type of source."""
_HIDDEN = "\"OBS_VALUE\" IS NULL AND (\"OBS_STATUS\" = 'Q' OR coalesce(\"CONF_STATUS\", 'F') NOT IN ('F', 'E'))"
"""SQL: a cell whose value is withheld."""
Key = tuple[str, str]
"""Area and period."""


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """Required cells of one area and period: of ``required`` some are ``derogated`` or ``hidden`` and do not count."""

    required: int
    derogated: int
    hidden: int
    available: int

    @property
    def counted(self) -> int:
        """The denominator."""
        return self.required - self.derogated - self.hidden


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of one area and period, in percent, with the number of cells it is over and a remark."""

    percent: float
    count: int
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The tables of one flow."""

    connection: duckdb.DuckDBPyConnection
    flow: PilotFlow
    structure: DataStructure

    @property
    def time(self) -> str:
        """The time dimension, as an SQL name."""
        return quoted(self.structure.key_ids[-1])

    def received(self) -> dict[Key, dt.datetime]:
        """When the first figures of an area and period were held."""
        query = f"SELECT {AREA}, {self.time}, min(moment) FROM history WHERE {_told()} GROUP BY ALL"
        return {(area, period): at.replace(tzinfo=dt.UTC) for area, period, at in self.rows(query)}

    def require(self, periods: Sequence[str]) -> None:
        """Make ``wanted``: every required cell of every area and period, and what is held of it."""
        self.connection.execute(
            "CREATE TEMP TABLE wanted (area VARCHAR, period VARCHAR, cell VARCHAR, has BOOLEAN, hidden BOOLEAN, "
            "derogated BOOLEAN)"
        )
        for region in self.flow.required:
            self.connection.execute(f"INSERT INTO wanted {self._region(region, periods)}")

    def _region(self, codes: Mapping[str, Sequence[str]], periods: Sequence[str]) -> str:
        names = list(codes)
        lists = {AREA: self.flow.areas, self.structure.key_ids[-1]: periods, **codes}
        sources = ", ".join(f"(SELECT unnest({_list(listed)}) AS {quoted(name)})" for name, listed in lists.items())
        keys = ", ".join(quoted(name) for name in lists)
        cell = " || '.' || ".join([literal(" ".join(names)), *(quoted(name) for name in names)])
        return f"""
SELECT w.{AREA}, w.{self.time}, {cell}, coalesce(has, false), coalesce(hidden, false), {self._derogated(names)}
FROM (SELECT * FROM {sources}) AS w LEFT JOIN (
  SELECT {keys}, bool_or("OBS_VALUE" IS NOT NULL) AS has,
    bool_or({_HIDDEN}) AND NOT bool_or("OBS_VALUE" IS NOT NULL) AS hidden
  FROM cells GROUP BY {keys}) AS c USING ({keys})
"""

    def _derogated(self, names: Sequence[str]) -> str:
        """SQL: a derogation covers the cell; it must not be narrower than the region tells."""
        areas = {one.source: one.area for one in self.flow.participants}
        terms = []
        for one in self.flow.derogations:
            if not set(one.codes) <= set(names) or one.participant not in areas:
                continue
            parts = [f"w.{AREA} = {literal(areas[one.participant])}"]
            parts += [f"{quoted(name)} IN {_in(codes)}" for name, codes in one.codes.items()]
            parts += [f"w.{self.time} IN {_in(sorted(one.periods))}"] if one.periods else []
            terms.append(f"({' AND '.join(parts)})")
        return " OR ".join(terms) or "false"

    def completeness(self) -> dict[Key, Completeness]:
        """How complete each area and period is. A cell two regions name counts once."""
        query = """
SELECT area, period, count(*), count(*) FILTER (WHERE derogated), count(*) FILTER (WHERE hidden AND NOT derogated),
  count(*) FILTER (WHERE has AND NOT derogated) FROM (SELECT DISTINCT * FROM wanted) GROUP BY area, period
"""
        return {
            (area, period): Completeness(required=required, derogated=derogated, hidden=hidden, available=available)
            for area, period, required, derogated, hidden, available in self.rows(query)
        }

    def suppression(self) -> dict[Key, Share]:
        """Suppressed cells ÷ cells not missing; the remark tells it by sex where the flow has sexes."""
        counts = f"count(*) FILTER (WHERE {_HIDDEN}) AS hidden, count(*) FILTER (WHERE {_told()}) AS told"
        total = f"SELECT {AREA}, {self.time}, {counts} FROM cells GROUP BY ALL HAVING told > 0"
        by_sex: dict[Key, list[str]] = {}
        if SEX in self.structure.dimension_ids:
            split = (
                f"SELECT {AREA}, {self.time}, {SEX}, {counts} FROM cells GROUP BY ALL HAVING told > 0 ORDER BY {SEX}"
            )
            for area, period, sex, hidden, told in self.rows(split):
                by_sex.setdefault((area, period), []).append(f"{sex} {100 * hidden / told:.1f}")
        return {
            (area, period): Share(
                percent=100 * hidden / told, count=told, remark=", ".join(by_sex.get((area, period), []))
            )
            for area, period, hidden, told in self.rows(total)
        }

    def revision(self) -> dict[Key, Share]:
        """Mean absolute revision of what came first: over the cells of the first vintage that did not begin at 0.

        A cell that came later has nothing to be a revision of.
        """
        keys = ", ".join(quoted(name) for name in self.structure.key_ids)
        first = (
            f'SELECT {keys}, TRY_CAST("OBS_VALUE" AS DOUBLE) AS old FROM history WHERE {_told()} '
            f"QUALIFY moment = min(moment) OVER (PARTITION BY {AREA}, {self.time})"
        )
        query = f"""
SELECT {AREA}, {self.time}, 100 * avg(abs(TRY_CAST("OBS_VALUE" AS DOUBLE) - old) / abs(old)), count(*)
FROM cells JOIN ({first}) USING ({keys})
WHERE old <> 0 AND TRY_CAST("OBS_VALUE" AS DOUBLE) IS NOT NULL GROUP BY ALL
"""
        return {(area, period): Share(percent=mean, count=count) for area, period, mean, count in self.rows(query)}

    def disclosed(self) -> int:
        """Count the values the public sees although the provider has marked them confidential."""
        keys = ", ".join(quoted(name) for name in self.structure.key_ids)
        query = (
            f"SELECT count(*) FROM cells AS c JOIN shown AS s USING ({keys}) "
            f'WHERE s."OBS_VALUE" IS NOT NULL AND coalesce(c."CONF_STATUS", \'F\') NOT IN {_in(OPEN_STATUS)}'
        )
        return int(self.rows(query)[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Draw a small answer."""
        return self.connection.execute(query).fetchall()


def _told() -> str:
    """SQL: a cell that is not missing."""
    return f'("OBS_VALUE" IS NOT NULL OR {_HIDDEN})'


def _list(codes: Sequence[str]) -> str:
    return f"[{', '.join(map(literal, codes))}]::VARCHAR[]"


def _in(codes: Sequence[str]) -> str:
    return f"({', '.join(map(literal, codes))})"


@contextlib.contextmanager
def open_cells(
    flow: PilotFlow, artefacts: Artefacts, observations: Observations, *, now: dt.datetime
) -> Iterator[Cells]:
    """Bring what the hub holds and held of a flow into an engine, for as long as the block lasts."""
    connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2})
    try:
        structure = artefacts.structure_of(flow.urn)
        _gather(connection, artefacts.get(flow.urn).urn.ref, flow.areas, structure, observations, now=now)
        yield Cells(connection=connection, flow=flow, structure=structure)
    finally:
        connection.close()


def _gather(
    connection: duckdb.DuckDBPyConnection,
    dataflow: Ref,
    areas: Sequence[str],
    structure: DataStructure,
    observations: Observations,
    *,
    now: dt.datetime,
) -> None:
    wanted = tuple((Condition(Operator.EQUAL, area),) for area in areas)
    plan = plan_data(DataQuery(filters=(ComponentFilter.of(AREA, wanted),)), structure)
    columns = (*structure.key_ids, *VALUES, *(name for name in METHOD if name in structure.components))
    for table in ("cells", "shown", "history"):
        texts = ", ".join(f"{quoted(name)} VARCHAR" for name in columns)
        connection.execute(f"CREATE TEMP TABLE {table} ({texts}, moment TIMESTAMP)")
    for table, audience in (("cells", INTERNAL), ("shown", PUBLIC)):
        version = observations.version(dataflow, audience, now=now)
        if version is None:
            continue
        rows = observations.open_rows(dataflow, structure, plan, audience=audience, version=version)
        _insert(connection, table, rows, columns, now)
        if audience == INTERNAL:
            vintages = observations.open_history(dataflow, structure, plan, audience=audience, version=version)
            for vintage in vintages:
                vintage.deleted.close()
                _insert(connection, "history", vintage.rows, columns, vintage.visible_from)


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Rows, columns: tuple[str, ...], at: dt.datetime
) -> None:
    listed = ", ".join(
        f"CAST({quoted(name)} AS VARCHAR) AS {quoted(name)}" if name in rows.columns else f"NULL AS {quoted(name)}"
        for name in columns
    )
    moment = at.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    try:
        connection.register("_rows", open_reader(rows.connection, f"SELECT {listed} FROM ({rows.sql})", rows.params))
        connection.execute(f"INSERT INTO {table} SELECT *, TIMESTAMP '{moment}' AS moment FROM _rows")
        connection.unregister("_rows")
    finally:
        rows.close()
