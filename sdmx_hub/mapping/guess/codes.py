"""Which codes the texts of a column are: exact ids, names in any language, words of the vocabulary, areas, age bands.

A text gets a code only where one code and no other fits. What several fit, or none, is ``unsure`` and keeps its
alternatives for a person to choose from.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sdmx_hub.language import LANGUAGES
from sdmx_hub.mapping.ages import read_band
from sdmx_hub.mapping.areas import CODINGS, AreaIndex
from sdmx_hub.mapping.checking import Artefacts, codelist_of
from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.lookups import AREAS
from sdmx_hub.mapping.naming import Origin
from sdmx_hub.mapping.suggest import SURE, Confirmation, Suggestion, suggest
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.structure import DataStructure

MOST_TEXTS = 20_000
"""Distinct texts of one column looked up."""
MOST_SUGGESTED = 500
MOST_ALTERNATIVES = 60
"""Unsure texts for which alternatives are looked for: comparing spellings takes its time."""
_PREFIX = re.compile(r"^[A-Za-z][A-Za-z_]*[_:./-]")
MARKS = r"\s*(?:[*†‡]+|\([0-9a-z]\))$"
"""Footnote marks behind a name."""


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How the texts of one column become codes of one component, and which do not.

    ``resolved`` are all texts that have a code, ``codes`` those the mapping must list, ``eliminated`` those that could
    mean several areas all but one of which other texts name; ``unsure`` are left out, each with what it might be;
    ``proven`` are totals that only the figures tell.
    """

    component_id: str
    texts: int
    resolved: Mapping[str, str]
    codes: Mapping[str, str] = field(default_factory=dict)
    areas: tuple[str, ...] = ()
    age: bool = False
    strip: str | None = None
    case: str | None = None
    eliminated: Mapping[str, str] = field(default_factory=dict)
    unsure: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    proven: Mapping[str, str] = field(default_factory=dict)

    @property
    def share(self) -> float:
        """Share of the texts that have a code."""
        return len(self.resolved) / self.texts if self.texts else 0.0

    @property
    def is_plain(self) -> bool:
        """Tell whether the texts are the codes themselves."""
        return not (self.codes or self.areas or self.age or self.strip or self.case)


class Coder:
    """Finds codes of the components of one structure. What it has looked up it remembers.

    What ``provider`` itself ``confirmed`` for a text holds; what others did is only an alternative.
    """

    def __init__(
        self,
        structure: DataStructure,
        artefacts: Artefacts,
        *,
        confirmed: Iterable[Confirmation] = (),
        provider: str | None = None,
    ) -> None:
        self.artefacts = artefacts
        self.confirmed = tuple(confirmed)
        self.provider = provider
        self.codelists: dict[str, Codelist] = {}
        for component in structure.components.values():
            codelist = codelist_of(component, artefacts)
            if codelist is not None:
                self.codelists[component.id] = codelist
        areas = artefacts.find(AREAS)
        self.areas = AreaIndex(areas) if areas else None
        self._names: dict[str, Mapping[str, str]] = {}
        self._decided: dict[str, Mapping[str, str]] = {}
        self._found: dict[tuple[str, frozenset[str]], Coding] = {}

    def is_area(self, component_id: str) -> bool:
        """Tell whether the codes of a component are areas."""
        codelist = self.codelists.get(component_id)
        return self.areas is not None and codelist is not None and codelist.ref == AREAS.ref

    def guess(self, component_id: str, texts: Iterable[str]) -> Coding:
        """Look up the distinct texts of a column."""
        wanted = tuple(dict.fromkeys(text for text in texts if text))[:MOST_TEXTS]
        key = (component_id, frozenset(wanted))
        if key not in self._found:
            self._found[key] = self._guess(component_id, wanted)
        return self._found[key]

    def _guess(self, component_id: str, texts: Sequence[str]) -> Coding:
        if self.is_area(component_id):
            return self._areas(component_id, texts)
        return self._coded(component_id, texts)

    def suggested(self, component_id: str, texts: Sequence[str]) -> Mapping[str, tuple[Suggestion, ...]]:
        """What the texts may mean, best first."""
        codelist = self.codelists.get(component_id)
        if codelist is None or not texts:
            return {}
        return suggest(
            texts,
            codelist,
            component=component_id,
            language=None,
            artefacts=self.artefacts,
            confirmed=self.confirmed,
            provider=self.provider,
            most=3,
        )

    def decided(self, component_id: str) -> Mapping[str, str]:
        """The texts, folded, to which the office itself gave one code of a component."""
        if component_id not in self._decided:
            codelist = self.codelists[component_id]
            key, found = f"{codelist.ref.agency_id}:{codelist.ref.id}", defaultdict(set)
            for one in self.confirmed:
                if (
                    one.codelist == key
                    and one.provider == self.provider
                    and one.accepted
                    and one.code in codelist.codes
                ):
                    found[fold(one.text)].add(one.code)
            self._decided[component_id] = {text: min(codes) for text, codes in found.items() if len(codes) == 1}
        return self._decided[component_id]

    def improved(self, coding: Coding) -> Coding:
        """Give codes to the unsure texts that the office decided, or that are a known name of one code and no other."""
        if coding.component_id not in self.codelists or coding.age:
            return coding
        short = {
            text: _changed(text, coding.strip, coding.case)
            for text in list(coding.unsure)[:MOST_SUGGESTED]
            if not coding.unsure[text] and not self._is_world(coding.component_id, text)
        }
        found = self.suggested(coding.component_id, tuple(short.values()))
        named = {text: best[0].code for text, word in short.items() if (best := found.get(word, ())) and _is_name(best)}
        decided = self.decided(coding.component_id)
        by_office = {
            text: decided[fold(text)] for text in (*coding.unsure, *coding.eliminated) if fold(text) in decided
        }
        named |= by_office
        if not named:
            return coding
        return replace(
            coding,
            resolved={**coding.resolved, **named},
            codes={**coding.codes, **named},
            unsure={text: codes for text, codes in coding.unsure.items() if text not in named},
            eliminated={text: code for text, code in coding.eliminated.items() if text not in by_office},
        )

    def _is_world(self, component_id: str, text: str) -> bool:
        """Tell whether a text is a total over areas, which may hold the reference area or not."""
        return self.is_area(component_id) and bool(vocabulary.totals() & set(fold(text).split()))

    def names(self, component_id: str) -> Mapping[str, str]:
        """Names of the codes in all languages, folded, that only one code has, and the words of the vocabulary."""
        if component_id not in self._names:
            found: dict[str, set[str]] = defaultdict(set)
            codes = self.codelists[component_id].codes
            for code in codes.values():
                for name in code.names.values():
                    found[fold(name)].add(code.id)
            named = {name: min(ids) for name, ids in found.items() if len(ids) == 1 and name}
            words = {word: code for word, code in vocabulary.words(component_id).items() if code in codes}
            self._names[component_id] = named | words
        return self._names[component_id]

    def _coded(self, component_id: str, texts: Sequence[str]) -> Coding:
        codes = self.codelists[component_id].codes
        exact = {text: text for text in texts if text in codes}
        if len(exact) == len(texts):
            return Coding(component_id=component_id, texts=len(texts), resolved=exact)
        names = self.names(component_id)
        named = {text: names[fold(text)] for text in texts if text not in exact and fold(text) in names}
        bands = {}
        if component_id == "AGE":
            read = {text: read_band(text) for text in texts if text not in exact and text not in named}
            bands = {text: band for text, band in read.items() if band in codes and band is not None}
        resolved = exact | named | bands
        return Coding(
            component_id=component_id,
            texts=len(texts),
            resolved=resolved,
            codes=exact | named,
            age=bool(bands),
            unsure={text: () for text in texts if text not in resolved},
        )

    def _areas(self, component_id: str, texts: Sequence[str]) -> Coding:
        best = self._areas_as(component_id, texts, None, None)
        for strip, case in _transformations(texts):
            if best.share > 0.97:
                break
            tried = self._areas_as(component_id, texts, strip, case)
            best = tried if tried.share > best.share else best
        return best

    def _areas_as(self, component_id: str, texts: Sequence[str], strip: str | None, case: str | None) -> Coding:
        if self.areas is None:
            raise LookupError(component_id)
        changed = {text: _changed(text, strip, case) for text in texts}
        codings = self._codings(list(changed.values()))
        found = {text: self.areas.find(short, codings) for text, short in changed.items()}
        clear = {text: codes[0] for text, codes in found.items() if len(codes) == 1}
        listed = self._listed(component_id, [text for text in texts if text not in clear], changed)
        claimed = set(clear.values()) | set(listed.values())
        eliminated = {
            text: left[0]
            for text, codes in found.items()
            if len(codes) > 1 and len(left := [code for code in codes if code not in claimed]) == 1
        }
        resolved = clear | eliminated | listed
        return Coding(
            component_id=component_id,
            texts=len(texts),
            resolved=resolved,
            codes=listed | eliminated,
            areas=codings,
            strip=strip,
            case=case,
            eliminated=eliminated,
            unsure={text: tuple(found[text]) for text in texts if text not in resolved},
        )

    def _listed(self, component_id: str, texts: Iterable[str], changed: Mapping[str, str]) -> dict[str, str]:
        """Texts that name no country: groups, residuals and the unknown, by id or by words."""
        codes, words = self.codelists[component_id].codes, vocabulary.words("COUNTERPART_AREA")
        listed = {}
        for text in texts:
            code = text if text in codes else words.get(fold(changed[text]))
            if code in codes and code is not None:
                listed[text] = code
        return listed

    def _codings(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The coding most texts are in, and every language that knows some more."""
        if self.areas is None:
            return ()
        hits = {coding: {text for text in texts if self.areas.find(text, (coding,))} for coding in CODINGS}
        first = max(CODINGS, key=lambda coding: (len(hits[coding]), -CODINGS.index(coding)))
        chosen, known = [first], set(hits[first])
        if first in LANGUAGES:
            for coding in sorted(LANGUAGES, key=lambda coding: -len(hits[coding])):
                if coding != first and len(hits[coding] - known) > 0:
                    chosen.append(coding)
                    known |= hits[coding]
        return tuple(chosen) if hits[first] else ()


def _is_name(found: Sequence[Suggestion]) -> bool:
    """Tell whether the first suggestion is a name of its code and of no other."""
    first = found[0]
    return first.score >= SURE and not first.ambiguous and first.reason in {Origin.NAME, Origin.ALIAS}


def _transformations(texts: Sequence[str]) -> Iterable[tuple[str | None, str | None]]:
    yield None, "upper"
    if any(re.search(MARKS, text) for text in texts):
        yield MARKS, None
    match = _PREFIX.match(_beginning(texts)) if len(texts) > 1 else None
    if match:
        yield f"^{re.escape(match[0])}", None
        yield f"^{re.escape(match[0])}", "upper"


def _beginning(texts: Sequence[str]) -> str:
    """The signs all texts begin with."""
    first, last = min(texts), max(texts)
    same = (place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(same, min(len(first), len(last)))]


def _changed(text: str, strip: str | None, case: str | None) -> str:
    short = re.sub(strip, "", text).strip() if strip else text
    return short.upper() if case else short
