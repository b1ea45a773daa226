"""Relations between indicators: the funnel of recruitment (V12), the labour force (V13), rates and their parts (V14).

All rules look at one table, made in one pass: a row for each combination of the other dimensions (whatever the unit),
a column for each indicator. An indicator that comes there in two units is left alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from sdmx_hub.load.checks.keys import rest
from sdmx_hub.load.checks.terms import MOST, UNIT, VALUE, VIEW, Checking, key_hash, key_text, scaled_number
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted

_INDICATOR = "INDICATOR"
STAGES = ("APPLIC", "PRESELECTED", "SELECTED", "DEPLOYED", "RET_END")
"""Stages of recruitment: nobody is in a later one who was not in the one before."""
FUNNEL = frozenset(STAGES)
SUMS = (("LF", ("EMP", "UNE")), ("WAP", ("LF", "OLF")))
"""Indicator, and the two it is the sum of."""
RATES = (
    ("UR", "UNE", "LF", 100),
    ("LFPR", "LF", "WAP", 100),
    ("EPR", "EMP", "WAP", 100),
    ("INJ_FATAL_RT", "INJ_FATAL", "INJ_WORKERS", 100_000),
    ("INJ_NFATAL_RT", "INJ_NFATAL", "INJ_WORKERS", 100_000),
)
"""Rate, what it counts, what it counts them among, and for how many."""
_KNOWN = (
    {"QUOTA", *STAGES}
    | {one for total, parts in SUMS for one in (total, *parts)}
    | {one for rate in RATES for one in rate[:3]}
)
_TABLE = "_related"


@dataclass(frozen=True, kw_only=True)
class _Relation:
    """A rule: what is wrong (SQL over columns named by indicator), and what is told of it."""

    code: str
    names: tuple[str, ...]
    wrong: str
    value: str
    expected: str
    said: str
    severity: Severity = Severity.ERROR


def check_relations(checking: Checking) -> Iterator[Finding]:
    """V12 to V14, of the indicators that are there."""
    if not checking.has(VALUE, *checking.structure.key_ids) or _INDICATOR not in checking.structure.key_ids:
        return
    there = checking.codes(_INDICATOR) & _KNOWN
    relations = [one for one in _relations(checking) if there.issuperset(one.names)]
    relations = [one for one in relations if one.code not in checking.terms.thresholds.off]
    if not relations:
        return
    others = [key for key in checking.structure.key_ids if key not in {_INDICATOR, UNIT}]
    _pivot(checking, sorted({name for one in relations for name in one.names}), others)
    for relation in relations:
        yield from _check(checking, relation, others)


def _pivot(checking: Checking, names: list[str], others: list[str]) -> None:
    columns = []
    for name in names:
        mine = f"FILTER ({quoted(_INDICATOR)} = {literal(name)} AND number IS NOT NULL)"
        columns += [
            f"CASE WHEN count(*) {mine} = 1 THEN max(number) {mine} END AS {quoted(name)}",
            f"min({SOURCE_ROW}) {mine} AS {quoted('row_' + name)}",
            f"max(digits) {mine} AS {quoted('digits_' + name)}",
        ]
    listed = ", ".join(map(literal, names))
    checking.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS SELECT {key_hash(others)} AS place, {', '.join(columns)} FROM "
        f"(SELECT *, {scaled_number(checking)} AS number, "
        f"length(split_part(CAST({quoted(VALUE)} AS VARCHAR), '.', 2)) AS digits FROM {VIEW} "
        f"WHERE {checking.live} AND {quoted(_INDICATOR)} IN ({listed})) GROUP BY place"
    )


def _relations(checking: Checking) -> Iterator[_Relation]:
    slack = float(checking.terms.rounding or 0)
    there = checking.codes(_INDICATOR)
    stages = [one for one in STAGES if one in there]
    for earlier, later in itertools.combinations(stages, 2):
        between = stages[stages.index(earlier) + 1 : stages.index(later)]
        yield _less("V12", later, earlier, slack, between)
    for later in [one for one in stages if one != "APPLIC"][:1]:
        yield _less("V12-QUOTA", later, "QUOTA", slack, severity=Severity.WARNING)
    for total, parts in SUMS:
        one, two = map(quoted, parts)
        yield _Relation(
            code="V13",
            names=(total, *parts),
            wrong=f"abs({quoted(total)} - {one} - {two}) > {1.5 * slack} + {_last_digits(total, *parts)}",
            value=quoted(total),
            expected=f"{one} + {two}",
            said=" + ".join(parts),
        )
    yield from _rates(checking)


def _last_digits(*names: str) -> str:
    """SQL: what adding figures with digits behind the point may be off by; nothing for whole numbers."""
    digits = f"greatest({', '.join(quoted('digits_' + name) for name in names)})"
    return f"CASE WHEN {digits} = 0 THEN 0 ELSE 0.5 * pow(10, -{digits}) * {len(names)} END + 1e-9"


def _less(
    code: str, later: str, earlier: str, slack: float, between: list[str] | None = None, *,
    severity: Severity = Severity.ERROR,
) -> _Relation:  # fmt: skip
    """``later`` is no more than ``earlier``; told where no stage between the two has a figure."""
    unknown = "".join(f" AND {quoted(one)} IS NULL" for one in between or ())
    return _Relation(
        code=code,
        names=(earlier, later, *(between or ())),
        wrong=f"{quoted(later)} > {quoted(earlier)} + {slack}{unknown}",
        value=quoted(later),
        expected=quoted(earlier),
        said=earlier,
        severity=severity,
    )


def _rates(checking: Checking) -> Iterator[_Relation]:
    share = checking.terms.thresholds.rate_tolerance / 100
    for rate, part, whole, number in RATES:
        expected = f"{number} * {quoted(part)} / nullif({quoted(whole)}, 0)"
        last = f"0.5 * pow(10, -{quoted('digits_' + rate)})"
        yield _Relation(
            code="V14",
            names=(rate, part, whole),
            wrong=f"abs({quoted(rate)} - {expected}) > {last} + {share} * abs({expected}) + 1e-9",
            value=quoted(rate),
            expected=f"round({expected}, 4)",
            said=f"{part} / {whole} × {number}",
            severity=Severity.WARNING,
        )


def _check(checking: Checking, relation: _Relation, others: list[str]) -> Iterator[Finding]:
    name = relation.names[0] if relation.code in {"V13", "V14"} else relation.names[1]
    found = checking.connection.execute(
        f"SELECT place, {quoted('row_' + name)} AS row, {relation.value}, {relation.expected}, count(*) OVER () "
        f"FROM {_TABLE} WHERE {relation.wrong} ORDER BY row, place LIMIT {MOST}"
    ).fetchall()
    if not found:
        return
    places = ", ".join(str(place) for place, *_ in found)
    shown = dict(
        checking.connection.execute(
            f"SELECT {key_hash(others)} AS place, any_value({key_text(others)}) FROM {VIEW} "
            f"WHERE {key_hash(others)} IN ({places}) GROUP BY place"
        ).fetchall()
    )
    for place, row, value, expected, _ in found:
        yield checking.finding(
            relation.code, row=row, column=VALUE, value=f"{value:g}", severity=relation.severity,
            indicator=name, other=relation.said, expected=f"{expected:g}", place=shown.get(place) or "–",
        )  # fmt: skip
    yield from rest(checking, VALUE, found[0][4])
