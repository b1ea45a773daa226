"""A comparison read page by page: pairs both ends of which tell, corridors that never meet, then what one end tells.

What one end alone tells is many times the rest (the UN tells the destinations' side for the whole world): it is counted
by country, and of one country by partner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.quality.mirror import Mirror
from sdmx_hub.quality.mirror_report import Names, apart_row, head_of, pair_row, summary_row
from sdmx_hub.store.artefacts import Artefacts

MOST_APART = 10_000
"""Corridors looked at that never meet."""


@dataclass(frozen=True)
class Window:
    """The rows of a page: how many, and after how many others."""

    limit: int
    offset: int = 0

    def after(self, count: int) -> Window:
        """What is left of it for the next list, when the list before it has ``count`` rows."""
        taken = max(0, min(self.limit, count - self.offset))
        return Window(self.limit - taken, max(0, self.offset - count))

    def of(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of a list that lie in it."""
        return rows[self.offset : self.offset + self.limit]


def report_page(mirror: Mirror, artefacts: Artefacts, language: str, *, page: int, limit: int) -> dict[str, Any]:
    """Shape one page of a comparison, the worst first; summaries that compare something stand on the first page.

    ``found`` counts the rows of each of the three lists, which follow each other over the pages.
    """
    names = Names(artefacts, language)
    both, apart, alone = mirror.count_both, mirror.apart(MOST_APART), mirror.alone()
    window = Window(limit, (page - 1) * limit)
    second = window.after(both)
    third = second.after(len(apart))
    pairs = mirror.both(window.limit, window.offset) if window.offset < both else []
    found = {"pairs": both, "apart": len(apart), "one_sided": len(alone)}
    return {
        **head_of(mirror),
        "page": page,
        "limit": limit,
        "pages": max(1, -(-sum(found.values()) // limit)),
        "found": found,
        "found_one_sided": sum(row["only_origin"] + row["only_destination"] for row in alone),
        "summaries": list(_summaries(mirror, language)) if page == 1 else [],
        "pairs": [pair_row(row, names) for row in pairs],
        "apart": [apart_row(row, names, language) for row in second.of(apart)],
        "one_sided": [_named(row, names) for row in third.of(alone)],
    }


def _summaries(mirror: Mirror, language: str) -> Iterator[dict[str, Any]]:
    for row in mirror.summaries():
        if row["compared"] or row["no_value"]:
            yield summary_row(row, language)


def _named(row: Mapping[str, Any], names: Names) -> dict[str, Any]:
    return {**row, "name": names.name("CL_AREA", row["area"])}
