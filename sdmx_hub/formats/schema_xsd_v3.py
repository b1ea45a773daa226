"""XML schema of SDMX-ML 3.0 and 3.1 data for one structure and dimension at the observation.

Components are XML attributes, as our writer has them; those that hold several values or languages are elements
``Comp``, each of a type of its own. (A text that may have languages and says none is an XML attribute too.) Attributes
and measures are optional, as a message may hold a part of the data.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from sdmx_hub.formats.render_xml import DECLARATION, escape
from sdmx_hub.formats.render_xml_specific import complex_type as name_of_type
from sdmx_hub.formats.schema_xsd import Schema, complex_type, element, simple_types, type_of, xml_attributes
from sdmx_hub.model.structure import Component, Group

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/"
_LOCATION = "https://registry.sdmx.org/schemas/"
_ANNOTATIONS = '<xs:element ref="common:Annotations" minOccurs="0"/>'
_PROVIDER = '<xs:element name="DataProvider" type="common:DataProviderReferenceType" form="unqualified" minOccurs="0"/>'
_PROHIBITED_TIME = '<xs:attribute name="TIME_PERIOD" type="common:ObservationalTimePeriodType" use="prohibited"/>'


def _write(edition: str, schema: Schema) -> bytes:
    schemas, location = _SCHEMAS + edition, _LOCATION + edition
    parts = [
        DECLARATION,
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{escape(schema.namespace)}"'
        f' targetNamespace="{escape(schema.namespace)}" xmlns:dsd="{schemas}/data/structurespecific"'
        f' xmlns:common="{schemas}/common" elementFormDefault="qualified" attributeFormDefault="unqualified">\n'
        f'<xs:import namespace="{schemas}/data/structurespecific"'
        f' schemaLocation="{location}/SDMXDataStructureSpecific.xsd"/>\n'
        f'<xs:import namespace="{schemas}/common" schemaLocation="{location}/SDMXCommon.xsd"/>\n',
        simple_types(schema, {}),
        *_places(schema),
        *(_component_type(schema, each, place) for place, found in _complex(schema).items() for each in found),
        _dataset_type(schema),
        _atts_type(schema),
        *_group_types(schema),
        "" if schema.is_flat else _series_type(schema),
        _observation_type(schema),
        "</xs:schema>\n",
    ]
    return "".join(parts).encode()


write_v3_0 = functools.partial(_write, "v3_0")
"""Write the schema of SDMX-ML 3.0 data."""
write_v3_1 = functools.partial(_write, "v3_1")
"""Write the schema of SDMX-ML 3.1 data."""


def _complex(schema: Schema) -> dict[str, list[Component]]:
    """The components that are elements, by the element they stand in (a group by its own id)."""
    places: dict[str, Iterable[Component]] = {
        "Atts": schema.attributes("dataset"),
        "Series": schema.attributes("series"),
        "Obs": (*schema.structure.measures, *schema.attributes("observation")),
        **{group.id: schema.group_attributes(group.id) for group in schema.structure.groups},
    }
    listed = {place: [each for each in found if not each.representation.is_plain] for place, found in places.items()}
    return {place: found for place, found in listed.items() if found}


def _place_type(place: str) -> str:
    return f"{place}_COMPONENT"


def _places(schema: Schema) -> Iterator[str]:
    """A type for all elements that may stand in one place, so that others may not."""
    for place in _complex(schema):
        value = element("Value", "common:ValueType")
        declared = '<xs:attribute name="id" type="common:NCNameIDType" use="required"/>'
        yield complex_type(_place_type(place), "dsd:CompType", _ANNOTATIONS + value, declared, is_abstract=True)


def _components(schema: Schema, place: str) -> str:
    return element("Comp", _place_type(place)) if place in _complex(schema) else ""


def _component_type(schema: Schema, component: Component, place: str) -> str:
    representation = component.representation
    most = "unbounded" if representation.max_occurs is None else str(representation.max_occurs)
    declared, kind = "", "common:TextValueType"
    if not representation.is_multilingual:
        kind = f"{component.id}_ValueType"
        base = "xs:string" if schema.deletion else type_of(schema, component.id, component.id)
        declared = (
            f'<xs:complexType name="{kind}"><xs:simpleContent><xs:restriction base="common:ValueType">'
            f'<xs:simpleType><xs:restriction base="{base}"/></xs:simpleType>'
            "</xs:restriction></xs:simpleContent></xs:complexType>\n"
        )
    sequence = _ANNOTATIONS + element("Value", kind, least=0 if schema.deletion else 1, most=most)
    fixed = f'<xs:attribute name="id" type="common:NCNameIDType" use="required" fixed="{component.id}"/>'
    return declared + complex_type(name_of_type(component), _place_type(place), sequence, fixed)


def _optional(schema: Schema, components: Iterable[Component]) -> str:
    single = (each.id for each in components if not each.representation.is_array)
    return xml_attributes(schema, single, "optional", {})


def _dataset_type(schema: Schema) -> str:
    groups = schema.structure.groups
    group = element("Group", groups[0].id if len(groups) == 1 else "GroupType", least=1, most="1") if groups else ""
    content = ("Obs", "ObsType") if schema.is_flat else ("Series", "SeriesType")
    listed = f"{_atts(schema)}{group}{element(*content, least=1, most='1')}"
    choice = f'<xs:choice minOccurs="0" maxOccurs="unbounded">{listed}</xs:choice>'
    declared = _optional(schema, schema.attributes("dataset")) + '<xs:attributeGroup ref="dsd:SetAttributeGroup"/>'
    return complex_type("DataSetType", "dsd:DataSetType", f"{_ANNOTATIONS}{_PROVIDER}{choice}", declared)


def _atts(schema: Schema) -> str:
    return element("Atts", "AttsType", least=1, most="1") if "Atts" in _complex(schema) else ""


def _atts_type(schema: Schema) -> str:
    """The type of what is said of the whole dataset in elements."""
    if "Atts" not in _complex(schema):
        return ""
    return complex_type("AttsType", "dsd:AttsType", _ANNOTATIONS + _components(schema, "Atts"), _PROHIBITED_TIME)


def _group_types(schema: Schema) -> Iterator[str]:
    groups = schema.structure.groups
    if len(groups) > 1:
        fixed = '<xs:attribute name="type" type="common:IDType" use="optional"/><xs:anyAttribute namespace="##local"/>'
        some = any(group.id in _complex(schema) for group in groups)
        sequence = _ANNOTATIONS + (element("Comp", "dsd:CompType") if some else "")
        yield complex_type("GroupType", "dsd:GroupType", sequence, fixed, is_abstract=True)
    for group in groups:
        yield _group_type(schema, group, "GroupType" if len(groups) > 1 else "dsd:GroupType")


def _group_type(schema: Schema, group: Group, base: str) -> str:
    declared = (
        xml_attributes(schema, group.dimension_ids, schema.dimension_use, {})
        + _optional(schema, schema.group_attributes(group.id))
        + f'<xs:attribute name="type" type="common:IDType" use="optional" fixed="{group.id}"/>'
    )
    return complex_type(group.id, base, _ANNOTATIONS + _components(schema, group.id), declared)


def _series_type(schema: Schema) -> str:
    keys = xml_attributes(schema, schema.series_ids, schema.dimension_use, {})
    declared = keys + _optional(schema, schema.attributes("series"))
    if schema.time_id not in schema.series_ids:
        declared += _PROHIBITED_TIME
    sequence = f"{_ANNOTATIONS}{_components(schema, 'Series')}{element('Obs', 'ObsType')}"
    return complex_type("SeriesType", "dsd:SeriesType", sequence, declared)


def _observation_type(schema: Schema) -> str:
    declared = (
        xml_attributes(schema, schema.observation_ids, schema.dimension_use, {})
        + _optional(schema, schema.structure.measures)
        + _optional(schema, schema.attributes("observation"))
        + '<xs:attribute name="type" type="common:IDType" use="prohibited"/>'
    )
    if schema.time_id not in schema.observation_ids:
        declared += _PROHIBITED_TIME
    return complex_type("ObsType", "dsd:ObsType", _ANNOTATIONS + _components(schema, "Obs"), declared)
