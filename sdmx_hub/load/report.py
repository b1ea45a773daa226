"""What a load was asked to do, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdmx_hub.load.checks.terms import Total
from sdmx_hub.load.guard import GuardLimits
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.finding import Finding, Severity, has_errors
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Ref, Urn

OVERRIDABLE = frozenset({"SUM-01", "PROV-01", "SHRINK-01", "V11", "V12", "V13"})
"""Errors a person may answer for: the load then goes on, and says so."""


@dataclass(frozen=True, kw_only=True)
class LoadOrder:
    """A file to be checked or loaded.

    ``mapping`` is the mapping file of a table; an SDMX message needs none. ``tables`` are the files of a table that
    stands in several, was brought from a database, or the messages
    that are parts of one; ``path`` is then the first. ``dataflow``, ``provider`` and
    ``action`` say what the message does not, ``name`` is what reports call the file. ``scope`` names the components
    that bound what a replacement may delete, or says the codes; None leaves it to the mapping, or to the dimensions
    that are constant in the file. With ``earlier``, logs of earlier loads of the same source, a replacement deletes
    instead what they brought and the file no longer has. ``most_deleted`` is the share of what
    is held that may go unasked. Messages that are ``overlapping`` parts may hold the same observations: what is equal
    is taken once. ``totals`` are totals of a message with their tolerance; a mapping declares its own.
    """

    path: Path
    tables: tuple[TableFile, ...] = ()
    mapping: Path | None = None
    dataflow: Urn | None = None
    provider: str | None = None
    action: Action | None = None
    scope: tuple[str, ...] | Mapping[str, frozenset[str]] | None = None
    earlier: tuple[Path, ...] | None = None
    most_deleted: float = 1.0
    totals: tuple[Total, ...] = ()
    overrides: frozenset[str] = frozenset()
    name: str = ""
    limits: GuardLimits = field(default_factory=GuardLimits)
    work_memory: str = "512MB"
    overlapping: bool = False

    @property
    def shown(self) -> str:
        """The name of the file for people."""
        return self.name or self.path.name


@dataclass(frozen=True, kw_only=True)
class FlowReport:
    """What a load means for one dataflow; the four counts are None where nothing was compared with the store."""

    dataflow: Ref
    action: Action
    rows: int
    scope: Mapping[str, frozenset[str]] | None = None
    added: int | None = None
    revised: int | None = None
    deleted: int | None = None
    unchanged: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Shape for JSON reports."""
        shown: dict[str, Any] = {"dataflow": str(self.dataflow), "action": self.action.name.lower(), "rows": self.rows}
        if self.scope is not None:
            shown["scope"] = {key: sorted(codes) for key, codes in self.scope.items()}
        counts = {name: getattr(self, name) for name in ("added", "revised", "deleted", "unchanged")}
        return shown | {name: count for name, count in counts.items() if count is not None}


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """Everything a check or load found and did.

    ``read`` = ``mapped`` + ``rejected``. ``release_id`` is None when nothing was released: there were errors, it was a
    check, or nothing changed; ``stored`` tells whether the load went through (also when nothing changed). ``language``
    is what the mapping asks reports to be in.
    """

    file: str
    kind: str = ""
    size: int = 0
    sha256: str = ""
    read: int = 0
    mapped: int = 0
    rejected: int = 0
    left_out: int = 0
    findings: tuple[Finding, ...] = ()
    flows: tuple[FlowReport, ...] = ()
    release_id: int | None = None
    stored: bool = False
    language: str | None = None

    @property
    def has_errors(self) -> bool:
        """Tell whether anything blocks the load."""
        return has_errors(self.findings)

    def count(self, severity: Severity) -> int:
        """Number of findings of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def added(self) -> int:
        """Observations that were not there."""
        return sum(flow.added or 0 for flow in self.flows)

    @property
    def revised(self) -> int:
        """Observations that were there with other values or attributes."""
        return sum(flow.revised or 0 for flow in self.flows)

    @property
    def deleted(self) -> int:
        """Observations that are there no more."""
        return sum(flow.deleted or 0 for flow in self.flows)

    @property
    def unchanged(self) -> int:
        """Observations sent as they are."""
        return sum(flow.unchanged or 0 for flow in self.flows)

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Shape for JSON reports, findings said in ``language``."""
        return {
            "file": self.file,
            "kind": self.kind,
            "size": self.size,
            "sha256": self.sha256,
            "read": self.read,
            "mapped": self.mapped,
            "rejected": self.rejected,
            "left_out": self.left_out,
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "findings": [finding.as_json(language) for finding in self.findings],
            "dataflows": [flow.as_json() for flow in self.flows],
            "added": self.added,
            "revised": self.revised,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
            "release": self.release_id,
            "stored": self.stored,
        }


def by_gravity(findings: Iterator[Finding] | tuple[Finding, ...]) -> list[Finding]:
    """Order findings for people: errors first, then by row."""
    order = list(Severity)
    return sorted(findings, key=lambda one: (order.index(one.severity), one.where.row or 0))
