"""``sdmx-hub storage``: where the hub keeps its files, and taking them elsewhere."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import tempfile
from collections.abc import Iterator

import click

from sdmx_hub.cli.context import PARTIAL, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.progress import progress
from sdmx_hub.errors import BadRequest, ConfigurationError
from sdmx_hub.language import sentence
from sdmx_hub.store.blob_copying import copy_blobs, plan_copying
from sdmx_hub.store.blobs import KINDS, Blobs, local_blobs
from sdmx_hub.store.storage import open_remote

HOME = "home"
"""Names the home directory where else the address of an object store stands."""


@click.group()
def storage() -> None:
    """Where observations and received bytes are kept: in the home directory, or in an object store."""


@storage.command("show")
@json_option
@pass_hub
def show_storage(hub: HubContext, *, as_json: bool) -> None:
    r"""Say where the files are, how many, and whether the place answers.

    \b
    Examples:
      sdmx-hub --home office storage show
    """
    blobs = hub.blobs
    kinds = {kind: [blob.size for blob in blobs.names(kind)] for kind in KINDS}
    told = {kind: {"files": len(sizes), "bytes": sum(sizes)} for kind, sizes in kinds.items()}
    answer = {"where": blobs.where, "state": blobs.state(), **told}
    lines = [f"{kind:<10} {len(sizes):>8} {sum(sizes) / 1e6:>12.1f} MB" for kind, sizes in kinds.items()]
    show(answer, as_json=as_json, text=lambda: "\n".join([f"{blobs.where} {blobs.state()}", *lines]))


@storage.command()
@click.option("--to", "target", required=True, metavar="PLACE", help="s3://bucket/folder, or home.")
@click.option("--from", "origin", metavar="PLACE", help="The same; where the settings say unless told otherwise.")
@click.option("--dry-run", is_flag=True, help="Say what would be copied; write nothing.")
@json_option
@pass_hub
def copy(hub: HubContext, *, target: str, origin: str | None, dry_run: bool, as_json: bool) -> None:
    r"""Copy all files to another place, each checked against its hash; what is there already is left alone.

    Nothing is removed, and the hub may run meanwhile. Broken off, it goes on where it was when it is called again. Once
    nothing is left to copy, stop the hub, copy again, change storage_url and start it.
    Exits with 4 when files were missing or damaged at their origin.

    \b
    Examples:
      sdmx-hub --home office storage copy --to s3://office-data/hub --dry-run
      sdmx-hub --home office storage copy --to s3://office-data/hub
      sdmx-hub --home office storage copy --from s3://office-data/hub --to home
    """
    if not hub.is_initialised:
        raise ConfigurationError("home-missing", home=hub.home)
    with _opened(hub, origin or hub.settings.storage_url or HOME) as here, _opened(hub, target) as there:
        if here.where == there.where:
            raise BadRequest("storage-same", where=here.where)
        planned = plan_copying(here, there)
        damaged: tuple[str, ...] = ()
        if not dry_run:
            with progress(planned.bytes, sentence("storage-progress", hub.language)) as told:
                damaged = copy_blobs(planned, here, there, told)
        answer = {
            "from": here.where,
            "to": there.where,
            "copied": len(planned.lacking) - len(damaged),
            "bytes": planned.bytes,
            "there": planned.there,
            "damaged": list(damaged),
            "dry_run": dry_run,
        }
    key = "storage-would-copy" if dry_run else "storage-copied"
    lines = [sentence(key, hub.language, **{**answer, "megabytes": f"{planned.bytes / 1e6:.1f}"})]
    lines += [sentence("storage-not-copied", hub.language, file=name) for name in damaged]
    show(answer, as_json=as_json, text=lambda: "\n".join(lines))
    if damaged:
        sys.exit(PARTIAL)


@contextlib.contextmanager
def _opened(hub: HubContext, place: str) -> Iterator[Blobs]:
    """Open a place; what passes through stays in no cache."""
    if place == HOME:
        yield local_blobs(hub.home)
        return
    with tempfile.TemporaryDirectory(dir=hub.home, prefix=".copy-") as folder:
        settings = dataclasses.replace(hub.settings, cache_directory=folder, cache_bytes=0)
        blobs = open_remote(hub.home, settings, place)
        try:
            yield blobs
        finally:
            blobs.close()
