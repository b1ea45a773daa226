"""Constraints: V05, what the dataflow, the structure and the provision agreement allow."""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.load.checks.terms import MOST, VIEW, Checking, key_text
from sdmx_hub.model.cells import ITEM
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import Constraint, CubeRegion

AREA = "REF_AREA"


def check_constraints(checking: Checking) -> Iterator[Finding]:
    """V05: what lies outside the constraints; a wrong reporting area of a provider is told once for the file."""
    for constraint in checking.terms.constraints:
        yield from _check(checking, constraint)
    for constraint in checking.terms.provider_constraints:
        yield from _check_area(checking, constraint)
        yield from _check(checking, constraint, without=AREA)


def _check(checking: Checking, constraint: Constraint, without: str | None = None) -> Iterator[Finding]:
    included = [region for region in constraint.regions if region.include]
    if len(included) == 1:
        yield from _check_values(checking, constraint, included[0], without)
    elif included:
        yield from _check_regions(checking, constraint, included, without)
    for region in constraint.regions:
        if not region.include:
            yield from _report(checking, constraint, [region], f"({_inside(checking, region, without)})", without)


def _check_values(
    checking: Checking, constraint: Constraint, region: CubeRegion, without: str | None
) -> Iterator[Finding]:
    """One region: each component stands for itself, and its distinct values are all there is to look at."""
    for component_id, allowed in region.values.items():
        if component_id == without or not checking.has(component_id):
            continue
        wrong = {one for one in checking.codes(component_id) - allowed if _is_code(checking, component_id, one)}
        for value, count, row in checking.places(component_id, wrong)[:MOST]:
            yield checking.finding(
                "V05", row=row, column=component_id, value=value, count=count,
                component=component_id, constraint=constraint.ref,
            )  # fmt: skip


def _is_code(checking: Checking, component_id: str, value: str) -> bool:
    """A value that is no code at all has been told already."""
    codelist = checking.terms.codelists.get(component_id)
    return codelist is None or value in codelist.codes


def _check_regions(
    checking: Checking, constraint: Constraint, regions: list[CubeRegion], without: str | None
) -> Iterator[Finding]:
    outside = " AND ".join(f"NOT ({_inside(checking, region, without)})" for region in regions)
    yield from _report(checking, constraint, regions, outside, without)


def _inside(checking: Checking, region: CubeRegion, without: str | None) -> str:
    tests = [
        f"coalesce({_among(checking, one, ', '.join(map(literal, sorted(allowed))))}, true)"
        for one, allowed in region.values.items()
        if one != without and allowed and checking.has(one)
    ]
    return " AND ".join(tests) or "true"


def _among(checking: Checking, component_id: str, allowed: str) -> str:
    """SQL: the value, or each value of an array, is one of some."""
    column = f"CAST({quoted(component_id)} AS VARCHAR)"
    if checking.is_array(component_id):
        return f"list_has_all([{allowed}], string_split({column}, {literal(ITEM)}))"
    return f"{column} IN ({allowed})"


def _report(
    checking: Checking, constraint: Constraint, regions: list[CubeRegion], condition: str, without: str | None
) -> Iterator[Finding]:
    named = {one for region in regions for one in region.values if one != without and checking.has(one)}
    ids = [one for one in checking.structure.components if one in named]
    if not ids:
        return
    found = checking.connection.execute(
        f"SELECT {key_text(ids)} AS place, count(*), min({SOURCE_ROW}) AS first FROM {VIEW} "
        f"WHERE {condition} AND {checking.live} GROUP BY 1 ORDER BY first LIMIT {MOST}"
    ).fetchall()
    for place, count, row in found:
        shown = ", ".join(f"{one}={part}" for one, part in zip(ids, place.split("."), strict=False))
        yield checking.finding("V05-REGION", row=row, value=shown, count=count, constraint=constraint.ref)


def _check_area(checking: Checking, constraint: Constraint) -> Iterator[Finding]:
    regions = [region.values[AREA] for region in constraint.regions if region.include and AREA in region.values]
    if not regions or not checking.has(AREA):
        return
    allowed = frozenset[str]().union(*regions)
    wrong = checking.places(AREA, checking.codes(AREA) - allowed)
    if wrong:
        yield checking.finding(
            "V05-REFAREA",
            column=AREA,
            value=", ".join(sorted(value for value, _, _ in wrong)[:20]),
            count=sum(count for _, count, _ in wrong),
            provider=checking.terms.provider or "",
            allowed=", ".join(sorted(allowed)[:20]),
        )
