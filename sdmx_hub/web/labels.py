"""Names of components and codes in one language, for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Document, texts
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.artefacts import Artefacts


@dataclass(frozen=True)
class Labels:
    """What people call the components and codes of one structure."""

    artefacts: Artefacts
    structure: DataStructure
    language: str

    def component(self, component_id: str) -> str:
        """The name of a component: that of its concept, else its id."""
        concept = self.structure.components[component_id].concept
        scheme = self.artefacts.find(concept)
        item = _item(scheme.items if scheme else [], concept.item_id or "")
        return localised(texts(item, "name"), self.language) if item else component_id

    def code(self, component_id: str, code: str) -> str:
        """The name of a code, else the code."""
        codelist = self.codelist(component_id)
        found = codelist.codes.get(code) if codelist else None
        return (localised(found.names, self.language) if found else "") or code

    def codelist(self, component_id: str) -> Codelist | None:
        """The codelist of a component, if it is coded and the list is here."""
        component = self.structure.components.get(component_id)
        if component is None or component.representation.codelist is None:
            return None
        if self.artefacts.find(component.representation.codelist) is None:
            return None
        return self.artefacts.codelist(component.representation.codelist)

    def depth(self, component_id: str, code: str) -> int:
        """How deep a code lies below the top of its list."""
        codelist = self.codelist(component_id)
        return _depth(codelist.codes, code) if codelist else 0


def _depth(codes: Mapping[str, object], code: str) -> int:
    depth, seen = 0, {code}
    parent = getattr(codes.get(code), "parent", None)
    while parent and parent not in seen:
        depth += 1
        seen.add(parent)
        parent = getattr(codes.get(parent), "parent", None)
    return depth


def _item(items: list[Document], item_id: str) -> Document | None:
    return next((item for item in items if item["id"] == item_id), None)
