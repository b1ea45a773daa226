from __future__ import annotations

import itertools
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.web.charts import MOST_BARS, MOST_SERIES, ChartSeries, draw_chart, find_gaps, place_periods, plan_axis

NUMBERS = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False).map(lambda value: round(value, 3))


def series(label: str, *values: float | None) -> ChartSeries:
    return ChartSeries(label, values)


def test_several_periods_become_lines() -> None:
    chart = draw_chart("T", "D", ["2020", "2021"], [series("France", 1, 2)], "en")
    assert chart is not None
    assert chart.kind == "line"
    assert chart.legend == ((1, "France"),)


def test_one_period_becomes_bars_ranked_from_the_highest() -> None:
    chart = draw_chart("T", "D", ["2020"], [series("Low", 1), series("High", 9)], "en")
    assert chart is not None
    assert chart.kind == "bars"
    assert chart.svg.index("High") < chart.svg.index("Low")


def test_nothing_to_show_is_no_chart() -> None:
    assert draw_chart("T", "D", ["2020", "2021"], [series("France", None, None)], "en") is None


def test_a_gap_is_not_drawn_over() -> None:
    chart = draw_chart("T", "D", ["1", "2", "3", "4"], [series("A", 1, 2, None, 4)], "en")
    assert chart is not None
    path = re.search(r'class="stroke" d="([^"]*)"', chart.svg)
    assert path is not None
    assert path[1].count("M") == 2


def test_a_period_missing_in_all_series_is_not_drawn_over() -> None:
    chart = draw_chart("T", "D", ["2017", "2019", "2020"], [series("A", 1, 2, 3), series("B", 4, 5, 6)], "en")
    assert chart is not None
    for path in re.findall(r'class="stroke" d="([^"]*)"', chart.svg):
        assert [step[0] for step in re.findall(r"[ML][\d.]+", path)] == ["M", "M", "L"]


@pytest.mark.parametrize(
    ("periods", "gaps"),
    [
        (["2017", "2018", "2019"], set()),
        (["2017", "2019"], {1}),
        (["2016", "2017", "2019", "2020", "2024"], {2, 4}),
        (["2019-Q3", "2019-Q4", "2020-Q1", "2020-Q3"], {3}),
        (["2020-01", "2020-02", "2020-03", "2020-05"], {3}),
        (["2019-W52", "2020-W01", "2020-W03"], {2}),
        (["2020-02-28", "2020-02-29", "2020-03-01", "2020-03-03"], {3}),
        (["1990", "1995", "2000", "2005"], set()),
        (["1990", "1995", "2000", "2005", "2015"], {1, 2, 3, 4}),
        (["2015", "2017", "2019"], {1, 2}),
        (["2020", "2020-01", "2021"], set()),
        (["x", "y"], set()),
        (["2020"], set()),
    ],
)
def test_gaps_are_where_periods_do_not_follow_each_other(periods: list[str], gaps: set[int]) -> None:
    assert find_gaps(periods) == gaps


@pytest.mark.parametrize(
    ("periods", "places"),
    [
        (["2017", "2019", "2020"], [0, 0.667, 1]),
        (["2019-Q1", "2019-Q2", "2020-Q1"], [0, 0.247, 1]),
        (["2020-01", "2020-02", "2020-12"], [0, 0.093, 1]),
        (["2020", "2020-01", "2021"], [0, 0.5, 1]),
        (["x", "y", "z"], [0, 0.5, 1]),
        (["2020"], [0.5]),
    ],
)
def test_periods_stand_as_far_apart_as_they_are(periods: list[str], places: list[float]) -> None:
    assert [round(place, 3) for place in place_periods(periods)] == places


def test_labels_of_periods_leave_each_other_room() -> None:
    periods = [str(year) for year in (1990, 2000, 2005, *range(2010, 2021))]
    chart = draw_chart("T", "D", periods, [series("A", *range(14))], "en")
    assert chart is not None
    labels = [(float(x), said) for x, said in re.findall(r'tick middle" x="([\d.]+)" y="\d+">(\d{4})', chart.svg)]
    assert [said for _, said in labels][-1] == "2020"
    assert min(after[0] - before[0] for before, after in itertools.pairwise(labels)) >= 46


def test_only_the_first_series_are_drawn() -> None:
    many = [series(f"S{number}", 1, 2) for number in range(20)]
    chart = draw_chart("T", "D", ["2020", "2021"], many, "en")
    assert chart is not None
    assert len(chart.legend) == MOST_SERIES
    bars = draw_chart("T", "D", ["2020"], [series(f"S{number}", 1) for number in range(50)], "en")
    assert bars is not None
    assert bars.svg.count("<rect") == MOST_BARS


def test_pictures_of_one_page_have_ids_of_their_own() -> None:
    drawn = [draw_chart("T", "D", ["2020", "2021"], [series("A", 1, 2)], "en", anchor=one) for one in ("a", "b")]
    ids = [found for chart in drawn if chart for found in re.findall(r' id="([^"]*)"', chart.svg)]
    assert len(set(ids)) == 4
    assert all(
        chart and f'aria-labelledby="{one}-t {one}-d"' in chart.svg for one, chart in zip("ab", drawn, strict=True)
    )


def test_labels_are_escaped_and_nothing_is_styled_inline() -> None:
    chart = draw_chart("<b>", "&", ["2020", "2021"], [series("<script>alert(1)</script>", 1, 2)], "en")
    assert chart is not None
    assert "<script" not in chart.svg
    assert "style=" not in chart.svg
    assert "onload" not in chart.svg


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_picture_is_well_formed_and_says_what_it_is(language: str) -> None:
    chart = draw_chart("Title", "Text", ["2020", "2021"], [series("A", 1500.5, -20)], language)
    assert chart is not None
    root = ElementTree.fromstring(chart.svg)  # noqa: S314 - our own output
    assert root.attrib["role"] == "img"
    assert root[0].text == "Title"
    assert root[1].text == "Text"


@given(values=st.lists(NUMBERS, min_size=1, max_size=30), from_zero=st.booleans())
def test_an_axis_holds_every_value_in_few_ticks(values: list[float], from_zero: bool) -> None:
    axis = plan_axis(values, from_zero=from_zero)
    slack = axis.step * 1e-6
    assert axis.low - slack <= min(values)
    assert max(values) <= axis.high + slack
    assert 2 <= len(axis.ticks) <= 9


@given(values=st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=12))
def test_any_numbers_draw_a_well_formed_picture(values: list[float | None]) -> None:
    chart = draw_chart("T", "D", [str(2000 + place) for place in range(len(values))], [series("A", *values)], "fr")
    if any(value is not None for value in values):
        assert chart is not None
        ElementTree.fromstring(chart.svg)  # noqa: S314 - our own output
        assert "nan" not in chart.svg
