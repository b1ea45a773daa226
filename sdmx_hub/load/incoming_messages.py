"""SDMX messages on their way in: the datasets of one dataflow become one flow."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import duckdb

from sdmx_hub.formats.read_data import ReadData, ReadDataset
from sdmx_hub.load.checks.terms import FLOATING
from sdmx_hub.load.checks.values import NO_TEXT
from sdmx_hub.load.coding import code_rows, drop_read
from sdmx_hub.load.flows import Flow, Incoming, bound, name_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.load.terms import check_agreement, dataflow_behind, terms_of
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import Attachment, DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

SWITCHED_OFF = "~"
"""What stands for a dimension that attributes in a row do not depend on (SDMX 3.1, actions of datasets)."""


def read_message(
    message: ReadData, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> Incoming:
    """Gather the datasets of each dataflow. Raises NotFound for a structure or dataflow that is not here."""
    findings = name_file(message.findings, order)
    groups: dict[Urn, list[ReadDataset]] = {}
    for dataset in message.datasets:
        dataflow = dataflow_behind(artefacts, dataset.described_by, order.dataflow)
        if order.dataflow is not None and dataflow != artefacts.get(order.dataflow).urn:
            params = {"found": dataflow.ref, "wanted": order.dataflow.ref}
            findings.append(Finding(code="FLOW-OTHER", where=Where(file=order.shown), params=params))
        kept = _without_deletions(dataset) if order.action is Action.REPLACE else dataset
        groups.setdefault(dataflow, []).extend([kept] if kept is not None else [])
    count = sum(dataset.count for dataset in message.datasets)
    if not count and not any(one.severity is Severity.ERROR for one in findings):
        findings.append(Finding(code="READ-EMPTY", severity=Severity.WARNING, where=Where(file=order.shown)))
    flows = []
    for dataflow, datasets in groups.items():
        findings += check_agreement(artefacts, dataflow, order.provider, order.shown)
        if not datasets:
            continue
        flows.append(_flow(dataflow, datasets, order, artefacts, connection))
    drop_read(connection, [flow.rows for flow in flows])
    return Incoming(flows=tuple(flows), findings=tuple(findings), read=count, mapped=count)


def _without_deletions(dataset: ReadDataset) -> ReadDataset | None:
    """Leave out what a dataset deletes: where the whole is replaced that is simply not there. None for nothing left."""
    if Action.DELETE not in dataset.actions:
        return dataset
    rows = dataset.rows
    if ACTION not in rows.columns:
        return None
    rows = dataclasses.replace(rows, sql=f"SELECT * FROM ({rows.sql}) WHERE {ACTION} IS DISTINCT FROM 'D'")
    counted = rows.connection.execute(f"SELECT count(*) FROM ({rows.sql})", list(rows.params)).fetchone()
    actions = tuple(action for action in dataset.actions if action is not Action.DELETE)
    return dataclasses.replace(dataset, rows=rows, count=int(counted[0]) if counted else 0, actions=actions)


def join_messages(messages: Sequence[ReadData], overlapping: duckdb.DuckDBPyConnection | None = None) -> ReadData:
    """Take the messages that answer parts of one question for one message.

    With a connection the parts may overlap: rows that are equal in two messages are taken from the first. Rows of one
    message that are equal stay, and so do rows of one key that are not.
    """
    datasets = [(number, dataset) for number, message in enumerate(messages) for dataset in message.datasets]
    joined = [dataset for _, dataset in datasets]
    if overlapping is not None and len(messages) > 1:
        described = dict.fromkeys(dataset.described_by for dataset in joined)
        alike = [[one for one in datasets if one[1].described_by == urn] for urn in described]
        joined = [_taken_once(some, overlapping) for some in alike]
    return dataclasses.replace(
        messages[0],
        datasets=tuple(joined),
        findings=tuple(finding for message in messages for finding in message.findings),
    )


def _taken_once(datasets: Sequence[tuple[int, ReadDataset]], connection: duckdb.DuckDBPyConnection) -> ReadDataset:
    """One dataset of those that several messages hold of one thing."""
    columns = dict.fromkeys(column for _, dataset in datasets for column in dataset.rows.columns)
    union = " UNION ALL BY NAME ".join(f"(SELECT *, {at} AS _part FROM ({one.rows.sql}))" for at, one in datasets)
    same = ", ".join(quoted(column) for column in columns if column != SOURCE_ROW)
    shown = ", ".join(quoted(column) for column in columns)
    sql = f"SELECT {shown} FROM ({union}) QUALIFY _part = min(_part) OVER (PARTITION BY {same})"
    counted = connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()
    rows = Rows(connection=connection, sql=sql, columns=tuple(columns), is_sorted=False)
    actions = tuple(dict.fromkeys(action for _, dataset in datasets for action in dataset.actions))
    first = datasets[0][1]
    return dataclasses.replace(first, rows=rows, count=int(counted[0]) if counted else 0, actions=actions)


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
    return bound(flow, order) if order.action is Action.REPLACE else flow


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
