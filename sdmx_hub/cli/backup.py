"""``sdmx-hub backup`` and ``sdmx-hub restore``: all a hub keeps, copied while it runs, and put back."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from sdmx_hub import __version__
from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.backup_home import read_home, with_places
from sdmx_hub.cli.context import FAILED, PARTIAL, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.progress import progress
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.store.backup.making import KEEP, Made, Order, make_backup, plan_backup
from sdmx_hub.store.backup.manifest import Manifest
from sdmx_hub.store.backup.restoring import Place, Restored, restore_backup
from sdmx_hub.store.backup.sources import list_backups, open_source
from sdmx_hub.store.blobs import Blobs
from sdmx_hub.store.observations import utc_now
from sdmx_hub.store.storage import open_blobs

_MOST_SHOWN = 20


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--list", "listed", is_flag=True, help="List the backups in TARGET; make none.")
@click.option("--check", is_flag=True, help="Read all of the newest backup in TARGET and say whether it is whole.")
@click.option("--dry-run", is_flag=True, help="Say what would be copied, and how many bytes; write nothing.")
@click.option(
    "--keep",
    type=click.IntRange(1, 10_000),
    default=KEEP,
    show_default=True,
    help="Backups that a folder keeps.",
)
@click.option("--anew", is_flag=True, help="Write files again that are there, in case a disk has lost them.")
@click.option("--with-secrets", is_flag=True, help="Take secret settings along, and secret files within the home.")
@json_option
@pass_hub
def backup(
    hub: HubContext,
    /,
    target: Path,
    *,
    listed: bool,
    check: bool,
    dry_run: bool,
    keep: int,
    anew: bool,
    with_secrets: bool,
    as_json: bool,
) -> None:
    r"""Back up the hub to TARGET, while it runs: a folder, or a file that ends with .tar or .tar.zst.

    A folder takes any number of backups of one hub; what they have in common is kept once. Exits with 4 when files of
    the hub were missing or damaged, and with 1 when a backup that was checked is not whole.

    \b
    Examples:
      sdmx-hub --home office backup /mnt/backup/office
      sdmx-hub --home office backup office-2026-11-22.tar.zst --with-secrets
      sdmx-hub backup /mnt/backup/office --check
    """
    if listed + check + dry_run > 1:
        raise BadRequest("backup-one-of", options="--list, --check, --dry-run")
    if listed:
        _list(hub, target, as_json=as_json)
    elif check:
        _check(hub, target, as_json=as_json)
    else:
        order = _order(hub, keep=keep, anew=anew, secrets=with_secrets)
        _make(hub, order, target, dry_run=dry_run, as_json=as_json)


def _order(hub: HubContext, *, keep: int, anew: bool, secrets: bool) -> Order:
    database = hub.database
    files = read_home(hub, secrets=secrets)
    return Order(
        database=database,
        blobs=hub.blobs,
        home=files.contents,
        hub_id=hub.settings.hub_id,
        program=__version__,
        origin=str(hub.home.resolve()),
        left_out=files.left_out,
        secrets=secrets,
        keep=keep,
        anew=anew,
    )


def _make(hub: HubContext, order: Order, target: Path, *, dry_run: bool, as_json: bool) -> None:
    planned = plan_backup(order, target, now=utc_now())
    made = planned
    if not dry_run:
        with progress(planned.manifest.bytes, sentence("backup-progress", hub.language)) as told:
            made = make_backup(order, target, now=utc_now(), told=told)
    answer = {
        **made.manifest.as_json(),
        "target": str(target),
        "dry_run": dry_run,
        "copied": made.copied,
        "copied_bytes": made.copied_bytes,
        "removed": made.removed,
    }
    show(answer, as_json=as_json, text=lambda: "\n".join(_made(made, target, hub.language, dry_run=dry_run)))
    if made.manifest.lacking:
        sys.exit(PARTIAL)


def _made(made: Made, target: Path, language: str, *, dry_run: bool) -> Iterator[str]:
    manifest = made.manifest
    yield sentence(
        "backup-planned" if dry_run else "backup-made",
        language,
        target=target,
        files=len(manifest.entries),
        size=_size(manifest.bytes),
        copied=made.copied,
        copied_size=_size(made.copied_bytes),
    )
    yield sentence("backup-with-secrets" if manifest.secrets else "backup-without-secrets", language)
    yield from _named("backup-left-out", manifest.left_out, language)
    yield from _named("backup-lacking", manifest.lacking, language)


def _named(key: str, names: tuple[str, ...], language: str) -> Iterator[str]:
    if names:
        yield sentence(key, language, count=len(names))
        yield from (f"  {name}" for name in names[:_MOST_SHOWN])


def _list(hub: HubContext, target: Path, *, as_json: bool) -> None:
    found = list_backups(target)
    lines = [
        f"{one.made_at:%Y-%m-%dT%H:%M:%SZ}  {one.hub_id:<12} {len(one.entries):>8}  {_size(one.bytes):>10}"
        for one in found
    ]
    show({"backups": [one.as_json() for one in found]}, as_json=as_json, text="\n".join(lines))


def _check(hub: HubContext, target: Path, *, as_json: bool) -> None:
    with progress(_bytes_of(target), sentence("backup-progress-check", hub.language)) as told:
        manifest, faults = open_source(target).faults(told)
    answer = {"ok": not faults, **manifest.as_json(), "faults": faults}
    show(answer, as_json=as_json, text=lambda: "\n".join(_checked(manifest, faults, target, hub.language)))
    if faults:
        sys.exit(FAILED)


def _checked(manifest: Manifest, faults: list[str], target: Path, language: str) -> Iterator[str]:
    key = "backup-not-whole" if faults else "backup-whole"
    made = f"{manifest.made_at:%Y-%m-%dT%H:%M:%SZ}"
    yield sentence(key, language, target=target, made=made, files=len(manifest.entries), faults=len(faults))
    yield from (f"  {name}" for name in faults[:_MOST_SHOWN])
    yield from _named("backup-lacking", manifest.lacking, language)


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Move what is in the home, and in its database, aside first.")
@click.option("--send-waiting", is_flag=True, help="Deliver the notifications that waited; the old hub must be gone.")
@json_option
@pass_hub
def restore(hub: HubContext, source: Path, *, replace: bool, send_waiting: bool, as_json: bool) -> None:
    r"""Restore a backup into the home, which must be empty, and into the control database of the settings.

    SOURCE is a folder (its newest backup), one of the manifests in it, or an archive. Nothing is ever removed: with
    --replace what is there is moved aside. Stop the services first. Exits with 4 when the backup lacks files.

    \b
    Examples:
      sdmx-hub --home restored restore /mnt/backup/office
      sdmx-hub --home office restore /mnt/backup/office/earlier/20261121T020000000000Z.json --replace
      SDMX_HUB_DATABASE_URL=postgresql://hub@/hub sdmx-hub --home office restore office.tar.zst
    """
    with _stored(hub) as blobs, progress(_bytes_of(source), sentence("restore-progress", hub.language)) as told:
        target = Place(
            home=hub.home,
            database_url=hub.settings.database_url,
            blobs=blobs,
            settle=lambda text: with_places(text, hub.settings, os.environ),
            replaces=replace,
            sends=send_waiting,
        )
        done = restore_backup(source, target, actor=actor(), now=utc_now(), told=told)
    answer: dict[str, Any] = {
        **done.manifest.as_json(),
        "home": str(hub.home),
        "queued": done.refitted.queued,
        "dropped": done.refitted.dropped,
        "aside": list(done.aside),
        "findings": [finding.as_json(hub.language) for finding in done.findings],
    }
    show(answer, as_json=as_json, text=lambda: "\n".join(_restored(done, hub)))
    if done.manifest.lacking or done.findings:
        sys.exit(PARTIAL)


@contextlib.contextmanager
def _stored(hub: HubContext) -> Iterator[Blobs | None]:
    """The object store of the settings, if any; its cache is not in the home, which is to be built."""
    if not hub.settings.storage_url:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-restore-") as folder:
        blobs = open_blobs(Path(folder), hub.settings)
        try:
            yield blobs
        finally:
            blobs.close()


def _restored(done: Restored, hub: HubContext) -> Iterator[str]:
    manifest, language = done.manifest, hub.language
    made = f"{manifest.made_at:%Y-%m-%dT%H:%M:%SZ}"
    yield sentence("restore-done", language, home=hub.home, made=made, files=len(manifest.entries))
    yield sentence("restore-refitted", language, queued=done.refitted.queued, dropped=done.refitted.dropped)
    yield from (sentence("restore-aside", language, place=place) for place in done.aside)
    if not manifest.secrets:
        yield sentence("restore-secrets", language)
    yield from _named("backup-left-out", manifest.left_out, language)
    yield from _named("backup-lacking", manifest.lacking, language)
    yield from (finding.text(language) for finding in done.findings)


def _bytes_of(path: Path) -> int:
    """About how many bytes are to be read, for the bar."""
    if path.is_file():
        return path.stat().st_size
    return list_backups(path)[0].bytes if path.is_dir() else 0


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
