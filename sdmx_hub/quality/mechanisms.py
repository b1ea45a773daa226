"""The mechanisms of sharing side by side (§5.2): what each took, brought and cost, from the ledger and the audit log.

| figure | definition |
|---|---|
| success | good visits ÷ visits |
| median_seconds | of the visits that nobody had to decide on |
| not_modified | answers 304 ÷ visits that asked whether anything had changed |
| saved | bytes of the last full answer of the flow − bytes of the answer, where not everything was sent |
| changed | cells added, revised and deleted |
| missed_deletes | deletions found by a full comparison after visits that had asked for changes alone |
| latency | notice received → release visible, median |
| freshness | published there, as the notice tells, else Last-Modified → release visible, median, first visits apart |
| rejection | deliveries that were refused, by the checks or by a person ÷ deliveries |
| steps | what persons did: files laid down, runs approved, rejected, repeated, begun or stopped by hand |

Rounds of the pilot are no steps: they measure the mechanism and are no part of it.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from sdmx_hub.quality.pilot_runs import Attempt
from sdmx_hub.store.run_rows import NOTICE, State

ORDER = ("pull", "conditional", "delta", "subscription", "file", "drop")
STEPS = {"approved": "approve", "rejected": "reject", "retry": "retry", "manual": "run", "stop": "stop"}
"""What the audit log calls a step, and what the report calls it; a file laid down is in the ledger, as ``drop``."""
CHANGES_ALONE = frozenset({"delta", "subscription"})
"""Mechanisms that ask for what has changed, and so may miss what was deleted."""
_NOT_MODIFIED = 304


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """A visit with what the visits before it tell: ``full_bytes`` of the last full answer, whether it ``is_first``."""

    attempt: Attempt
    full_bytes: int | None
    is_first: bool

    @property
    def asked_whether(self) -> bool:
        """Tell whether the partner was asked if anything had changed."""
        return bool(_intent(self.attempt).get("validators")) and self.attempt.answer is not None

    @property
    def saved(self) -> int | None:
        """Bytes that a full answer would have cost more."""
        is_part = self.attempt.is_good and self.attempt.answer is not None and not _is_full(self.attempt)
        return self.full_bytes - self.attempt.data_bytes if is_part and self.full_bytes is not None else None

    @property
    def missed(self) -> int:
        """Deletions a full comparison found."""
        run = self.attempt.run
        was_blind = self.attempt.mechanism in CHANGES_ALONE and run.full and not self.is_first
        return run.outcome.deleted if was_blind and self.attempt.is_good else 0

    @property
    def latency(self) -> float | None:
        """Seconds from the notice to the release."""
        return self._until_visible(_instant(self.attempt.run.plan.get(NOTICE, {}).get("received")))

    @property
    def freshness(self) -> float | None:
        """Seconds from the publication to the release."""
        told = _instant(self.attempt.run.plan.get(NOTICE, {}).get("published"))
        return None if self.is_first else self._until_visible(told or _last_modified(self.attempt))

    def _until_visible(self, begin: dt.datetime | None) -> float | None:
        run = self.attempt.run
        if begin is None or run.finished_at is None or run.outcome.release_id is None or not self.attempt.is_good:
            return None
        return max((run.finished_at - begin).total_seconds(), 0.0)


def _intent(one: Attempt) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one.run.plan.get("intent", {})
    return found


def _is_full(one: Attempt) -> bool:
    """Tell whether the partner sent everything."""
    return _intent(one).get("updated_after") is None and one.answer is not None and one.answer.status != _NOT_MODIFIED


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _last_modified(one: Attempt) -> dt.datetime | None:
    headers = json.loads(one.answer.answer).get("headers", {}) if one.answer and one.answer.answer else {}
    try:
        found = parsedate_to_datetime(headers["last-modified"])
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo is not None else None


def compare_mechanisms(attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """What each mechanism did, side by side; ``attempts`` in order."""
    by_mechanism: dict[str, list[_Visit]] = {}
    for one in _followed(attempts):
        by_mechanism.setdefault(one.attempt.mechanism, []).append(one)
    return [_compared(name, by_mechanism[name]) for name in sorted(by_mechanism, key=_place)]


def _place(mechanism: str) -> tuple[int, str]:
    return (ORDER.index(mechanism) if mechanism in ORDER else len(ORDER), mechanism)


def _followed(attempts: Iterable[Attempt]) -> Iterable[_Visit]:
    full_bytes: dict[tuple[str, str], int] = {}
    seen: set[tuple[str, str]] = set()
    for one in attempts:
        key = (one.run.source, one.run.flow)
        yield _Visit(attempt=one, full_bytes=full_bytes.get(key), is_first=key not in seen)
        if one.is_good:
            seen.add(key)
            if _is_full(one) and one.data_bytes:
                full_bytes[key] = one.data_bytes


def _compared(mechanism: str, found: Sequence[_Visit]) -> dict[str, Any]:
    attempts = [one.attempt for one in found]
    outcomes = [one.run.outcome for one in attempts]
    good = sum(one.is_good for one in attempts)
    asked = [one.attempt for one in found if one.asked_whether]
    saved = [one.saved for one in found if one.saved is not None]
    sent = sum(one.data_bytes for one in attempts)
    delivered = [one for one in attempts if one.answer is not None and one.answer.status == 200]
    rejected = sum(one.run.state is State.FAILED for one in delivered)
    steps = _steps(attempts)
    return {
        "mechanism": mechanism,
        "attempted": len(attempts),
        "good": good,
        "success": _percent(good, len(attempts)),
        "median_seconds": _median(one.seconds for one in attempts),
        "bytes": sum(one.bytes for one in attempts),
        "data_bytes": sent,
        "observations": sum(outcome.received for outcome in outcomes),
        "not_modified": _percent(sum(one.answer_status == _NOT_MODIFIED for one in asked), len(asked)),
        "saved_bytes": sum(saved) if saved else None,
        "saved": _percent(sum(saved), sum(saved) + sent) if saved else None,
        "changed": sum(outcome.added + outcome.revised + outcome.deleted for outcome in outcomes),
        "missed_deletes": sum(one.missed for one in found) if mechanism in CHANGES_ALONE else None,
        "notices": sum(NOTICE in one.run.plan for one in attempts),
        "latency": _median(one.latency for one in found),
        "freshness": _median(one.freshness for one in found),
        "deliveries": len(delivered),
        "rejected": rejected,
        "rejection": _percent(rejected, len(delivered)),
        "steps": steps,
        "manual_steps": sum(steps.values()),
    }


def _steps(attempts: Iterable[Attempt]) -> dict[str, int]:
    counted = Counter(STEPS[deed] for one in attempts for deed in one.deeds if deed in STEPS)
    counted["drop"] = sum(one.has_file for one in attempts)
    return {name: counted[name] for name in ("drop", *STEPS.values())}


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _median(found: Iterable[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return round(statistics.median(known), 3) if known else None
