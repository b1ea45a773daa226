"""A mapping file as artefacts in canonical form, with the texts of a table, and that table in its source structure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.formats.structure_reading import READERS
from sdmx_hub.mapping.apply import apply_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.standard.met_texts import met_texts
from sdmx_hub.mapping.standard.source_table import SourceTable, table_mapping
from sdmx_hub.mapping.standard.to_maps import make_maps
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import read_data_structure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

_UNSAID = frozenset({"links", "isExternalReference", "name"})


@dataclass(frozen=True, kw_only=True)
class ExportedMaps:
    """Artefacts in the order they build on each other, and what they cannot say or was wrong with the table."""

    artefacts: tuple[Artefact, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def structure_map(self) -> Artefact:
        """The structure map itself."""
        return self.artefacts[-1]


def export_maps(
    mapping: TableMapping,
    artefacts: Artefacts,
    *,
    agency: str | None = None,
    table: Path | None = None,
    table_output: Path | None = None,
) -> ExportedMaps:
    """Make the artefacts of a mapping; of a ``table`` that is given every text is in the maps."""
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    texts = None
    told: tuple[Finding, ...] = ()
    if table is not None:
        with duckdb.connect() as connection:
            mapped = apply_mapping(mapping, table, structure, artefacts, connection)
            texts, told = met_texts(mapped.answers), mapped.findings
    made = make_maps(mapping, structure, artefacts, agency=agency, texts=texts)
    found = tuple(make_artefact(one.artefact_class, one.document) for one in made.artefacts)
    if table is not None and table_output is not None:
        write_table(mapping, found, artefacts, table, table_output)
    return ExportedMaps(artefacts=found, findings=(*made.findings, *told))


def write_table(
    mapping: TableMapping,
    made: Sequence[Artefact],
    artefacts: Artefacts,
    table: Path,
    output: Path,
) -> None:
    """Write a table in its source structure: CSV, with component ids as headings."""
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    known = {one.urn: one for one in made}
    source = next(one for one in made if one.artefact_class.name == "DataStructure")
    flow = next(one for one in made if one.artefact_class.name == "Dataflow")
    described = read_data_structure(source, lambda urn: known.get(urn) or artefacts.find(urn))
    own = table_mapping(SourceTable(mapping, structure), flow.ref)
    with duckdb.connect() as connection:
        rows = apply_mapping(own, table, described, artefacts, connection).rows
        columns = ", ".join(map(quoted, described.components))
        ordered = f"SELECT {columns} FROM ({rows.sql}) ORDER BY {SOURCE_ROW}"
        connection.execute(f"COPY ({ordered}) TO {literal(str(output))} (FORMAT csv, HEADER)")


def lost_in(content: bytes, format_: str, artefacts: Sequence[Artefact]) -> Iterator[Finding]:
    """Tell what a message does not give back of artefacts; editions before SDMX 3 know fewer kinds of maps."""
    back = {one.urn: one for one in READERS[f"structure-{format_}"](content)}
    for one in artefacts:
        other = back.get(one.urn)
        lost = [one.artefact_class.name] if other is None else _differences(one, other)
        if lost:
            params = {"format": format_, "artefact": one.urn.ref, "what": ", ".join(lost)}
            where = Where(path=str(one.ref))
            yield Finding(code="STD-EDITION", severity=Severity.WARNING, where=where, params=params)


def _differences(one: Artefact, other: Artefact) -> list[str]:
    keys = (one.document.keys() | other.document.keys()) - _UNSAID
    return sorted(key for key in keys if one.document.get(key) != other.document.get(key))
