"""Pilot plans as files: what is wrong with one, told all at once, each fault with its line and path."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.document import Document, parse_document
from sdmx_hub.mapping.schema_faults import Fault, faults_of, nearest, place_fault, read_schema, read_written
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.urn import Urn
from sdmx_hub.quality.pilot import PilotFlow, Plan, read_plan, text_hash
from sdmx_hub.store.artefacts import Artefacts

_Path = tuple[str | int, ...]
AREA = "REF_AREA"
FILE, DEFAULT_MECHANISM = "file", "conditional"
"""How a partner of plain files is asked, and one whose source does not say how."""


@dataclass(frozen=True)
class PlanFile:
    """A plan file as it was read; ``plan`` is None when there are ``findings``."""

    document: Mapping[str, Any]
    plan: Plan | None
    sha256: str
    findings: tuple[Finding, ...]

    @property
    def text(self) -> str:
        """The document as the control database keeps it."""
        return json.dumps(self.document, ensure_ascii=False, sort_keys=True)


def schema() -> Mapping[str, Any]:
    """Read the published schema."""
    return read_schema(__package__, "pilot.schema.json")


def read_plan_file(path: Path, artefacts: Artefacts, sources: Mapping[str, Mapping[str, Any]]) -> PlanFile:
    """Read a plan file and hold it against what the hub knows: its dataflows, codes and ``sources`` (documents by id).

    Raises ConfigurationError when it cannot be opened; all else is a finding.
    """
    text = read_written(path)
    document = parse_document(text, path.name)
    findings = list(document.findings) or [
        place_fault(document, path.name, fault) for fault in _schema_faults(document)
    ]
    plan = None
    if not findings:
        try:
            plan = read_plan(document.value, text_hash(text))
        except BadRequest as error:
            params = dict(error.params)
            place: Any = params.pop("path", ())
            findings = [place_fault(document, path.name, (error.key, place, params, None))]
    if plan is not None:
        findings = [place_fault(document, path.name, fault) for fault in check_plan(plan, artefacts, sources)]
    shown = document.value if isinstance(document.value, dict) else {}
    ordered = sorted(findings, key=lambda finding: finding.where.row or 0)
    return PlanFile(shown, None if findings else plan, text_hash(text), tuple(ordered))


def _schema_faults(document: Document) -> Iterator[Fault]:
    for error in Draft202012Validator(schema()).iter_errors(document.value):
        yield from faults_of(error, "PILOT")


def check_plan(plan: Plan, artefacts: Artefacts, sources: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    """Find what the hub does not know: sources, dataflows, dimensions, codes; and agreed dates nobody tells."""
    for place, one in enumerate(plan.participants):
        if one.source not in sources:
            known = ", ".join(sorted(sources)) or "–"
            yield (
                "PILOT-SOURCE",
                ("participants", place, "source"),
                {"source": one.source, "known": known},
                nearest(one.source, sources),
            )
        elif one.mechanism not in {None, actual := mechanism_of(sources[one.source])}:
            yield (
                "PILOT-MECHANISM",
                ("participants", place, "mechanism"),
                {"source": one.source, "said": one.mechanism, "actual": actual},
                actual,
            )
    for place, flow in enumerate(plan.flows):
        yield from _check_flow(flow, artefacts, sources, ("flows", place))
    late = [entry.period for entry in plan.calendar if entry.due is None]
    if late and not all("days_after_period" in one.get("due", {}) for one in _chosen(plan, sources)):
        yield "PILOT-DUE", ("calendar",), {"periods": ", ".join(late)}, None


def _chosen(plan: Plan, sources: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [sources[one.source] for one in plan.participants if one.source in sources]


def _check_flow(
    flow: PilotFlow, artefacts: Artefacts, sources: Mapping[str, Mapping[str, Any]], path: _Path
) -> Iterator[Fault]:
    for one in flow.participants:
        if one.source in sources and not flow_ids(sources[one.source], str(flow.dataflow)):
            yield "PILOT-NOT-SENT", path, {"source": one.source, "dataflow": str(flow.dataflow)}, None
    if artefacts.find(flow.urn) is None:
        yield "PILOT-DATAFLOW", (*path, "dataflow"), {"dataflow": str(flow.dataflow)}, None
        return
    structure = artefacts.structure_of(flow.urn)
    if AREA not in structure.dimension_ids:
        yield (
            "PILOT-DIMENSION",
            (*path, "dataflow"),
            {"dimension": AREA, "known": ", ".join(structure.dimension_ids)},
            None,
        )
        return
    regions: list[tuple[_Path, Mapping[str, tuple[str, ...]]]] = [
        ((*path, "required", place, "codes"), codes) for place, codes in enumerate(flow.required)
    ]
    regions += [((*path, "derogations", place, "codes"), one.codes) for place, one in enumerate(flow.derogations)]
    codelists = {one.id: one.representation.codelist for one in structure.dimensions}
    for where, codes in regions:
        for name, listed in codes.items():
            if name not in structure.dimension_ids:
                known = [one for one in structure.dimension_ids if one != AREA]
                params: dict[str, object] = {"dimension": name, "known": ", ".join(known)}
                yield "PILOT-DIMENSION", (*where, name), params, nearest(name, known)
                continue
            yield from _check_codes(codelists[name], listed, artefacts, (*where, name))


def _check_codes(codelist: Urn | None, listed: tuple[str, ...], artefacts: Artefacts, path: _Path) -> Iterator[Fault]:
    if codelist is None:
        return
    known = artefacts.codelist(codelist).codes
    for place, code in enumerate(listed):
        if code not in known:
            yield "PILOT-CODE", (*path, place), {"code": code, "codelist": codelist.ref.id}, nearest(code, known)


def mechanism_of(source: Mapping[str, Any]) -> str:
    """How a source is asked, as its document says."""
    return FILE if source.get("api") == FILE else str(source.get("mechanism", DEFAULT_MECHANISM))


def flow_ids(source: Mapping[str, Any], dataflow: str) -> tuple[str, ...]:
    """The ids by which a source's document calls its visits of a dataflow."""
    return tuple(
        flow.get("id") or flow["dataflow"].partition(":")[2].partition("(")[0]
        for flow in source["flows"]
        if flow["dataflow"] == dataflow
    )
