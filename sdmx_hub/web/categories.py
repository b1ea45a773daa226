"""Dataflows by category: one category scheme at a time, in the order of its top-level categories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.web.hub import Visit
from sdmx_hub.web.listing import Listed

_SCHEME = CLASS_BY_NAME["CategoryScheme"]
_CATEGORISATION = CLASS_BY_NAME["Categorisation"]


@dataclass(frozen=True)
class Group:
    """The dataflows of one category; a dataflow may be in several, and the last group has no name."""

    name: str
    description: str
    dataflows: tuple[Listed, ...]

    def as_json(self) -> dict[str, Any]:
        """Shape it for the first page and its JSON twin."""
        dataflows = [one.as_json() for one in self.dataflows]
        return {"name": self.name, "description": self.description, "dataflows": dataflows}


def list_schemes(visit: Visit) -> tuple[Artefact, ...]:
    """List the category schemes that sort dataflows, by id; the first is the one shown unless told otherwise."""
    used = {scheme for _, scheme, _ in _assignments(visit.artefacts)}
    return tuple(one for one in visit.artefacts.select(_SCHEME, versions=("~",)) if one.urn in used)


def group_dataflows(visit: Visit, listed: Sequence[Listed], scheme: Artefact | None) -> list[Group]:
    """Sort dataflows into the top-level categories of a scheme; without one, by the structure they share."""
    if scheme is None:
        return _group_by_structure(visit, listed)
    members: dict[str, set[Urn]] = {}
    for dataflow, urn, category_id in _assignments(visit.artefacts):
        if urn == scheme.urn:
            members.setdefault(category_id, set()).add(dataflow)
    groups = [_group(visit, item, members.get(item["id"], set()), listed) for item in scheme.items]
    sorted_in = set().union(*members.values())
    others = tuple(one for one in listed if one.artefact.urn not in sorted_in)
    return [group for group in (*groups, Group("", "", others)) if group.dataflows]


def _group(visit: Visit, item: Document, members: set[Urn], listed: Sequence[Listed]) -> Group:
    return Group(
        localised(texts(item, "name"), visit.language) or item["id"],
        localised(texts(item, "description"), visit.language),
        tuple(one for one in listed if one.artefact.urn in members),
    )


def _group_by_structure(visit: Visit, listed: Sequence[Listed]) -> list[Group]:
    groups: dict[Urn, list[Listed]] = {}
    for one in listed:
        groups.setdefault(parse_urn(one.artefact.document["structure"]), []).append(one)
    found = ((visit.artefacts.find(urn), tuple(members)) for urn, members in groups.items())
    return [Group(localised(one.names, visit.language) if one else "", "", members) for one, members in found]


def _assignments(artefacts: Artefacts) -> Iterator[tuple[Urn, Urn, str]]:
    """Each categorisation of a dataflow: the dataflow, the scheme, the id of the top-level category."""
    for categorisation in artefacts.select(_CATEGORISATION):
        source = artefacts.find(parse_urn(categorisation.document["source"]))
        target = parse_urn(categorisation.document["target"])
        scheme = artefacts.find(target)
        if source is not None and scheme is not None and source.artefact_class.name == "Dataflow":
            yield source.urn, scheme.urn, (target.item_id or "").partition(".")[0]
