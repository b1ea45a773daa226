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
from sdmx_hub.store.difference import difference

_WORDS = re.compile(
    r"(^|\.)(names?|descriptions?|texts?)(\.|$|\[)|(^|\.)annotations(\[|$)|isPartialLanguage|^valid(From|To)$"
)
_ITEM = re.compile(
    r"(codes|concepts|categories|agencies|dataProviders|dataConsumers|organisationUnits|valueItems|hierarchicalCodes"
    r"|representationMappings|componentMaps|values|targetValues)\[[^]]*\]$"
)
_COMPONENT = re.compile(r"(attributes|measures)\[([^]]*)\]$")
_VERSION = "version"


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
    lines = difference(_without_version(old.document), _without_version(new.document))
    return Comparison(tuple((line, _judge(line, new.document)) for line in lines))


def _without_version(document: Document) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != _VERSION}


def _judge(line: str, new: Document) -> Verdict:
    path, _, change = line.partition(": ")
    if _WORDS.search(path):
        return Verdict.PATCH
    if change == "order":
        return Verdict.MAJOR if path.endswith("dimensions") else Verdict.PATCH
    if change.startswith("added"):
        if _ITEM.search(path):
            return Verdict.MINOR
        component = _COMPONENT.search(path)
        if component and _is_optional(component[1], component[2], new):
            return Verdict.MINOR
    return Verdict.MAJOR


def _is_optional(kind: str, identifier: str, new: Document) -> bool:
    """Tell whether a component that was added may be left out of the data."""
    components: Mapping[str, Any] = new.get("dataStructureComponents", {})
    listed = components.get("attributeList" if kind == "attributes" else "measureList", {}).get(kind, ())
    return any(one["id"] == identifier and one.get("usage", "optional") == "optional" for one in listed)
