"""Charts as inline SVG, drawn on the server: a line over time, or ranked bars for one period.

Every mark is a class of the style sheet and no attribute is a style, so the strictest content security policy lets them
be seen. Series differ by colour, by dashes and by the shape of their points. The table of the page is their text twin.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.period import parse_period
from sdmx_hub.web.numbers import format_tick

WIDTH, HEIGHT = 680, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 16, 14, 34
BAR_HEIGHT, BAR_GAP, LABEL_WIDTH, VALUE_WIDTH = 20, 8, 220, 84
MOST_SERIES = 6
MOST_BARS = 20
_TICKS = 5
_LABEL_LETTERS = 34
_NARROW = 4
_RHYTHM = 3
"""Equal distances between periods that make a rhythm."""


@dataclass(frozen=True)
class ChartSeries:
    """One line or bar: its label, and per period of the chart a number or None."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A drawn chart: ``kind`` is ``line`` or ``bars``; ``legend`` labels lines by their number in the style sheet."""

    kind: str
    svg: Markup
    title: str
    legend: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Axis:
    """A value axis with round ticks."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> tuple[float, ...]:
        """The tick values, lowest first."""
        count = round((self.high - self.low) / self.step)
        return tuple(self.low + self.step * position for position in range(count + 1))

    @property
    def decimals(self) -> int:
        """How many decimals tell two ticks apart."""
        return max(0, -math.floor(math.log10(self.step))) if self.step < 1 else 0

    def share(self, value: float) -> float:
        """Where a value lies, 0 at the low end and 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


def plan_axis(values: Sequence[float], *, from_zero: bool) -> Axis:
    """Choose round ends and steps that hold all values; zero is included for bars and when it is near."""
    low, high = min(values), max(values)
    if from_zero or (low > 0 and low < high / 2):
        low = min(low, 0.0)
    if from_zero:
        high = max(high, 0.0)
    if low == high:
        high = low + (abs(low) or 1.0)
    step = _round_step((high - low) / _TICKS)
    return Axis(math.floor(low / step) * step, math.ceil(high / step) * step, step)


def _round_step(raw: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw * 0.999)


@dataclass(frozen=True)
class _Words:
    """What a picture says to who cannot see it; ``anchor`` tells it from others of the page."""

    title: str
    description: str
    anchor: str


def draw_chart(
    title: str,
    description: str,
    periods: Sequence[str],
    series: Sequence[ChartSeries],
    language: str,
    *,
    anchor: str = "chart-1",
) -> Chart | None:
    """Draw what suits: lines over several periods, ranked bars for one; None when there is no number to show.

    ``anchor`` begins the ids of the picture, and is another one for each picture of a page.
    """
    words = _Words(title, description, anchor)
    shown = [one for one in series if any(value is not None for value in one.values)]
    if not shown:
        return None
    if len(periods) > 1:
        return _draw_lines(words, periods, shown[:MOST_SERIES], language)
    return _draw_bars(words, shown, language)


def _draw_lines(words: _Words, periods: Sequence[str], series: Sequence[ChartSeries], language: str) -> Chart:
    axis = plan_axis([value for one in series for value in one.values if value is not None], from_zero=False)
    places, gaps = place_periods(periods), find_gaps(periods)
    parts = [_value_axis(axis, language), _period_axis(periods, places)]
    for number, one in enumerate(series, start=1):
        points = [
            None if value is None else (_x(place), _y(axis, value))
            for place, value in zip(places, one.values, strict=True)
        ]
        marks = _marks(number, one, points, periods, language)
        line = Markup('<g class="series s{}"><path class="stroke" d="{}"/>{}</g>')
        parts.append(line.format(number, _path(points, gaps), marks))
    svg = _frame("chart-line", HEIGHT, words, Markup("").join(parts))
    legend = tuple((number, one.label) for number, one in enumerate(series, start=1))
    return Chart(kind="line", svg=svg, title=words.title, legend=legend)


def _frame(name: str, height: float, words: _Words, inner: Markup) -> Markup:
    return Markup(
        '<svg class="chart {name}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t {id}-d">'
        '<title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>{inner}</svg>'
    ).format(
        name=name,
        width=WIDTH,
        height=_short(height),
        id=words.anchor,
        title=words.title,
        description=words.description,
        inner=inner,
    )


def _value_axis(axis: Axis, language: str) -> Markup:
    parts = []
    for tick in axis.ticks:
        y = _short(_y(axis, tick))
        parts.append(
            Markup('<line class="grid" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(LEFT, WIDTH - RIGHT, y)
            + Markup('<text class="tick end" x="{}" y="{}" dy="4">{}</text>').format(
                LEFT - 8, y, format_tick(tick, axis.decimals, language)
            )
        )
    return Markup("").join(parts)


def place_periods(periods: Sequence[str]) -> list[float]:
    """Where each period stands on the axis, from 0 to 1, by its first day; evenly where that cannot be told."""
    try:
        days = [parse_period(period).start.toordinal() for period in periods]
    except BadRequest:
        days = []
    if len(days) != len(periods) or days != sorted(set(days)):
        days = list(range(len(periods)))  # two frequencies, or two instants of a day
    span = max(days[-1] - days[0], 1)
    return [(day - days[0]) / span if len(days) > 1 else 0.5 for day in days]


def find_gaps(periods: Sequence[str]) -> frozenset[int]:
    """The positions before which a period is missing in all series; none where that cannot be told.

    Periods follow each other when one ends where the next begins. At least four that are all equally far apart have a
    rhythm of their own: a census every fifth year misses none in between.
    """
    try:
        found = [parse_period(period) for period in periods]
    except BadRequest:
        return frozenset()
    if len({one.frequency for one in found}) != 1:
        return frozenset()
    days = [max((one.end - one.start).total_seconds() / 86_400, 1.0) for one in found]
    pairs = zip(itertools.pairwise(found), days, strict=False)
    steps = [round((after.start - before.start).total_seconds() / 86_400 / length) for (before, after), length in pairs]
    rhythm = steps[0] if len(steps) >= _RHYTHM and len(set(steps)) == 1 else 1
    return frozenset(position for position, step in enumerate(steps, start=1) if step > rhythm)


def _period_axis(periods: Sequence[str], places: Sequence[float]) -> Markup:
    """Label the last period, and before it all that leave the labels room."""
    widest = max(len(period) for period in periods)
    room = (widest * 8 + 14) / (WIDTH - LEFT - RIGHT - 20)
    shown = [len(periods) - 1]
    for position in range(len(periods) - 2, -1, -1):
        if places[shown[-1]] - places[position] >= room:
            shown.append(position)
    last = len(periods) - 1
    return Markup("").join(
        Markup('<text class="tick {}" x="{}" y="{}">{}</text>').format(
            "end" if position == last and widest > _NARROW else "middle",
            _short(_x(places[position]) + (10 if position == last and widest > _NARROW else 0)),
            HEIGHT - 10,
            periods[position],
        )
        for position in reversed(shown)
    )


def _marks(
    number: int,
    one: ChartSeries,
    points: Sequence[tuple[float, float] | None],
    periods: Sequence[str],
    language: str,
) -> Markup:
    return Markup("").join(
        mark(number, *point, f"{one.label}, {periods[position]}: {_said(one.values[position], language)}")
        for position, point in enumerate(points)
        if point is not None
    )


def _said(value: float | None, language: str) -> str:
    if value is None:
        return ""
    return format_tick(value, 0 if value == int(value) else 2, language)


def _path(points: Sequence[tuple[float, float] | None], gaps: frozenset[int]) -> str:
    """A path that breaks where a period has no value, or is not there at all: a gap is never drawn over."""
    steps, pen_down = [], False
    for position, point in enumerate(points):
        if point is not None:
            pen_down = pen_down and position not in gaps
            steps.append(f"{'L' if pen_down else 'M'}{_short(point[0])} {_short(point[1])}")
        pen_down = point is not None
    return " ".join(steps)


_SHAPES = {
    1: "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0",
    2: "M-3.2 -3.2h6.4v6.4h-6.4z",
    3: "M0 -4.2L4 3.2H-4z",
    4: "M0 -4.4L4.4 0L0 4.4L-4.4 0z",
    5: "M0 4.2L4 -3.2H-4z",
    6: "M-4 -1.2h2.8v-2.8h2.4v2.8h2.8v2.4h-2.8v2.8h-2.4v-2.8h-2.8z",
}


def mark(number: int, x: float, y: float, said: str = "") -> Markup:
    """Draw the point of a series, in the shape that belongs to its number, with what a pointer over it reads."""
    title = Markup("<title>{}</title>").format(said) if said else Markup("")
    return Markup('<path class="mark" transform="translate({} {})" d="{}">{}</path>').format(
        _short(x), _short(y), _SHAPES[number], title
    )


def _draw_bars(words: _Words, series: Sequence[ChartSeries], language: str) -> Chart:
    ranked = sorted(
        ((one.label, one.values[-1]) for one in series if one.values[-1] is not None),
        key=lambda pair: (-(pair[1] or 0), pair[0]),
    )[:MOST_BARS]
    values = [value for _, value in ranked if value is not None]
    axis = plan_axis(values, from_zero=True)
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    zero = LABEL_WIDTH + axis.share(0) * room
    height = TOP + len(values) * (BAR_HEIGHT + BAR_GAP)
    parts = [
        _bar(
            TOP + position * (BAR_HEIGHT + BAR_GAP),
            (zero, LABEL_WIDTH + axis.share(value) * room),
            label,
            value,
            language,
        )
        for position, (label, value) in enumerate(ranked)
        if value is not None
    ]
    baseline = Markup('<line class="axis" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(_short(zero), TOP - 6, height)
    svg = _frame("chart-bars", height + 4, words, Markup("").join([*parts, baseline]))
    return Chart(kind="bars", svg=svg, title=words.title)


def _bar(top: float, ends: tuple[float, float], label: str, value: float, language: str) -> Markup:
    middle = top + BAR_HEIGHT / 2
    left, width = min(ends), max(abs(ends[1] - ends[0]), 1.0)
    short = label if len(label) <= _LABEL_LETTERS else label[: _LABEL_LETTERS - 1] + "…"
    return Markup(
        '<g class="bar"><title>{label}: {said}</title>'
        '<text class="tick end" x="{label_x}" y="{middle}" dy="4">{short}</text>'
        '<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="2"/>'
        '<text class="tick" x="{value_x}" y="{middle}" dy="4">{said}</text></g>'
    ).format(
        label=label,
        short=escape(short),
        said=_said(value, language),
        label_x=LABEL_WIDTH - 8,
        value_x=_short(left + width + 6),
        left=_short(left),
        width=_short(width),
        top=_short(top),
        middle=_short(middle),
        height=BAR_HEIGHT,
    )


def _x(place: float) -> float:
    return LEFT + 10 + (WIDTH - LEFT - RIGHT - 20) * place


def _y(axis: Axis, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - axis.share(value))


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
