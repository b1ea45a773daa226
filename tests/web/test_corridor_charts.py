"""What both ends of a corridor tell over time, as pictures."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sdmx_hub.web.corridor_charts import MOST_CHARTS, draw_corridor

COUNTRIES = {"ESP": "Spain", "ITA": "Italy"}


def pair(period: str, ours: float | None, theirs: float | None, **more: Any) -> dict[str, Any]:
    ends = {"origin": "ESP", "destination": "ITA", **{k: v for k, v in more.items() if k in {"origin", "destination"}}}
    return {
        "rule": "MIGRATION",
        "frequency": "A",
        "split": "",
        "period": period,
        "origin_value": ours,
        "destination_value": theirs,
        "origin_unit": "PS",
        "destination_unit": "PS",
        **more,
        **{f"{end}_name": COUNTRIES[code] for end, code in ends.items()},
        **ends,
    }


def paths(svg: str) -> list[str]:
    return ["".join(re.findall("[ML]", path)) for path in re.findall(r'class="stroke" d="([^"]*)"', svg)]


def test_both_ends_are_lines_of_one_picture_and_gaps_are_left() -> None:
    pairs = [pair("2020", 4, 1), pair("2017", 1, None), pair("2018", 2, 3), pair("2021", 5, 2)]
    (chart,) = draw_corridor(pairs, "en")
    assert chart.title == "Emigration and immigration, by country of residence: Spain → Italy, 2017–2021"
    assert [label for _, label in chart.legend] == ["Spain (origin)", "Italy (destination)"]
    assert paths(chart.svg) == ["MLML", "MML"]
    assert "periods: 4" in chart.svg
    assert "Spain (origin), 2018: 2" in chart.svg


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Spain (origin)"), ("fr", "Spain (origine)"), ("es", "Spain (origen)")],
)
def test_pictures_speak_the_reader_s_language(language: str, words: str) -> None:
    (chart,) = draw_corridor([pair("2020", 4000, 1.5), pair("2021", 5, 2)], language)
    assert chart.legend[0][1] == words
    assert {"en": "4,000", "fr": "4\u202f000", "es": "4.000"}[language] in chart.svg


def test_each_comparison_direction_and_unit_has_a_picture_of_its_own() -> None:
    pairs = [
        pair("2020", 1, 2),
        pair("2020", 1, 2, origin="ITA", destination="ESP"),
        pair("2020", 1, 2, rule="REMITTANCES", origin_unit="USD", destination_unit="USD"),
        pair("2020", 1, 2, rule="REMITTANCES", origin_unit="EUR", destination_unit="EUR"),
        pair("2020", 1, 2, rule="DEPLOYED_PERMITS", split="MIG_TYPE=SEAS", destination_unit="PMT"),
    ]
    charts = draw_corridor(pairs, "en")
    assert [chart.kind for chart in charts] == ["bars"] * 5
    assert len({chart.title for chart in charts}) == 5
    assert len({found for chart in charts for found in re.findall(r' id="([^"]*)"', chart.svg)}) == 10


def test_what_one_end_tells_is_drawn_only_where_nobody_answers() -> None:
    alone = [pair("2020", None, 2, rule="STOCK_BORN"), pair("2021", None, 3, rule="STOCK_BORN")]
    (chart,) = draw_corridor(alone, "en")
    assert [label for _, label in chart.legend] == ["Italy (destination)"]
    (both,) = draw_corridor([*alone, pair("2020", 1, 2)], "en")
    assert both.title.startswith("Emigration")
    assert draw_corridor(alone[:1], "en") == []
    assert draw_corridor([pair("2020", None, None)], "en") == []
    assert draw_corridor([], "en") == []


def test_a_page_has_few_pictures() -> None:
    pairs = [pair("2020", 1, 2, split=f"MIG_TYPE={number}") for number in range(20)]
    assert len(draw_corridor(pairs, "en")) == MOST_CHARTS
