"""Registration queries: those others made, and the hub's own for what it has published itself.

The standard ties a registration to a provision agreement: the hub's own are those of the agreements whose dataflow the
audience can read, with the hub as datasource and the last release as their time. Nothing is stored for them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from sdmx_hub.errors import HubError, NoResults, NotFound
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.registration import Queryable, Registration
from sdmx_hub.model.structure import read_provision_agreement
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.publish.sources import find_sources
from sdmx_hub.query.registrations import RegistrationQuery
from sdmx_hub.query.request import ANY, Context, DataQuery
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.outbox import own_id

AGREEMENT = CLASS_BY_NAME["ProvisionAgreement"]


def own_registrations(
    artefacts: Artefacts, observations: Observations, *, audience: str, now: dt.datetime, data_url: str
) -> tuple[Registration, ...]:
    """The hub's own registrations, as an audience may know them; ``data_url`` is where the hub answers."""
    seen: dict[Ref, Version | None] = {}
    found = []
    for artefact in artefacts.select(AGREEMENT):
        dataflow = _dataflow_of(artefact, artefacts)
        if dataflow is None:
            continue
        if dataflow.ref not in seen:
            seen[dataflow.ref] = observations.version(dataflow.ref, audience, now=now)
        version = seen[dataflow.ref]
        if version is not None and _serves(artefact, artefacts, observations, audience, version):
            found.append(
                Registration(
                    id=own_id(artefact.ref),
                    provision_agreement=artefact.urn,
                    queryable=Queryable(data_url=data_url),
                    updated_at=version.visible_from,
                )
            )
    return tuple(found)


def _serves(
    agreement: Artefact, artefacts: Artefacts, observations: Observations, audience: str, version: Version
) -> bool:
    """Tell whether something is published of what the agreement's own constraints allow."""
    ref = agreement.ref
    query = DataQuery(
        context=Context.PROVISION_AGREEMENT,
        agency_ids=(ref.agency_id,),
        resource_ids=(ref.id,),
        versions=(ref.version,),
    )
    try:
        (source,) = find_sources(query, artefacts)
    except HubError:
        return False
    if not source.plan.keys:
        return True
    told = observations.availability(
        source.dataflow.ref, source.structure, source.plan, audience=audience, version=version
    )
    return told.observations > 0


def select_registrations(
    query: RegistrationQuery, registrations: Iterable[Registration], artefacts: Artefacts
) -> tuple[Registration, ...]:
    """Choose the registrations a query asks for, by id. Raises NotFound for an unknown id, NoResults for none."""
    if query.id is not None:
        found = [one for one in registrations if one.id == query.id]
        if not found:
            raise NotFound("registration-missing", id=query.id)
        return tuple(found)
    fits = _Fitting(query, artefacts)
    chosen = [one for one in registrations if _in_time(one, query) and fits(one.provision_agreement)]
    if not chosen:
        raise NoResults("registration-none")
    return tuple(sorted(chosen, key=lambda one: one.id))


class _Fitting:
    """Which agreements a query means."""

    def __init__(self, query: RegistrationQuery, artefacts: Artefacts) -> None:
        self._query = query
        self._artefacts = artefacts
        wanted = (query.agency_ids, query.ids, query.versions)
        self._any = query.context is None and not query.of_provider and all(one == (ANY,) for one in wanted)
        classes = (query.context,) if query.context else tuple(_CONTEXTS)
        self._named = (
            frozenset()
            if query.of_provider
            else frozenset(found.urn for row in classes for found in artefacts.select(row, *wanted))
        )

    def __call__(self, agreement: Urn) -> bool:
        if self._any:
            return True
        artefact = self._artefacts.find(agreement)
        if artefact is None:
            return False
        if self._query.of_provider:
            provider = read_provision_agreement(artefact).data_provider
            return _is_in(provider.ref.agency_id, self._query.agency_ids) and _is_in(
                provider.item_id or "", self._query.ids
            )
        return not self._named.isdisjoint(_levels(artefact, self._artefacts))


_CONTEXTS = tuple(CLASS_BY_NAME[name] for name in ("DataStructure", "Dataflow", "ProvisionAgreement"))


def _levels(agreement: Artefact, artefacts: Artefacts) -> Iterator[Urn]:
    """An agreement, its dataflow and its structure, as far as they are here."""
    yield agreement.urn
    dataflow = _dataflow_of(agreement, artefacts)
    if dataflow is None:
        return
    yield dataflow.urn
    try:
        yield artefacts.structure_artefact_of(dataflow.urn).urn
    except HubError:
        return


def _dataflow_of(agreement: Artefact, artefacts: Artefacts) -> Artefact | None:
    return None if agreement.is_stub else artefacts.find(read_provision_agreement(agreement).dataflow)


def _is_in(text: str, wanted: tuple[str, ...]) -> bool:
    return ANY in wanted or text in wanted


def _in_time(one: Registration, query: RegistrationQuery) -> bool:
    if one.updated_at is None:
        return False
    after, before = query.updated_after, query.updated_before
    return (after is None or one.updated_at > after) and (before is None or one.updated_at < before)
