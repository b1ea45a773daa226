"""A report as one HTML page that needs nothing else: no script, no picture, no address."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

from sdmx_hub.language import sentence
from sdmx_hub.load.report import LoadReport
from sdmx_hub.load.report_words import counts_of, ending, message_of, place_of
from sdmx_hub.model.finding import Finding, Severity

MOST_PLACES = 10
"""Places of one code that are shown; the rest are counted."""
_BAR = 600
STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1rem; color: #1b1b1b;
  background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #767676; }
td.number, th.number { text-align: right; } td { overflow-wrap: anywhere; } td.value { min-width: 8em; }
.error { border-left: .4rem solid #b00020; padding-left: .6rem; }
.warning { border-left: .4rem solid #8a5a00; padding-left: .6rem; }
.info { border-left: .4rem solid #3a5f8a; padding-left: .6rem; }
.verdict { font-weight: 600; }
svg { width: 100%; height: 1.5rem; } .good { fill: #1d6b3c; } .bad { fill: #b00020; } .none { fill: #767676; }
@media (prefers-color-scheme: dark) { body { color: #f2f2f2; background: #16191d; }
  .good { fill: #57c785; } .bad { fill: #ff8095; } .error { border-color: #ff8095; } .warning { border-color: #ffc35c; }
  .info { border-color: #8fbcff; } }
"""


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


def style_source() -> str:
    """The hash by which a content security policy lets the style of the page through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def write_html(report: LoadReport, language: str, *, is_check: bool = True, dry_run: bool = False) -> str:
    """Write the page."""
    total = max(report.read, 1)
    return _environment().get_template("report.html").render(
        report=report,
        language=language,
        style=STYLE,
        t=functools.partial(_say, language),
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


def _say(language: str, key: str, **params: object) -> str:
    return sentence(key, language, **params)


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("sdmx_hub.load", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
