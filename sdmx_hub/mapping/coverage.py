"""How much of a table its mapping covers: by cells and by value, component by component, the widest gaps first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.lookups import Answered
from sdmx_hub.mapping.resolve import GOOD, Outcome
from sdmx_hub.mapping.telling import Gap


@dataclass(frozen=True, kw_only=True)
class ComponentCoverage:
    """The texts of one component: how many there are and have a code, in how many cells, and with what value."""

    component_id: str
    codelist: str | None
    texts: int
    texts_mapped: int
    cells: int
    cells_mapped: int
    value: float = 0
    value_mapped: float = 0
    gaps: tuple[Gap, ...] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        """Shape the coverage for JSON."""
        return {
            "component": self.component_id,
            "codelist": self.codelist,
            "texts": self.texts,
            "texts_mapped": self.texts_mapped,
            "cells": self.cells,
            "cells_mapped": self.cells_mapped,
            "share": share(self.cells_mapped, self.cells),
            "value": self.value,
            "value_mapped": self.value_mapped,
            "value_share": share(self.value_mapped, self.value),
            "gaps": [_gap_json(gap) for gap in self.gaps],
        }


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """The coverage of a whole table."""

    read: int
    mapped: int
    rejected: int
    left_out: int
    source_rows: int
    value_read: float
    value_mapped: float
    components: tuple[ComponentCoverage, ...]

    def as_json(self) -> dict[str, Any]:
        """Shape the coverage for JSON; shares are percentages with one decimal."""
        return {
            "source_rows": self.source_rows,
            "read": self.read,
            "mapped": self.mapped,
            "rejected": self.rejected,
            "left_out": self.left_out,
            "share": share(self.mapped, self.read),
            "value_share": share(self.value_mapped, self.value_read),
            "components": [one.as_json() for one in self.components],
        }


def measure_coverage(mapped: Mapped) -> Coverage:
    """Measure what a mapping covered of the file it was applied to, the components with the widest gaps first."""
    return Coverage(
        read=mapped.read,
        mapped=mapped.mapped,
        rejected=mapped.rejected,
        left_out=mapped.left_out,
        source_rows=mapped.source_rows,
        value_read=mapped.value_read,
        value_mapped=mapped.value_mapped,
        components=tuple(sorted(_components(mapped), key=lambda one: one.cells_mapped - one.cells)),
    )


def _components(mapped: Mapped) -> Iterator[ComponentCoverage]:
    for one in mapped.answers:
        gaps = [gap for gap in mapped.gaps if gap.component_id == one.coded.component_id]
        used = [use for use in one.uses if use.resolution.outcome is not Outcome.SKIPPED]
        good = [use for use in used if use.resolution.outcome in GOOD]
        wanting = {use.text for use in used if use.resolution.outcome not in GOOD}
        yield ComponentCoverage(
            component_id=one.coded.component_id,
            codelist=_codelist(one),
            texts=len({use.text for use in used}),
            texts_mapped=len({use.text for use in good} - wanting),
            cells=sum(use.rows for use in used),
            cells_mapped=sum(use.rows for use in good),
            value=mapped.value_read,
            value_mapped=mapped.value_read - sum(gap.value for gap in gaps),
            gaps=tuple(sorted(gaps, key=lambda gap: (-gap.cells, -abs(gap.value), gap.text))),
        )


def _codelist(one: Answered) -> str | None:
    return str(one.lookup.codelist.ref) if one.lookup.codelist else None


def share(part: float, whole: float) -> float | None:
    """Give a percentage with one decimal; None of nothing. 100 only when nothing is missing."""
    if not whole:
        return None
    percentage = round(100 * part / whole, 1)
    return 99.9 if percentage >= 100 and part < whole else percentage


def _gap_json(gap: Gap) -> dict[str, Any]:
    return {
        "value": gap.text,
        "code": str(gap.resolution.outcome),
        "cells": gap.cells,
        "amount": gap.value,
        "row": gap.where.row,
        "column": gap.where.column,
        "candidates": list(gap.resolution.candidates),
        "suggestion": gap.suggestion,
    }
