"""Values: numbers, texts and what they may be beside their unit and status (V06 to V09, V17, TEXT-…).

Every rule is a condition on one row. All conditions are counted in one pass over the rows; only those that are met are
looked at again for the places.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb

from sdmx_hub.load.checks.cells import CONTROL, TEXT_OF_CELL, cell_conditions, each_text, shown_sql
from sdmx_hub.load.checks.encoding import as_warning, faults_of
from sdmx_hub.load.checks.terms import (
    FLOATING,
    NUMBER,
    STATUS,
    UNIT,
    VALUE,
    VIEW,
    Checking,
    is_number,
    number_of,
)
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import Component
from sdmx_hub.model.units import COUNT_UNITS

NO_VALUE = ("O", "L", "M", "Q")
"""Codes of CL_OBS_STATUS that say there is no value: missing, not collected, cannot exist, suppressed."""
NO_TEXT = "#N/A"
"""What says that a value is missing on purpose, in types that have no ``NaN`` (SDMX 3.0, "intentionally missing")."""
_ZONED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?"
TEXT_TYPES = {
    "Integer": r"[+-]?[0-9]{1,38}",
    "Long": r"[+-]?[0-9]{1,19}",
    "Short": r"[+-]?[0-9]{1,5}",
    "BigInteger": r"[+-]?[0-9]{1,100}",
    "Count": r"[0-9]{1,38}",
    "Decimal": NUMBER,
    "Double": NUMBER,
    "Float": NUMBER,
    "Boolean": "true|false|1|0",
    "DateTime": f"{_DATE}T{_CLOCK}",
    "GregorianDay": _DATE,
    "Date": _DATE,
    "MonthDay": r"--(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "Month": r"--(0[1-9]|1[0-2])",
    "GregorianYear": r"[0-9]{4}",
    "GregorianYearMonth": r"[0-9]{4}-(0[1-9]|1[0-2])",
    "URI": r"[^\s<>\"{}|\\^`]+",
    "Alpha": r"[A-Za-z]*",
    "AlphaNumeric": r"[A-Za-z0-9]*",
    "Numeric": r"[0-9]*",
}
"""Text types (SDMX 3.1, DataType) and the pattern a text of each has to have; other types take any text."""

_INDICATOR = "INDICATOR"
_RANGES = ((UNIT, "PT", 0, 100), (UNIT, "SC10", 0, 10), ("INDICATOR", "CC1", -2, 2), ("INDICATOR", "CC1_ABS", 0, 2))
"""What a value lies between, by unit or by indicator."""
_MORE_THAN_ALL = frozenset({"R1_GDP", "REV_MAR"})
"""Indicators in percent of what they are no part of: they may be more than a hundred."""


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """A condition of a row, the SQL of what is told of it, and the rest of the sentence; a ``warning`` is no error."""

    code: str
    component_id: str
    condition: str
    value: str
    params: dict[str, object] = field(default_factory=dict)
    warning: Callable[[Finding], Finding] | None = None


def check_values(checking: Checking) -> Iterator[Finding]:
    """Check every rule of this module that the structure has the components for."""
    rules = [rule for rule in _rules(checking) if _compiles(checking, rule)]
    if not rules:
        return
    counted = ", ".join(f"count(*) FILTER ({rule.condition})" for rule in rules)
    counts = checking.one(f"SELECT {counted} FROM {VIEW} WHERE {checking.live}")
    for rule, count in zip(rules, counts, strict=True):
        if count:
            condition = f"({rule.condition}) AND {checking.live}"
            found = checking.find(rule.code, condition, rule.value, component_id=rule.component_id, **rule.params)
            yield from map(rule.warning, found) if rule.warning else found


def _compiles(checking: Checking, rule: _Rule) -> bool:
    """A pattern of a structure may be written for another engine; such a one is no rule."""
    if "pattern" not in rule.params:
        return True
    try:
        checking.connection.execute(f"SELECT {rule.condition} FROM {VIEW} LIMIT 0")
        checking.connection.execute("SELECT regexp_full_match('', ?)", [rule.params["pattern"]]).fetchall()
    except duckdb.Error:
        return False
    return True


def _rules(checking: Checking) -> Iterator[_Rule]:
    for component in checking.structure.components.values():
        if component.id not in checking.rows.columns:
            continue
        if not component.representation.is_coded:
            yield from _text_rules(checking, component)
        elif component.representation.is_array:
            yield from _cell_rules(component)
    yield from _unit_rules(checking)
    yield from _status_rules(checking)
    if checking.has("CONF_STATUS", "EMBARGO_TIME"):
        yield _Rule(
            code="V09",
            component_id="EMBARGO_TIME",
            condition=f"{_text('CONF_STATUS')} = 'E' AND "
            f"NOT coalesce(regexp_full_match({_text('EMBARGO_TIME')}, {literal(_ZONED)}), false)",
            value=f"coalesce({_text('EMBARGO_TIME')}, '')",
        )
    if checking.has("REF_AREA", "COUNTERPART_AREA"):
        yield _Rule(
            code="V17",
            component_id="COUNTERPART_AREA",
            condition=f"{_text('REF_AREA')} = {_text('COUNTERPART_AREA')}",
            value=_text("COUNTERPART_AREA"),
        )
    yield from _encoding_rules(checking)


def _encoding_rules(checking: Checking) -> Iterator[_Rule]:
    """TEXT-TWICE and TEXT-LOST, of the components whose values are texts of people."""
    for component in checking.structure.components.values():
        is_text = not component.representation.is_coded and component.representation.text_type not in TEXT_TYPES
        if is_text and component.id in checking.rows.columns and component is not checking.structure.time_dimension:
            text = _text(component.id)
            for code, condition in faults_of(text).items():
                yield _Rule(code=code, component_id=component.id, condition=condition, value=text, warning=as_warning)


def _text(component_id: str) -> str:
    return f"CAST({quoted(component_id)} AS VARCHAR)"


def _text_rules(checking: Checking, component: Component) -> Iterator[_Rule]:
    time = checking.structure.time_dimension
    if time is not None and component.id == time.id:
        return
    if component.representation.is_plain:
        yield from _rules_of_text(component, component.id)
        return
    cell = _text(component.id)
    for rule in _rules_of_text(component, TEXT_OF_CELL):
        yield dataclasses.replace(rule, condition=each_text(cell, rule.condition), value=shown_sql(cell))
    yield from _cell_rules(component)


def _cell_rules(component: Component) -> Iterator[_Rule]:
    cell = _text(component.id)
    for condition, wanted in cell_conditions(component, cell):
        yield _Rule(
            code="TEXT-FORM",
            component_id=component.id,
            condition=condition,
            value=shown_sql(cell),
            params={"expected": wanted},
        )


def _rules_of_text(component: Component, name: str) -> Iterator[_Rule]:
    """The rules of one text of a component, which SQL knows by ``name``."""
    text, kind = _text(name), component.representation.text_type
    pattern = TEXT_TYPES.get(kind)
    if pattern is not None:
        number = is_number(component)
        missing = f"{text} <> 'NaN' AND " if kind in FLOATING else ""
        condition = f"{missing}NOT regexp_full_match({text}, {literal(f'{pattern}|{NO_TEXT}')})"
        yield _Rule(
            code="NUM-FORM" if number else "TEXT-FORM",
            component_id=component.id,
            condition=condition,
            value=text,
            params={} if number else {"expected": kind},
        )
    else:
        yield _Rule(
            code="TEXT-FORM",
            component_id=component.id,
            condition=f"regexp_matches({text}, {literal(CONTROL)})",
            value=f"regexp_replace({text}, {literal(CONTROL)}, '·', 'g')",
            params={"expected": "no control characters"},
        )
    yield from _facet_rules(component, name)


def _facet_rules(component: Component, known_as: str) -> Iterator[_Rule]:
    text, facets = _text(known_as), component.representation.facets
    tests = {
        "minLength": f"length({text}) < {{}}",
        "maxLength": f"length({text}) > {{}}",
        "minValue": f"{number_of(known_as)} < {{}}",
        "maxValue": f"{number_of(known_as)} > {{}}",
    }
    for name, test in tests.items():
        limit = facets.get(name)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            yield _Rule(
                code="TEXT-FORM",
                component_id=component.id,
                condition=test.format(limit),
                value=text,
                params={"expected": f"{name} {limit}"},
            )
    pattern = facets.get("pattern")
    if isinstance(pattern, str):
        yield _Rule(
            code="TEXT-FORM",
            component_id=component.id,
            condition=f"NOT regexp_full_match({text}, {literal(pattern)})",
            value=text,
            params={"expected": pattern, "pattern": pattern},
        )


def _unit_rules(checking: Checking) -> Iterator[_Rule]:
    """V06 and V07: what a value may be in its unit."""
    if not checking.has(VALUE, UNIT):
        return
    number, unit, shown = number_of(VALUE), _text(UNIT), _text(VALUE)
    for code in sorted(checking.codes(UNIT) & COUNT_UNITS):
        yield _Rule(
            code="V06",
            component_id=VALUE,
            condition=f"{unit} = {literal(code)} AND ({number} < 0 OR ({_fraction(checking)}))",
            value=shown,
            params={"unit": code},
        )
    for component_id, name, low, high in _RANGES:
        if not checking.has(component_id) or name not in checking.codes(component_id):
            continue
        yield _Rule(
            code="V07",
            component_id=VALUE,
            condition=f"{_text(component_id)} = {literal(name)} AND ({number} < {low} OR {_too_much(checking, high)})",
            value=shown,
            params={"low": low, "high": high, "unit": name},
        )


def _too_much(checking: Checking, high: int) -> str:
    """SQL: a value above its range, unless it is a percentage of something else."""
    tests = [f"{number_of(VALUE)} > {high}"]
    others = sorted(checking.codes(_INDICATOR) & _MORE_THAN_ALL) if checking.has(_INDICATOR) else []
    if others:
        tests.append(f"coalesce({_text(_INDICATOR)}, '') NOT IN ({', '.join(map(literal, others))})")
    return f"({' AND '.join(tests)})"


def _fraction(checking: Checking) -> str:
    """SQL: a count with a fraction, its multiplier considered; averages may have one."""
    number = number_of(VALUE)
    multiplier = f"coalesce(TRY_CAST({_text('UNIT_MULT')} AS INTEGER), 0)" if checking.has("UNIT_MULT") else "0"
    scaled = f"({number} * pow(10, {multiplier}))"
    tests = [f"abs({scaled} - round({scaled})) > 1e-6"]
    if checking.has("TIME_PER_COLLECT"):
        tests.append(f"coalesce({_text('TIME_PER_COLLECT')}, '') <> 'A'")
    if checking.has("STATISTIC"):
        tests.append(f"coalesce({_text('STATISTIC')}, '_Z') IN ('_T', '_Z')")
    return " AND ".join(tests)


def _status_rules(checking: Checking) -> Iterator[_Rule]:
    """V08: a value beside a status that denies it, none beside one that promises it."""
    codelist = checking.terms.codelists.get(STATUS)
    is_standard = codelist is not None and (codelist.ref.agency_id, codelist.ref.id) == ("SDMX", "CL_OBS_STATUS")
    if not is_standard or not checking.has(VALUE, STATUS):
        return
    is_floating = checking.structure.components[VALUE].representation.text_type in FLOATING
    status, value = _text(STATUS), f"nullif({_text(VALUE)}, 'NaN')" if is_floating else _text(VALUE)
    for code in sorted(checking.codes(STATUS) & set(NO_VALUE)):
        yield _Rule(
            code="V08",
            component_id=VALUE,
            condition=f"{status} = {literal(code)} AND {value} IS NOT NULL",
            value=_text(VALUE),
            params={"status": code},
        )
    if "A" in checking.codes(STATUS):
        yield _Rule(
            code="V08-EMPTY",
            component_id=VALUE,
            condition=f"{status} = 'A' AND {value} IS NULL AND {checking.whole}",
            value="''",
            params={"status": "A"},
        )
