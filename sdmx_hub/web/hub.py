"""What the doors are given: the parts of one hub, and who is asking."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app, request

from sdmx_hub.config import Settings
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.blobs import Blobs
from sdmx_hub.store.database import Database
from sdmx_hub.store.metadata_sets import MetadataSets
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.web.answers import Answers
from sdmx_hub.web.languages import asked_language
from sdmx_hub.web.memory import Memory
from sdmx_hub.web.tries import Tries

EXTENSION = "sdmx_hub"
PUBLIC = "public"


def utc_now() -> dt.datetime:
    """Tell the time, aware, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Hub:
    """The parts every door works with.

    ``now`` is the clock; ``raw`` keeps the bytes of loads; ``memory`` and ``answers`` are what is worth
    keeping between requests, ``tries`` the wrong keys lately sent.
    """

    database: Database
    registry: Registry
    observations: Observations
    settings: Settings
    now: Callable[[], dt.datetime] = utc_now
    raw: Blobs | None = None
    memory: Memory = field(default_factory=Memory)
    answers: Answers = field(default_factory=Answers)
    tries: Tries = field(default_factory=Tries)

    @functools.cached_property
    def metadata(self) -> MetadataSets:
        """The metadata sets."""
        return MetadataSets(self.database)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """What one request sees: the hub, its artefacts of that moment, its audience, and the language it reads."""

    hub: Hub
    now: dt.datetime
    artefacts: Artefacts
    audience: str
    language: str
    base_url: str


def current_hub() -> Hub:
    """The hub this application serves."""
    hub: Hub = current_app.extensions[EXTENSION]
    return hub


def base_url() -> str:
    """The address of the hub as others see it: the setting, else the address of the request; no slash at the end."""
    return current_hub().settings.base_url.rstrip("/") or request.host_url.rstrip("/")


def current_visit() -> Visit:
    """What this request sees; artefacts are read again only when something changed."""
    hub = current_hub()
    return Visit(
        hub=hub,
        now=hub.now(),
        artefacts=hub.registry.snapshot(),
        audience=PUBLIC,
        language=asked_language(),
        base_url=base_url(),
    )
