"""Names beside ids in SDMX-CSV metadata (``labels=id|name|both``): structures, sets, targets, attributes, codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.metadata_cells import join, split
from sdmx_hub.formats.metadata_columns import Column
from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.metadata import MetadataAttribute, MetadataMessage
from sdmx_hub.model.urn import Urn, parse_urn

_NAMES = {"MDSTRUCTURE_ID": "MDSTRUCTURE_NAME", "METADATASET_ID": "METADATASET_NAME", "TARGET_IDS": "TARGET_NAMES"}


class Labels:
    """How a message tells names, in its language."""

    def __init__(self, message: MetadataMessage, mode: str) -> None:
        """Tell names as ``mode`` says: ``id`` not at all, ``both`` in the same cell, ``name`` in one of their own."""
        self._message = message
        self._mode = mode
        self._codes: dict[Urn, Mapping[str, str]] = {}

    def headings(self, *titles: str) -> list[str]:
        """The titles of fixed columns, each followed by that of its names."""
        with_names = (
            [title, _NAMES[title]] if self._mode == "name" and title in _NAMES else [title] for title in titles
        )
        return [title for pair in with_names for title in pair]

    def heading(self, column: Column, title: str) -> list[str]:
        """The title of an attribute."""
        attribute = self._attribute(column)
        name = (self._item_name(attribute.concept) if attribute else "") or column.path[-1]
        return self._told(title, name)

    def cells(self, one: Artefact, column: Column, cell: str | None) -> list[str]:
        """The cell of an attribute; codes are followed by their names."""
        attribute = self._attribute(column, one)
        if self._mode == "id" or attribute is None or not attribute.representation.codelist or not cell:
            return [cell or ""] + ([""] if self._mode == "name" else [])
        names = self._names(attribute.representation.codelist)
        return self._each(cell, names, column)

    def reference(self, reference: str, name: str) -> list[str]:
        """The cell of a reference."""
        return self._told(reference, name)

    def references(self, references: Sequence[str], urns: Sequence[str], separator: str) -> list[str]:
        """The cell of several references."""
        names = [self._name_of_text(urn) for urn in urns]
        if self._mode == "name":
            return [join(references, separator) or "", join([name or None for name in names], separator) or ""]
        told = [self._told(reference, name)[0] for reference, name in zip(references, names, strict=True)]
        return [join(told, separator) or ""]

    def name(self, artefact: Artefact) -> str:
        """The name of an artefact."""
        return localised(artefact.names, self._message.language)

    def name_of(self, urn: Urn | None) -> str:
        """The name of what a URN names, an artefact or an item; nothing when it is not known."""
        if urn is None:
            return ""
        if urn.item_id is not None:
            return self._item_name(urn)
        artefact = self._message.find(urn)
        return self.name(artefact) if artefact else ""

    def _name_of_text(self, text: str) -> str:
        try:
            urn = parse_urn(text)
            urn.artefact_class  # noqa: B018 - a component has no name of its own
            return self.name_of(urn)
        except BadRequest:
            return ""

    def _told(self, identifier: str, name: str) -> list[str]:
        if self._mode == "name":
            return [identifier, name]
        return [f"{identifier}: {name}" if self._mode == "both" and name else identifier]

    def _attribute(self, column: Column, one: Artefact | None = None) -> MetadataAttribute | None:
        structures = self._message.structures
        for structure in [structures[one.urn]] if one else structures.values():
            if structure and column.path in structure.by_path:
                return structure.by_path[column.path]
        return None

    def _item_name(self, urn: Urn) -> str:
        scheme = self._message.find(urn.artefact)
        item = next((item for item in scheme.items if item["id"] == urn.item_id), None) if scheme else None
        return localised(texts(item, "name"), self._message.language) if item else ""

    def _names(self, codelist: Urn) -> Mapping[str, str]:
        if codelist not in self._codes:
            artefact = self._message.find(codelist)
            codes = read_codelist(artefact, self._message.find).codes if artefact else {}
            self._codes[codelist] = {code: localised(one.names, self._message.language) for code, one in codes.items()}
        return self._codes[codelist]

    def _each(self, cell: str, names: Mapping[str, str], column: Column) -> list[str]:
        if not any(column.repeated):
            return self._told(cell, names.get(cell, ""))
        codes = split(cell, ";")
        told = [self._told(code or "", names.get(code or "", "")) for code in codes]
        columns = list(zip(*told, strict=True))
        return [join([one or None for one in column_], ";") or "" for column_ in columns]
