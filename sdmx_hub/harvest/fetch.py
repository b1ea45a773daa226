"""One GET through the guard: redirects re-checked, bytes capped before and after decompression, the body kept by hash.

A body that is shorter than announced, a gzip stream without its end, and a body without any frame (no length, not
chunked, not compressed: its end cannot be told from a broken line) are refused, so that half an answer is never taken
for a whole one.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpcore2
import httpx2

from sdmx_hub.config import Secret
from sdmx_hub.errors import Malformed, NotAllowed, PartnerUnavailable, TooLarge
from sdmx_hub.harvest import dial
from sdmx_hub.harvest.answer import Answer, Limits
from sdmx_hub.harvest.exchange import Line, exchange
from sdmx_hub.harvest.guard import Place, Policy, check_url, parse_place, shown
from sdmx_hub.harvest.raw import Draft, RawStore

REDIRECTS = frozenset({301, 302, 303, 307, 308})
EXCERPT = 4096
"""Bytes of a refusal's body that are looked at."""


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """How one source is asked: where it may go, as whom, and the limits. Credentials go to ``home`` alone."""

    policy: Policy
    limits: Limits
    raw: RawStore
    home: Place
    user_agent: str = "sdmx-hub"
    credentials: Mapping[str, Secret] = field(default_factory=dict)
    resolve: dial.Resolve = dial.resolve
    connect: dial.Connect = dial.connect
    verify: ssl.SSLContext | None = None


def fetch(url: str, visitor: Visitor, headers: Mapping[str, str]) -> Answer:
    """Get ``url`` and whatever it redirects to.

    Raises NotAllowed (the guard), PartnerUnavailable (no or half an answer), TooLarge (a cap), Malformed (a body that
    is not what its headers say).
    """
    deadline = dial.Deadline(visitor.limits.seconds, visitor.limits.idle_seconds)
    seen = url
    for _ in range(visitor.limits.redirects + 1):
        place = check_url(seen, visitor.policy)
        if visitor.home.scheme == "https" and place.scheme != "https":
            raise NotAllowed("guard-downgrade", url=shown(seen))
        answer = _ask(seen, place, visitor, headers, deadline)
        target = answer.headers.get("location")
        if answer.status not in REDIRECTS or not target:
            return answer
        seen = _joined(seen, target)
    raise PartnerUnavailable("fetch-redirects", url=shown(url), most=visitor.limits.redirects)


def _joined(url: str, target: str) -> str:
    """Where a redirect leads. Raises NotAllowed for what is no URL."""
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise NotAllowed("guard-url", url=shown(target)) from error


def _ask(url: str, place: Place, visitor: Visitor, headers: Mapping[str, str], deadline: dial.Deadline) -> Answer:
    sent = {"User-Agent": visitor.user_agent, "Accept-Encoding": "gzip", "Connection": "close", **headers}
    if place == visitor.home:
        sent |= {name: secret.reveal() for name, secret in visitor.credentials.items()}
    limits = visitor.limits
    line = Line(
        policy=visitor.policy,
        deadline=deadline,
        connect_seconds=limits.connect_seconds,
        idle_seconds=limits.idle_seconds,
        resolve=visitor.resolve,
        connect=visitor.connect,
        verify=visitor.verify,
    )
    with exchange(line, "GET", url, place, headers=sent) as response:
        _same_place(response, place)
        return _receive(url, response, visitor, deadline)


def _same_place(response: httpx2.Response, place: Place) -> None:
    """Make sure the library read the same host out of the URL as the guard did."""
    if parse_place(str(response.request.url)) != place:
        raise NotAllowed("guard-url", url=shown(str(response.request.url)))


def _receive(url: str, response: httpx2.Response, visitor: Visitor, deadline: dial.Deadline) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    counted = _Counted(response, visitor.limits, deadline)
    kept, excerpt = None, ""
    ranged = response.status_code == 206 and "range" in response.request.headers
    if response.status_code == 200 or ranged:
        _require_frame(url, headers)
        with visitor.raw.draft() as (draft, path):
            for chunk in _decoded(counted, headers, visitor.limits):
                _write(draft, chunk, counted, visitor.limits)
            kept = visitor.raw.keep(draft, path)
    elif response.status_code not in REDIRECTS:
        excerpt = _excerpt(counted, headers, visitor.limits)
    return Answer(
        url=url,
        status=response.status_code,
        headers=headers,
        bytes=counted.bytes,
        milliseconds=deadline.milliseconds,
        kept=kept,
        excerpt=excerpt,
    )


def _require_frame(url: str, headers: Mapping[str, str]) -> None:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    framed = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
    if not framed and encoding == "identity":
        raise Malformed("fetch-unframed", url=shown(url))


class _Counted:
    """The bytes of a body as they come off the wire, counted and capped."""

    def __init__(self, response: httpx2.Response, limits: Limits, deadline: dial.Deadline) -> None:
        self._response = response
        self._limits = limits
        self._deadline = deadline
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._response.iter_raw():
            self.bytes += len(chunk)
            if self.bytes > self._limits.bytes:
                raise TooLarge("fetch-too-large", limit=self._limits.bytes)
            self._deadline.left()
            yield chunk


def _decoded(chunks: _Counted, headers: Mapping[str, str], limits: Limits) -> Iterator[bytes]:
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        yield from chunks
    elif encoding in {"gzip", "x-gzip"}:
        yield from _gunzipped(chunks, limits)
    else:
        raise Malformed("fetch-encoding", encoding=encoding[:40])


def _gunzipped(chunks: _Counted, limits: Limits) -> Iterator[bytes]:
    """Decompress member after member, a megabyte at a time, so that no bomb is ever held in memory."""
    member = zlib.decompressobj(wbits=31)
    begun = False
    for chunk in chunks:
        waiting = chunk
        while waiting:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            try:
                out = member.decompress(waiting, 1 << 20)
            except zlib.error as error:
                raise Malformed("fetch-gzip") from error
            begun = True
            yield out
            waiting = member.unused_data if member.eof else member.unconsumed_tail
    if begun and not member.eof:
        raise PartnerUnavailable("fetch-cut", limit=limits.bytes)


def _write(draft: Draft, chunk: bytes, counted: _Counted, limits: Limits) -> None:
    draft.write(chunk)
    if draft.size > limits.unpacked_bytes:
        raise TooLarge("fetch-too-large", limit=limits.unpacked_bytes)
    if draft.size > 1 << 20 and draft.size > limits.ratio * counted.bytes:
        raise TooLarge("fetch-ratio", ratio=limits.ratio)


def _excerpt(chunks: _Counted, headers: Mapping[str, str], limits: Limits) -> str:
    """Read the beginning of a refusal's body; whatever is wrong with the body, the refusal counts."""
    found = b""
    try:
        for chunk in _decoded(chunks, headers, limits):
            found += chunk
            if len(found) >= EXCERPT:
                break
    except (Malformed, TooLarge, PartnerUnavailable, httpcore2.ProtocolError, httpcore2.ReadError):
        pass
    return found[:EXCERPT].decode("utf-8", errors="replace")
