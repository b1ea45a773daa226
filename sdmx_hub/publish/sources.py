"""Which dataflows a data query means, and what of each: dataflow, structure, plan.

A query names dataflows, data structures or provision agreements. Data are kept by dataflow; a structure stands for all
its dataflows, and an agreement for that part of its dataflow which its own constraints allow (an agreement without
constraint: all of it). Each agreement that matches gives a dataset of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.errors import BadQuery, BadRequest, HubError, NoResults, NotFound
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.structure import CubeRegion, DataStructure, read_provision_agreement
from sdmx_hub.query.plan import Plan, plan_data
from sdmx_hub.query.request import ANY, Context, DataQuery, KeyPattern
from sdmx_hub.store.artefacts import Artefacts


@dataclass(frozen=True, kw_only=True)
class Source:
    """One dataset to come; ``agreement`` is the provision agreement it was asked by, if any."""

    dataflow: Artefact
    structure_artefact: Artefact
    plan: Plan
    agreement: Artefact | None = None

    @property
    def structure(self) -> DataStructure:
        """The view of the structure."""
        return self.plan.structure


@dataclass(frozen=True)
class _Match:
    dataflow: Artefact
    agreement: Artefact | None = None


def find_sources(query: DataQuery, artefacts: Artefacts) -> tuple[Source, ...]:
    """Resolve a query. Several dataflows: those whose structure lacks a component that was asked for give nothing.

    Raises NotFound when nothing has the name asked for, NoResults when the provider asked for promised nothing, and
    what ``plan_data`` raises when no dataflow can answer.
    """
    matches = _find(query, artefacts)
    if not matches:
        raise NotFound("publish-no-dataflow", what=query_name(query))
    if query.providers:
        matches = [one for match in matches for one in _by_provider(match, query.providers, artefacts)]
    sources: list[Source] = []
    refusals: list[HubError] = []
    for match in matches:
        try:
            sources += _plan(query, match, artefacts)
        except (BadQuery, BadRequest) as refusal:
            refusals.append(refusal)
    if refusals and len(refusals) == len(matches):
        raise refusals[0]
    if not sources:
        raise NoResults("no-results", what=query_name(query))
    return tuple(sources)


def _find(query: DataQuery, artefacts: Artefacts) -> list[_Match]:
    contexts = tuple(_FINDERS) if query.context is Context.ANY else (query.context,)
    for context in contexts:
        class_name, expand = _FINDERS[context]
        named = artefacts.select(CLASS_BY_NAME[class_name], query.agency_ids, query.resource_ids, query.versions)
        found = [match for artefact in named if not artefact.is_stub for match in expand(artefact, artefacts)]
        if found:
            return found
    return []


def _of_dataflow(artefact: Artefact, artefacts: Artefacts) -> Iterator[_Match]:
    yield _Match(artefact)


def _of_structure(artefact: Artefact, artefacts: Artefacts) -> Iterator[_Match]:
    for parent in artefacts.parents(artefact.urn):
        if parent.artefact_class.name == "Dataflow" and not parent.is_stub:
            yield _Match(parent)


def _of_agreement(artefact: Artefact, artefacts: Artefacts) -> Iterator[_Match]:
    dataflow = artefacts.find(read_provision_agreement(artefact).dataflow)
    if dataflow is not None:
        yield _Match(dataflow, artefact)


_FINDERS: Mapping[Context, tuple[str, Callable[[Artefact, Artefacts], Iterator[_Match]]]] = {
    Context.DATAFLOW: ("Dataflow", _of_dataflow),
    Context.DATASTRUCTURE: ("DataStructure", _of_structure),
    Context.PROVISION_AGREEMENT: ("ProvisionAgreement", _of_agreement),
}


def _by_provider(match: _Match, providers: tuple[tuple[str, str], ...], artefacts: Artefacts) -> Iterator[_Match]:
    for parent in artefacts.parents(match.dataflow.urn):
        if parent.artefact_class.name == "ProvisionAgreement" and not parent.is_stub:
            provider = read_provision_agreement(parent).data_provider
            if any(agency in {ANY, provider.ref.agency_id} and one == provider.item_id for agency, one in providers):
                yield _Match(match.dataflow, parent)


def _plan(query: DataQuery, match: _Match, artefacts: Artefacts) -> Iterator[Source]:
    plan: Plan | None = plan_data(query, artefacts.structure_of(match.dataflow.urn))
    if plan and match.agreement:
        plan = narrow(plan, _regions(match.agreement, artefacts))
    if plan:
        yield Source(
            dataflow=match.dataflow,
            structure_artefact=artefacts.structure_artefact_of(match.dataflow.urn),
            plan=plan,
            agreement=match.agreement,
        )


def _regions(agreement: Artefact, artefacts: Artefacts) -> list[CubeRegion]:
    """The regions that the agreement's own constraints include."""
    return [
        region
        for constraint in artefacts.constraints_of(agreement.urn)
        if any(artefacts.find(urn) == agreement for urn in constraint.attached_to)
        for region in constraint.regions
        if region.include
    ]


def narrow(plan: Plan, regions: list[CubeRegion]) -> Plan | None:
    """Narrow a plan to the union of regions, by their series-key dimensions.

    No region: no narrowing. None is given when nothing is left.
    """
    if not regions:
        return plan
    ids = plan.structure.dimension_ids
    allowed: list[KeyPattern] = [tuple(region.values.get(one) for one in ids) for region in regions]
    asked: tuple[KeyPattern, ...] = plan.keys or ((None,) * len(ids),)
    keys = dict.fromkeys(one for first in asked for second in allowed if (one := _common(first, second)) is not None)
    return dataclasses.replace(plan, keys=tuple(keys)) if keys else None


def _common(first: KeyPattern, second: KeyPattern) -> KeyPattern | None:
    parts = tuple(
        one if other is None else other if one is None else one & other
        for one, other in zip(first, second, strict=True)
    )
    return None if any(part is not None and not part for part in parts) else parts


def query_name(query: DataQuery) -> str:
    """Say what a query named, for people."""
    agencies, ids, versions = map(",".join, (query.agency_ids, query.resource_ids, query.versions))
    return f"{query.context if query.context is not Context.ANY else 'dataflow'} {agencies}:{ids}({versions})"
