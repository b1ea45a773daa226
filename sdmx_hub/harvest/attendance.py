"""Whether anybody keeps the time: without a scheduler no visit is queued, no embargo ends, nobody is told of anything.

A scheduler that stays is missed when it was not heard of for minutes; one that comes and goes (``--once``, from a
timer) when a slot passed without it. A hub whose sources are never due needs none. Also told: a scheduler is there, but
nobody does its jobs.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sdmx_hub.config import Settings
from sdmx_hub.errors import HubError
from sdmx_hub.harvest.health import GRACE
from sdmx_hub.harvest.slots import due_slots, next_slot
from sdmx_hub.harvest.source import Source, parse_stored
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.store.alerts import HTTP, MAIL, Alerts
from sdmx_hub.store.database import Database
from sdmx_hub.store.run_rows import Verdict, short_instant
from sdmx_hub.store.sources import Sources, StoredSource
from sdmx_hub.store.workers import SCHEDULER, Presence, Workers

ABSENT = dt.timedelta(minutes=5)
"""A scheduler that stays may be silent for so long: it is upgraded, its machine starts again."""
PATIENCE = dt.timedelta(minutes=2)
"""So long nobody is told that a cluster is away: it is started again."""
OK, AWAY, GONE = "ok", "away", "absent"
STATES = (OK, AWAY, GONE)
SUBJECT = "scheduler"
"""What alerts on it are kept under; no source can have this id."""


@dataclass(frozen=True, kw_only=True)
class Attendance:
    """Whether a scheduler is at work; ``seen_at`` is when one was last heard of, ``needed`` whether one is."""

    state: str
    reason: Verdict
    seen_at: dt.datetime | None = None
    needed: bool = True

    def as_public(self, language: str = "en") -> dict[str, Any]:
        """Shape for who does not operate the hub: addresses of a cluster are nobody else's business."""
        text = sentence(f"keeper-state-{self.state}", language) if self.state == AWAY else self.reason.text(language)
        return {**self.as_json(language), "text": text}

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Shape for reports and pages."""
        return {
            "state": self.state,
            "since": short_instant(self.seen_at) if self.seen_at else None,
            "needed": self.needed,
            "text": self.reason.text(language),
        }


def read_attendance(database: Database, *, now: dt.datetime) -> Attendance:
    """Read whether a scheduler is at work."""
    workers = Workers(database)
    sources = [one for stored in Sources(database).select(enabled=True) if (one := _parsed(stored)) is not None]
    here = [one for one in workers.select() if one.role == SCHEDULER and one.is_heard(now)]
    return assess(workers.last_scheduler(), sources, _troubles(here, now), now=now)


def assess(
    last: Presence | None,
    sources: Iterable[tuple[dt.datetime, Source]],
    troubles: Iterable[Verdict] = (),
    *,
    now: dt.datetime,
) -> Attendance:
    """Tell whether a scheduler is at work: by the ``last`` that was seen, and since when each source is there."""
    sources = list(sources)
    seen_at = last.heartbeat_at if last else None
    if not any(next_slot(source.schedule, now) for _, source in sources):
        return Attendance(state=OK, reason=Verdict("keeper-idle"), seen_at=seen_at, needed=False)
    if last is None:
        missed = any(_missed(source, since, now) for since, source in sources)
        return Attendance(state=GONE if missed else OK, reason=Verdict("keeper-never" if missed else "keeper-idle"))
    at = {"at": short_instant(last.heartbeat_at)}
    if last.role == SCHEDULER:
        is_gone = now - last.heartbeat_at >= ABSENT
    else:
        is_gone = any(_missed(source, max(since, last.heartbeat_at), now) for since, source in sources)
    if is_gone:
        return Attendance(state=GONE, reason=Verdict("keeper-absent", at), seen_at=seen_at)
    for trouble in troubles:
        return Attendance(state=AWAY, reason=trouble, seen_at=seen_at)
    return Attendance(state=OK, reason=Verdict("keeper-kept", at), seen_at=seen_at)


def _missed(source: Source, since: dt.datetime, now: dt.datetime) -> bool:
    until = now - GRACE - dt.timedelta(seconds=source.jitter_seconds)
    return until > since and bool(due_slots(source.schedule, since, until, most=1))


def _parsed(stored: StoredSource) -> tuple[dt.datetime, Source] | None:
    try:
        return stored.changed_at, parse_stored(stored.document, stored.sha256)
    except HubError:  # told where sources are read; it is never due
        return None


def _troubles(schedulers: Iterable[Presence], now: dt.datetime) -> list[Verdict]:
    """What keeps jobs from being done, unless it is no trouble to some other scheduler."""
    found = [json.loads(one.note).get("jobs", {}) if one.note else {} for one in schedulers]
    if any(not one.get("trouble") or now - dt.datetime.fromisoformat(one["since"]) < PATIENCE for one in found):
        return []
    return [Verdict(one["trouble"], one["params"]) for one in found]


def look_for_scheduler(database: Database, settings: Settings, *, now: dt.datetime) -> int:
    """Note whether a scheduler is at work, and put in alerts when that has changed; give how many.

    Of any number of processes that see the change one tells of it, as of the health of a source.
    """
    attendance = read_attendance(database, now=now)
    alerts = Alerts(database)
    before = alerts.noted().get(SUBJECT)
    was = before.health if before else OK
    cause = attendance.state if attendance.state == OK else f"{attendance.state}:{attendance.reason.key}"
    if before is not None and (before.health, before.cause) == (attendance.state, cause):
        return 0
    return alerts.note(
        SUBJECT,
        before=before,
        health=attendance.state,
        cause=cause,
        document=_document(attendance, was, settings, now),
        addresses=_addresses(settings) if (was, attendance.state) != (OK, OK) else (),
        now=now,
    )


def _addresses(settings: Settings) -> tuple[tuple[str, str], ...]:
    named = ((HTTP, settings.alerts_webhooks), (MAIL, settings.alerts_mail))
    found = ((channel, one.strip()) for channel, text in named for one in text.split(",") if one.strip())
    return tuple(dict.fromkeys(found))


def _document(attendance: Attendance, was: str, settings: Settings, now: dt.datetime) -> dict[str, Any]:
    """What an alert says: the keys of one on a source, and no source."""
    base = settings.base_url.rstrip("/")

    def subject(language: str) -> str:
        state = sentence(f"keeper-state-{attendance.state}", language)
        return sentence("keeper-subject", language, hub=settings.hub_name, state=state)

    return {
        "hub": settings.hub_id,
        "source": None,
        "health": attendance.state,
        "before": was,
        "flow": None,
        "reason": attendance.reason.key,
        "at": short_instant(now),
        "last_good": short_instant(attendance.seen_at) if attendance.seen_at else None,
        "url": f"{base}/harvest" if base else None,
        "subjects": {one: subject(one) for one in LANGUAGES},
        "texts": {one: attendance.reason.text(one) for one in LANGUAGES},
    }
