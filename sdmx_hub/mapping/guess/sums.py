"""Which text of a column is the total of the others: told by the figures themselves, never by the text alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping.guess.signs import Signs

_ENOUGH = 0.9
"""Share of the groups in which the sum must come out."""
_LEAST_GROUPS = 3
_TOLERANCE = 0.002
_ROWS = 20_000


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where in a row the text, the figure, and what tells groups apart stand."""

    text: int
    value: int
    others: tuple[int, ...]


def find_total(rows: Sequence[Sequence[str]], places: Places, signs: Signs) -> str | None:
    """Find the text whose figures are the sums of those of all others, group by group."""
    groups = _groups(rows, places, signs)
    met: dict[str, int] = defaultdict(int)
    good: dict[str, int] = defaultdict(int)
    for figures in groups.values():
        if len(figures) < 3:
            continue
        whole = sum(figures.values())
        for text, figure in figures.items():
            met[text] += 1
            good[text] += abs(whole - 2 * figure) <= max(abs(figure) * _TOLERANCE, 1e-9) and figure > 0
    found = [text for text, count in good.items() if count >= max(_ENOUGH * met[text], _LEAST_GROUPS)]
    return found[0] if len(found) == 1 else None


def parts_of(
    rows: Sequence[Sequence[str]], places: Places, signs: Signs, total: str
) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """The texts that stand beside ``total``, group by group."""
    for group, figures in _groups(rows, places, signs).items():
        if total in figures:
            yield group, figures.keys() - {total}


def _groups(rows: Sequence[Sequence[str]], places: Places, signs: Signs) -> Mapping[tuple[str, ...], dict[str, float]]:
    groups: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row in rows[:_ROWS]:
        if max(places.text, places.value, *places.others) >= len(row):
            continue
        figure = _figure(row[places.value], signs)
        if figure is not None:
            groups[tuple(row[other] for other in places.others)][row[places.text].strip()] = figure
    return groups


def _figure(text: str, signs: Signs) -> float | None:
    plain = "".join(text.split())
    if signs.thousands:
        plain = plain.replace(signs.thousands, "")
    try:
        return float(plain.replace(signs.decimal or ".", "."))
    except ValueError:
        return None
