"""What data there are: the values of each dimension within a query, as availability constraints.

``exact`` tells the values in the result of the query. ``available`` tells what could be chosen: for each dimension the
values in the result of the query without what it says of that dimension (REST v2.2, availability queries).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadQuery, NoResults
from sdmx_hub.language import LANGUAGES, localised, sentence
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.structure import read_provision_agreement
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.partial import partial_codelist, partial_scheme
from sdmx_hub.publish.sources import Source, find_sources, query_name
from sdmx_hub.query.request import AvailabilityQuery, Context, Mode
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations


@dataclass(frozen=True, kw_only=True)
class Available:
    """What there is in one source: the values of the dimensions asked for (time too), in order, and two counts.

    ``spans`` has the first and last period of values, where they are known.
    """

    source: Source
    codes: Mapping[str, tuple[str, ...]]
    spans: Mapping[str, Mapping[str, tuple[str, str]]]
    series_count: int
    obs_count: int


def open_availability(
    query: AvailabilityQuery, artefacts: Artefacts, observations: Observations, *, audience: str, now: dt.datetime
) -> tuple[Artefact, ...]:
    """Answer an availability query: one constraint for each dataset there would be, then what it refers to, if asked.

    Raises NoResults when there is nothing, and what ``find_sources`` raises.
    """
    found = [
        one
        for source in find_sources(query.data, artefacts)
        if (one := _available(query, source, observations, audience=audience, now=now)) is not None
    ]
    if not found:
        raise NoResults("no-results", what=query_name(query.data))
    by_agreement = query.data.context is Context.PROVISION_AGREEMENT
    constraints = [_constraint(one, by_agreement=by_agreement) for one in found]
    return (*constraints, *_references(query.references, found, artefacts))


def _available(
    query: AvailabilityQuery, source: Source, observations: Observations, *, audience: str, now: dt.datetime
) -> Available | None:
    """Count and list within one source; None when there is nothing."""
    _check_components(query.component_ids, source)
    plan, ref = source.plan, source.dataflow.ref
    version = observations.version(ref, audience, now=now, as_of=plan.as_of)
    if version is None:
        return None
    exact = observations.availability(ref, source.structure, plan, version=version)
    codes, spans = dict(exact.codes), dict(exact.spans)
    if query.mode is Mode.AVAILABLE:
        for one in plan.selected_ids:
            freed = observations.availability(ref, source.structure, plan.without(one), version=version)
            codes[one] = freed.codes[one]
            spans[one] = freed.spans.get(one, {})
    if not any(codes.values()):
        return None
    wanted = query.component_ids or source.structure.key_ids
    return Available(
        source=source,
        codes={one: codes[one] for one in source.structure.key_ids if one in wanted and codes[one]},
        spans=spans,
        series_count=exact.series,
        obs_count=exact.observations,
    )


def _check_components(component_ids: Sequence[str], source: Source) -> None:
    allowed = source.structure.key_ids
    for one in component_ids:
        if one not in allowed:
            raise BadQuery(
                "query-component",
                part="componentID",
                found=one,
                what=str(source.structure.ref),
                allowed=", ".join(allowed),
            )


def _constraint(found: Available, *, by_agreement: bool) -> Artefact:
    """Shape an availability constraint of SDMX 3.1, with the identification that earlier editions need.

    It is attached to what was asked for: the agreement, or the dataflow, whichever provider it was asked of.
    """
    named = found.source.agreement or found.source.dataflow
    attached = named if by_agreement else found.source.dataflow
    names = {one: sentence("publish-available", one, name=localised(named.names, one)) for one in LANGUAGES}
    key_values = list(_key_values(found))
    document: dict[str, object] = {
        "id": f"AVAILABLE_{named.ref.id}",
        "agencyID": named.ref.agency_id,
        "version": named.ref.version,
        "name": names["en"],
        "names": names,
        "constraintAttachment": {_ATTACHMENT[attached.artefact_class.name]: str(attached.urn)},
        "seriesCount": found.series_count,
        "obsCount": found.obs_count,
    }
    if key_values:
        document["cubeRegion"] = {"include": True, "keyValues": key_values}
    return Artefact(CLASS_BY_NAME["AvailabilityConstraint"], document)


_ATTACHMENT = {"Dataflow": "dataflow", "ProvisionAgreement": "provisionAgreement"}


def _key_values(found: Available) -> Iterator[Document]:
    time = found.source.structure.time_dimension
    for component_id, values in found.codes.items():
        if time and component_id == time.id:
            yield {"id": component_id, "include": True, "timeRange": _time_range(values)}
        else:
            spans = found.spans.get(component_id, {})
            listed = [{"value": value} | _validity(spans.get(value)) for value in values]
            yield {"id": component_id, "include": True, "values": listed}


def _validity(span: tuple[str, str] | None) -> dict[str, str]:
    """The temporal coverage of a value (REST v2.2, availability queries), as instants: clients read nothing else."""
    if span is None:
        return {}
    first, last = parse_period(span[0]).start, parse_period(span[1]).end - dt.timedelta(seconds=1)
    return {"validFrom": f"{first.isoformat()}Z", "validTo": f"{last.isoformat()}Z"}


def _time_range(periods: Sequence[str]) -> Document:
    """From the first period to the one that ends last (years and months may stand side by side)."""
    first = min(periods, key=lambda period: parse_period(period).start)
    last = max(periods, key=lambda period: parse_period(period).end)
    return {
        "startPeriod": {"period": first, "isInclusive": True},
        "endPeriod": {"period": last, "isInclusive": True},
    }


def _references(wanted: Collection[str], found: Sequence[Available], artefacts: Artefacts) -> Iterator[Artefact]:
    """What the constraints refer to, once each; of item schemes only the items in use, marked as partial."""
    if "dataflow" in wanted:
        yield from _once(one.source.dataflow for one in found)
    if "datastructure" in wanted:
        yield from _once(one.source.structure_artefact for one in found)
    if "conceptscheme" in wanted:
        yield from _schemes((urn for one in found for urn in _concepts(one)), artefacts)
    for resource, class_name in (("codelist", "Codelist"), ("valuelist", "ValueList")):
        if resource in wanted:
            yield from _codelists(found, class_name, artefacts)
    if "dataproviderscheme" in wanted:
        yield from _schemes((urn for one in found for urn in _providers(one, artefacts)), artefacts)


def _once(artefacts: Iterable[Artefact]) -> Iterator[Artefact]:
    yield from {artefact.urn: artefact for artefact in artefacts}.values()


def _concepts(found: Available) -> Iterator[Urn]:
    components = found.source.structure.components
    yield from (components[one].concept for one in found.codes)


def _providers(found: Available, artefacts: Artefacts) -> Iterator[Urn]:
    """The data providers of the agreement asked for, or of all agreements about the dataflow."""
    about = [found.source.agreement] if found.source.agreement else artefacts.parents(found.source.dataflow.urn)
    for one in about:
        if one.artefact_class.name == "ProvisionAgreement" and not one.is_stub:
            yield read_provision_agreement(one).data_provider


def _schemes(items: Iterable[Urn], artefacts: Artefacts) -> Iterator[Artefact]:
    used: dict[Urn, set[str]] = {}
    for urn in items:
        if urn.item_id:
            used.setdefault(urn.artefact, set()).add(urn.item_id)
    for urn, ids in used.items():
        scheme = artefacts.find(urn)
        if scheme is not None:
            yield partial_scheme(scheme, ids)


def _codelists(found: Sequence[Available], class_name: str, artefacts: Artefacts) -> Iterator[Artefact]:
    used: dict[Urn, set[str]] = {}
    for one in found:
        for component_id, codes in one.codes.items():
            urn = one.source.structure.components[component_id].representation.codelist
            if urn is not None and urn.class_name == class_name:
                used.setdefault(urn, set()).update(codes)
    for urn, kept in used.items():
        artefact = artefacts.find(urn)
        if artefact is not None:
            yield partial_codelist(artefact, artefacts.codelist(urn), kept)
