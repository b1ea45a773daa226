"""The few things the store does to files: every write that must survive a crash goes through here.

A file is written under a temporary name, flushed to the disk, renamed to the hash of its content and its folder
flushed: whoever finds it under its final name finds all of it.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stored:
    """A file under its final name."""

    sha256: str
    bytes: int


def temporary(folder: Path, suffix: str) -> Path:
    """Choose a temporary name in ``folder``, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid.uuid4().hex}{suffix}"


def store_file(path: Path, folder: Path, suffix: str) -> Stored:
    """Move a finished temporary file to ``<folder>/<sha256><suffix>``, so that it survives a crash."""
    flush(path)
    stored = Stored(digest(path), path.stat().st_size)
    folder.mkdir(parents=True, exist_ok=True)
    rename(path, folder / f"{stored.sha256}{suffix}")
    flush(folder)
    return stored


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rename(path: Path, target: Path) -> None:
    """Rename within one file system; what was there is replaced."""
    path.replace(target)


def flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def discard(path: Path) -> None:
    """Remove a temporary file, and what the engine may have left beside it."""
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
