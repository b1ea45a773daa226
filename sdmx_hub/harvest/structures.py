"""The partner's structures: read, taken over where the source says so and we hold none, and compared with ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sdmx_hub.errors import HubError, NotFound, PartnerUnavailable
from sdmx_hub.harvest.addresses import accept_structure
from sdmx_hub.harvest.answering import unmasked
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.compatible import check_fit
from sdmx_hub.harvest.excerpt import refusal
from sdmx_hub.harvest.intent import validator
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.resolving import can_be_asked, complete, first_url
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefacts import load_artefacts, locate_files
from sdmx_hub.load.guard import open_guarded
from sdmx_hub.model.finding import Finding, Severity, has_errors
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.artefacts import Artefacts

ACTOR = "harvest:{source}"


@dataclass(frozen=True, kw_only=True)
class Partner:
    """What the partner says a flow is made of; ``memory`` lets the next run skip reading what has not changed."""

    located: tuple[Located, ...]
    artefacts: Artefacts
    memory: Mapping[str, Any] = field(default_factory=dict)

    def structure(self, flow: Flow) -> DataStructure:
        """The structure of the partner's dataflow. Raises NotFound when the answer does not hold it."""
        urn = Urn("Dataflow", flow.partner)
        if self.artefacts.find(urn) is None:
            raise NotFound("harvest-structure-missing", what=str(flow.partner))
        return self.artefacts.structure_of(urn)


def ask_structures(parts: Parts, asker: Asker, source: Source, flow: Flow, memory: Mapping[str, Any]) -> Partner:
    """Ask for the dataflow and everything it stands on.

    Raises PartnerUnavailable, Malformed, and NotFound for a partner that has no structures to ask for.
    """
    if not can_be_asked(source.dialect):
        raise NotFound("harvest-structures-none", dialect=source.dialect.id)
    url = first_url(source, flow, _own_structure(parts, flow))
    headers = {"Accept": accept_structure(source)}
    known = parts.raw.find(str(memory.get("structure_sha256")))
    if known is not None and memory.get("structure_etag"):
        headers["If-None-Match"] = str(memory["structure_etag"])
    answer = unmasked(asker.ask("structure", url, headers), source.dialect)
    if answer.status == 304 and known is not None:
        path, etag, sha256 = known, memory["structure_etag"], memory["structure_sha256"]
    elif answer.status == 200 and answer.kept is not None:
        path, etag, sha256 = answer.kept.path, validator(answer, "etag"), answer.kept.sha256
    else:
        verdict = refusal(answer, source.dialect)
        raise PartnerUnavailable(verdict.key, **verdict.params)
    more: list[str] = []

    def ask(address: str) -> Sequence[Located]:
        found = asker.ask("structure", address, {"Accept": accept_structure(source)})
        if found.status != 200 or found.kept is None:
            return ()
        more.append(found.kept.sha256)
        return _located(found.kept.path)

    located = complete(_located(Path(path)), source, flow, ask)
    return Partner(
        located=located,
        artefacts=Artefacts(one.artefact for one in located),
        memory={"structure_etag": etag, "structure_sha256": sha256, "structure_more": more},
    )


def _own_structure(parts: Parts, flow: Flow) -> Ref | None:
    """The structure our dataflow has."""
    ours = parts.registry.snapshot()
    urn = Urn("Dataflow", flow.dataflow)
    return ours.structure_artefact_of(urn).ref if ours.find(urn) is not None else None


def _located(path: Path) -> tuple[Located, ...]:
    """Read the artefacts of an answer, unpacked within limits where it came as gzip or ZIP.

    Where it is kept here is left out of findings and refusals: they are told to others.
    """
    with open_guarded(path) as guarded:
        try:
            return tuple(replace(one, file=None) for one in locate_files([guarded.path]))
        except HubError as error:
            raise type(error)(
                error.key, **{name: told for name, told in error.params.items() if name != "at"}
            ) from error


def earlier_structures(parts: Parts, memory: Mapping[str, Any]) -> Artefacts | None:
    """Read the structures the partner gave earlier; None when their bytes are gone."""
    paths = [parts.raw.find(sha256) for sha256 in hashes_of(memory)]
    found = [one for path in paths if path is not None for one in _located(path)]
    return Artefacts(one.artefact for one in found) if paths and None not in paths else None


def hashes_of(memory: Mapping[str, Any]) -> tuple[str, ...]:
    """The hashes of all answers a partner's structures came in."""
    first = memory.get("structure_sha256")
    return (str(first), *map(str, memory.get("structure_more", ()))) if first else ()


def adopt_structures(parts: Parts, source: Source, flow: Flow, partner: Partner) -> list[Finding]:
    """Take over what we do not hold at all; what we hold stays as it is. Gives what the checks found."""
    held = parts.registry.snapshot()
    missing = [one for one in partner.located if held.find(one.artefact.urn) is None]
    report = load_artefacts(
        missing,
        parts.registry,
        actor=ACTOR.format(source=source.id),
        now=parts.clock.now(),
        allow_missing=True,
    )
    if has_errors(report.findings):
        return list(report.findings)
    params = {"dataflow": flow.dataflow, "count": len(report.added)}
    return [Finding(code="harvest-structure-adopted", severity=Severity.INFO, params=params), *report.findings]


def check_structures(parts: Parts, flow: Flow, partner: Partner) -> list[Finding]:
    """Compare the partner's structure with ours. Raises NotFound when the answer does not hold it."""
    ours = parts.registry.snapshot()
    structure = ours.structure_of(Urn("Dataflow", flow.dataflow))
    return check_fit(partner.structure(flow), partner.artefacts, structure, ours)
