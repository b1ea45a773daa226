"""What a run or a release changed, observation by observation: ``harvest diff`` and ``release diff``."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdmx_hub.cli.context import HubContext, pass_hub, tell
from sdmx_hub.cli.dataflow_name import find_ref
from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.run_rows import Run
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources

if TYPE_CHECKING:
    from sdmx_hub.load.changes import ReleaseChanges

_FORMAT = click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True, help="SDMX-CSV, or JSON."
)
_OUTPUT = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file, not to standard output."
)


@click.command("diff")
@click.argument("run_id", type=int, metavar="RUN")
@_FORMAT
@_OUTPUT
@pass_hub
def harvest_diff(hub: HubContext, run_id: int, form: str, output: Path | None) -> None:
    r"""Write what a run changed: added, revised with old and new, deleted; nothing below the heading for nothing.

    SDMX-CSV 2.0 with the action that would make the same change elsewhere; what was there before stands in the columns
    OLD_OBS_VALUE and so on.

    \b
    Examples:
      sdmx-hub harvest diff 12
      sdmx-hub harvest diff 12 --format json --output run-12.json
    """
    from sdmx_hub.load.changes import open_run_changes  # noqa: PLC0415 - heavy, and few commands need it

    run = Runs(hub.database).get(run_id)
    changes = open_run_changes(
        run.outcome.release_id,
        dataflow_of(hub, run),
        hub.registry.snapshot(),
        hub.observations,
        now=dt.datetime.now(dt.UTC),
    )
    _write(hub, changes, form, output)


@click.command("diff")
@click.argument("release_id", type=int, metavar="RELEASE")
@click.option("--dataflow", help="This dataflow of the release, as AGENCY:ID(VERSION); needed when it has several.")
@_FORMAT
@_OUTPUT
@pass_hub
def release_diff(hub: HubContext, release_id: int, dataflow: str | None, form: str, output: Path | None) -> None:
    r"""Write what a release changed: added, revised with old and new, deleted.

    SDMX-CSV 2.0 with the action that would make the same change elsewhere; what was there before stands in the columns
    OLD_OBS_VALUE and so on.

    \b
    Examples:
      sdmx-hub release diff 12 --output changes.csv
      sdmx-hub release diff 12 --dataflow "ILMH:DF_FLOW_POP(1.0.0)" --format json
    """
    from sdmx_hub.load.changes import open_release_changes  # noqa: PLC0415 - heavy, and few commands need it

    artefacts = hub.registry.snapshot()
    changes = open_release_changes(
        release_id,
        artefacts,
        hub.observations,
        dataflow=find_ref(artefacts, dataflow) if dataflow else None,
        now=dt.datetime.now(dt.UTC),
    )
    _write(hub, changes, form, output)


def dataflow_of(hub: HubContext, run: Run) -> Ref | None:
    """The dataflow a run was for; None when its source is not there any more."""
    from sdmx_hub.harvest.source import parse_stored  # noqa: PLC0415 - heavy, and few commands need it

    try:
        stored = Sources(hub.database).get(run.source)
    except NotFound:
        return None
    flows = {flow.id: flow.dataflow for flow in parse_stored(stored.document, stored.sha256).flows}
    return flows.get(run.flow)


def _write(hub: HubContext, changes: ReleaseChanges, form: str, output: Path | None) -> None:
    try:
        pieces = changes.json() if form == "json" else changes.csv()
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return
        with output.open("wb") as file:
            file.writelines(pieces)
    finally:
        changes.close()
    tell(sentence("release-changes-written", hub.language, path=output))
