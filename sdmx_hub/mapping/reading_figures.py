"""Reads what a mapping says of figures that have to be worked on: shares, running totals, units, rounding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.rules import CheckRule, PercentageRule, Redenomination, UnitRule
from sdmx_hub.model.period import parse_period

Find = Callable[..., None]


def cumulative(node: Any) -> str | None:
    """Read whether values are running totals, and what becomes of one without the period before."""
    if isinstance(node, Mapping):
        return str(node.get("gaps", "refuse"))
    return "refuse" if node else None


def percentages(node: Mapping[str, Any] | None, find: Find) -> PercentageRule | None:
    """Read what values are percentages of; either the code of a total or a number."""
    if node is None:
        return None
    if ("of" in node) == ("component" in node):
        find("MAP-ONE-OF", "percentages", keys="component, of")
    return PercentageRule(
        component_id=node.get("component"),
        total=_text(node.get("total")),
        parts=tuple(map(str, node.get("parts", ()))),
        of=_positive(node.get("of"), find, "percentages", "of"),
        decimals=node.get("decimals", 0),
        signed=node.get("signed", False),
    )


def units(node: Mapping[str, Any] | None, find: Find) -> UnitRule | None:
    """Read what values are brought to."""
    if node is None:
        return None
    listed = node.get("redenominations", ())
    return UnitRule(
        common_mult=node.get("common_mult"),
        redenominations=tuple(_redenomination(one, find, place) for place, one in enumerate(listed)),
    )


def rounding(node: Any, find: Find) -> str | None:
    """Read what the source rounds to."""
    return _positive(node, find, "rounding")


def checks(node: Mapping[str, Any] | None, find: Find) -> CheckRule:
    """Read the thresholds of the checks of a load."""
    given = node or {}
    return CheckRule(
        jump=_positive(given.get("jump"), find, "checks", "jump"),
        jump_from=_positive(given.get("jump_from"), find, "checks", "jump_from"),
        rate_tolerance=_positive(given.get("rate_tolerance"), find, "checks", "rate_tolerance"),
        services=given.get("services"),
        sexes=given.get("sexes", False),
        off=tuple(given.get("off", ())),
    )


def _redenomination(node: Mapping[str, Any], find: Find, place: int) -> Redenomination:
    path = ("units", "redenominations", place)
    try:
        parse_period(str(node["since"]))
    except BadRequest:
        find("M22-DATE", *path, "since", value=node["since"])
    return Redenomination(
        old=str(node["from"]),
        new=str(node["to"]),
        since=str(node["since"]),
        divide_by=_positive(node["divide_by"], find, *path, "divide_by") or "1",
        convert=node.get("convert", True),
    )


def _positive(value: Any, find: Find, *path: str | int) -> str | None:
    """Read a number above zero, of at most twelve digits behind the point."""
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal(0)
    if not number.is_finite() or not 0 < number < Decimal(10) ** 12 or round(number, 8) != number:
        find("MAP-LIMIT", *path, value=value, limit="> 0")
        return None
    return f"{number:f}"


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
