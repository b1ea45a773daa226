"""What every rendering of a report says alike: how it ended, where a finding stands, what is wrong and what to do."""

from __future__ import annotations

from sdmx_hub.formats.sniff import Kind
from sdmx_hub.language import sentence
from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.finding import Finding, Severity

_TABLES = {Kind.CSV.value: "load-kind-text", Kind.XLSX.value: "load-kind-xlsx", Kind.XLS.value: "load-kind-xls"}


def counts_of(report: LoadReport, language: str) -> str:
    """Say what the file is and how many of its observations were read, accepted and rejected."""
    kind = sentence(_TABLES[report.kind], language) if report.kind in _TABLES else report.kind
    counts = {"read": report.read, "mapped": report.mapped, "rejected": report.rejected}
    return sentence("load-counts", language, file=report.file, kind=kind, **counts)


def ending(report: LoadReport, language: str, *, is_check: bool, dry_run: bool = False) -> str:
    """Say in one sentence how a check or load ended."""
    errors, warnings = report.count(Severity.ERROR), report.count(Severity.WARNING)
    if errors:
        return sentence("load-refused", language, errors=errors, warnings=warnings)
    if is_check:
        return sentence("load-sound", language, warnings=warnings)
    if dry_run:
        return sentence("load-rehearsed", language)
    if report.release_id is None:
        return sentence("load-unchanged", language)
    return sentence("load-released", language, release=report.release_id)


def message_of(finding: Finding, language: str) -> str:
    """Say a finding with its suggestion, and how often it was met."""
    message = finding.text(language)
    if finding.suggestion:
        message += " " + sentence("load-suggestion", language, suggestion=finding.suggestion)
    return f"{message} (×{finding.count})" if finding.count > 1 else message


def place_of(finding: Finding) -> str:
    """Write the place of a finding: sheet, and cell or row and column."""
    where = finding.where
    here = where.cell or (str(where.row) if where.row else (where.path or ""))
    place = f"{where.sheet}!{here}" if where.sheet and here else here or (where.sheet or "")
    return f"{place} · {where.column}" if where.column and place else place or (where.column or "")
