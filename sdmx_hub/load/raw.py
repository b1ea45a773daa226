"""The bytes of every load, kept as they were sent under the name of their hash."""

from __future__ import annotations

import shutil
from pathlib import Path

from sdmx_hub.store.blobs import RAW, Blobs, raw_name


def keep_raw(path: Path, sha256: str, blobs: Blobs) -> None:
    """Keep a copy of a file; one that is there already is left alone. Durable when it returns."""
    if blobs.exists(raw_name(sha256)):
        return
    draft = blobs.draft(RAW)
    try:
        shutil.copyfile(path, draft)
        blobs.put(draft, raw_name(sha256))
    finally:
        draft.unlink(missing_ok=True)
