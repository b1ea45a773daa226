"""Whose table it is, and for which area that provider reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sdmx_hub.mapping.checking import PROVIDERS, Artefacts
from sdmx_hub.mapping.guess.told import Doubt
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.structure import Constraint, DataStructure
from sdmx_hub.model.urn import Urn

_AGREEMENT = "ProvisionAgreement"


class Registry(Artefacts, Protocol):
    """Where a draft finds structures, constraints and provision agreements."""

    def get(self, urn: Urn, /) -> Artefact:
        """Get an artefact. Raises NotFound."""

    def structure_of(self, urn: Urn, /) -> DataStructure:
        """View the structure of a dataflow. Raises NotFound."""

    def constraints_of(self, urn: Urn, /) -> tuple[Constraint, ...]:
        """The constraints on an artefact."""

    def parents(self, urn: Urn, /) -> tuple[Artefact, ...]:
        """What refers to an artefact."""


def agreements(dataflow: Urn, registry: Registry) -> dict[str, Urn]:
    """The provision agreements of a dataflow, by the id of the provider."""
    return {
        str(parent.document.get("dataProvider", "")).rpartition(".")[2]: parent.urn
        for parent in registry.parents(dataflow)
        if parent.urn.artefact_class.name == _AGREEMENT
    }


def choose_provider(
    dataflow: Urn, registry: Registry, given: str | None, said: Iterable[str]
) -> tuple[str, Doubt | None]:
    """The provider given, else one whose id or name is ``said``, else the first that has an agreement."""
    agreed = agreements(dataflow, registry)
    listed = ", ".join(sorted(agreed))
    if given is not None:
        if given in agreed:
            return given, None
        doubt = Doubt(key="guess-agreement", path="provider", params={"provider": given, "dataflow": dataflow.ref})
        return given, doubt if agreed else None
    scheme = registry.find(PROVIDERS)
    names = {item["id"]: texts(item, "name").values() for item in (scheme.items if scheme else ())}
    words = f" {fold(' | '.join(said))} "
    found = [one for one in agreed if _is_said(one, names.get(one, ()), words)]
    chosen = next(iter([*found, *sorted(agreed), *names]), "PROVIDER")
    others = tuple(one for one in sorted(agreed) if one != chosen)
    params = {"provider": chosen, "listed": listed}
    return chosen, Doubt(key="guess-provider", path="provider", params=params, alternatives=others)


def _is_said(provider: str, names: Iterable[str], words: str) -> bool:
    return any(f" {fold(text)} " in words for text in (provider, *names))


def own_area(dataflow: Urn, provider: str, registry: Registry) -> str | None:
    """The one area a provider's agreement lets it report for; None of a compiler of many."""
    urn = agreements(dataflow, registry).get(provider)
    areas: set[str] = set()
    for constraint in registry.constraints_of(urn) if urn else ():
        for region in constraint.regions:
            areas |= region.values.get("REF_AREA", frozenset()) if region.include else set()
    return areas.pop() if len(areas) == 1 else None
