"""What a file brings: the rows of each dataflow, with the terms they are held to and what they may delete."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sdmx_hub.load.checks import Terms
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn


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


def bound(flow: Flow, order: LoadOrder, said: Mapping[str, frozenset[str]] | None = None) -> Flow:
    """Say what a replacement may delete: what order or mapping (``said``) bounds, or what was brought earlier."""
    if flow.action is not Action.REPLACE:
        return flow
    if order.earlier is not None:
        return dataclasses.replace(flow, rows=with_deletions(flow.rows, flow.structure, order.earlier))
    if isinstance(order.scope, Mapping):
        return dataclasses.replace(flow, scope=order.scope)
    scope = said if order.scope is None and said is not None else _scope(flow.rows, order.scope)
    return dataclasses.replace(flow, scope=scope)


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


def tell_empty(count: int, findings: Sequence[Finding], order: LoadOrder) -> Iterator[Finding]:
    """Tell a file in which there is nothing, and nothing wrong either."""
    if not count and not any(one.severity is Severity.ERROR for one in findings):
        yield Finding(code="READ-EMPTY", severity=Severity.WARNING, where=Where(file=order.shown))


def name_file(findings: Sequence[Finding], order: LoadOrder) -> list[Finding]:
    """Give findings without a file the name of this one; a mapping names its own."""
    return [
        dataclasses.replace(one, where=dataclasses.replace(one.where, file=one.where.file or order.shown))
        for one in findings
    ]
