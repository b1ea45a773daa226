"""Groups of areas whose members an office counts in its own way, against those of the shared hierarchy (M21)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from sdmx_hub.mapping.declared import GroupRule
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.urn import Ref, Urn

HIERARCHY = Urn("Hierarchy", Ref("ILMH", "H_AREA", "1.0.0"))


class Artefacts(Protocol):
    """Where the hierarchy is found."""

    def find(self, urn: Urn, /) -> Artefact | None:
        """Find an artefact, or nothing."""


def check_groups(mapping: TableMapping, artefacts: Artefacts) -> Iterator[Finding]:
    """Find groups put under the code of another, and members that are none; without the hierarchy nothing is told."""
    hierarchy = artefacts.find(HIERARCHY)
    if hierarchy is None or not any(rule.groups for rule in mapping.components.values()):
        return
    members = read_members(hierarchy)
    for component_id, rule in mapping.components.items():
        for text, group in rule.groups.items():
            yield from _check(mapping, group, members, ("components", component_id, "groups", text))


def _check(
    mapping: TableMapping, group: GroupRule, members: Mapping[str, frozenset[str]], path: tuple[str, ...]
) -> Iterator[Finding]:
    text = path[-1]
    if group.like is not None and group.like not in members:
        known = ", ".join(members)
        yield mapping.finding("M21-GROUP", *path, value=group.like, known=known)
        return
    like = members.get(group.like or "", frozenset())
    for code in group.without:
        if code not in like:
            yield mapping.finding("M21-NO-MEMBER", *path, value=code, group=group.like)
    own = frozenset(group.members) or (like | set(group.also)) - set(group.without)
    if group.code in members and own != members[group.code]:
        yield mapping.finding("M21-MEMBERS", *path, value=text, group=group.code, members=group.shown)


def read_members(hierarchy: Artefact) -> Mapping[str, frozenset[str]]:
    """Read the members of each group, past ones included: codes by code of the group."""
    return {
        _code(group): frozenset(_code(one) for one in group.get("hierarchicalCodes", ()))
        for group in hierarchy.document.get("hierarchicalCodes", ())
    }


def _code(node: Mapping[str, str]) -> str:
    return node["code"].rpartition(".")[2]
