"""Parts (V11): no part is more than its whole, even where the other parts are not there to be added.

Wholes are the total of a dimension (``_T``, and ``W0`` and ``W1`` of areas) and the parent of a code in its list: an
activity of a section, an ``of which`` of an indicator. Stages of recruitment are no parts of each other (see
``relations``). Only what can be added has parts: no rates, no means.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sdmx_hub.load.checks.keys import rest
from sdmx_hub.load.checks.relations import FUNNEL
from sdmx_hub.load.checks.sum_rules import additive
from sdmx_hub.load.checks.sum_scan import find_above
from sdmx_hub.load.checks.terms import MOST, UNIT, VALUE, VIEW, Checking, key_hash, key_text, number_of
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.units import NOT_ADDITIVE

_INDICATOR, _AREA = "INDICATOR", "COUNTERPART_AREA"
_NO_PARTS = frozenset({"_T", "_Z", "W0", "W2", "_X"})
"""Codes that are part of no other."""


def check_parts(checking: Checking) -> Iterator[Finding]:
    """V11: a part that is more than its whole, all other dimensions alike."""
    structure = checking.structure
    if not checking.has(VALUE, UNIT, *structure.key_ids) or checking.codes(UNIT) <= NOT_ADDITIVE:
        return
    time = structure.time_dimension
    for component_id in structure.key_ids:
        if component_id in {"FREQ", "REF_AREA", UNIT} or (time is not None and component_id == time.id):
            continue
        pairs = sorted(_pairs(checking, component_id))
        if pairs:
            yield from _check(checking, component_id, pairs)


def _pairs(checking: Checking, component_id: str) -> Iterator[tuple[str, str]]:
    """Part and whole, among the codes that are there."""
    there = checking.codes(component_id)
    if component_id == _AREA:
        yield from ((code, "W0") for code in there - {"W0", "_Z", "_T"} if "W0" in there)
        yield from ((code, "W1") for code in there - _NO_PARTS - {"W1", "_U"} if "W1" in there)
        return
    if component_id != _INDICATOR and "_T" in there:
        yield from ((code, "_T") for code in there - _NO_PARTS)
    codelist = checking.terms.codelists.get(component_id)
    for code in there if codelist else ():
        known = codelist.codes.get(code) if codelist else None
        if known is not None and known.parent in there and known.parent != "_T" and not {code, known.parent} <= FUNNEL:
            yield code, known.parent or ""


def _check(checking: Checking, component_id: str, pairs: list[tuple[str, str]]) -> Iterator[Finding]:
    others = [key for key in checking.structure.key_ids if key != component_id]
    column, scope = quoted(component_id), f"{checking.live} AND {additive(checking)}"
    listed = ", ".join(f"({literal(part)}, {literal(whole)})" for part, whole in pairs)
    wholes = ", ".join(sorted({literal(whole) for _, whole in pairs}))
    slack = checking.terms.rounding or 0
    base = f"SELECT {key_hash(others)} AS place, {number_of(VALUE)} AS number, * FROM {VIEW} WHERE {scope}"
    if not _may_be_met(checking, component_id, pairs, base, slack):
        return
    query = (
        f"SELECT c.{SOURCE_ROW} AS row, c.number, p.part, p.whole, w.number AS total, {key_text(others)} AS shown, "
        f"count(*) OVER () AS many FROM ({base}) AS c JOIN (VALUES {listed}) AS p(part, whole) "
        f"ON CAST(c.{column} AS VARCHAR) = p.part JOIN (SELECT place, CAST({column} AS VARCHAR) AS code, max(number) "
        f"AS number FROM ({base}) WHERE {column} IN ({wholes}) GROUP BY ALL HAVING count(*) = 1) AS w "
        f"ON w.place = c.place AND w.code = p.whole "
        f"WHERE c.number > w.number + {slack} + 1e-9 * abs(w.number) ORDER BY row, part, whole LIMIT {MOST}"
    )
    found = checking.connection.execute(query).fetchall()
    for row, number, part, whole, total, shown, _ in found:
        yield checking.finding(
            "V11", row=row, column=VALUE, value=f"{number:g}", component=component_id,
            part=part, whole=whole, total=f"{total:g}", place=shown or "–",
        )  # fmt: skip
    if found:
        yield from rest(checking, VALUE, found[0][6])


def _may_be_met(
    checking: Checking, component_id: str, pairs: list[tuple[str, str]], base: str, slack: Decimal | int
) -> bool:
    """Tell quickly, where there is but one whole, whether any part may be more: nearly always none is."""
    wholes, codes = {whole for _, whole in pairs}, frozenset(part for part, _ in pairs)
    if len(wholes) > 1:
        return True
    above = find_above(checking, component_id, min(wholes), codes)
    if above is not None:
        return above
    parts, column = ", ".join(map(literal, sorted(codes))), quoted(component_id)
    return bool(
        checking.all(
            f"SELECT 1 FROM (SELECT max(number) FILTER ({column} IN ({parts})) AS part, "
            f"max(number) FILTER ({column} = {literal(min(wholes))}) AS whole FROM ({base}) GROUP BY place) "
            f"WHERE part > whole + {slack} LIMIT 1"
        )
    )
