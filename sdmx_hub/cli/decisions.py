"""``sdmx-hub harvest approve | reject | replay | retry | stop``: what persons do with runs."""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.harvest_report import make_parts, report_runs, run_line
from sdmx_hub.errors import TryAgain
from sdmx_hub.language import sentence
from sdmx_hub.store import decisions
from sdmx_hub.store.ledger import run_json

if TYPE_CHECKING:
    from sdmx_hub.harvest.replay import Replay


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@click.option("--reason", default="", help="Why, for the audit log.")
@click.option("--force", is_flag=True, help="Load although the dataflow has changed since it was compared.")
@json_option
@pass_hub
def approve(hub: HubContext, run_id: int, *, reason: str, force: bool, as_json: bool) -> None:
    r"""Load what a held run brought: exactly the bytes that were held, with the same checks, asking nobody.

    Refused when the dataflow has another state than the one the run was compared with. Exits as ``harvest run``.

    \b
    Examples:
      sdmx-hub harvest approve 17 --reason "confirmed by the partner"
      sdmx-hub harvest approve 17 --force --json
    """
    from sdmx_hub.harvest.worker import Worker  # noqa: PLC0415 - heavy, and few commands need it

    parts = make_parts(hub)
    decisions.approve(hub.database, run_id, actor=actor(), now=parts.clock.now(), reason=reason, force=force)
    report_runs(hub, [Worker(parts=parts).work_on(run_id)], as_json=as_json)


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@click.option("--reason", required=True, help="Why; everybody who reads the ledger sees it.")
@json_option
@pass_hub
def reject(hub: HubContext, run_id: int, *, reason: str, as_json: bool) -> None:
    r"""Turn down what a held run brought: it has failed, and nothing of it is loaded.

    \b
    Example:
      sdmx-hub harvest reject 17 --reason "the partner has sent thousands as units"
    """
    run = decisions.reject(hub.database, run_id, actor=actor(), now=dt.datetime.now(dt.UTC), reason=reason)
    _show(hub, run_json(run, hub.language), as_json=as_json)


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def replay(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    r"""Repeat a run from the bytes that were kept, asking nobody and publishing nothing.

    Begins with the dataflow as it was before the run, and says whether the same state, counts and findings come out.
    Exits with 3 when not.

    \b
    Examples:
      sdmx-hub harvest replay 17
      sdmx-hub harvest replay 17 --json
    """
    from sdmx_hub.harvest.replay import replay_run  # noqa: PLC0415 - heavy, and few commands need it

    found = replay_run(make_parts(hub), run_id)
    show(found.as_json(hub.language), as_json=as_json, text=lambda: _replayed(hub, found))
    if not found.is_equal:
        sys.exit(FINDINGS)


def _replayed(hub: HubContext, found: Replay) -> str:
    if not found.is_equal:
        differences = ", ".join(found.differences)
        return sentence("harvest-replay-differs", hub.language, run=found.run.id, differences=differences)
    counts = {name: getattr(found.outcome, name) for name in ("added", "revised", "deleted", "unchanged")}
    return sentence("harvest-replay-equal", hub.language, run=found.run.id, state=found.outcome.state.value, **counts)


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def retry(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    r"""Repeat a run that has ended, as a new run that names it; parts it got shortly before are not asked for again.

    While its repetition waits or is under way there is no second one: that one is worked on, or else shown.

    \b
    Examples:
      sdmx-hub harvest retry 17
      sdmx-hub harvest retry 17 --json
    """
    from sdmx_hub.harvest.worker import Worker  # noqa: PLC0415 - heavy, and few commands need it

    parts = make_parts(hub)
    again, is_new = decisions.queue_retry(hub.database, run_id, actor=actor(), now=parts.clock.now())
    if not is_new:
        click.echo(sentence("harvest-retry-waits", hub.language, run=run_id, again=again.id), err=True)
    try:
        done = Worker(parts=parts).work_on(again.id)
    except TryAgain:
        if is_new:
            raise
        _show(hub, run_json(again, hub.language), as_json=as_json)
        return
    report_runs(hub, [done], as_json=as_json)


@click.command()
@click.argument("run_id", type=int, metavar="RUN")
@json_option
@pass_hub
def stop(hub: HubContext, run_id: int, *, as_json: bool) -> None:
    r"""Stop a run: a queued one at once, a running one at its next step. Nothing is loaded then.

    \b
    Examples:
      sdmx-hub harvest stop 18
    """
    stopped = decisions.stop(hub.database, run_id, actor=actor(), now=dt.datetime.now(dt.UTC))
    _show(hub, run_json(stopped, hub.language), as_json=as_json)


def _show(hub: HubContext, answer: dict[str, Any], *, as_json: bool) -> None:
    show(answer, as_json=as_json, text=lambda: run_line(answer))


DECISIONS = (approve, reject, replay, retry, stop)
