"""Asking within bounds: so many requests, so far apart, answers of a bounded size, whatever comes written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.errors import HubError, NotAllowed, PartnerUnavailable
from sdmx_hub.formats.sniff import Kind, sniff_bytes
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.asking import PATIENCE, wished_wait
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.fetch import Visitor, fetch

MOST_FAILURES = 3
"""After so many questions without any answer at the beginning, the partner counts as not reached."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question and what came of it; ``status`` None when no answer came."""

    about: str
    url: str
    status: int | None
    milliseconds: int = 0
    bytes: int = 0
    content_type: str = ""
    what: str = ""
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer with its body in reach."""

    answer: Answer
    body: bytes = b""

    @property
    def status(self) -> int:
        """The status."""
        return self.answer.status

    @property
    def kind(self) -> Kind:
        """What the body is, or the beginning of a refusal."""
        return sniff_bytes(self.body or self.answer.excerpt.encode())

    @property
    def excerpt(self) -> str:
        """The beginning of the body, as text."""
        return self.answer.excerpt or self.body[:4096].decode("utf-8", errors="replace")


@dataclass(kw_only=True)
class Prober:
    """Asks one partner, until ``most`` requests are used up."""

    visitor: Visitor
    clock: Clock
    most: int
    seconds: float
    step: Callable[[int, int, str], None] = lambda *_: None
    asked: list[Asked] = field(default_factory=list)
    failure: HubError | None = None
    """What the first question that was not answered met."""

    @property
    def left(self) -> int:
        """How many requests are left."""
        return self.most - len(self.asked)

    def ask(self, about: str, url: str, headers: Mapping[str, str]) -> Told | None:
        """Ask once; None when nothing came back or no request is left.

        Raises PartnerUnavailable for a partner that is not there, NotAllowed for one that may not be asked.
        """
        if self.left <= 0:
            return None
        if self.asked:
            self.clock.sleep(self.seconds)
        self.step(len(self.asked), self.most, about)
        try:
            answer = fetch(url, self.visitor, headers)
        except HubError as error:
            self.asked.append(Asked(about=about, url=url, status=None, failure=error.key))
            self.failure = self.failure or error
            hopeless = len(self.asked) >= MOST_FAILURES or isinstance(error, NotAllowed)
            if hopeless and all(one.status is None for one in self.asked):
                raise
            return None
        told = Told(answer=answer, body=answer.kept.path.read_bytes() if answer.kept else b"")
        self.asked.append(
            Asked(
                about=about,
                url=url,
                status=answer.status,
                milliseconds=answer.milliseconds,
                bytes=answer.bytes,
                content_type=answer.content_type,
                what=told.kind.value,
            )
        )
        wished = wished_wait(answer, self.clock.now())
        if answer.status in {429, 503} and wished:
            self.clock.sleep(min(wished, PATIENCE))
        return told

    def require_answers(self) -> None:
        """Make sure that anything came back. Raises PartnerUnavailable."""
        if not any(one.status is not None for one in self.asked):
            raise self.failure or PartnerUnavailable("probe-unreachable", url=self.asked[0].url)
