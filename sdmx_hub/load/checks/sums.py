"""Sums (V10): published totals against their parts.

The rules of the shared structures are known here: all foreigners and nationals make all (``W0 = W1 + W2``), the sexes
make their total, age bands that cover every age without overlap make theirs, and sexes and ages crossed make the grand
total of both. Further totals are declared by the provider. Only what can be added is (counts and money, no rates or
means); partners make ``W1`` only where the provider declares their list complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from sdmx_hub.load.checks.keys import rest
from sdmx_hub.load.checks.sum_rules import RuleSql, SumRule
from sdmx_hub.load.checks.sum_scan import scan_sums
from sdmx_hub.load.checks.terms import (
    MOST,
    UNIT,
    VALUE,
    VIEW,
    Checking,
    Total,
    key_hash,
    key_text,
)
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import SOURCE_ROW, quoted
from sdmx_hub.model.units import COUNT_UNITS, NOT_ADDITIVE

UNSOUND = "_unsound"
"""Table of the keys of cells in sums that do not add up."""
_AREA, _SEX, _AGE = "COUNTERPART_AREA", "SEX", "AGE"
_BAND = re.compile(
    r"Y(?:(?P<single>[0-9]{1,3})|(?P<low>[0-9]{1,3})T(?P<high>[0-9]{1,3})|_LT(?P<below>[0-9]{1,3})|_GE(?P<above>[0-9]{1,3}))"
)
_OLDEST = 1000
_MOST_TILINGS = 8


def check_sums(checking: Checking) -> Iterator[Finding]:
    """SUM-01 where a total is not the sum of its parts, SUM-SKIP where that cannot be told. Fills ``UNSOUND``."""
    if not checking.has(VALUE, *checking.structure.key_ids):
        return
    listed = ", ".join(f"{quoted(key)} VARCHAR" for key in checking.structure.key_ids)
    checking.connection.execute(f"CREATE OR REPLACE TEMP TABLE {UNSOUND} ({listed})")
    for rule in _rules(checking):
        yield from _check(checking, rule)


def count_sums(checking: Checking, by: Sequence[str]) -> dict[tuple[str, ...], tuple[int, int]]:
    """Count the totals all parts of which are there, and those of them that are not their sum, by some dimensions.

    Only the rules of the shared structures count, of which none sums over any of ``by``.
    """
    counted: dict[tuple[str, ...], tuple[int, int]] = {}
    named = ", ".join(map(quoted, by))
    for rule in _known(checking) if checking.has(VALUE, *checking.structure.key_ids) else ():
        sql = RuleSql(checking, rule)
        query = (
            f"SELECT count(*), count(*) FILTER (abs(stated - parts) > {_allowed(checking, rule)}), {named} "
            f"FROM ({sql.groups(by)}) WHERE missing = 0 GROUP BY {named}"
        )
        for told, wrong, *place in checking.connection.execute(query).fetchall():
            before = counted.get(tuple(place), (0, 0))
            counted[tuple(place)] = (before[0] + told, before[1] + wrong)
    return counted


def _rules(checking: Checking) -> Iterator[SumRule]:
    """The totals the provider declares, and the known rules that none of these replaces (M25: its own tolerance)."""
    declared = [_declared(total) for total in checking.terms.totals if checking.has(total.component_id)]
    said = {(rule.components, rule.total) for rule in declared}
    yield from declared
    yield from (rule for rule in _known(checking) if (rule.components, rule.total) not in said)


def _known(checking: Checking) -> Iterator[SumRule]:
    if not checking.has(UNIT) or checking.codes(UNIT) <= NOT_ADDITIVE:
        return
    if checking.has(_AREA) and "W0" in checking.codes(_AREA):
        yield SumRule(components=(_AREA,), total=("W0",), required=(("W1",), ("W2",)))
    sexes = checking.codes(_SEX) if checking.has(_SEX) else frozenset()
    ages = checking.codes(_AGE) if checking.has(_AGE) else frozenset()
    if {"_T", "F", "M"} <= sexes:
        yield SumRule(components=(_SEX,), total=("_T",), required=(("F",), ("M",)), optional=(("_O",), ("_U",)))
    if "_T" in ages:
        for tiling in tilings(ages):
            yield SumRule(
                components=(_AGE,), total=("_T",), required=tuple((age,) for age in tiling), optional=(("_U",),)
            )
            if {"_T", "F", "M"} <= sexes:
                crossed = tuple((sex, age) for sex in ("F", "M") for age in tiling)
                yield SumRule(components=(_SEX, _AGE), total=("_T", "_T"), required=crossed, without_margins=True)


def _declared(total: Total) -> SumRule:
    try:
        tolerance = None if total.tolerance is None else Decimal(total.tolerance)
    except InvalidOperation:
        tolerance = Decimal(0)
    return SumRule(
        components=(total.component_id,),
        total=(total.total,),
        required=tuple((part,) for part in total.parts),
        tolerance=tolerance,
        only_additive=False,
    )


def tilings(ages: frozenset[str]) -> list[tuple[str, ...]]:
    """Sets of the age bands that cover all ages without overlap; single bands that do (``Y_GE0``) are none."""
    bands = sorted((*band, age) for age in ages if (band := parse_band(age)))
    found: list[tuple[str, ...]] = []

    def extend(start: int, chosen: tuple[str, ...]) -> None:
        if len(found) >= _MOST_TILINGS:
            return
        if start >= _OLDEST:
            found.append(chosen)
            return
        for low, high, age in bands:
            if low == start:
                extend(high, (*chosen, age))

    extend(0, ())
    return [tiling for tiling in found if len(tiling) > 1]


def parse_band(age: str) -> tuple[int, int] | None:
    """Read an age code (``Y15T24``, ``Y_LT15``, ``Y_GE65``, ``Y30``) as first age and first age beyond."""
    match = _BAND.fullmatch(age)
    if match is None:
        return None
    if match["single"]:
        return int(match["single"]), int(match["single"]) + 1
    if match["below"]:
        return 0, int(match["below"])
    if match["above"]:
        return int(match["above"]), _OLDEST
    low, high = int(match["low"]), int(match["high"]) + 1
    return (low, high) if low < high else None


def _allowed(checking: Checking, rule: SumRule) -> str:
    """SQL: by how much a total may differ."""
    counts = ", ".join(f"'{unit}'" for unit in sorted(COUNT_UNITS))
    allowed = f"CASE WHEN unit IN ({counts}) THEN 0 ELSE 0.5 * pow(10, -decimals) * (many + 1) END"
    if rule.tolerance is not None:
        allowed = f"{rule.tolerance}"
    elif checking.terms.rounding is not None:
        allowed = f"greatest({allowed}, 0.5 * {checking.terms.rounding} * (many + 1))"
    return f"({allowed} + 1e-12 * abs(stated))"  # what adding in binary may be off by


def _check(checking: Checking, rule: SumRule) -> Iterator[Finding]:
    sql, allowed = RuleSql(checking, rule), _allowed(checking, rule)
    scan = scan_sums(checking, sql)
    if scan is not None and not scan.may_be_wrong:
        yield from _skipped(checking, sql, scan.skipped, scan.row, scan.place)
        return
    checking.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _sums AS SELECT *, missing = 0 AND abs(stated - parts) > {allowed} AS is_wrong "
        f"FROM ({sql.groups()}) WHERE missing > 0 OR abs(stated - parts) > {allowed}"
    )
    if "SUM-01" in checking.terms.overrides:
        _keep_keys(checking, sql)
    yield from _wrong(checking, sql)
    count, row = checking.one("SELECT count(*), min(row) FROM _sums WHERE missing > 0")
    first = checking.one("SELECT place FROM _sums WHERE missing > 0 ORDER BY row LIMIT 1")
    yield from _skipped(checking, sql, count, row, first[0] if first else None)


def _wrong(checking: Checking, sql: RuleSql) -> Iterator[Finding]:
    shown = key_text(sql.others) if sql.others else "''"
    named = key_text(sql.rule.components)
    wrong, *_ = checking.one("SELECT count(*) FROM _sums WHERE is_wrong")
    if not wrong:
        return
    checking.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _told AS SELECT * FROM _sums WHERE is_wrong ORDER BY row LIMIT {MOST}"
    )
    found = checking.connection.execute(
        f"SELECT s.row, any_value({shown}), s.stated::DECIMAL(38, 9), s.parts::DECIMAL(38, 9), "
        f"string_agg(DISTINCT {named}, ', ' ORDER BY {named}) FILTER ({sql.part}) "
        f"FROM {VIEW} JOIN _told AS s ON {key_hash(sql.others)} = s.place WHERE {sql.scope} "
        "GROUP BY s.place, s.row, s.stated, s.parts ORDER BY s.row, 2"
    ).fetchall()
    yield from rest(checking, VALUE, wrong)
    for row, place, stated, parts, names in found:
        difference = parts - stated
        yield checking.finding(
            "SUM-01",
            row=row,
            column=VALUE,
            value=_plain(stated),
            component=" × ".join(sql.rule.components),
            total=".".join(sql.rule.total),
            stated=_plain(stated),
            parts=names,
            sum=_plain(parts),
            difference=f"{'+' if difference > 0 else ''}{_plain(difference)}",
            place=place or "–",
        )


def _keep_keys(checking: Checking, sql: RuleSql) -> None:
    """Remember the cells of sums that do not add up; along time only the total, for its parts stand for themselves."""
    keys = checking.structure.key_ids
    cells = sql.total if sql.along_time else f"({sql.total} OR {sql.part})"
    checking.connection.execute(
        f"INSERT INTO {UNSOUND} SELECT {', '.join(f'CAST({quoted(key)} AS VARCHAR)' for key in keys)} FROM {VIEW} "
        f"JOIN _sums AS s ON {key_hash(sql.others)} = s.place WHERE s.is_wrong AND {sql.scope} AND {cells}"
    )


def _skipped(checking: Checking, sql: RuleSql, count: int, row: int | None, group: int | None) -> Iterator[Finding]:
    if not count:
        return
    shown = key_text(sql.others) if sql.others else "''"
    near = "" if row is None else f"{SOURCE_ROW} = {row} AND "
    place = checking.all(
        f"SELECT {shown} FROM {VIEW} WHERE {near}{sql.scope} AND {key_hash(sql.others)} = {group} LIMIT 1"
    )
    yield checking.finding(
        "SUM-SKIP",
        row=row,
        column=VALUE,
        severity=Severity.INFO,
        count=count,
        component=" × ".join(sql.rule.components),
        total=".".join(sql.rule.total),
        place=(place[0][0] if place else "") or "–",
    )


def _plain(number: object) -> str:
    text = f"{number:f}" if isinstance(number, Decimal) else str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
