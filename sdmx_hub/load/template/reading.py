"""Reads a filled-in template: rows of its dataflow, and everything that is wrong, told by cell.

Each sheet becomes a table of texts; each different text of a column is looked up once, and a join puts its code in
place. In a crossed table every cell with something in it is an observation.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.checks.terms import NUMBER
from sdmx_hub.load.template.extracting import extract_template
from sdmx_hub.load.template.layout import (
    ACROSS,
    COLUMN_IDS,
    CONSTANT_IDS,
    CONSTANT_VALUES,
    FIRST_ROW,
    STATUS,
    TEMPLATE_VERSION,
    hash_meta,
)
from sdmx_hub.load.template.lookup import Lookups
from sdmx_hub.load.template.places import Places, SheetPlaces, number_sql
from sdmx_hub.load.terms import terms_of
from sdmx_hub.mapping.table import letters
from sdmx_hub.model.finding import Finding, Severity, Where, has_errors
from sdmx_hub.model.rows import SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.sandbox import run_limited
from sdmx_hub.store.artefacts import Artefacts

_CELLS = "_template"
_HEAD = "_head"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a template says of itself."""

    dataflow: Urn
    structure: Urn
    provider: str | None
    language: str
    across: Mapping[str, str | None]
    sheets: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a filled-in template holds; ``read`` = ``mapped`` + ``rejected``. ``told`` None: it could not be used."""

    told: Told | None = None
    rows: Rows | None = None
    findings: tuple[Finding, ...] = ()
    read: int = 0
    mapped: int = 0
    rejected: int = 0
    places: Places = field(default_factory=lambda: Places(sheets=()))


Extract = Callable[[str, str], dict[str, Any]]


def extract_limited(path: str, folder: str) -> dict[str, Any]:
    """Take a template apart in the child process."""
    return run_limited(extract_template, path, folder)


def read_template(
    path: Path,
    artefacts: Artefacts,
    connection: duckdb.DuckDBPyConnection,
    *,
    extract: Extract = extract_limited,
) -> Filled | None:
    """Read a workbook that is a template; None for one that is not.

    ``connection`` takes temporary tables and belongs to the rows. Raises Malformed and TooLarge for what is no
    workbook, and NotFound for a dataflow that is not here.
    """
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-template-") as folder:
        found = extract(str(path), folder)
        if not found:
            return None
        told, wrong = _understood(found, artefacts)
        if told is None or wrong:
            return Filled(told=told, findings=tuple(wrong))
        reading = _Reading(told, artefacts, connection)
        for sheet in told.sheets:
            reading.take(sheet, Path(folder))
    return reading.filled()


def _understood(found: Mapping[str, Any], artefacts: Artefacts) -> tuple[Told | None, list[Finding]]:
    """Hold what a template says of itself to its hash, and to the structure that is in use."""
    meta = found["meta"]
    if meta.get("template") != str(TEMPLATE_VERSION):
        return None, [_broken(f"template {meta.get('template', '?')[:20]}")]
    if meta.get("hash") != hash_meta(meta):
        return None, [_broken("hash")]
    try:
        dataflow, structure = parse_urn(meta["dataflow"]), parse_urn(meta["structure"])
        across = {str(sheet["name"]): sheet["across"] for sheet in json.loads(meta["sheets"])}
    except (BadRequest, ValueError, TypeError, KeyError):
        return None, [_broken("dataflow")]
    artefact = artefacts.get(dataflow)
    told = Told(
        dataflow=artefact.urn,
        structure=structure,
        provider=meta.get("provider") or None,
        language=meta.get("language", "en"),
        across=across,
        sheets=tuple(found["sheets"]),
    )
    wanted = artefacts.structure_of(artefact.urn).ref
    if wanted != structure.ref:
        params = {"found": structure.ref, "wanted": wanted, "dataflow": artefact.ref}
        return told, [Finding(code="TEMPLATE-OLD", params=params)]
    if not told.sheets:
        return told, [_broken("sheets")]
    return told, []


def _broken(why: str) -> Finding:
    return Finding(code="TEMPLATE-BROKEN", params={"why": why})


class _Reading:
    """One reading, sheet after sheet."""

    def __init__(self, told: Told, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection) -> None:
        self.told = told
        self.connection = connection
        terms = terms_of(artefacts, told.dataflow, provider=told.provider)
        self.structure: DataStructure = terms.structure
        self.lookups = Lookups(terms, artefacts, told.language, connection)
        self.findings: list[Finding] = []
        self.places: dict[int, SheetPlaces] = {}
        self.parts: list[str] = []

    def take(self, sheet: Mapping[str, Any], folder: Path) -> None:
        """Bring one sheet into the engine and say how its cells become rows."""
        number, name, width = int(sheet["number"]), str(sheet["name"]), int(sheet["width"])
        table = f"{_CELLS}{number}"
        head = self._bring_in(folder / f"sheet{number}.arrows", table, width)
        ids = head.get(COLUMN_IDS, [])
        columns = self._named(name, ids, COLUMN_IDS)
        constants = self._named(name, head.get(CONSTANT_IDS, []), CONSTANT_IDS)
        self.places[number] = SheetPlaces(name=name, columns=columns, constants=constants)
        stated = self._stated(number, constants, head.get(CONSTANT_VALUES, []))
        across = self.told.across.get(name)
        crossed = self._crossed(ids, across) if across else {}
        known = {*columns, *constants, *([across] if across and crossed else [])}
        if self._is_complete(name, known, across):
            table = self.lookups.answer(table, columns, name)
            if across:
                self.parts += [
                    self._cross(table, number, columns, {**stated, across: code}, position=position)
                    for position, code in crossed.items()
                ]
            else:
                self.parts.append(self._long(table, number, columns, stated))

    def _bring_in(self, file: Path, table: str, width: int) -> dict[int, list[str]]:
        """Load the rows below the headings, blank ones left out; give the rows above them."""
        names = [f"c{position}" for position in range(1, width + 1)]
        listed = ", ".join(f"{name} VARCHAR" for name in names) or "c0 VARCHAR"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({SOURCE_ROW} BIGINT, {listed})")
        not_blank = " OR ".join(f"trim({name}) <> ''" for name in names) or "false"
        head: dict[int, list[str]] = {}
        with pa.OSFile(str(file), "rb") as stream, pa.ipc.open_stream(stream) as reader:
            for batch in reader:
                if not names:
                    break
                if not head:
                    top = batch.slice(0, FIRST_ROW - 1).to_pylist()
                    head = {row[SOURCE_ROW]: [(row[name] or "").strip() for name in names] for row in top}
                self.connection.register(_HEAD, batch)
                try:
                    self.connection.execute(
                        f"INSERT INTO {table} SELECT * FROM {_HEAD} WHERE {SOURCE_ROW} >= {FIRST_ROW} AND ({not_blank})"
                    )
                finally:
                    self.connection.unregister(_HEAD)
        return head

    def _named(self, sheet: str, ids: Sequence[str], line: int) -> dict[str, int]:
        """Find the columns by the ids beneath their headings; other columns are nobody's business."""
        found: dict[str, int] = {}
        for position, name in enumerate(ids, start=1):
            if name in found:
                where = Where(sheet=sheet, row=line, column=name, cell=f"{letters(position)}{line}")
                self.findings.append(Finding(code="TEMPLATE-TWICE", where=where, params={"component": name}))
            elif name in self.structure.components:
                found[name] = position
        return found

    def _crossed(self, ids: Sequence[str], across: str) -> dict[int, str]:
        start = across + ACROSS
        return {place: name[len(start) :] for place, name in enumerate(ids, start=1) if name.startswith(start)}

    def _is_complete(self, sheet: str, known: set[str], across: str | None) -> bool:
        wanted = [*self.structure.key_ids, *(measure.id for measure in self.structure.measures if not across)]
        missing = [one for one in wanted if one not in known]
        for one in missing:
            where = Where(sheet=sheet, row=COLUMN_IDS, column=one)
            params = {"component": one, "line": COLUMN_IDS}
            self.findings.append(Finding(code="TEMPLATE-COLUMN", where=where, params=params))
        return not missing

    def _stated(self, number: int, constants: Mapping[str, int], texts: Sequence[str]) -> dict[str, str]:
        """Read what stands above the table."""
        sheet = self.places[number].name
        stated: dict[str, str] = {}
        for component_id, position in constants.items():
            text = texts[position - 1] if position <= len(texts) else ""
            if text:
                where = Where(sheet=sheet, row=CONSTANT_VALUES, column=component_id,
                              cell=f"{letters(position)}{CONSTANT_VALUES}")  # fmt: skip
                value = self.lookups.read_one(component_id, text, where)
                if value is not None:
                    stated[component_id] = value
        return stated

    def _long(self, table: str, number: int, columns: Mapping[str, int], stated: Mapping[str, str]) -> str:
        measures = [one.id for one in self.structure.measures]
        has_value = " OR ".join(f"nullif(trim({_column(columns, one)}), '') IS NOT NULL" for one in measures)
        shown = []
        for component_id in self.structure.components:
            value = f"nullif(trim({_column(columns, component_id)}), '')"
            default = literal(stated[component_id]) if component_id in stated else "NULL"
            if component_id == STATUS and component_id in stated:
                default = f"CASE WHEN {has_value} THEN {default} END"
            shown.append(f"coalesce({value}, {default})::VARCHAR AS {quoted(component_id)}")
        place = number_sql(number, SOURCE_ROW)
        return f"SELECT {', '.join(shown)}, {place} AS {SOURCE_ROW}, _bad FROM {table}"

    def _cross(
        self,
        table: str,
        number: int,
        columns: Mapping[str, int],
        stated: Mapping[str, str],
        *,
        position: int,
    ) -> str:
        """One crossed column: a number, a number with a status behind it, or the status of a missing value."""
        cell = f"trim(c{position})"
        statuses = self.lookups.codes(STATUS)
        listed = ", ".join(map(literal, sorted(statuses))) or "NULL"
        marked = rf"^({NUMBER})\s+\(?([A-Za-z_]+)\)?$"
        behind = f"regexp_extract({cell}, {literal(marked)}, 5)"
        is_marked = f"regexp_full_match({cell}, {literal(marked)}) AND {behind} IN ({listed})"
        value = f"CASE WHEN {cell} IN ({listed}) THEN NULL WHEN {is_marked} " \
                f"THEN regexp_extract({cell}, {literal(marked)}, 1) ELSE {cell} END"  # fmt: skip
        usual = literal(stated[STATUS]) if STATUS in stated else "NULL"
        status = f"CASE WHEN {cell} IN ({listed}) THEN {cell} WHEN {is_marked} THEN {behind} ELSE {usual} END"
        measure = self.structure.measures[0].id
        shown = []
        for component_id in self.structure.components:
            text = f"nullif(trim({_column(columns, component_id)}), '')"
            default = literal(stated[component_id]) if component_id in stated else "NULL"
            sql = f"coalesce({text}, {default})"
            sql = {measure: value, STATUS: status}.get(component_id, sql)
            shown.append(f"({sql})::VARCHAR AS {quoted(component_id)}")
        place = number_sql(number, SOURCE_ROW, position)
        return f"SELECT {', '.join(shown)}, {place} AS {SOURCE_ROW}, _bad FROM {table} WHERE {cell} <> ''"

    def filled(self) -> Filled:
        places = Places(sheets=tuple(self._all_places()))
        findings = [*self.findings, *self.lookups.findings]
        if not self.parts:
            return Filled(told=self.told, findings=tuple(findings), places=places)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_CELLS} AS {' UNION ALL '.join(self.parts)}")
        counts = self.connection.execute(
            f"SELECT count(*), count(*) FILTER (NOT _bad), count(*) FILTER (_bad) FROM {_CELLS}"
        ).fetchall()
        read, mapped, rejected = counts[0]
        if not read and not has_errors(findings):
            findings.append(Finding(code="TEMPLATE-EMPTY", severity=Severity.WARNING))
        names = (*self.structure.components, SOURCE_ROW)
        query = f"SELECT {', '.join(map(quoted, names))} FROM {_CELLS} WHERE NOT _bad"
        rows = Rows(connection=self.connection, sql=query, columns=names, is_sorted=False)
        return Filled(
            told=self.told, rows=rows, findings=tuple(findings), read=read, mapped=mapped, rejected=rejected,
            places=places,
        )  # fmt: skip

    def _all_places(self) -> Iterator[SheetPlaces]:
        for number in range(1, max(self.places, default=0) + 1):
            yield self.places.get(number, SheetPlaces(name="", columns={}, constants={}))


def _column(columns: Mapping[str, int], component_id: str) -> str:
    return f"c{columns[component_id]}" if component_id in columns else "NULL"
