"""Schemas: what a data message of a dataflow, structure or agreement may hold, its constraints applied.

The answer is a schema, or the structure messages it is made from: the data structure, with the codelists and concept
schemes cut to what constraints leave (REST v1.5 and v2.2, schema queries).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping

from sdmx_hub.errors import BadQuery, NotBuilt, NotFound
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.formats.structure_xml.data_structure_v2_1 import measure_scheme
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.codelist import Code, Codelist
from sdmx_hub.model.structure import Constraint, DataStructure
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.publish.labels import find_codelist
from sdmx_hub.publish.structure_detail import keep_items
from sdmx_hub.publish.structure_partial import agency_schemes_of
from sdmx_hub.query.request import ALL_DIMENSIONS, Context, SchemaQuery
from sdmx_hub.store.artefacts import Artefacts

_CLASSES: Mapping[Context, str] = {
    Context.DATAFLOW: "Dataflow",
    Context.DATASTRUCTURE: "DataStructure",
    Context.PROVISION_AGREEMENT: "ProvisionAgreement",
}


def open_schema(query: SchemaQuery, artefacts: Artefacts) -> Schema:
    """Open the schema of a context. Raises NotFound, NotBuilt (metadata), BadQuery (no such dimension)."""
    context = _context(query, artefacts)
    structure = artefacts.structure_of(context.urn)
    constraints = artefacts.constraints_of(context.urn)
    whole = find_codelist(structure, artefacts)
    measures = dict(_measures(artefacts.structure_artefact_of(context.urn), artefacts))
    explicit = next(iter(measures), None) if query.explicit_measure else None

    @functools.cache
    def find(component_id: str) -> Codelist | None:
        codelist = measures.get(component_id) or whole(component_id)
        return _narrowed(codelist, component_id, constraints) if codelist else None

    return Schema(
        context=context.urn,
        structure=structure,
        codelist=find,
        dimension_at_observation=explicit or _at_observation(query, structure),
        explicit_measure=explicit is not None,
        deletion=query.deletion,
    )


def _measures(structure: Artefact, artefacts: Artefacts) -> Iterator[tuple[str, Codelist]]:
    """The dimension that is a measure dimension in SDMX 2.1, if there is one, with its concepts as codes."""
    for dimension in structure.document["dataStructureComponents"]["dimensionList"].get("dimensions", ()):
        named = measure_scheme(dimension)
        scheme = artefacts.find(parse_urn(named)) if named else None
        if scheme is not None:
            codes = {item["id"]: Code(id=item["id"], names=texts(item, "name")) for item in scheme.items}
            yield dimension["id"], Codelist(ref=scheme.ref, codes=codes)


def open_schema_structures(query: SchemaQuery, artefacts: Artefacts) -> tuple[Artefact, ...]:
    """Open the same as structures: the data structure, then codelists, concept and agency schemes, cut to what is used.

    Where components share a codelist but not what is allowed of it, the constraints that tell them apart come along.
    """
    schema = open_schema(query, artefacts)
    structure = artefacts.structure_artefact_of(schema.context)
    components = schema.structure.components.values()
    codes: dict[Urn, set[str]] = {}
    concepts: dict[Urn, set[str]] = {}
    for component in components:
        concepts.setdefault(component.concept.artefact, set()).add(component.concept.item_id or "")
        codelist = schema.codelist(component.id)
        if codelist is not None and component.representation.codelist is not None:
            codes.setdefault(component.representation.codelist, set()).update(codelist.codes)
    found = [structure, *_codelists(codes, artefacts), *_schemes(concepts, artefacts)]
    if _differ(schema):
        found += _constraints(schema.context, artefacts)
    return (*found, *agency_schemes_of(found, artefacts))


def _differ(schema: Schema) -> bool:
    """Tell whether components that share a codelist are not allowed the same codes."""
    allowed: dict[Urn, frozenset[str]] = {}
    for component in schema.structure.components.values():
        codelist, urn = schema.codelist(component.id), component.representation.codelist
        if codelist is not None and urn is not None:
            codes = frozenset(codelist.codes)
            if allowed.setdefault(urn, codes) != codes:
                return True
    return False


def _constraints(context: Urn, artefacts: Artefacts) -> Iterable[Artefact]:
    return [artefacts.get(Urn("DataConstraint", each.ref)) for each in artefacts.constraints_of(context)]


def _codelists(codes: Mapping[Urn, set[str]], artefacts: Artefacts) -> Iterable[Artefact]:
    return [keep_items(resolve_codelist(artefacts.get(urn), artefacts.find), used) for urn, used in codes.items()]


def _schemes(concepts: Mapping[Urn, set[str]], artefacts: Artefacts) -> Iterable[Artefact]:
    found = ((artefacts.find(urn), used) for urn, used in concepts.items())
    return [keep_items(scheme, used) for scheme, used in found if scheme is not None]


def _context(query: SchemaQuery, artefacts: Artefacts) -> Artefact:
    class_name = _CLASSES.get(query.context)
    if class_name is None:
        raise NotBuilt("publish-schema-context", context=query.context.value)
    urn = Urn(class_name, Ref(query.agency_id, query.resource_id, query.version))
    artefact = artefacts.find(urn)
    if artefact is None:
        named = f"{query.context.value} {query.agency_id}:{query.resource_id}({query.version})"
        raise NotFound("publish-no-dataflow", what=named)
    return artefact


def _at_observation(query: SchemaQuery, structure: DataStructure) -> str:
    asked = query.dimension_at_observation
    if asked is None:
        return structure.time_dimension.id if structure.time_dimension else ALL_DIMENSIONS
    if asked not in {ALL_DIMENSIONS, *structure.key_ids}:
        allowed = ", ".join((*structure.key_ids, ALL_DIMENSIONS))
        what = str(structure.ref)
        raise BadQuery("query-component", part="dimensionAtObservation", found=asked, what=what, allowed=allowed)
    return asked


def _narrowed(codelist: Codelist, component_id: str, constraints: Iterable[Constraint]) -> Codelist:
    """Keep the codes every constraint allows for a component."""
    kept = set(codelist.codes)
    for constraint in constraints:
        kept &= _allowed(constraint, component_id, frozenset(codelist.codes))
    if len(kept) == len(codelist.codes):
        return codelist
    return Codelist(ref=codelist.ref, codes={code: row for code, row in codelist.codes.items() if code in kept})


def _allowed(constraint: Constraint, component_id: str, codes: frozenset[str]) -> frozenset[str]:
    """The codes some region includes; a region that excludes takes away only when it names nothing else."""
    including = [region.values.get(component_id, codes) for region in constraint.regions if region.include]
    excluded: frozenset[str] = frozenset().union(
        *(
            region.values[component_id]
            for region in constraint.regions
            if not region.include and set(region.values) == {component_id}
        )
    )
    return (frozenset().union(*including) if including else codes) - excluded
