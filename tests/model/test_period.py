import datetime as dt
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period


def span(text, start_day="--01-01"):
    period = parse_period(text, start_day)
    return period.start.isoformat(sep=" "), period.end.isoformat(sep=" "), period.frequency


READ = [
    ("2023", "2023-01-01", "2024-01-01", "A"),
    ("2023-05", "2023-05-01", "2023-06-01", "M"),
    ("2023-12", "2023-12-01", "2024-01-01", "M"),
    ("2024-02-29", "2024-02-29", "2024-03-01", "D"),
    ("2023-A1", "2023-01-01", "2024-01-01", "A"),
    ("2023-S2", "2023-07-01", "2024-01-01", "S"),
    ("2023-T2", "2023-05-01", "2023-09-01", "T"),
    ("2023-Q4", "2023-10-01", "2024-01-01", "Q"),
    ("2023-M02", "2023-02-01", "2023-03-01", "M"),
    ("2023-M2", "2023-02-01", "2023-03-01", "M"),
    ("2023-W01", "2023-01-02", "2023-01-09", "W"),
    ("2020-W01", "2019-12-30", "2020-01-06", "W"),
    ("2020-W53", "2020-12-28", "2021-01-04", "W"),
    ("2010-D100", "2010-04-10", "2010-04-11", "D"),
    ("2018-05-01/P5Y", "2018-05-01", "2023-05-01", "I"),
    ("2018-05/P1M", "2018-05-01", "2018-06-01", "I"),
    ("2024-01-31/P1M", "2024-01-31", "2024-02-29", "I"),
    ("2018-05-01/P10D", "2018-05-01", "2018-05-11", "I"),
]


@pytest.mark.parametrize(("text", "start", "end", "frequency"), READ)
def test_a_period_is_the_range_of_its_instants(text, start, end, frequency):
    assert span(text) == (f"{start} 00:00:00", f"{end} 00:00:00", frequency)


REPORTING = [
    # The examples of the technical notes (§4.2.8), and the fiscal years of two countries.
    ("2010-Q2", "--07-01", "2010-10-01", "2011-01-01"),
    ("2011-W36", "--07-01", "2012-03-05", "2012-03-12"),
    ("2022-A1", "--10-01", "2022-10-01", "2023-10-01"),
    ("2015-A1", "--04-05", "2015-04-05", "2016-04-05"),
    ("2015-S2", "--04-01", "2015-10-01", "2016-04-01"),
    ("2015-D001", "--04-05", "2015-04-05", "2015-04-06"),
    ("2015-M12", "--07-01", "2016-06-01", "2016-07-01"),
]


@pytest.mark.parametrize(("text", "start_day", "start", "end"), REPORTING)
def test_a_reporting_period_counts_from_its_start_day(text, start_day, start, end):
    assert span(text, start_day)[:2] == (f"{start} 00:00:00", f"{end} 00:00:00")


def test_a_gregorian_period_does_not_move_with_the_reporting_year():
    assert span("2022", "--10-01") == span("2022")
    assert span("2022-05", "--10-01") == span("2022-05")


@pytest.mark.parametrize("text", ["2023-05-31T10:20:30", "2023-05-31T10:20:30Z", "2023-05-31T10:20:30.5+01:00"])
def test_an_instant_is_a_second_in_its_own_time(text):
    assert span(text) == ("2023-05-31 10:20:30", "2023-05-31 10:20:31", "I")


REFUSED = [
    "",
    "20",
    "20233",
    "2023-13",
    "2023-00",
    "2023-02-29",
    "2023-Q5",
    "2023-Q0",
    "2023-S3",
    "2023-T4",
    "2023-M13",
    "2023-W54",
    "2023-W00",
    "2023-D367",
    "2023-A2",
    "2023-X1",
    "2023Q1",
    "2023-5",
    " 2023",
    "2023 ",
    "2023/P",
    "2023/PT",
    "2023-05-31T25:00:00",
    "2023-05-31T10:20",
    "2023-05-31/2023-06-30",
    "0000",
    "٢٠٢٣",
    "2023-01-01T00:00:00" * 9,
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_period_is_refused(text):
    with pytest.raises(BadRequest):
        parse_period(text)


@pytest.mark.parametrize("start_day", ["07-01", "--13-01", "--02-30", ""])
def test_what_is_no_start_day_is_refused(start_day):
    with pytest.raises(BadRequest):
        parse_period("2010-Q1", start_day)


@settings(deadline=None)
@given(
    st.integers(1, 9998),
    st.sampled_from([("A", 1, 1), ("S", 2, 1), ("T", 3, 1), ("Q", 4, 1), ("M", 12, 2)]),
    st.integers(1, 12),
    st.integers(1, 28),
)
def test_the_parts_of_a_reporting_year_fill_it_without_gap(year, kind, month, day):
    letter, count, width = kind
    start_day = f"--{month:02}-{day:02}"
    parts = [parse_period(f"{year:04}-{letter}{number:0{width}}", start_day) for number in range(1, count + 1)]
    whole = parse_period(f"{year:04}-A1", start_day)
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(first.end == second.start for first, second in itertools.pairwise(parts))


@settings(deadline=None)
@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)))
def test_weeks_of_a_calendar_year_are_those_of_iso_8601(day):
    year, week, _ = day.isocalendar()
    period = parse_period(f"{year}-W{week:02}")
    assert period.start.date() <= day < period.end.date()


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_period_or_refused(text):
    try:
        period = parse_period(text)
    except BadRequest:
        return
    assert period.start <= period.end
