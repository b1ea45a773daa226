"""A run taken over after it had published: its outcome is read from the release, and nobody is asked again."""

from __future__ import annotations

from sdmx_hub.harvest.loading import LOGS
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.source import Flow
from sdmx_hub.store.fence import read_published
from sdmx_hub.store.run_rows import Outcome, Run, State, Verdict


def recover_outcome(parts: Parts, run: Run, flow: Flow) -> Outcome | None:
    """Tell how a run ended whose worker died between its release and its end; None when it released nothing.

    The findings are those of nobody: they died with the worker. They were not errors, or nothing had been released.
    """
    release = run.outcome.release_id
    if release is None:
        return None
    found = read_published(parts.database, release, str(flow.dataflow))
    counts = {name: getattr(found, name) for name in ("added", "revised", "deleted", "unchanged")}
    logs = run.outcome.memory.get(LOGS, [])
    return Outcome(
        state=State.SUCCEEDED,
        verdict=Verdict("harvest-succeeded", counts),
        received=found.received,
        release_id=release,
        memory={**run.outcome.memory, LOGS: [*logs, found.log] if found.log and found.log not in logs else logs},
        **counts,
    )
