"""Queries for reference metadata, in the URLs of REST v2.2 and v1.5, as one value.

v2: ``/metadata/metadataset/{provider}/{id}/{version}``, ``/metadata/metadataflow/{agency}/{id}/{version}/{provider}``,
``/metadata/structure/{artefactType}/{agency}/{id}/{version}``. v1: ``/metadata/{flowRef}/{key}/{providerRef}``, where
the flow is a metadataflow, or a dataflow the metadata are about; metadata here are about structures, so only the key
``all`` finds any.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest, NoResults
from sdmx_hub.model.classes import CLASS_BY_NAME, CLASS_BY_RESOURCE, ArtefactClass
from sdmx_hub.query.keys import parse_keys_v1
from sdmx_hub.query.parameters import Parameters, Segments, read_target
from sdmx_hub.query.request import ANY, LATEST
from sdmx_hub.query.text import (
    choose,
    is_wildcard,
    parse_agencies,
    parse_agency,
    parse_id,
    parse_ids,
    parse_moment,
    shown,
)
from sdmx_hub.query.versions import parse_versions, parse_versions_v1

METADATA_V2 = frozenset({"detail", "asOf"})
METADATA_V1 = frozenset({"detail", "startPeriod", "endPeriod", "updatedAfter"})
_SET = ("providerID", "metadatasetID", "version")
_FLOW = ("agencyID", "resourceID", "version", "providerRef")
_STRUCTURE = ("artefactType", "agencyID", "resourceID", "version")
_V1 = ("flowRef", "key", "providerRef")
_EXAMPLE = "/metadata/structure/dataflow/ILMH/DF_FLOW_POP/1.0.0"
_EXAMPLE_V1 = "/metadata/ILMH,MDF_ABOUT,1.0.0/all/all"
Provider = tuple[str, str]


class By(enum.StrEnum):
    """What a query names: the set, its metadataflow, or what it is about."""

    SET = "metadataset"
    FLOW = "metadataflow"
    STRUCTURE = "structure"


class MetadataDetail(enum.StrEnum):
    """How much of each set."""

    FULL = "full"
    ALL_STUBS = "allstubs"


@dataclass(frozen=True, kw_only=True)
class MetadataQuery:
    """A query for metadata sets.

    ``agency_ids``, ``ids`` and ``versions`` name the set (its provider first), the metadataflow, or the structures of
    ``artefact_classes``; ``providers`` narrow to some providers (agency, or ``*``, and id; empty: any). ``or_about``
    takes the flow for a dataflow too.
    """

    by: By
    agency_ids: tuple[str, ...] = (ANY,)
    ids: tuple[str, ...] = (ANY,)
    versions: tuple[str, ...] = (LATEST,)
    artefact_classes: tuple[ArtefactClass, ...] = ()
    providers: tuple[Provider, ...] = ()
    detail: MetadataDetail = MetadataDetail.FULL
    as_of: dt.datetime | None = None
    or_about: bool = False


def parse_metadata_v2(path_parts: Sequence[str], raw_query: str) -> MetadataQuery:
    """Read one of the three queries of v2; ``path_parts`` begin at its kind."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(METADATA_V2)
    if not found or is_wildcard(found[0]):
        raise BadRequest("query-mandatory", part="context", example=_EXAMPLE)
    by = By(choose(found[0], "context", tuple(By)))
    return _PARSERS[by](found[1:], parameters)


def _by_set(found: Sequence[str], parameters: Parameters) -> MetadataQuery:
    segments = Segments(found, _SET, "/metadata/metadataset/ILMH/MDS_RGT_OSH/1.0.0")
    return MetadataQuery(
        by=By.SET,
        agency_ids=parse_agencies(segments["providerID"], "providerID"),
        ids=parse_ids(segments["metadatasetID"], "metadatasetID", "MDS_RGT_OSH"),
        versions=parse_versions(segments["version"], default=LATEST),
        detail=_detail(parameters),
        as_of=_as_of(parameters),
    )


def _by_flow(found: Sequence[str], parameters: Parameters) -> MetadataQuery:
    segments = Segments(found, _FLOW, "/metadata/metadataflow/ILMH/MDF_ABOUT/1.0.0/ILMH.ILMH")
    return MetadataQuery(
        by=By.FLOW,
        agency_ids=parse_agencies(segments["agencyID"]),
        ids=parse_ids(segments["resourceID"], "resourceID", "MDF_ABOUT"),
        versions=parse_versions(segments["version"], default=LATEST),
        providers=_providers(segments["providerRef"], ",", "."),
        detail=_detail(parameters),
        as_of=_as_of(parameters),
    )


def _by_structure(found: Sequence[str], parameters: Parameters) -> MetadataQuery:
    segments = Segments(found, _STRUCTURE, _EXAMPLE)
    resource = segments["artefactType"]
    every = tuple(CLASS_BY_RESOURCE.values())
    named = () if is_wildcard(resource) else (choose(resource, "artefactType", tuple(CLASS_BY_RESOURCE)),)
    return MetadataQuery(
        by=By.STRUCTURE,
        agency_ids=parse_agencies(segments["agencyID"]),
        ids=parse_ids(segments["resourceID"], "resourceID"),
        versions=parse_versions(segments["version"], default=LATEST),
        artefact_classes=tuple(CLASS_BY_RESOURCE[one] for one in named) or every,
        detail=_detail(parameters),
        as_of=_as_of(parameters),
    )


_PARSERS = {By.SET: _by_set, By.FLOW: _by_flow, By.STRUCTURE: _by_structure}


def parse_metadata_v1(path_parts: Sequence[str], raw_query: str) -> MetadataQuery:
    """Read ``/metadata/{flowRef}/{key}/{providerRef}``; ``path_parts`` begin at the flow.

    Raises NoResults for a key: nothing is attached to keys here.
    """
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(METADATA_V1)
    segments = Segments(found, _V1, _EXAMPLE_V1)
    if not segments["flowRef"]:
        raise BadRequest("query-mandatory", part="flowRef", example=_EXAMPLE_V1)
    agency, identifier, version = _flow(segments["flowRef"])
    if parse_keys_v1(segments["key"]):
        raise NoResults("metadata-key", key=shown(segments["key"]))
    return MetadataQuery(
        by=By.FLOW,
        agency_ids=parse_agencies(agency),
        ids=parse_ids(identifier, "flowRef", "MDF_ABOUT"),
        versions=parse_versions_v1(version),
        providers=_providers(segments["providerRef"], "+", ","),
        artefact_classes=(CLASS_BY_NAME["Dataflow"],),
        or_about=True,
    )


def _flow(text: str) -> tuple[str, str, str]:
    parts = text.split(",")
    if len(parts) > 3:
        raise BadRequest("query-flow", found=shown(text))
    return ("", parts[0], "") if len(parts) == 1 else (parts[0], parts[1], parts[2] if len(parts) == 3 else "")


def _providers(text: str, between: str, within: str) -> tuple[Provider, ...]:
    if is_wildcard(text):
        return ()
    return tuple(sorted({_provider(one, within) for one in text.split(between)}))


def _provider(text: str, within: str) -> Provider:
    agency, _, identifier = text.rpartition(within)
    owner = ANY if is_wildcard(agency) else parse_agency(agency, "providerRef")
    return owner, parse_id(identifier, "providerRef", f"ILMH{within}ILMH")


def _detail(parameters: Parameters) -> MetadataDetail:
    return MetadataDetail(choose(parameters.get("detail") or "full", "detail", tuple(MetadataDetail)))


def _as_of(parameters: Parameters) -> dt.datetime | None:
    text = parameters.get("asOf")
    return parse_moment(text, "asOf") if text else None
