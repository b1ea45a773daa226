"""The report of a pilot as one HTML page, and the part of it that the pages of the hub show too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.language import sentence
from sdmx_hub.load.page_html import write_page
from sdmx_hub.quality.pilot_text import periods_of, shared_lines
from sdmx_hub.quality.pilot_words import figure_text, mechanism_text, moment_text, number_text, words_of

Corridor = Callable[[Mapping[str, Any]], str]
"""Where the page of a pair of countries is."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One figure as it is shown; ``share`` and ``mark`` are the length of its bar and the threshold on it, of 100."""

    text: str
    share: float | None = None
    mark: float | None = None
    met: bool | None = None
    remark: str = ""


def write_html(report: Mapping[str, Any], language: str) -> str:
    """Write the page."""
    return _write("pilot.html", report, language, None)


def write_body(report: Mapping[str, Any], language: str, corridor: Corridor) -> str:
    """Write what a page of the hub puts into its own frame: HTML, every text of it escaped."""
    return _write("pilot_body.html", report, language, corridor)


def _write(template: str, report: Mapping[str, Any], language: str, corridor: Corridor | None) -> str:
    return write_page(
        __package__,
        template,
        language,
        report=report,
        corridor=corridor,
        periods=periods_of,
        named=lambda name, text: sentence("pilot-named", language, name=name, text=text),
        moment=moment_text,
        shared=list(shared_lines(report["shared"], report["id"], language)),
        matrix=lambda flow: _matrix(flow, language),
        mechanisms=lambda shown: [mechanism_text(row["mechanism"], language) for row in shown["mechanisms"]],
        compared=lambda shown: _compared(shown["mechanisms"], language),
        number=lambda value, decimals=None: number_text(value, language, decimals),
    )


def _matrix(flow: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The indicators of a flow: by participant, a row each, the periods beside one another."""
    groups: dict[str | None, dict[str, dict[str, Mapping[str, Any]]]] = {}
    for row in flow["indicators"]:
        found = groups.setdefault(row["participant"], {}).setdefault(row["indicator"], {})
        found[row["period"]] = row
    periods = periods_of(flow)
    return [
        {
            "participant": participant,
            "area": next(iter(next(iter(rows.values())).values()))["area"],
            "rows": [_indicator(name, found, periods, language) for name, found in rows.items()],
        }
        for participant, rows in groups.items()
    ]


def _indicator(
    indicator: str, found: Mapping[str, Mapping[str, Any]], periods: list[str], language: str
) -> dict[str, Any]:
    first = next(iter(found.values()))
    threshold = first["threshold"]
    sign = "" if threshold is None else "≤ " if first["unit"] == "DAY" else "≥ "
    return {
        "indicator": indicator,
        "name": first["name"],
        "threshold": "–" if threshold is None else sign + number_text(threshold, language),
        "cells": [_cell(found[period], language) if period in found else None for period in periods],
    }


def _cell(row: Mapping[str, Any], language: str) -> Cell:
    in_percent = row["unit"] == "PT"
    return Cell(
        text=figure_text(row, language),
        share=row["value"] if in_percent else None,
        mark=row["threshold"] if in_percent else None,
        met=row["met"],
        remark=row["remark"],
    )


def _compared(rows: list[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """The figures of the mechanisms, a row each: bars are as long as their share of the largest."""
    return [
        {
            "name": sentence(f"pilot-figure-{figure.name}", language),
            "cells": [
                None
                if value is None
                else Cell(text=text, share=100 * value / (figure.whole or max(largest, 1e-9)), remark=remark)
                for value, text, remark in shown
            ],
        }
        for figure, shown in words_of(rows, language)
        for largest in [max((value for value, *_ in shown if value is not None), default=0)]
    ]
