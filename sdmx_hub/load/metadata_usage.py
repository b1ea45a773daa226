"""What a metadata set is reported under: its metadataflow, its agreements, its provider, and the targets they allow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.metadata_xml_v2_1_generic import STRUCTURE
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, METADATA_SET, SYNONYMS
from sdmx_hub.model.metadata import MetadataStructure, find_named, flow_of, structure_of
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.query.versions import matches
from sdmx_hub.store.artefacts import Artefacts

_PATTERN = re.compile(r"urn:sdmx:org\.sdmx\.infomodel\.[a-z]+\.([A-Za-z]+)=([^:]+):([^()]+)\(([^()]+)\)(?:\.(.+))?")
_ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a set is reported under, as far as it is known."""

    flow: Artefact | None
    structure: MetadataStructure | None
    providers: tuple[Urn, ...]
    agreements: tuple[Artefact, ...]

    def allowances(self) -> Iterator[tuple[Artefact, tuple[str, ...]]]:
        """What names allowed targets, and which: each must allow a target."""
        for usage in (self.flow, *self.agreements):
            if usage is not None and usage.document.get("targets"):
                yield usage, tuple(usage.document["targets"])


def find_usage(metadata_set: Artefact, artefacts: Artefacts) -> Usage:
    """Find what a set is reported under."""
    flow = flow_of(metadata_set, artefacts.find)
    providers = find_providers(metadata_set.ref.agency_id, artefacts)
    named = metadata_set.document.get("metadataProvisionAgreement")
    agreement = find_named(named, artefacts.find)
    candidates = [agreement] if agreement else _agreements(flow, artefacts) if not named else []
    return Usage(
        flow=flow,
        structure=structure_of(metadata_set, artefacts.find),
        providers=providers,
        agreements=tuple(one for one in candidates if _provider(one) in providers),
    )


def find_providers(provider_id: str, artefacts: Artefacts) -> tuple[Urn, ...]:
    """The metadata providers an ``agencyID`` may name: ``ID`` in any scheme, or ``AGENCY.ID``."""
    agency, _, identifier = provider_id.rpartition(".")
    return tuple(
        Urn("MetadataProvider", scheme.ref, identifier)
        for scheme in artefacts.select(CLASS_BY_NAME["MetadataProviderScheme"])
        if agency in {"", scheme.ref.agency_id} and any(item["id"] == identifier for item in scheme.items)
    )


def list_providers(artefacts: Artefacts) -> tuple[str, ...]:
    """The ids of all metadata providers."""
    schemes = artefacts.select(CLASS_BY_NAME["MetadataProviderScheme"])
    return tuple(dict.fromkeys(item["id"] for scheme in schemes for item in scheme.items))


def _agreements(flow: Artefact | None, artefacts: Artefacts) -> list[Artefact]:
    if flow is None:
        return []
    return [
        one
        for one in artefacts.parents(flow.urn)
        if one.artefact_class.name == "MetadataProvisionAgreement" and "metadataflow" in one.document
    ]


def _provider(agreement: Artefact) -> Urn | None:
    named = agreement.document.get("metadataProvider")
    return parse_urn(named) if named else None


def settle_flow(metadata_set: Artefact, artefacts: Artefacts) -> tuple[Artefact, int]:
    """Give a set that names only its structure (SDMX 2.1) its metadataflow; also how many there are to choose from."""
    named = metadata_set.document.get(STRUCTURE)
    if named is None or "metadataflow" in metadata_set.document:
        return metadata_set, 1
    structure = find_named(named, artefacts.find)
    flows = [
        one
        for one in (artefacts.parents(structure.urn) if structure else ())
        if one.artefact_class.name == "Metadataflow"
    ]
    rest = {key: value for key, value in metadata_set.document.items() if key != STRUCTURE}
    if len(flows) == 1:
        return Artefact(METADATA_SET, rest | {"metadataflow": str(flows[0].urn)}), 1
    return Artefact(METADATA_SET, rest), len(flows)


def allows(pattern: str, target: str) -> bool:
    """Tell whether a target is one of those a pattern of URNs stands for (``…Dataflow=LAB:*(*)``)."""
    wanted, found = _PATTERN.fullmatch(pattern), _PATTERN.fullmatch(target)
    if wanted is None or found is None:
        return False
    if SYNONYMS.get(wanted[1], wanted[1]) != SYNONYMS.get(found[1], found[1]):
        return False
    same = all(wanted[part] in {_ANY, found[part]} for part in (2, 3))
    return same and _same_version(wanted[4], found[4]) and _same_item(wanted[5], found[5])


def _same_version(pattern: str, version: str) -> bool:
    if pattern in {_ANY, version}:
        return True
    try:
        return matches(pattern, version, all_versions=(version,))
    except BadRequest:
        return False


def _same_item(pattern: str | None, item: str | None) -> bool:
    if pattern is None or item is None:
        return pattern is item
    return pattern == item or set(pattern) <= {_ANY, "."}


def target_exists(target: str, artefacts: Artefacts) -> bool:
    """Tell whether a target is there: the artefact, and what is named inside it."""
    found = _PATTERN.fullmatch(target)
    artefact = _artefact_of(target, artefacts)
    if artefact is None or found is None:
        return False
    if found[5] is None:
        return True
    known = set(_ids(artefact.document))
    return artefact.is_stub or all(part in known for part in found[5].split("."))


_OWNERS: Mapping[str, str] = {"datastructure": "DataStructure", "metadatastructure": "MetadataStructure"}


def _artefact_of(target: str, artefacts: Artefacts) -> Artefact | None:
    try:
        urn = parse_urn(target)
        return artefacts.find(urn.artefact)
    except BadRequest as error:
        if error.key != "urn-class":
            return None
    package = target.removeprefix("urn:sdmx:org.sdmx.infomodel.").partition(".")[0]
    owner = _OWNERS.get(package)
    return artefacts.find(Urn(owner, urn.ref)) if owner else None


def _ids(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("id"), str):
            yield node["id"]
        elif isinstance(node.get("conceptIdentity"), str):
            yield node["conceptIdentity"].rpartition(").")[2]
        for value in node.values():
            yield from _ids(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _ids(value)
