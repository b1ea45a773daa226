"""What a format cannot carry of a canonical document, as the tests apply it: a table for SDMX 3, one for SDMX 2.1.

A loss of SDMX 3 turns a document into what comes back. ``docs/conformance.md`` says the same in words: ``what`` stands
there letter by letter, with the formats. Of SDMX 2.1, which loses more, the second table says what may come back
otherwise in the set of every class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_constraint import identify, merge_regions, split_keys
from sdmx_hub.model.artefact import Artefact

Node = dict[str, Any]
ML_3_0, ML_3_1 = "structure-xml-3.0", "structure-xml-3.1"
JSON_2_0, JSON_2_1 = "structure-json-2.0", "structure-json-2.1"
FORMATS = (ML_3_0, ML_3_1, JSON_2_0, JSON_2_1)
NAMES = {ML_3_0: "SDMX-ML 3.0", ML_3_1: "SDMX-ML 3.1", JSON_2_0: "SDMX-JSON 2.0", JSON_2_1: "SDMX-JSON 2.1"}
_LINK = frozenset({"rel", "href", "urn", "type"})
_NOTE_LINK = frozenset({"href", "hreflang"})
_IDENTITY = frozenset({"id", "agencyID", "version", "name", "names", "description", "descriptions"})


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One thing some formats cannot say, for some classes (all, where none is named)."""

    what: str
    formats: tuple[str, ...]
    back: Callable[[Node], Node]
    classes: tuple[str, ...] = ()


def comes_back(artefact: Artefact, name: str) -> Artefact:
    """Tell what a format gives back of an artefact."""
    document: Node = dict(artefact.document)
    for loss in LOSSES:
        if name in loss.formats and (not loss.classes or artefact.artefact_class.name in loss.classes):
            document = loss.back(document)
    return make_artefact(artefact.artefact_class, document, final=artefact.final)


def _without(*keys: str) -> Callable[[Node], Node]:
    return lambda document: {key: value for key, value in document.items() if key not in keys}


def _everywhere(change: Callable[[Node], Node]) -> Callable[[Node], Node]:
    """Change every object of a document, from the inside out."""

    def changed(node: Any) -> Any:
        if isinstance(node, Mapping):
            return change({key: changed(value) for key, value in node.items()})
        return [changed(value) for value in node] if isinstance(node, list) else node

    return lambda document: dict(changed(document))


def _plain_links(node: Any, *, of_note: bool = False) -> Any:
    """Leave of every link what XML has: of those of annotations, the address and its language."""
    if not isinstance(node, Mapping):
        return [_plain_links(value, of_note=of_note) for value in node] if isinstance(node, list) else node
    changed = {key: _plain_links(value, of_note=key == "annotations") for key, value in node.items()}
    if "links" in node:
        links = [link for link in node["links"] if "href" in link]
        changed["links"] = [
            {"rel": "related", **_only(link, _NOTE_LINK)} if of_note else _only(link, _LINK) for link in links
        ]
    return changed


def _only(node: Mapping[str, Any], keys: frozenset[str]) -> Node:
    return {key: value for key, value in node.items() if key in keys}


def _fewer_links(document: Node) -> Node:
    components = document.get("dataStructureComponents", {})
    for group in components.get("groups", ()):
        group.pop("links", None)
    for usage in components.get("attributeList", {}).get("metadataAttributeUsages", ()):
        if "links" in usage:
            usage["links"] = [link for link in usage["links"] if "href" in link][:1]
    return document


def _no_notes_on_regions(document: Node) -> Node:
    regions = [_without("annotations")(region) for region in document.get("metadataTargetRegions", ())]
    return document | ({"metadataTargetRegions": regions} if regions else {})


def _no_extensions(node: Node) -> Node:
    return {key: value for key, value in node.items() if not key.startswith("x-")}


def _whole_days(node: Node) -> Node:
    moments = {key: f"{node[key][:10]}T00:00:00Z" for key in ("validFrom", "validTo") if key in node}
    return node | moments if _is_mapping(node) else node


def _is_mapping(node: Node) -> bool:
    return "sourceValue" in node or "sourceValues" in node


def _named_anew(document: Node) -> Node:
    kept = {key: value for key, value in document.items() if key not in _IDENTITY}
    return identify(kept) | kept


def _small_numbers(node: Node) -> Node:
    return {key: value for key, value in node.items() if key not in _POSITIVE or value >= 1}


_POSITIVE = frozenset({"decimals", "minLength", "maxLength"})
_ML = (ML_3_0, ML_3_1)

LOSSES: tuple[Loss, ...] = (
    Loss(
        what="`isPartialLanguage`, `evolvingStructure`, `dimensionConstraint`: absent",
        formats=(ML_3_0, JSON_2_0),
        back=_without("isPartialLanguage", "evolvingStructure", "dimensionConstraint"),
    ),
    Loss(
        what="several values of one component in a data key: one key for each combination",
        formats=(ML_3_0, JSON_2_0),
        classes=("DataConstraint",),
        back=split_keys,
    ),
    Loss(
        what="the version of a categorisation: 1.0",
        formats=(ML_3_1,),
        classes=("Categorisation",),
        back=lambda document: document | {"version": "1.0"},
    ),
    Loss(
        what="several regions of a data constraint that allow: the smallest one that holds them; excluding: the first",
        formats=_ML,
        classes=("DataConstraint",),
        back=merge_regions,
    ),
    Loss(
        what="several regions of a metadata constraint: the same; annotations of its regions: absent",
        formats=_ML,
        classes=("MetadataConstraint",),
        back=lambda document: _no_notes_on_regions(merge_regions(document, "metadataTargetRegions")),
    ),
    Loss(
        what="title, language, `uri` of a link; relation, URN, type of an annotation's; links without address: absent",
        formats=_ML,
        back=_plain_links,
    ),
    Loss(
        what="links of groups, and all but the first of a metadata attribute usage: absent",
        formats=_ML,
        classes=("DataStructure",),
        back=lambda document: _fewer_links(_everywhere(dict)(document)),
    ),
    Loss(what="properties of one's own (`x-…`): absent", formats=_ML, back=_everywhere(_no_extensions)),
    Loss(
        what="the time of day in the validity of a mapping: midnight, UTC",
        formats=_ML,
        back=_everywhere(_whole_days),
    ),
    Loss(
        what="`decimals`, `minLength`, `maxLength` of 0: absent",
        formats=_ML,
        back=_everywhere(_small_numbers),
    ),
    Loss(
        what="id, version and name of an availability constraint: made anew of what it is attached to",
        formats=(ML_3_1, JSON_2_1),
        classes=("AvailabilityConstraint",),
        back=_named_anew,
    ),
)


ML_2_1, JSON_1_0 = "structure-xml-2.1", "structure-json-1.0"
FORMATS_2_1 = (ML_2_1, JSON_1_0)
GONE = None
"""A class, or an artefact, that is left out."""


@dataclass(frozen=True, kw_only=True)
class OldLoss:
    """Something SDMX 2.1 cannot say: which artefacts it concerns, and where in them something else may come back.

    ``where`` are the keys below which documents differ, ``GONE`` when nothing comes back; ``named`` is the class that
    comes back, if it is another.
    """

    what: str
    classes: tuple[str, ...]
    formats: tuple[str, ...] = FORMATS_2_1
    where: tuple[str, ...] | None = GONE
    named: str | None = None
    concerns: Callable[[Artefact], bool] = lambda _: True


def _is_plain_map(artefact: Artefact) -> bool:
    document = artefact.document
    sides = [*document["source"], *document["target"]]
    return len(sides) == len([side for side in sides if "codelist" in side]) == 2


def _maps_components_alone(artefact: Artefact) -> bool:
    others = {"epochMaps", "datePatternMaps", "frequencyFormatMappings", "fixedValueMaps"}
    maps = artefact.document.get("componentMaps", ())
    return not others & artefact.document.keys() and all(len(one["source"]) == len(one["target"]) == 1 for one in maps)


def _is_of_3(artefact: Artefact) -> bool:
    components = artefact.document["dataStructureComponents"]
    return len(components["measureList"]["measures"]) > 1 or "metadata" in artefact.document


_SCHEME_MAPS = ("ConceptSchemeMap", "CategorySchemeMap", "OrganisationSchemeMap", "ReportingTaxonomyMap")
OLD_LOSSES: tuple[OldLoss, ...] = (
    OldLoss(
        what="left out",
        classes=("MetadataProviderScheme", "ValueList", "HierarchyAssociation", "MetadataProvisionAgreement"),
    ),
    OldLoss(
        what="left out",
        classes=(
            "TransformationScheme",
            "RulesetScheme",
            "UserDefinedOperatorScheme",
            "CustomTypeScheme",
            "NamePersonalisationScheme",
            "VtlMappingScheme",
        ),
        formats=(JSON_1_0,),
    ),
    OldLoss(
        what="a codelist, without the places of its codes",
        classes=("GeographicCodelist", "GeoGridCodelist"),
        named="Codelist",
        where=("geoType", "gridDefinition", "geoFeatureSetCodes", "geoGridCodes", "codes"),
    ),
    OldLoss(
        what="extensions: the codes themselves, where the inherited list is known",
        classes=("Codelist",),
        where=("codelistExtensions", "codes"),
        concerns=lambda artefact: "codelistExtensions" in artefact.document,
    ),
    OldLoss(
        what="a version like 2.0.0-draft: its numbers alone",
        classes=("Codelist",),
        where=("version",),
        concerns=lambda artefact: "-" in artefact.ref.version,
    ),
    OldLoss(
        what="measures but the first, attributes of several values, metadata attributes: absent",
        classes=("DataStructure",),
        where=("metadata", "dataStructureComponents"),
        concerns=_is_of_3,
    ),
    OldLoss(
        what="left out, unless from one codelist to one codelist",
        classes=("RepresentationMap",),
        concerns=lambda artefact: not _is_plain_map(artefact),
    ),
    OldLoss(
        what="left out, if it maps more than single components",
        classes=("StructureMap",),
        concerns=lambda artefact: not _maps_components_alone(artefact),
    ),
    OldLoss(what="the validity of a mapping: absent", classes=_SCHEME_MAPS, where=("itemMaps",)),
)


def told() -> Iterator[str]:
    """The rows of the table in ``docs/conformance.md``."""
    for loss in LOSSES:
        classes = ", ".join(loss.classes) or "all"
        yield f"| {classes} | {', '.join(NAMES[name] for name in loss.formats)} | {loss.what} |"
