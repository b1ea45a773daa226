"""Suggests codes for texts that have none: ranked, each with a score and why. Nothing here is ever applied.

A text that is a name, an id or a confirmed text of one code scores highest; what several codes are called scores less,
and all of them are listed; after that come names that share words or are spelt alike. A person decides, with ``map
accept``, and what is decided is suggested to the next office that asks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sdmx_hub.language import sentence
from sdmx_hub.mapping.checking import Artefacts
from sdmx_hub.mapping.crosswalk import classified, other_ids
from sdmx_hub.mapping.likeness import Words
from sdmx_hub.mapping.naming import Named, Origin, code_names, is_foreign
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.urn import Urn

SURE = 0.95
"""From this score on a suggestion is the only exact one: one name, one id, one confirmed text of one code."""
LEAST = 0.4
"""Less than this is not worth a person's time."""
_EXACT = {
    Origin.NAME: 1.0,
    Origin.ID: 0.99,
    Origin.CROSSWALK: 0.97,
    Origin.ALIAS: 0.97,
    Origin.CONFIRMED: 0.96,
    Origin.WORD: 0.93,
    Origin.DETAILED: 0.9,
}
_SEVERAL = 0.85
"""Factor for each of several codes that one text may mean."""
_ALIKE = 0.9
_ALIKE_DETAILED = 0.8
_REFUSED_ELSEWHERE = 0.8
LONGEST = 200
"""Characters of a text that are compared: no name is longer, and a cell may hold a page."""
_PREFIXED = re.compile(r"\s*([A-Za-z]{0,6}[ _-]?[0-9]{1,4}|[A-Z])\s*[-.:)–—]\s*(\S.*)")


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What an office decided about a text of a codelist (``agency:id``): the code it has, or one it has not."""

    codelist: str
    text: str
    code: str
    provider: str
    accepted: bool = True


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A code a text may mean: score from 0 to 1, and the reason with the text, language or offices it rests on."""

    code: str
    score: float
    reason: Origin
    matched: str = ""
    language: str | None = None
    providers: tuple[str, ...] = ()
    ambiguous: bool = False

    def as_json(self, language: str) -> dict[str, object]:
        """Shape the suggestion for JSON."""
        return {
            "code": self.code,
            "score": self.score,
            "reason": str(self.reason),
            "matched": self.matched,
            "language": self.language,
            "providers": list(self.providers),
            "ambiguous": self.ambiguous,
            "text": self.text(language),
        }

    def text(self, language: str) -> str:
        """Say in a person's language why this code is suggested."""
        key = "suggest-why-" + str(self.reason)
        why = sentence(
            key, language, matched=self.matched, language=self.language or "", providers=", ".join(self.providers)
        )
        return sentence("suggest-why-several", language, why=why) if self.ambiguous else why


def suggest(
    texts: Sequence[str],
    codelist: Codelist,
    *,
    component: str,
    language: str | None,
    artefacts: Artefacts,
    confirmed: Iterable[Confirmation] = (),
    provider: str | None = None,
    most: int = 5,
) -> Mapping[str, tuple[Suggestion, ...]]:
    """Rank codes of ``codelist`` for each text of ``component``, best first; a text nothing is like has none.

    ``language`` (of the table, where it is known) decides what short and shared words mean. ``confirmed`` are
    decisions of offices; what ``provider`` itself rejected is not suggested to it again.
    """
    index = _Index(codelist, artefacts, language, tuple(confirmed), provider)
    return {text: index.ranked(text, component)[:most] for text in dict.fromkeys(texts)}


class _Index:
    """All texts known for the codes of one codelist."""

    def __init__(
        self,
        codelist: Codelist,
        artefacts: Artefacts,
        language: str | None,
        confirmed: tuple[Confirmation, ...],
        provider: str | None,
    ) -> None:
        self.codelist = codelist
        self.language = language
        self.provider = provider
        key = f"{codelist.ref.agency_id}:{codelist.ref.id}"
        own = [one for one in confirmed if one.codelist == key and one.code in codelist.codes]
        self.names = list(code_names(codelist, artefacts))
        self.names += [
            Named(code=one.code, text=one.text, origin=Origin.CONFIRMED, provider=one.provider)
            for one in own
            if one.accepted
        ]
        self.rejected: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in own:
            if not one.accepted:
                self.rejected[fold(one.text), one.code].add(one.provider)
        self.words = Words(named.text for named in self.names)
        self.exact: dict[str, list[Named]] = defaultdict(list)
        for named, folded in zip(self.names, self.words.folded, strict=True):
            self.exact[folded].append(named)
        self.ids = {code.casefold(): code for code in codelist.codes}
        self.other_ids = other_ids(codelist, artefacts.find(Urn("Codelist", codelist.ref)))

    def ranked(self, text: str, component: str) -> tuple[Suggestion, ...]:
        """Give every suggestion for one text, best first."""
        best: dict[str, Suggestion] = {}
        read = text[:LONGEST]
        found = [*self._known(read), *self._prefixed(read, component), *self._alike(read)]
        for one in found:
            weighed = self._weighed(text, one)
            if weighed.score >= LEAST and (one.code not in best or weighed.score > best[one.code].score):
                best[one.code] = weighed
        order = {code: position for position, code in enumerate(self.codelist.codes)}
        return tuple(sorted(best.values(), key=lambda one: (-one.score, order[one.code])))

    def _weighed(self, text: str, one: Suggestion) -> Suggestion:
        refused = self.rejected.get((fold(text), one.code), set()) if self.rejected else set()
        factor = 1.0 if not refused else 0.0 if self.provider in refused else _REFUSED_ELSEWHERE
        return replace(one, score=round(one.score * factor, 3))

    def _known(self, text: str) -> Iterator[Suggestion]:
        """What is exactly a name, an id or a confirmed text; lowered where that is more than one code."""
        by_code: dict[str, list[Suggestion]] = defaultdict(list)
        for one in (*self._named(text), *self._identified(text)):
            by_code[one.code].append(one)
        for found in by_code.values():
            yield self._summed(found, several=len(by_code) > 1)

    def _named(self, text: str) -> Iterator[Suggestion]:
        wanted = fold(text)
        for named in self.exact.get(wanted, ()):
            if not is_foreign(wanted, self.language, named):
                yield Suggestion(
                    code=named.code,
                    score=_EXACT[named.origin],
                    reason=named.origin,
                    matched=named.text,
                    language=named.language,
                    providers=(named.provider,) if named.provider else (),
                )

    def _identified(self, text: str) -> Iterator[Suggestion]:
        wanted = text.strip().casefold()
        if wanted in self.ids:
            yield Suggestion(code=self.ids[wanted], score=_EXACT[Origin.ID], reason=Origin.ID, matched=text)
        code, coding = self.other_ids.get(wanted.zfill(3) if wanted.isdigit() else wanted, (None, ""))
        if code is not None:
            # A number without its zeros may as well be a row number.
            score = _EXACT[Origin.CROSSWALK] if len(wanted) == 3 or coding == "ISO2" else 0.75
            yield Suggestion(code=code, score=score, reason=Origin.CROSSWALK, matched=coding)
        for code, coding in classified(text, self.codelist):
            score = 0.9 if wanted.isdigit() else _EXACT[Origin.CROSSWALK]
            yield Suggestion(code=code, score=score, reason=Origin.CROSSWALK, matched=coding)

    def _summed(self, found: Sequence[Suggestion], *, several: bool) -> Suggestion:
        """One suggestion of a code from all that speaks for it; several codes rank by how much that is."""
        first = max(found, key=lambda one: (one.score, one.language == self.language))
        providers = tuple(sorted({name for one in found for name in one.providers}))
        if not several:
            return replace(first, providers=providers)
        weight = 0.02 * len({one.language for one in found if one.language})
        weight += 0.04 * any(one.language == self.language for one in found if one.language)
        weight += 0.03 * min(len(providers), 2)
        score = min(first.score * _SEVERAL + weight, SURE - 0.02)
        return replace(first, score=score, providers=providers, ambiguous=True)

    def _prefixed(self, text: str, component: str) -> Iterator[Suggestion]:
        """``1. Managers``: an id and a name; where both mean one code it is sure."""
        parts = _PREFIXED.fullmatch(text)
        if not parts or component == "TIME_PERIOD":
            return
        ids = {one.code for one in self._identified(parts[1])}
        for one in (*self._known(parts[2]), *self._alike(parts[2])):
            score = min(0.99, one.score + 0.1) if one.code in ids else one.score * 0.95
            yield replace(one, score=score if one.code in ids and one.reason is not Origin.SPELLING else score * 0.95)

    def _alike(self, text: str) -> Iterator[Suggestion]:
        wanted = fold(text)
        for position, likeness in self.words.nearest(wanted).items():
            named = self.names[position]
            factor = _ALIKE_DETAILED if named.origin is Origin.DETAILED else _ALIKE
            if factor * likeness < LEAST - 0.01 or self.words.folded[position] == wanted:
                continue
            if is_foreign(wanted, self.language, named):
                continue
            tie = 0.005 * (named.language == self.language)
            yield Suggestion(
                code=named.code,
                score=min(factor * likeness + tie, SURE - 0.03),
                reason=Origin.SPELLING,
                matched=named.text,
                language=named.language,
                providers=(named.provider,) if named.provider else (),
            )
