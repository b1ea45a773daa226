"""Cells of several values or languages (``model.cells``): what holds for each text in them, and for the cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sdmx_hub.formats.read_cells import TAG
from sdmx_hub.model.cells import ITEM, LANGUAGE, TEXT
from sdmx_hub.model.rows import literal
from sdmx_hub.model.structure import Component

CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F]"
"""Characters that XML cannot carry."""
TEXT_OF_CELL = "x"
"""What a condition calls one text of a cell."""


def each_text(cell: str, condition: str) -> str:
    """Write SQL: some text of the cell meets a condition on ``TEXT_OF_CELL``."""
    parted = f"string_split(translate({cell}, {literal(TEXT)}, {literal(ITEM)}), {literal(ITEM)})"
    texts = f"list_transform({parted}, lambda t: split_part(t, {literal(LANGUAGE)}, -1))"
    return f"len(list_filter({texts}, lambda {TEXT_OF_CELL}: {condition})) > 0"


def shown_sql(cell: str) -> str:
    """Write SQL for a cell as people read it: ``A; B``, ``en:Value; fr:Valeur``."""
    parted = f"replace(translate({cell}, {literal(TEXT)}, {literal(ITEM)}), {literal(ITEM)}, '; ')"
    return f"regexp_replace(replace({parted}, {literal(LANGUAGE)}, ':'), {literal(CONTROL)}, '·', 'g')"


def cell_conditions(component: Component, cell: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a cell as a whole: SQL conditions, each with what is expected instead."""
    representation = component.representation
    items = f"string_split({cell}, {literal(ITEM)})"
    most, fewest = representation.max_occurs, representation.min_occurs
    if most is not None and most > 1:
        yield f"len({items}) > {most}", f"maxOccurs {most}"
    if fewest > 1:
        yield f"len({items}) < {fewest}", f"minOccurs {fewest}"
    if representation.is_multilingual:
        yield _some(items, _badly_tagged), "language:text"
        yield _some(items, _twice), "one text a language"


def _some(items: str, test: Callable[[str], str]) -> str:
    texts = f"string_split(v, {literal(TEXT)})"
    return f"len(list_filter({items}, lambda v: contains(v, {literal(LANGUAGE)}) AND {test(texts)})) > 0"


def _badly_tagged(texts: str) -> str:
    pattern = literal(f"(?s){TAG}{LANGUAGE}.*")
    return f"len(list_filter({texts}, lambda t: NOT regexp_full_match(t, {pattern}))) > 0"


def _twice(texts: str) -> str:
    tags = f"list_transform({texts}, lambda t: lower(split_part(t, {literal(LANGUAGE)}, 1)))"
    return f"len(list_distinct({tags})) < len({tags})"
