"""Artefacts: all artefacts of one moment in memory, indexed, with their graph of references and their views.

The value is immutable; its indexes and views are made when first asked for and kept. Whoever holds one goes on seeing
that moment, whatever is saved meanwhile.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import GENERAL, ArtefactClass
from sdmx_hub.model.codelist import Codelist, read_codelist
from sdmx_hub.model.structure import (
    BrokenStructure,
    Constraint,
    DataStructure,
    read_constraint,
    read_data_structure,
    read_dataflow,
    read_provision_agreement,
)
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.query.versions import select_versions

ANY = "*"
_Name = tuple[str, str, str]
_KINDS = {general: tuple(name for name, of in GENERAL.items() if of == general) for general in set(GENERAL.values())}


class Artefacts:
    """All artefacts of one moment. ``revision`` counts the changes of the registry; the last one was at ``changed``."""

    def __init__(self, artefacts: Iterable[Artefact], *, revision: int = 0, changed: dt.datetime | None = None) -> None:
        self.revision = revision
        self.changed = changed
        self._by_urn: Mapping[Urn, Artefact] = {artefact.urn: artefact for artefact in artefacts}
        versions: dict[_Name, list[str]] = {}
        for urn in self._by_urn:
            versions.setdefault(_name(urn), []).append(urn.ref.version)
        self._versions: Mapping[_Name, list[str]] = versions
        self._structures: dict[Urn, DataStructure] = {}
        self._codelists: dict[Urn, Codelist] = {}

    def __iter__(self) -> Iterator[Artefact]:
        return iter(self._by_urn.values())

    def __len__(self) -> int:
        return len(self._by_urn)

    def find(self, urn: Urn) -> Artefact | None:
        """Find an artefact by its URN or by that of one of its items; a wildcard version gives the latest it covers.

        A codelist of geography answers to the URN of a codelist too, the only one messages have for it.
        """
        found = self._find(urn.artefact)
        for name in _KINDS.get(urn.artefact.class_name, ()) if found is None else ():
            found = found or self._find(Urn(name, urn.ref))
        return found

    def _find(self, wanted: Urn) -> Artefact | None:
        found = self._by_urn.get(wanted)
        if found is not None:
            return found
        if not _is_pattern(wanted.ref.version):
            return None
        try:
            chosen = select_versions((wanted.ref.version,), self._versions.get(_name(wanted), ()))
        except BadRequest:
            return None
        return self._by_urn[Urn(wanted.class_name, replace(wanted.ref, version=chosen[-1]))] if chosen else None

    def cover(self, urn: Urn) -> tuple[Artefact, ...]:
        """Find all artefacts a reference means: one as ``find`` does, or all its ``*`` stand for."""
        if ANY not in (urn.ref.agency_id, urn.ref.id) and ANY not in urn.ref.version:
            found = self.find(urn)
            return (found,) if found is not None else ()
        try:
            return self.select(urn.artefact_class, (urn.ref.agency_id,), (urn.ref.id,), (urn.ref.version,))
        except BadRequest:  # no version pattern
            return ()

    def get(self, urn: Urn) -> Artefact:
        """Get an artefact as ``find`` does; raises NotFound."""
        found = self.find(urn)
        if found is None:
            raise NotFound("artefact-missing", urn=urn)
        return found

    def select(
        self,
        artefact_class: ArtefactClass | None = None,
        agency_ids: Collection[str] = (ANY,),
        ids: Collection[str] = (ANY,),
        versions: Collection[str] = (ANY,),
    ) -> tuple[Artefact, ...]:
        """Select by class, agencies, ids (exact, or ``*``) and version patterns; sorted by class, ref and version."""
        patterns = tuple(versions)
        chosen = []
        for name in sorted(self._versions):
            class_name, agency_id, artefact_id = name
            if artefact_class is not None and class_name != artefact_class.name:
                continue
            if _wanted(agency_id, agency_ids) and _wanted(artefact_id, ids):
                chosen += [
                    self._by_urn[Urn(class_name, Ref(agency_id, artefact_id, version))]
                    for version in select_versions(patterns, self._versions[name])
                ]
        return tuple(chosen)

    def children(self, urn: Urn) -> tuple[Artefact, ...]:
        """The artefacts this one refers to, as far as they are here, in document order."""
        found = (self.find(reference) for reference in self.get(urn).references)
        return tuple({child.urn: child for child in found if child is not None}.values())

    def parents(self, urn: Urn) -> tuple[Artefact, ...]:
        """The artefacts that refer to this one, sorted by URN."""
        return tuple(self._by_urn[parent] for parent in self._parents.get(self.get(urn).urn, ()))

    def structure_of(self, urn: Urn) -> DataStructure:
        """View the structure behind a dataflow, a provision agreement, or a data structure itself.

        Raises NotFound, and BrokenStructure when it cannot be used.
        """
        artefact = self.structure_artefact_of(urn)
        if artefact.urn not in self._structures:
            self._structures[artefact.urn] = read_data_structure(artefact, self.find)
        return self._structures[artefact.urn]

    def structure_artefact_of(self, urn: Urn) -> Artefact:
        """The data structure behind a dataflow, a provision agreement, or itself. Raises NotFound, BrokenStructure."""
        artefact = self.get(urn)
        match artefact.artefact_class.name:
            case "DataStructure":
                return artefact
            case "Dataflow":
                return self.structure_artefact_of(read_dataflow(artefact).structure)
            case "ProvisionAgreement":
                return self.structure_artefact_of(read_provision_agreement(artefact).dataflow)
        raise BrokenStructure("structure-broken", what=str(urn), why="it has no data structure")

    def codelist(self, urn: Urn) -> Codelist:
        """View a codelist or value list, inherited codes included. Raises NotFound."""
        artefact = self.get(urn)
        if artefact.urn not in self._codelists:
            self._codelists[artefact.urn] = read_codelist(artefact, self.find)
        return self._codelists[artefact.urn]

    def constraints_of(self, urn: Urn) -> tuple[Constraint, ...]:
        """The constraints of what is allowed, on the artefact and on everything below it down to its structure."""
        return tuple(constraint for below in self._below(urn) for constraint in self._constraints.get(below, ()))

    def _below(self, urn: Urn) -> Iterator[Urn]:
        artefact = self.get(urn)
        yield artefact.urn
        if artefact.artefact_class.name == "ProvisionAgreement":
            yield from self._below(read_provision_agreement(artefact).dataflow)
        elif artefact.artefact_class.name == "Dataflow":
            yield from self._below(read_dataflow(artefact).structure)

    @functools.cached_property
    def _constraints(self) -> Mapping[Urn, tuple[Constraint, ...]]:
        attached: dict[Urn, tuple[Constraint, ...]] = {}
        for artefact in self:
            if artefact.artefact_class.name == "DataConstraint" and artefact.document.get("role") != "Actual":
                constraint = read_constraint(artefact)
                for urn in constraint.attached_to:
                    target = self.find(urn)
                    if target is not None:
                        attached[target.urn] = (*attached.get(target.urn, ()), constraint)
        return attached

    @functools.cached_property
    def _parents(self) -> Mapping[Urn, tuple[Urn, ...]]:
        found: dict[Urn, set[Urn]] = {}
        for artefact in self:
            for reference in artefact.references:
                child = self.find(reference)
                if child is not None:
                    found.setdefault(child.urn, set()).add(artefact.urn)
        return {child: tuple(sorted(parents)) for child, parents in found.items()}


def _name(urn: Urn) -> _Name:
    return urn.class_name, urn.ref.agency_id, urn.ref.id


def _wanted(text: str, patterns: Collection[str]) -> bool:
    return ANY in patterns or text in patterns


def _is_pattern(version: str) -> bool:
    return any(sign in version for sign in "+~*")
