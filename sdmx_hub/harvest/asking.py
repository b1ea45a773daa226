"""Asking a partner: a few tries with growing waits, its wishes honoured, every request written into the ledger.

Only what may pass by itself is tried again: 408, 429, 5xx other than 501 and 505, no connection, a broken or late
answer. A wait the partner asks for that is longer than ``PATIENCE`` puts the run back into the queue.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sdmx_hub.errors import HubError, PartnerUnavailable, TryAgain
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.clock import Clock, parse_http_date
from sdmx_hub.harvest.dialect.pace import HOUR, wait_of
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect, Rate
from sdmx_hub.harvest.fetch import Visitor, fetch
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.store.run_rows import Request
from sdmx_hub.store.runs import Runs

PATIENCE = 60.0
"""Seconds a run waits with its lease held."""
LONGEST_WAIT = 3600.0
"""No partner can make the hub wait longer (seconds)."""
FIRST_WAIT = 2.0
_KEPT = ("content-type", "content-range", "date", "etag", "last-modified", "location")
_PASSING = frozenset({408, 429, 500, 502, 503, 504, 507, 508, 509, 520, 521, 522, 523, 524})


class Postponed(TryAgain):
    """The partner asked to be left alone until ``until``."""

    def __init__(self, until: dt.datetime) -> None:
        self.until = until
        super().__init__("harvest-deferred", until=until.strftime("%Y-%m-%dT%H:%M:%SZ"))


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks for one run."""

    visitor: Visitor
    runs: Runs
    hold: Hold
    clock: Clock
    tries: int
    dialect: Dialect = STANDARD

    def ask(self, purpose: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Get ``url``, trying again what may pass by itself.

        Whatever status is left after the last try is an answer; a failure without any is raised as ``fetch`` does.
        """
        entry = Request(
            sent_at=self.clock.now(), purpose=purpose, url=url, status=None, bytes=0, milliseconds=0, tries=0
        )
        sent: list[tuple[str, dt.datetime]] = []
        for number in range(1, self.tries + 1):
            self.hold.check()
            self._keep_pace(purpose, sent)
            try:
                answer = fetch(url, self.visitor, headers)
            except HubError as error:
                if not isinstance(error, PartnerUnavailable) or number == self.tries:
                    self._record(replace(entry, tries=number, failure=error.key))
                    raise
                self.hold.wait(self._wait(number))
                continue
            wished = wished_wait(answer, self.clock.now())
            passing = answer.status in _PASSING and number < self.tries
            if not passing or wished > PATIENCE:
                self._record(_answered(entry, answer, number))
                if passing:
                    raise Postponed(self.clock.now() + dt.timedelta(seconds=wished))
                return answer
            self.hold.wait(max(wished, self._wait(number)))
        raise ValueError(self.tries)

    def _keep_pace(self, purpose: str, tries: list[tuple[str, dt.datetime]]) -> None:
        """Wait as long as the dialect wants between requests, and note this one among ``tries``. Raises Postponed."""
        rate = self.dialect.rate(purpose)
        if rate and purpose != "file":
            now = self.clock.now()
            before = [*self.runs.sent_since(self.hold.run.host, now - HOUR), *tries]
            kin = [at for other, at in before if self.dialect.rate(other) is rate]
            wait = max(wait_of(Rate(seconds=rate.seconds), [at for _, at in before], now), wait_of(rate, kin, now))
            if wait > PATIENCE:
                raise Postponed(now + dt.timedelta(seconds=wait))
            if wait > 0:
                self.hold.wait(wait)
        tries.append((purpose, self.clock.now()))

    def _wait(self, number: int) -> float:
        doubled: float = FIRST_WAIT * 2 ** (number - 1)
        return doubled * (1 + self.clock.chance() / 2)

    def _record(self, entry: Request) -> None:
        passed = (self.clock.now() - entry.sent_at) // dt.timedelta(milliseconds=1)
        self.runs.add_request(self.hold.run, replace(entry, milliseconds=max(passed, entry.milliseconds)))


def _answered(entry: Request, answer: Answer, number: int) -> Request:
    return replace(
        entry,
        status=answer.status,
        bytes=answer.bytes,
        milliseconds=answer.milliseconds,
        tries=number,
        raw_sha256=answer.kept.sha256 if answer.kept else None,
        answer=told_answer(answer),
    )


def told_answer(answer: Answer) -> str:
    """Write what a repetition of the run needs of an answer besides its body."""
    headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
    return json.dumps({"headers": headers, "excerpt": answer.excerpt}, ensure_ascii=False)


def wished_wait(answer: Answer, now: dt.datetime) -> float:
    """Seconds the partner asks for in Retry-After, as a number or a date; 0 for none or nonsense, an hour at most."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), LONGEST_WAIT)
    at = parse_http_date(text)
    return 0.0 if at is None else min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT)
