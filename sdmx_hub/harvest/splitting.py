"""Asking in parts: a question too large for one answer is split by a dimension, else by time, until each part fits.

The parts lie in the plan of the run, each with the hash of its bytes once it has come; whoever takes the run over asks
for those it lacks. They are loaded together or not at all. What to split by is what the partner says it has, else what
its codelists allow; nothing outside them is asked for, so nothing that the partner may send is left out.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sdmx_hub.errors import TooLarge
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.intent import VALIDATORS, validator
from sdmx_hub.harvest.raw import Kept, RawStore

TOO_LARGE = 413
_SMALLER = frozenset({TOO_LARGE, 414})
"""Of a part, an address that is too long says as well that fewer codes must be asked for."""
MOST_PARTS = 2000
_FILL = 0.8
"""Parts are planned to be so full, for codes do not weigh the same."""
_NUMBER = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:[ ,. ]?[0-9]{3}){1,4}(?![\w])|(?<![\w.,])[0-9]{4,15}(?![\w])")
_EARLIEST, _YEARS_AHEAD = 1900, 100


@dataclass(frozen=True)
class Part:
    """One part of a question: codes by dimension, and the years from and to which; None is open."""

    codes: Mapping[str, tuple[str, ...]]
    since: int | None = None
    until: int | None = None
    sha256: str | None = None
    empty: bool = False
    received: int = 0
    validators: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Shape for the plan of a run."""
        return {
            "codes": {name: list(codes) for name, codes in self.codes.items()},
            "since": self.since,
            "until": self.until,
            "sha256": self.sha256,
            "empty": self.empty,
            "bytes": self.received,
            "validators": dict(self.validators),
        }


def read_part(item: Mapping[str, Any]) -> Part:
    """Read a part from the plan of a run."""
    codes = {name: tuple(codes) for name, codes in item["codes"].items()}
    return Part(
        codes, item["since"], item["until"], item["sha256"], item["empty"], item["bytes"], item.get("validators", {})
    )


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What a question may be split by: the codes of each dimension, and the years the data span where known.

    ``rule`` is that of the dialect: ``key`` (by codes, then by years), ``period`` (by years, then by codes) or
    ``dimensions`` (by codes alone). ``count`` is how many observations there are now, ``estimate`` how many there were.
    """

    codes: Mapping[str, tuple[str, ...]]
    years: tuple[int, int] | None = None
    count: int | None = None
    estimate: int | None = None
    rule: str = "key"

    @property
    def size(self) -> int | None:
        """About how many observations an answer to the whole would hold."""
        return self.estimate if self.count is None else self.count


@dataclass(frozen=True, kw_only=True)
class Splitter:
    """Asks for the parts of one question. ``keep`` is told the parts whenever they change."""

    ask: Callable[[Part], Answer]
    is_empty: Callable[[Answer], bool]
    keep: Callable[[Sequence[Part]], None]
    raw: RawStore
    cut: Cut
    now: Callable[[], dt.datetime]

    def collect(self, parts: Sequence[Part]) -> Answer:
        """Ask for what is lacking and give one answer that holds all parts.

        An answer that is neither data nor "nothing" is given as it is: the question has then not been answered. Raises
        TooLarge when a part that cannot be split any more is still too large.
        """
        waiting, last = list(parts), None
        done: list[Part] = []
        while waiting:
            part = waiting.pop(0)
            if part.empty or (part.sha256 and self.raw.find(part.sha256)):
                done.append(part)
                continue
            answer = self.ask(part)
            if answer.status in _SMALLER:
                waiting[:0] = self._smaller(part, answer, len(done) + len(waiting))
            elif self.is_empty(answer):
                done.append(replace(part, empty=True))
            elif answer.status == 200 and answer.kept is not None:
                last = answer
                sha256, received = answer.kept.sha256, answer.kept.bytes
                done.append(replace(part, sha256=sha256, received=received, validators=validators_of(answer)))
            else:
                return answer
            self.keep([*done, *waiting])
        return self._joined(done, last)

    def _smaller(self, part: Part, answer: Answer, others: int) -> list[Part]:
        found = split_part(part, self.cut, pieces_of(answer.excerpt), self.now().year)
        if len(found) < 2 or others + len(found) > MOST_PARTS:
            raise TooLarge("harvest-part-too-large", part=shown_part(part))
        return found

    def _joined(self, done: Sequence[Part], last: Answer | None) -> Answer:
        kept = tuple(Kept(self.raw.get(one.sha256), one.sha256, one.received) for one in done if one.sha256)
        base = last or Answer(url="", status=204, headers={}, bytes=0, milliseconds=0)
        headers = {name: text for name, text in base.headers.items() if name not in {"etag", "last-modified"}}
        if not kept:
            return replace(base, status=204, headers=headers, kept=None)
        return replace(
            base,
            status=200,
            headers=headers,
            kept=kept[0],
            parts=kept,
            overlapping=any(one.since is not None for one in done),
            bytes=sum(one.bytes for one in kept),
        )


def validators_of(answer: Answer) -> dict[str, str]:
    """The headers by which an answer can be asked for again if it has changed."""
    found = {header: validator(answer, name) for header, name in VALIDATORS.items()}
    return {header: value for header, value in found.items() if value}


def plan_parts(cut: Cut, wanted: int, year: int) -> list[Part]:
    """Split a whole question into about ``wanted`` parts."""
    return split_part(Part({}), cut, wanted, year)


def split_part(part: Part, cut: Cut, pieces: int, year: int) -> list[Part]:
    """Split a part into about so many; one that is the part itself when nothing splits it."""
    by_years = _split_years(part, cut, pieces, year) if cut.rule == "period" else [part]
    found = by_years if len(by_years) > 1 else _split_codes(part, cut, pieces)
    return found if len(found) > 1 or cut.rule != "key" else _split_years(part, cut, pieces, year)


def _split_codes(part: Part, cut: Cut, pieces: int) -> list[Part]:
    """Split by the dimension with the fewest codes that still gives enough pieces, else by the one with most."""
    left = {name: part.codes.get(name, codes) for name, codes in cut.codes.items()}
    able = {name: codes for name, codes in left.items() if len(codes) > 1}
    if not able:
        return [part]
    enough = [name for name, codes in able.items() if len(codes) >= pieces]
    name = (
        min(enough, key=lambda one: (len(able[one]), one))
        if enough
        else max(able, key=lambda one: (len(able[one]), one))
    )
    return [replace(part, codes={**part.codes, name: tuple(some)}) for some in _dealt(able[name], pieces)]


def _dealt(codes: Sequence[str], pieces: int) -> list[Sequence[str]]:
    size = max(1, math.ceil(len(codes) / min(pieces, len(codes))))
    return [codes[at : at + size] for at in range(0, len(codes), size)]


def _split_years(part: Part, cut: Cut, pieces: int, year: int) -> list[Part]:
    """Split by years; the first and the last part stay open, so that nothing lies outside."""
    first, last = cut.years or (_EARLIEST, year + _YEARS_AHEAD)
    first = first if part.since is None else part.since
    last = last if part.until is None else part.until
    years = list(range(first, last + 1))
    if len(years) < 2:
        return [part]
    spans = _dealt([str(one) for one in years], pieces)
    parts = [replace(part, since=int(span[0]), until=int(span[-1])) for span in spans]
    parts[0], parts[-1] = replace(parts[0], since=part.since), replace(parts[-1], until=part.until)
    return parts


def pieces_of(text: str, limit: int | None = None) -> int:
    """Into how many pieces a refusal with an estimate and a limit in it asks to split; 2 when it says neither."""
    numbers = [int(re.sub(r"\D", "", one)) for one in _NUMBER.findall(text)]
    numbers += [limit] if limit else []
    if len(numbers) < 2 or min(numbers) <= 0:
        return 2
    return enough_parts(max(numbers), min(numbers))


def enough_parts(count: int, limit: int) -> int:
    """Into how many parts so many observations go."""
    return min(MOST_PARTS, max(2, math.ceil(count / (limit * _FILL))))


def shown_part(part: Part) -> str:
    """Say what a part is: ``REF_AREA=MLI+SEN, 2010–2014``."""
    said = [f"{name}={'+'.join(codes[:5])}{'+…' if len(codes) > 5 else ''}" for name, codes in part.codes.items()]
    if part.since is not None or part.until is not None:
        said.append(f"{part.since or '…'}–{part.until or '…'}")
    return ", ".join(said)
