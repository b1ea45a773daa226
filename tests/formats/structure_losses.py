"""What a format of SDMX 3 cannot carry of a canonical document: the one table of it, as the tests apply it.

A loss turns a document into what comes back. ``docs/conformance.md`` says the same in words: ``what`` stands there
letter by letter, with the formats.
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


def told() -> Iterator[str]:
    """The rows of the table in ``docs/conformance.md``."""
    for loss in LOSSES:
        classes = ", ".join(loss.classes) or "all"
        yield f"| {classes} | {', '.join(NAMES[name] for name in loss.formats)} | {loss.what} |"
