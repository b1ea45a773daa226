"""Every text a code is known by: its names, names of areas in further languages, words offices use, and other ids.

Names of areas in Italian, Portuguese, Arabic and German come from CLDR by way of Babel; ``vocabulary.csv`` (codelist,
code, language, text) holds words offices use for sex, reasons, education, occupations and activities, ``*`` standing
for every codelist.
"""

from __future__ import annotations

import csv
import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources

from babel import Locale

from sdmx_hub.mapping.areas import read_aliases
from sdmx_hub.mapping.checking import Artefacts
from sdmx_hub.mapping.crosswalk import detailed_list, other_ids, roll_up
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.urn import Urn

CLDR_LANGUAGES = ("en", "fr", "es", "it", "pt", "ar", "de")


class Origin(enum.StrEnum):
    """Where a text comes from, the most telling first; also the reason told with a suggestion."""

    ID = "id"
    NAME = "name"
    CROSSWALK = "crosswalk"
    ALIAS = "alias"
    WORD = "word"
    CONFIRMED = "confirmed"
    DETAILED = "detailed"
    SPELLING = "spelling"


@dataclass(frozen=True, kw_only=True)
class Named:
    """A text that means a code: in which language (None: any), and where that is said."""

    code: str
    text: str
    origin: Origin
    language: str | None = None
    provider: str | None = None


def code_names(codelist: Codelist, artefacts: Artefacts) -> Iterator[Named]:
    """Give every text the codes of ``codelist`` are known by, more than once where several sources say it."""
    for code in codelist.codes.values():
        for language, name in code.names.items():
            yield Named(code=code.id, text=name, origin=Origin.NAME, language=language)
    yield from _area_names(codelist, artefacts)
    yield from _vocabulary(codelist)
    yield from _detailed(codelist, artefacts)


def _area_names(codelist: Codelist, artefacts: Artefacts) -> Iterator[Named]:
    by_id = other_ids(codelist, artefacts.find(Urn("Codelist", codelist.ref)))
    alpha2 = {known.upper(): code for known, (code, coding) in by_id.items() if coding == "ISO2"}
    if not alpha2:
        return
    for alias, language, code in read_aliases():
        if code in codelist.codes and len(language) == 2:
            yield Named(code=code, text=alias, origin=Origin.ALIAS, language=language)
    for language in CLDR_LANGUAGES:
        for territory, name in Locale(language).territories.items():
            if territory in alpha2:
                yield Named(code=alpha2[territory], text=name, origin=Origin.ALIAS, language=language)


def _vocabulary(codelist: Codelist) -> Iterator[Named]:
    wanted = {"*", codelist.ref.id, next((word for word in _LISTS if word in codelist.ref.id), "")}
    for row in _read_vocabulary():
        if row["codelist"] in wanted and row["code"] in codelist.codes:
            origin = Origin.ALIAS if row["codelist"] in _ONE_MEANING else Origin.WORD
            yield Named(code=row["code"], text=row["text"], origin=origin, language=row["language"])


_ONE_MEANING = {"*", "CL_AREA", "CL_SEX"}
_LISTS = ("CL_AREA", "CL_SEX", "CL_OCCUPATION", "CL_ACTIVITY", "CL_EDUCATION_LEV")


def _detailed(codelist: Codelist, artefacts: Artefacts) -> Iterator[Named]:
    detailed = detailed_list(codelist, artefacts)
    for code in detailed.codes.values() if detailed else ():
        main = roll_up(code.id, detailed, codelist) if detailed else None
        if main is not None and main != code.id:
            for language, name in code.names.items():
                yield Named(code=main, text=name, origin=Origin.DETAILED, language=language)


def _read_vocabulary() -> Iterable[dict[str, str]]:
    text = (resources.files(__package__) / "vocabulary.csv").read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def is_foreign(folded: str, language: str | None, named: Named) -> bool:
    """Tell whether a word as short as ``H`` or ``M`` means this in another language only."""
    return len(folded) <= 2 and language is not None and named.language not in {None, language}
