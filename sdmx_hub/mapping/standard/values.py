"""The mappings of a RepresentationMap as ``codes`` or ``rules`` of a mapping file, and back.

Which part of a text ``startIndex`` and ``endIndex`` name is told by the value itself: the Technical Notes count from 1,
the schemas do not say whether the end is a position (the last, or the first beyond) or a length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sdmx_hub.mapping.rules import SKIP
from sdmx_hub.mapping.value_rules import TextTest, ValueRule
from sdmx_hub.model.artefact import Document

Node = dict[str, Any]
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00(?:\.0+)?(?:Z|[+-][0-9:]+)?)?")


class BadValue(Exception):
    """A mapping that cannot be run; ``code`` names the finding."""

    def __init__(self, code: str, value: str) -> None:
        self.code = code
        self.value = value
        super().__init__(value)


def read_values(mappings: Sequence[Document], place: int, *, is_attribute: bool) -> Node:
    """Give ``codes``, or ``rules`` where they are needed, for the target at ``place``. Raises BadValue."""
    rules = [_rule(one, place) for one in mappings]
    texts = [rule["when"] for rule in rules]
    plain = all(isinstance(rule["when"], str) and not {"valid_from", "valid_to"} & rule.keys() for rule in rules)
    literal = all("\\" not in rule.get("code", "") for rule in rules)
    if plain and literal and len({" ".join(text.split()) for text in texts}) == len(texts) and rules:
        nothing = "" if is_attribute else SKIP
        return {"codes": {rule["when"]: rule.get("code", nothing) for rule in rules}}
    return {"rules": rules}


def _rule(one: Document, place: int) -> Node:
    tests = [_test(value) for value in one["sourceValues"]]
    rule: Node = {"when": tests[0] if len(tests) == 1 else tests}
    targets = one.get("targetValues", ())
    if targets:
        rule["code"] = targets[place]
    for key, name in (("validFrom", "valid_from"), ("validTo", "valid_to")):
        if key in one:
            rule[name] = _moment(one[key])
    return rule


def _moment(text: str) -> str:
    """A day where it is one, else the moment without its zone."""
    day = _DAY.fullmatch(text)
    return day[1] if day else re.sub(r"(\.[0-9]+)?(Z|[+-][0-9]{2}:?[0-9]{2})?$", "", text)


def _test(value: Document) -> Node | str:
    text = value["value"]
    if value.get("isRegEx"):
        try:
            pc.match_substring_regex(pa.scalar(""), pattern=text)
        except pa.ArrowInvalid as error:
            raise BadValue("STD-PATTERN", text) from error
        return {"matches": text}
    if "startIndex" not in value and "endIndex" not in value:
        return str(text)
    return {"is": text, "start": _start(text, value.get("startIndex"), value.get("endIndex"))}


def _start(text: str, start: int | None, end: int | None) -> int:
    """Position, from 1, at which the text begins; the reading that fits its length is meant."""
    first = 1 if start is None else start
    if first >= 1 and (end is None or end - first + 1 == len(text) or end == len(text)):
        return first
    if end is not None and end - first == len(text):
        return first + 1
    raise BadValue("STD-SUBSTRING", f"{text} [{start}, {end}]")


def write_rule(rule: ValueRule) -> Node:
    """A rule as a mapping of a RepresentationMap of one target."""
    node: Node = {"sourceValues": [_written(test) for test in rule.when]}
    if rule.code is not None:
        node["targetValues"] = [rule.code]
    return node


def _written(test: TextTest) -> Node:
    if test.pattern is not None:
        return {"value": test.pattern, "isRegEx": True}
    text = test.text or ""
    if test.start is None:
        return {"value": text}
    return {"value": text, "startIndex": test.start, "endIndex": test.start + len(text) - 1}
