"""What StructureMap and RepresentationMap cannot say of a mapping: one row for each, with the keys it is about.

Structure mapping changes no value, adds nothing up and takes every row as it stands (Technical Notes §13.1). What the
hub does when it writes the table in its source structure is only told (an info); what is lost is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sdmx_hub.mapping.binding import PLACES
from sdmx_hub.mapping.document import shown_path
from sdmx_hub.mapping.rules import SKIP, ComponentRule, NumberRule, TableMapping
from sdmx_hub.model.finding import Finding, Severity, Where

Paths = Iterable[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One thing the standard has no words for: finding code, keys, the difficulty it answers, and where it is used.

    ``in_table`` says that the hub does it when it writes the table in its source structure.
    """

    code: str
    keys: str
    difficulty: str
    find: Callable[[TableMapping], Paths]
    in_table: bool = False


def limits_of(mapping: TableMapping) -> tuple[Finding, ...]:
    """Tell what of a mapping the standard cannot say, each with its place in the file."""
    return tuple(_finding(mapping, limit, path) for limit in LIMITS for path in limit.find(mapping))


def _finding(mapping: TableMapping, limit: Limit, path: tuple[str, ...]) -> Finding:
    where = Where(file=mapping.file, row=mapping.line(*path), path=shown_path(path))
    severity = Severity.INFO if limit.in_table else Severity.WARNING
    return Finding(code=limit.code, severity=severity, where=where, params={"keys": limit.keys})


def _top(*keys: str) -> Callable[[TableMapping], Paths]:
    return lambda mapping: ((key,) for key in keys if _is_used(mapping, key))


def _is_used(mapping: TableMapping, key: str) -> bool:
    value = getattr(mapping, key)
    if key == "rows":
        return bool(value.keep or value.drop)
    if key == "fill_down":
        return bool(value.columns)
    return bool(value)


def _layout(mapping: TableMapping) -> Paths:
    source = mapping.source
    if source.header_rows > 1 or source.footer_rows or source.until or source.last_row or source.range:
        yield ("source",)
    yield from _top("rows", "fill_down", "unpivot")(mapping)


def _components(test: Callable[[ComponentRule], bool], key: str) -> Callable[[TableMapping], Paths]:
    return lambda mapping: (
        ("components", component_id, key) for component_id, rule in mapping.components.items() if test(rule)
    )


def _numbers(test: Callable[[NumberRule], bool]) -> Callable[[TableMapping], Paths]:
    return lambda mapping: (
        ("components", component_id)
        for component_id, rule in mapping.components.items()
        if rule.number is not None and test(rule.number)
    )


def _left_out(mapping: TableMapping) -> Iterator[tuple[str, ...]]:
    """Texts of attributes that leave their rows out: what has no code in a map leaves an attribute empty."""
    for component_id in ("OBS_STATUS", "CONF_STATUS", "COMMENT_OBS"):
        rule = mapping.components.get(component_id)
        if rule and SKIP in rule.codes.values():
            yield "components", component_id, "codes"


LIMITS: tuple[Limit, ...] = (
    Limit(code="STD-LAYOUT", keys="source, rows, fill_down, unpivot", difficulty="M03", find=_layout, in_table=True),
    Limit(
        code="STD-PLACE", keys="$file, $sheet, $cell", difficulty="M14", in_table=True,
        find=_components(lambda rule: any(name.startswith(PLACES) for name in rule.columns), "column"),
    ),
    Limit(
        code="STD-NUMBER", keys="decimal, thousands, percent, nil", difficulty="M02", in_table=True,
        find=_numbers(lambda rule: rule.decimal == "," or bool(rule.thousands or rule.percent or rule.nil)),
    ),
    Limit(
        code="STD-TOKEN", keys="missing, suppressed, footnotes", difficulty="M04, M05, M18", in_table=True,
        find=_numbers(lambda rule: bool(rule.missing or rule.suppressed or rule.footnotes)),
    ),
    Limit(
        code="STD-SPLIT", keys="splits", difficulty="M07",
        find=_components(lambda rule: bool(rule.splits), "splits"),
    ),
    Limit(
        code="STD-GROUP", keys="groups", difficulty="M21",
        find=_components(lambda rule: bool(rule.groups), "groups"),
    ),
    Limit(
        code="STD-NAMES", keys="areas", difficulty="M20",
        find=_components(lambda rule: bool({"en", "fr", "es"} & set(rule.areas)), "areas"),
    ),
    Limit(code="STD-AGE", keys="age", difficulty="M09", find=_components(lambda rule: rule.age, "age")),
    Limit(code="STD-SKIP", keys="codes: $skip", difficulty="M06", find=_left_out),
    Limit(code="STD-SUM", keys="aggregate", difficulty="M08, M19", find=_top("aggregate")),
    Limit(code="STD-TOTALS", keys="totals", difficulty="M10, M11", find=_top("totals")),
    Limit(
        code="STD-CUMULATIVE", keys="cumulative", difficulty="M15",
        find=_numbers(lambda rule: rule.cumulative is not None),
    ),
    Limit(code="STD-SHARES", keys="percentages", difficulty="M16", find=_top("percentages")),
    Limit(code="STD-UNITS", keys="units", difficulty="M17", find=_top("units")),
    Limit(code="STD-ROUNDING", keys="rounding", difficulty="M25", find=_top("rounding")),
)  # fmt: skip
