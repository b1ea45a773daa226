"""Artefacts refer to what the table of REST v2.2 says they do (*Applicability and meaning of references*)."""

from __future__ import annotations

import pytest

from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.publish.structure_edges import Edges, Edition
from sdmx_hub.store.artefacts import Artefacts
from tests.formats.every_class import ARTEFACTS

ALL = "*"
CHILDREN = {
    "AgencyScheme": "",
    "Categorisation": ALL,
    "CategoryScheme": "",
    "CategorySchemeMap": "CategoryScheme ReportingTaxonomy",
    "Codelist": "Codelist",
    "ConceptScheme": "Codelist",
    "ConceptSchemeMap": "ConceptScheme",
    "CustomTypeScheme": "",
    "DataConstraint": "Dataflow DataProviderScheme DataStructure ProvisionAgreement",
    "DataConsumerScheme": "",
    "Dataflow": "DataStructure",
    "DataProviderScheme": "",
    "DataStructure": "Codelist ConceptScheme MetadataStructure ValueList",
    "Hierarchy": "Codelist",
    "HierarchyAssociation": ALL,
    "MetadataConstraint": "Metadataflow MetadataProviderScheme MetadataProvisionAgreement MetadataStructure",
    "Metadataflow": ALL,
    "MetadataProviderScheme": "",
    "MetadataProvisionAgreement": ALL,
    "MetadataStructure": "Codelist ConceptScheme ValueList",
    "NamePersonalisationScheme": "",
    "OrganisationSchemeMap": "DataConsumerScheme DataProviderScheme MetadataProviderScheme OrganisationUnitScheme",
    "OrganisationUnitScheme": "",
    "Process": ALL,
    "ProvisionAgreement": "Dataflow DataProviderScheme",
    "ReportingTaxonomy": "Dataflow Metadataflow",
    "ReportingTaxonomyMap": "ReportingTaxonomy",
    "RepresentationMap": "Codelist ValueList",
    "RulesetScheme": "VtlMappingScheme",
    "StructureMap": "Dataflow DataStructure",
    "TransformationScheme": (
        "CustomTypeScheme NamePersonalisationScheme RulesetScheme UserDefinedOperatorScheme VtlMappingScheme"
    ),
    "UserDefinedOperatorScheme": "VtlMappingScheme",
    "ValueList": "",
    "VtlMappingScheme": "Codelist ConceptScheme Dataflow",
}
"""What each class refers to, besides the agency scheme."""
MISSING = {
    # References the model has and the table leaves out.
    ("StructureMap", "RepresentationMap"),
    ("ReportingTaxonomy", "DataStructure"),
    ("UserDefinedOperatorScheme", "RulesetScheme"),
}
SPECIAL = {"GeographicCodelist", "GeoGridCodelist"}
"""Codelists too."""


def test_every_class_has_a_row() -> None:
    assert {row.name for row in CLASS_BY_NAME.values() if row.resource} - SPECIAL == set(CHILDREN)


@pytest.mark.parametrize("class_name", [name for name, children in CHILDREN.items() if children != ALL])
def test_an_artefact_refers_to_the_classes_of_its_row(class_name: str) -> None:
    edges = Edges(Artefacts(ARTEFACTS), Edition.V2)
    allowed = {*CHILDREN[class_name].split(), "AgencyScheme"}
    for artefact in ARTEFACTS:
        if artefact.urn.class_name == class_name:
            found = {urn.class_name for urn in edges.children(artefact)}
            assert {name for name in found - allowed if (class_name, name) not in MISSING} == set()


def test_the_table_leaves_out_what_is_said_to_be_missing() -> None:
    edges = Edges(Artefacts(ARTEFACTS), Edition.V2)
    found = {(one.urn.class_name, child.class_name) for one in ARTEFACTS for child in edges.children(one)}
    assert found >= MISSING


def test_what_refers_is_what_is_referred_to_read_backwards() -> None:
    artefacts = Artefacts(ARTEFACTS)
    for edition in Edition:
        edges = Edges(artefacts, edition)
        down = {(one.urn, child) for one in ARTEFACTS for child in edges.children(one)}
        assert down == {(parent, one.urn) for one in ARTEFACTS for parent in edges.parents(one.urn)}
