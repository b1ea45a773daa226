"""JSON drawn as events, so that only one member of a large object is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import ijson

_BLOCK = 1 << 20


def after_mark(stream: IO[bytes]) -> IO[bytes]:
    """Go past a byte order mark, if there is one; gives the stream."""
    if stream.read(3) != b"\xef\xbb\xbf":
        stream.seek(0)
    return stream


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    """Blocks of a file, each with the end of the one before."""
    end = b""
    while block := stream.read(_BLOCK):
        yield end + block
        end = block[-8:]


def members(events: Iterator[tuple[str, str, Any]], here: str) -> Iterator[tuple[str, Any]]:
    """Draw the members of the object that begins now, one by one."""
    if next(events)[1] != "start_map":
        return
    for where, event, value in events:
        if where == here and event == "end_map":
            return
        if where == here and event == "map_key":
            yield value, build(events, next(events))


def build(events: Iterator[tuple[str, str, Any]], first: tuple[str, str, Any]) -> Any:
    """Build the value that begins with ``first``."""
    builder = ijson.ObjectBuilder()
    depth = 0
    event, value = first[1:]
    while True:
        builder.event(event, value)
        depth += (event in {"start_map", "start_array"}) - (event in {"end_map", "end_array"})
        if depth == 0:
            return builder.value
        _, event, value = next(events)
