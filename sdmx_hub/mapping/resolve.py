"""Texts become codes: each distinct text of a column is looked up once, in the order the documentation gives.

First the mapping's own ``codes`` (the text as it stands, then as ``strip``, ``extract`` and ``case`` leave it), then
its representation map, areas, age bands or time pattern. A text that none of them knows stays unmapped; where there is
no look-up at all, the text is the code. What comes out must be a code of the component's list.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.mapping.ages import BAND, read_band
from sdmx_hub.mapping.areas import AreaIndex
from sdmx_hub.mapping.dates import read_date
from sdmx_hub.mapping.declared import DatedCode
from sdmx_hub.mapping.rules import SKIP, ComponentRule
from sdmx_hub.mapping.times import read_time
from sdmx_hub.mapping.value_rules import find_rule, parted
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import Codelist


class Outcome(enum.StrEnum):
    """How a text fared; every one but CODED, EMPTY and SKIPPED rejects its rows, and is told by the finding named."""

    CODED = "coded"
    EMPTY = "empty"
    SKIPPED = "skipped"
    UNMAPPED = "M06-UNMAPPED"
    NOT_IN_LIST = "M06-NOT-IN-LIST"
    AREA_UNKNOWN = "AREA-UNKNOWN"
    AREA_AMBIGUOUS = "AREA-AMBIG"
    AGE_BAND = "AGE-BAND"
    AGE_UNKNOWN = "AGE-PARSE"
    TIME_UNKNOWN = "TIME-PARSE"
    NOT_VALID = "M22-NOT-VALID"
    MAPPING_WRONG = "MAP-CODE"


UNALLOCATED = "W19"
"""Rest of the world, not allocated: what part of it a figure stands for has to be told (OBS_STATUS W)."""
GOOD = frozenset({Outcome.CODED, Outcome.EMPTY})


@dataclass(frozen=True)
class Resolution:
    """What became of one text: its code where there is one, and the codes it might have meant.

    ``status`` and ``comment`` are what the code itself tells of the observation, ``split`` is the text whose weights
    divide its value among several codes, ``period`` the time for which no code holds.
    """

    outcome: Outcome
    code: str | None = None
    candidates: tuple[str, ...] = ()
    band: str | None = None
    status: str | None = None
    comment: str | None = None
    split: str | None = None
    period: str | None = None


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """Everything that turns the texts of one component into codes. ``codelist`` is None for an uncoded component."""

    component_id: str
    rule: ComponentRule
    codelist: Codelist | None = None
    areas: AreaIndex | None = None
    mapped: Mapping[str, str] = field(default_factory=dict)
    may_be_empty: bool = False
    language: str = "en"

    def is_dated(self, texts: Iterable[str]) -> bool:
        """Tell whether the code of any of some texts depends on the period."""
        if self.rule.dated or any(rule.is_dated for rule in self.rule.rules):
            return True
        return bool(self.areas and self.rule.areas) and any(self._dated_areas(text) for text in texts)

    def _dated_areas(self, text: str) -> Sequence[DatedCode]:
        return self.areas.dated(text, self.rule.areas) if self.areas else ()

    def resolve(self, text: str, transformed: str, period: str = "") -> Resolution:
        """Look one text up: ``text`` as the file has it, ``transformed`` as the rule makes it, blanks evened out.

        ``period`` is the time of the observation, for codes that hold for a time.
        """
        for known in (text, transformed):
            if known in self.rule.splits:
                return self._split(known)
            if known in self.rule.groups:
                return self._group(known)
            if known in self.rule.dated:
                return self._at(transformed, self.rule.dated[known], period)
        return self._undated(text, transformed, period)

    def _split(self, text: str) -> Resolution:
        weights = self.rule.splits[text]
        comment = sentence("mapping-split", self.language, value=text, weights=weights.shown)
        known = self.codelist is None or weights.weights.keys() <= self.codelist.codes.keys()
        outcome = Outcome.CODED if known else Outcome.MAPPING_WRONG
        return Resolution(outcome, code=next(iter(weights.weights), None), comment=comment, split=text)

    def _group(self, text: str) -> Resolution:
        group = self.rule.groups[text]
        comment = sentence("mapping-group", self.language, value=text, members=group.shown)
        known = self.codelist is None or group.code in self.codelist.codes
        status = "W" if group.code == UNALLOCATED else None
        return Resolution(
            Outcome.CODED if known else Outcome.MAPPING_WRONG, code=group.code, status=status, comment=comment
        )

    def _at(self, text: str, codes: Sequence[DatedCode], period: str) -> Resolution:
        """The code that holds for a period."""
        code = next((one.code for one in codes if one.holds(period)), None)
        if code is None:
            shown = tuple(one.shown for one in codes)
            return Resolution(Outcome.NOT_VALID, candidates=shown, period=period)
        return self._told(text, code)

    def _undated(self, text: str, transformed: str, period: str) -> Resolution:
        code = self.rule.codes.get(text, self.rule.codes.get(transformed))
        if code is not None:
            return self._told(transformed, code)
        by_rule = self._by_rules(transformed, period)
        if by_rule is not None:
            return by_rule
        if not transformed and self.may_be_empty:
            return Resolution(Outcome.EMPTY)
        found = self.mapped.get(transformed)
        if found is not None:
            return self._checked(found)
        dated = self._dated_areas(transformed) if self.rule.areas else ()
        return self._at(transformed, dated, period) if dated else self._by_kind(transformed, period)

    def _told(self, text: str, code: str) -> Resolution:
        """What a table says of a text: a code, to leave its rows out, or nothing."""
        if code == SKIP:
            return Resolution(Outcome.SKIPPED)
        return Resolution(Outcome.EMPTY) if code == "" and self.may_be_empty else self._declared(text, code)

    def _declared(self, text: str, code: str) -> Resolution:
        """A code the mapping itself gives: a band must be the band of the text, and the code must exist."""
        band = read_band(text) if self._is_age and BAND.fullmatch(code) else None
        if band is not None and band != code:
            return Resolution(Outcome.AGE_BAND, code=code, band=band)
        known = self.codelist is None or code in self.codelist.codes
        return Resolution(Outcome.CODED if known else Outcome.MAPPING_WRONG, code=code)

    @property
    def _is_age(self) -> bool:
        return self.rule.age or self.component_id == "AGE"

    def _by_rules(self, text: str, period: str) -> Resolution | None:
        """The code of the first rule that fits; None where none does."""
        if not self.rule.rules:
            return None
        texts = parted(text, len(self.rule.columns))
        found = find_rule(self.rule.rules, texts, period)
        if found is None:
            return None
        code = found.made(texts)
        if code is None:
            code = "" if self.may_be_empty else SKIP
        return self._told(text, code) if found.is_literal or not code else self._checked(code)

    def _by_kind(self, text: str, beside: str) -> Resolution:
        rule = self.rule
        if rule.areas:
            return self._area(text)
        if rule.date:
            period = read_date(text, rule.date, beside)
            return Resolution(Outcome.CODED, period) if period else Resolution(Outcome.TIME_UNKNOWN)
        if rule.age:
            band = read_band(text)
            return self._checked(band) if band else Resolution(Outcome.AGE_UNKNOWN)
        if rule.time:
            period = read_time(text, rule.time)
            return Resolution(Outcome.CODED, period) if period else Resolution(Outcome.TIME_UNKNOWN)
        if rule.is_lookup:
            return Resolution(Outcome.UNMAPPED)
        return self._checked(rule.prefix + text)

    def _area(self, text: str) -> Resolution:
        found = self.areas.find(text, self.rule.areas) if self.areas else ()
        if len(found) == 1:
            return self._checked(found[0])
        return Resolution(Outcome.AREA_AMBIGUOUS if found else Outcome.AREA_UNKNOWN, candidates=found)

    def _checked(self, code: str) -> Resolution:
        if self.codelist is None or code in self.codelist.codes:
            return Resolution(Outcome.CODED, code)
        return Resolution(Outcome.NOT_IN_LIST if self.rule.is_lookup else Outcome.UNMAPPED, code=code)

    def suggest(self, text: str, resolution: Resolution, language: str) -> str | None:
        """Say, in ``language``, what the text may mean. It is text for a person and never applied."""
        if resolution.outcome is Outcome.AREA_AMBIGUOUS:
            return sentence("suggest-area-codes", language, value=text, code=resolution.candidates[0])
        if resolution.outcome is Outcome.AREA_UNKNOWN and self.areas and set(self.rule.areas) & set(LANGUAGES):
            near = self.areas.nearest(text, self.rule.areas)
            return sentence("suggest-area", language, name=near[0], code=near[1]) if near else None
        if resolution.outcome is Outcome.UNMAPPED:
            return self._suggest_code(text, language)
        return None

    def _suggest_code(self, text: str, language: str) -> str | None:
        near = difflib.get_close_matches(text, list(self.rule.codes), n=1, cutoff=0.75)
        if near:
            return sentence("suggest-code", language, name=near[0], code=self.rule.codes[near[0]])
        names = (
            {fold(code.names.get(language, code.id)): code for code in self.codelist.codes.values()}
            if self.codelist
            else {}
        )
        alike = difflib.get_close_matches(fold(text), list(names), n=1, cutoff=0.75)
        if not alike:
            return None
        code = names[alike[0]]
        return sentence("suggest-code", language, name=code.names.get(language, code.id), code=code.id)


def read_representation_map(artefact: Artefact) -> Mapping[str, str]:
    """Read a map of one source to one target as text → code (SDMX 3.1, RepresentationMap)."""
    pairs: dict[str, str] = {}
    for entry in artefact.document.get("representationMappings", ()):
        sources, targets = entry.get("sourceValues", ()), entry.get("targetValues", ())
        if len(sources) == len(targets) == 1:
            pairs[_plain(sources[0])] = _plain(targets[0])
    return pairs


def _plain(value: str | Mapping[str, str]) -> str:
    return value if isinstance(value, str) else str(value["value"])


def known_codes(codes: Iterable[str], most: int = 12) -> str:
    """List codes for a message, the first of many."""
    listed = list(codes)
    return ", ".join(listed[:most]) + (" …" if len(listed) > most else "")
