"""What structure, availability and schema queries have in common in both URL families."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import CLASS_BY_RESOURCE, CLASSES, CLASSES_BY_RESOURCE_V1, ArtefactClass
from sdmx_hub.query.options import parse_observation_dimension
from sdmx_hub.query.parameters import Parameters, Segments
from sdmx_hub.query.request import (
    ANY,
    AVAILABILITY_REFERENCES,
    LATEST,
    AvailabilityQuery,
    Context,
    DataQuery,
    Detail,
    Mode,
    References,
    SchemaQuery,
    StructureQuery,
)
from sdmx_hub.query.text import (
    LONGEST_ID,
    choose,
    is_wildcard,
    parse_agencies,
    parse_agency,
    parse_flag,
    parse_id,
    parse_ids,
    parse_moment,
    shown,
    split_list,
)

STRUCTURE = frozenset({"detail", "references", "asOf"})
SCHEMA = frozenset({"dimensionAtObservation", "explicitMeasure", "deletion", "asOf"})
SCHEMA_CONTEXTS = tuple(context for context in Context if context is not Context.ANY)
ROLES = {
    "allowedconstraint": frozenset({"Allowed"}),
    "actualconstraint": frozenset({"Actual"}),
    "contentconstraint": frozenset({"Allowed", "Actual"}),
    "attachmentconstraint": frozenset({"Attachment"}),
}
"""What a constraint has to be for, to answer a resource of REST v1."""
_SCHEMA = ("context", "agencyID", "resourceID", "version")
_SCHEMA_EXAMPLE = "/schema/dataflow/ILMH/DF_FLOW_POP/1.0.0"


def read_structure(
    classes: tuple[ArtefactClass, ...],
    segments: Segments,
    versions: tuple[str, ...],
    parameters: Parameters,
    roles: frozenset[str] = frozenset(),
) -> StructureQuery:
    """Complete a structure query, whose classes and versions are read already."""
    parameters.check_known(STRUCTURE)
    directions, named, reference_roles = _references(parameters.get("references", ""))
    as_of = parameters.get("asOf")
    return StructureQuery(
        artefact_classes=classes,
        agency_ids=parse_agencies(segments["agencyID"]),
        ids=parse_ids(segments["resourceID"], "resourceID", "CL_AREA"),
        versions=versions,
        item_ids=_items(segments["itemID"], classes),
        detail=Detail(choose(parameters.get("detail") or "full", "detail", tuple(Detail))),
        references=directions,
        reference_classes=named,
        reference_roles=reference_roles,
        roles=roles,
        as_of=parse_moment(as_of, "asOf") if as_of else None,
    )


def _items(text: str, classes: tuple[ArtefactClass, ...]) -> tuple[str, ...]:
    if is_wildcard(text):
        return ()
    if not any(row.items for row in classes):
        raise BadRequest("query-items", found=shown(text), resource=classes[0].resource or classes[0].name)
    items = split_list(text)
    if any(not 0 < len(item) <= LONGEST_ID for item in items):
        raise BadRequest("query-id", part="itemID", found=shown(text), example="SEN")
    return () if any(is_wildcard(item) for item in items) else tuple(sorted(set(items)))


def _references(text: str) -> tuple[frozenset[References], tuple[ArtefactClass, ...], frozenset[str]]:
    """Read directions and concrete types with their roles, in the words of either family.

    ``none`` beside others says nothing.
    """
    directions: set[References] = set()
    named: set[ArtefactClass] = set()
    roles: set[str] = set()
    for word in split_list(text) if text else ():
        chosen = choose(word, "references", _REFERENCE_WORDS)
        if chosen in _DIRECTIONS:
            directions.add(References(chosen))
        else:
            named.update(_NAMED[chosen])
            roles.update(ROLES.get(chosen, ()))
    if directions != {References.NONE}:
        directions.discard(References.NONE)
    if not directions and not named:
        directions = {References.NONE}
    elif named:
        directions.discard(References.NONE)
    return frozenset(directions), tuple(row for row in CLASSES if row in named), frozenset(roles)


_DIRECTIONS = tuple(References)
_NAMED: dict[str, tuple[ArtefactClass, ...]] = CLASSES_BY_RESOURCE_V1 | {
    resource: (row,) for resource, row in CLASS_BY_RESOURCE.items()
}
_REFERENCE_WORDS: tuple[str, ...] = (*_DIRECTIONS, *_NAMED)


def read_availability(data: DataQuery, components: str, parameters: Parameters) -> AvailabilityQuery:
    """Complete an availability query by its own segment and parameters."""
    wanted = parse_ids(components, "componentID", "REF_AREA")
    return AvailabilityQuery(
        data=data,
        component_ids=() if wanted == (ANY,) else wanted,
        mode=Mode(choose(parameters.get("mode") or "exact", "mode", tuple(Mode))),
        references=_available_references(parameters.get("references", "")),
    )


def _available_references(text: str) -> frozenset[str]:
    words = {choose(word, "references", ("none", "all", *AVAILABILITY_REFERENCES)) for word in split_list(text) if word}
    return frozenset(AVAILABILITY_REFERENCES) if "all" in words else frozenset(words - {"none"})


def read_schema(
    found: Sequence[str],
    parameters: Parameters,
    contexts: tuple[Context, ...],
    versions: Callable[[str, str], tuple[str, ...]],
) -> SchemaQuery:
    """Read a schema query: exactly one agency, id and version pattern, no *all*."""
    parameters.check_known(SCHEMA)
    segments = Segments(found, _SCHEMA, _SCHEMA_EXAMPLE)
    missing = next((name for name in _SCHEMA[:3] if is_wildcard(segments[name])), None)
    if missing:
        raise BadRequest("query-mandatory", part=missing, example=_SCHEMA_EXAMPLE)
    chosen = versions(segments["version"], LATEST)
    if len(chosen) != 1 or ANY in chosen[0]:
        raise BadRequest("query-one-version", found=shown(segments["version"]), example=_SCHEMA_EXAMPLE)
    at_observation, as_of = parameters.get("dimensionAtObservation"), parameters.get("asOf")
    return SchemaQuery(
        context=Context(choose(segments["context"], "context", contexts)),
        agency_id=parse_agency(segments["agencyID"]),
        resource_id=parse_id(segments["resourceID"], "resourceID", "DF_FLOW_POP"),
        version=chosen[0],
        dimension_at_observation=(
            parse_observation_dimension(at_observation, "dimensionAtObservation") if at_observation else None
        ),
        explicit_measure=_flag(parameters, "explicitMeasure"),
        deletion=_flag(parameters, "deletion"),
        as_of=parse_moment(as_of, "asOf") if as_of else None,
    )


def _flag(parameters: Parameters, name: str) -> bool:
    return parse_flag(parameters.get(name) or "false", name)
