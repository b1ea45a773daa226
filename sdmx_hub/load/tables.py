"""The files of a table that stands in several: all guarded, told by one hash, each kept; findings tell their file."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sdmx_hub.load.guard import Guarded, hash_file, open_guarded
from sdmx_hub.load.raw import keep_raw
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.mapping.table import SHIFT, TableFile
from sdmx_hub.model.finding import Finding
from sdmx_hub.store.blobs import Blobs


@contextlib.contextmanager
def open_files(order: LoadOrder) -> Iterator[tuple[Guarded, LoadOrder]]:
    """Let the file of an order in, or all its files; the order given back names them as they may be read.

    The size of several is their sum, the hash that of the list of their hashes and names. Raises as ``open_guarded``.
    """
    if not order.tables:
        with open_guarded(order.path, order.limits, is_message=order.mapping is None) as guarded:
            yield guarded, order
        return
    with contextlib.ExitStack() as stack:
        plain = order.mapping is None
        let_in = [stack.enter_context(open_guarded(one.path, order.limits, is_message=plain)) for one in order.tables]
        pairs = list(zip(order.tables, let_in, strict=True))
        tables = tuple(dataclasses.replace(one, path=file.path, name=one.shown) for one, file in pairs)
        first = let_in[0]
        if len(let_in) > 1:
            listed = hashlib.sha256(_listed(order.tables)).hexdigest()
            first = dataclasses.replace(first, size=sum(file.size for file in let_in), sha256=listed)
        yield first, dataclasses.replace(order, tables=tables)


def keep_files(order: LoadOrder, sha256: str, blobs: Blobs) -> None:
    """Keep the bytes of a load; of several files each, and their list under the hash of the load."""
    if len(order.tables) < 2:
        keep_raw(order.path, sha256, blobs)
        return
    for table in order.tables:
        keep_raw(table.path, hash_file(table.path), blobs)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-list-") as own:
        listed = Path(own) / "files"
        listed.write_bytes(_listed(order.tables))
        keep_raw(listed, sha256, blobs)


def _listed(tables: Sequence[TableFile]) -> bytes:
    return "".join(f"{hash_file(one.path)}  {one.shown}\n" for one in tables).encode()


def teller(tables: Sequence[TableFile], shown: str) -> Callable[[Finding], Finding]:
    """Make what gives a finding its file, where the number of its row tells it; ``shown`` is the name of the load."""

    def tell(finding: Finding) -> Finding:
        row = finding.where.row
        if row is None or (row < 1 << SHIFT and finding.where.file != shown):
            return finding
        own = dataclasses.replace(finding.where, file=tables[row >> SHIFT].shown, row=row & ((1 << SHIFT) - 1))
        return dataclasses.replace(finding, where=own)

    return tell if len(tables) > 1 else lambda finding: finding
