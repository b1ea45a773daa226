"""The answers of the SDMX API. Each reads in five steps: parse, choose the format, open, write, stream.

Validators are made from versions before anything is opened, so that a client that has the answer costs one look at the
control database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from flask import Response, request

from sdmx_hub.formats.writers import DATA_WRITERS
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import DataMessage, StructureMessage
from sdmx_hub.publish.availability import open_availability
from sdmx_hub.publish.data import DataVersion, count_data, data_version, is_of_series, open_data
from sdmx_hub.publish.sources import find_sources
from sdmx_hub.publish.structure import maps_used, open_structures, structure_version
from sdmx_hub.publish.structure_edges import Edition
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.web import ranges
from sdmx_hub.web.conditional import Validators, answer_unchanged, is_unchanged
from sdmx_hub.web.errors import OBSERVATION_COUNT, SERIES_COUNT
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.identity import make_header, validate
from sdmx_hub.web.landing import show_query
from sdmx_hub.web.maintenance import entity_of
from sdmx_hub.web.negotiation import Asked, raw_query, read_asked
from sdmx_hub.web.rest import Family, Parts
from sdmx_hub.web.spoken import speak
from sdmx_hub.web.writers import SCHEMA_WRITERS, STRUCTURE_WRITERS


def get_data(family: Family, parts: Parts) -> Response:
    """Answer a data query, whole or in part; HEAD tells its size."""
    query = family.parse_data(parts, raw_query())
    asked = read_asked("data", family.api, parts)
    visit = current_visit()
    if asked.is_page:
        return show_query("data", family.api, visit, _dataflows(query, visit))
    version = data_version(query, visit.artefacts, visit.hub.observations, audience=visit.audience, now=visit.now)
    validators = _validators(visit, asked, version.etag, version.last_modified)
    if is_unchanged(validators):
        return answer_unchanged(validators)
    if request.method == "HEAD":
        return _tell_size(query, version, visit, asked.send_nothing(validators, _named(version)))
    if ranges.is_asked(validators):
        portion = ranges.read_portion(count_data(query, version, visit.hub.observations))
        message = _open(portion.of(query), version, visit, asked, validators)
        return portion.mark(_send_data(message, asked, validators, is_whole=False))
    if known := asked.known(validators):
        known.headers["Accept-Ranges"] = ranges.UNIT
        return known
    return _send_data(_open(query, version, visit, asked, validators), asked, validators)


def _open(query: DataQuery, version: DataVersion, visit: Visit, asked: Asked, validators: Validators) -> DataMessage:
    return open_data(
        query,
        visit.artefacts,
        visit.hub.observations,
        audience=visit.audience,
        now=visit.now,
        header=make_header(visit, validators),
        language=asked.language,
        base_url=visit.base_url,
        most=visit.hub.settings.max_observations,
        version=version,
    )


def _send_data(message: DataMessage, asked: Asked, validators: Validators, *, is_whole: bool = True) -> Response:
    chunks = DATA_WRITERS[asked.chosen.format.id](message, asked.chosen.params)
    name = _name(dataset.dataflow for dataset in message.datasets)
    response = asked.send(chunks, validators, name, is_whole=is_whole)
    response.headers["Accept-Ranges"] = ranges.UNIT
    for dataset in message.datasets:
        response.call_on_close(dataset.rows.close)
    return response


def _tell_size(query: DataQuery, version: DataVersion, visit: Visit, response: Response) -> Response:
    """Put the number of observations, or series, on an answer. Raises what a GET would: NoResults, TooLarge."""
    count = count_data(query, version, visit.hub.observations, most=visit.hub.settings.max_observations)
    response.headers[SERIES_COUNT if is_of_series(version) else OBSERVATION_COUNT] = str(count)
    response.headers["Accept-Ranges"] = ranges.UNIT
    return response


def _named(version: DataVersion) -> str:
    return _name(source.dataflow for source, _ in version.sources)


def get_structures(family: Family, parts: Parts) -> Response:
    """Answer a structure query."""
    query = family.parse_structure(parts, raw_query())
    asked = read_asked("structure", family.api, parts)
    visit = current_visit()
    if asked.is_page:
        return show_query("structure", family.api, visit)
    validators = _validators(visit, asked, structure_version(query, visit.artefacts), entity=entity_of(query))
    if known := asked.known(validators):
        return known
    artefacts = open_structures(
        query,
        _artefacts_at(visit, query.as_of),
        edition=Edition(family.api),
        base_url=visit.base_url + family.prefix,
    )
    return _send_artefacts(visit, asked, artefacts, validators)


def get_availability(family: Family, parts: Parts) -> Response:
    """Answer an availability query."""
    query = family.parse_availability(parts, raw_query())
    asked = read_asked("availability", family.api, parts)
    visit = current_visit()
    if asked.is_page:
        return show_query("availability", family.api, visit, _dataflows(query.data, visit))
    validators = _data_validators(query.data, visit, asked)
    if known := asked.known(validators):
        return known
    artefacts = open_availability(
        query, visit.artefacts, visit.hub.observations, audience=visit.audience, now=visit.now
    )
    return _send_artefacts(visit, asked, artefacts, validators)


def get_schema(family: Family, parts: Parts) -> Response:
    """Answer a schema query."""
    query = family.parse_schema(parts, raw_query())
    asked = read_asked("schema", family.api, parts)
    visit = current_visit()
    if asked.is_page:
        return show_query("schema", family.api, visit)
    validators = _validators(visit, asked, visit.artefacts.revision)
    if known := asked.known(validators):
        return known
    write = SCHEMA_WRITERS[asked.chosen.format.id]
    body = write(query, _artefacts_at(visit, query.as_of), make_header(visit, validators))
    return asked.send([body], validators, f"{query.agency_id}_{query.resource_id}")


def _dataflows(query: DataQuery, visit: Visit) -> Iterator[Artefact]:
    return (source.dataflow for source in find_sources(query, visit.artefacts))


def _data_validators(query: DataQuery, visit: Visit, asked: Asked) -> Validators:
    """Make the validators of an answer from data. Raises NoResults when nothing is published."""
    observations = visit.hub.observations
    version = data_version(query, visit.artefacts, observations, audience=visit.audience, now=visit.now)
    return _validators(visit, asked, version.etag, version.last_modified)


def _validators(
    visit: Visit, asked: Asked, state: object, changed: dt.datetime | None = None, *, entity: str | None = None
) -> Validators:
    """Make the validators of an answer: the state of what it tells, its address, and how it is to be told.

    ``entity`` names the state of the one artefact it gives, for ``If-Match``.
    """
    return validate(visit, (state, *asked.parts), (visit.artefacts.changed, changed), entity=entity)


def _send_artefacts(visit: Visit, asked: Asked, artefacts: tuple[Artefact, ...], validators: Validators) -> Response:
    spoken = tuple(speak(artefact, asked.language) for artefact in artefacts)
    message = StructureMessage(make_header(visit, validators), spoken, maps_used(artefacts, visit.artefacts))
    return asked.send([STRUCTURE_WRITERS[asked.chosen.format.id](message)], validators, _name(artefacts[:1]))


def _artefacts_at(visit: Visit, as_of: dt.datetime | None) -> Artefacts:
    return visit.hub.registry.snapshot(as_of=as_of) if as_of else visit.artefacts


def _name(artefacts: Iterable[Artefact]) -> str:
    """What an answer is called when it is saved."""
    return "-".join(dict.fromkeys(f"{one.ref.agency_id}_{one.ref.id}" for one in artefacts))[:100]
