r"""Rules of values, in order (``rules``): which texts, of one column or several at a time, have which code, and when.

They are what a RepresentationMap of SDMX 3 says (Technical Notes, chapter 13): texts as they are, patterns whose groups
the code may name (``\1``), parts of a text, validity; the first rule that fits decides. A pattern is RE2 and has to
fit the whole text, unless it begins with ``^`` or ends with ``$`` and so says itself where it begins or ends.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.mapping.declared import DatedCode

_GROUP = re.compile(r"\\([0-9])")


@dataclass
class _Tried:
    """Texts a pattern was tried on at once, and those it fits."""

    texts: frozenset[str] = frozenset()
    fitting: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class TextTest:
    """A test of one text: it is ``text``, has ``text`` from position ``start`` (from 1) on, or fits ``pattern``."""

    text: str | None = None
    start: int | None = None
    pattern: str | None = None
    _tried: _Tried = field(default_factory=_Tried, compare=False, repr=False)

    def try_all(self, texts: frozenset[str]) -> None:
        """Try the pattern on many texts at once, so that asking for each is quick."""
        if self.pattern is not None:
            listed = list(texts)
            mask = pc.match_substring_regex(pa.array(listed, pa.string()), pattern=anchored(self.pattern)).to_pylist()
            fitting = frozenset(text for text, is_fit in zip(listed, mask, strict=True) if is_fit)
            self._tried.texts, self._tried.fitting = texts, fitting

    def fits(self, text: str) -> bool:
        """Tell whether a text passes."""
        if text in self._tried.texts:
            return text in self._tried.fitting
        if self.pattern is not None:
            return _fits(anchored(self.pattern), text)
        wanted = self.text or ""
        return text == wanted if self.start is None else text[self.start - 1 :].startswith(wanted)

    def groups(self, text: str) -> Iterator[str]:
        """The texts of the groups of the pattern."""
        if self.pattern is None:
            return
        for number in range(1, count_groups(self.pattern) + 1):
            yield _group(anchored(self.pattern), text, number)


@dataclass(frozen=True, kw_only=True)
class ValueRule:
    """Texts, one test for each column, and their code; None is nothing: no row, or an empty attribute."""

    when: tuple[TextTest, ...]
    code: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None

    @property
    def is_dated(self) -> bool:
        """Tell whether the rule holds for a part of the time only."""
        return self.valid_from is not None or self.valid_to is not None

    @property
    def is_literal(self) -> bool:
        """Tell whether the code is what it says, without groups of a pattern."""
        return self.code is None or _GROUP.search(self.code) is None

    def holds(self, period: str) -> bool:
        """Tell whether the rule holds for a period."""
        return DatedCode(code="", valid_from=self.valid_from, valid_to=self.valid_to).holds(period)

    def fits(self, texts: Sequence[str]) -> bool:
        """Tell whether texts pass, one for each column."""
        return len(texts) == len(self.when) and all(
            test.fits(text) for test, text in zip(self.when, texts, strict=True)
        )

    def made(self, texts: Sequence[str]) -> str | None:
        """The code of texts that pass, groups of the patterns filled in, counted from the first column on."""
        if self.code is None or self.is_literal:
            return self.code
        groups = [one for test, text in zip(self.when, texts, strict=True) for one in test.groups(text)]
        return _GROUP.sub(
            lambda found: groups[int(found[1]) - 1] if 0 < int(found[1]) <= len(groups) else "", self.code
        )


@dataclass(frozen=True, kw_only=True)
class DateRule:
    """How a time is written: by a ``pattern`` of dates, or as a number of ``unit`` since ``base``.

    It becomes a period of ``frequency``, or of the code that component ``frequency_of`` has beside it; ``resolve`` says
    which period (``start``, ``end``, ``mid``) a longer time becomes.
    """

    pattern: str | None = None
    locale: str = "en"
    base: str | None = None
    unit: str = "millisecond"
    frequency: str | None = None
    frequency_of: str | None = None
    resolve: str = "end"


def find_rule(rules: Sequence[ValueRule], texts: Sequence[str], period: str) -> ValueRule | None:
    """Give the first rule that fits texts at a time."""
    return next((rule for rule in rules if rule.fits(texts) and (not rule.is_dated or rule.holds(period))), None)


def try_all(rules: Iterable[ValueRule], texts: Iterable[Sequence[str]]) -> None:
    """Try the patterns of rules on all texts there are, column by column."""
    columns = [frozenset(column) for column in zip(*texts, strict=False)]
    for rule in rules:
        for test, column in zip(rule.when, columns, strict=False):
            test.try_all(column)


def parted(text: str, count: int) -> tuple[str, ...]:
    """Take the joined texts of ``count`` columns apart again; a text that has the sign between them is not known."""
    if count == 1:
        return (text,)
    return tuple(part.strip() for part in text.split("|"))


def anchored(pattern: str) -> str:
    """A pattern that has to fit the whole text, but for the ends it leaves open by saying the other one."""
    begins, ends = pattern.startswith("^"), re.search(r"(?<!\\)(?:\\\\)*\$$", pattern) is not None
    before = "(?s:.*?)" if ends and not begins else ""
    after = "(?s:.*)" if begins and not ends else ""
    return f"^{before}(?:{pattern}){after}$"


def count_groups(pattern: str) -> int:
    """Count the groups of a pattern that keep what they match."""
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "", pattern)
    return len(re.findall(r"\((?!\?)|\(\?P?<[A-Za-z]", bare))


@functools.lru_cache(maxsize=65_536)
def _fits(pattern: str, text: str) -> bool:
    return bool(pc.match_substring_regex(pa.scalar(text), pattern=pattern).as_py())


def _group(pattern: str, text: str, number: int) -> str:
    found = pc.replace_substring_regex(pa.scalar(text), pattern=pattern, replacement=f"\\{number}", max_replacements=1)
    return str(found.as_py())
