"""The smallest pieces of a URL: decoding, lists, identifiers, numbers, moments; one refusal each."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.request import ANY

LONGEST_PART = 262_144
"""Characters in one path segment or parameter value: room for a thousand keys sent by POST."""
LONGEST_ID = 255
_SHOWN = 60
_AGENCY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*")
_ID = re.compile(r"[A-Za-z0-9_@$-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REDUCED = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?")
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(\.[0-9]{1,9})?)?")
_OFFSET = re.compile(r"Z|[+-][0-9]{2}:[0-9]{2}")
_TRUE = {"true", "1"}
_FALSE = {"false", "0"}


def shown(text: str) -> str:
    """Shorten what was found, for a message."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def decode(part: str, text: str) -> str:
    """Undo percent-encoding (a ``+`` stays one). Raises BadRequest for too much, broken UTF-8 or control characters."""
    if len(text) > LONGEST_PART:
        raise BadRequest("query-too-long", part=part, most=LONGEST_PART)
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise BadRequest("query-characters", part=part, found=shown(text)) from error
    if _CONTROL.search(decoded):
        raise BadRequest("query-characters", part=part, found=shown(text))
    return decoded


def is_wildcard(text: str) -> bool:
    """Tell whether a text says *all*: ``all`` in any case, ``*``, or nothing."""
    return text in {"", ANY} or text.lower() == "all"


def split_list(text: str, separators: str = ",+") -> list[str]:
    """Split at any of ``separators``."""
    return re.split(f"[{re.escape(separators)}]", text)


def canonical(values: Iterable[str]) -> tuple[str, ...]:
    """Order alternatives, so that equal questions are equal values; one that says *all* makes the others pointless."""
    chosen = set(values)
    return (ANY,) if ANY in chosen else tuple(sorted(chosen))


def parse_agencies(text: str, part: str = "agencyID") -> tuple[str, ...]:
    """Read ``A,B`` or ``A+B`` (nested agencies have dots); all when empty."""
    return _parse_ids(text, part, _AGENCY, "ILMH")


def parse_ids(text: str, part: str, example: str = "DF_FLOW_POP") -> tuple[str, ...]:
    """Read one or more ids; all when empty."""
    return _parse_ids(text, part, _ID, example)


def _parse_ids(text: str, part: str, pattern: re.Pattern[str], example: str) -> tuple[str, ...]:
    if is_wildcard(text):
        return (ANY,)
    return canonical(
        ANY if is_wildcard(one) and one else _check(one, part, pattern, example) for one in split_list(text)
    )


def parse_id(text: str, part: str, example: str) -> str:
    """Read exactly one id."""
    return _check(text, part, _ID, example)


def parse_agency(text: str, part: str = "agencyID") -> str:
    """Read exactly one agency."""
    return _check(text, part, _AGENCY, "ILMH")


def _check(text: str, part: str, pattern: re.Pattern[str], example: str) -> str:
    if len(text) > LONGEST_ID or not pattern.fullmatch(text):
        raise BadRequest("query-id", part=part, found=shown(text), example=example)
    return text


def choose(text: str, part: str, allowed: Sequence[str]) -> str:
    """Read one of a few words, in any case."""
    found = {word.lower(): word for word in allowed}.get(text.lower())
    if found is None:
        raise BadRequest("query-choice", part=part, found=shown(text), allowed=", ".join(allowed), example=allowed[0])
    return found


def parse_flag(text: str, part: str) -> bool:
    """Read ``true`` or ``false``."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise BadRequest("query-choice", part=part, found=shown(text), allowed="true, false", example="true")


def parse_count(text: str, part: str, least: int = 1) -> int:
    """Read a whole number of at least ``least``."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= least):
        raise BadRequest("query-number", part=part, found=shown(text), least=least)
    return int(text)


def parse_moment(text: str, part: str) -> dt.datetime:
    """Read an xs:dateTime as an aware time in UTC; without offset it is UTC already.

    A date, a month (``2024-05``) or a year stands for its first instant.
    """
    reduced = _REDUCED.fullmatch(text)
    text = f"{reduced[1]}-{reduced[2] or '01'}-01" if reduced else text
    match = _MOMENT.match(text)
    # A form decoder on the way may have made the plus of an offset a blank.
    tail = text[match.end() :].replace(" ", "+") if match else ""
    if match is None or (tail and not _OFFSET.fullmatch(tail)):
        raise BadRequest("query-moment", part=part, found=shown(text))
    try:
        clock = f"{match[1]}T{match[2] or '00:00'}{(match[3] or '')[:7]}"
        at = dt.datetime.fromisoformat(clock + (tail or "+00:00").replace("Z", "+00:00"))
        return at.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequest("query-moment", part=part, found=shown(text)) from error
