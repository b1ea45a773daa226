"""What a source file names and this hub does not hold: dataflows, dimensions, codes. Told as warnings when it is kept.

A source may be written before its structures are loaded, so none of this keeps it out; but a visit would fail, or ask
for nothing. Where a flow has a mapping, keys and filters are the partner's, and nothing is known of them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sdmx_hub.harvest.source import Flow
from sdmx_hub.harvest.source_file import SourceFile
from sdmx_hub.mapping.document import Path
from sdmx_hub.mapping.schema_faults import Fault, nearest, place_fault
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts


def check_known(file: SourceFile, artefacts: Artefacts, *, name: str) -> list[Finding]:
    """Tell what the flows of a well-formed file name and the hub does not hold, each at its line of ``name``."""
    if file.source is None or file.written is None or file.source.adopts_structures:
        return []
    faults = [
        fault
        for position, flow in enumerate(file.source.flows)
        for fault in _check_flow(flow, artefacts, ("flows", position))
    ]
    return [replace(place_fault(file.written, name, fault), severity=Severity.WARNING) for fault in faults]


def _check_flow(flow: Flow, artefacts: Artefacts, path: Path) -> Iterator[Fault]:
    dataflow = Urn("Dataflow", flow.dataflow)
    if artefacts.find(dataflow) is None:
        known = [str(one.urn.ref) for one in artefacts if one.urn.class_name == dataflow.class_name]
        told: dict[str, object] = {"dataflow": flow.dataflow}
        yield "SOURCE-DATAFLOW", (*path, "dataflow"), told, nearest(str(flow.dataflow), known)
        return
    structure = artefacts.structure_of(dataflow)
    yield from _check_totals(flow, structure, artefacts, path)
    if flow.mapping is None:
        yield from _check_key(flow, structure, artefacts, path)
        for dimension, codes in flow.filters.items():
            yield from _check_codes(structure, dimension, sorted(codes), artefacts, (*path, "filters", dimension))


def _check_key(flow: Flow, structure: DataStructure, artefacts: Artefacts, path: Path) -> Iterator[Fault]:
    wanted = structure.dimension_ids
    if len(flow.key) > len(wanted):
        told: dict[str, object] = {"count": len(flow.key), "most": len(wanted), "known": ".".join(wanted)}
        yield "SOURCE-KEY-LONG", (*path, "key"), told, None
    for dimension, codes in zip(wanted, flow.key, strict=False):
        yield from _check_codes(structure, dimension, sorted(codes or ()), artefacts, (*path, "key"))


def _check_totals(flow: Flow, structure: DataStructure, artefacts: Artefacts, path: Path) -> Iterator[Fault]:
    for position, total in enumerate(flow.totals):
        codes = [total.total, *total.parts]
        yield from _check_codes(structure, total.component_id, codes, artefacts, (*path, "totals", position))


def _check_codes(
    structure: DataStructure, dimension: str, codes: Iterable[str], artefacts: Artefacts, path: Path
) -> Iterator[Fault]:
    found = next((one for one in structure.dimensions if one.id == dimension), None)
    if found is None:
        known = structure.dimension_ids
        told: dict[str, object] = {"dimension": dimension, "known": ", ".join(known)}
        yield "SOURCE-DIMENSION", path, told, nearest(dimension, known)
    elif found.representation.codelist is not None:
        listed = artefacts.codelist(found.representation.codelist).codes
        for code in codes:
            if code not in listed:
                told = {"code": code, "codelist": found.representation.codelist.ref}
                yield "SOURCE-CODE", path, told, nearest(code, listed)
