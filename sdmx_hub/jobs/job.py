"""Jobs and how they went: values small enough to travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VISITS, KEEPING = "visits", "keeping"
"""Lanes: visits to partners may take hours, and nothing else waits for them."""
DONE, BUSY, AGAIN, FAILED, LOST = "done", "busy", "again", "failed", "lost"
"""How a job went: done, held by somebody else, refused for now, failed, or nobody knows."""


@dataclass(frozen=True)
class Job:
    """One piece of work; ``version`` tells a second asking for the same from the first."""

    kind: str
    subject: str = ""
    version: str = ""

    @property
    def key(self) -> str:
        """Its name: no two jobs of one name are under way."""
        return "-".join(part for part in (self.kind, self.subject, self.version) if part)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A job that is due: ``alone`` is what it must not share with another, ``state`` what it was found due by."""

    job: Job
    lane: str = KEEPING
    alone: str = ""
    state: object = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """How a job went, and what a person would be told of it."""

    key: str
    state: str
    told: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Shape for the way back."""
        return {"key": self.key, "state": self.state, "told": list(self.told)}


def read_result(document: Mapping[str, Any]) -> Result:
    """Read what ``as_json`` wrote, by this or another release of the program."""
    return Result(key=str(document["key"]), state=str(document["state"]), told=tuple(document.get("told", ())))


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How whoever does the jobs is: ``trouble`` is the key of a sentence, empty when nothing is wrong."""

    where: str = ""
    trouble: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    since: str = ""
    workers: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Shape for the note of a scheduler, and for reports."""
        return {
            "where": self.where,
            "trouble": self.trouble,
            "params": dict(self.params),
            "since": self.since,
            "workers": self.workers,
        }
