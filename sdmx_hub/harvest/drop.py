"""The folder of a partner: files that appear there are taken one a run, each content once.

A file is left alone while it grows, while its name says that it is not whole, and when it is no plain file. It is read
once, into the raw store; then it moves to ``done``, ``held`` or ``refused`` with a report beside it. A file that was
loaded and not yet moved when its worker died is known by its hash, and moved.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdmx_hub.errors import ConfigurationError, TooLarge
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.raw import Kept
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.store.run_rows import GOOD, Outcome, Request, Slot, State, Trigger, Verdict

FILE = "file"
"""Purpose of a request that is a file, and where a run's plan names it."""
SETTLE = 2.0
"""A file is whole when so many seconds have not changed it."""
DONE, HELD, REFUSED = "done", "held", "refused"
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp")
_BLOCK = 1 << 20
_Look = tuple[int, int, int]


def drop_folder(parts: Parts, source: Source) -> Path:
    """The folder of a source. Raises ConfigurationError when none is allowed, or it is not below the allowed root."""
    root = parts.settings.drop_root
    if not root:
        raise ConfigurationError("harvest-drop-root", source=source.id)
    allowed = Path(root).resolve()
    folder = (allowed / (source.folder or "")).resolve()
    if not folder.is_relative_to(allowed) or not folder.is_dir():
        raise ConfigurationError("harvest-drop-folder", source=source.id, folder=source.folder or "")
    return folder


def waiting_files(folder: Path, flow: Flow) -> list[Path]:
    """The files of a flow that wait, oldest first."""
    found = [
        (seen[1], path.name, path)
        for path in folder.iterdir()
        if _is_meant(path.name, flow.files) and (seen := _look(path)) is not None and seen[0]
    ]
    return [path for _, _, path in sorted(found)]


def _is_meant(name: str, pattern: str) -> bool:
    unfinished = name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)
    return not unfinished and fnmatch.fnmatchcase(name, pattern)


def _look(path: Path) -> _Look | None:
    """Size, time of the last change and inode of a plain file; None for anything else, links too."""
    try:
        seen = path.lstat()
    except OSError:
        return None
    return (seen.st_size, seen.st_mtime_ns, seen.st_ino) if stat.S_ISREG(seen.st_mode) else None


def take_file(parts: Parts, source: Source, flow: Flow, hold: Hold, plan: dict[str, Any]) -> Answer:
    """Take the oldest file that is whole: its bytes, kept; 204 when there is none. Raises TooLarge."""
    plan.pop(FILE, None)
    folder = drop_folder(parts, source)
    before = {path: _look(path) for path in waiting_files(folder, flow)}
    if before:
        hold.wait(SETTLE)
    for path, seen in before.items():
        kept = _keep(parts, source, path) if seen is not None and _look(path) == seen else None
        if kept is not None and _look(path) == seen:
            plan[FILE] = path.name
            return _answer(parts, hold, path.name, kept)
    return Answer(url="", status=204, headers={}, bytes=0, milliseconds=0)


def _keep(parts: Parts, source: Source, path: Path) -> Kept | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream, parts.raw.draft() as (draft, place):
        while block := stream.read(_BLOCK):
            draft.write(block)
            if draft.size > source.limits.bytes:
                raise TooLarge("fetch-too-large", limit=source.limits.bytes)
        return parts.raw.keep(draft, place)


def _answer(parts: Parts, hold: Hold, name: str, kept: Kept) -> Answer:
    request = Request(
        sent_at=parts.clock.now(),
        purpose=FILE,
        url=name,
        status=200,
        bytes=kept.bytes,
        milliseconds=0,
        tries=1,
        raw_sha256=kept.sha256,
    )
    parts.runs.add_request(hold.run, request)
    return Answer(url=name, status=200, headers={}, bytes=kept.bytes, milliseconds=0, kept=kept)


def find_earlier(parts: Parts, hold: Hold, kept: Kept) -> Outcome | None:
    """Find that the same content was taken before; None when it is new, or was refused by the checks."""
    earlier = parts.runs.find_brought(hold.run, kept.sha256)
    if earlier is None:
        return None
    return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-drop-again", {"run": earlier}))


def settle_file(parts: Parts, source: Source, hold: Hold, plan: Mapping[str, Any], outcome: Outcome) -> None:
    """Move the file of a run to where it belongs and write the report; queue a run for the next one that waits."""
    name = plan.get(FILE)
    if name is None or hold.run.dry_run:
        return
    folder, flow = drop_folder(parts, source), source.flow(hold.run.flow)
    where = DONE if outcome.state in GOOD else HELD if outcome.state is State.HELD else REFUSED
    target = folder / where
    target.mkdir(exist_ok=True)
    moved = target / f"{hold.run.id}-{name}"
    report = moved.with_name(f"{moved.name}.json")
    report.write_text(_report(parts, hold, name, outcome), encoding="utf-8")
    (folder / name).rename(moved)
    if waiting_files(folder, flow):
        at = parts.clock.now() + dt.timedelta(milliseconds=1)
        slot = Slot(
            source=source.id,
            flow=flow.id,
            slot=at,
            host=hold.run.host,
            trigger=Trigger.NOTICE,
            follows=hold.run.id,
        )
        parts.runs.queue(slot, now=parts.clock.now())


def _report(parts: Parts, hold: Hold, name: str, outcome: Outcome) -> str:
    language = parts.settings.language
    counts = {one: getattr(outcome, one) for one in ("received", "added", "revised", "deleted", "unchanged")}
    told = {
        "file": name,
        "run": hold.run.id,
        "state": outcome.state.value,
        "verdict": outcome.verdict.text(language),
        **counts,
        "findings": [finding.as_json(language) for finding in outcome.findings],
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
