"""Bodies sent as they are written: the beginning is drawn early, so that a refusal still becomes a status."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from flask import Response, request

from sdmx_hub.errors import NotAcceptable
from sdmx_hub.formats.compress import COMPRESSORS, choose_encoding, compress

Chunk = bytes | memoryview
IDENTITY = "identity"


FIRST_BYTES = 32_768
"""Drawn before the status is sent: what fits is sent whole, with its length."""


class Body:
    """An iterator over bytes whose beginning is already there; closing it closes what it draws from."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._source = chunks
        self._chunks = iter(chunks)
        self._drawn: deque[bytes] = deque()
        self.is_whole = True
        size = 0
        for chunk in self._chunks:
            self._drawn.append(bytes(chunk))
            size += len(self._drawn[-1])
            if size >= FIRST_BYTES:
                self.is_whole = False
                break

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._drawn:
            return self._drawn.popleft()
        if self.is_whole:
            raise StopIteration
        return bytes(next(self._chunks))

    def close(self) -> None:
        """Stop drawing: called by the server when the answer is sent or the client is gone."""
        for layer in {id(one): one for one in (self._chunks, self._source)}.values():
            close = getattr(layer, "close", None)
            if close is not None:
                close()


def asked_encoding() -> str | None:
    """The content coding to use: ``?compression=`` beats ``Accept-Encoding``. Raises NotAcceptable."""
    wish = request.args.get("compression", "").strip().lower()
    if wish == IDENTITY:
        return None
    if wish:
        if wish not in COMPRESSORS:
            offered = ", ".join((*COMPRESSORS, IDENTITY))
            raise NotAcceptable("web-compression", asked=wish[:20], offered=offered)
        return wish
    return choose_encoding(request.headers.get("Accept-Encoding"))


def stream(chunks: Iterable[Chunk], *, content_type: str, encoding: str | None) -> Response:
    """Send ``chunks`` as they come, compressed when ``encoding`` says so; the content type stays exactly as given."""
    body = Body(chunks)
    sent = map(bytes, compress(body, encoding)) if encoding else body
    if body.is_whole:
        response = Response(b"".join(sent), content_type=content_type)
    else:
        response = Response(sent, content_type=content_type)
    response.call_on_close(body.close)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    return response
