"""The few things the store does to files: every write that must survive a crash goes through here.

A file is written under a temporary name, flushed to the disk, renamed to the hash of its content and its folder
flushed: whoever finds it under its final name finds all of it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from pathlib import Path


def temporary(folder: Path, suffix: str) -> Path:
    """Choose a temporary name in ``folder``, which is made when missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uuid.uuid4().hex}{suffix}"


def place(path: Path, target: Path) -> None:
    """Move a finished file to its final name, so that it survives a crash; what was there is replaced."""
    flush(path)
    is_new = not target.parent.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        rename(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        near = target.with_name(f".draft-{uuid.uuid4().hex}")
        shutil.copyfile(path, near)
        flush(near)
        rename(near, target)
        path.unlink()
    flush(target.parent)
    if is_new:
        flush(target.parent.parent)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rename(path: Path, target: Path) -> None:
    """Rename within one file system."""
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
