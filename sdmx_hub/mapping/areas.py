"""Areas by code or name: what a country may be called, and which names mean more than one.

Names in three languages, ISO 3166-1 alpha-2 and UN M49 codes come from the codelist itself; ``areas.csv`` (alias,
language, code) adds further names, words of nationality and codes in use. An alias that stands there with several codes
is ambiguous: it is an error that lists them, and the mapping's own ``codes`` has to say which is meant. Names that mean
an area for a part of the time only stand in ``areas_dated.csv``, with the first and the last day.
"""

from __future__ import annotations

import csv
import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from importlib import resources

from sdmx_hub.language import LANGUAGES
from sdmx_hub.mapping.declared import DatedCode
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.artefact import Artefact, Document, texts

CODINGS = ("iso3", "iso2", "m49", *LANGUAGES)


class AreaIndex:
    """Finds areas of one codelist by code or name."""

    def __init__(self, codelist: Artefact) -> None:
        self._codes: dict[str, dict[str, set[str]]] = {coding: defaultdict(set) for coding in CODINGS}
        self.names: dict[str, Mapping[str, str]] = {}
        self._dated: dict[str, dict[str, list[DatedCode]]] = {coding: {} for coding in CODINGS}
        for item in codelist.items:
            self._add(item)
        for alias, coding, dated in _dated_aliases():
            if dated.code in self.names:
                self._dated[coding].setdefault(_key(alias, coding), []).append(dated)
        for alias, coding, code in read_aliases():
            if code in self.names and coding in self._codes:
                self._codes[coding][_key(alias, coding)].add(code)

    def _add(self, item: Document) -> None:
        code = item["id"]
        self.names[code] = texts(item, "name")
        self._codes["iso3"][code].add(code)
        for annotation in item.get("annotations", ()):
            coding = str(annotation.get("type", "")).lower()
            if coding in {"iso2", "m49"} and annotation.get("title"):
                self._codes[coding][_key(annotation["title"], coding)].add(code)
        for language in LANGUAGES:
            name = self.names[code].get(language)
            if name:
                self._codes[language][fold(name)].add(code)

    def find(self, text: str, codings: Iterable[str]) -> tuple[str, ...]:
        """Give the areas ``text`` may mean in the first coding that knows it; several mean it is ambiguous."""
        for coding in codings:
            found = self._codes[coding].get(_key(text, coding))
            if found:
                return tuple(sorted(found))
        return ()

    def dated(self, text: str, codings: Iterable[str]) -> tuple[DatedCode, ...]:
        """Give the areas ``text`` means for a part of the time only, in the first coding that knows it so."""
        for coding in codings:
            found = self._dated[coding].get(_key(text, coding))
            if found:
                return tuple(found)
        return ()

    def nearest(self, text: str, codings: Iterable[str]) -> tuple[str, str] | None:
        """Give the name most like ``text`` and its area, for a suggestion."""
        wanted = [coding for coding in codings if coding in LANGUAGES] or list(LANGUAGES)
        words = {name: codes for coding in wanted for name, codes in self._codes[coding].items()}
        near = difflib.get_close_matches(fold(text), words, n=1, cutoff=0.75)
        if not near:
            return None
        code = min(words[near[0]])
        return self.names[code].get(wanted[0], code), code


def _key(text: str, coding: str) -> str:
    if coding in LANGUAGES:
        return fold(text)
    if coding == "m49":
        return text.lstrip("0") or "0"
    return text.upper() if coding == "iso2" else text


def read_aliases() -> Iterable[tuple[str, str, str]]:
    """Read the further names of areas: alias, language or coding, code."""
    text = (resources.files(__package__) / "areas.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        yield row["alias"], row["language"], row["code"]


def _dated_aliases() -> Iterable[tuple[str, str, DatedCode]]:
    text = (resources.files(__package__) / "areas_dated.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        dated = DatedCode(code=row["code"], valid_from=row["valid_from"] or None, valid_to=row["valid_to"] or None)
        yield row["alias"], row["language"], dated
