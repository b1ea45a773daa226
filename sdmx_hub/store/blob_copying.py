"""Taking all stored files to another place: each checked on the way, those that are there already left alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sdmx_hub.errors import Damaged
from sdmx_hub.store.blobs import Blob, Blobs, copy_blob, digest_in

_HASH = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Copying:
    """What there is to copy: the files that the target lacks, and how many it has."""

    lacking: tuple[Blob, ...]
    there: int

    @property
    def bytes(self) -> int:
        """Bytes to be copied."""
        return sum(blob.size for blob in self.lacking)


def plan_copying(source: Blobs, target: Blobs) -> Copying:
    """Compare two places by names and sizes. Files that are not named by a hash were never stored, and stay."""
    files = [blob for blob in source.names() if _HASH.fullmatch(digest_in(blob.name))]
    there = {(blob.name, blob.size) for blob in target.names()}
    lacking = sorted(blob for blob in files if (blob.name, blob.size) not in there)
    return Copying(lacking=tuple(lacking), there=len(files) - len(lacking))


def copy_blobs(planned: Copying, source: Blobs, target: Blobs, told: Callable[[int], None]) -> tuple[str, ...]:
    """Copy what is lacking; gives the names of files that were missing or damaged at their source, and not copied.

    May be broken off and begun again at any moment. ``told`` is told of the bytes of each file.
    """
    damaged = []
    for blob in planned.lacking:
        draft = target.draft(blob.name.partition("/")[0])
        try:
            copy_blob(source, blob.name, draft)
        except Damaged:
            damaged.append(blob.name)
        else:
            target.put(draft, blob.name)
        finally:
            draft.unlink(missing_ok=True)
        told(blob.size)
    return tuple(damaged)
