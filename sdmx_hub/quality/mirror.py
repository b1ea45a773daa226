"""Origin against destination: pairs found by rule, their differences, and what may explain them (§5.3).

With O what the origin country reports and M what the destination country does:

| measure | formula | |
|---|---|---|
| difference | O − M | |
| CC1 | (O − M) / ((O + M) / 2) | −2 … 2; both 0: 0 |
| ratio | O / M | not for M = 0 |
| multilateral | Σ abs(O − M) / Σ ((O + M) / 2) | over the pairs where both have a value |
| coverage | pairs with both values / pairs where either reports | |

CC1 is the asymmetry coefficient of the ESS quality and performance indicators. A value that is missing or withheld on
one side is not compared; the status is carried. Nothing that was reported is changed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow as pa

from sdmx_hub.model.rows import literal
from sdmx_hub.model.urn import Urn
from sdmx_hub.quality.causes import causes_sql
from sdmx_hub.quality.pair_rules import RULES, PairRule
from sdmx_hub.quality.sides import CELL, End, Shape
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.judgements import Judgement
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.observations import Observations

THRESHOLD = 0.20
"""Largest asymmetry (absolute CC1) that needs no explanation, unless a plan says otherwise."""
COMPARED, NO_ORIGIN, NO_DESTINATION, NO_VALUE = "compared", "no-origin", "no-destination", "no-value"
MEMORY = "512MB"
"""What a comparison may use."""
_SIDES = ("origin", "destination")
_CARRIED = ("value", "status", "source", "unit", "provider", "series", "choices")


@dataclass(frozen=True, kw_only=True)
class MirrorQuery:
    """Which pairs are asked for; empty means all. ``corridor`` is two countries, whichever is the origin, ``area`` one.

    ``details`` adds the cells below the totals (by sex, by age …) where both ends report them.
    """

    rules: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()
    corridor: tuple[str, str] | None = None
    area: str | None = None
    periods: frozenset[str] = frozenset()
    threshold: float = THRESHOLD
    details: bool = False


@dataclass(frozen=True, kw_only=True)
class Vintage:
    """The version of a dataflow that was compared."""

    dataflow: str
    release_id: int
    visible_from: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """The pairs that were found, in the table ``pairs`` of a private engine."""

    connection: duckdb.DuckDBPyConnection
    query: MirrorQuery
    vintages: tuple[Vintage, ...]
    source: str = "pairs"

    def narrowed(self, query: MirrorQuery) -> Mirror:
        """The same comparison, of it only what ``query`` asks for; threshold and details stay. Safe between threads."""
        source = f"(SELECT * FROM pairs WHERE {_where(query)})"
        asked = replace(self.query, area=query.area or self.query.area)
        return replace(self, connection=self.connection.cursor(), source=source, query=asked)

    def pairs(self, limit: int = 10_000) -> list[dict[str, Any]]:
        """The pairs as values, those that need an explanation first, then by the size of their asymmetry."""
        query = f"SELECT * FROM {self.source} ORDER BY {_WORST} LIMIT ?"
        return dicts_of(self.connection.execute(query, [limit]))

    def both(self, limit: int, offset: int = 0) -> list[dict[str, Any]]:
        """The pairs of which both ends report, in the order of ``pairs``; those without a value come last."""
        query = f"SELECT * FROM {self.source} WHERE {_BOTH} ORDER BY {_WORST} LIMIT ? OFFSET ?"
        return dicts_of(self.connection.execute(query, [limit, offset]))

    @property
    def count_both(self) -> int:
        """Number of pairs of which both ends report."""
        return int(self.connection.execute(f"SELECT count(*) FROM {self.source} WHERE {_BOTH}").fetchall()[0][0])

    def alone(self) -> list[dict[str, Any]]:
        """Who reports pairs that nobody answers, the most first: how many, as origin and as destination.

        Of one ``area`` its partners, with what either of the two reports alone.
        """
        reporter = "CASE state WHEN 'no-destination' THEN origin ELSE destination END"
        if self.query.area is not None:
            reporter = f"CASE origin WHEN {literal(self.query.area)} THEN destination ELSE origin END"
        return dicts_of(self.connection.execute(_ALONE.format(source=self.source, area=reporter)))

    def summaries(self) -> list[dict[str, Any]]:
        """One line for each rule, frequency, period and split: what was compared, and how far the ends are apart."""
        return dicts_of(self.connection.execute(_SUMMARIES.format(source=self.source)))

    def apart(self, limit: int = 200) -> list[dict[str, Any]]:
        """Corridors of which both ends report, and nothing could be compared; ``why`` names what never meets.

        With the two values that are nearest to each other in time, which are no comparison.
        """
        return dicts_of(self.connection.execute(_APART.format(source=self.source), [limit]))

    @property
    def count(self) -> int:
        """Number of pairs."""
        return int(self.connection.execute(f"SELECT count(*) FROM {self.source}").fetchall()[0][0])


_BOTH = f"state IN ('{COMPARED}', '{NO_VALUE}')"
_WORST = """
  verdict = 'exceeds' DESC NULLS LAST, abs(cc1) DESC NULLS LAST, rule, period DESC, origin, destination,
  frequency, split, detail
"""
_ALONE = """
SELECT {area} AS area, count(*) FILTER (state = 'no-destination') AS only_origin,
  count(*) FILTER (state = 'no-origin') AS only_destination, min(period) AS first_period, max(period) AS last_period
FROM {source} WHERE state IN ('no-origin', 'no-destination') GROUP BY ALL
ORDER BY only_origin + only_destination DESC, area
"""
_SUMMARIES = """
SELECT rule, frequency, period, split, count(*) AS expected,
  count(*) FILTER (WHERE state = 'compared') AS compared,
  count(*) FILTER (WHERE verdict = 'exceeds') AS exceeding,
  count(*) FILTER (WHERE verdict = 'exceeds' AND confirmed_cause IS NULL) AS unexplained,
  count(*) FILTER (WHERE state = 'no-origin') AS no_origin,
  count(*) FILTER (WHERE state = 'no-destination') AS no_destination,
  count(*) FILTER (WHERE state = 'no-value') AS no_value,
  sum(abs(difference)) AS total_difference,
  sum((origin_value + destination_value) / 2) FILTER (WHERE state = 'compared') AS total_mean,
  CASE WHEN total_mean = 0 THEN 0 ELSE total_difference / total_mean END AS multilateral,
  compared / expected AS coverage
FROM {source} WHERE detail = '' GROUP BY ALL ORDER BY rule, frequency, period DESC, split
"""


_APART = """
WITH two_ends AS (
  SELECT rule, origin, destination FROM {source} WHERE detail = '' GROUP BY ALL
  HAVING count(origin_series) > 0 AND count(destination_series) > 0 AND count(*) FILTER (state = 'compared') = 0
), ends AS (
  SELECT * FROM {source} SEMI JOIN two_ends USING (rule, origin, destination) WHERE detail = ''
), apart AS (
  SELECT rule, origin, destination,
    min(period) FILTER (origin_series IS NOT NULL) AS origin_from,
    max(period) FILTER (origin_series IS NOT NULL) AS origin_to,
    min(period) FILTER (destination_series IS NOT NULL) AS destination_from,
    max(period) FILTER (destination_series IS NOT NULL) AS destination_to,
    list(DISTINCT frequency) FILTER (origin_series IS NOT NULL) AS ours,
    list(DISTINCT frequency) FILTER (destination_series IS NOT NULL) AS theirs,
    list(DISTINCT period) FILTER (origin_series IS NOT NULL) AS told,
    list(DISTINCT period) FILTER (destination_series IS NOT NULL) AS answered,
    CASE WHEN NOT list_has_any(ours, theirs) THEN 'frequency' WHEN NOT list_has_any(told, answered) THEN 'period'
      WHEN bool_or(state = 'no-value') THEN 'value' ELSE 'split' END AS why
  FROM ends GROUP BY ALL
), nearest AS (
  SELECT o.rule, o.origin, o.destination, o.period AS origin_period, o.origin_value,
    m.period AS destination_period, m.destination_value
  FROM ends AS o JOIN ends AS m USING (rule, origin, destination, frequency, split)
  WHERE o.origin_value IS NOT NULL AND m.destination_value IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY o.rule, o.origin, o.destination ORDER BY
    abs(TRY_CAST(left(o.period, 4) AS INTEGER) - TRY_CAST(left(m.period, 4) AS INTEGER)), o.period DESC,
    m.period DESC) = 1
)
SELECT a.* EXCLUDE (ours, theirs, told, answered), n.* EXCLUDE (rule, origin, destination)
FROM apart AS a LEFT JOIN nearest AS n USING (rule, origin, destination) ORDER BY ALL LIMIT ?
"""


def dicts_of(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Draw a small result whole, one value by name a row."""
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def versions_compared(
    artefacts: Artefacts, observations: Observations, *, audience: str, now: dt.datetime
) -> tuple[str, ...]:
    """A text for each dataflow any rule looks at, which changes when the audience sees something else of it."""
    dataflows = {side.urn: artefacts.find(side.urn) for rule in RULES for side in (rule.origin, rule.destination)}
    found = (observations.version(one.ref, audience, now=now) for one in dataflows.values() if one is not None)
    return tuple(version.etag if version else "" for version in found)


@contextlib.contextmanager
def open_mirror(
    query: MirrorQuery,
    artefacts: Artefacts,
    observations: Observations,
    *,
    audience: str,
    now: dt.datetime,
    judgements: Iterable[Judgement] = (),
) -> Iterator[Mirror]:
    """Find and compare as ``make_mirror`` does, for as long as the block lasts."""
    mirror = make_mirror(query, artefacts, observations, audience=audience, now=now, judgements=judgements)
    try:
        yield mirror
    finally:
        mirror.connection.close()


def make_mirror(
    query: MirrorQuery,
    artefacts: Artefacts,
    observations: Observations,
    *,
    audience: str,
    now: dt.datetime,
    judgements: Iterable[Judgement] = (),
) -> Mirror:
    """Find and compare the pairs an audience may see. Rules whose dataflows the hub does not hold are left out."""
    holdings = _Holdings(artefacts=artefacts, observations=observations, audience=audience, now=now)
    connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": 2})
    connection.execute(_EMPTY)
    for rule in RULES:
        if not query.rules or rule.id in query.rules:
            _add_rule(connection, rule, holdings)
    _judge(connection, query, judgements)
    vintages = [
        Vintage(dataflow=dataflow, release_id=version.release_id, visible_from=version.visible_from)
        for dataflow, version in sorted(holdings.versions.items())
        if version is not None
    ]
    return Mirror(connection=connection, query=query, vintages=tuple(vintages))


@dataclass(frozen=True, kw_only=True)
class _Holdings:
    """What the hub holds, and which version of each dataflow an audience sees; each is looked up once."""

    artefacts: Artefacts
    observations: Observations
    audience: str
    now: dt.datetime
    versions: dict[str, Version | None] = field(default_factory=dict)

    def version(self, dataflow: Urn) -> Version | None:
        """The version that is compared."""
        if dataflow.ref.id not in self.versions:
            self.versions[dataflow.ref.id] = self.observations.version(dataflow.ref, self.audience, now=self.now)
        return self.versions[dataflow.ref.id]


def _add_rule(connection: duckdb.DuckDBPyConnection, rule: PairRule, holdings: _Holdings) -> None:
    dataflows = [holdings.artefacts.find(side.urn) for side in (rule.origin, rule.destination)]
    if None in dataflows:
        return
    urns = [dataflow.urn for dataflow in dataflows if dataflow is not None]
    structures = [holdings.artefacts.structure_of(urn) for urn in urns]
    shape = Shape.of(rule, *structures)
    for name, side, urn, structure in zip(_SIDES, (rule.origin, rule.destination), urns, structures, strict=True):
        end = End(side=side, shape=shape, structure=structure, is_origin=name == "origin")
        end.load(connection, name, holdings.observations, holdings.version(urn))
    connection.execute(f"INSERT INTO found BY NAME {_joined(rule)}")


_TYPES = {"value": "DOUBLE", "choices": "BIGINT"}
_COLUMNS = ", ".join(f"{side}_{name} {_TYPES.get(name, 'VARCHAR')}" for side in _SIDES for name in _CARRIED)
_EMPTY = f"""
CREATE TEMP TABLE found (rule VARCHAR, dataflow_ref VARCHAR, {", ".join(f"{name} VARCHAR" for name in CELL)},
  {_COLUMNS}, difference DOUBLE, cc1 DOUBLE, ratio DOUBLE, state VARCHAR, causes VARCHAR[])
"""


def _joined(rule: PairRule) -> str:
    """SQL: the two ends of a rule side by side. Below the totals only what both ends report."""
    keys = " AND ".join(f"o.{name} = m.{name}" for name in CELL)
    keys += " AND o.unit = m.unit" if rule.same_unit else ""
    cells = ", ".join(f"coalesce(o.{name}, m.{name}) AS {name}" for name in CELL)
    carried = ", ".join(
        f"{letter}.{name} AS {side}_{name}" for letter, side in zip("om", _SIDES, strict=True) for name in _CARRIED
    )
    return f"""
SELECT {literal(rule.id)} AS rule, {literal(rule.dataflow_ref)} AS dataflow_ref, {cells}, {carried},
  CASE WHEN o.series IS NULL THEN '{NO_ORIGIN}' WHEN m.series IS NULL THEN '{NO_DESTINATION}'
    WHEN o.value IS NULL OR m.value IS NULL THEN '{NO_VALUE}' ELSE '{COMPARED}' END AS state,
  o.value - m.value AS difference,
  CASE WHEN o.value + m.value = 0 THEN 0 ELSE (o.value - m.value) / ((o.value + m.value) / 2) END AS cc1,
  CASE WHEN m.value <> 0 THEN o.value / m.value END AS ratio,
  {causes_sql(rule)} AS causes
FROM origin AS o FULL OUTER JOIN destination AS m ON {keys}
WHERE coalesce(o.detail, m.detail) = '' OR (o.series IS NOT NULL AND m.series IS NOT NULL)
"""


def _judge(connection: duckdb.DuckDBPyConnection, query: MirrorQuery, judgements: Iterable[Judgement]) -> None:
    """Make ``pairs`` of what was found: what was asked for, with the verdict and what a person said of it."""
    names = ("rule", "origin", "destination", "frequency", "period", "split", "cause", "comment", "actor", "at")
    columns: Mapping[str, list[str]] = {name: [] for name in names}
    for judgement in judgements:
        for name in names:
            columns[name].append(str(getattr(judgement, name)))
    connection.register("said", pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()}))
    threshold = float(query.threshold)
    connection.execute(f"""
CREATE TABLE pairs AS
SELECT f.*,
  CASE WHEN state = '{COMPARED}' THEN CASE WHEN abs(cc1) > {threshold} THEN 'exceeds' ELSE 'ok' END END AS verdict,
  s.cause AS confirmed_cause, s.comment, s.actor AS confirmed_by, s.at AS confirmed_at
FROM found AS f LEFT JOIN said AS s ON s.rule = f.rule AND s.origin = f.origin AND s.destination = f.destination
  AND s.frequency = f.frequency AND s.period = f.period AND s.split = f.split AND f.detail = ''
WHERE {_where(query, "f.")}
""")


def _where(query: MirrorQuery, prefix: str = "") -> str:
    """SQL: what of the pairs is asked for; ``prefix`` names their table."""
    terms = ["true"]
    asked = {
        "rule": query.rules,
        "origin": query.origins,
        "destination": query.destinations,
        "period": query.periods,
    }
    for name, codes in asked.items():
        if codes:
            terms.append(f"{prefix}{name} IN ({', '.join(literal(code) for code in sorted(codes))})")
    if query.corridor is not None:
        both = f"({', '.join(literal(code) for code in query.corridor)})"
        terms.append(f"{prefix}origin IN {both} AND {prefix}destination IN {both}")
    if query.area is not None:
        terms.append(f"{literal(query.area)} IN ({prefix}origin, {prefix}destination)")
    if not query.details:
        terms.append(f"{prefix}detail = ''")
    return " AND ".join(terms)
