"""What both ends of a corridor tell over time, one small picture a comparison; the table of pairs is its text twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sdmx_hub.language import sentence
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.web.charts import Chart, ChartSeries, draw_chart

MOST_CHARTS = 6
_ENDS = ("origin", "destination")
_UNIT_MATTERS = {rule.id for rule in RULES if rule.same_unit}
_ORDER = {rule.id: position for position, rule in enumerate(RULES)}
_Pairs = Sequence[Mapping[str, Any]]


def draw_corridor(pairs: _Pairs, language: str) -> list[Chart]:
    """Draw the comparisons both ends tell of, the longest first, at most six.

    Where there is none, what one end alone tells over several periods; the rest is left to the table.
    """
    ordered = sorted(pairs, key=lambda pair: (*_comparison(pair), pair["period"]))
    groups = [list(group) for _, group in groupby(ordered, key=_comparison)]
    both = [group for group in groups if _ends_told(group) == len(_ENDS)]
    alone = [group for group in groups if _ends_told(group) == 1 and len(group) > 1]
    chosen = sorted(both or alone, key=len, reverse=True)[:MOST_CHARTS]
    drawn = (_draw(number, group, language) for number, group in enumerate(chosen, start=1))
    return [chart for chart in drawn if chart is not None]


def _comparison(pair: Mapping[str, Any]) -> tuple[Any, ...]:
    """What pairs of one picture have in common."""
    unit = (pair["origin_unit"] or pair["destination_unit"] or "") if pair["rule"] in _UNIT_MATTERS else ""
    return _ORDER[pair["rule"]], pair["origin"], pair["destination"], pair["frequency"], pair["split"], unit


def _ends_told(pairs: _Pairs) -> int:
    return sum(any(pair[f"{end}_value"] is not None for pair in pairs) for end in _ENDS)


def _draw(number: int, pairs: _Pairs, language: str) -> Chart | None:
    first = pairs[0]
    periods = [str(pair["period"]) for pair in pairs]
    series = [
        ChartSeries(
            sentence(f"page-corridor-{end}", language, country=first[f"{end}_name"]),
            tuple(pair[f"{end}_value"] for pair in pairs),
        )
        for end in _ENDS
    ]
    name = " · ".join(
        part for part in (sentence(f"mirror-rule-{first['rule']}", language), *_told_apart(first)) if part
    )
    title = sentence(
        "page-corridor-chart",
        language,
        name=name,
        origin=first["origin_name"],
        destination=first["destination_name"],
        span=periods[0] if len(pairs) == 1 else f"{periods[0]}–{periods[-1]}",
    )
    counts = {end: sum(value is not None for value in one.values) for end, one in zip(_ENDS, series, strict=True)}
    description = sentence("page-corridor-chart-description", language, **counts)
    return draw_chart(title, description, periods, series, language, anchor=f"chart-{number}")


def _told_apart(pair: Mapping[str, Any]) -> tuple[str, ...]:
    """What else tells a comparison from others of its rule: its split, and the unit where units are kept apart."""
    return str(pair["split"] or ""), str(_comparison(pair)[-1])
