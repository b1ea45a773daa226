"""Findings: something wrong, doubtful or worth knowing in data, as a value that is collected and never raised."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.language import sentence


class Severity(enum.StrEnum):
    """How grave: an error blocks the load, a warning does not, an info only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Where:
    """The place of a finding; what does not apply stays None. Rows and columns count from 1, as people do.

    ``cell`` is what a spreadsheet calls the place (``C12``).
    """

    file: str | None = None
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    path: str | None = None
    cell: str | None = None

    def __str__(self) -> str:
        row = self.cell or (f"r{self.row}" if self.row else None)
        parts = [self.file, self.sheet, row, self.column, self.path]
        return ":".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One finding.

    ``code`` is the published id (``DUP-01``, ``V05-REFAREA`` …) and the key of its sentence in the catalogue;
    ``params`` fill the sentence; ``suggestion`` is text for a person, never applied; ``count`` says how often the same
    thing was met when only the first place is told.
    """

    code: str
    severity: Severity = Severity.ERROR
    where: Where = field(default_factory=Where)
    source_value: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    suggestion: str | None = None
    count: int = 1

    def text(self, language: str = "en") -> str:
        """Say the finding in ``language``."""
        return sentence(self.code, language, **self.params)

    def as_json(self, language: str = "en") -> dict[str, object]:
        """Shape the finding for JSON reports; keys that do not apply are left out."""
        place = {key: value for key, value in vars(self.where).items() if value is not None}
        shown: dict[str, object | None] = {
            "code": self.code,
            "severity": self.severity.value,
            **place,
            "value": self.source_value,
            "message": self.text(language),
            "suggestion": self.suggestion,
            "count": self.count if self.count > 1 else None,
        }
        return {key: value for key, value in shown.items() if value is not None}


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether anything blocks."""
    return any(finding.severity is Severity.ERROR for finding in findings)
