"""What writers look up while they write: the codelist of a component and the names of its concept."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from sdmx_hub.model.artefact import texts
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.message import FindCodelist, FindNames
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.artefacts import Artefacts


def find_codelist(structure: DataStructure, artefacts: Artefacts) -> FindCodelist:
    """Look codelists up by component; None for an uncoded component and for a list that is kept elsewhere."""

    @functools.cache
    def find(component_id: str) -> Codelist | None:
        urn = structure.components[component_id].representation.codelist
        return artefacts.codelist(urn) if urn and artefacts.find(urn) else None

    return find


def find_names(structure: DataStructure, artefacts: Artefacts) -> FindNames:
    """Look the names of concepts up by component; empty where the concept scheme is kept elsewhere."""

    @functools.cache
    def find(component_id: str) -> Mapping[str, str]:
        concept = structure.components[component_id].concept
        scheme = artefacts.find(concept.artefact)
        items = scheme.items if scheme else []
        return next((texts(item, "name") for item in items if item["id"] == concept.item_id), {})

    return find
