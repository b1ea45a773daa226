"""How a value stands in a cell of a template, and what a person's text means: codes by id or name, texts by tag."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sdmx_hub.language import localised
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.cells import ITEM, Value, read_cell, write_cell
from sdmx_hub.model.codelist import Code, Codelist
from sdmx_hub.model.structure import Component

DASH = " – "
_PARTS = re.compile(r"\s+[–—-]\s+")
_TAGGED = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*): (.*)", re.DOTALL)
_BETWEEN = "\n---\n"
"""Between the values of an array of texts; codes are parted by semicolons."""


def show_code(code: Code, language: str) -> str:
    """Write a code as the drop-down lists have it: ``F – Female``."""
    name = localised(code.names, language)
    return f"{code.id}{DASH}{' '.join(name.split())}"[:250] if name else code.id


def show_text(text: str, component: Component) -> str:
    """Write a text as a person reads it: languages on lines of their own, ``fr: …``."""
    if component.representation.is_plain:
        return text
    return _BETWEEN.join(_shown(value) for value in read_cell(text))


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else "\n".join(f"{tag}: {text}" for tag, text in value.items())


def parse_text(text: str, component: Component) -> str:
    """Read what ``show_text`` wrote; the inverse of it for texts of one line."""
    if component.representation.is_plain:
        return text
    items = text.split(_BETWEEN) if component.representation.is_array else [text]
    return write_cell([_value(item, component) for item in items])


def _value(item: str, component: Component) -> Value:
    if not component.representation.is_multilingual:
        return item
    found: dict[str, str] = {}
    last = ""
    for line in item.split("\n"):
        match = _TAGGED.fullmatch(line)
        if match and match[1] not in found:
            last = match[1]
            found[last] = match[2]
        elif last:
            found[last] += "\n" + line
        else:
            return item
    return found


@dataclass(frozen=True)
class Answer:
    """What a text means: its code, or the codes it might mean (none: it is unknown)."""

    code: str | None
    candidates: tuple[str, ...] = ()


class CodeReader:
    """Reads codes of one component as people write them: ``F``, ``F – Female``, or a name in any language.

    ``allowed`` are the codes of the template; a name that several codes share means the only one of them among these.
    """

    def __init__(self, codelist: Codelist, allowed: Sequence[Code], component: Component) -> None:
        self.codes = codelist.codes
        self.allowed = {code.id for code in allowed}
        self.is_array = component.representation.is_array
        self._names: dict[str, dict[str, None]] = defaultdict(dict)
        self._folded: dict[str, dict[str, None]] = defaultdict(dict)
        for code in codelist.codes.values():
            self._folded[code.id.casefold()][code.id] = None
            for name in code.names.values():
                self._names[fold(name)][code.id] = None

    def read(self, text: str) -> Answer:
        """Read a cell; of an array, each of its codes."""
        if not self.is_array:
            return self._one(text.strip())
        answers = [self._one(part.strip()) for part in text.replace(ITEM, ";").split(";") if part.strip()]
        wrong = next((one for one in answers if one.code is None), None)
        return wrong or Answer(ITEM.join(one.code or "" for one in answers))

    def _one(self, text: str) -> Answer:
        if text in self.codes:
            return Answer(text)
        named = self._named(text)
        if named.code or named.candidates:
            return named
        parts = _PARTS.split(text, maxsplit=1)
        if len(parts) == 2 and parts[0] in self.codes:
            return self._both(parts[0], parts[1])
        return self._chosen(self._folded.get(text.casefold(), {}))

    def _both(self, code: str, name: str) -> Answer:
        """An id and a name: a name that means other codes only contradicts the id; one nobody knows does not."""
        meant = self._names.get(fold(name), {})
        return Answer(code) if not meant or code in meant else Answer(None, (code, *meant))

    def _named(self, text: str) -> Answer:
        return self._chosen(self._names.get(fold(text), {})) if fold(text) else Answer(None)

    def _chosen(self, codes: dict[str, None]) -> Answer:
        among = [code for code in codes if code in self.allowed] or list(codes)
        return Answer(among[0]) if len(among) == 1 else Answer(None, tuple(among))
