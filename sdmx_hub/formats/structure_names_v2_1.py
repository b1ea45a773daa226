"""What SDMX 2.1 calls the classes of today, and the other way round."""

from __future__ import annotations

from sdmx_hub.formats.structure_set import MAPS
from sdmx_hub.formats.structure_xml.references import PARTS_TODAY
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, PREFIX, SYNONYMS

_SAME = """
AgencyScheme DataProviderScheme DataConsumerScheme OrganisationUnitScheme Codelist ConceptScheme DataStructure Dataflow
MetadataStructure Metadataflow CategoryScheme Categorisation ReportingTaxonomy ProvisionAgreement Process
TransformationScheme RulesetScheme UserDefinedOperatorScheme CustomTypeScheme NamePersonalisationScheme VtlMappingScheme
"""
NAMES_IN_2_1 = {
    **{name: name for name in _SAME.split()},
    "MetadataConstraint": "ContentConstraint",
    "DataConstraint": "ContentConstraint",
    "Hierarchy": "HierarchicalCodelist",
    **dict.fromkeys(sorted(MAPS), "StructureSet"),
}
"""Classes a reference of 2.1 can name, and their names there."""
SYNONYMS_OF_2_1 = {
    "StructureSet": "StructureMap",
    "CodelistMap": "RepresentationMap",
    "HybridCodelistMap": "RepresentationMap",
    "AttachmentConstraint": "DataConstraint",
    "Hierarchy": "Hierarchy",
    **{name: name for name in sorted(MAPS)},
}
"""Further classes of 2.1, and what they are today."""
_TODAY = {name: today for today, name in NAMES_IN_2_1.items()} | SYNONYMS_OF_2_1 | SYNONYMS | PARTS_TODAY


def urn_in_2_1(urn: str) -> str:
    """A URN with the class name of 2.1, where that is another."""
    head, equals, tail = urn.removeprefix(PREFIX).partition("=")
    package, _, name = head.partition(".")
    old = "PrimaryMeasure" if name == "Measure" else NAMES_IN_2_1.get(name, name)
    return f"{PREFIX}{'mapping' if old == 'StructureSet' else package}.{old}{equals}{tail}"


def urn_today(urn: str) -> str:
    """A URN of 2.1 with the class name of today; maps and hierarchies are artefacts of their own id today."""
    if not urn.startswith(PREFIX):
        return urn
    head, equals, tail = urn.removeprefix(PREFIX).partition("=")
    package, _, name = head.partition(".")
    today = _TODAY.get(name, name)
    row = CLASS_BY_NAME.get(today) or CLASS_BY_ITEM.get(today)
    if row is not None and row.name == today and ")." in tail:
        before, _, identifier = tail.rpartition(").")
        agency, _, parent = before.partition(":")
        tail = f"{agency}:{identifier}({parent.partition('(')[2]})"
    return f"{PREFIX}{row.package if row else package}.{today}{equals}{tail}"
