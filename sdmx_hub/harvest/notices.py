"""Notices of partners: something is new there, so the flows it concerns are visited at once.

What a notice says is not believed, only when to look: the visit asks the partner as any other. A notification of an
SDMX registry, as hubs send it to subscribers, names the dataflow in a URN; whatever names none of ours means all flows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

from sdmx_hub.config import Secret
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.store.database import Database
from sdmx_hub.store.noticed import note_notice
from sdmx_hub.store.run_rows import NOTICE, Run, Slot, State, Trigger
from sdmx_hub.store.runs import Runs

_DATAFLOW = re.compile(rb"Dataflow=([A-Za-z][A-Za-z0-9_.-]{0,100}):([A-Za-z0-9_@$-]{1,100})\(")
_TIME = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,30}:)?EventTime>\s*([0-9T:.Z+-]{10,40})\s*</")
_SHORTEST = 16


def read_token(source: Source, environment: Mapping[str, str]) -> Secret | None:
    """Read the token of a source's notices; None when it has none, or one too short to be a secret."""
    wanted = source.notices
    if wanted is None:
        return None
    if "environment" in wanted:
        found = environment.get(wanted["environment"], "")
    else:
        try:
            found = Path(wanted["file"]).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
    return Secret(found) if len(found) >= _SHORTEST else None


def concerned(source: Source, notice: bytes) -> tuple[Flow, ...]:
    """The flows of a source a notice is about."""
    named = {(agency.decode(), name.decode()) for agency, name in _DATAFLOW.findall(notice)}
    found = tuple(flow for flow in source.flows if (flow.partner.agency_id, flow.partner.id) in named)
    return found or source.flows


def published_at(notice: bytes) -> dt.datetime | None:
    """When the partner says it published; None where it does not say, or not with a zone."""
    told = _TIME.search(notice)
    try:
        found = dt.datetime.fromisoformat(told[1].decode()) if told else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def queue_noticed(database: Database, source: Source, notice: bytes, *, now: dt.datetime) -> list[Run]:
    """Queue a visit of each flow concerned; one that already waits serves this notice too.

    The run is told when the first notice it serves came, and when the partner says it published.
    """
    runs, published = Runs(database), published_at(notice)
    told = {"received": now.isoformat(), "published": published.isoformat() if published else None}
    found = []
    for flow in concerned(source, notice):
        waiting = runs.select(source=source.id, flow=flow.id, states=[State.QUEUED], limit=10)
        due = [run for run in waiting if run.not_before <= now and not run.decision]
        slot = Slot(
            source=source.id,
            flow=flow.id,
            slot=now,
            host=source.place.authority,
            trigger=Trigger.NOTICE,
            plan={NOTICE: told},
        )
        run = note_notice(database, due[0].id, told) if due else runs.queue(slot, now=now)
        found += [run] if run is not None else []
    return found
