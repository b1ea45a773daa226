"""URLs of REST v1 (1.0 to 1.5): path segments behind the resource, and the raw query string."""

from __future__ import annotations

from collections.abc import Sequence

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import CLASS_BY_RESOURCE, CLASSES_BY_RESOURCE_V1, ArtefactClass
from sdmx_hub.query.keys import parse_keys_v1
from sdmx_hub.query.options import AVAILABILITY_V1, DATA_V1, read_options
from sdmx_hub.query.others import ROLES, SCHEMA_CONTEXTS, read_availability, read_schema, read_structure
from sdmx_hub.query.parameters import Parameters, Segments, read_target
from sdmx_hub.query.request import (
    ANY,
    AvailabilityQuery,
    Context,
    DataQuery,
    SchemaQuery,
    StructureQuery,
)
from sdmx_hub.query.text import choose, is_wildcard, parse_agencies, parse_agency, parse_id, parse_ids, shown
from sdmx_hub.query.versions import parse_versions_v1

_DATA = ("flowRef", "key", "providerRef")
_AVAILABILITY = (*_DATA, "componentID")
_STRUCTURE = ("resource", "agencyID", "resourceID", "version", "itemID")
_DATA_EXAMPLE = "/data/ILMH,DF_FLOW_POP,1.0.0/A.SEN../all"
_STRUCTURE_EXAMPLE = "/codelist/ILMH/CL_AREA/latest"
RESOURCES = (*CLASSES_BY_RESOURCE_V1, "structure")
"""The structure resources of REST v1."""


def parse_data(path_parts: Sequence[str], raw_query: str) -> DataQuery:
    """Read ``/data/{flowRef}/{key}/{providerRef}``; ``path_parts`` begin at the flow."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(DATA_V1)
    return _data(Segments(found, _DATA, _DATA_EXAMPLE), parameters)


def parse_availability(path_parts: Sequence[str], raw_query: str) -> AvailabilityQuery:
    """Read ``/availableconstraint/{flowRef}/{key}/{providerRef}/{componentID}``; ``path_parts`` begin at the flow."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(AVAILABILITY_V1)
    segments = Segments(found, _AVAILABILITY, f"/availableconstraint{_DATA_EXAMPLE.removeprefix('/data')}/REF_AREA")
    return read_availability(_data(segments, parameters), segments["componentID"], parameters)


def _data(segments: Segments, parameters: Parameters) -> DataQuery:
    agency, resource, version = _flow(segments["flowRef"])
    return read_options(
        parameters,
        context=Context.DATAFLOW,
        agency_ids=parse_agencies(agency),
        resource_ids=parse_ids(resource, "flowRef"),
        versions=parse_versions_v1(version),
        keys=parse_keys_v1(segments["key"]),
        providers=_providers(segments["providerRef"]),
    )


def _flow(text: str) -> tuple[str, str, str]:
    parts = text.split(",")
    if len(parts) == 1:
        return "", parts[0], ""
    if len(parts) > 3:
        raise BadRequest("query-flow", found=shown(text))
    return parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _providers(text: str) -> tuple[tuple[str, str], ...]:
    if is_wildcard(text):
        return ()
    return tuple(sorted({_provider(one) for one in text.split("+")}))


def _provider(text: str) -> tuple[str, str]:
    agency, _, provider = text.rpartition(",")
    agency = ANY if is_wildcard(agency) else parse_agency(agency, "providerRef")
    return agency, parse_id(provider, "providerRef", "ILMH,SEN_ANSD")


def parse_structure(path_parts: Sequence[str], raw_query: str) -> StructureQuery:
    """Read ``/{resource}/{agencyID}/{resourceID}/{version}/{itemID}``; ``path_parts`` begin at the resource.

    A client that leaves out the id (``/dataflow/ILMH/latest``) is understood.
    """
    found, parameters = read_target(path_parts, raw_query)
    if len(found) == 3 and found[2].lower() == "latest":
        found.insert(2, ANY)
    segments = Segments(found, _STRUCTURE, _STRUCTURE_EXAMPLE)
    resource = choose(segments["resource"], "resource", RESOURCES)
    return read_structure(
        _classes(resource),
        segments,
        parse_versions_v1(segments["version"]),
        parameters,
        roles=ROLES.get(resource, frozenset()),
    )


def _classes(resource: str) -> tuple[ArtefactClass, ...]:
    return tuple(CLASS_BY_RESOURCE.values()) if resource == "structure" else CLASSES_BY_RESOURCE_V1[resource]


def parse_schema(path_parts: Sequence[str], raw_query: str) -> SchemaQuery:
    """Read ``/schema/{context}/{agencyID}/{resourceID}/{version}``; ``path_parts`` begin at the context."""
    found, parameters = read_target(path_parts, raw_query)
    return read_schema(found, parameters, SCHEMA_CONTEXTS, lambda text, default: parse_versions_v1(text))
