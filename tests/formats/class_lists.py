"""Lists of the fixture of every class: codelists in several versions, value lists, geography, hierarchies, concepts."""

from __future__ import annotations

from tests.formats.class_parts import OTHER, Named, Node, artefact, concept, described, item, note, urn

_AREAS: list[Node] = [
    item("W", "World", "Monde", **described("All areas.", "Toutes les zones.")),
    item("N", "North", "Nord", parent="W", annotations=[note("ORDER", "1", texts={"en": "First", "fr": "Premier"})]),
    item("N1", "North one", "Nord un", parent="N"),
    item("N2", "North two", "Nord deux", parent="N"),
    item("S", "South", "Sud", parent="W"),
    item("S1", "South one", "Sud un", parent="S"),
]
_S2 = item("S2", "South two", "Sud deux", parent="S")


def _area(code: str) -> str:
    return urn("Code", "CL_AREA", code, v="1.1.0")


def _placed(code: str, level: str, *below: Node) -> Node:
    return {"id": code, "code": _area(code), "level": level} | ({"hierarchicalCodes": list(below)} if below else {})


CODELISTS: tuple[Named, ...] = (
    artefact(
        "Codelist",
        "CL_FREQ",
        "Frequency",
        "Périodicité",
        codes=[item("A", "Annual", "Annuelle"), item("Q", "Quarterly", "Trimestrielle"), item("M", "Monthly")],
    ),
    artefact("Codelist", "CL_AREA", "Areas", "Zones", v="1.0", codes=_AREAS[:2]),
    artefact(
        "Codelist",
        "CL_AREA",
        "Areas",
        "Zones",
        **described("First edition.", "Première édition."),
        validFrom="2019-01-01T00:00:00Z",
        validTo="2023-12-31T23:59:59Z",
        codes=_AREAS,
    ),
    artefact(
        "Codelist",
        "CL_AREA",
        "Areas",
        "Zones",
        v="1.1.0",
        annotations=[
            note(
                "SOURCE",
                "Areas of the tests",
                texts={"en": "See the page.", "fr": "Voir la page."},
                links=[{"rel": "related", "href": "https://example.org/areas"}],
            )
        ],
        codes=[*_AREAS, _S2],
    ),
    artefact("Codelist", "CL_AREA", "Areas", "Zones", v="2.0.0-draft", codes=[*_AREAS, _S2, item("X", "Elsewhere")]),
    artefact(
        "Codelist",
        "CL_AREA_MORE",
        "Areas and groups",
        "Zones et groupes",
        codes=[item("G1", "Group one", "Groupe un"), item("G2", "Group two", "Groupe deux")],
        codelistExtensions=[
            {
                "codelist": urn("Codelist", "CL_AREA", v="1.1.0"),
                "inclusiveCodeSelection": {
                    "memberValues": [{"value": "N", "cascadeValues": True}],
                    "wildcardedMemberValues": ["S%"],
                },
            },
            {
                "codelist": urn("Codelist", "CL_SEX", agency=OTHER),
                "prefix": "SEX_",
                "exclusiveCodeSelection": {"memberValues": [{"value": "_T"}]},
            },
        ],
    ),
    artefact(
        "Codelist",
        "CL_SEX",
        "Sex",
        "Sexe",
        agency=OTHER,
        codes=[item("_T", "Total", "Total"), item("F", "Female", "Femmes"), item("M", "Male", "Hommes")],
    ),
    artefact(
        "Codelist", "CL_GENDER", "Gender", "Genre", codes=[item("1", "Men"), item("2", "Women"), item("0", "All")]
    ),
    artefact(
        "Codelist",
        "CL_STATUS",
        "Status",
        "Statut",
        codes=[item("A", "Normal", "Normal"), item("E", "Estimated", "Estimé"), item("P", "Provisional", "Provisoire")],
    ),
    artefact(
        "Codelist", "CL_UNIT", "Units", "Unités", codes=[item("PS", "Persons", "Personnes"), item("HUR", "Hours")]
    ),
)

LISTS: tuple[Named, ...] = (
    *CODELISTS,
    artefact(
        "GeographicCodelist",
        "GEO_AREA",
        "Outlines",
        "Contours",
        geoType="GeographicCodelist",
        geoFeatureSetCodes=[
            item("N1", "North one", "Nord un", value="EPSG:4326:POINT(10 10)"),
            item("N2", "North two", "Nord deux", value="EPSG:4326:POINT(20 10)", parent="N1"),
        ],
    ),
    artefact(
        "GeoGridCodelist",
        "GRID_AREA",
        "Cells",
        "Mailles",
        geoType="GeoGridCodelist",
        gridDefinition="EPSG:4326:0,0:10",
        geoGridCodes=[item("C1", "Cell one", "Maille un", geoCell="0,0"), item("C2", "Cell two", geoCell="0,1")],
    ),
    artefact(
        "ValueList",
        "VL_CURRENCY",
        "Signs of currencies",
        "Symboles de monnaies",
        valueItems=[item("€", "Euro", "Euro"), item("$", "Dollar", "Dollar"), item("% of all", "Share")],
    ),
    artefact(
        "Hierarchy",
        "H_AREA",
        "Areas by level",
        "Zones par niveau",
        hasFormalLevels=True,
        level=item(
            "ALL",
            "World",
            "Monde",
            level=item(
                "HALF",
                "Half",
                "Moitié",
                codingFormat={"dataType": "Alpha", "maxLength": 1},
                level=item("PART", "Part", "Partie"),
            ),
        ),
        hierarchicalCodes=[
            _placed(
                "W",
                "ALL",
                _placed("N", "HALF", _placed("N1", "PART"), _placed("N2", "PART")),
                _placed("S", "HALF", _placed("S1", "PART"), _placed("S2", "PART")),
            )
        ],
    ),
    artefact(
        "Hierarchy",
        "H_MIXED",
        "Areas and sex",
        "Zones et sexe",
        hierarchicalCodes=[
            {
                "id": "TOP",
                "code": _area("N"),
                "validFrom": "2020-01-01T00:00:00Z",
                "validTo": "2030-12-31T00:00:00Z",
                "hierarchicalCodes": [
                    {"id": "F_N", "code": urn("Code", "CL_SEX", "F", agency=OTHER)},
                    {"id": "M_N", "code": urn("Code", "CL_SEX", "M", agency=OTHER), "annotations": [note("N", "m")]},
                ],
            }
        ],
    ),
    artefact(
        "HierarchyAssociation",
        "HA_AREA",
        "Areas of the flow",
        "Zones du flux",
        linkedHierarchy=urn("Hierarchy", "H_AREA"),
        linkedObject=urn("Codelist", "CL_AREA", v="1.1.0"),
        contextObject=urn("Dataflow", "DF_PLAIN"),
    ),
    artefact(
        "ConceptScheme",
        "CS_TEST",
        "Concepts",
        "Concepts",
        concepts=[
            item(
                "FREQ",
                "Frequency",
                "Périodicité",
                coreRepresentation={"enumeration": urn("Codelist", "CL_FREQ")},
                isoConceptReference={
                    "conceptAgency": "SDMX",
                    "conceptSchemeID": "CROSS_DOMAIN_CONCEPTS",
                    "conceptID": "FREQ",
                },
            ),
            item("REF_AREA", "Area", "Zone", **described("Where.", "Où."), annotations=[note("ORDER", "2")]),
            item("SEX", "Sex", "Sexe"),
            item("TIME_PERIOD", "Time", "Temps"),
            item("OBS_VALUE", "Value", "Valeur", coreRepresentation={"format": {"dataType": "Double"}}),
            item("MEAN_VALUE", "Mean", "Moyenne"),
            item("OBS_STATUS", "Status", "Statut"),
            item("UNIT", "Unit", "Unité"),
            item("UNIT_MULT", "Unit multiplier", "Multiplicateur", parent="UNIT"),
            item("COMMENT", "Comment", "Commentaire"),
            item("TITLE", "Title", "Titre"),
            item("SOURCES", "Sources", "Sources"),
            item("CURRENCY", "Currency", "Monnaie"),
            item("CONTACT", "Contact", "Contact"),
            item(
                "CONTACT_NAME",
                "Name of the contact",
                "Nom du contact",
                parent="CONTACT",
                coreRepresentation={"format": {"dataType": "String", "maxLength": 80, "pattern": ".+"}},
            ),
            item("METHOD", "Method", "Méthode"),
        ],
    ),
    artefact(
        "ConceptScheme",
        "CS_OTHER",
        "Concepts of TSX",
        "Concepts de TSX",
        agency=OTHER,
        concepts=[item("AREA", "Area"), item("GENDER", "Gender"), item("YEAR", "Year"), item("VALUE", "Value")],
    ),
)

CONCEPT_OF_OTHER = {name: concept(name, scheme="CS_OTHER", agency=OTHER) for name in ("AREA", "GENDER", "VALUE")}
