"""The manifest: what a backup holds, file by file with size and hash, and what it leaves out.

Names are of few shapes, each checked when a manifest is read: nothing in a backup can name a place outside of it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from sdmx_hub.errors import Malformed

KIND, FORMAT = "sdmx-hub-backup", 1
MARK, MANIFEST, EARLIER = "sdmx-hub-backup.json", "manifest.json", "earlier"
MOST_BYTES = 256_000_000
"""No manifest is larger: it would hold a million files."""
_HEX = "[0-9a-f]"
NAMES = re.compile(
    rf"(segments/(?P<segment>{_HEX}{{64}})\.duckdb|log/(?P<log>{_HEX}{{64}})\.parquet|raw/(?P<folder>{_HEX}{{2}})/"
    rf"(?P<raw>(?P=folder){_HEX}{{62}})|home/(?P<home>{_HEX}{{64}})|control/(?P<control>{_HEX}{{64}})\.jsonl\.zst)"
)
"""What files of a backup are called: by their hash."""
RESERVED = frozenset({"observations", "raw", "cache", "control.db", "control.db-wal", "control.db-shm"})
"""Names in a home that are not for settings and mappings."""
_PATH = re.compile(r"[^/\\\x00-\x1f:]{1,200}(/[^/\\\x00-\x1f:]{1,200}){0,9}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of a backup."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds.

    ``identity`` is the same for all backups of one hub, wherever it lives. ``home`` maps paths below its home to the
    files kept for them; ``left_out`` are the files somebody has to look after otherwise, ``lacking`` those that should
    be here and were missing or damaged where they were copied from.
    """

    made_at: dt.datetime
    program: str
    revision: str
    identity: str
    hub_id: str
    origin: str
    database: str
    audit_head: str
    control: Entry
    tables: Mapping[str, int]
    files: tuple[Entry, ...]
    home: Mapping[str, str]
    secrets: bool
    left_out: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All files, the control tables first."""
        return (self.control, *self.files)

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(entry.bytes for entry in self.entries)

    def as_json(self) -> dict[str, Any]:
        """Shape for reports: everything but the list of files."""
        told = vars(self) | {"made_at": self.made_at.isoformat(), "files": len(self.files), "bytes": self.bytes}
        return {**told, "control": self.control.name, "home": sorted(self.home)}


def write_manifest(manifest: Manifest) -> bytes:
    """Write a manifest, sealed by a hash of itself."""
    told = vars(manifest) | {
        "kind": KIND,
        "format": FORMAT,
        "made_at": manifest.made_at.isoformat(),
        "control": vars(manifest.control),
        "files": [vars(entry) for entry in manifest.files],
    }
    return orjson.dumps({**told, "seal": _seal(told)}, option=orjson.OPT_INDENT_2)


def read_manifest(text: bytes, where: str) -> Manifest:
    """Read a manifest. Raises Malformed for anything this release does not write, and for one that was changed."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("backup-damaged", file=where, why="JSON") from error
    check_mark(told, where)
    if told.pop("seal", None) != _seal(told):
        raise Malformed("backup-damaged", file=where, why="SHA-256")
    del told["kind"], told["format"]
    try:
        manifest = Manifest(
            **{
                **told,
                "made_at": dt.datetime.fromisoformat(told["made_at"]),
                "control": Entry(**told["control"]),
                "files": tuple(Entry(**entry) for entry in told["files"]),
                "left_out": tuple(told["left_out"]),
                "lacking": tuple(told["lacking"]),
            }
        )
        _check(manifest)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise Malformed("backup-damaged", file=where, why=f"{type(error).__name__}: {error}"[:120]) from error
    return manifest


def write_mark() -> bytes:
    """Write what stands first in a backup, so that whoever opens it knows at once what it is."""
    return orjson.dumps({"kind": KIND, "format": FORMAT})


def check_mark(told: Any, where: str) -> None:
    """Make sure that a mark or manifest is of a backup this release reads. Raises Malformed."""
    if not isinstance(told, dict) or told.get("kind") != KIND:
        raise Malformed("backup-foreign", file=where)
    if told.get("format") != FORMAT:
        raise Malformed("backup-newer", revision=f"format {str(told.get('format'))[:20]}")


def check_name(name: str) -> re.Match[str]:
    """Make sure that a name is one a backup uses. Raises ValueError."""
    found = NAMES.fullmatch(name)
    if found is None:
        raise ValueError(f"name {name[:80]!r}")
    return found


def _check(manifest: Manifest) -> None:
    """Raise ValueError for names and values no backup has."""
    names = [entry.name for entry in manifest.entries]
    if len(set(names)) != len(names):
        raise ValueError("name twice")
    for entry in manifest.entries:
        found = check_name(entry.name)
        if entry.sha256 not in found.groupdict().values() or not isinstance(entry.bytes, int) or entry.bytes < 0:
            raise ValueError(f"entry {entry.name[:80]!r}")
    if not manifest.control.name.startswith("control/"):
        raise ValueError("control")
    for path, name in manifest.home.items():
        if name not in names or not name.startswith("home/") or not _is_inside(path):
            raise ValueError(f"path {path[:80]!r}")


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return (
        _PATH.fullmatch(path) is not None
        and not parts[0].startswith(".")
        and parts[0] not in RESERVED | {".."}
        and (".." not in parts and "." not in parts)
    )


def _seal(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
