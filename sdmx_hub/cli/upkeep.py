"""``sdmx-hub upkeep``: fold small releases together and remove what nobody refers to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.errors import TryAgain
from sdmx_hub.language import sentence
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.store.observations import utc_now


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What was done, or would be: dataflows folded, those somebody was loading, files removed."""

    compacted: tuple[str, ...]
    busy: tuple[str, ...]
    removed: tuple[str, ...]
    dry_run: bool


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@json_option
@pass_hub
def upkeep(hub: HubContext, *, dry_run: bool, as_json: bool) -> None:
    r"""Keep the stored observations small and quick. What is visible, and its history, stays as it is.

    Folds the releases of a dataflow into one file where they have become many, and removes files that no release has
    referred to for a day. Run it from a timer, once an hour or once a night.

    \b
    Examples:
      sdmx-hub --home office upkeep --dry-run
      sdmx-hub --home office upkeep --json
    """
    done = keep_up(hub, dry_run=dry_run)
    show(asdict(done), as_json=as_json, text=lambda: "\n".join(_lines(done, hub.language)))


def keep_up(hub: HubContext, *, dry_run: bool = False) -> Upkeep:
    """Compact the dataflows that want it and collect what has been unreferenced for the grace period."""
    artefacts, observations = hub.registry.snapshot(), hub.observations
    compacted, busy = [], []
    for dataflow in artefacts.select(CLASS_BY_NAME["Dataflow"]):
        if not observations.wants_compaction(dataflow.ref):
            continue
        try:
            if not dry_run:
                observations.compact(dataflow.ref, artefacts.structure_of(dataflow.urn), actor="upkeep")
        except TryAgain:
            busy.append(str(dataflow.ref))
        else:
            compacted.append(str(dataflow.ref))
    removed = observations.collect(now=utc_now(), dry_run=dry_run)
    return Upkeep(compacted=tuple(compacted), busy=tuple(busy), removed=removed, dry_run=dry_run)


def _lines(done: Upkeep, language: str) -> Iterator[str]:
    for dataflow in done.compacted:
        yield sentence("upkeep-would-compact" if done.dry_run else "upkeep-compacted", language, dataflow=dataflow)
    for dataflow in done.busy:
        yield sentence("upkeep-busy", language, dataflow=dataflow)
    if done.removed:
        key = "upkeep-would-remove" if done.dry_run else "upkeep-removed"
        yield sentence(key, language, count=len(done.removed))
    if not (done.compacted or done.busy or done.removed):
        yield sentence("upkeep-nothing", language)
