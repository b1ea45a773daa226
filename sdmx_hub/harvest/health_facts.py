"""What the health of sources is computed from, gathered from the ledger and from what is held."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sdmx_hub.errors import HubError
from sdmx_hub.harvest.addresses import scope_of
from sdmx_hub.harvest.health import FlowFacts, Health, assess
from sdmx_hub.harvest.source import Flow, Source, parse_stored
from sdmx_hub.model.period import Period, parse_period
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.database import Database
from sdmx_hub.store.hosts import Hosts
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.run_rows import Run, State
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources, StoredSource

_SETTLED = (State.SUCCEEDED, State.UNCHANGED, State.FAILED, State.HELD)
_REHEARSALS = 20
"""So many rehearsals in a row are looked behind."""


@dataclass(frozen=True, kw_only=True)
class HealthReader:
    """Reads the health of the sources of a hub."""

    database: Database
    registry: Registry
    observations: Observations

    def read_all(self, *, now: dt.datetime) -> list[Health]:
        """The health of every source, by id."""
        disabled = Alerts(self.database).disabled()
        return [self._read(stored, disabled, now) for stored in Sources(self.database).select()]

    def read(self, source_id: str, *, now: dt.datetime) -> Health:
        """The health of one source. Raises NotFound."""
        return self._read(Sources(self.database).get(source_id), Alerts(self.database).disabled(), now)

    def _read(self, stored: StoredSource, disabled: frozenset[str], now: dt.datetime) -> Health:
        source = parse_stored(stored.document, stored.sha256)
        facts = [self._facts(stored, source, flow) for flow in source.flows]
        return assess(source, facts, now=now, disabled=source.id in disabled)

    def _facts(self, stored: StoredSource, source: Source, flow: Flow) -> FlowFacts:
        runs = Runs(self.database)

        def newest(*states: State) -> Run | None:
            found = runs.select(source=source.id, flow=flow.id, states=states, limit=_REHEARSALS)
            ended = [run for run in found if not run.dry_run and run.finished_at is not None]
            return max(ended, key=lambda run: (run.finished_at or run.slot, run.id), default=None)

        return FlowFacts(
            flow=flow.id,
            since=stored.since.get(flow.id, stored.added_at),
            good=newest(State.SUCCEEDED, State.UNCHANGED),
            changed=newest(State.SUCCEEDED),
            ended=newest(*_SETTLED),
            paused_until=paused.until if (paused := Hosts(self.database).find(source.place.authority)) else None,
            newest=self._newest_period(flow) if "days_after_period" in source.due else None,
        )

    def _newest_period(self, flow: Flow) -> Period | None:
        """The newest period held of what a flow brings; None for none, or none that can be told."""
        artefacts = self.registry.snapshot()
        try:
            structure = artefacts.structure_of(Urn("Dataflow", flow.dataflow))
            if structure.time_dimension is None:
                return None
            scope = scope_of(flow, structure.dimension_ids)
            key = tuple(scope.get(name) for name in structure.dimension_ids)
            plan = plan_data(DataQuery(keys=(key,) if scope else ()), structure)
            held = self.observations.availability(flow.dataflow, structure, plan, audience=INTERNAL)
            periods = held.codes.get(structure.time_dimension.id, ())
            return max(map(parse_period, periods), key=lambda period: period.end, default=None)
        except HubError:
            return None
