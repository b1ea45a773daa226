"""What the XML schemas of structure-specific data share: what they are written for, simple types, XML attributes.

A schema says what a dataset of one structure may hold: coded components enumerate their codes, the others have the
type and the facets of their text format. SDMX-ML 2.1 §4.2 and 3.0 §4.2, "Structure-specific schemas".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.render_xml import escape
from sdmx_hub.model.message import FindCodelist
from sdmx_hub.model.structure import Attachment, Attribute, Component, DataStructure
from sdmx_hub.model.urn import Urn

ALL_DIMENSIONS = "AllDimensions"
START_DAY = "REPORTING_YEAR_START_DAY"


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What a schema is written for.

    ``context`` is the dataflow, data structure or provision agreement asked about; ``codelist`` gives the codes its
    constraints leave. A schema for deletions (``deletion``) lets dimensions be left out, which stand for all their
    values then, and asks nothing of the values of attributes and measures: they only say what is deleted. With
    ``explicit_measure`` the dimension at the observation is the measure dimension of SDMX 2.1, whose codes are the
    concepts that are measures: each of them gets a type of observation of its own.
    """

    context: Urn
    structure: DataStructure
    codelist: FindCodelist
    dimension_at_observation: str
    deletion: bool = False
    explicit_measure: bool = False

    @property
    def dimension_use(self) -> str:
        """Tell whether XML attributes of dimensions are ``required``."""
        return "optional" if self.deletion else "required"

    @property
    def namespace(self) -> str:
        """The namespace of the schema; data messages use the same."""
        return f"{self.context}:ObsLevelDim:{self.dimension_at_observation}"

    @property
    def is_flat(self) -> bool:
        """Tell whether observations stand alone."""
        return self.dimension_at_observation == ALL_DIMENSIONS

    @property
    def time_id(self) -> str | None:
        """The id of the time dimension, if any."""
        return self.structure.time_dimension.id if self.structure.time_dimension else None

    @property
    def series_ids(self) -> tuple[str, ...]:
        """Dimensions of the series key; none in a flat dataset."""
        if self.is_flat:
            return ()
        return tuple(one for one in self.structure.key_ids if one != self.dimension_at_observation)

    @property
    def observation_ids(self) -> tuple[str, ...]:
        """Dimensions written with each observation."""
        return self.structure.key_ids if self.is_flat else (self.dimension_at_observation,)

    def attributes(self, place: str) -> list[Attribute]:
        """The attributes written with the ``dataset``, the ``series`` or the ``observation``."""
        return [each for each in self.structure.attributes if self._place(each) == place]

    def group_attributes(self, group_id: str) -> list[Attribute]:
        """The attributes of a group."""
        return [each for each in self.structure.attributes_of(Attachment.GROUP) if each.group_id == group_id]

    def _place(self, attribute: Attribute) -> str:
        if attribute.attached_to is Attachment.DIMENSIONS:
            varies = self.is_flat or self.dimension_at_observation in attribute.dimension_ids
            return "observation" if varies else "series"
        return attribute.attached_to.value


XSD_TYPES: Mapping[str, str] = {
    "String": "xs:string", "Alpha": "common:AlphaType", "AlphaNumeric": "common:AlphaNumericType",
    "Numeric": "common:NumericType", "BigInteger": "xs:integer", "Integer": "xs:int", "Long": "xs:long",
    "Short": "xs:short", "Decimal": "xs:decimal", "Float": "xs:float", "Double": "xs:double",
    "Boolean": "xs:boolean", "URI": "xs:anyURI", "Count": "xs:integer", "InclusiveValueRange": "xs:decimal",
    "ExclusiveValueRange": "xs:decimal", "Incremental": "xs:decimal",
    "ObservationalTimePeriod": "common:ObservationalTimePeriodType",
    "StandardTimePeriod": "common:StandardTimePeriodType", "BasicTimePeriod": "common:BasicTimePeriodType",
    "GregorianTimePeriod": "common:GregorianTimePeriodType", "GregorianYear": "xs:gYear",
    "GregorianYearMonth": "xs:gYearMonth", "GregorianDay": "xs:date",
    "ReportingTimePeriod": "common:ReportingTimePeriodType", "ReportingYear": "common:ReportingYearType",
    "ReportingSemester": "common:ReportingSemesterType", "ReportingTrimester": "common:ReportingTrimesterType",
    "ReportingQuarter": "common:ReportingQuarterType", "ReportingMonth": "common:ReportingMonthType",
    "ReportingWeek": "common:ReportingWeekType", "ReportingDay": "common:ReportingDayType",
    "DateTime": "xs:dateTime", "TimeRange": "common:TimeRangeType", "Month": "xs:gMonth",
    "MonthDay": "xs:gMonthDay", "Day": "xs:gDay", "Time": "xs:time", "Duration": "xs:duration",
}  # fmt: skip
"""Text types by the type of XML Schema that holds them; any other is text."""

_TEXT_FACETS = {"minLength": "minLength", "maxLength": "maxLength", "pattern": "pattern"}
_NUMBER_FACETS = {"minValue": "minInclusive", "maxValue": "maxInclusive", "pattern": "pattern"}
_DECIMAL_FACETS = _NUMBER_FACETS | {"decimals": "fractionDigits"}
_FACETS: Mapping[str, Mapping[str, str]] = {
    "xs:string": _TEXT_FACETS,
    "xs:anyURI": _TEXT_FACETS,
    "common:AlphaType": _TEXT_FACETS,
    "common:AlphaNumericType": _TEXT_FACETS,
    "xs:decimal": _DECIMAL_FACETS,
} | dict.fromkeys(("xs:integer", "xs:int", "xs:long", "xs:short", "xs:float", "xs:double"), _NUMBER_FACETS)


def xsd_type(component: Component) -> str:
    """The built-in or common type that holds the values of an uncoded component."""
    return XSD_TYPES.get(component.representation.text_type, "xs:string")


def facets(component: Component) -> dict[str, str]:
    """The facets of an uncoded component that XML Schema knows for its type."""
    known = _FACETS.get(xsd_type(component), {})
    stated = component.representation.facets
    return {known[name]: _number(value) for name, value in stated.items() if name in known}


def _number(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def simple_types(schema: Schema, renamed: Mapping[str, str]) -> str:
    """A simple type for each component that enumerates codes or has facets, named by the component."""
    found = []
    for component in schema.structure.components.values():
        name = renamed.get(component.id, component.id)
        codelist = schema.codelist(component.id)
        if codelist is not None:
            listed = "".join(f'<xs:enumeration value="{escape(code)}"/>' for code in codelist.codes)
            found.append(f'<xs:simpleType name="{name}"><xs:restriction base="xs:string">{listed}</xs:restriction>')
        elif facets(component):
            listed = "".join(f'<xs:{key} value="{escape(value)}"/>' for key, value in facets(component).items())
            base = xsd_type(component)
            found.append(f'<xs:simpleType name="{name}"><xs:restriction base="{base}">{listed}</xs:restriction>')
    return "".join(f"{each}</xs:simpleType>\n" for each in found)


def xml_attribute(schema: Schema, identifier: str, use: str, renamed: Mapping[str, str]) -> str:
    """Declare the XML attribute that holds a component."""
    name = renamed.get(identifier, identifier)
    is_free = schema.deletion and identifier not in schema.structure.key_ids
    kind = "xs:string" if is_free else type_of(schema, identifier, name)
    return f'<xs:attribute name="{name}" type="{kind}" use="{use}"/>'


def type_of(schema: Schema, identifier: str, name: str) -> str:
    """Name the simple type of the values of a component that is called ``name`` in the schema."""
    component = schema.structure.components[identifier]
    is_named = schema.codelist(identifier) is not None or bool(facets(component))
    return name if is_named else xsd_type(component)


def xml_attributes(schema: Schema, ids: Iterable[str], use: str, renamed: Mapping[str, str]) -> str:
    """Declare several XML attributes."""
    return "".join(xml_attribute(schema, identifier, use, renamed) for identifier in ids)


def prohibited_start_day(attributes: Iterable[Attribute]) -> str:
    """Forbid the attribute the base types offer, unless the structure has it in this place."""
    if any(attribute.id == START_DAY for attribute in attributes):
        return ""
    return f'<xs:attribute name="{START_DAY}" type="xs:gMonthDay" use="prohibited"/>'


def complex_type(name: str, base: str, sequence: str, attributes: str, *, is_abstract: bool = False) -> str:
    """Declare a complex type that restricts ``base``."""
    abstract = ' abstract="true"' if is_abstract else ""
    return (
        f'<xs:complexType name="{name}"{abstract}><xs:complexContent><xs:restriction base="{base}">\n'
        f"<xs:sequence>{sequence}</xs:sequence>\n{attributes}\n"
        "</xs:restriction></xs:complexContent></xs:complexType>\n"
    )


def element(name: str, kind: str, *, least: int = 0, most: str = "unbounded") -> str:
    """Declare a local element."""
    return f'<xs:element name="{name}" type="{kind}" form="unqualified" minOccurs="{least}" maxOccurs="{most}"/>'
