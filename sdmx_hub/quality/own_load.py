"""What the hub measured goes in as any file does: as a message, in a folder that is gone afterwards."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

PROVIDER = "ILMH"
ACTOR = "quality"


def load_own(
    write: Callable[[Path], object],
    dataflow: Urn,
    artefacts: Artefacts,
    observations: Observations,
    *,
    name: str,
    now: dt.datetime,
    actor: str = ACTOR,
    scope: Mapping[str, frozenset[str]] | None = None,
    dry_run: bool = False,
) -> LoadReport:
    """Load the SDMX-CSV that ``write`` makes, in one release or none; with a ``scope`` it replaces what is within.

    Raises TryAgain when somebody else is loading the dataflow.
    """
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-quality-") as folder:
        path = Path(folder) / "observations.csv"
        write(path)
        action = Action.MERGE if scope is None else Action.REPLACE
        order = LoadOrder(path=path, dataflow=dataflow, provider=PROVIDER, action=action, scope=scope, name=name)
        return load_file(order, artefacts, observations, actor=actor, now=now, dry_run=dry_run)
