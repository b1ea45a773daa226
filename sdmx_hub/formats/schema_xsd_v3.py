"""XML schema of SDMX-ML 3.0 data for one structure and dimension at the observation.

Components are XML attributes, as our writer has them. Attributes and measures are optional, as a message may hold a
part of the data.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdmx_hub.formats.render_xml import DECLARATION, escape
from sdmx_hub.formats.schema_xsd import Schema, complex_type, element, simple_types, xml_attributes
from sdmx_hub.model.structure import Attribute, Group

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"
_LOCATION = "https://registry.sdmx.org/schemas/v3_0"
_ANNOTATIONS = '<xs:element ref="common:Annotations" minOccurs="0"/>'
_PROVIDER = '<xs:element name="DataProvider" type="common:DataProviderReferenceType" form="unqualified" minOccurs="0"/>'
_PROHIBITED_TIME = '<xs:attribute name="TIME_PERIOD" type="common:ObservationalTimePeriodType" use="prohibited"/>'


def write(schema: Schema) -> bytes:
    """Write the schema."""
    parts = [
        DECLARATION,
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{escape(schema.namespace)}"'
        f' targetNamespace="{escape(schema.namespace)}" xmlns:dsd="{_SCHEMAS}/data/structurespecific"'
        f' xmlns:common="{_SCHEMAS}/common" elementFormDefault="qualified" attributeFormDefault="unqualified">\n'
        f'<xs:import namespace="{_SCHEMAS}/data/structurespecific"'
        f' schemaLocation="{_LOCATION}/SDMXDataStructureSpecific.xsd"/>\n'
        f'<xs:import namespace="{_SCHEMAS}/common" schemaLocation="{_LOCATION}/SDMXCommon.xsd"/>\n',
        simple_types(schema, {}),
        _dataset_type(schema),
        *_group_types(schema),
        "" if schema.is_flat else _series_type(schema),
        _observation_type(schema),
        "</xs:schema>\n",
    ]
    return "".join(parts).encode()


def _optional(schema: Schema, attributes: list[Attribute]) -> str:
    return xml_attributes(schema, (each.id for each in attributes), "optional", {})


def _dataset_type(schema: Schema) -> str:
    groups = schema.structure.groups
    group = element("Group", groups[0].id if len(groups) == 1 else "GroupType", least=1, most="1") if groups else ""
    content = ("Obs", "ObsType") if schema.is_flat else ("Series", "SeriesType")
    choice = f'<xs:choice minOccurs="0" maxOccurs="unbounded">{group}{element(*content, least=1, most="1")}</xs:choice>'
    declared = _optional(schema, schema.attributes("dataset")) + '<xs:attributeGroup ref="dsd:SetAttributeGroup"/>'
    return complex_type("DataSetType", "dsd:DataSetType", f"{_ANNOTATIONS}{_PROVIDER}{choice}", declared)


def _group_types(schema: Schema) -> Iterator[str]:
    groups = schema.structure.groups
    if len(groups) > 1:
        fixed = '<xs:attribute name="type" type="common:IDType" use="optional"/><xs:anyAttribute namespace="##local"/>'
        yield complex_type("GroupType", "dsd:GroupType", _ANNOTATIONS, fixed, is_abstract=True)
    for group in groups:
        yield _group_type(schema, group, "GroupType" if len(groups) > 1 else "dsd:GroupType")


def _group_type(schema: Schema, group: Group, base: str) -> str:
    declared = (
        xml_attributes(schema, group.dimension_ids, "required", {})
        + _optional(schema, schema.group_attributes(group.id))
        + f'<xs:attribute name="type" type="common:IDType" use="optional" fixed="{group.id}"/>'
    )
    return complex_type(group.id, base, _ANNOTATIONS, declared)


def _series_type(schema: Schema) -> str:
    declared = xml_attributes(schema, schema.series_ids, "required", {}) + _optional(
        schema, schema.attributes("series")
    )
    if schema.time_id not in schema.series_ids:
        declared += _PROHIBITED_TIME
    return complex_type("SeriesType", "dsd:SeriesType", _ANNOTATIONS + element("Obs", "ObsType"), declared)


def _observation_type(schema: Schema) -> str:
    measures = (measure.id for measure in schema.structure.measures)
    declared = (
        xml_attributes(schema, schema.observation_ids, "required", {})
        + xml_attributes(schema, measures, "optional", {})
        + _optional(schema, schema.attributes("observation"))
        + '<xs:attribute name="type" type="common:IDType" use="prohibited"/>'
    )
    if schema.time_id not in schema.observation_ids:
        declared += _PROHIBITED_TIME
    return complex_type("ObsType", "dsd:ObsType", _ANNOTATIONS, declared)
