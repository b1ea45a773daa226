"""The terms a dataflow and a provider hold a file to, gathered from the registered artefacts."""

from __future__ import annotations

from collections.abc import Mapping

from sdmx_hub.errors import NotFound
from sdmx_hub.load.checks import Terms, Total
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import DataStructure, ProvisionAgreement, read_provision_agreement
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts


def terms_of(
    artefacts: Artefacts,
    dataflow: Urn,
    *,
    provider: str | None = None,
    totals: tuple[Total, ...] = (),
    action: Action = Action.APPEND,
    file: str | None = None,
) -> Terms:
    """Gather the terms. ``provider`` is the id of a data provider. Raises NotFound, BrokenStructure."""
    structure = artefacts.structure_of(dataflow)
    agreement = find_agreement(artefacts, dataflow, provider) if provider else None
    below = artefacts.constraints_of(dataflow)
    above = artefacts.constraints_of(Urn("ProvisionAgreement", agreement.ref)) if agreement else ()
    return Terms(
        dataflow=artefacts.get(dataflow).ref,
        structure=structure,
        codelists=codelists_of(artefacts, structure),
        constraints=below,
        provider=provider,
        provider_constraints=tuple(constraint for constraint in above if constraint not in below),
        totals=totals,
        action=action,
        file=file,
    )


def codelists_of(artefacts: Artefacts, structure: DataStructure) -> Mapping[str, Codelist]:
    """The codelists of the coded components, by component id; one that is not here leaves its component unchecked."""
    found: dict[str, Codelist] = {}
    for component in structure.components.values():
        urn = component.representation.codelist
        if urn is not None and artefacts.find(urn) is not None:
            found[component.id] = artefacts.codelist(urn)
    return found


def find_agreement(artefacts: Artefacts, dataflow: Urn, provider: str) -> ProvisionAgreement | None:
    """Find the provision agreement of a provider for a dataflow."""
    for artefact in artefacts.parents(dataflow):
        if artefact.artefact_class.name == "ProvisionAgreement":
            agreement = read_provision_agreement(artefact)
            if agreement.data_provider.item_id == provider:
                return agreement
    return None


def dataflow_behind(artefacts: Artefacts, described_by: Urn, wanted: Urn | None) -> Urn:
    """The dataflow a data set belongs to: the one it names, or that of its agreement, or the one of its structure.

    ``wanted`` is what the caller says, and decides between several dataflows of one structure. Raises NotFound.
    """
    artefact = artefacts.get(described_by)
    match artefact.artefact_class.name:
        case "Dataflow":
            return artefact.urn
        case "ProvisionAgreement":
            return artefacts.get(read_provision_agreement(artefact).dataflow).urn
    flows = [one.urn for one in artefacts.parents(described_by) if one.artefact_class.name == "Dataflow"]
    if wanted in flows:
        return artefacts.get(wanted).urn
    if wanted is None and len(flows) == 1:
        return flows[0]
    raise NotFound("load-dataflow-unnamed", structure=artefact.ref, count=len(flows))


def check_agreement(artefacts: Artefacts, dataflow: Urn, provider: str | None, file: str | None) -> list[Finding]:
    """Tell when a provider has made no promise for the dataflow."""
    if provider is None or find_agreement(artefacts, dataflow, provider) is not None:
        return []
    return [
        Finding(
            code="V05-AGREEMENT",
            severity=Severity.WARNING,
            where=Where(file=file),
            params={"provider": provider, "dataflow": dataflow.ref},
        )
    ]
