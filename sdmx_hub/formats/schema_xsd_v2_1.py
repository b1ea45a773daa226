"""XML schema of SDMX-ML 2.1 structure-specific data for one structure and dimension at the observation.

By time, the types restrict those of time-series messages, which restrict the general ones: the schema then judges both
messages. Attributes are optional, as a message may hold a part of the data; those of groups may stand in the series.
With explicit measures, the observation type is abstract and each measure has one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sdmx_hub.formats.render_xml import DECLARATION, escape
from sdmx_hub.formats.schema_xsd import (
    Schema,
    complex_type,
    element,
    prohibited_start_day,
    simple_types,
    xml_attributes,
)
from sdmx_hub.formats.several import structure_v2_1
from sdmx_hub.model.structure import Group

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
_LOCATION = "https://registry.sdmx.org/schemas/v2_1"
_ANNOTATIONS = '<xs:element ref="common:Annotations" minOccurs="0"/>'
_PROVIDER = '<xs:element name="DataProvider" type="common:DataProviderReferenceType" form="unqualified" minOccurs="0"/>'


def write(schema: Schema) -> bytes:
    """Write the schema."""
    schema = replace(schema, structure=structure_v2_1(schema.structure))
    renamed = _renamed(schema)
    parts = [
        DECLARATION,
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="{escape(schema.namespace)}"'
        f' targetNamespace="{escape(schema.namespace)}" xmlns:dsd="{_SCHEMAS}/data/structurespecific"'
        f' xmlns:common="{_SCHEMAS}/common" elementFormDefault="qualified" attributeFormDefault="unqualified">\n'
        f'<xs:import namespace="{_SCHEMAS}/data/structurespecific"'
        f' schemaLocation="{_LOCATION}/SDMXDataStructureSpecific.xsd"/>\n'
        f'<xs:import namespace="{_SCHEMAS}/common" schemaLocation="{_LOCATION}/SDMXCommon.xsd"/>\n',
        simple_types(schema, renamed),
        _dataset_type(schema, renamed),
        *_group_types(schema, renamed),
        "" if schema.is_flat else _series_type(schema, renamed),
        _observation_type(schema, renamed),
        *(_measure_types(schema, renamed) if schema.explicit_measure else ()),
        "</xs:schema>\n",
    ]
    return "".join(parts).encode()


def _renamed(schema: Schema) -> dict[str, str]:
    """2.1 calls the one measure OBS_VALUE, whatever the structure calls it."""
    ids = [measure.id for measure in schema.structure.measures]
    return {} if not ids or "OBS_VALUE" in ids else {ids[0]: "OBS_VALUE"}


def _base(schema: Schema, name: str) -> str:
    """Name the base type; that of a time series is called TimeSeriesType, and insists on the period."""
    by_time = schema.dimension_at_observation == "TIME_PERIOD" and not schema.deletion
    return f"dsd:Time{'' if name == 'SeriesType' else 'Series'}{name}" if by_time else f"dsd:{name}"


def _dataset_type(schema: Schema, renamed: dict[str, str]) -> str:
    groups = schema.structure.groups
    group = element("Group", groups[0].id if len(groups) == 1 else "GroupType") if groups else ""
    content = element("Obs", "ObsType", least=1) if schema.is_flat else element("Series", "SeriesType", least=1)
    sequence = f'{_ANNOTATIONS}{_PROVIDER}{group}<xs:choice minOccurs="0">{content}</xs:choice>'
    attributes = schema.attributes("dataset")
    declared = xml_attributes(schema, (each.id for each in attributes), "optional", renamed)
    fixed = '<xs:attributeGroup ref="dsd:SetAttributeGroup"/>'
    return complex_type(
        "DataSetType", _base(schema, "DataSetType"), sequence, f"{declared}{prohibited_start_day(attributes)}{fixed}"
    )


def _group_types(schema: Schema, renamed: dict[str, str]) -> Iterator[str]:
    groups = schema.structure.groups
    if len(groups) > 1:
        listed = "".join(f'<xs:enumeration value="{group.id}"/>' for group in groups)
        yield (
            '<xs:simpleType name="GroupType.ID"><xs:restriction base="common:IDType">'
            f"{listed}</xs:restriction></xs:simpleType>\n"
        )
        fixed = '<xs:attribute name="type" type="GroupType.ID" use="optional"/><xs:anyAttribute namespace="##local"/>'
        yield complex_type("GroupType", "dsd:GroupType", _ANNOTATIONS, fixed, is_abstract=True)
    base, kind = ("GroupType", "GroupType.ID") if len(groups) > 1 else ("dsd:GroupType", "common:IDType")
    for group in groups:
        yield _group_type(schema, group, base, kind, renamed)


def _group_type(schema: Schema, group: Group, base: str, kind: str, renamed: dict[str, str]) -> str:
    attributes = schema.group_attributes(group.id)
    declared = (
        xml_attributes(schema, group.dimension_ids, schema.dimension_use, renamed)
        + xml_attributes(schema, (each.id for each in attributes), "optional", renamed)
        + prohibited_start_day(attributes)
        + f'<xs:attribute name="type" type="{kind}" use="optional" fixed="{group.id}"/>'
    )
    return complex_type(group.id, base, _ANNOTATIONS, declared)


def _series_type(schema: Schema, renamed: dict[str, str]) -> str:
    attributes = schema.attributes("series")
    if schema.dimension_at_observation == schema.time_id:
        attributes = [*attributes, *schema.attributes("group")]
    declared = (
        xml_attributes(schema, schema.series_ids, schema.dimension_use, renamed)
        + xml_attributes(schema, (each.id for each in attributes), "optional", renamed)
        + prohibited_start_day(attributes)
    )
    if schema.time_id not in schema.series_ids:
        declared += _prohibited_time()
    sequence = _ANNOTATIONS + element("Obs", "ObsType")
    return complex_type("SeriesType", _base(schema, "SeriesType"), sequence, declared)


def _observation_type(schema: Schema, renamed: dict[str, str]) -> str:
    attributes = schema.attributes("observation")
    measures = (measure.id for measure in schema.structure.measures)
    declared = (
        xml_attributes(schema, schema.observation_ids, schema.dimension_use, renamed)
        + xml_attributes(schema, measures, "optional", renamed)
        + xml_attributes(schema, (each.id for each in attributes), "optional", renamed)
        + prohibited_start_day(attributes)
        + _measure_name(schema)
    )
    if schema.time_id not in schema.observation_ids:
        declared += _prohibited_time()
    base = _base(schema, "ObsType")
    return complex_type("ObsType", base, _ANNOTATIONS, declared, is_abstract=schema.explicit_measure)


def _measure_name(schema: Schema) -> str:
    """Declare the attribute that names the measure of an observation, which only explicit measures use."""
    if schema.explicit_measure:
        return f'<xs:attribute name="type" type="{schema.dimension_at_observation}" use="optional"/>'
    return '<xs:attribute name="type" type="common:IDType" use="prohibited"/>'


def _measure_types(schema: Schema, renamed: dict[str, str]) -> Iterator[str]:
    """A type for the observations of each measure, named by its concept (SDMX-ML 2.1 §4.2, explicit measures)."""
    dimension = schema.dimension_at_observation
    listed = schema.codelist(dimension)
    for measure in map(escape, listed.codes if listed else ()):
        fixed = f'type="{dimension}" fixed="{measure}"'
        declared = (
            f'<xs:attribute name="{dimension}" {fixed} use="required"/>'
            + xml_attributes(schema, (each.id for each in schema.structure.measures), "optional", renamed)
            + f'<xs:attribute name="type" {fixed} use="optional"/>'
        )
        yield complex_type(measure, "ObsType", _ANNOTATIONS, declared)


def _prohibited_time() -> str:
    return '<xs:attribute name="TIME_PERIOD" type="common:ObservationalTimePeriodType" use="prohibited"/>'
