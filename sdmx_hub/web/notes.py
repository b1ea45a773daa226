"""What is told about the data of a dataflow besides the figures: its reference metadata, for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.xhtml import tidy_xhtml
from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.metadata import MetadataAttribute, MetadataStructure, Path, structure_of
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.publish.metadata import about
from sdmx_hub.web import downloads
from sdmx_hub.web.hub import Visit


def list_notes(visit: Visit, artefact: Artefact) -> list[dict[str, Any]]:
    """The latest metadata sets about an artefact, in the language of the visit, shaped for JSON."""
    sets = about(artefact, visit.hub.metadata.snapshot(), visit.artefacts)
    return [_set(one, visit) for one in sets]


def _set(one: Artefact, visit: Visit) -> dict[str, Any]:
    structure = structure_of(one, visit.artefacts.find)
    url = visit.base_url + metadata_path(one.ref)
    return {
        "urn": str(one.urn),
        "name": localised(one.names, visit.language),
        "provider": one.ref.agency_id,
        "version": one.ref.version,
        "url": url,
        "attributes": _Teller(visit, structure).tell(one.document.get("attributes", ()), ()),
        "downloads": downloads.plainest(downloads.list_downloads("metadata", "v2", url)),
    }


def metadata_path(ref: Ref) -> str:
    """The address of a set by REST v2."""
    return f"/sdmx/v2/metadata/metadataset/{ref.agency_id}/{ref.id}/{ref.version}"


class _Teller:
    """Tells attributes to people: the names of their concepts, values in one language, codes by their names."""

    def __init__(self, visit: Visit, structure: MetadataStructure | None) -> None:
        self._visit = visit
        self._known: Mapping[Path, MetadataAttribute] = structure.by_path if structure else {}

    def tell(self, listed: Sequence[Document], above: Path) -> list[dict[str, Any]]:
        """Tell attributes; several values of one stand together."""
        told: list[dict[str, Any]] = []
        for reported in listed:
            path = (*above, reported["id"])
            attribute = self._known.get(path)
            below = self.tell(reported.get("attributes", ()), path)
            values = self._values(reported, attribute)
            last = told[-1] if told else None
            if last is not None and last["id"] == reported["id"] and not below and not last["attributes"]:
                last["values"] += values
                continue
            told.append(
                {"id": reported["id"], "name": self._name(reported, attribute), "values": values, "attributes": below}
            )
        return told

    def _name(self, reported: Document, attribute: MetadataAttribute | None) -> str:
        return (self._item_name(attribute.concept) if attribute else "") or str(reported["id"])

    def _values(self, reported: Document, attribute: MetadataAttribute | None) -> list[dict[str, str]]:
        value = reported.get("value")
        if value is None:
            return []
        text = localised(value, self._visit.language) if isinstance(value, Mapping) else value
        codelist = attribute.representation.codelist if attribute else None
        if codelist is not None:
            return [{"text": self._code(codelist, text), "code": text}]
        kind = "html" if attribute is not None and attribute.is_xhtml else "text"
        return [{kind: text}]

    def _code(self, codelist: Urn, code: str) -> str:
        if self._visit.artefacts.find(codelist) is None:
            return code
        found = self._visit.artefacts.codelist(codelist).codes.get(code)
        return (localised(found.names, self._visit.language) if found else "") or code

    def _item_name(self, urn: Urn) -> str:
        scheme = self._visit.artefacts.find(urn.artefact)
        item = next((item for item in scheme.items if item["id"] == urn.item_id), None) if scheme else None
        return localised(texts(item, "name"), self._visit.language) if item else ""


def structured(text: str) -> Markup | str:
    """Structured text for a page: as it is when it holds nothing but shape, else as plain text."""
    try:
        return Markup(tidy_xhtml(text))  # noqa: S704 - held against the elements that are taken
    except Malformed:
        return text
