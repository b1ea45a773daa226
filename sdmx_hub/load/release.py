"""Checking and loading a file: guard, read or map, check, divide by audience, stage, release. All or nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import duckdb

from sdmx_hub.errors import BadRequest, HubError, Malformed, TooLarge
from sdmx_hub.load.audiences import stage_rows
from sdmx_hub.load.checks import check_rows
from sdmx_hub.load.earlier import check_earlier
from sdmx_hub.load.flows import Flow, Incoming, with_status
from sdmx_hub.load.guard import Guarded
from sdmx_hub.load.incoming import open_incoming
from sdmx_hub.load.providers import check_providers
from sdmx_hub.load.report import OVERRIDABLE, FlowReport, LoadOrder, LoadReport
from sdmx_hub.load.tables import keep_files, open_files
from sdmx_hub.model.finding import Finding, Severity, Where, has_errors
from sdmx_hub.model.message import Action
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.blobs import Blobs
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Fence, Lineage
from sdmx_hub.store.staging import Staged

Look = Callable[[Sequence[Staged]], None]
"""What is shown the staged rows of a rehearsal before they are let go."""
Judge = Callable[[Sequence[Flow], Sequence[Staged]], Sequence[Finding]]
"""What looks at the staged rows of a load before they are released; an error of its keeps them back."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A file that was read and checked, its rows still there."""

    report: LoadReport
    flows: tuple[Flow, ...] = ()
    incoming: Incoming | None = None


def check_file(order: LoadOrder, artefacts: Artefacts) -> LoadReport:
    """Check a file against everything it would be held to; nothing is stored.

    What is wrong with the file is in the findings. Raises NotFound for a file, structure or dataflow that is not there,
    BadRequest for an override of what cannot be.
    """
    with open_checked(order, artefacts) as opened:
        return opened.report


def load_file(
    order: LoadOrder,
    artefacts: Artefacts,
    observations: Observations,
    *,
    actor: str,
    now: dt.datetime,
    raw: Blobs | None = None,
    reason: str | None = None,
    dry_run: bool = False,
    look: Look | None = None,
    fence: Fence | None = None,
    judge: Judge | None = None,
) -> LoadReport:
    """Load a file: one release, or nothing at all when a finding is an error.

    ``raw`` is where the bytes are kept. A ``dry_run`` compares with what is stored and stops there, after
    ``look`` has seen what was staged. What is under embargo stays inside until ``embargo.release_due`` lets it out at
    its moment. ``fence`` is called within the transaction of the release. What ``judge`` finds in the staged rows
    counts like what the checks found. Raises as ``check_file``, and TryAgain when somebody else is loading one of the
    dataflows, Conflict when the load contradicts what is stored.
    """
    with open_checked(order, artefacts) as opened:
        found = [finding for flow in opened.flows for finding in check_providers(flow, observations, order.overrides)]
        if not opened.report.has_errors:
            found += [finding for flow in opened.flows for finding in check_earlier(flow, observations)]
        if opened.incoming is not None:
            found = [opened.incoming.tell(one) for one in found]
        report = dataclasses.replace(opened.report, findings=(*opened.report.findings, *found))
        if report.has_errors or opened.incoming is None:
            return report
        if raw is not None and not dry_run:
            keep_files(order, report.sha256, raw)
        return _store(
            order,
            opened.flows,
            report,
            observations,
            _lineage(order, opened.incoming, report),
            actor=actor,
            now=now,
            reason=reason,
            dry_run=dry_run,
            look=look,
            fence=fence,
            judge=judge,
        )


@contextlib.contextmanager
def open_checked(order: LoadOrder, artefacts: Artefacts) -> Iterator[Opened]:
    """Read and check a file; a refusal of its bytes is a finding like any other."""
    wrong = order.overrides - OVERRIDABLE
    if wrong:
        raise BadRequest("load-override", codes=", ".join(sorted(wrong)), known=", ".join(sorted(OVERRIDABLE)))
    report = LoadReport(file=order.shown)
    with contextlib.ExitStack() as stack:
        try:
            guarded, order = stack.enter_context(open_files(order))
            report = dataclasses.replace(report, kind=guarded.kind.value, size=guarded.size, sha256=guarded.sha256)
            connection = stack.enter_context(_workbench(order))
            opened = _checked(guarded, order, artefacts, connection, report)
        except (Malformed, TooLarge) as error:
            opened = Opened(report=dataclasses.replace(report, findings=(_as_finding(error, order),)))
        yield opened


@contextlib.contextmanager
def _workbench(order: LoadOrder) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private engine in memory that spills to disk."""
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-load-") as folder:
        connection = duckdb.connect(config={"memory_limit": order.work_memory, "temp_directory": folder, "threads": 2})
        try:
            yield connection
        finally:
            connection.close()


def _as_finding(error: HubError, order: LoadOrder) -> Finding:
    place = {key: error.params.get(key) for key in ("row", "line", "column")}
    row = place["row"] or place["line"]
    column = place["column"]
    return Finding(
        code=error.key,
        where=Where(
            file=order.shown,
            row=row if isinstance(row, int) else None,
            column=column if isinstance(column, str) and not column.isdigit() and column != "?" else None,
        ),
        params=error.params,
    )


def _checked(
    guarded: Guarded,
    order: LoadOrder,
    artefacts: Artefacts,
    connection: duckdb.DuckDBPyConnection,
    report: LoadReport,
) -> Opened:
    incoming = open_incoming(guarded, order, artefacts, connection)
    findings = [incoming.tell(one) for one in incoming.findings]
    flows = []
    for number, flow in enumerate(incoming.flows):
        checked = check_rows(flow.rows, flow.terms)
        accepted = _accepted(checked.findings, order.overrides)
        findings += [incoming.tell(one) for one in accepted]
        flows.append(_marked(flow, checked.unsound, number, accepted, order))
    report = dataclasses.replace(
        report,
        read=incoming.read,
        mapped=incoming.mapped,
        rejected=incoming.rejected,
        left_out=incoming.left_out,
        language=incoming.mapping.language if incoming.mapping else incoming.language,
        findings=tuple(findings),
        flows=tuple(
            FlowReport(dataflow=flow.dataflow.ref, action=flow.action, rows=flow.count, scope=flow.scope)
            for flow in flows
        ),
    )
    return Opened(report=report, flows=tuple(flows), incoming=incoming)


def _accepted(findings: Sequence[Finding], overrides: frozenset[str]) -> list[Finding]:
    """An error somebody answers for is a warning."""
    return [dataclasses.replace(one, severity=Severity.WARNING) if one.code in overrides else one for one in findings]


def _marked(flow: Flow, unsound: str, number: int, findings: Sequence[Finding], order: LoadOrder) -> Flow:
    """Give the cells of accepted sums their status; the table of them lasts only until the next check."""
    if "SUM-01" not in order.overrides or not any(one.code == "SUM-01" for one in findings):
        return flow
    kept = f"unsound_{number}"
    flow.rows.connection.execute(f"CREATE OR REPLACE TEMP TABLE {kept} AS SELECT DISTINCT * FROM {unsound}")
    return dataclasses.replace(flow, rows=with_status(flow.rows, flow.structure, kept))


def _lineage(order: LoadOrder, incoming: Incoming, report: LoadReport) -> Lineage:
    mapping = incoming.mapping
    return Lineage(
        source=order.shown,
        raw_sha256=report.sha256,
        mapping=f"{mapping.id} {mapping.version}" if mapping else None,
        details={
            "kind": report.kind,
            "provider": order.provider or (mapping.provider if mapping else incoming.provider),
            "read": report.read,
            "mapped": report.mapped,
            "rejected": report.rejected,
            "overrides": sorted(order.overrides),
            "warnings": report.count(Severity.WARNING),
        },
    )


def _store(
    order: LoadOrder,
    flows: Sequence[Flow],
    report: LoadReport,
    observations: Observations,
    lineage: Lineage,
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None,
    dry_run: bool,
    look: Look | None,
    fence: Fence | None,
    judge: Judge | None,
) -> LoadReport:
    staged: list[Staged] = []
    try:
        staged.extend(stage_flow(flow, observations, now, holder=actor, rehearse=dry_run) for flow in flows)
        report = dataclasses.replace(
            report, flows=tuple(_told(flow, one) for flow, one in zip(report.flows, staged, strict=True))
        )
        judged = judge(flows, staged) if judge is not None else ()
        report = dataclasses.replace(report, findings=(*report.findings, *_shrinking(order, report.flows), *judged))
        if dry_run or has_errors(report.findings):
            if look is not None:
                look(staged)
            for one in staged:
                observations.discard(one)
            return report
        release = observations.release(staged, lineage, actor=actor, now=now, reason=reason, fence=fence)
    except BaseException:
        for one in staged:
            observations.discard(one)
        raise
    return dataclasses.replace(report, release_id=release.id if release else None, stored=True)


def _shrinking(order: LoadOrder, flows: Sequence[FlowReport]) -> list[Finding]:
    """SHRINK-01: a replacement would delete a larger share of what is held than the order allows, or holds nothing."""
    findings = []
    for flow in flows:
        deleted, held = flow.deleted or 0, (flow.deleted or 0) + (flow.revised or 0) + (flow.unchanged or 0)
        if deleted and flow.action is Action.REPLACE and (not flow.rows or deleted > order.most_deleted * held):
            findings.append(
                Finding(
                    code="SHRINK-01",
                    where=Where(file=order.shown),
                    params={"deleted": deleted, "held": held, "most": f"{order.most_deleted:.0%}"},
                )
            )
    return _accepted(findings, order.overrides)


def stage_flow(flow: Flow, observations: Observations, now: dt.datetime, *, holder: str, rehearse: bool) -> Staged:
    """Stage the rows of a dataflow for every audience. Raises as ``Observations.stage``."""
    return stage_rows(
        flow.rows,
        observations,
        flow.dataflow.ref,
        flow.structure,
        now=now,
        action=flow.action,
        scope=flow.scope,
        holder=holder,
        rehearse=rehearse,
    )


def _told(flow: FlowReport, staged: Staged) -> FlowReport:
    return dataclasses.replace(
        flow,
        added=staged.added,
        revised=staged.revised,
        deleted=staged.deleted,
        unchanged=staged.unchanged,
    )
