"""Which texts of a column a rule of a mapping file means, as tests a RepresentationMap can have.

``strip``, ``extract`` and ``case`` are turned round: from the text they leave to a pattern of the texts they leave it
of. Where that cannot be said as a pattern, there is none, and only the texts that were met can be listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sdmx_hub.mapping.areas import AreaIndex, read_aliases
from sdmx_hub.mapping.rules import ComponentRule, TimeRule
from sdmx_hub.mapping.times import ISO
from sdmx_hub.mapping.value_rules import TextTest, ValueRule
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.period import JANUARY_1

_SIGNS = re.compile(r"([.^$*+?{}\[\]\\|()])")
_ALTERNATIVES = re.compile(r"(?<!\\)\|")
_GROUP = re.compile(r"(?<!\\)\((?!\?)[^()]*\)")
_PART = re.compile(r"\{([^{}]*)\}")
_DATE_LETTERS = {"yyyy": "yyyy", "yy": "yy", "mm": "MM", "m": "M", "month": "MMMM", "dd": "dd", "d": "d"}
_DIGITS = {"yyyy": "([0-9]{4})", "mm": "([0-9]{2})", "dd": "([0-9]{2})", "q": "([1-4])", "s": "([12])",
           "yyyy_end": "[0-9]{4}", "yy_end": "[0-9]{2}", "*": ".*?"}  # fmt: skip


def escaped(text: str) -> str:
    """A text as a pattern of just itself."""
    return _SIGNS.sub(r"\\\1", text)


def is_transformed(rule: ComponentRule) -> bool:
    """Tell whether texts are changed before they are looked up."""
    return bool(rule.strip or rule.extract or rule.case)


def around(rule: ComponentRule, inner: str) -> str | None:
    """A pattern of the texts that ``strip``, ``extract`` and ``case`` make what ``inner`` fits; None for none."""
    inner = f"(?i:{inner})" if rule.case else inner
    if rule.strip and rule.extract:
        return None
    if rule.extract:
        return _extracted(rule.extract, inner)
    return _stripped(rule.strip, inner) if rule.strip else inner


def _stripped(pattern: str, inner: str) -> str | None:
    if _ALTERNATIVES.search(pattern) or _GROUP.search(pattern):
        return None
    if pattern.startswith("^") and not pattern.endswith("$"):
        return f"(?:{pattern[1:]})?\\s*{inner}"
    if pattern.endswith("$") and not pattern.startswith("^"):
        return f"{inner}\\s*(?:{pattern[:-1]})?"
    return None


def _extracted(pattern: str, inner: str) -> str | None:
    groups = list(_GROUP.finditer(pattern))
    whole = pattern.startswith("^") and pattern.endswith(("$", "(.*)"))
    if len(groups) != 1 or not whole:
        return None
    before, after = pattern[: groups[0].start()], pattern[groups[0].end() :]
    return f"{before.removeprefix('^')}\\s*{inner}\\s*{after.removesuffix('$')}"


def tests_of(text: str, rule: ComponentRule, *, raw: bool) -> Iterator[TextTest]:
    """Tests of the texts a declared text means: itself (``raw``), and those that are changed into it."""
    if raw or not is_transformed(rule):
        yield TextTest(text=text)
    if is_transformed(rule):
        pattern = around(rule, escaped(text))
        if pattern is not None:
            yield TextTest(pattern=pattern)


def copies(rule: ComponentRule, codes: Iterable[str]) -> Iterator[ValueRule]:
    """Rules of texts that are the code itself, but for what is taken off and put before."""
    if rule.case:
        for code in codes:
            pattern = around(rule, escaped(code.removeprefix(rule.prefix)))
            if pattern is not None and code.startswith(rule.prefix):
                yield ValueRule(when=(TextTest(pattern=pattern),), code=code)
        return
    pattern = around(rule, "(.+)" if rule.extract or (rule.strip or "").startswith("^") else "(.+?)")
    if pattern is not None:
        yield ValueRule(when=(TextTest(pattern=pattern),), code=f"{rule.prefix}\\1")


def area_texts(codelist: Artefact, codings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Texts that name an area in some codings, with its code: ids, names and other names that are not ambiguous."""
    index = AreaIndex(codelist)
    for text in dict.fromkeys(_spellings(codelist, codings)):
        found = index.find(text, codings)
        if len(found) == 1 and not index.dated(text, codings):
            yield text, found[0]


def _spellings(codelist: Artefact, codings: tuple[str, ...]) -> Iterator[str]:
    for item in codelist.items:
        if "iso3" in codings:
            yield item["id"]
        yield from (name for language, name in texts(item, "name").items() if language in codings)
        for annotation in item.get("annotations", ()):
            coding = str(annotation.get("type", "")).lower()
            if coding in codings and annotation.get("title"):
                yield from _forms(annotation["title"], coding)
    for alias, coding, _ in read_aliases():
        if coding in codings:
            yield from _forms(alias, coding)


def _forms(text: str, coding: str) -> Iterator[str]:
    yield text
    if coding == "m49" and text.lstrip("0"):
        yield text.lstrip("0")
    if coding == "iso2":
        yield text.lower()


def date_pattern(rule: TimeRule) -> tuple[str, str] | None:
    """A time pattern as SimpleDateFormat writes it, and the frequency of what it reads; None where it cannot."""
    parts = _PART.findall(rule.pattern)
    if rule.pattern == ISO or _own_year(rule) or not parts or not set(parts) <= _DATE_LETTERS.keys():
        return None
    pieces = []
    for text, part in re.findall(r"([^{}]+)|\{([^{}]*)\}", rule.pattern):
        has_letters = bool(re.search(r"[A-Za-z']", text))
        quoted = "'" + text.replace("'", "''") + "'" if has_letters else text
        pieces.append(_DATE_LETTERS[part] if part else quoted)
    finest = "D" if {"dd", "d"} & set(parts) else "M" if {"mm", "m", "month"} & set(parts) else "A"
    return "".join(pieces), finest


def time_rules(rule: TimeRule) -> list[ValueRule]:
    """A time pattern as rules with patterns; none where that cannot be said."""
    found = [_time_rule(one, rule) for one in rule.pattern.split(" {or} ")]
    return [one for one in found if one is not None] if None not in found else []


def _time_rule(pattern: str, rule: TimeRule) -> ValueRule | None:
    if pattern == ISO:
        return ValueRule(when=(TextTest(pattern="(.+)"),), code="\\1")
    parts = _PART.findall(pattern)
    ends = bool({"yyyy_end", "yy_end"} & set(parts))
    by_end = _own_year(rule) and rule.named_by.value == "end" and not ends
    if not set(parts) <= _DIGITS.keys() or "yyyy" not in parts or by_end:
        return None
    kept = [part for part in parts if "(" in _DIGITS[part]]
    spots = {part: f"\\{place}" for place, part in enumerate(kept, start=1)}
    text = "".join(
        _DIGITS[part] if part else escaped(plain) for plain, part in re.findall(r"([^{}]+)|\{([^{}]*)\}", pattern)
    )
    return ValueRule(when=(TextTest(pattern=f"(?i:{text})"),), code=_period(spots, own=_own_year(rule)))


def _period(spots: dict[str, str], *, own: bool) -> str:
    year = spots["yyyy"]
    if "mm" in spots:
        return f"{year}-{spots['mm']}" + (f"-{spots['dd']}" if "dd" in spots else "")
    for part, letter in (("q", "Q"), ("s", "S")):
        if part in spots:
            return f"{year}-{letter}{spots[part]}"
    return f"{year}-A1" if own else year


def _own_year(rule: TimeRule) -> bool:
    return rule.year_start is not None and rule.year_start != JANUARY_1
