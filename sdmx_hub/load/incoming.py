"""From a guarded file to the rows of each dataflow: by the reader of its format, or by a mapping."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from sdmx_hub.formats.read_data import ReadData, ReadDataset
from sdmx_hub.formats.readers import read_data
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.load.checks import Terms, Thresholds, Total
from sdmx_hub.load.checks.terms import FLOATING
from sdmx_hub.load.checks.values import NO_TEXT
from sdmx_hub.load.coding import code_rows, drop_read
from sdmx_hub.load.guard import Guarded
from sdmx_hub.load.message_table import message_tables
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.load.structure_maps import open_mapping
from sdmx_hub.load.tables import teller
from sdmx_hub.load.template.reading import Filled, read_template
from sdmx_hub.load.terms import check_agreement, dataflow_behind, terms_of
from sdmx_hub.mapping.apply import apply_to_files
from sdmx_hub.mapping.reading import BadMapping
from sdmx_hub.mapping.rules import CheckRule, TableMapping
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import Attachment, DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

_WORKBOOKS = frozenset({Kind.XLSX, Kind.XLS})
SWITCHED_OFF = "~"
"""What stands for a dimension that attributes in a row do not depend on (SDMX 3.1, actions of datasets)."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Rows of one dataflow with the terms they are held to; ``action`` is what rows do that do not say so."""

    dataflow: Urn
    structure: DataStructure
    rows: Rows
    count: int
    action: Action
    terms: Terms
    scope: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """What a file holds: the flows, what was found while reading, the counts, and the mapping that was used.

    ``tell`` gives a finding of the rows the cell it stands in, where that is known.
    """

    flows: tuple[Flow, ...] = ()
    findings: tuple[Finding, ...] = ()
    read: int = 0
    mapped: int = 0
    rejected: int = 0
    left_out: int = 0
    mapping: TableMapping | None = None
    language: str | None = None
    provider: str | None = None
    tell: Callable[[Finding], Finding] = lambda finding: finding


def open_incoming(
    guarded: Guarded, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> Incoming:
    """Read or map a file. Raises what readers raise, and NotFound for a structure or dataflow that is not here."""
    if order.mapping is not None:
        return _mapped(guarded, order, artefacts, connection)
    if guarded.kind in _WORKBOOKS:
        filled = read_template(guarded.path, artefacts, connection)
        if filled is not None:
            return _filled(filled, order, artefacts)
    message = read_data(
        guarded.path, lambda urn: artefacts.structure_of(urn) if artefacts.find(urn) else None, connection
    )
    return _read(message, order, artefacts, connection)


def _mapped(
    guarded: Guarded, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> Incoming:
    try:
        mapping = (
            open_mapping(order.mapping, artefacts, provider=order.provider, dataflow=order.dataflow, data=guarded.path)
            if order.mapping
            else None
        )
    except BadMapping as error:
        return Incoming(findings=tuple(error.findings))
    if mapping is None:
        return Incoming()
    dataflow = artefacts.get(Urn("Dataflow", mapping.dataflow)).urn
    structure = artefacts.structure_of(dataflow)
    files = order.tables or (TableFile(path=guarded.path),)
    with message_tables(mapping, files, artefacts, order.limits) as tables:
        done = apply_to_files(mapping, tables, structure, artefacts, connection)
    action = order.action or done.action
    provider = order.provider or mapping.provider
    totals = tuple(
        Total(component_id=one.component_id, total=one.total, parts=one.parts, tolerance=one.tolerance)
        for one in done.totals
    )
    terms = terms_of(artefacts, dataflow, provider=provider, totals=totals, action=action, file=order.shown)
    flow = _bounded(
        Flow(
            dataflow=dataflow,
            structure=structure,
            rows=done.rows,
            count=done.mapped,
            action=action,
            terms=dataclasses.replace(
                terms,
                overrides=order.overrides,
                rounding=Decimal(done.rounding) if done.rounding else None,
                thresholds=_thresholds(mapping.checks),
            ),
        ),
        order,
        done.scope,
    )
    return Incoming(
        flows=(flow,),
        findings=(
            *_named(done.findings, order),
            *check_agreement(artefacts, dataflow, provider, order.shown),
            *_told_empty(done.source_rows, done.findings, order),
        ),
        read=done.read,
        mapped=done.mapped,
        rejected=done.rejected,
        left_out=done.left_out,
        mapping=mapping,
        tell=teller(files, order.shown),
    )


def _filled(filled: Filled, order: LoadOrder, artefacts: Artefacts) -> Incoming:
    """The flow of a template; it says itself what it is for."""
    told = filled.told
    language = told.language if told else None
    findings = _named(filled.findings, order)
    if told is None or filled.rows is None:
        return Incoming(findings=tuple(findings), language=language)
    provider = order.provider or told.provider
    if order.dataflow is not None and told.dataflow != artefacts.get(order.dataflow).urn:
        params = {"found": told.dataflow.ref, "wanted": order.dataflow.ref}
        findings.append(Finding(code="FLOW-OTHER", where=Where(file=order.shown), params=params))
    action = order.action or Action.APPEND
    terms = terms_of(artefacts, told.dataflow, provider=provider, totals=order.totals, action=action, file=order.shown)
    flow = Flow(
        dataflow=told.dataflow,
        structure=terms.structure,
        rows=filled.rows,
        count=filled.mapped,
        action=action,
        terms=dataclasses.replace(terms, overrides=order.overrides),
    )
    return Incoming(
        flows=(_bounded(flow, order),),
        findings=(*findings, *check_agreement(artefacts, told.dataflow, provider, order.shown)),
        read=filled.read,
        mapped=filled.mapped,
        rejected=filled.rejected,
        language=language,
        provider=provider,
        tell=filled.places.tell,
    )


def _thresholds(rule: CheckRule) -> Thresholds:
    """The thresholds of the hub with those a mapping sets."""
    hub = Thresholds()
    return Thresholds(
        jump=float(rule.jump or hub.jump),
        jump_from=float(rule.jump_from or hub.jump_from),
        rate_tolerance=float(rule.rate_tolerance or hub.rate_tolerance),
        services=rule.services or hub.services,
        sexes=rule.sexes,
        off=frozenset(rule.off),
    )


def _bounded(flow: Flow, order: LoadOrder, said: Mapping[str, frozenset[str]] | None = None) -> Flow:
    """Say what a replacement may delete: what order or mapping (``said``) bounds, or what was brought earlier."""
    if flow.action is not Action.REPLACE:
        return flow
    if order.earlier is not None:
        return dataclasses.replace(flow, rows=with_deletions(flow.rows, flow.structure, order.earlier))
    if isinstance(order.scope, Mapping):
        return dataclasses.replace(flow, scope=order.scope)
    scope = said if order.scope is None and said is not None else _scope(flow.rows, order.scope)
    return dataclasses.replace(flow, scope=scope)


def _told_empty(count: int, findings: Sequence[Finding], order: LoadOrder) -> Iterator[Finding]:
    """Tell a file in which there is nothing, and nothing wrong either."""
    if not count and not any(one.severity is Severity.ERROR for one in findings):
        yield Finding(code="READ-EMPTY", severity=Severity.WARNING, where=Where(file=order.shown))


def _named(findings: Sequence[Finding], order: LoadOrder) -> list[Finding]:
    """Give findings without a file the name of this one; a mapping names its own."""
    return [
        dataclasses.replace(one, where=dataclasses.replace(one.where, file=one.where.file or order.shown))
        for one in findings
    ]


def _read(message: ReadData, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection) -> Incoming:
    findings = _named(message.findings, order)
    groups: dict[Urn, list[ReadDataset]] = {}
    for dataset in message.datasets:
        dataflow = dataflow_behind(artefacts, dataset.described_by, order.dataflow)
        if order.dataflow is not None and dataflow != artefacts.get(order.dataflow).urn:
            params = {"found": dataflow.ref, "wanted": order.dataflow.ref}
            findings.append(Finding(code="FLOW-OTHER", where=Where(file=order.shown), params=params))
        groups.setdefault(dataflow, []).append(dataset)
    count = sum(dataset.count for dataset in message.datasets)
    if not count and not any(one.severity is Severity.ERROR for one in findings):
        findings.append(Finding(code="READ-EMPTY", severity=Severity.WARNING, where=Where(file=order.shown)))
    flows = []
    for dataflow, datasets in groups.items():
        findings += check_agreement(artefacts, dataflow, order.provider, order.shown)
        flows.append(_flow(dataflow, datasets, order, artefacts, connection))
    drop_read(connection, [flow.rows for flow in flows])
    return Incoming(flows=tuple(flows), findings=tuple(findings), read=count, mapped=count)


def _flow(
    dataflow: Urn,
    datasets: Sequence[ReadDataset],
    order: LoadOrder,
    artefacts: Artefacts,
    connection: duckdb.DuckDBPyConnection,
) -> Flow:
    structure = artefacts.structure_of(dataflow)
    told = {action for dataset in datasets for action in dataset.actions} - {Action.INFORMATION}
    is_one = len(told) == 1 and all(dataset.actions for dataset in datasets)
    action = order.action or (next(iter(told)) if is_one else Action.APPEND)
    per_row = order.action is None and bool(told) and not is_one
    union = " UNION ALL BY NAME ".join(f"({dataset.rows.sql})" for dataset in datasets)
    rows = code_rows(_prepared(union, structure, connection, action, per_row=per_row), structure)
    terms = terms_of(artefacts, dataflow, provider=order.provider, totals=order.totals, action=action, file=order.shown)
    flow = Flow(
        dataflow=dataflow,
        structure=structure,
        rows=rows,
        count=sum(dataset.count for dataset in datasets),
        action=action,
        terms=dataclasses.replace(terms, overrides=order.overrides),
    )
    return _bounded(flow, order) if order.action is Action.REPLACE else flow


def _prepared(
    union: str,
    structure: DataStructure,
    connection: duckdb.DuckDBPyConnection,
    action: Action,
    *,
    per_row: bool,
) -> Rows:
    """Give rows the columns of the structure.

    ``NaN`` of a floating measure is an absent value, and so are ``#N/A`` of other types and a dimension that is
    switched off (``~``) in a row that states something. A deletion that carries a measure means the whole observation;
    one that names attributes of the observation clears those.
    """
    deletes = f"{ACTION} = 'D'" if per_row else ("true" if action is Action.DELETE else None)
    columns = [*structure.components, SOURCE_ROW, *([ACTION] if per_row else [])]
    measures = [measure.id for measure in structure.measures]
    cleared = {attribute.id for attribute in structure.attributes_of(Attachment.OBSERVATION)}
    whole = " OR ".join(f"{quoted(one)} IS NOT NULL" for one in measures) or "false"
    marked = _marked(union, structure, connection)
    stated = " OR ".join(f"{quoted(one)} IS NOT NULL" for one in structure.components if one not in structure.key_ids)
    shown = []
    for name in columns:
        sql = quoted(name)
        text = f"CAST({sql} AS VARCHAR)"
        if name in marked and name in structure.key_ids:
            sql = f"CASE WHEN {stated or 'false'} THEN nullif({text}, {literal(SWITCHED_OFF)}) ELSE {text} END"
        elif name in marked:
            sql = f"nullif({text}, {literal(NO_TEXT)})"
        elif name == ACTION:
            sql = f"nullif({ACTION}, 'I')"
        elif name in measures and structure.components[name].representation.text_type in FLOATING:
            sql = f"nullif({sql}, 'NaN')"
        if deletes and name in structure.components and name not in structure.key_ids:
            gone = f"({deletes}) AND ({whole})" if name in cleared else f"({deletes})"
            sql = f"CASE WHEN {gone} THEN NULL ELSE {sql} END"
        shown.append(f"{sql} AS {quoted(name)}")
    return Rows(
        connection=connection.cursor(),
        sql=f"SELECT {', '.join(shown)} FROM ({union})",
        columns=tuple(columns),
        is_sorted=False,
    )


def _marked(union: str, structure: DataStructure, connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The components that somewhere hold what stands for no value: dimensions switched off, typed values missing."""
    marks = dict.fromkeys(structure.key_ids, SWITCHED_OFF)
    for component in (*structure.measures, *structure.attributes):
        if component.representation.is_coded or component.representation.text_type not in {"String", *FLOATING}:
            marks[component.id] = NO_TEXT
    tests = ", ".join(f"bool_or({quoted(name)} = {literal(mark)})" for name, mark in marks.items())
    (found,) = connection.execute(f"SELECT {tests} FROM ({union})").fetchall()
    return frozenset(name for name, is_met in zip(marks, found, strict=True) if is_met)


def _scope(rows: Rows, component_ids: tuple[str, ...] | None) -> dict[str, frozenset[str]]:
    """What a replacement is about: the codes sent of the components named, else of whatever is constant in the file."""
    scope: dict[str, frozenset[str]] = {}
    wanted = component_ids if component_ids is not None else rows.columns
    for name in wanted:
        if name in {SOURCE_ROW, ACTION}:
            continue
        found = rows.connection.execute(
            f"SELECT DISTINCT CAST({quoted(name)} AS VARCHAR) FROM ({rows.sql}) "
            f"WHERE {quoted(name)} IS NOT NULL LIMIT {2 if component_ids is None else 1_000_000}"
        ).fetchall()
        if component_ids is not None or len(found) == 1:
            scope[name] = frozenset(code for (code,) in found)
    return scope


def with_deletions(rows: Rows, structure: DataStructure, earlier: Sequence[Path]) -> Rows:
    """Add the deletion of what is in the logs ``earlier`` and not in ``rows``."""
    if not earlier:
        return rows
    columns = rows.columns if ACTION in rows.columns else (*rows.columns, ACTION)
    sent = rows.sql if ACTION in rows.columns else f"SELECT *, NULL::VARCHAR AS {ACTION} FROM ({rows.sql})"
    keys = ", ".join(quoted(key) for key in structure.key_ids)
    files = ", ".join(literal(str(path)) for path in earlier)
    empty = {SOURCE_ROW: "NULL::BIGINT", ACTION: literal(Action.DELETE.value)}
    shown = ", ".join(
        f"{f'CAST({quoted(name)} AS VARCHAR)' if name in structure.key_ids else empty.get(name, 'NULL::VARCHAR')} "
        f"AS {quoted(name)}"
        for name in columns
    )
    logs = f"read_parquet([{files}], union_by_name = true)"
    gone = f"SELECT DISTINCT {keys} FROM {logs} ANTI JOIN ({rows.sql}) USING ({keys})"
    sql = f"SELECT {', '.join(map(quoted, columns))} FROM ({sent}) UNION ALL SELECT {shown} FROM ({gone})"
    return dataclasses.replace(rows, sql=sql, columns=columns)


def with_status(rows: Rows, structure: DataStructure, unsound: str) -> Rows:
    """Mark the cells of accepted sums: OBS_STATUS ``V``, unvalidated, where there is a value."""
    keys = ", ".join(quoted(key) for key in structure.key_ids)
    measure = quoted(structure.measures[0].id)
    marked = f"({keys}) IN (SELECT {keys} FROM {unsound}) AND {measure} IS NOT NULL"
    shown = ", ".join(
        f"CASE WHEN {marked} THEN {literal('V')} ELSE CAST({quoted(name)} AS VARCHAR) END AS {quoted(name)}"
        if name == "OBS_STATUS"
        else quoted(name)
        for name in rows.columns
    )
    return dataclasses.replace(rows, sql=f"SELECT {shown} FROM ({rows.sql})")
