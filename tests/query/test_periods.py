import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.model.period import parse_period
from sdmx_hub.query.filters import parse_filter
from sdmx_hub.query.periods import PeriodFilter


def matches(condition, text, start_day=None, asked=None):
    return PeriodFilter(parse_filter("TIME_PERIOD", condition).any_of, asked).matches(text, start_day)


@pytest.mark.parametrize(
    ("condition", "text", "expected"),
    [
        ("2022", "2022", True),
        ("2022", "2022-A1", True),
        ("2022", "2022-05", False),
        ("2022-Q1", "2022-01/P3M", True),
        ("ne:2022", "2022-A1", False),
        ("ge:2022", "2022", True),
        ("ge:2022", "2022-01", True),
        ("ge:2022", "2021-12", False),
        ("ge:2022-06", "2022", False),
        ("ge:2022-04", "2022-Q2", True),
        ("le:2022", "2022-12", True),
        ("le:2022", "2022-12-31", True),
        ("le:2022", "2022-Q4", True),
        ("le:2022", "2023-01", False),
        ("le:2022-06", "2022", False),
        ("gt:2022", "2022-12", False),
        ("gt:2022", "2023-01", True),
        ("lt:2022", "2021", True),
        ("lt:2022", "2022-01", False),
        ("lt:2022-07", "2022-S1", True),
        ("ge:2010-01-01T00:00:00", "2010-Q1", True),
        ("ge:2010-Q3+le:2010-Q4", "2010-W30", True),
        ("ge:2010-Q3+le:2010-Q4", "2010-06", False),
        ("ge:2020+le:2021,2025", "2025", True),
        ("ge:2020+le:2021,2025", "2024", False),
        ("sw:2022-Q", "2022-Q3", True),
        ("co:-M", "2022-M03", True),
        ("nc:W", "2022-W03", False),
        ("ew:Q4", "2022-Q4", True),
        ("ge:2020", "not a period", False),
        ("ne:2020", "not a period", True),
    ],
)
def test_periods_compare_as_ranges_of_instants(condition, text, expected):
    assert matches(condition, text) is expected


@pytest.mark.parametrize(
    ("condition", "text", "start_day", "asked", "expected"),
    [
        ("ge:2022-10", "2022-A1", "--10-01", None, True),
        ("ge:2022-10-01", "2022-A1", "--10-01", None, True),
        ("ge:2022-01+le:2022-09", "2022-A1", "--10-01", None, False),
        ("ge:2010-Q3", "2011-01", None, "--07-01", True),
        ("ge:2010-Q3", "2010-07", None, "--07-01", False),
        ("ge:2010-Q3", "2010-Q3", "--07-01", None, True),
        ("eq:2010-Q2", "2010-10/P3M", "--07-01", None, True),
    ],
)
def test_reporting_years_begin_where_the_data_or_the_query_say(condition, text, start_day, asked, expected):
    assert matches(condition, text, start_day, asked) is expected


PERIODS = st.one_of(
    st.builds("{:04}".format, st.integers(1990, 2030)),
    st.builds("{:04}-{:02}".format, st.integers(1990, 2030), st.integers(1, 12)),
    st.builds("{:04}-Q{}".format, st.integers(1990, 2030), st.integers(1, 4)),
    st.builds("{:04}-S{}".format, st.integers(1990, 2030), st.integers(1, 2)),
    st.builds("{:04}-W{:02}".format, st.integers(1990, 2030), st.integers(1, 52)),
    st.builds("{:04}-D{:03}".format, st.integers(1990, 2030), st.integers(1, 365)),
    st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)).map(str),
)


@settings(deadline=None)
@given(PERIODS, PERIODS)
def test_the_operators_agree_with_the_instants(text, asked):
    found, wanted = parse_period(text), parse_period(asked)
    assert matches(f"ge:{asked}", text) == (found.start >= wanted.start)
    assert matches(f"le:{asked}", text) == (found.end <= wanted.end)
    assert matches(f"ge:{asked}+le:{asked}", text) == (wanted.start <= found.start and found.end <= wanted.end)
    assert matches(f"eq:{asked}", text) is not matches(f"ne:{asked}", text)
    assert not (matches(f"lt:{asked}", text) and matches(f"gt:{asked}", text))
