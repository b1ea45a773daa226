"""SDMX-CSV 1.0: ``DATAFLOW``, then one column a component; labels ``id`` or ``both`` (``F: Female``)."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_csv import CsvTable, check_headings, distinct, read_table, select_components
from sdmx_hub.formats.read_data import (
    PRIMARY_MEASURE,
    FindStructure,
    ReadData,
    ReadDataset,
    primary_measure,
    resolve_structure,
    rows_of,
)
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import SOURCE_ROW, literal
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn

_KNOWN = frozenset({"DATAFLOW", PRIMARY_MEASURE})
_FLOW = re.compile(r"([A-Za-z][\w.-]*):([\w@$-]+)(?:\(([^()\s]+)\))?(?:: .*)?", re.ASCII | re.DOTALL)


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a file: one dataset a dataflow, without actions. Raises Malformed, NotFound, TooLarge."""
    table = read_table(path, connection)
    flow = table.column("DATAFLOW")
    flows = [row[0] for row in distinct(connection, table.name, str(flow))]
    datasets = []
    findings: list[Finding] = list(table.findings)
    for text in flows:
        urn = parse_flow(text)
        structure = resolve_structure(urn, find)
        findings += [finding for finding in check_headings(table, structure, _KNOWN) if finding not in findings]
        source = f"{table.name} WHERE {flow} = {literal(text or '')}" if len(flows) > 1 else table.name
        selected = _selected(table, structure) | {SOURCE_ROW: SOURCE_ROW}
        datasets.append(
            ReadDataset(
                described_by=urn,
                structure=structure,
                rows=rows_of(connection, structure, selected, source),
                count=count(connection, source),
            )
        )
    return ReadData(datasets=tuple(datasets), findings=tuple(findings))


def _selected(table: CsvTable, structure: DataStructure) -> dict[str, str]:
    """The SQL of each component; the measure goes by the name SDMX 2.1 gives it."""
    primary = primary_measure(structure)
    called = {PRIMARY_MEASURE: primary} if primary else {}
    return select_components(table, structure, _KNOWN - called.keys(), called=called)


def parse_flow(text: str | None) -> Urn:
    """Read ``AGENCY:ID(VERSION)``, with or without a label; a missing version means the latest. Raises Malformed."""
    match = _FLOW.fullmatch(text or "")
    if match is None:
        raise Malformed("csv-dataflow", text=(text or "")[:80])
    return Urn("Dataflow", Ref(match[1], match[2], match[3] or "*"))


def count(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    """Count the records of a table or part of one."""
    found = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return found[0] if found else 0
