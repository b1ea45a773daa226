"""Validators: a strong ETag and Last-Modified made from versions, and 304 before anything is read (RFC 9110 §13)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime

from flask import Response, request

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Validators:
    """What tells two answers apart: a digest, and when the content last changed."""

    digest: str
    last_modified: dt.datetime | None

    @property
    def etag(self) -> str:
        """The strong ETag, quotes included."""
        return f'"{self.digest}"'

    def add_to(self, response: Response) -> Response:
        """Put both on an answer, which any cache may keep and must ask about."""
        response.headers["ETag"] = self.etag
        if self.last_modified is not None:
            response.headers["Last-Modified"] = format_datetime(self.last_modified.astimezone(dt.UTC), usegmt=True)
        response.headers["Cache-Control"] = "public, no-cache"
        return response


def make_validators(
    parts: Iterable[object], last_modified: dt.datetime | None, *, entity: str | None = None
) -> Validators:
    """Make the validators of an answer: ``parts`` is everything its bytes depend on.

    The digest of one artefact's answer begins with its state (``entity``), which is the same in every format of it.
    """
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    moment = last_modified.replace(microsecond=0) if last_modified else None
    return Validators(f"{entity}-{digest[:16]}" if entity else digest, moment)


def is_unchanged(validators: Validators) -> bool:
    """Tell whether the client already has this answer: ``If-None-Match`` decides, else ``If-Modified-Since``."""
    known = request.headers.get("If-None-Match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in tags or validators.etag in tags
    if request.method not in READING:
        return False
    since = parse_moment(request.headers.get("If-Modified-Since"))
    return since is not None and validators.last_modified is not None and validators.last_modified <= since


def answer_unchanged(validators: Validators) -> Response:
    """Answer 304; a query sent by POST is refused with 412 instead (RFC 9110 §13.1.2)."""
    return validators.add_to(Response(status=304 if request.method in READING else 412))


def parse_moment(text: str | None) -> dt.datetime | None:
    """Read an instant as HTTP writes it or as ISO 8601 (both are in use); None when it is neither."""
    if not text:
        return None
    for parse in (parsedate_to_datetime, dt.datetime.fromisoformat):
        try:
            moment = parse(text.strip())
        except (ValueError, TypeError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return None
