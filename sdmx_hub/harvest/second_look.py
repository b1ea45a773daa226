"""A second look at a question asked in parts: whether the data changed while they were asked for.

The first part is asked for again, if it has changed. A 304 ends the matter; so does the same content, unless the
partner says by its headers that something is newer: then every part is looked at. What counts is the content: the
moment at which a message was written is no change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.raw import RawStore
from sdmx_hub.harvest.splitting import Part, validators_of
from sdmx_hub.load.guard import open_guarded

_WRITTEN = (
    re.compile(rb"<(\w+:)?Header\b.{0,20000}?</(?:\w+:)?Header>", re.DOTALL),
    re.compile(rb'"prepared"\s*:\s*"[^"]{0,100}"'),
    re.compile(rb'(?:(?<="meta":\{)|(?<="header":\{))\s*"id"\s*:\s*"[^"]{0,500}"'),
)
"""When and as what a message was written, in XML and JSON."""
_HEAD = 32_768
"""So far into a message its header reaches."""
_BLOCK = 1 << 20

AskAgain = Callable[[Part, Mapping[str, str]], Answer]


def has_changed(parts: Sequence[Part], ask: AskAgain, raw: RawStore) -> bool:
    """Tell whether what the parts hold is no longer what the partner answers. Raises as ``ask``."""
    there = [part for part in parts if part.sha256]
    if not there:
        return False
    verdict = _look(there[0], ask, raw)
    if verdict is None:
        return any(_look(part, ask, raw, closely=True) for part in there[1:])
    return verdict


def _look(part: Part, ask: AskAgain, raw: RawStore, *, closely: bool = False) -> bool | None:
    """Whether a part has changed; None where its content is the same, and its headers are newer all the same."""
    answer = ask(part, {} if closely else part.validators)
    if answer.status == 304:
        return False
    if answer.status != 200 or answer.kept is None:
        return True
    if content_hash(answer.kept.path) != content_hash(raw.get(part.sha256 or "")):
        return True
    same = closely or validators_of(answer) == dict(part.validators)
    return False if same else None


def content_hash(path: Path) -> str:
    """A hash of a message, unpacked, without what its header says of when and as what it was written."""
    digest = hashlib.sha256()
    with open_guarded(path) as guarded, guarded.path.open("rb") as stream:
        head = stream.read(_HEAD)
        for pattern in _WRITTEN:
            head = pattern.sub(b"", head)
        digest.update(head)
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
