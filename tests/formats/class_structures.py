"""Structures, flows, agreements and constraints of the fixture of every class."""

from __future__ import annotations

from typing import Any

from tests.formats.class_lists import CONCEPT_OF_OTHER
from tests.formats.class_parts import OTHER, Named, Node, artefact, concept, described, note, urn


def _component(component_id: str, local: Node | None = None, **content: Any) -> Node:
    shape = {"localRepresentation": local} if local else {}
    return {"id": component_id, "conceptIdentity": concept(component_id), **shape, **content}


def _coded(codelist: str, *, agency: str = "TST", v: str = "1.0.0", **content: Any) -> Node:
    return {"enumeration": urn("Codelist", codelist, agency=agency, v=v), **content}


def _text(data_type: str, **facets: Any) -> Node:
    return {"format": {"dataType": data_type, **facets}}


_TIME = _component("TIME_PERIOD", _text("ObservationalTimePeriod", startTime="2000", endTime="2030-12-31"))
_DIMENSIONS: Node = {
    "id": "DimensionDescriptor",
    "dimensions": [
        _component("FREQ", _coded("CL_FREQ"), conceptRoles=[concept("FREQ")]),
        _component(
            "REF_AREA",
            _coded("CL_AREA", v="1.1.0", enumerationFormat={"dataType": "AlphaNumeric", "maxLength": 2}),
            annotations=[note("LAYOUT", "ROW")],
        ),
        _component("SEX", _coded("CL_SEX", agency=OTHER)),
    ],
    "timeDimension": _TIME,
}
_GROUPS = [{"id": "SIBLING", "groupDimensions": ["REF_AREA", "SEX"]}]
_STATUS = _component("OBS_STATUS", _coded("CL_STATUS"), usage="mandatory", attributeRelationship={"observation": {}})
_UNIT = _component("UNIT", _coded("CL_UNIT"), usage="mandatory", attributeRelationship={"dimensions": ["REF_AREA"]})
_MULT = _component(
    "UNIT_MULT", _text("Integer", minValue=0, maxValue=15), usage="optional", attributeRelationship={"dataflow": {}}
)
_TITLE = _component("TITLE", _text("String"), usage="optional", attributeRelationship={"group": "SIBLING"})
_VALUE = _component("OBS_VALUE", _text("Double", decimals=2), usage="optional")

STRUCTURES_OF_DATA: tuple[Named, ...] = (
    artefact(
        "DataStructure",
        "DSD_PLAIN",
        "What every edition can say",
        "Ce que toute édition sait dire",
        **described("One measure.", "Une mesure."),
        dataStructureComponents={
            "dimensionList": _DIMENSIONS,
            "groups": _GROUPS,
            "attributeList": {"attributes": [_STATUS, _UNIT, _MULT, _TITLE]},
            "measureList": {"measures": [_VALUE]},
        },
    ),
    artefact(
        "DataStructure",
        "DSD_TEST",
        "All that SDMX 3 can say",
        "Tout ce que dit SDMX 3",
        metadata=urn("MetadataStructure", "MSD_TEST"),
        dataStructureComponents={
            "dimensionList": _DIMENSIONS,
            "groups": _GROUPS,
            "attributeList": {
                "attributes": [
                    _STATUS | {"measureRelationship": ["OBS_VALUE", "MEAN_VALUE"]},
                    _UNIT,
                    _MULT,
                    _TITLE,
                    _component(
                        "SOURCES",
                        _text("String") | {"minOccurs": 0, "maxOccurs": "unbounded"},
                        usage="optional",
                        attributeRelationship={"dimensions": ["REF_AREA", "SEX"]},
                    ),
                    _component(
                        "COMMENT",
                        _text("String", isMultiLingual=True),
                        usage="optional",
                        attributeRelationship={"observation": {}},
                        measureRelationship=["MEAN_VALUE"],
                    ),
                    _component(
                        "CURRENCY",
                        {"enumeration": urn("ValueList", "VL_CURRENCY")},
                        usage="optional",
                        attributeRelationship={"dataflow": {}},
                    ),
                ],
                "metadataAttributeUsages": [
                    {"metadataAttributeReference": "METHOD", "attributeRelationship": {"dataflow": {}}}
                ],
            },
            "measureList": {
                "measures": [
                    _VALUE | {"usage": "mandatory"},
                    _component("MEAN_VALUE", _text("Decimal"), usage="optional", conceptRoles=[concept("OBS_VALUE")]),
                ]
            },
        },
    ),
    artefact(
        "DataStructure",
        "DSD_OTHER",
        "A structure without time",
        "Une structure sans temps",
        agency=OTHER,
        dataStructureComponents={
            "dimensionList": {
                "dimensions": [
                    {
                        "id": "AREA",
                        "conceptIdentity": CONCEPT_OF_OTHER["AREA"],
                        "localRepresentation": _coded("CL_AREA", v="1.1.0"),
                    },
                    {
                        "id": "GENDER",
                        "conceptIdentity": CONCEPT_OF_OTHER["GENDER"],
                        "localRepresentation": _coded("CL_GENDER"),
                    },
                ]
            },
            "measureList": {
                "measures": [{"id": "OBS_VALUE", "conceptIdentity": CONCEPT_OF_OTHER["VALUE"], "usage": "optional"}]
            },
        },
    ),
)

_METADATA: tuple[Named, ...] = (
    artefact(
        "MetadataStructure",
        "MSD_TEST",
        "What is told about data",
        "Ce qu'on dit des données",
        metadataStructureComponents={
            "metadataAttributeList": {
                "metadataAttributes": [
                    _component(
                        "CONTACT",
                        isPresentational=True,
                        minOccurs=0,
                        maxOccurs="unbounded",
                        metadataAttributes=[
                            _component("CONTACT_NAME", _text("String", isMultiLingual=True)),
                            _component("UNIT", _coded("CL_UNIT"), minOccurs=0, maxOccurs=3),
                        ],
                    ),
                    _component("METHOD", _text("XHTML", isMultiLingual=True), annotations=[note("ORDER", "9")]),
                ]
            }
        },
    ),
    artefact(
        "Metadataflow",
        "MDF_TEST",
        "Notes on flows",
        "Notes sur les flux",
        structure=urn("MetadataStructure", "MSD_TEST"),
        targets=[urn("Dataflow", "DF_TEST"), "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=TST:*(*)"],
    ),
    artefact(
        "MetadataProvisionAgreement",
        "MPA_TEST",
        "Notes by M1",
        "Notes de M1",
        metadataflow=urn("Metadataflow", "MDF_TEST"),
        metadataProvider=urn("MetadataProvider", "METADATA_PROVIDERS", "M1", v="1.0"),
        targets=[urn("Dataflow", "DF_TEST")],
    ),
    artefact(
        "MetadataConstraint",
        "MC_TEST",
        "Allowed notes",
        "Notes admises",
        constraintAttachment={"metadataflows": [urn("Metadataflow", "MDF_TEST")]},
        metadataTargetRegions=[
            {
                "include": True,
                "components": [{"id": "CONTACT.UNIT", "values": [{"value": "PS"}, {"value": "HUR"}]}],
            },
            {"include": False, "components": [{"id": "METHOD", "values": [{"value": "None"}]}]},
        ],
    ),
)


def _values(component_id: str, *values: str | Node) -> Node:
    return {"id": component_id, "values": [{"value": one} if isinstance(one, str) else one for one in values]}


_CONSTRAINTS: tuple[Named, ...] = (
    artefact(
        "DataConstraint",
        "DC_FLOW",
        "Allowed in the flow",
        "Admis dans le flux",
        constraintAttachment={"dataflows": [urn("Dataflow", "DF_PLAIN")]},
        cubeRegions=[
            {
                "include": True,
                "keyValues": [
                    _values("FREQ", "A", "Q"),
                    _values("REF_AREA", {"value": "N", "cascadeValues": True}, "S1"),
                    {
                        "id": "TIME_PERIOD",
                        "timeRange": {
                            "startPeriod": {"period": "2005"},
                            "endPeriod": {"period": "2020-Q4", "isInclusive": False},
                        },
                    },
                ],
                "components": [_values("OBS_STATUS", "A", "E")],
            },
            {"include": False, "keyValues": [_values("REF_AREA", "N2"), _values("SEX", "_T")]},
        ],
    ),
    artefact(
        "DataConstraint",
        "DC_KEYS",
        "Series that are promised",
        "Séries promises",
        **described("By key.", "Par clé."),
        constraintAttachment={"provisionAgreements": [urn("ProvisionAgreement", "PA_TEST")]},
        dataKeySets=[
            {
                "isIncluded": True,
                "keys": [
                    {"keyValues": [{"id": "FREQ", "value": "A"}, {"id": "REF_AREA", "value": "N1"}]},
                    {"keyValues": [{"id": "FREQ", "value": "Q"}, {"id": "REF_AREA", "value": "S1"}]},
                ],
            },
            {"isIncluded": False, "keys": [{"keyValues": [{"id": "SEX", "value": "M"}]}]},
        ],
    ),
    artefact(
        "DataConstraint",
        "DC_STRUCTURE",
        "Since 2010",
        "Depuis 2010",
        agency=OTHER,
        constraintAttachment={"dataStructures": [urn("DataStructure", "DSD_PLAIN"), urn("DataStructure", "DSD_TEST")]},
        cubeRegions=[
            {
                "include": True,
                "keyValues": [
                    {"id": "TIME_PERIOD", "timeRange": {"afterPeriod": {"period": "2010-01-01", "isInclusive": False}}}
                ],
            }
        ],
    ),
    artefact(
        "DataConstraint",
        "DC_PROVIDER",
        "What P2 may say",
        "Ce que P2 peut dire",
        constraintAttachment={"dataProvider": urn("DataProvider", "DATA_PROVIDERS", "P2", v="1.0")},
        cubeRegions=[{"include": True, "keyValues": [_values("FREQ", "A")]}],
    ),
)

STRUCTURES: tuple[Named, ...] = (
    *STRUCTURES_OF_DATA,
    artefact("Dataflow", "DF_PLAIN", "Plain flow", "Flux simple", structure=urn("DataStructure", "DSD_PLAIN")),
    artefact(
        "Dataflow",
        "DF_PLAIN",
        "Plain flow",
        "Flux simple",
        v="1.1.0",
        structure=urn("DataStructure", "DSD_PLAIN"),
    ),
    artefact(
        "Dataflow",
        "DF_TEST",
        "Rich flow",
        "Flux riche",
        **described("All of SDMX 3.", "Tout SDMX 3."),
        annotations=[note("LANDING", "TST", texts={"en": "Start here"})],
        structure=urn("DataStructure", "DSD_TEST"),
    ),
    artefact(
        "Dataflow",
        "DF_OTHER",
        "Flow of TSX",
        "Flux de TSX",
        agency=OTHER,
        structure=urn("DataStructure", "DSD_OTHER", agency=OTHER),
    ),
    artefact(
        "ProvisionAgreement",
        "PA_TEST",
        "P1 for the plain flow",
        "P1 pour le flux simple",
        dataflow=urn("Dataflow", "DF_PLAIN"),
        dataProvider=urn("DataProvider", "DATA_PROVIDERS", "P1", v="1.0"),
    ),
    artefact(
        "ProvisionAgreement",
        "PA_OTHER",
        "X1 for the flow of TSX",
        "X1 pour le flux de TSX",
        agency=OTHER,
        dataflow=urn("Dataflow", "DF_OTHER", agency=OTHER),
        dataProvider=urn("DataProvider", "DATA_PROVIDERS", "X1", agency=OTHER, v="1.0"),
    ),
    artefact(
        "Categorisation",
        "CTG_PLAIN",
        "The plain flow is about jobs",
        "Le flux simple traite d'emplois",
        v="1.0",
        source=urn("Dataflow", "DF_PLAIN"),
        target=urn("Category", "CAT_TEST", "WORK.JOBS"),
    ),
    artefact(
        "Categorisation",
        "CTG_OTHER",
        "The flow of TSX is about labour",
        "Le flux de TSX traite du travail",
        agency=OTHER,
        v="1.0",
        source=urn("Dataflow", "DF_OTHER", agency=OTHER),
        target=urn("Category", "CAT_OTHER", "LABOUR", agency=OTHER),
    ),
    *_METADATA,
    *_CONSTRAINTS,
)
