"""URLs of REST v2 (2.0 to 2.2): path segments behind the resource, and the raw query string."""

from __future__ import annotations

from collections.abc import Sequence

from sdmx_hub.model.classes import CLASS_BY_RESOURCE
from sdmx_hub.query.keys import parse_keys_v2
from sdmx_hub.query.options import AVAILABILITY_V2, DATA_V2, read_options
from sdmx_hub.query.others import SCHEMA_CONTEXTS, read_availability, read_schema, read_structure
from sdmx_hub.query.parameters import Parameters, Segments, read_target
from sdmx_hub.query.request import (
    ANY,
    LATEST,
    AvailabilityQuery,
    Context,
    DataQuery,
    SchemaQuery,
    StructureQuery,
)
from sdmx_hub.query.text import choose, is_wildcard, parse_agencies, parse_ids
from sdmx_hub.query.versions import parse_versions

_DATA = ("context", "agencyID", "resourceID", "version", "key")
_AVAILABILITY = (*_DATA, "componentID")
_STRUCTURE = ("artefactType", "agencyID", "resourceID", "version", "itemID")
_CONTEXTS = (Context.DATAFLOW, Context.DATASTRUCTURE, Context.PROVISION_AGREEMENT)
_DATA_EXAMPLE = "/data/dataflow/ILMH/DF_FLOW_POP/1.0.0/A.SEN.*"
_STRUCTURE_EXAMPLE = "/structure/codelist/ILMH/CL_AREA/~"


def parse_data(path_parts: Sequence[str], raw_query: str) -> DataQuery:
    """Read ``/data/{context}/{agencyID}/{resourceID}/{version}/{key}``; ``path_parts`` begin at the context."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(DATA_V2)
    return _data(Segments(found, _DATA, _DATA_EXAMPLE), parameters)


def parse_availability(path_parts: Sequence[str], raw_query: str) -> AvailabilityQuery:
    """Read ``/availability/{context}/{agencyID}/{resourceID}/{version}/{key}/{componentID}``."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(AVAILABILITY_V2)
    segments = Segments(found, _AVAILABILITY, f"/availability{_DATA_EXAMPLE.removeprefix('/data')}/REF_AREA")
    return read_availability(_data(segments, parameters), segments["componentID"], parameters)


def _data(segments: Segments, parameters: Parameters) -> DataQuery:
    return read_options(
        parameters,
        context=_context(segments["context"]),
        agency_ids=parse_agencies(segments["agencyID"]),
        resource_ids=parse_ids(segments["resourceID"], "resourceID"),
        versions=parse_versions(segments["version"], default=ANY),
        keys=parse_keys_v2(segments["key"]),
    )


def _context(text: str) -> Context:
    return Context.ANY if is_wildcard(text) else Context(choose(text, "context", _CONTEXTS))


def parse_structure(path_parts: Sequence[str], raw_query: str) -> StructureQuery:
    """Read ``/structure/{artefactType}/{agencyID}/{resourceID}/{version}/{itemID}``; begins at the artefact type."""
    found, parameters = read_target(path_parts, raw_query)
    segments = Segments(found, _STRUCTURE, _STRUCTURE_EXAMPLE)
    resource = segments["artefactType"]
    classes = (
        tuple(CLASS_BY_RESOURCE.values())
        if is_wildcard(resource)
        else (CLASS_BY_RESOURCE[choose(resource, "artefactType", tuple(CLASS_BY_RESOURCE))],)
    )
    versions = parse_versions(segments["version"], default=LATEST)
    return read_structure(classes, segments, versions, parameters)


def parse_schema(path_parts: Sequence[str], raw_query: str) -> SchemaQuery:
    """Read ``/schema/{context}/{agencyID}/{resourceID}/{version}``; ``path_parts`` begin at the context."""
    found, parameters = read_target(path_parts, raw_query)
    return read_schema(found, parameters, SCHEMA_CONTEXTS, parse_versions)
