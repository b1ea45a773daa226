"""The answers of a run as the ledger has them: a run is repeated from these, and nothing is asked of anybody."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sdmx_hub.errors import NotFound, PartnerUnavailable
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.raw import Kept, RawStore
from sdmx_hub.harvest.source import Source
from sdmx_hub.store.run_rows import Request, Run
from sdmx_hub.store.runs import Runs

Asked = Mapping[tuple[str, str], deque[Request]]


@dataclass(frozen=True, kw_only=True)
class Recorded(Asker):
    """Answers as a run's ledger does, in the order the answers came; the last one for ever."""

    asked: Asked = field(default_factory=dict)
    raw: RawStore
    run: Run

    def ask(self, purpose: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Give what was answered. Raises NotFound for a question the run did not ask, else what the run met."""
        self.hold.check()
        waiting = self.asked.get((purpose, url))
        if not waiting:
            raise NotFound("harvest-not-recorded", run=self.run.id, url=url)
        request = waiting.popleft() if len(waiting) > 1 else waiting[0]
        if request.status is None:
            verdict = self.run.outcome.verdict
            raise PartnerUnavailable(request.failure, **(verdict.params if verdict.key == request.failure else {}))
        return read_answer(request, self.raw)


def read_answer(request: Request, raw: RawStore) -> Answer:
    """Read an answer back from its row and its body. Raises NotFound when the body is gone."""
    told = json.loads(request.answer) if request.answer else {}
    kept = None
    if request.raw_sha256 is not None:
        path = raw.get(request.raw_sha256)
        kept = Kept(path, request.raw_sha256, path.stat().st_size)
    return Answer(
        url=request.url,
        status=request.status or 0,
        headers=told.get("headers", {}),
        bytes=request.bytes,
        milliseconds=request.milliseconds,
        kept=kept,
        excerpt=told.get("excerpt", ""),
    )


def recorded(parts: Parts, source: Source, run: Run, hold: Hold, runs: Runs) -> Recorded:
    """Make the asker that answers as the ledger of ``run`` in ``runs`` does; it holds no credential."""
    return Recorded(
        visitor=parts.visitor(replace(source, credentials=None)),
        runs=parts.runs,
        hold=hold,
        clock=parts.clock,
        tries=1,
        dialect=source.dialect,
        asked=_by_question(runs.tokens_and_requests(run.id)),
        raw=parts.raw,
        run=run,
    )


def _by_question(requests: tuple[tuple[int, Request], ...]) -> Asked:
    """Group requests by what was asked; of a question more than one worker asked, those of the last."""
    last: dict[tuple[str, str], int] = {}
    found: dict[tuple[str, str], deque[Request]] = {}
    for token, request in requests:
        question = request.purpose, request.url
        if last.get(question, 0) != token:
            last[question], found[question] = token, deque()
        found[question].append(request)
    return found
