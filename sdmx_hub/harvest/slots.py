"""Slots: the moments a schedule says a run is due. Pure arithmetic; the clock is an argument.

A cron schedule speaks local time. A local time that a change of the clock skips is due at the first instant after the
gap; one that comes twice is due the first time only. So a daily slot is one slot a day, on the 23-hour and the 25-hour
day too.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_MONTHS = {
    name: at
    for at, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_WEEKDAYS = {name: at for at, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_WHOLE_DAY = dt.timedelta(hours=26)
_FARTHEST = dt.timedelta(days=366 * 9)
"""Further ahead no date of a schedule can lie: 29 February may be eight years away."""


@dataclass(frozen=True)
class Interval:
    """Every so many seconds, counted from the epoch."""

    seconds: int

    def between(self, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
        """The slots after ``after``, up to ``until``."""
        step = dt.timedelta(seconds=self.seconds)
        slot = _EPOCH + step * ((after - _EPOCH) // step + 1)
        while slot <= until:
            yield slot
            slot += step


@dataclass(frozen=True)
class Cron:
    """Five fields of cron in a time zone; when day and weekday are both given, either fits, as in every cron."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    zone: zoneinfo.ZoneInfo

    def between(self, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
        """The slots after ``after``, up to ``until``."""
        day = after.astimezone(self.zone).date() - dt.timedelta(days=1)
        last = until.astimezone(self.zone).date() + dt.timedelta(days=1)
        while day <= last:
            if self._fits(day):
                yield from (slot for slot in self._slots_of(day) if after < slot <= until)
            day += dt.timedelta(days=1)

    def _fits(self, day: dt.date) -> bool:
        in_month, in_week = day.day in self.days, (day.isoweekday() % 7) in self.weekdays
        return day.month in self.months and ((in_month or in_week) if self.either_day else (in_month and in_week))

    def _slots_of(self, day: dt.date) -> Iterator[dt.datetime]:
        found = {
            self._instant(dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone))
            for hour in self.hours
            for minute in self.minutes
        }
        yield from sorted(found)

    def _instant(self, local: dt.datetime) -> dt.datetime:
        """The instant of a local time: the first of two, the end of the gap for none."""
        utc = local.astimezone(dt.UTC)
        if utc.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return utc
        span = dt.timedelta(hours=3)
        if (utc - span).astimezone(self.zone).utcoffset() == (utc + span).astimezone(self.zone).utcoffset():
            span = _WHOLE_DAY  # the country left a day out
        return _end_of_gap(utc - span, utc + span, self.zone)


def _end_of_gap(before: dt.datetime, after: dt.datetime, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """The instant at which the offset of ``zone`` changes, to the second."""
    early = before.astimezone(zone).utcoffset()
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == early:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


Schedule = Interval | Cron


def parse_interval(text: str) -> Interval:
    """Read ``15 minutes``. Raises BadRequest."""
    count, _, unit = text.partition(" ")
    seconds = _UNITS.get(unit.removesuffix("s"))
    if seconds is None or not count.isdecimal() or int(count) == 0:
        raise BadRequest("source-cron", text=text[:60], why="every")
    return Interval(int(count) * seconds)


def parse_cron(text: str, zone: str = "UTC") -> Cron:
    """Read five fields of cron. Raises BadRequest."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise BadRequest("source-cron", text=text[:60], why=f"{len(fields)} ≠ 5")
    try:
        minutes, hours, days, months, weekdays = (
            _parse_field(field, low, high) for field, (_, low, high) in zip(fields, _FIELDS, strict=True)
        )
        cron = Cron(
            minutes=tuple(sorted(minutes)),
            hours=tuple(sorted(hours)),
            days=frozenset(days),
            months=frozenset(months),
            weekdays=frozenset(day % 7 for day in weekdays),
            either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
            zone=_zone(zone),
        )
    except ValueError as error:
        raise BadRequest("source-cron", text=text[:60], why=str(error)) from error
    if next_slot(cron, _EPOCH) is None:
        raise BadRequest("source-cron", text=text[:60], why="∅")
    return cron


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRequest("source-zone", zone=name[:60]) from error


def _parse_field(text: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise ValueError(part)
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _parse_number(first, high)
            end = _parse_number(last, high) if dash else (high if slash else begin)
        if not low <= begin <= end <= high:
            raise ValueError(part)
        values |= set(range(begin, end + 1, int(step) if slash else 1))
    return values


def _parse_number(text: str, high: int) -> int:
    names = {12: _MONTHS, 7: _WEEKDAYS}.get(high, {})
    if text.lower() in names:
        return names[text.lower()]
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def next_slot(schedule: Schedule, after: dt.datetime) -> dt.datetime | None:
    """The first slot after ``after``; None for a date that never comes (30 February)."""
    return next(schedule.between(after, after + _FARTHEST), None)


def due_slots(schedule: Schedule, after: dt.datetime, until: dt.datetime, most: int = 100) -> list[dt.datetime]:
    """The slots after ``after`` up to ``until``, in order; of more than ``most``, the latest."""
    if isinstance(schedule, Interval):
        after = max(after, until - dt.timedelta(seconds=schedule.seconds) * (most + 1))
    return list(deque(schedule.between(after, until), maxlen=most))
