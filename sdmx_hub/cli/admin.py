"""``sdmx-hub init`` and ``sdmx-hub doctor``: make a home, and say whether it is well."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import click

from sdmx_hub.cli.context import FAILED, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.progress import progress
from sdmx_hub.cli.refused import as_refusal, troubles
from sdmx_hub.config import Settings
from sdmx_hub.errors import HubError
from sdmx_hub.harvest.attendance import OK, read_attendance
from sdmx_hub.language import sentence
from sdmx_hub.model.finding import Severity
from sdmx_hub.store.run_rows import short_instant
from sdmx_hub.store.workers import Workers

SETTINGS_FILE = "hub.toml"
LOW_DISK_BYTES = 1_000_000_000
INFO = Severity.INFO


class Check(NamedTuple):
    """One thing looked at, and what was seen; ``ok`` is False when somebody must act."""

    name: str
    ok: bool
    seen: str


@click.command()
@json_option
@pass_hub
def init(hub: HubContext, *, as_json: bool) -> None:
    r"""Make a home for a hub: settings file, control database, folders. What exists is left as it is.

    \b
    Examples:
      sdmx-hub --home office init
      SDMX_HUB_HOME=/var/lib/sdmx-hub sdmx-hub init
    """
    fresh = not hub.is_initialised
    make_home(hub)
    key = "init-done" if fresh else "init-already"
    answer = {"home": str(hub.home), "created": fresh}
    show(answer, as_json=as_json, text=sentence(key, hub.language, home=hub.home))


def make_home(hub: HubContext) -> None:
    """Make the folders, the settings file and the control database where they are missing."""
    hub.home.mkdir(parents=True, exist_ok=True)
    (hub.home / "raw").mkdir(exist_ok=True)
    (hub.home / "observations").mkdir(exist_ok=True)
    path = hub.home / SETTINGS_FILE
    if not path.exists():
        path.write_text(settings_text(hub.settings), encoding="utf-8")
    hub.database.is_current()


def settings_text(settings: Settings) -> str:
    """Write a settings file in which every setting is explained, and commented out where it has its default."""
    lines = ["# Settings of this hub. Lines that start with # show the defaults.", ""]
    for item in dataclasses.fields(Settings):
        value = getattr(settings, item.name)
        mark = "# " if value == item.default else ""
        # A JSON string, number or boolean is also a TOML one.
        lines += [f"# {item.metadata['explained']}", f"{mark}{item.name} = {json.dumps(value)}", ""]
    return "\n".join(lines)


@click.command()
@click.option("--quick", is_flag=True, help="Only see that every stored file is there; read none.")
@json_option
@pass_hub
def doctor(hub: HubContext, *, quick: bool, as_json: bool) -> None:
    r"""Look the hub over: database, stored files and their hashes, audit chain, disk. Changes nothing.

    Exits with 0 when all is well and 1 when somebody must act.

    \b
    Examples:
      sdmx-hub --home office doctor
      sdmx-hub --home office doctor --quick --json
    """
    checks = list(_checks(hub, quick=quick))
    answer = {"ok": all(check.ok for check in checks), "checks": [check._asdict() for check in checks]}
    show(answer, as_json=as_json, text=lambda: "\n".join(_line(check) for check in checks))
    if not answer["ok"]:
        sys.exit(FAILED)


def _line(check: Check) -> str:
    return f"{'ok ' if check.ok else 'BAD'}  {check.name:<14} {check.seen}"


def _checks(hub: HubContext, *, quick: bool) -> Iterator[Check]:
    looks: dict[str, Callable[[HubContext], tuple[bool, str]]] = {
        "home": _home,
        "database": lambda hub: (hub.database.is_current(), hub.database.engine.dialect.name),
        "disk": _disk,
        "structures": _structures,
        "harvests": _harvests,
        "storage": _storage,
        "observations": lambda hub: _observations(hub, quick=quick),
    }
    for name, look in looks.items():
        yield _look(hub, name, look)


def _look(hub: HubContext, name: str, look: Callable[[HubContext], tuple[bool, str]]) -> Check:
    try:
        ok, seen = look(hub)
    except HubError as error:
        return Check(name, ok=False, seen=error.text(hub.language))
    except troubles() as error:
        refusal = as_refusal(error)
        if refusal is None:
            raise
        return Check(name, ok=False, seen=refusal.text(hub.language))
    return Check(name, ok=ok, seen=seen)


def _home(hub: HubContext) -> tuple[bool, str]:
    return (hub.home / SETTINGS_FILE).is_file(), str(hub.home.resolve())


def _disk(hub: HubContext) -> tuple[bool, str]:
    free = shutil.disk_usage(hub.home).free
    return free > LOW_DISK_BYTES, sentence("doctor-disk", hub.language, free=f"{free / 1e9:.1f}")


def _structures(hub: HubContext) -> tuple[bool, str]:
    return True, sentence("doctor-structures", hub.language, count=len(hub.registry.snapshot()))


def _harvests(hub: HubContext) -> tuple[bool, str]:
    """Who is there to visit partners, and whether visits wait for somebody in vain."""
    now = dt.datetime.now(dt.UTC)
    workers = Workers(hub.database)
    everybody = workers.select()
    heard = [f"{one.role} {one.name}" for one in everybody if one.is_heard(now)]
    silent = [f"{one.role} {one.name}, {short_instant(one.heartbeat_at)}" for one in everybody if not one.is_heard(now)]
    queued, dead = workers.waiting(now)
    keeper = read_attendance(hub.database, now=now)
    told = [
        sentence("doctor-workers", hub.language, heard=", ".join(heard) or "-"),
        sentence("doctor-silent", hub.language, silent="; ".join(silent)) if silent else "",
        sentence("doctor-overdue", hub.language, queued=queued, dead=dead) if queued or dead else "",
    ]
    told += [] if keeper.state == OK else [keeper.reason.text(hub.language)]
    return not (queued or dead) and keeper.state == OK, " ".join(one for one in told if one)


def _storage(hub: HubContext) -> tuple[bool, str]:
    state = hub.blobs.state()
    return state == "ok", f"{hub.blobs.where}" if state == "ok" else f"{hub.blobs.where}: {state}"


def _observations(hub: HubContext, *, quick: bool) -> tuple[bool, str]:
    size = 0 if quick else sum(blob.size for blob in hub.blobs.names())
    with progress(size, sentence("doctor-reading", hub.language)) as step:
        findings = hub.observations.check(quick=quick, told=step)
    told = [f"{finding.where}: {finding.text(hub.language)}" for finding in findings if finding.severity is not INFO]
    left = sum(finding.severity is INFO for finding in findings)
    key = "doctor-there" if quick else "doctor-left" if left else "doctor-whole"
    whole = sentence(key, hub.language, **({"left": left} if left else {}))
    return not told, "; ".join(told) or whole
