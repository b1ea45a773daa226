"""A report written into a copy of the file it is about: cells coloured and commented, and a sheet that lists it all.

The original is read in the limited child process and never changed. What cannot be copied (too large, no table, not
readable) still gives a workbook: the list alone.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdmx_hub.errors import HubError, Malformed, TooLarge
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.language import sentence
from sdmx_hub.load.guard import open_guarded
from sdmx_hub.load.marking import AUTHOR, MOST_MARKED, list_findings, mark_copy
from sdmx_hub.load.report import LoadOrder, LoadReport, by_gravity
from sdmx_hub.load.report_words import counts_of, message_of
from sdmx_hub.mapping.reading import BadMapping, read_mapping
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.sandbox import Limits, run_limited

_KINDS = {Kind.XLSX: "xlsx", Kind.XLS: "xls", Kind.CSV: "csv", Kind.CSV_V1: "csv", Kind.CSV_V2: "csv"}
_HEADINGS = ("severity", "code", "place", "value", "message", "suggestion")
_LIMITS = Limits(seconds=180, cpu_seconds=180, memory=3 << 30)


@dataclass(frozen=True, kw_only=True)
class Marked:
    """What became of an annotated copy: cells marked, findings listed, and whether the table itself is in it."""

    cells: int
    findings: int
    is_copy: bool


def annotate_file(order: LoadOrder, report: LoadReport, target: Path, language: str) -> Marked:
    """Write the annotated copy of a file to ``target``. Raises NotFound when the file is gone."""
    plan = _plan(order, report, language)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-annotate-") as folder:
        out = Path(folder) / "out.xlsx"
        done = _copied(order, plan, Path(folder), out)
        if done is None:
            list_findings(plan, out)
        part = target.with_name(f"{target.name}.part")
        try:
            part.write_bytes(out.read_bytes())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    return Marked(cells=done or 0, findings=len(report.findings), is_copy=done is not None)


def _copied(order: LoadOrder, plan: Mapping[str, Any], folder: Path, out: Path) -> int | None:
    """Mark a copy; None for what cannot be copied."""
    if order.tables:
        return None
    asked = folder / "plan.json"
    asked.write_text(json.dumps(plan), encoding="utf-8")
    try:
        with open_guarded(order.path, order.limits, is_message=order.mapping is None) as guarded:
            kind = _KINDS.get(guarded.kind)
            if kind is None:
                return None
            return run_limited(mark_copy, guarded.path, kind, asked, out, limits=_LIMITS)
    except (Malformed, TooLarge):
        return None


def _plan(order: LoadOrder, report: LoadReport, language: str) -> dict[str, Any]:
    """What the child process is told: findings in words, and how the table is read."""
    source, columns = _source(order)
    findings = [_told(one, language, columns) for one in by_gravity(report.findings)]
    return {
        "author": AUTHOR,
        "title": sentence("annotate-title", language, file=report.file),
        "sheet": sentence("annotate-sheet", language),
        "headings": [sentence(f"annotate-{one}", language) for one in _HEADINGS],
        "limit": sentence("annotate-limit", language, most=MOST_MARKED),
        "no_copy": sentence("annotate-no-copy", language),
        "summary": counts_of(report, language),
        "errors": sentence(
            "annotate-found", language, errors=report.count(Severity.ERROR), warnings=report.count(Severity.WARNING)
        ),
        "source": source,
        "findings": findings,
    }  # fmt: skip


def _source(order: LoadOrder) -> tuple[dict[str, Any], dict[str, str]]:
    """How a mapping reads the table, and which column it takes each component from."""
    if order.mapping is None:
        return {}, {}
    try:
        mapping = read_mapping(order.mapping)
    except (BadMapping, HubError, OSError):
        return {}, {}
    source = mapping.source
    told = {"sheet": source.sheet, "encoding": source.encoding, "delimiter": source.delimiter, "quote": source.quote}
    columns = {
        key: rule.columns[0]
        for key, rule in mapping.components.items()
        if len(rule.columns) == 1 and not rule.columns[0].startswith("$")
    }
    return told, columns


def _told(finding: Finding, language: str, columns: Mapping[str, str]) -> dict[str, Any]:
    where = finding.where
    return {
        "severity": finding.severity.value,
        "severity_text": sentence(f"load-severity-{finding.severity.value}", language),
        "code": finding.code,
        "sheet": where.sheet,
        "row": where.row,
        "column": columns.get(where.column or "", where.column),
        "cell": where.cell,
        "place": where.path or "",
        "value": finding.source_value,
        "message": finding.text(language),
        "suggestion": finding.suggestion or "",
        "comment": f"{finding.code}: {message_of(finding, language)}",
    }
