"""What the formats of SDMX 2.1 cannot carry of a canonical document: the one table of it.

``back`` tells what comes back, or None where nothing does; rows without ``back`` are about what the set of every class
does not hold, and stand in ``docs/conformance.md`` letter by letter like the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_codelist import resolve_codelist
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.structure import FindArtefact

Node = dict[str, Any]
ML_2_1, JSON_1_0 = "structure-xml-2.1", "structure-json-1.0"
FORMATS = (ML_2_1, JSON_1_0)
NAMES = {ML_2_1: "SDMX-ML 2.1", JSON_1_0: "SDMX-JSON 1.0"}
Back = Callable[[Artefact, FindArtefact], Artefact | None]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One thing the formats cannot say, for some classes (all, where none is named)."""

    what: str
    back: Back | None = None
    classes: tuple[str, ...] = ()
    formats: tuple[str, ...] = FORMATS


def comes_back(artefact: Artefact, name: str, find: FindArtefact) -> Artefact | None:
    """Tell what a format gives back of an artefact, if anything."""
    given: Artefact | None = artefact
    for loss in LOSSES:
        applies = name in loss.formats and (not loss.classes or artefact.artefact_class.name in loss.classes)
        if loss.back is not None and applies and given is not None:
            given = loss.back(given, find)
    return given


def told() -> Iterator[str]:
    """The rows of the table in ``docs/conformance.md``."""
    for loss in LOSSES:
        formats = "both" if loss.formats == FORMATS else ", ".join(NAMES[name] for name in loss.formats)
        yield f"| {', '.join(loss.classes) or 'all'} | {formats} | {loss.what} |"


def _nothing(_artefact: Artefact, _find: FindArtefact) -> None:
    return None


def _changed(artefact: Artefact, **content: Any) -> Artefact:
    kept = {key: value for key, value in artefact.document.items() if content.get(key, 0) is not None}
    given = {key: value for key, value in content.items() if value is not None}
    return make_artefact(artefact.artefact_class, kept | given, final=artefact.final)


def _numbers_alone(artefact: Artefact, _find: FindArtefact) -> Artefact:
    return _changed(artefact, version=artefact.ref.version.partition("-")[0])


def _as_codelist(artefact: Artefact, _find: FindArtefact) -> Artefact:
    places = {"value", "geoCell", "geoType", "gridDefinition"}
    document = {
        key: value for key, value in artefact.document.items() if key not in places | {artefact.artefact_class.items}
    }
    codes = [{key: value for key, value in code.items() if key not in places} for code in artefact.items]
    return make_artefact(CLASS_BY_NAME["Codelist"], document | ({"codes": codes} if codes else {}))


def _one_measure(artefact: Artefact, _find: FindArtefact) -> Artefact:
    components = artefact.document.get("dataStructureComponents")
    if components is None:
        return artefact
    shown = dict(components)
    shown["measureList"] = {"measures": [_measure(components["measureList"]["measures"][0])]}
    listed = [_plain(one) for one in components.get("attributeList", {}).get("attributes", ()) if not _is_array(one)]
    shown["attributeList"] = {"attributes": listed} if listed else {}
    return _changed(artefact, dataStructureComponents=shown, metadata=None)


def _measure(measure: Mapping[str, Any]) -> Node:
    return _plain({key: value for key, value in measure.items() if key not in {"usage", "conceptRoles"}}) | {
        "id": "OBS_VALUE"
    }


def _plain(component: Mapping[str, Any]) -> Node:
    shown = {key: value for key, value in component.items() if key != "measureRelationship"}
    local = shown.get("localRepresentation", {})
    if ".ValueList=" in local.get("enumeration", ""):
        shown["localRepresentation"] = {"format": {"dataType": "String"}}
    elif "isMultiLingual" in local.get("format", {}):
        shown["localRepresentation"] = {"format": {k: v for k, v in local["format"].items() if k != "isMultiLingual"}}
    return shown


def _is_array(component: Mapping[str, Any]) -> bool:
    return "maxOccurs" in component.get("localRepresentation", {})


def _without_validity(artefact: Artefact, _find: FindArtefact) -> Artefact:
    pairs = [
        {key: value for key, value in pair.items() if key not in {"validFrom", "validTo"}}
        for pair in artefact.document.get("itemMaps", ())
    ]
    return _changed(artefact, itemMaps=pairs or None)


def _if_said(artefact: Artefact, _find: FindArtefact) -> Artefact | None:
    """A map 2.1 can say something of, or a stub, which says nothing."""
    document = artefact.document
    if artefact.is_stub:
        return make_artefact(CLASS_BY_NAME["StructureMap"], document, final=artefact.final)
    if artefact.artefact_class.name == "StructureMap":
        single = [one for one in document.get("componentMaps", ()) if len(one["source"]) == len(one["target"]) == 1]
        return artefact if single else None
    sides = (*document["source"], *document["target"])
    return artefact if len(sides) == 2 and all("codelist" in side for side in sides) else None


def _stub_of_a_map(artefact: Artefact, _find: FindArtefact) -> Artefact:
    if not artefact.is_stub:
        return artefact
    return make_artefact(CLASS_BY_NAME["StructureMap"], artefact.document, final=artefact.final)


SCHEME_MAPS = ("ConceptSchemeMap", "CategorySchemeMap", "OrganisationSchemeMap", "ReportingTaxonomyMap")
VTL = (
    "TransformationScheme",
    "RulesetScheme",
    "UserDefinedOperatorScheme",
    "CustomTypeScheme",
    "NamePersonalisationScheme",
    "VtlMappingScheme",
)

LOSSES: tuple[Loss, ...] = (
    Loss(
        what="an extension of the version (`2.0.0-draft`): the numbers, or nothing beside that version itself;"
        " wildcards in references the same",
        back=_numbers_alone,
    ),
    Loss(what="`isPartialLanguage`, `evolvingStructure`, `dimensionConstraint`, the `value` of annotations: absent"),
    Loss(
        what="links: of artefacts the places (`external`, `service`), of annotations the first address; others absent",
        formats=(ML_2_1,),
    ),
    Loss(what="links whose address is relative: absent", formats=(JSON_1_0,)),
    Loss(what="sentinel values; the types GeospatialInformation and, of components, XHTML: absent; String"),
    Loss(what="`decimals`, `minLength`, `maxLength` of 0: absent", formats=(ML_2_1,)),
    Loss(
        what="the class: nothing",
        classes=("ValueList", "HierarchyAssociation", "MetadataProviderScheme", "MetadataProvisionAgreement"),
        back=_nothing,
    ),
    Loss(what="the class: nothing", classes=VTL, formats=(JSON_1_0,), back=_nothing),
    Loss(
        what="places and grid: a Codelist of the same id",
        classes=("GeographicCodelist", "GeoGridCodelist"),
        back=_as_codelist,
    ),
    Loss(
        what="extensions: the inherited codes, where the inherited list is in the message",
        classes=("Codelist",),
        back=resolve_codelist,
    ),
    Loss(
        what="value lists, `minOccurs` and `maxOccurs` of a core representation: String; absent",
        classes=("ConceptScheme",),
    ),
    Loss(
        what="all measures but the first, its id, usage and roles: OBS_VALUE, optional; attributes that are arrays,"
        " metadata attributes, `metadata`, several languages, measure relationships, optional dimensions of an"
        " attribute: absent; value lists: String",
        classes=("DataStructure",),
        back=_one_measure,
    ),
    Loss(
        what="`removePrefix`, validity of values, annotations of regions and keys: absent; several values in a key:"
        " one key for each combination; attributes in keys, nested attributes: absent, with what they exclude;"
        " `excluderoot`: the root too, or nothing excluded",
        classes=("DataConstraint", "AvailabilityConstraint"),
    ),
    Loss(
        what="selections that exclude, in a region: absent, with the region where that excludes",
        classes=("DataConstraint", "MetadataConstraint", "AvailabilityConstraint"),
        formats=(JSON_1_0,),
    ),
    Loss(
        what="`removePrefix`, validity, languages of values, annotations of regions; attachment to a provider or"
        " agreement: absent",
        classes=("MetadataConstraint",),
    ),
    Loss(
        what="a map of one codelist to one is a CodelistMap, of which ranges, patterns and validity are absent; any"
        " other comes only with the structure maps that use it, as its values (texts); alone: nothing",
        classes=("RepresentationMap",),
        back=_if_said,
    ),
    Loss(
        what="component maps of several components, maps of dates and frequencies, fixed values: absent; nothing, where"
        " nothing else is mapped",
        classes=("StructureMap",),
        back=_if_said,
    ),
    Loss(
        what="patterns, ranges and validity of mappings: absent; nothing, where no mapping is left",
        classes=SCHEME_MAPS,
        back=_without_validity,
    ),
    Loss(
        what="the class of a stub: StructureMap",
        classes=("RepresentationMap", *SCHEME_MAPS),
        back=_stub_of_a_map,
    ),
)
