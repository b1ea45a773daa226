"""Cells that hold more than one text: arrays, and texts in several languages.

Rows have one text a cell. A component whose representation allows several values (SDMX 3.0 §5, ``maxOccurs``) or
several languages (``isMultiLingual``) keeps them in that one text, parted by control characters that no value can
hold, because no format can carry them. A component that allows neither keeps its text as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ITEM = "\x1d"
"""Parts the values of an array."""
TEXT = "\x1f"
"""Parts the languages of one value."""
LANGUAGE = "\x1e"
"""Parts a language tag from its text."""

Value = str | Mapping[str, str]
"""One value: a plain text, or texts by language tag."""


def write_cell(values: Sequence[Value]) -> str:
    """Make the text of a cell from its values, in their order.

    >>> write_cell(["A", "B"]) == "A" + ITEM + "B"
    True
    """
    return ITEM.join(value if isinstance(value, str) else _texts(value) for value in values)


def _texts(value: Mapping[str, str]) -> str:
    return TEXT.join(language + LANGUAGE + text for language, text in value.items())


def read_cell(cell: str) -> tuple[Value, ...]:
    """Read the values of a cell; the inverse of ``write_cell``."""
    return tuple(_value(item) for item in cell.split(ITEM))


def _value(item: str) -> Value:
    if LANGUAGE not in item:
        return item
    parted = (text.partition(LANGUAGE) for text in item.split(TEXT))
    return {language: text for language, _, text in parted}
