"""Checks of rows against everything they are held to: one validator for files, uploads, the API and harvests (D10).

Each check is a query of the engine over the rows; findings come as values with place, source value and count, all of
them at once. Numbers of rules (V01 …) are those of the validation rules of the shared structures.
"""

from __future__ import annotations

from dataclasses import dataclass

from sdmx_hub.load.checks.keys import check_attributes, check_codes, check_duplicates, check_periods
from sdmx_hub.load.checks.limits import check_constraints
from sdmx_hub.load.checks.parts import check_parts
from sdmx_hub.load.checks.plausible import check_plausible
from sdmx_hub.load.checks.relations import check_relations
from sdmx_hub.load.checks.sums import UNSOUND, check_sums
from sdmx_hub.load.checks.terms import Checking, Terms, Total
from sdmx_hub.load.checks.thresholds import Thresholds
from sdmx_hub.load.checks.values import check_values
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import Rows

__all__ = ["Checked", "Terms", "Thresholds", "Total", "check_rows"]

CHECKS = (
    check_codes,
    check_duplicates,
    check_periods,
    check_constraints,
    check_values,
    check_attributes,
    check_sums,
    check_parts,
    check_relations,
    check_plausible,
)
"""In the order people read them."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found, how many rows were looked at, and the table of cells in sums that do not add up."""

    findings: tuple[Finding, ...]
    count: int
    unsound: str = UNSOUND


def check_rows(rows: Rows, terms: Terms) -> Checked:
    """Check rows; the answer lives on their connection until the next check."""
    checking = Checking(rows, terms)
    count = checking.count
    findings = tuple(finding for check in CHECKS for finding in check(checking)) if count else ()
    return Checked(findings=findings, count=count)
