"""Item schemes of the fixture of every class: organisations, categories, concepts, reporting taxonomies, a process."""

from __future__ import annotations

from tests.formats.class_parts import OTHER, Named, Node, artefact, described, item, note, urn

_CONTACT: Node = {
    "id": "DESK",
    "name": "Information desk",
    "names": {"en": "Information desk", "fr": "Service d'information"},
    "department": "Dissemination",
    "departments": {"en": "Dissemination", "fr": "Diffusion"},
    "role": "Support",
    "roles": {"en": "Support", "fr": "Assistance"},
    "telephones": ["+00 000 0000", "+00 000 0001"],
    "faxes": ["+00 000 0002"],
    "uris": ["https://desk.example.org/"],
    "emails": ["desk@example.org"],
}

AGENCIES: tuple[Named, ...] = (
    artefact(
        "AgencyScheme",
        "AGENCIES",
        "Agencies of the tests",
        "Agences des tests",
        agency="SDMX",
        v="1.0",
        agencies=[
            item("SDMX", "SDMX"),
            item("TST", "Test agency", "Agence de test", contacts=[_CONTACT], **described("First.", "Premier.")),
            item("TSX", "Other test agency", "Autre agence de test"),
        ],
    ),
)
"""The scheme every agency id leads to."""

SCHEMES: tuple[Named, ...] = (
    *AGENCIES,
    artefact(
        "AgencyScheme",
        "AGENCIES",
        "Agencies below TST",
        "Agences sous TST",
        v="1.0",
        agencies=[item("LAB", "Laboratory", "Laboratoire"), item("FIELD", "Field work", "Terrain")],
    ),
    artefact(
        "DataProviderScheme",
        "DATA_PROVIDERS",
        "Data providers",
        "Fournisseurs de données",
        v="1.0",
        annotations=[note("ORDER", "1", text="By size", texts={"en": "By size", "fr": "Par taille"})],
        dataProviders=[
            item("P1", "First provider", "Premier fournisseur", contacts=[_CONTACT]),
            item("P2", "Second provider", "Second fournisseur", **described("Smaller.", "Plus petit.")),
        ],
    ),
    artefact(
        "DataProviderScheme",
        "DATA_PROVIDERS",
        "Data providers of TSX",
        "Fournisseurs de TSX",
        agency=OTHER,
        v="1.0",
        dataProviders=[item("X1", "Provider X1"), item("X2", "Provider X2")],
    ),
    artefact(
        "MetadataProviderScheme",
        "METADATA_PROVIDERS",
        "Metadata providers",
        "Fournisseurs de métadonnées",
        v="1.0",
        metadataProviders=[item("M1", "First", "Premier", contacts=[_CONTACT]), item("M2", "Second", "Second")],
    ),
    artefact(
        "DataConsumerScheme",
        "DATA_CONSUMERS",
        "Data consumers",
        "Consommateurs de données",
        v="1.0",
        dataConsumers=[item("C1", "First", "Premier", contacts=[_CONTACT]), item("C2", "Second", "Second")],
    ),
    artefact(
        "OrganisationUnitScheme",
        "UNITS",
        "Organisation units",
        "Unités",
        v="1.0",
        organisationUnits=[
            item("HEAD", "Head office", "Siège", contacts=[_CONTACT]),
            item("EAST", "East", "Est", parent="HEAD"),
            item("WEST", "West", "Ouest", parent="HEAD"),
        ],
    ),
    artefact(
        "CategoryScheme",
        "CAT_TEST",
        "Topics",
        "Thèmes",
        **described("What the flows are about.", "Ce dont traitent les flux."),
        categories=[
            item(
                "WORK",
                "Work",
                "Travail",
                categories=[
                    item("JOBS", "Jobs", "Emplois", categories=[item("PAID", "Paid jobs")]),
                    item("PAY", "Pay"),
                ],
            ),
            item("PEOPLE", "People", "Population", annotations=[note("ORDER", "2")]),
        ],
    ),
    artefact(
        "CategoryScheme",
        "CAT_OTHER",
        "Topics of TSX",
        "Thèmes de TSX",
        agency=OTHER,
        categories=[item("LABOUR", "Labour", "Travail"), item("SOCIETY", "Society", "Société")],
    ),
    artefact(
        "ReportingTaxonomy",
        "RT_TEST",
        "Yearbook",
        "Annuaire",
        reportingCategories=[
            item(
                "PART1",
                "Part one",
                "Première partie",
                reportingCategories=[
                    item("TABLES", "Tables", provisioningMetadata=[urn("Dataflow", "DF_PLAIN")]),
                    item("SHAPES", "Structures", structuralMetadata=[urn("DataStructure", "DSD_PLAIN")]),
                ],
            ),
            item("PART2", "Part two", "Seconde partie", provisioningMetadata=[urn("Metadataflow", "MDF_TEST")]),
        ],
    ),
    artefact(
        "ReportingTaxonomy",
        "RT_OTHER",
        "Yearbook of TSX",
        "Annuaire de TSX",
        agency=OTHER,
        reportingCategories=[item("I", "One"), item("II", "Two")],
    ),
    artefact(
        "Process",
        "PR_TEST",
        "Making the yearbook",
        "Préparation de l'annuaire",
        processSteps=[
            item(
                "COLLECT",
                "Collect",
                "Collecte",
                inputs=[{"localID": "IN", "objectReference": urn("Dataflow", "DF_PLAIN")}],
                outputs=[{"localID": "OUT", "objectReference": urn("Dataflow", "DF_TEST")}],
                computation={
                    "localID": "SUM",
                    "softwarePackage": "any",
                    "softwareLanguage": "SQL",
                    "softwareVersion": "1",
                    **described("Adds up.", "Additionne."),
                },
                transitions=[
                    {
                        "id": "T1",
                        "localID": "NEXT",
                        "targetStep": "PRINT",
                        "condition": "When complete",
                        "conditions": {"en": "When complete", "fr": "Une fois complet"},
                    }
                ],
                processSteps=[item("CHECK", "Check", "Contrôle"), item("ASK", "Ask back")],
            ),
            item("PRINT", "Print", "Impression", annotations=[note("PLACE", "EAST")]),
        ],
    ),
)
