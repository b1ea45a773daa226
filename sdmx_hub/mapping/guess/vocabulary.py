"""The words a table may use, in three languages: data files beside this module, one line a meaning.

``headings.csv`` says which component a heading names, ``words.csv`` which code a text is, ``tokens.csv`` what stands in
place of a number, ``indicators.csv`` which words of a title tell an indicator, ``sources.csv`` where figures of an
indicator usually come from. Words are compared folded (``mapping.words``).
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from sdmx_hub.mapping.words import fold

ANY = "*"
"""Words that may stand in any component."""


@dataclass(frozen=True)
class HeadingWord:
    """What a heading names: a component and, of a partner area, the type of partner."""

    component_id: str
    code: str


@functools.cache
def headings() -> Mapping[str, tuple[HeadingWord, ...]]:
    """Headings, folded, and what each may name."""
    found: dict[str, tuple[HeadingWord, ...]] = {}
    for row in _rows("headings.csv"):
        for word in _words(row["words"]):
            found[word] = (*found.get(word, ()), HeadingWord(row["component"], row["code"]))
    return found


@functools.cache
def words(component_id: str) -> Mapping[str, str]:
    """Texts, folded, and the code each is in a component; those that may stand in any component included."""
    listed = "COUNTERPART_AREA" if component_id == "REF_AREA" else component_id
    general = {} if listed == "COUNTERPART_AREA" else _words_of(ANY)
    return general | _words_of(listed)


def _words_of(component_id: str) -> dict[str, str]:
    return {
        word: row["code"]
        for row in _rows("words.csv")
        if row["component"] == component_id
        for word in _words(row["words"])
    }


@functools.cache
def sex_ages() -> Mapping[str, str]:
    """Words for a sex that tell, beside words for the other ages, an age too."""
    return _words_of("SEX+AGE")


@functools.cache
def totals() -> frozenset[str]:
    """Texts that mean a total in any table, folded."""
    return frozenset(word for word, code in _words_of(ANY).items() if code == "_T") | {"both sexes", "world"}


@functools.cache
def tokens() -> Mapping[str, tuple[str, bool]]:
    """Texts in place of a number, in small letters: what each means, and whether that is sure."""
    return {row["token"]: (row["meaning"], row["sure"] == "yes") for row in _rows("tokens.csv")}


@functools.cache
def indicators() -> Mapping[str, tuple[str, ...]]:
    """Indicators, and the words, folded, that tell them."""
    return {row["indicator"]: tuple(_words(row["words"])) for row in _rows("indicators.csv")}


@functools.cache
def sources() -> tuple[tuple[str, bool, str], ...]:
    """Beginnings of indicators, whether the line holds for compilers of many countries only, and the usual source."""
    return tuple((row["indicator"], row["providers"] == "compiler", row["code"]) for row in _rows("sources.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files(__package__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _words(text: str) -> list[str]:
    return [fold(word) for word in text.split("|")]
