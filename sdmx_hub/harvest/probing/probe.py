"""A whole probe: asked, marked, drafted."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdmx_hub.formats.sniff import Kind
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.fetch import Visitor
from sdmx_hub.harvest.guard import Policy, parse_place
from sdmx_hub.harvest.probing.draft import draft_source, found_dialect, known_profile
from sdmx_hub.harvest.probing.facts import Facts
from sdmx_hub.harvest.probing.prober import Asked, Prober
from sdmx_hub.harvest.probing.questions import Inquiry
from sdmx_hub.harvest.probing.score import Scorecard, score
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.harvest.source import Credentials, secret_headers
from sdmx_hub.language import sentence
from sdmx_hub.model.urn import Ref

MOST_REQUESTS = 45
LIMITS = Limits(bytes=20_000_000, unpacked_bytes=100_000_000, seconds=60.0, idle_seconds=20.0)
"""What one answer to a probe may use: a partner that ignores every bound is not read to its end."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to probe, and within which bounds."""

    endpoint: str
    apis: tuple[str, ...] = ("v1", "v2")
    flow: Ref | None = None
    most: int = MOST_REQUESTS
    seconds: float = 1.0
    allow_local: bool = False
    user_agent: str = "sdmx-hub"
    limits: Limits = LIMITS
    credentials: Credentials | None = None


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What a probe found."""

    facts: Facts
    asked: tuple[Asked, ...]
    card: Scorecard
    credentials: Credentials | None = None

    @property
    def draft(self) -> str:
        """The draft of a source file; empty when no dataflow was found."""
        return draft_source(self.facts, self.credentials) if self.facts.ref else ""

    @property
    def diagnosis(self) -> str:
        """The catalogue key of why no API was found; empty where one was."""
        return "" if self.facts.api else diagnose(self.asked)

    def as_json(self, language: str) -> dict[str, Any]:
        """Everything, its sentences in ``language``."""
        facts = self.facts
        profile = known_profile(facts) if facts.api else None
        times = [one.milliseconds for one in self.asked if one.status is not None]
        return {
            "endpoint": facts.endpoint,
            "apis": list(facts.apis),
            "api": facts.api or None,
            "dataflow": str(facts.ref) if facts.ref else None,
            "dataflows": facts.flows,
            "profile": profile.id if profile else None,
            "dialect": found_dialect(facts) if facts.api else None,
            "milliseconds": round(statistics.median(times)) if times else None,
            "diagnosis": sentence(self.diagnosis, language, endpoint=facts.endpoint) if self.diagnosis else None,
            "found": _found(facts),
            "scorecard": self.card.as_json(language),
            "requests": [dict(vars(one)) for one in self.asked],
        }


def _found(facts: Facts) -> dict[str, Any]:
    told = {
        name: value
        for name, value in vars(facts).items()
        if name not in {"endpoint", "apis", "api", "ref", "flows", "listed"}
    }
    told["listed"] = [str(ref) for ref in facts.listed]
    return {name: sorted(value) if isinstance(value, set) else value for name, value in told.items()}


def diagnose(asked: Sequence[Asked]) -> str:
    """Why no question was answered by an SDMX API: the catalogue key of what it looks like."""
    statuses = {one.status for one in asked if one.status is not None}
    if statuses & {401, 407}:
        return "probe-no-login"
    if 403 in statuses:
        return "probe-no-entry"
    if 429 in statuses:
        return "probe-no-patience"
    if statuses and min(statuses) >= 500 and statuses != {501}:
        return "probe-no-service"
    pages = [one for one in asked if one.what == Kind.HTML.value]
    return "probe-no-page" if pages else "probe-no-api"


def probe(order: Order, clock: Clock, step: Callable[[int, int, str], None] = lambda *_: None) -> Probed:
    """Probe a partner. Raises PartnerUnavailable when it never answers, NotAllowed for what may not be asked."""
    endpoint = order.endpoint.rstrip("/")
    place = parse_place(endpoint)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-probe-") as folder:
        visitor = Visitor(
            policy=Policy(hosts=frozenset({(place.host, place.port)}), allow_local=order.allow_local),
            limits=order.limits,
            raw=raw_store_in(Path(folder)),
            home=place,
            user_agent=order.user_agent,
            credentials=secret_headers(order.credentials, place.host) if order.credentials else {},
        )
        prober = Prober(visitor=visitor, clock=clock, most=order.most, seconds=order.seconds, step=step)
        inquiry = Inquiry(prober=prober, facts=Facts(endpoint=endpoint))
        inquiry.run(order.apis, order.flow)
        asked = tuple(prober.asked)
    card = score(inquiry.facts, asked)
    return Probed(facts=inquiry.facts, asked=asked, card=card, credentials=order.credentials)
