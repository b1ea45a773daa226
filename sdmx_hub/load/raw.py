"""The bytes of every load, kept as they were sent under the name of their hash."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def keep_raw(path: Path, sha256: str, folder: Path) -> Path:
    """Keep a file; one that is there already is left alone. Durable when it returns."""
    target = folder / sha256[:2] / sha256
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(f".{os.getpid()}.tmp")
    shutil.copyfile(path, temporary)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.replace(target)
    return target
