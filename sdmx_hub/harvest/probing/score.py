"""The scorecard: each check passed, failed or not tried; a grade from A to E for each area and for the whole."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.harvest.guard import parse_place
from sdmx_hub.harvest.probing.facts import Facts
from sdmx_hub.harvest.probing.prober import Asked
from sdmx_hub.language import sentence

AREAS = ("reach", "structures", "formats", "queries", "changes", "errors")
_GRADES = ((0.9, "A"), (0.75, "B"), (0.5, "C"), (0.25, "D"))
_SLOW = 3000
"""Milliseconds that half of the answers should not take."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One check: its sentence is ``probe-<id>``, the advice for a failure ``probe-advice-<id>``; None is not tried."""

    area: str
    id: str
    passed: bool | None
    weight: int = 1

    def text(self, language: str) -> str:
        """What is checked."""
        return sentence(f"probe-{self.id}", language)

    def advice(self, language: str) -> str:
        """What to do about a failure."""
        return sentence(f"probe-advice-{self.id}", language)


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """All checks of a probe."""

    marks: tuple[Mark, ...]

    def grade(self, area: str | None = None) -> str:
        """The grade of an area, or of all; a dash where nothing was tried. No structures or data at all is an E."""
        tried = [mark for mark in self.marks if mark.passed is not None and area in {None, mark.area}]
        if area is None and any(mark.id in {"list", "data"} and mark.passed is False for mark in self.marks):
            return "E"
        return _grade(tried)

    @property
    def failed(self) -> tuple[Mark, ...]:
        """What was tried and failed."""
        return tuple(mark for mark in self.marks if mark.passed is False)

    def as_json(self, language: str) -> dict[str, Any]:
        """The scorecard with all its sentences."""
        areas = [
            {
                "area": area,
                "title": sentence(f"probe-area-{area}", language),
                "grade": self.grade(area),
                "checks": [
                    {"id": mark.id, "passed": mark.passed, "text": mark.text(language)}
                    | ({"advice": mark.advice(language)} if mark.passed is False else {})
                    for mark in self.marks
                    if mark.area == area
                ],
            }
            for area in AREAS
        ]
        return {"grade": self.grade(), "areas": areas}


def _grade(marks: Sequence[Mark]) -> str:
    total = sum(mark.weight for mark in marks)
    if not total:
        return "-"
    share = sum(mark.weight for mark in marks if mark.passed) / total
    return next((grade for least, grade in _GRADES if share >= least), "E")


def score(facts: Facts, asked: Sequence[Asked]) -> Scorecard:
    """Mark what a probe found."""
    checks: Iterable[tuple[str, Iterator[tuple[str, bool | None, int]]]] = (
        ("reach", _reach(facts, asked)),
        ("structures", _structures(facts)),
        ("formats", _formats(facts)),
        ("queries", _queries(facts)),
        ("changes", _changes(facts)),
        ("errors", _errors(facts)),
    )
    return Scorecard(
        marks=tuple(
            Mark(area=area, id=name, passed=passed, weight=weight)
            for area, found in checks
            for name, passed, weight in found
        )
    )


def _reach(facts: Facts, asked: Sequence[Asked]) -> Iterator[tuple[str, bool | None, int]]:
    good = [one for one in asked if one.status is not None and (one.status < 500 or one.status == 501)]
    times = [one.milliseconds for one in asked if one.status is not None]
    place = parse_place(facts.endpoint)
    is_local = place.host in {"localhost", "::1"} or place.host.startswith("127.")
    yield "answers", len(good) >= 0.9 * len(asked), 2
    yield "speed", statistics.median(times) <= _SLOW if times else None, 1
    yield "https", None if is_local else place.scheme == "https", 1
    yield "unlimited", not facts.limited, 1


def _structures(facts: Facts) -> Iterator[tuple[str, bool | None, int]]:
    yield "list", facts.flows > 0, 2
    yield "complete", facts.structure_complete if facts.structure_complete is not None else _any(facts.references), 2
    modes = facts.references
    yield "references", sum(modes.values()) >= 3 if len(modes) > 2 else None, 1
    yield "stubs", facts.stubs, 1
    yield "agency", facts.any_agency, 1
    yield "latest", facts.latest, 1
    yield "languages", _any(facts.languages), 1


def _any(found: Mapping[str, bool]) -> bool | None:
    return any(found.values()) if found else None


def _formats(facts: Facts) -> Iterator[tuple[str, bool | None, int]]:
    tried = facts.accepts
    yield "data", bool(facts.base_format) if facts.api else None, 3
    yield "csv", tried.get("csv-2.0", False) or tried.get("csv-1.0", False) if len(tried) > 2 else None, 1
    yield "several", sum(tried.values()) >= 3 if len(tried) > 2 else None, 1
    yield "typed", facts.typed, 1
    yield (
        "structure-formats",
        sum(facts.structure_formats.values()) >= 2 if len(facts.structure_formats) > 1 else None,
        1,
    )


def _queries(facts: Facts) -> Iterator[tuple[str, bool | None, int]]:
    yield "key", any(facts.keys.values()) if facts.keys else None, 1
    yield "last-n", facts.last_n, 1
    yield "period", facts.period, 1
    yield "detail", facts.detail, 1
    yield "availability", None if facts.availability is None else facts.availability != "none", 1


def _changes(facts: Facts) -> Iterator[tuple[str, bool | None, int]]:
    yield "updated-after", facts.updated_after, 2
    yield "etag", facts.etag, 1
    yield "gzip", facts.gzip, 1


def _errors(facts: Facts) -> Iterator[tuple[str, bool | None, int]]:
    status = facts.unknown_status
    yield "honest", not facts.page_with_200 if facts.api else None, 2
    yield "nothing", bool(facts.nothing) if facts.period is not None else None, 1
    yield "unknown", None if status is None else status == 404, 1
    malformed = facts.malformed_status
    yield "malformed", None if malformed is None else malformed in {400, 422}, 1
    refused = facts.refused_status
    yield "refused", None if refused is None else refused == 406, 1
    styles = facts.error_styles
    yield "message", styles <= {"sdmx", "soap"} if styles else None, 1
