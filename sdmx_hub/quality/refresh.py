"""DF_Q_MIRROR follows what it compares: published anew when either side, or what people said, has changed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sdmx_hub.load.report import LoadReport
from sdmx_hub.quality.mirror import MirrorQuery, open_mirror, versions_compared
from sdmx_hub.quality.mirror_release import DATAFLOW, release_mirror
from sdmx_hub.sharing.audiences import PUBLIC
from sdmx_hub.store.database import Database
from sdmx_hub.store.judgements import Judgements
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry


@dataclass
class MirrorKeeper:
    """Keeps DF_Q_MIRROR up to date. A new process compares once, whatever was done before it."""

    database: Database
    registry: Registry
    observations: Observations
    _seen: tuple[object, ...] = field(default=(), init=False)

    def refresh(self, now: dt.datetime) -> LoadReport | None:
        """Compare and publish, when anything has changed since the last time; None when nothing has.

        Raises TryAgain when somebody else is loading DF_Q_MIRROR.
        """
        artefacts = self.registry.snapshot()
        if artefacts.find(DATAFLOW) is None:
            return None
        judgements = Judgements(self.database)
        versions = versions_compared(artefacts, self.observations, audience=PUBLIC, now=now)
        seen = (artefacts.revision, judgements.last_id(), *versions)
        if seen == self._seen or not any(versions):
            return None
        with open_mirror(
            MirrorQuery(), artefacts, self.observations, audience=PUBLIC, now=now, judgements=judgements.current()
        ) as mirror:
            report = release_mirror(mirror, artefacts, self.observations, now=now)
        self._seen = seen
        return report
