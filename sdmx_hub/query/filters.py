"""Component filters, ``c[COMPONENT]=ge:A+le:B,C``: ``,`` is or, ``+`` is and, and *and* binds tighter (REST v2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.request import ANY, TIME, ComponentFilter, Condition, Operator, is_plain
from sdmx_hub.query.text import shown

MOST_VALUES = 10_000
MOST_CONDITIONS = 500
"""Conditions that are more than a value in a list: each is held against every code there is."""
_OPERATORS = {operator.value: operator for operator in Operator}
# The plus of a time's offset (…T09:00:00+01:00) joins nothing.
_AND = re.compile(r"\+(?![0-9]{2}:[0-9]{2}(?:$|[+,]))")


def parse_filters(texts: Mapping[str, str]) -> tuple[ComponentFilter, ...]:
    """Read all filters of a request, sorted by component; ``*`` filters nothing. Raises BadRequest."""
    parsed = (parse_filter(component_id, text) for component_id, text in texts.items() if text != ANY)
    return tuple(sorted(parsed))


def parse_filter(component_id: str, text: str) -> ComponentFilter:
    """Read the filter on one component."""
    any_of = [[_condition(component_id, one) for one in _AND.split(group)] for group in text.split(",")]
    parsed = ComponentFilter.of(component_id, tuple(tuple(all_of) for all_of in any_of))
    compared = sum(len(all_of) for all_of in parsed.any_of if not is_plain(all_of))
    for found, most in ((len(parsed.any_of), MOST_VALUES), (compared, MOST_CONDITIONS)):
        if found > most:
            raise BadRequest("query-too-long", part=f"c[{component_id}]", most=most)
    return parsed


def _condition(component_id: str, text: str) -> Condition:
    prefix, colon, value = text.partition(":")
    operator = _OPERATORS.get(prefix) if colon else None
    if operator is None:
        operator, value = Operator.EQUAL, text
    if not value:
        raise BadRequest("query-filter", part=f"c[{component_id}]", found=shown(text), allowed=", ".join(_OPERATORS))
    return Condition(operator, value)


def period_filter(start: str | None, end: str | None) -> ComponentFilter | None:
    """Say ``startPeriod`` and ``endPeriod`` of REST v1 as a filter on time."""
    conditions = []
    if start:
        conditions.append(Condition(Operator.GREATER_OR_EQUAL, start))
    if end:
        conditions.append(Condition(Operator.LESS_OR_EQUAL, end))
    return ComponentFilter.of(TIME, (tuple(conditions),)) if conditions else None


def both(first: ComponentFilter, second: ComponentFilter) -> ComponentFilter:
    """Say that two filters on one component hold together."""
    return ComponentFilter.of(first.component_id, tuple(a + b for a in first.any_of for b in second.any_of))
