"""What ``check``, ``load`` and ``release`` say to people: tables, in their language."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from sdmx_hub.language import sentence
from sdmx_hub.load.report import LoadReport, by_gravity
from sdmx_hub.load.report_words import counts_of, ending, message_of
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.store.releases import Release

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "dim"}
_NARROWEST = 100
MOST_FINDINGS = 100
"""So many findings are shown to people; ``--json`` has all of them."""


def render(*parts: RenderableType) -> str:
    """Draw tables as text: in colour on a terminal, plain anywhere else."""
    is_terminal = sys.stdout.isatty()
    out = io.StringIO()
    width = max(shutil.get_terminal_size((120, 40)).columns, _NARROWEST) if is_terminal else 160
    console = Console(file=out, width=width, force_terminal=is_terminal, highlight=False)
    for part in parts:
        console.print(part)
    return out.getvalue().rstrip()


def report_text(report: LoadReport, language: str, *, is_check: bool, dry_run: bool = False) -> str:
    """A whole report: what was found, what was read, what changed, and in one sentence how it ended."""
    parts: list[RenderableType] = []
    if report.findings:
        parts.append(findings_table(report.findings, language))
    if len(report.findings) > MOST_FINDINGS:
        parts.append(sentence("load-more-findings", language, count=len(report.findings) - MOST_FINDINGS))
    parts.append(Text(counts_of(report, language)))
    if report.flows and any(flow.added is not None for flow in report.flows):
        parts.append(_flows(report, language))
    parts.append(Text(ending(report, language, is_check=is_check, dry_run=dry_run), style="bold"))
    return render(*parts)


def findings_table(findings: Sequence[Finding], language: str) -> Table:
    """Findings, the gravest first."""
    table = _table(language, "severity", "code", "row", "column", "value", "message")
    for finding in by_gravity(tuple(findings))[:MOST_FINDINGS]:
        where = finding.where
        table.add_row(
            Text(sentence(f"load-severity-{finding.severity.value}", language), style=_STYLES[finding.severity]),
            finding.code,
            where.cell or (str(where.row) if where.row else (where.path or "")),
            Text(where.column or ""),
            Text((finding.source_value or "")[:40]),
            Text(message_of(finding, language)),
        )
    return table


def _flows(report: LoadReport, language: str) -> Table:
    table = _table(language, "dataflow", "action", "added", "revised", "deleted", "unchanged", numbers_from=2)
    for flow in report.flows:
        table.add_row(
            str(flow.dataflow),
            sentence(f"load-action-{flow.action.name.lower()}", language),
            *(str(count or 0) for count in (flow.added, flow.revised, flow.deleted, flow.unchanged)),
        )
    return table


def releases_table(releases: Iterable[Release], language: str) -> Table:
    """Releases, newest first, one line for each dataflow."""
    table = _table(
        language, "release", "made", "actor", "kind", "dataflow", "added", "revised", "deleted", numbers_from=5
    )
    for release in releases:
        shown = [str(release.id), f"{release.made_at:%Y-%m-%d %H:%M}", release.actor, release.kind]
        for change in widest(release):
            counts = change.counts
            table.add_row(*shown, str(change.dataflow), str(counts.added), str(counts.revised), str(counts.deleted))
            shown = [""] * 4
    return table


def widest(release: Release) -> list[Any]:
    """The changes of a release, each dataflow once: as the audience sees it that saw most change."""
    found: dict[str, Any] = {}
    for change in release.changes:
        known = found.get(str(change.dataflow))
        if known is None or change.counts.changed > known.counts.changed:
            found[str(change.dataflow)] = change
    return list(found.values())


def release_json(release: Release) -> dict[str, Any]:
    """Shape a release for JSON."""
    return {
        "id": release.id,
        "kind": release.kind,
        "actor": release.actor,
        "made": release.made_at.isoformat(),
        "reason": release.reason,
        "changes": [
            {
                "dataflow": str(change.dataflow),
                "audience": change.audience,
                "visible_from": change.visible_from.isoformat(),
                **vars(change.counts),
            }
            for change in release.changes
        ],
    }


def _table(language: str, *headings: str, numbers_from: int | None = None) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for place, heading in enumerate(headings):
        is_number = numbers_from is not None and place >= numbers_from
        table.add_column(
            sentence(f"load-heading-{heading}", language),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=heading in {"code", "severity", "row", "dataflow"},
        )
    return table
