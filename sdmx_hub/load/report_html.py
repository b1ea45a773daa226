"""The report of a file that was checked or loaded, as one HTML page."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from sdmx_hub.load.page_html import write_page
from sdmx_hub.load.report import LoadReport
from sdmx_hub.load.report_words import counts_of, ending, message_of, place_of
from sdmx_hub.model.finding import Finding, Severity

MOST_PLACES = 10
"""Places of one code that are shown; the rest are counted."""
_BAR = 600


@dataclass(frozen=True, kw_only=True)
class Group:
    """Findings of one code: the first of them, and how many there are."""

    code: str
    severity: Severity
    findings: tuple[Finding, ...]

    @property
    def count(self) -> int:
        """How often it was met, repetitions counted."""
        return sum(one.count for one in self.findings)


def group_findings(findings: Iterable[Finding]) -> list[Group]:
    """Group findings by severity and code: the gravest first, then the most frequent."""
    gathered: dict[tuple[Severity, str], list[Finding]] = {}
    for finding in findings:
        gathered.setdefault((finding.severity, finding.code), []).append(finding)
    groups = [
        Group(code=code, severity=severity, findings=tuple(found)) for (severity, code), found in gathered.items()
    ]
    order = list(Severity)
    return sorted(groups, key=lambda one: (order.index(one.severity), -one.count, one.code))


def write_html(report: LoadReport, language: str, *, is_check: bool = True, dry_run: bool = False) -> str:
    """Write the page."""
    total = max(report.read, 1)
    return write_page(
        __package__,
        "report.html",
        language,
        report=report,
        groups=group_findings(report.findings),
        severities=[(one, report.count(one)) for one in Severity],
        counts=counts_of(report, language),
        ending=ending(report, language, is_check=is_check, dry_run=dry_run),
        message_of=functools.partial(message_of, language=language),
        place_of=place_of,
        most=MOST_PLACES,
        bar=_BAR,
        good=round(_BAR * report.mapped / total),
        bad=round(_BAR * report.rejected / total),
        compared=[flow for flow in report.flows if flow.added is not None],
    )  # fmt: skip
