"""What changed between two states of an artefact, and which part of a semantic version the change asks for.

*patch*: names, descriptions, translations, annotations, the order of items. *minor*: something new that leaves valid
what was: a code or other item, an optional attribute or measure, a mapping, an allowed value. *major*: the rest: what
was removed, what means another thing (a parent, a representation, a reference), dimensions and their order.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.query.versions import parse_version
from sdmx_hub.store.difference import difference

_WORDS = re.compile(
    r"(^|\.)(names?|descriptions?|texts?)(\.|$|\[)|(^|\.)annotations(\[|$)|isPartialLanguage|^valid(From|To)$"
)
_ITEM = re.compile(
    r"(codes|concepts|categories|agencies|dataProviders|dataConsumers|organisationUnits|valueItems|hierarchicalCodes"
    r"|representationMappings|componentMaps|values|targetValues)\[[^]]*\]$"
)
_COMPONENT = re.compile(r"(attributes|measures)\[([^]]*)\]$")
_MOVED = re.compile(r'"(urn:sdmx:[^"(]+)\(([^)]+)\)([^"]*)" → "\1\(([^)]+)\)\3"')
"""One reference that names another version of what it named."""
_VERSION = "version"
_WHOLE_URN = 400
"""So long are texts shown: a URN must be seen whole to be judged."""


class Verdict(enum.IntEnum):
    """The part of the version a change asks for."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True)
class Comparison:
    """The changes, one a line, each with its verdict; the gravest is the verdict of all."""

    lines: tuple[tuple[str, Verdict], ...]

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict."""
        return max((verdict for _, verdict in self.lines), default=Verdict.NONE)

    def as_json(self) -> dict[str, Any]:
        """Shape the comparison for JSON."""
        changes = [{"change": line, "verdict": verdict.name.lower()} for line, verdict in self.lines]
        return {"verdict": self.verdict.name.lower(), "changes": changes}


def compare(old: Artefact, new: Artefact) -> Comparison:
    """Compare two states or versions of an artefact; the version itself does not count."""
    lines = difference(_without_version(old.document), _without_version(new.document), _WHOLE_URN)
    return Comparison(tuple((line, _judge(line, new.document)) for line in lines))


def _without_version(document: Document) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != _VERSION}


def _judge(line: str, new: Document) -> Verdict:
    path, _, change = line.partition(": ")
    if _WORDS.search(path):
        return Verdict.PATCH
    moved = _MOVED.fullmatch(change)
    if moved:
        return _judge_move(moved[2], moved[4])
    if change == "order":
        return Verdict.MAJOR if path.endswith("dimensions") else Verdict.PATCH
    if change.startswith("added"):
        if _ITEM.search(path):
            return Verdict.MINOR
        component = _COMPONENT.search(path)
        if component and _is_optional(component[1], component[2], new):
            return Verdict.MINOR
    return Verdict.MAJOR


def _judge_move(old: str, new: str) -> Verdict:
    """What a reference to another version changes: what that version may change."""
    before, after = parse_version(old.replace("+", "")), parse_version(new.replace("+", ""))
    if before is None or after is None or len(before.numbers) != 3 or len(after.numbers) != 3:
        return Verdict.MAJOR
    backwards = after.precedence < before.precedence
    return Verdict.MAJOR if backwards or before.extension or after.extension else allowed_by(old, new)


def allowed_by(old: str, new: str) -> Verdict:
    """How much may change between two versions of an artefact (SDMX 3.0, semantic versioning).

    Anything may in a new major version and between versions that are not semantic.
    """
    before, after = parse_version(old.replace("+", "")), parse_version(new.replace("+", ""))
    if before is None or after is None or len(before.numbers) != 3 or len(after.numbers) != 3:
        return Verdict.MAJOR
    if before.numbers == after.numbers:
        return Verdict.MAJOR if before.extension or after.extension else Verdict.NONE
    if before.numbers[0] != after.numbers[0] or before.numbers[0] == 0:
        return Verdict.MAJOR
    return Verdict.MINOR if before.numbers[1] != after.numbers[1] else Verdict.PATCH


def next_version(old: str, verdict: Verdict) -> str:
    """The version a change asks for: the first that allows it; a draft's extension is left off, as its release may."""
    version = parse_version(old)
    if version is None or verdict is Verdict.NONE or version.extension:
        return old.partition("-")[0] if verdict is not Verdict.NONE else old
    numbers = list(version.numbers)
    place = min(len(numbers) - 1, Verdict.MAJOR - verdict)
    raised = [*numbers[:place], numbers[place] + 1, *(0 for _ in numbers[place + 1 :])]
    return ".".join(map(str, raised))


def _is_optional(kind: str, identifier: str, new: Document) -> bool:
    """Tell whether a component that was added may be left out of the data."""
    components: Mapping[str, Any] = new.get("dataStructureComponents", {})
    listed = components.get("attributeList" if kind == "attributes" else "measureList", {}).get(kind, ())
    return any(one["id"] == identifier and one.get("usage", "optional") == "optional" for one in listed)
