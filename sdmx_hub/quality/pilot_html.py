"""The report of a pilot as one HTML page that needs nothing else: no script, no picture, no address."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader

from sdmx_hub.language import sentence
from sdmx_hub.load.report_html import STYLE


def write_html(report: Mapping[str, Any], language: str) -> str:
    """Write the page."""
    template = _environment().get_template("pilot.html")
    words = functools.partial(_say, language)
    return template.render(report=report, language=language, style=STYLE, t=words, figure=figure_text)


def figure_text(row: Mapping[str, Any]) -> str:
    """A figure with its unit: whole days, or one decimal of a percentage."""
    return f"{row['value']:.0f} d" if row["unit"] == "DAY" else f"{row['value']:.1f} %"


def _say(language: str, key: str, **params: object) -> str:
    return sentence(key, language, **params)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sdmx_hub.quality", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
