"""Series keys in URLs: ``A.SEN+MLI..`` (REST v1), ``A.SEN.*.*,A.MLI.*.*`` (REST v2)."""

from __future__ import annotations

import re

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.key import Key
from sdmx_hub.query.request import ANY, KeyPattern
from sdmx_hub.query.text import LONGEST_ID, is_wildcard, shown, split_list

MOST_DIMENSIONS = 200
MOST_KEYS = 1_000
_CODE = re.compile(r"[A-Za-z0-9_@$-]+")


def parse_keys_v1(text: str) -> tuple[KeyPattern, ...]:
    """Read one key: dimensions between dots, codes between ``+`` (a ``,`` is taken as one), empty or ``*`` for all."""
    if is_wildcard(text):
        return ()
    return _canonical([_parse_key(text, ",+")])


def parse_keys_v2(text: str) -> tuple[KeyPattern, ...]:
    """Read keys between ``,``; within a dimension ``*`` or nothing for all, and ``+`` as in REST v1."""
    if is_wildcard(text):
        return ()
    if text.count(",") >= MOST_KEYS:
        raise BadRequest("query-too-long", part="key", most=MOST_KEYS)
    return _canonical([() if is_wildcard(one) and one else _parse_key(one, "+") for one in text.split(",")])


def _parse_key(text: str, separators: str) -> KeyPattern:
    parts = text.split(".")
    if len(parts) > MOST_DIMENSIONS:
        raise BadRequest("query-key", found=shown(text))
    read = [_parse_part(part, text, separators) for part in parts]
    while read and read[-1] is None:  # `A.SEN..` and `A.SEN` say the same
        read.pop()
    return tuple(read)


def _parse_part(part: str, key: str, separators: str) -> frozenset[str] | None:
    if part in {"", ANY}:
        return None
    codes = split_list(part, separators)
    if any(len(code) > LONGEST_ID or not _CODE.fullmatch(code) for code in codes):
        raise BadRequest("query-key", found=shown(key))
    return frozenset(codes)


def _canonical(keys: list[KeyPattern]) -> tuple[KeyPattern, ...]:
    if () in keys:
        return ()
    return tuple(sorted(set(keys), key=lambda parts: str(Key(parts))))
