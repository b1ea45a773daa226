"""A small flow with everything around it, of an agency of its own: what data, schema and constraint queries need.

The agency CNF is made up. The flow of fruit has two agreements with two providers, a constraint, a category, and
figures by year. That of baskets has a dimension that is a measure dimension in SDMX 2.1, and constraints of what is
allowed on structure, flow and agreement. The third is there in two versions.
"""

from __future__ import annotations

import csv
import io
import itertools
from functools import partial
from typing import Any

from tests.formats import class_parts
from tests.formats.class_parts import Named, Node, described, item, note

AGENCY = "CNF"
artefact = partial(class_parts.artefact, agency=AGENCY)
urn = partial(class_parts.urn, agency=AGENCY)
AREAS, ITEMS, YEARS = ("N1", "N2", "S1"), ("APPLES", "PEARS"), range(2014, 2022)


def _component(component_id: str, local: Node | None = None, **content: Any) -> Node:
    shape = {"localRepresentation": local} if local else {}
    return {"id": component_id, "conceptIdentity": urn("Concept", "CS_CONFORMANCE", component_id), **shape, **content}


def _coded(codelist: str) -> Node:
    return {"enumeration": urn("Codelist", codelist)}


def _structure(structure_id: str, en: str, fr: str, *dimensions: Node) -> Named:
    ids = ["FREQ", "REF_AREA", *(dimension["id"] for dimension in dimensions)]
    return artefact(
        "DataStructure",
        structure_id,
        en,
        fr,
        **described("By area and year.", "Par zone et année."),
        dataStructureComponents={
            "dimensionList": {
                "id": "DimensionDescriptor",
                "dimensions": [
                    _component("FREQ", _coded("CL_FREQ")),
                    _component("REF_AREA", _coded("CL_AREA")),
                    *dimensions,
                ],
                "timeDimension": _component("TIME_PERIOD", {"format": {"dataType": "ObservationalTimePeriod"}}),
            },
            "groups": [{"id": "SIBLING", "groupDimensions": ids[1:]}],
            "attributeList": {
                "id": "AttributeDescriptor",
                "attributes": [
                    _component(
                        "OBS_STATUS",
                        _coded("CL_STATUS"),
                        usage="mandatory",
                        attributeRelationship={"observation": {}},
                    ),
                    _component(
                        "UNIT",
                        _coded("CL_UNIT"),
                        usage="optional",
                        attributeRelationship={"dimensions": ids},
                    ),
                    _component(
                        "NOTE",
                        {"format": {"dataType": "String", "maxLength": 80}},
                        usage="optional",
                        attributeRelationship={"observation": {}},
                    ),
                ],
            },
            "measureList": {
                "id": "MeasureDescriptor",
                "measures": [_component("OBS_VALUE", {"format": {"dataType": "Double"}}, usage="optional")],
            },
        },
    )


_ITEM = _component("ITEM", _coded("CL_ITEM"))
_MEASURE = _component(
    "MEASURE",
    {"format": {"dataType": "String"}},
    annotations=[{"type": "MEASURE_DIMENSION", "title": urn("ConceptScheme", "CS_MEASURES")}],
)


def _allowed(constraint_id: str, en: str, fr: str, attachment: Node, **values: tuple[str, ...]) -> Named:
    return artefact(
        "DataConstraint",
        constraint_id,
        en,
        fr,
        **described("What may be sent.", "Ce qui peut être envoyé."),
        constraintAttachment=attachment,
        cubeRegions=[
            {
                "include": True,
                "keyValues": [
                    {"id": component, "values": [{"value": code} for code in codes]}
                    for component, codes in values.items()
                ],
            }
        ],
    )


def _hierarchy(hierarchy_id: str, en: str, fr: str, codes: tuple[str, ...]) -> Named:
    """One of the hierarchies that share a hierarchical codelist in SDMX 2.1."""
    placed: list[Node] = [{"id": code, "code": urn("Code", "CL_AREA", code)} for code in codes]
    return artefact(
        "Hierarchy",
        hierarchy_id,
        en,
        fr,
        annotations=[{"type": "HIERARCHICAL_CODELIST", "title": "HCL_AREA", "texts": {"en": "Areas", "fr": "Zones"}}],
        hierarchicalCodes=[{**placed[0], "hierarchicalCodes": placed[1:]}],
    )


def _flow(flow_id: str, structure: str, en: str, fr: str, *, v: str = "1.0.0") -> Named:
    return artefact(
        "Dataflow",
        flow_id,
        en,
        fr,
        v=v,
        **described("Made up.", "Inventé."),
        structure=urn("DataStructure", structure),
    )


def _agreement(agreement_id: str, flow: str, provider: str) -> Named:
    return artefact(
        "ProvisionAgreement",
        agreement_id,
        f"{provider} for {flow}",
        f"{provider} pour {flow}",
        **described("Once a year.", "Une fois par an."),
        dataflow=urn("Dataflow", flow),
        dataProvider=urn("DataProvider", "DATA_PROVIDERS", provider, v="1.0"),
    )


ARTEFACTS: tuple[Named, ...] = (
    artefact(
        "DataProviderScheme",
        "DATA_PROVIDERS",
        "Data providers of CNF",
        "Fournisseurs de CNF",
        v="1.0",
        dataProviders=[item("ORCHARD", "Orchard office", "Bureau des vergers"), item("MARKET", "Market office")],
    ),
    artefact(
        "DataConsumerScheme",
        "DATA_CONSUMERS",
        "Data consumers of CNF",
        "Consommateurs de CNF",
        v="1.0",
        dataConsumers=[item("PRESS", "Press"), item("SCHOOLS", "Schools")],
    ),
    artefact("Codelist", "CL_FREQ", "Frequency", "Périodicité", codes=[item("A", "Annual"), item("Q", "Quarterly")]),
    artefact(
        "Codelist",
        "CL_AREA",
        "Areas",
        "Zones",
        **described("Areas of CNF.", "Zones de CNF."),
        codes=[
            item("W", "World", "Monde"),
            item("N", "North", "Nord", parent="W"),
            item("N1", "North one", "Nord un", parent="N"),
            item("N2", "North two", "Nord deux", parent="N"),
            item("S", "South", "Sud", parent="W"),
            item("S1", "South one", "Sud un", parent="S"),
            item("S2", "South two", "Sud deux", parent="S"),
        ],
    ),
    artefact(
        "Codelist",
        "CL_ITEM",
        "Fruit",
        "Fruits",
        codes=[item("APPLES", "Apples", "Pommes"), item("PEARS", "Pears", "Poires"), item("PLUMS", "Plums", "Prunes")],
    ),
    artefact(
        "Codelist", "CL_STATUS", "Status", "Statut", codes=[item("A", "Normal"), item("E", "Estimated", "Estimé")]
    ),
    artefact("Codelist", "CL_UNIT", "Units", "Unités", codes=[item("EUR", "Euros"), item("T", "Tonnes")]),
    artefact(
        "ConceptScheme",
        "CS_CONFORMANCE",
        "Concepts of CNF",
        "Concepts de CNF",
        concepts=[
            item("FREQ", "Frequency", "Périodicité", coreRepresentation=_coded("CL_FREQ")),
            item("REF_AREA", "Area", "Zone"),
            item("ITEM", "Fruit", "Fruit"),
            item("MEASURE", "Measure", "Mesure"),
            item("TIME_PERIOD", "Year", "Année"),
            item("OBS_VALUE", "Value", "Valeur"),
            item("OBS_STATUS", "Status", "Statut"),
            item("UNIT", "Unit", "Unité"),
            item("NOTE", "Note", "Note"),
        ],
    ),
    artefact(
        "ConceptScheme",
        "CS_MEASURES",
        "Measures of CNF",
        "Mesures de CNF",
        concepts=[
            item("HARVEST", "Harvest", "Récolte", coreRepresentation={"format": {"dataType": "Double"}}),
            item("PRICE", "Price", "Prix", coreRepresentation={"format": {"dataType": "Double"}}),
        ],
    ),
    _structure("DSD_BASKET", "Measures by area", "Mesures par zone", _MEASURE),
    _structure("DSD_FRUIT", "Fruit by area", "Fruits par zone", _ITEM),
    _flow("DF_BASKET", "DSD_BASKET", "Baskets", "Paniers"),
    _flow("DF_FRUIT", "DSD_FRUIT", "Fruit", "Fruits"),
    _flow("DF_PLAIN", "DSD_FRUIT", "Areas", "Zones"),
    _flow("DF_PLAIN", "DSD_FRUIT", "Areas", "Zones", v="1.1.0"),
    _agreement("PA_FRUIT_A", "DF_FRUIT", "ORCHARD"),
    _agreement("PA_FRUIT_B", "DF_FRUIT", "MARKET"),
    _agreement("PA_OF_BASKETS", "DF_BASKET", "MARKET"),
    _allowed(
        "CON_AGREEMENT",
        "Allowed of the market office",
        "Admis du bureau des marchés",
        {"provisionAgreements": [urn("ProvisionAgreement", "PA_OF_BASKETS")]},
        REF_AREA=("N1", "S1"),
    ),
    _allowed(
        "CON_FLOW",
        "Allowed in the flow",
        "Admis dans le flux",
        {"dataflows": [urn("Dataflow", "DF_BASKET")]},
        FREQ=("A",),
        REF_AREA=AREAS,
    ),
    _allowed(
        "CON_FRUIT",
        "Allowed in the flow of fruit",
        "Admis dans le flux des fruits",
        {"dataflows": [urn("Dataflow", "DF_FRUIT")]},
        FREQ=("A",),
        REF_AREA=AREAS,
        ITEM=ITEMS,
    ),
    _allowed(
        "CON_STRUCTURE",
        "Allowed in the structure",
        "Admis dans la structure",
        {"dataStructures": [urn("DataStructure", "DSD_BASKET")]},
        REF_AREA=("N1", "N2", "S1", "S2"),
    ),
    _hierarchy("H_FROM_NORTH", "From the north", "Depuis le nord", ("N", "N1", "N2")),
    _hierarchy("H_FROM_SOUTH", "From the south", "Depuis le sud", ("S", "S1", "S2")),
    artefact(
        "CategoryScheme",
        "CAT_CONFORMANCE",
        "Topics of CNF",
        "Thèmes de CNF",
        categories=[item("FOOD", "Food", "Alimentation"), item("TRADE", "Trade", "Commerce")],
    ),
    artefact(
        "Categorisation",
        "CTG_FRUIT",
        "Fruit is food",
        "Les fruits sont de l'alimentation",
        v="1.0",
        annotations=[note("ORDER", "1")],
        source=urn("Dataflow", "DF_FRUIT"),
        target=urn("Category", "CAT_CONFORMANCE", "FOOD"),
    ),
    artefact(
        "Categorisation",
        "CTG_PLAIN",
        "Areas are trade",
        "Les zones sont du commerce",
        v="1.0",
        source=urn("Dataflow", "DF_PLAIN"),
        target=urn("Category", "CAT_CONFORMANCE", "TRADE"),
    ),
)


def data() -> str:
    """Figures of the flow of fruit, as SDMX-CSV 1.0: every year of every area and fruit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ["FREQ", "REF_AREA", "ITEM", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "UNIT", "NOTE"]
    writer.writerow(["DATAFLOW", *columns])
    for number, (area, fruit, year) in enumerate(itertools.product(AREAS, ITEMS, YEARS)):
        status = "E" if year == YEARS[-1] else "A"
        row = ["A", area, fruit, year, f"{100 + number}.5", status, "T", f"Row {number}"]
        writer.writerow([f"{AGENCY}:DF_FRUIT(1.0.0)", *row])
    return text.getvalue()
