"""Maps of the fixture of every class."""

from __future__ import annotations

from typing import Any

from tests.formats.class_parts import OTHER, Named, Node, artefact, note, urn


def _pair(source: str, target: str, **content: Any) -> Node:
    return {"sourceValue": {"value": source}, "targetValue": target, **content}


def _values(sources: list[str | Node], targets: list[str], **content: Any) -> Node:
    given = [{"value": one} if isinstance(one, str) else one for one in sources]
    return {"sourceValues": given, "targetValues": targets, **content}


MAPS: tuple[Named, ...] = (
    artefact(
        "RepresentationMap",
        "RM_SEX",
        "Sex to gender",
        "Sexe en genre",
        source=[{"codelist": urn("Codelist", "CL_SEX", agency=OTHER)}],
        target=[{"codelist": urn("Codelist", "CL_GENDER")}],
        representationMappings=[
            _values(["M"], ["1"], annotations=[note("CHECKED", "yes")]),
            _values(["F"], ["2"]),
            _values(["_T"], ["0"]),
        ],
    ),
    artefact(
        "RepresentationMap",
        "RM_STATUS",
        "Flags to status",
        "Signes en statut",
        source=[{"dataType": "String"}],
        target=[{"dataType": "String"}],
        representationMappings=[_values(["e"], ["E"]), _values(["p"], ["P"])],
    ),
    artefact(
        "RepresentationMap",
        "RM_RICH",
        "Two columns to one",
        "Deux colonnes en une",
        source=[{"codelist": urn("Codelist", "CL_FREQ")}, {"dataType": "String"}],
        target=[{"codelist": urn("Codelist", "CL_UNIT")}],
        representationMappings=[
            _values(
                [{"value": "A"}, {"value": "[0-9]+", "isRegEx": True}],
                ["PS"],
                validFrom="2020-01-01T00:00:00Z",
                validTo="2029-12-31T00:00:00Z",
            ),
            _values([{"value": "M"}, {"value": "H", "startIndex": 0, "endIndex": 1}], ["HUR"]),
        ],
    ),
    artefact(
        "StructureMap",
        "SM_PLAIN",
        "The plain flow as that of TSX",
        "Le flux simple comme celui de TSX",
        source=urn("Dataflow", "DF_PLAIN"),
        target=urn("Dataflow", "DF_OTHER", agency=OTHER),
        componentMaps=[
            {"source": ["REF_AREA"], "target": ["AREA"]},
            {"source": ["SEX"], "target": ["GENDER"], "representationMap": urn("RepresentationMap", "RM_SEX")},
        ],
    ),
    artefact(
        "StructureMap",
        "SM_RICH",
        "All a structure map can say",
        "Tout ce que dit une carte de structures",
        source=urn("DataStructure", "DSD_OTHER", agency=OTHER),
        target=urn("DataStructure", "DSD_TEST"),
        epochMaps=[
            {
                "id": "EPOCH",
                "basePeriod": "1970",
                "epochPeriod": "day",
                "resolvePeriod": "endOfPeriod",
                "frequencyDimension": "FREQ",
                "mappedComponents": [{"source": "AREA", "target": "TIME_PERIOD"}],
            }
        ],
        datePatternMaps=[
            {
                "id": "YEARS",
                "sourcePattern": "yyyy",
                "locale": "en",
                "targetFrequencyID": "A",
                "mappedComponents": [{"source": "GENDER", "target": "TIME_PERIOD"}],
            }
        ],
        frequencyFormatMappings=[{"id": "QUARTERS", "frequencyId": "Q", "datePattern": "yyyy-'Q'Q"}],
        componentMaps=[
            {
                "source": ["AREA", "GENDER"],
                "target": ["UNIT"],
                "representationMap": urn("RepresentationMap", "RM_RICH"),
            }
        ],
        fixedValueMaps=[{"target": "SEX", "values": ["_T"]}],
    ),
    artefact(
        "ConceptSchemeMap",
        "CSM_TEST",
        "Concepts of TST and TSX",
        "Concepts de TST et TSX",
        source=urn("ConceptScheme", "CS_TEST"),
        target=urn("ConceptScheme", "CS_OTHER", agency=OTHER),
        itemMaps=[_pair("REF_AREA", "AREA", annotations=[note("CHECKED", "yes")]), _pair("SEX", "GENDER")],
    ),
    artefact(
        "CategorySchemeMap",
        "CATM_TEST",
        "Topics of TST and TSX",
        "Thèmes de TST et TSX",
        source=urn("CategoryScheme", "CAT_TEST"),
        target=urn("CategoryScheme", "CAT_OTHER", agency=OTHER),
        itemMaps=[_pair("WORK", "LABOUR"), _pair("WORK.JOBS", "LABOUR"), _pair("PEOPLE", "SOCIETY")],
    ),
    artefact(
        "OrganisationSchemeMap",
        "OSM_TEST",
        "Providers of TST and TSX",
        "Fournisseurs de TST et TSX",
        source=urn("DataProviderScheme", "DATA_PROVIDERS", v="1.0"),
        target=urn("DataProviderScheme", "DATA_PROVIDERS", agency=OTHER, v="1.0"),
        itemMaps=[_pair("P1", "X1"), _pair("P2", "X2")],
    ),
    artefact(
        "ReportingTaxonomyMap",
        "RTM_TEST",
        "Yearbooks of TST and TSX",
        "Annuaires de TST et TSX",
        source=urn("ReportingTaxonomy", "RT_TEST"),
        target=urn("ReportingTaxonomy", "RT_OTHER", agency=OTHER),
        itemMaps=[_pair("PART1", "I", validFrom="2020-01-01T00:00:00Z"), _pair("PART2", "II")],
    ),
)
