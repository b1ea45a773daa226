"""Checks of metadata sets before they are stored: one function a rule, each gives findings and never raises.

The codes of findings begin with ``MD-``; places are named by the ids of attributes, counted where one is repeated
(``OFFICE:MDS_JOBS(1.0.0)/CONTACT[2]/PHONE``), and by the row in CSV.
"""

from __future__ import annotations

import collections
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import HubError
from sdmx_hub.formats.metadata_schema import check_metadata_set
from sdmx_hub.load.metadata_usage import Usage, allows, list_providers, target_exists
from sdmx_hub.load.metadata_values import check_value
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.metadata import MetadataAttribute
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class LocatedSet:
    """A metadata set, the file it came from and, in CSV, the row."""

    metadata_set: Artefact
    file: str | None = None
    row: int | None = None
    flows: int = 1
    """So many metadataflows it might be reported for, where it names only its structure."""

    def where(self, path: str = "") -> Where:
        """The place of a finding in this set."""
        return Where(file=self.file, row=self.row, path=f"{self.metadata_set.ref}{path}")


def check_set(one: LocatedSet, usage: Usage, artefacts: Artefacts) -> Iterator[Finding]:
    """Check one set against the official schema, what it is reported under, and its metadata structure."""
    if one.metadata_set.is_stub:
        yield Finding(code="MD-STUB", where=one.where())
        return
    yield from _check_characters(one)
    yield from _check_usage(one, usage, artefacts)
    if "metadataflow" in one.metadata_set.document or "metadataProvisionAgreement" in one.metadata_set.document:
        yield from _check_schema(one)
    yield from _check_targets(one, usage, artefacts)
    if usage.structure is not None:
        listed = one.metadata_set.document.get("attributes", ())
        yield from _check_attributes(one, listed, usage.structure.attributes, "", _Context(artefacts, usage))


def _check_schema(one: LocatedSet) -> Iterator[Finding]:
    for error in check_metadata_set(one.metadata_set):
        yield Finding(code="MD-SCHEMA", where=one.where(error.path), params={"why": error.text})


def _check_characters(one: LocatedSet) -> Iterator[Finding]:
    """Refuse characters that XML cannot carry (XML 1.0, §2.2)."""
    for path, text in _strings(one.metadata_set.document, ""):
        found = _UNSAYABLE.search(text)
        if found:
            yield Finding(code="MD-CHARACTER", where=one.where(path), params={"code": f"U+{ord(found[0]):04X}"})


def _strings(node: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _strings(value, f"{path}/{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            label = value.get("id", position) if isinstance(value, dict) else position
            yield from _strings(value, f"{path}/{label}")


def _check_usage(one: LocatedSet, usage: Usage, artefacts: Artefacts) -> Iterator[Finding]:
    document, provider = one.metadata_set.document, one.metadata_set.ref.agency_id
    named = document.get("metadataProvisionAgreement") or document.get("metadataflow")
    if one.flows != 1:
        yield Finding(code="MD-FLOW-OPEN", where=one.where(), params={"what": provider, "count": one.flows})
    elif usage.flow is None:
        yield Finding(code="MD-FLOW", where=one.where(), source_value=named, params={"what": named})
    elif usage.structure is None:
        yield Finding(code="MD-STRUCTURE", where=one.where(), params={"flow": str(usage.flow.ref)})
    if not usage.providers:
        known = list_providers(artefacts)
        near = difflib.get_close_matches(provider, known, n=3) or known[:_SHOWN]
        hint = ", ".join(near) or None
        yield Finding(
            code="MD-PROVIDER",
            where=one.where("/agencyID"),
            source_value=provider,
            params={"provider": provider},
            suggestion=hint,
        )
    elif usage.flow is not None and not usage.agreements:
        params = {"provider": provider, "flow": str(usage.flow.ref)}
        yield Finding(code="MD-AGREEMENT", where=one.where(), params=params)


def _check_targets(one: LocatedSet, usage: Usage, artefacts: Artefacts) -> Iterator[Finding]:
    for position, target in enumerate(one.metadata_set.document.get("targets", ())):
        where = one.where(f"/targets/{position}")
        if not target_exists(target, artefacts):
            yield Finding(code="MD-TARGET-MISSING", where=where, source_value=target, params={"target": target})
            continue
        for who, patterns in usage.allowances():
            if not any(allows(pattern, target) for pattern in patterns):
                params = {"target": target, "usage": str(who.ref), "allowed": ", ".join(patterns[:_SHOWN])}
                yield Finding(code="MD-TARGET", where=where, source_value=target, params=params)


@dataclass(frozen=True)
class _Context:
    artefacts: Artefacts
    usage: Usage

    @property
    def structure(self) -> str:
        return str(self.usage.structure.ref) if self.usage.structure else ""

    def codelist(self, urn: Urn) -> Codelist | None:
        try:
            return self.artefacts.codelist(urn)
        except HubError:  # a list that is not there, or is broken, constrains nothing
            return None


def _check_attributes(
    one: LocatedSet, listed: Sequence[Document], known: Sequence[MetadataAttribute], path: str, context: _Context
) -> Iterator[Finding]:
    by_id = {attribute.id: attribute for attribute in known}
    counted = collections.Counter(reported["id"] for reported in listed)
    seen: collections.Counter[str] = collections.Counter()
    for reported in listed:
        identifier = reported["id"]
        seen[identifier] += 1
        number = f"[{seen[identifier]}]" if counted[identifier] > 1 else ""
        here = f"{path}/{identifier}{number}"
        attribute = by_id.get(identifier)
        if attribute is None:
            yield _unknown(one.where(here), identifier, list(by_id), context)
            continue
        yield from check_value(attribute, reported, one.where(here), context.codelist)
        yield from _check_attributes(one, reported.get("attributes", ()), attribute.attributes, here, context)
    yield from _check_counts(one, counted, known, path)


def _unknown(where: Where, identifier: str, known: list[str], context: _Context) -> Finding:
    elsewhere = [
        ".".join(place) for place in context.usage.structure.by_path if place[-1] == identifier
    ] if context.usage.structure else []  # fmt: skip
    near = elsewhere or difflib.get_close_matches(identifier, known, n=3)
    return Finding(
        code="MD-ATTRIBUTE",
        where=where,
        source_value=identifier,
        params={"structure": context.structure, "id": identifier, "known": ", ".join(known) or "—"},
        suggestion=", ".join(near) or None,
    )


def _check_counts(
    one: LocatedSet, counted: collections.Counter[str], known: Sequence[MetadataAttribute], path: str
) -> Iterator[Finding]:
    for attribute in known:
        count = counted[attribute.id]
        where = one.where(f"{path}/{attribute.id}")
        if count < attribute.min_occurs:
            params = {"id": attribute.id, "least": attribute.min_occurs, "count": count}
            yield Finding(code="MD-MISSING", where=where, params=params)
        elif attribute.max_occurs is not None and count > attribute.max_occurs:
            params = {"id": attribute.id, "most": attribute.max_occurs, "count": count}
            yield Finding(code="MD-TOO-MANY", severity=Severity.ERROR, where=where, params=params)
