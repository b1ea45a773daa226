"""Suggestions for every text of a table that has no code, the widest gaps first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.language import localised
from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.checking import Artefacts
from sdmx_hub.mapping.resolve import Outcome
from sdmx_hub.mapping.rules import ComponentRule, TableMapping
from sdmx_hub.mapping.suggest import Confirmation, Suggestion, suggest
from sdmx_hub.mapping.telling import Gap
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.rows import literal

CLEAR = 0.05
"""How far a suggestion must be ahead of the next to be accepted together with others."""


@dataclass(frozen=True, kw_only=True)
class SuggestedGap:
    """A text without a code, and what it may mean, best first."""

    gap: Gap
    codelist: Codelist
    suggestions: tuple[Suggestion, ...]

    def clear(self, score: float) -> Suggestion | None:
        """The one suggestion of at least ``score`` that no other comes near; ambiguous ones never are."""
        first, second = (*self.suggestions, None, None)[:2]
        if first is None or first.ambiguous or first.score < score:
            return None
        return first if second is None or first.score - second.score > CLEAR else None

    def name(self, code: str, language: str) -> str:
        """The name of a suggested code."""
        return localised(self.codelist.codes[code].names, language)

    def as_json(self, language: str) -> dict[str, Any]:
        """Shape the gap and its suggestions for JSON."""
        return {
            "component": self.gap.component_id,
            "codelist": str(self.codelist.ref),
            "value": self.gap.text,
            "finding": str(self.gap.resolution.outcome),
            "cells": self.gap.cells,
            "amount": self.gap.value,
            "row": self.gap.where.row,
            "column": self.gap.where.column,
            "suggestions": [
                {**one.as_json(language), "name": self.name(one.code, language)} for one in self.suggestions
            ],
        }


def suggest_gaps(
    mapped: Mapped,
    mapping: TableMapping,
    artefacts: Artefacts,
    confirmed: Iterable[Confirmation],
    *,
    most: int = 5,
) -> tuple[SuggestedGap, ...]:
    """Suggest codes for the gaps of components that have a codelist: by cells, then value, the largest first."""
    learned = tuple(confirmed)
    lists = {one.coded.component_id: one.lookup.codelist for one in mapped.answers}
    by_component: dict[str, list[Gap]] = defaultdict(list)
    for gap in mapped.gaps:
        if lists.get(gap.component_id) is not None and gap.resolution.outcome is not Outcome.MAPPING_WRONG:
            by_component[gap.component_id].append(gap)
    found: list[SuggestedGap] = []
    for component, gaps in by_component.items():
        codelist = lists[component]
        if codelist is not None:
            changed = _transformed([gap.text for gap in gaps], mapping.components[component], mapped)
            ranked = suggest(
                [*changed, *changed.values()],
                codelist,
                component=component,
                language=mapping.language,
                artefacts=artefacts,
                confirmed=learned,
                provider=mapping.provider,
                most=most,
            )
            for gap in gaps:
                best = ranked[changed[gap.text]] or ranked[gap.text]
                found.append(SuggestedGap(gap=gap, codelist=codelist, suggestions=best))
    return tuple(sorted(found, key=lambda one: (-one.gap.cells, -abs(one.gap.value), one.gap.where.row or 0)))


def kept_codes(mapped: Mapped, component_id: str) -> Mapping[str, str]:
    """The texts of a component that have a code today: text → code."""
    return {
        use.text: use.resolution.code
        for one in mapped.answers
        if one.coded.component_id == component_id
        for use in one.uses
        if use.resolution.outcome is Outcome.CODED and use.resolution.code and use.text
    }


def _transformed(texts: Sequence[str], rule: ComponentRule, mapped: Mapped) -> dict[str, str]:
    """What ``strip``, ``extract`` and ``case`` leave of texts."""
    values = ", ".join(f"({literal(text)})" for text in texts)
    query = f"SELECT t, coalesce({sql.transformed('t', rule)}, '') FROM (VALUES {values}) AS given(t)"
    return dict(mapped.rows.connection.execute(query).fetchall())
