"""The texts of a table and what a mapping makes of them, for maps that shall know every one of them."""

from __future__ import annotations

from collections.abc import Iterable

from sdmx_hub.mapping.lookups import Answered
from sdmx_hub.mapping.resolve import GOOD, Outcome
from sdmx_hub.mapping.rules import SKIP
from sdmx_hub.mapping.standard.to_maps import Texts


def met_texts(answered: Iterable[Answered]) -> Texts:
    """Give the texts met of each component that mean one thing, whatever the time and the frequency beside them."""
    return {one.coded.component_id: _texts(one) for one in answered if not one.coded.splits}


def _texts(answered: Answered) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    several: set[str] = set()
    for use in answered.uses:
        resolution = use.resolution
        if resolution.outcome not in {*GOOD, Outcome.SKIPPED}:
            continue
        told = SKIP if resolution.outcome is Outcome.SKIPPED else resolution.code
        if found.setdefault(use.text, told) != told:
            several.add(use.text)
    return {text: told for text, told in found.items() if text not in several}
