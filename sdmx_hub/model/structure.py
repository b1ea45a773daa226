"""Typed views of the classes the hub computes with: data structure, dataflow, constraint, agreement.

A view is made from an artefact document and holds only what is computed with; the document stays the truth. Source of
the shapes: SDMX 3.1 information model, §5 (data structure), §12 (constraints); codelists are in ``model.codelist``.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.errors import HubError
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.urn import Ref, Urn, parse_urn

FindArtefact = Callable[[Urn], Artefact | None]
"""How a view looks up what it refers to."""


class BrokenStructure(HubError):
    """A structure refers to what is not there, or says what cannot be."""


class Attachment(enum.StrEnum):
    """What an attribute describes (SDMX 3.1, AttributeRelationship)."""

    DATASET = "dataset"
    GROUP = "group"
    DIMENSIONS = "dimensions"
    OBSERVATION = "observation"


@dataclass(frozen=True, kw_only=True)
class Representation:
    """What a component may hold: codes of a codelist (or value list), or text of a type.

    ``facets`` keeps the rest of the text format (minValue, maxLength, pattern …) as in the document.
    """

    codelist: Urn | None = None
    text_type: str = "String"
    facets: Mapping[str, Any] = field(default_factory=dict)
    max_occurs: int | None = 1
    min_occurs: int = 0

    @property
    def is_coded(self) -> bool:
        """Tell whether values are codes."""
        return self.codelist is not None

    @property
    def is_array(self) -> bool:
        """Tell whether a cell may hold several values (see ``model.cells``)."""
        return self.max_occurs is None or self.max_occurs > 1

    @property
    def is_multilingual(self) -> bool:
        """Tell whether a value may be a text in several languages (only where the structure says so)."""
        return self.facets.get("isMultiLingual") is True and not self.is_coded

    @property
    def is_plain(self) -> bool:
        """Tell whether a cell is just its text."""
        return not (self.is_array or self.is_multilingual)


@dataclass(frozen=True, kw_only=True)
class Component:
    """A dimension, measure or attribute."""

    id: str
    concept: Urn
    representation: Representation


@dataclass(frozen=True, kw_only=True)
class Dimension(Component):
    """A dimension; ``position`` counts from 1 in the order of the structure, time last."""

    position: int
    is_time: bool = False


@dataclass(frozen=True, kw_only=True)
class Measure(Component):
    """A measure (OBS_VALUE where the structure names none, as SDMX 2.1 always does)."""

    is_mandatory: bool = False


@dataclass(frozen=True, kw_only=True)
class Attribute(Component):
    """An attribute.

    ``dimension_ids`` are the dimensions its value depends on, in the order of the structure: none for the dataset, all
    (time too) for observations, those of the group for a group.
    """

    attached_to: Attachment
    dimension_ids: tuple[str, ...] = ()
    group_id: str | None = None
    is_mandatory: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """A named set of dimensions attributes attach to."""

    id: str
    dimension_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DataStructure:
    """The DSD. ``dimensions`` are those of the series key, in order, without time."""

    ref: Ref
    dimensions: tuple[Dimension, ...]
    time_dimension: Dimension | None
    measures: tuple[Measure, ...]
    attributes: tuple[Attribute, ...]
    groups: tuple[Group, ...]

    @functools.cached_property
    def components(self) -> Mapping[str, Component]:
        """All components by id: dimensions, time, measures, attributes."""
        return {component.id: component for component in self._in_order()}

    def _in_order(self) -> Iterator[Component]:
        yield from self.dimensions
        if self.time_dimension:
            yield self.time_dimension
        yield from self.measures
        yield from self.attributes

    @property
    def dimension_ids(self) -> tuple[str, ...]:
        """Ids of the series-key dimensions, in order."""
        return tuple(dimension.id for dimension in self.dimensions)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all dimensions, time last: together they identify an observation."""
        return self.dimension_ids + ((self.time_dimension.id,) if self.time_dimension else ())

    def attributes_of(self, *attachments: Attachment) -> tuple[Attribute, ...]:
        """The attributes attached at one of ``attachments``, in order."""
        return tuple(attribute for attribute in self.attributes if attribute.attached_to in attachments)


@dataclass(frozen=True, kw_only=True)
class Dataflow:
    """A dataflow and the structure its data follow."""

    ref: Ref
    structure: Urn
    names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CubeRegion:
    """One region of a constraint: allowed (or, not ``include``, forbidden) values per component.

    A component that is not named is free.
    """

    include: bool
    values: Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """A data constraint with role Allowed and what it is attached to."""

    ref: Ref
    attached_to: tuple[Urn, ...]
    regions: tuple[CubeRegion, ...]


@dataclass(frozen=True, kw_only=True)
class ProvisionAgreement:
    """A data provider's promise for one dataflow."""

    ref: Ref
    dataflow: Urn
    data_provider: Urn


def read_data_structure(artefact: Artefact, find: FindArtefact) -> DataStructure:
    """View a DataStructure; representations missing locally come from the concept. Raises BrokenStructure."""
    document = artefact.document
    components = document.get("dataStructureComponents")
    if not components:
        raise BrokenStructure("structure-broken", what=str(artefact.urn), why="it has no components")
    core = functools.partial(_representation, find=find)
    listed = components["dimensionList"]
    dimensions = tuple(
        Dimension(position=position, **_common(item, core))
        for position, item in enumerate(listed.get("dimensions", ()), start=1)
    )
    times = listed.get("timeDimensions") or ([listed["timeDimension"]] if listed.get("timeDimension") else [])
    time = (
        Dimension(position=len(dimensions) + 1, is_time=True, **_common(times[0], core, "TIME_PERIOD"))
        if times
        else None
    )
    groups = tuple(
        Group(id=item["id"], dimension_ids=_ordered(item.get("groupDimensions", ()), dimensions))
        for item in components.get("groups", ())
    )
    measures = tuple(
        Measure(is_mandatory=item.get("usage") == "mandatory", **_common(item, core))
        for item in components.get("measureList", {}).get("measures", ())
    )
    keys = tuple(dimension.id for dimension in dimensions) + ((time.id,) if time else ())
    attributes = tuple(
        _attribute(item, core, keys, groups) for item in components.get("attributeList", {}).get("attributes", ())
    )
    return DataStructure(
        ref=artefact.ref,
        dimensions=dimensions,
        time_dimension=time,
        measures=measures,
        attributes=attributes,
        groups=groups,
    )


def _common(item: Document, core: Callable[..., Representation], default_id: str | None = None) -> dict[str, Any]:
    concept = parse_urn(item["conceptIdentity"])
    identifier = item.get("id") or default_id or concept.item_id
    return {"id": identifier, "concept": concept, "representation": core(item.get("localRepresentation"), concept)}


def read_representation(item: Document, find: FindArtefact) -> Representation:
    """Read the representation of a component document: its own, else that of its concept."""
    return _representation(item.get("localRepresentation"), parse_urn(item["conceptIdentity"]), find=find)


def _representation(local: Document | None, concept: Urn, *, find: FindArtefact) -> Representation:
    if local is None:
        scheme = find(concept.artefact)
        item = _concept_of(scheme, concept.item_id) if scheme else None
        local = (item or {}).get("coreRepresentation")
    return _read_representation(local or {})


def _read_representation(document: Document) -> Representation:
    occurs = document.get("maxOccurs", 1)
    limit = None if occurs == "unbounded" else int(occurs)
    fewest = int(document.get("minOccurs", 0))
    enumeration = document.get("enumeration")
    if enumeration:
        facets = document.get("enumerationFormat", {})
        return Representation(codelist=parse_urn(enumeration), facets=facets, max_occurs=limit, min_occurs=fewest)
    facets = dict(document.get("format", {}))
    text_type = facets.pop("dataType", "String")
    return Representation(text_type=text_type, facets=facets, max_occurs=limit, min_occurs=fewest)


def _concept_of(scheme: Artefact, concept_id: str | None) -> Document | None:
    return next((item for item in scheme.items if item["id"] == concept_id), None)


def _ordered(ids: Iterable[str], dimensions: tuple[Dimension, ...]) -> tuple[str, ...]:
    wanted = set(ids)
    return tuple(dimension.id for dimension in dimensions if dimension.id in wanted)


def _attribute(
    item: Document,
    core: Callable[..., Representation],
    keys: tuple[str, ...],
    groups: tuple[Group, ...],
) -> Attribute:
    relationship = item.get("attributeRelationship", {})
    group_id = None
    if "group" in relationship:
        attached, group_id = Attachment.GROUP, relationship["group"]
        ids = next((group.dimension_ids for group in groups if group.id == group_id), ())
    elif "dimensions" in relationship:
        wanted = set(relationship["dimensions"])
        attached, ids = Attachment.DIMENSIONS, tuple(key for key in keys if key in wanted)
    elif "observation" in relationship or "primaryMeasure" in relationship:
        attached, ids = Attachment.OBSERVATION, keys
    else:
        attached, ids = Attachment.DATASET, ()
    return Attribute(
        attached_to=attached,
        dimension_ids=ids,
        group_id=group_id,
        is_mandatory=item.get("usage") == "mandatory",
        **_common(item, core),
    )


def read_dataflow(artefact: Artefact) -> Dataflow:
    """View a Dataflow. Raises BrokenStructure for a stub without structure."""
    structure = artefact.document.get("structure")
    if not structure:
        raise BrokenStructure("structure-broken", what=str(artefact.urn), why="it names no data structure")
    return Dataflow(ref=artefact.ref, structure=parse_urn(structure), names=artefact.names)


def read_constraint(artefact: Artefact) -> Constraint:
    """View a DataConstraint: attachments and cube regions (key sets and time ranges are not computed with)."""
    document = artefact.document
    attachment = document.get("constraintAttachment", {})
    attached = [
        parse_urn(urn)
        for key in ("dataflows", "dataStructures", "provisionAgreements")
        for urn in attachment.get(key, ())
    ]
    regions = tuple(_region(item) for item in document.get("cubeRegions", ()))
    return Constraint(ref=artefact.ref, attached_to=tuple(attached), regions=regions)


def _region(item: Document) -> CubeRegion:
    values = {
        part["id"]: frozenset(value if isinstance(value, str) else value["value"] for value in part.get("values", ()))
        for part in (*item.get("keyValues", ()), *item.get("components", ()))
        if part.get("values")
    }
    return CubeRegion(include=item.get("include", True), values=values)


def read_provision_agreement(artefact: Artefact) -> ProvisionAgreement:
    """View a ProvisionAgreement."""
    document = artefact.document
    return ProvisionAgreement(
        ref=artefact.ref, dataflow=parse_urn(document["dataflow"]), data_provider=parse_urn(document["dataProvider"])
    )
