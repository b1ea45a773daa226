"""Random artefacts in canonical form: every class, with whatever a format is said to carry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn

Node = dict[str, Any]


@dataclass(frozen=True)
class Carries:
    """What a format carries, beyond what all of them do."""

    sdmx_3: bool = True
    multilingual: bool = True
    annotation_value: bool = True
    links: bool = True
    dimension_constraint: bool = True
    versions: tuple[str, ...] = ("1.0", "1.0.0", "2.3.4", "1.0.0-draft")


def _ids(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


NCNAMES = _ids(r"[A-Z][A-Z0-9_]{0,5}")
IDS = _ids(r"[A-Z0-9_@$-]{1,6}")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
LOCALISED = st.dictionaries(st.sampled_from(["en", "fr", "es", "pt-BR"]), WORDS, min_size=1, max_size=3)


def urns(class_name: str, item: bool = False) -> st.SearchStrategy[str]:
    """URNs of a class, or of an item of it."""
    fixed = {"DataProvider": ("DATA_PROVIDERS", "1.0")}
    identifier, version = fixed.get(class_name, ("", "1.0.0"))
    return st.builds(
        lambda agency, own, item_id: str(Urn(class_name, Ref(agency, identifier or own, version), item_id)),
        NCNAMES,
        NCNAMES,
        NCNAMES if item else st.none(),
    )


def optional(draw: Callable[..., Any], **keys: st.SearchStrategy[Any]) -> Node:
    """Draw some of the keys."""
    return {key: draw(strategy) for key, strategy in keys.items() if draw(st.booleans())}


@st.composite
def _annotations(draw: Any, carries: Carries) -> list[Node]:
    note = optional(draw, id=IDS, title=WORDS, type=NCNAMES, texts=LOCALISED)
    if carries.annotation_value:
        note |= optional(draw, value=WORDS)
    note |= optional(draw, links=st.just([{"rel": "related", "href": "https://example.org/note"}]))
    return [note] if note else []


@st.composite
def _named(draw: Any, carries: Carries, ids: st.SearchStrategy[str] = IDS) -> Node:
    extra = optional(draw, descriptions=LOCALISED, annotations=_annotations(carries))
    return {"id": draw(ids), "names": draw(LOCALISED), **extra}


@st.composite
def maintainable(draw: Any, carries: Carries, **fixed: Any) -> Node:
    """What every artefact begins with."""
    begun = draw(_named(carries, NCNAMES))
    extra = optional(draw, validFrom=st.just("2020-01-01T00:00:00Z"), validTo=st.just("2030-12-31T23:59:59Z"))
    if carries.links:
        extra |= optional(draw, links=st.just([{"rel": "alternate", "href": "https://example.org/x", "type": "html"}]))
    return {**begun, "agencyID": draw(NCNAMES), "version": draw(st.sampled_from(carries.versions)), **extra, **fixed}


def _unique(items: st.SearchStrategy[Node]) -> st.SearchStrategy[list[Node]]:
    return st.lists(items, max_size=4, unique_by=lambda item: item["id"])


@st.composite
def _codes(draw: Any, carries: Carries) -> list[Node]:
    codes = draw(_unique(_named(carries)))
    for position, code in enumerate(codes[1:]):
        if draw(st.booleans()):
            code["parent"] = codes[position]["id"]
    return codes


@st.composite
def _codelist(draw: Any, carries: Carries) -> Node:
    document = draw(maintainable(carries)) | {"codes": draw(_codes(carries))}
    if carries.sdmx_3 and draw(st.booleans()):
        members = [{"value": draw(IDS)} | optional(draw, cascadeValues=st.sampled_from([True, "excluderoot"]))]
        chosen = {"memberValues": members, "wildcardedMemberValues": ["A%"]}
        extension = {"codelist": draw(urns("Codelist"))} | optional(draw, prefix=NCNAMES)
        key = draw(st.sampled_from(["inclusiveCodeSelection", "exclusiveCodeSelection"]))
        document["codelistExtensions"] = [extension | optional(draw, **{key: st.just(chosen)})]
    return document


TYPES = st.sampled_from(["String", "Integer", "Decimal", "Boolean", "ObservationalTimePeriod", "AlphaNumeric"])


@st.composite
def _format(draw: Any, carries: Carries, *, basic: bool) -> Node:
    facets = optional(
        draw,
        minLength=st.integers(1, 5),
        maxLength=st.integers(6, 99),
        minValue=st.integers(-9, 9) | st.sampled_from([0.5, -2.25]),
        decimals=st.integers(1, 6),
        pattern=st.just("[A-Z] *"),
        isSequence=st.booleans(),
        interval=st.integers(1, 3),
        startTime=st.just("2020"),
    )
    if basic and carries.multilingual:
        facets |= optional(draw, isMultiLingual=st.just(True))
    if carries.sdmx_3:
        facets |= optional(draw, sentinelValues=st.just([{"value": "-1", "names": {"en": "None"}}]))
    return {"dataType": draw(TYPES), **facets}


@st.composite
def _representation(draw: Any, carries: Carries, *, basic: bool = True) -> Node:
    occurs = (
        optional(draw, minOccurs=st.just(0), maxOccurs=st.sampled_from([3, "unbounded"]))
        if basic and carries.sdmx_3
        else {}
    )
    if draw(st.booleans()):
        coded = {"enumeration": draw(urns("Codelist"))}
        return coded | occurs | optional(draw, enumerationFormat=st.just({"dataType": "Alpha", "maxLength": 4}))
    return {"format": draw(_format(carries, basic=basic))} | occurs


@st.composite
def _concept_scheme(draw: Any, carries: Carries) -> Node:
    concepts = draw(_unique(_named(carries, NCNAMES)))
    iso = {"conceptAgency": "SDMX", "conceptSchemeID": "CROSS_DOMAIN_CONCEPTS", "conceptID": "FREQ"}
    for position, concept in enumerate(concepts):
        plain = Carries(sdmx_3=carries.sdmx_3)
        concept.update(optional(draw, coreRepresentation=_representation(plain), isoConceptReference=st.just(iso)))
        if position and draw(st.booleans()):
            concept["parent"] = concepts[0]["id"]
    return draw(maintainable(carries)) | {"concepts": concepts}


@st.composite
def _component(draw: Any, identifier: str, carries: Carries, *, basic: bool = True, roles: bool = True) -> Node:
    local = Carries(sdmx_3=carries.sdmx_3, multilingual=carries.sdmx_3)
    extra = optional(draw, localRepresentation=_representation(local, basic=basic), annotations=_annotations(carries))
    if roles:
        extra |= optional(draw, conceptRoles=st.lists(urns("Concept", item=True), min_size=1, max_size=2, unique=True))
    return {"id": identifier, "conceptIdentity": draw(urns("Concept", item=True)), **extra}


@st.composite
def _data_structure(draw: Any, carries: Carries) -> Node:
    names = draw(st.lists(NCNAMES, min_size=3, max_size=6, unique=True).filter(lambda ids: "OBS_VALUE" not in ids))
    keys, rest = names[:2], names[2:]
    dimensions: Node = {"dimensions": [draw(_component(one, carries, basic=False)) for one in keys]}
    if draw(st.booleans()):
        time = draw(_component("TIME_PERIOD", replace(carries, sdmx_3=False), basic=False, roles=False))
        dimensions["timeDimension"] = time | {"localRepresentation": {"format": {"dataType": "StandardTimePeriod"}}}
    measures = ["OBS_VALUE", *(["SECOND"] if carries.sdmx_3 and draw(st.booleans()) else [])]
    listed = [draw(_component(one, carries, roles=carries.sdmx_3)) for one in measures]
    usage = st.sampled_from(["mandatory", "optional"])
    if carries.sdmx_3:
        listed = [one | {"usage": draw(usage)} for one in listed]
    relations = [{"dataflow": {}}, {"observation": {}}, {"dimensions": keys}, {"group": "GROUP"}]
    attributes = []
    for one in rest:
        attribute = draw(_component(one, carries)) | {"usage": draw(usage)}
        attribute["attributeRelationship"] = draw(st.sampled_from(relations))
        if len(measures) > 1:
            attribute |= optional(draw, measureRelationship=st.just(["SECOND"]))
        attributes.append(attribute)
    components = {
        "dimensionList": dimensions,
        "groups": [{"id": "GROUP", "groupDimensions": keys[:1]}],
        "attributeList": {"attributes": attributes},
        "measureList": {"measures": listed},
    }
    return draw(maintainable(carries)) | {"dataStructureComponents": components}


@st.composite
def _category_scheme(draw: Any, carries: Carries) -> Node:
    leaf = _named(carries)
    tree = st.recursive(
        leaf, lambda below: st.builds(lambda top, items: top | {"categories": items}, leaf, _unique(below))
    )
    return draw(maintainable(carries)) | {"categories": draw(_unique(tree))}


@st.composite
def _providers(draw: Any, carries: Carries) -> Node:
    contact = optional(
        draw,
        id=IDS,
        names=LOCALISED,
        departments=LOCALISED,
        roles=LOCALISED,
        telephones=st.just(["1", "2"]),
        emails=st.just(["a@example.org"]),
        uris=st.just(["https://example.org"]),
    )
    providers = [one | ({"contacts": [contact]} if contact else {}) for one in draw(_unique(_named(carries)))]
    return draw(maintainable(carries, id="DATA_PROVIDERS", version="1.0")) | {"dataProviders": providers}


@st.composite
def _constraint(draw: Any, carries: Carries) -> Node:
    def values() -> list[Node]:
        one, two = draw(st.lists(IDS, min_size=2, max_size=2, unique=True))
        found = [{"value": one}, {"value": two} | optional(draw, cascadeValues=st.just(True))]
        return [item | optional(draw, validFrom=st.just("2020")) if carries.sdmx_3 else item for item in found]

    period = {"startPeriod": {"period": "2020"}, "endPeriod": {"period": "2021-Q1", "isInclusive": False}}
    keys = [{"id": draw(NCNAMES), "values": values()}, {"id": "TIME_PERIOD", "timeRange": period}]
    region = {"keyValues": keys, **optional(draw, components=st.just([{"id": "STATUS", "values": values()}]))}
    attachment = draw(st.sampled_from(["dataflows", "dataStructures", "provisionAgreements"]))
    class_name = {
        "dataflows": "Dataflow",
        "dataStructures": "DataStructure",
        "provisionAgreements": "ProvisionAgreement",
    }
    attached = draw(st.lists(urns(class_name[attachment]), min_size=1, max_size=2, unique=True))
    regions = [region, *([region | {"include": False}] if draw(st.booleans()) else [])]
    content: Node = {"constraintAttachment": {attachment: attached}, "cubeRegions": regions}
    if draw(st.booleans()):
        key = {"keyValues": [{"id": "FREQ", "value": "A"}, {"id": "SEX", "value": draw(IDS)}]}
        content["dataKeySets"] = [{"isIncluded": draw(st.booleans()), "keys": [key]}]
    return draw(maintainable(carries)) | content


@st.composite
def _hierarchy(draw: Any, carries: Carries) -> Node:
    names = draw(st.lists(IDS, min_size=2, max_size=6, unique=True))

    def code(identifier: str) -> Node:
        extra = optional(draw, validFrom=st.just("2020-01-01T00:00:00Z"), level=st.just("LEVEL"))
        return {"id": identifier, "code": draw(urns("Code", item=True)), **extra}

    top = code(names[0]) | {"hierarchicalCodes": [code(one) for one in names[1:]]}
    level = draw(_named(Carries(sdmx_3=False, annotation_value=False))) | {"id": "LEVEL"}
    formal = optional(draw, hasFormalLevels=st.just(True), level=st.just(level))
    return draw(maintainable(carries)) | {"hierarchicalCodes": [top], **formal}


@st.composite
def _representation_map(draw: Any, carries: Carries) -> Node:
    sides = [{"codelist": draw(urns("Codelist"))}, {"dataType": "String"}]
    source = {"value": draw(WORDS)} | optional(draw, isRegEx=st.just(True), startIndex=st.integers(0, 3))
    mapping = {"sourceValues": [source, {"value": "B"}], "targetValues": [draw(WORDS), " x "]}
    validity = optional(draw, validFrom=st.just("2020-01-01T00:00:00Z"))
    return draw(maintainable(carries)) | {
        "source": sides,
        "target": sides,
        "representationMappings": [mapping | validity],
    }


@st.composite
def _structure_map(draw: Any, carries: Carries) -> Node:
    component = {"source": ["A", "B"], "target": ["C"]} | optional(draw, representationMap=urns("RepresentationMap"))
    pattern = {
        "id": "P",
        "sourcePattern": "yyyy",
        "locale": "en",
        "mappedComponents": [{"source": "T", "target": "TIME_PERIOD"}],
        "targetFrequencyID": "A",
    }
    return draw(maintainable(carries)) | {
        "source": draw(urns("Dataflow")),
        "target": draw(urns("DataStructure")),
        "componentMaps": [component],
        "datePatternMaps": [pattern],
        "fixedValueMaps": [{"target": "UNIT", "values": ["PS"]}],
    }


@st.composite
def _with(draw: Any, carries: Carries, **content: st.SearchStrategy[Any]) -> Node:
    return draw(maintainable(carries)) | {key: draw(strategy) for key, strategy in content.items()}


@st.composite
def _dataflow(draw: Any, carries: Carries) -> Node:
    document = draw(_with(carries, structure=urns("DataStructure")))
    if carries.dimension_constraint:
        document |= optional(draw, dimensionConstraint=st.just(["FREQ"]))
    return document


Strategies = Mapping[str, Callable[[Carries], st.SearchStrategy[Node]]]

EVERYWHERE: Strategies = {
    "Codelist": _codelist,
    "ConceptScheme": _concept_scheme,
    "DataStructure": _data_structure,
    "Dataflow": _dataflow,
    "CategoryScheme": _category_scheme,
    "Categorisation": lambda carries: _with(carries, source=urns("Dataflow"), target=urns("Category", item=True)),
    "DataProviderScheme": _providers,
    "ProvisionAgreement": lambda carries: _with(
        carries, dataflow=urns("Dataflow"), dataProvider=urns("DataProvider", item=True)
    ),
    "DataConstraint": _constraint,
    "Hierarchy": _hierarchy,
}
SDMX_3: Strategies = {
    **EVERYWHERE,
    "ValueList": lambda carries: _with(carries, valueItems=_unique(_named(carries, WORDS))),
    "RepresentationMap": _representation_map,
    "StructureMap": _structure_map,
    "HierarchyAssociation": lambda carries: _with(
        carries, linkedHierarchy=urns("Hierarchy"), linkedObject=urns("Dataflow"), contextObject=urns("DataStructure")
    ),
}


def artefacts(classes: Strategies, carries: Carries) -> st.SearchStrategy[Artefact]:
    """Random artefacts of some classes, in canonical form."""
    return st.sampled_from(sorted(classes)).flatmap(
        lambda name: classes[name](carries).map(lambda document: make_artefact(CLASS_BY_NAME[name], document))
    )
