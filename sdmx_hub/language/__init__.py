"""Every sentence a person reads, in English, French and Spanish.

One catalogue file per room (``catalogue/<room>.toml``), one table per sentence with the keys ``en``, ``fr`` and ``es``;
placeholders are ``str.format`` names and are the same in the three languages (a test holds that). What depends on a
count says both forms, ``{count} {count:row|rows}``: the first is for one (in French for nought too). This room knows no
other: refusals and findings carry a key and its parameters, and whoever shows them chooses the language.
"""

from __future__ import annotations

import functools
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources

LANGUAGES = ("en", "fr", "es")
"""What pages, messages and reports exist in; the first is the fallback."""


@functools.cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Read all sentences: key → language → text. Raises ValueError when two files define one key."""
    sentences: dict[str, Mapping[str, str]] = {}
    folder = resources.files(__package__) / "catalogue"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            table = tomllib.loads(file.read_text(encoding="utf-8"))
            twice = sentences.keys() & table.keys()
            if twice:
                raise ValueError(f"{file.name} defines again: {', '.join(sorted(twice))}")
            sentences.update(table)
    return sentences


@dataclass(frozen=True)
class Phrase:
    """A part of a sentence with words of its own, said in the language of the whole."""

    key: str
    params: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """Say the phrase in ``language``."""
        return sentence(self.key, language, **self.params)

    def __str__(self) -> str:
        return self.text("en")


def sentence(key: str, language: str = "en", /, **params: object) -> str:
    """Say ``key`` in ``language`` (English where that is missing), its placeholders filled from ``params``.

    An unknown key is a programming error and raises KeyError.
    """
    texts = catalogue()[key]
    said = {name: one.text(language) if isinstance(one, Phrase) else one for name, one in params.items()}
    text = texts.get(language, texts["en"])
    return _Counting(language).vformat(text, (), said) if "|" in text else text.format(**said)


class _Counting(string.Formatter):
    """Formats as ``str.format`` does, and chooses between two forms where a placeholder has them."""

    def __init__(self, language: str) -> None:
        self._single = {"0", "1"} if language == "fr" else {"1"}

    def format_field(self, value: object, format_spec: str) -> str:
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        one, _, many = format_spec.partition("|")
        return one if str(value) in self._single else many


def localised(names: Mapping[str, str], language: str = "en") -> str:
    """Choose one of several translations: the language asked for, else English, else any, else nothing."""
    for candidate in (language, "en"):
        if candidate in names:
            return names[candidate]
    return next(iter(names.values()), "")


def choose_language(accept_language: str | None, available: Iterable[str] = LANGUAGES) -> str:
    """Choose by RFC 4647 lookup over an ``Accept-Language`` header; nothing suitable means the first available."""
    offered = tuple(available)
    for tag in _ranked_tags(accept_language or ""):
        while tag:
            if tag in offered:
                return tag
            tag = tag.rpartition("-")[0]  # noqa: PLW2901 - the lookup shortens the range step by step
    return offered[0]


def _ranked_tags(header: str) -> list[str]:
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")):
        tag, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if tag and tag != "*" and quality > 0:
            ranked.append((-quality, position, tag.strip().lower()))
    return [tag for _, _, tag in sorted(ranked)]
