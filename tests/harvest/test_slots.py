"""When a run is due: intervals, cron, time zones and both changes of the clock."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest
from sdmx_hub.harvest.slots import due_slots, next_slot, parse_cron, parse_interval


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def texts(slots):
    return [slot.astimezone(dt.UTC).strftime("%m-%dT%H:%M") for slot in slots]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "until", "expected"),
    [
        ("0 6 * * *", "UTC", "2026-01-01T06:00", "2026-01-03T06:00", ["01-02T06:00", "01-03T06:00"]),
        ("0 6 * * *", "Africa/Tunis", "2026-01-01T00:00", "2026-01-02T00:00", ["01-01T05:00"]),
        (
            "*/20 8-9 * * *",
            "UTC",
            "2026-01-01T08:30",
            "2026-01-01T09:30",
            ["01-01T08:40", "01-01T09:00", "01-01T09:20"],
        ),
        ("0 0 15 * *", "UTC", "2026-01-01T00:00", "2026-03-01T00:00", ["01-15T00:00", "02-15T00:00"]),
        (
            "0 0 * jan mon-fri",
            "UTC",
            "2026-01-01T12:00",
            "2026-01-06T12:00",
            ["01-02T00:00", "01-05T00:00", "01-06T00:00"],
        ),
        ("0 0 1 * mon", "UTC", "2026-01-31T12:00", "2026-02-03T00:00", ["02-01T00:00", "02-02T00:00"]),
        ("0 0 * * 7", "UTC", "2026-01-01T00:00", "2026-01-05T00:00", ["01-04T00:00"]),
        # 29 March 2026, Paris: 02:00 becomes 03:00. The slot of 02:30 is due at the end of the gap, once.
        (
            "30 2 * * *",
            "Europe/Paris",
            "2026-03-28T00:00",
            "2026-03-31T00:00",
            ["03-28T01:30", "03-29T01:00", "03-30T00:30"],
        ),
        # 25 October 2026, Paris: 03:00 becomes 02:00. The slot of 02:30 is due the first time only.
        ("30 2 * * *", "Europe/Paris", "2026-10-24T12:00", "2026-10-26T12:00", ["10-25T00:30", "10-26T01:30"]),
        # Lord Howe Island changes by half an hour.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-04T12:00", ["10-03T15:30"]),
        # Monthly and yearly, where midnight is in the gap: due at the end of the gap, on that day.
        ("0 0 4 * *", "America/Sao_Paulo", "2018-10-05T00:00", "2018-12-05T00:00", ["11-04T03:00", "12-04T02:00"]),
        ("30 0 4 11 *", "America/Sao_Paulo", "2017-11-05T00:00", "2018-11-05T00:00", ["11-04T03:00"]),
        ("0 0 1 1,7 *", "Europe/Paris", "2026-01-01T00:00", "2027-01-01T00:00", ["06-30T22:00", "12-31T23:00"]),
        # A day that a country left out: Samoa had no 30 December 2011.
        ("0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00", "2011-12-31T23:00", ["12-30T10:00"]),
        ("0 0 29 feb *", "UTC", "2026-01-01T00:00", "2028-12-31T00:00", ["02-29T00:00"]),
    ],
)
def test_a_cron_schedule_is_due_in_local_time(cron, zone, after, until, expected):
    assert texts(due_slots(parse_cron(cron, zone), at(after), at(until))) == expected


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "America/New_York", "Africa/Casablanca", "Australia/Lord_Howe", "UTC"]
)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 0 * * *", "59 23 * * *", "0 3 * * *"])
def test_a_daily_slot_is_one_slot_a_day_over_a_whole_year(zone, cron):
    slots = due_slots(parse_cron(cron, zone), at("2026-01-02T00:00"), at("2027-01-02T00:00"), most=1000)
    days = [slot.astimezone(parse_cron(cron, zone).zone).date() for slot in slots]
    assert len(days) == len(set(days)) == 365


@pytest.mark.parametrize(
    "text",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
     "*/0 * * * *",
     "5-1 * * * *", "a * * * *", "1,, * * * *", "0 0 30 feb *", "0 0 31 4 *", "-1 * * * *", "１ * * * *"],
)  # fmt: skip
def test_a_cron_that_cannot_be_is_refused(text):
    with pytest.raises(BadRequest):
        parse_cron(text)


def test_a_zone_nobody_knows_is_refused():
    with pytest.raises(BadRequest, match="Atlantis"):
        parse_cron("0 0 * * *", "Europe/Atlantis")


@pytest.mark.parametrize(
    ("text", "seconds"), [("1 second", 1), ("15 minutes", 900), ("2 hours", 7200), ("1 day", 86400)]
)
def test_an_interval_is_read(text, seconds):
    assert parse_interval(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "minutes", "0 minutes", "1.5 hours", "1 fortnight", "-1 day"])
def test_an_interval_that_cannot_be_is_refused(text):
    with pytest.raises(BadRequest):
        parse_interval(text)


def test_of_very_many_missed_slots_the_latest_are_told():
    slots = due_slots(parse_interval("1 second"), at("1990-01-01T00:00"), at("2026-01-01T00:00"), most=5)
    assert [slot.second for slot in slots] == [56, 57, 58, 59, 0]


instants = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))
schedules = st.sampled_from(
    [parse_interval("15 minutes"), parse_interval("7 hours"), parse_cron("30 2 * * *", "Europe/Paris"),
     parse_cron("*/25 1-3 * * *", "America/Santiago"), parse_cron("0 0 1 * mon", "Africa/Casablanca")]
)  # fmt: skip


@given(schedules, instants, st.timedeltas(dt.timedelta(0), dt.timedelta(days=9)))
def test_slots_do_not_depend_on_when_one_asks(schedule, begin, span):
    middle, end = begin + span / 3, begin + span
    whole = due_slots(schedule, begin, end, most=10_000)
    parts = due_slots(schedule, begin, middle, most=10_000) + due_slots(schedule, middle, end, most=10_000)
    assert whole == parts == sorted(set(whole))
    following = next_slot(schedule, begin)
    assert not whole or whole[0] == following
