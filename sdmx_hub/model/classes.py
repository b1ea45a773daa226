"""The maintainable classes of the information model: one row of plain facts each.

Names, packages and JSON collections are those of SDMX 3.1 (SDMX-JSON 2.1 structure schema, ``data``); REST names are
those of the v1.5 and v2.2 documents. Everything generic (registry, references, stubs, URLs) reads this table.
"""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "urn:sdmx:org.sdmx.infomodel."


@dataclass(frozen=True, kw_only=True)
class ArtefactClass:
    """One maintainable class.

    ``package`` and ``name`` make the URN; ``collection`` is the key under ``data`` in SDMX-JSON 2.x; ``items`` the key
    of its items, if any, and ``item_class`` their class; ``resource`` the artefact type of REST v2 (None: not in v2)
    and ``resources_v1`` the resources of REST v1 that answer with it.
    """

    name: str
    package: str
    collection: str
    resource: str | None
    resources_v1: tuple[str, ...] = ()
    item_class: str | None = None
    items: str | None = None


_TABLE = """
base AgencyScheme agencySchemes = Agency agencies = organisationscheme
base DataProviderScheme dataProviderSchemes = DataProvider dataProviders = organisationscheme
base DataConsumerScheme dataConsumerSchemes = DataConsumer dataConsumers = organisationscheme
base MetadataProviderScheme metadataProviderSchemes = MetadataProvider metadataProviders
base OrganisationUnitScheme organisationUnitSchemes = OrganisationUnit organisationUnits = organisationscheme
codelist Codelist codelists = Code codes =
codelist GeographicCodelist geographicCodelists = GeoFeatureSetCode geoFeatureSetCodes
codelist GeoGridCodelist geoGridCodelists = GeoGridCode geoGridCodes
codelist ValueList valueLists = ValueItem valueItems
codelist Hierarchy hierarchies = HierarchicalCode hierarchicalCodes hierarchicalcodelist
codelist HierarchyAssociation hierarchyAssociations = - -
conceptscheme ConceptScheme conceptSchemes = Concept concepts =
datastructure DataStructure dataStructures = - - =
datastructure Dataflow dataflows = - - =
metadatastructure MetadataStructure metadataStructures = - - =
metadatastructure Metadataflow metadataflows = - - =
categoryscheme CategoryScheme categorySchemes = Category categories =
categoryscheme Categorisation categorisations = - - =
categoryscheme ReportingTaxonomy reportingTaxonomies = ReportingCategory reportingCategories =
registry ProvisionAgreement provisionAgreements = - - =
registry MetadataProvisionAgreement metadataProvisionAgreements = - -
registry DataConstraint dataConstraints = - - contentconstraint allowedconstraint actualconstraint attachmentconstraint
registry MetadataConstraint metadataConstraints = - - contentconstraint allowedconstraint
registry AvailabilityConstraint availabilityConstraints - - -
structuremapping StructureMap structureMaps = - - structureset
structuremapping RepresentationMap representationMaps = - - structureset
structuremapping ConceptSchemeMap conceptSchemeMaps = - - structureset
structuremapping CategorySchemeMap categorySchemeMaps = - - structureset
structuremapping OrganisationSchemeMap organisationSchemeMaps = - - structureset
structuremapping ReportingTaxonomyMap reportingTaxonomyMaps = - - structureset
process Process processes = ProcessStep processSteps =
transformation TransformationScheme transformationSchemes = Transformation transformations =
transformation RulesetScheme rulesetSchemes = Ruleset rulesets =
transformation UserDefinedOperatorScheme userDefinedOperatorSchemes = UserDefinedOperator userDefinedOperators =
transformation CustomTypeScheme customTypeSchemes = CustomType customTypes =
transformation NamePersonalisationScheme namePersonalisationSchemes = NamePersonalisation namePersonalisations =
transformation VtlMappingScheme vtlMappingSchemes = VtlMapping vtlMappings =
"""
"""Package, class, collection, REST v2 resource, item class, items key, REST v1 resources.

``-`` stands for none, ``=`` for the class name in lower case.
"""


def _read_row(line: str) -> ArtefactClass:
    package, name, collection, resource, item_class, items, *resources_v1 = line.split()
    own = name.lower()
    return ArtefactClass(
        name=name,
        package=package,
        collection=collection,
        resource=own if resource == "=" else _text(resource),
        resources_v1=tuple(own if other == "=" else other for other in resources_v1),
        item_class=_text(item_class),
        items=_text(items),
    )


def _text(cell: str) -> str | None:
    return None if cell == "-" else cell


CLASSES: tuple[ArtefactClass, ...] = tuple(_read_row(line) for line in _TABLE.strip().splitlines())

METADATA_SET = ArtefactClass(name="MetadataSet", package="metadatastructure", collection="metadataSets", resource=None)
"""Reference metadata: identified and versioned as artefacts are, but a message and a store of their own."""

CLASS_BY_NAME = {row.name: row for row in (*CLASSES, METADATA_SET)}
CLASS_BY_COLLECTION = {row.collection: row for row in CLASSES}
CLASS_BY_RESOURCE = {row.resource: row for row in CLASSES if row.resource}
CLASS_BY_ITEM = {row.item_class: row for row in CLASSES if row.item_class}
CLASSES_BY_RESOURCE_V1 = {
    resource: tuple(row for row in CLASSES if resource in row.resources_v1)
    for resource in sorted({resource for row in CLASSES for resource in row.resources_v1})
}

GENERAL = {
    "GeographicCodelist": "Codelist",
    "GeoGridCodelist": "Codelist",
    "GeoFeatureSetCode": "Code",
    "GeoGridCode": "Code",
}
"""Classes that URNs in messages name as the class they are a kind of: the schemas of SDMX 3 know no other URNs."""

SYNONYMS = {
    # Class names of earlier editions and of other writers, met in URNs of real messages.
    "DataStructureDefinition": "DataStructure",
    "DataflowDefinition": "Dataflow",
    "MetadataStructureDefinition": "MetadataStructure",
    "MetadataflowDefinition": "Metadataflow",
    "MetaDataStructureDefinition": "MetadataStructure",
    "ContentConstraint": "DataConstraint",
    "OrganizationScheme": "OrganisationUnitScheme",
}
