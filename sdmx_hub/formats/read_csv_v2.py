"""SDMX-CSV 2.0 and 2.1: ``STRUCTURE``, ``STRUCTURE_ID``, ``ACTION``, keys and names if asked for, then the components.

Sub-fields (``STRUCTURE[;]``, ``ATTR[]``, ``ATTR[en;fr]``) hold the values and languages of components that allow them;
in any other they are a finding. An absent ``ACTION`` says nothing, and the load decides.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_csv import (
    CsvTable,
    check_headings,
    check_sub_fields,
    distinct,
    read_table,
    select_components,
)
from sdmx_hub.formats.read_csv_v1 import count
from sdmx_hub.formats.read_data import (
    FindStructure,
    ReadData,
    ReadDataset,
    action_letters,
    actions_in,
    resolve_structure,
    rows_of,
)
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, literal
from sdmx_hub.model.urn import Ref, Urn

_KNOWN = frozenset({"STRUCTURE", "STRUCTURE_ID", "STRUCTURE_NAME", "ACTION", "SERIES_KEY", "OBS_KEY"})
_CLASSES = {"dataflow": "Dataflow", "datastructure": "DataStructure", "dataprovision": "ProvisionAgreement"}
_REF = re.compile(r"([A-Za-z][\w.-]*):([\w@$-]+)(?:\(([^()\s]+)\))?(?:: .*)?", re.ASCII | re.DOTALL)


def read(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection) -> ReadData:
    """Read a file: one dataset a structure. Raises Malformed, NotFound, TooLarge."""
    table = read_table(path, connection)
    kind, identifier = table.column("STRUCTURE"), table.column("STRUCTURE_ID")
    findings: list[Finding] = [*table.findings]
    described = distinct(connection, table.name, str(kind), str(identifier))
    datasets = []
    for class_text, text in described:
        urn = parse_structure(class_text, text)
        source = table.name
        if len(described) > 1:
            source += f" WHERE {kind} = {literal(class_text or '')} AND {identifier} = {literal(text or '')}"
        dataset = _dataset(table, urn, source, find, connection)
        found = [
            *check_sub_fields(table, dataset.structure, connection, _separator(table)),
            *check_headings(table, dataset.structure, _KNOWN),
        ]
        findings += [one for one in found if one not in findings]
        datasets.append(dataset)
    return ReadData(datasets=tuple(datasets), findings=tuple(findings))


def _separator(table: CsvTable) -> str | None:
    """What parts sub-fields, as the first heading says it."""
    brackets = next(heading.brackets for heading in table.headings if heading.id == "STRUCTURE")
    return brackets[1:-1] if brackets else None


def _dataset(
    table: CsvTable, urn: Urn, source: str, find: FindStructure, connection: duckdb.DuckDBPyConnection
) -> ReadDataset:
    structure = resolve_structure(urn, find)
    selected = select_components(table, structure, _KNOWN, _separator(table)) | {SOURCE_ROW: SOURCE_ROW}
    action = table.column("ACTION")
    if action:
        selected[ACTION] = action_letters(action)
    return ReadDataset(
        described_by=urn,
        structure=structure,
        rows=rows_of(connection, structure, selected, source),
        count=count(connection, source),
        actions=actions_in(connection, f"(FROM {source})", action) if action else (),
    )


def parse_structure(class_text: str | None, text: str | None) -> Urn:
    """Read the first two columns, with or without labels; a missing version means the latest. Raises Malformed."""
    name = _CLASSES.get((class_text or "").strip().lower())
    match = _REF.fullmatch(text or "")
    if name is None or match is None:
        raise Malformed("csv-structure", kind=(class_text or "")[:40], text=(text or "")[:80])
    return Urn(name, Ref(match[1], match[2], match[3] or "*"))
