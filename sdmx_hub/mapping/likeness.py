"""How like two names are: words that both have, weighed by how telling they are, and the spelling of what is left."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process
from rapidfuzz.distance import JaroWinkler

from sdmx_hub.mapping.words import fold

NEAR = 0.86
"""Two words are taken for spellings of one from this likeness on."""
ONE = 0.9
"""Likeness to a known word from which two words are taken for one written apart."""
WITHIN = 0.75
"""What a name is worth all of whose words stand in a longer text."""
NO_WEIGHT = 0.05
SMALL_WORDS = frozenset(
    [
        "a",
        "ad",
        "al",
        "alla",
        "and",
        "as",
        "au",
        "aux",
        "by",
        "d",
        "da",
        "das",
        "de",
        "degli",
        "dei",
        "del",
        "della",
        "delle",
        "den",
        "der",
        "des",
        "di",
        "die",
        "do",
        "dos",
        "du",
        "e",
        "ed",
        "el",
        "en",
        "et",
        "for",
        "from",
        "i",
        "il",
        "in",
        "into",
        "l",
        "la",
        "las",
        "le",
        "les",
        "lo",
        "los",
        "nel",
        "nella",
        "o",
        "of",
        "on",
        "or",
        "ou",
        "para",
        "per",
        "por",
        "pour",
        "sur",
        "the",
        "to",
        "un",
        "una",
        "une",
        "y",
        "zu",
    ]
)
OF = frozenset({"of", "de", "des", "du", "d", "della", "delle", "dei", "degli", "del", "dell", "di", "da", "dos", "do"})
BEHIND = 0.6
"""What a word behind ``of`` weighs in a text: spouses of workers are family."""
COMMON_WORDS = frozenset(
    [
        "arab",
        "arabe",
        "arabo",
        "bolivarian",
        "country",
        "dem",
        "democratic",
        "democratica",
        "democratique",
        "etat",
        "etats",
        "fed",
        "federacion",
        "federal",
        "federated",
        "federation",
        "federazione",
        "former",
        "governo",
        "ile",
        "iles",
        "is",
        "isla",
        "islamic",
        "islamica",
        "islamico",
        "islamique",
        "islands",
        "island",
        "islas",
        "isola",
        "isole",
        "kingdom",
        "pais",
        "pays",
        "paese",
        "people",
        "peoples",
        "plurinational",
        "popolare",
        "popular",
        "populaire",
        "rep",
        "repub",
        "republic",
        "republica",
        "republik",
        "repubblica",
        "republique",
        "royaume",
        "regno",
        "reino",
        "sar",
        "state",
        "states",
        "stato",
        "stati",
        "territoire",
        "territorio",
        "territory",
        "unione",
        "union",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """A name prepared for comparison: folded, and the weight of each of its words."""

    folded: str
    weights: Mapping[str, float] = field(repr=False)

    @property
    def total(self) -> float:
        """The weight of all its words."""
        return sum(self.weights.values()) or NO_WEIGHT


class Words:
    """The words of many names: which names have a word or one spelt like it, and how telling each word is."""

    def __init__(self, names: Iterable[str]) -> None:
        self.folded = [fold(name) for name in names]
        counted = Counter(word for name in self.folded for word in set(name.split()))
        self._weights = {word: self._weight(word, count) for word, count in counted.items()}
        self._known = list(counted)
        self._spellings = [self.spell(name) for name in self.folded]
        self._with: dict[str, list[int]] = defaultdict(list)
        for position, name in enumerate(self.folded):
            for word in set(name.split()):
                self._with[word].append(position)
        self._near: dict[str, Mapping[str, float]] = {}

    def _weight(self, word: str, count: int) -> float:
        if word in SMALL_WORDS:
            return NO_WEIGHT
        rarity = 1 + math.log((1 + len(self.folded)) / (1 + count))
        return rarity * (0.25 if word in COMMON_WORDS else 1)

    def spell(self, folded: str) -> Spelling:
        """Prepare a folded name; a word no name has is as telling as the rarest."""
        unseen = 1 + math.log(1 + len(self.folded))
        weights: dict[str, float] = {}
        factor = 1.0
        for word in folded.split():
            known = self._weights.get(word)
            weights.setdefault(word, factor * (known or (NO_WEIGHT if word in SMALL_WORDS else unseen)))
            if word in OF and weights:
                factor = BEHIND
        return Spelling(folded=folded, weights=weights)

    def nearest(self, text: str) -> Mapping[int, float]:
        """Give the likeness (0 to 1) of every name that shares a word, or nearly one, with a folded ``text``."""
        wanted = self.spell(self._joined(text))
        near = {word: self._like(word) for word in wanted.weights}
        positions = {
            position
            for word, alike in near.items()
            if wanted.weights[word] > NO_WEIGHT or len(wanted.weights) == 1
            for other in alike
            for position in self._with[other]
        }
        return {position: likeness(wanted, self._spellings[position], near) for position in positions}

    def _joined(self, text: str) -> str:
        """Write two words as one where only that is known: ``bee keeper`` is ``beekeepers``."""
        words = text.split()
        for first, second in itertools.pairwise(words):
            if (
                not {first, second} <= self._weights.keys()
                and max(self._like(first + second).values(), default=0) > ONE
            ):
                return text.replace(f"{first} {second}", first + second, 1)
        return text

    def _like(self, word: str) -> Mapping[str, float]:
        if word not in self._near:
            found: Sequence[tuple[str, float, int]] = process.extract(
                word, self._known, scorer=JaroWinkler.normalized_similarity, score_cutoff=NEAR, limit=None
            )
            self._near[word] = {other: 1.0 if other == word else value * value for other, value, _ in found}
        return self._near[word]


def likeness(wanted: Spelling, name: Spelling, near: Mapping[str, Mapping[str, float]]) -> float:
    """Weigh what two names share against all they say, and how alike they are letter by letter; 0 to 1."""
    shared = 0.0
    matched: set[str] = set()
    covered = 0.0
    for word, weight in wanted.weights.items():
        other, value = max(
            ((other, near[word].get(other, 0.0)) for other in name.weights), key=lambda pair: pair[1], default=("", 0.0)
        )
        if value:
            shared += weight * value
            if other not in matched:
                matched.add(other)
                covered += name.weights[other] * value
    recall, precision = shared / wanted.total, covered / name.total
    if not recall + precision:
        return 0.0
    words = max(2 * recall * precision / (recall + precision), WITHIN * precision)
    return 0.75 * words + 0.25 * fuzz.ratio(wanted.folded, name.folded) / 100
