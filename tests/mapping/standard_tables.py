"""Round trips of mappings through the form of the standard, as tests of several files make them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import duckdb

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.load.structure_map_export import export_maps, write_table
from sdmx_hub.mapping.apply import Mapped, apply_mapping
from sdmx_hub.mapping.reading import parse_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.standard.from_maps import make_mapping
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts


def without_figures(mapping: TableMapping) -> TableMapping:
    """The mapping without what works on figures, which no structure map can say."""
    return dataclasses.replace(mapping, aggregate=None, totals=(), units=None, rounding=None, percentages=None)


def rows_of(mapped: Mapped) -> list[tuple[Any, ...]]:
    """All rows, every component, in an order of their own."""
    columns = ", ".join(quoted(name) for name in mapped.rows.columns if name != "_row")
    return sorted(mapped.rows.connection.execute(f"SELECT {columns} FROM ({mapped.rows.sql})").fetchall(), key=str)  # noqa: S608 - quoted ids


def through_maps(mapping: TableMapping, file: Path, artefacts: Artefacts, folder: Path) -> tuple[Any, Any]:
    """The rows of a table by its mapping, and by the mapping made of its structure map from the source structure."""
    dataflow = Urn("Dataflow", mapping.dataflow)
    structure = artefacts.structure_of(dataflow)
    made = export_maps(mapping, artefacts, table=file)
    known = {one.urn: one for one in made.artefacts}
    source = folder / "source.csv"
    write_table(mapping, made.artefacts, artefacts, file, source)
    back = make_mapping(
        made.structure_map, lambda urn: known.get(urn) or artefacts.find(urn), dataflow=dataflow, structure=structure
    )
    assert not has_errors(back.findings)
    with duckdb.connect() as one, duckdb.connect() as other:
        before = apply_mapping(without_figures(mapping), file, structure, artefacts, one)
        after = apply_mapping(parse_mapping(back.text), source, structure, artefacts, other)
        return rows_of(before), rows_of(after)


def artefact(name: str, **document: Any) -> Artefact:
    """An artefact of a test agency, in canonical form."""
    about = {"agencyID": "TST", "version": "1.0.0", "name": document["id"], "names": {"en": document["id"]}}
    return make_artefact(CLASS_BY_NAME[name], about | document)
