"""Codes known by other ids: ISO 3166 and UN M49 for areas, ISCO-08, ISIC Rev. 4 and ISCED 2011 with their prefixes.

A detailed code stands for the nearest code above it that the codelist has: 9211 is OC9 where only the ten major groups
are listed. The detailed lists are those of SDMX, when the hub holds them; without them the digits alone decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sdmx_hub.mapping.ages import read_band
from sdmx_hub.mapping.areas import read_aliases
from sdmx_hub.mapping.checking import Artefacts
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.urn import Ref, Urn

DETAILED = {
    "OCCUPATION": Urn("Codelist", Ref("SDMX", "CL_OCCUPATION", "1.0")),
    "ACTIVITY": Urn("Codelist", Ref("SDMX", "CL_ACTIVITY_ISIC4", "1.0")),
}
_SECTIONS = (
    ("A", 1, 3), ("B", 5, 9), ("C", 10, 33), ("D", 35, 35), ("E", 36, 39), ("F", 41, 43), ("G", 45, 47), ("H", 49, 53),
    ("I", 55, 56), ("J", 58, 63), ("K", 64, 66), ("L", 68, 68), ("M", 69, 75), ("N", 77, 82), ("O", 84, 84),
    ("P", 85, 85), ("Q", 86, 88), ("R", 90, 93), ("S", 94, 96), ("T", 97, 98), ("U", 99, 99),
)  # fmt: skip
"""ISIC Rev. 4: sections and their divisions, first and last."""
_ISCO = re.compile(r"(?:ISCO|CITP|CIUO)?(?:-?08)?[ _:-]*(?:OC)?([0-9]{1,4})", re.IGNORECASE)
_ISIC = re.compile(r"(?:ISIC4?|CITI|CIIU|NACE|ATECO)?[ _:-]*([A-U])?[ ._-]?([0-9]{1,2})?(?:[0-9.]{0,4})", re.IGNORECASE)
_ISCED = re.compile(r"(?:ISCED|CITE|CINE|ED|L)?[ _]*(?:20)?(?:11)?[ _:-]*([0-8])(?:-([0-8]))?", re.IGNORECASE)


def detailed_list(codelist: Codelist, artefacts: Artefacts) -> Codelist | None:
    """Find the detailed list that a list of main groups is cut from; None when there is none, or it is the list."""
    urn = next((urn for word, urn in DETAILED.items() if word in codelist.ref.id), None)
    if urn is None or artefacts.find(urn) is None:
        return None
    detailed = artefacts.codelist(urn)
    return detailed if len(detailed.codes) > len(codelist.codes) else None


def roll_up(code: str, detailed: Codelist, codelist: Codelist) -> str | None:
    """Give the nearest code at or above ``code`` that ``codelist`` has."""
    at: str | None = code
    while at is not None and at not in codelist.codes:
        found = detailed.codes.get(at)
        at = found.parent if found else None
    return at


def other_ids(codelist: Codelist, artefact: Artefact | None) -> Mapping[str, tuple[str, str]]:
    """Give the ISO 3166-1 alpha-2 and M49 codes an area codelist has as annotations: id → (code, which coding)."""
    found: dict[str, tuple[str, str]] = {}
    for item in artefact.items if artefact else ():
        for annotation in item.get("annotations", ()):
            coding = str(annotation.get("type", "")).upper()
            if coding in {"ISO2", "M49"} and annotation.get("title") and item["id"] in codelist.codes:
                found[str(annotation["title"]).casefold()] = (item["id"], coding)
    if found:
        found |= {
            alias.casefold(): (code, "ISO2")
            for alias, coding, code in read_aliases()
            if coding == "iso2" and code in codelist.codes
        }
    return found


def classified(text: str, codelist: Codelist) -> Iterator[tuple[str, str]]:
    """Read ``text`` as an id of the classification the codelist follows: code and the classification's name."""
    if "OCCUPATION" in codelist.ref.id:
        yield from [("OC" + digits, "ISCO-08") for digits in _prefixes(text) if "OC" + digits in codelist.codes][:1]
    elif "ACTIVITY" in codelist.ref.id:
        yield from [(code, "ISIC Rev. 4") for code in _activities(text) if code in codelist.codes][:1]
    elif "CL_AGE" in codelist.ref.id:
        band = read_band(text)
        if band is not None and band in codelist.codes:
            yield band, "CL_AGE"
    elif "EDUCATION" in codelist.ref.id:
        yield from ((code, "ISCED 2011") for code in _levels(text) if code in codelist.codes)


def _prefixes(text: str) -> Iterator[str]:
    """The longest prefix comes first, and only that is wanted."""
    found = _ISCO.fullmatch(text.strip())
    digits = found[1] if found else ""
    yield from (digits[:length] for length in range(len(digits), 0, -1))


def _activities(text: str) -> Iterator[str]:
    found = _ISIC.fullmatch(text.strip())
    if not found or not text.strip():
        return
    letter, digits = (found[1] or "").upper(), (found[2] or "").zfill(2) if found[2] else ""
    section = next((name for name, first, last in _SECTIONS if digits and first <= int(digits) <= last), None)
    if section and letter in {"", section}:
        yield from (section + digits, section)
    elif letter and not digits:
        yield letter


def _levels(text: str) -> Iterator[str]:
    found = _ISCED.fullmatch(text.strip())
    if not found:
        return
    first, last = int(found[1]), int(found[2] or found[1])
    if (first, last) == (5, 8):
        yield "EDU_ADV"
    elif (first, last) == (3, 4):
        yield "EDU_INT"
    elif last - first <= 3:
        yield from (f"ISCED11_{level}" for level in range(first, last + 1))
