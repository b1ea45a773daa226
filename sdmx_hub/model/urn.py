"""References: the three parts that identify an artefact, and the URN that names an artefact or one of its items."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, PREFIX, SYNONYMS, ArtefactClass

_AGENCY = r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*"
_ID = r"[A-Za-z0-9_@$-]+"
_VERSION = r"[0-9]+(?:\.[0-9]+){0,2}(?:-[A-Za-z0-9_.-]+)?"
_REF = re.compile(rf"({_AGENCY}):({_ID})\(({_VERSION})\)")
_URN = re.compile(
    rf"urn:sdmx:org\.sdmx\.infomodel\.([a-z]+)\.([A-Za-z]+)=({_AGENCY}|\*):({_ID}|\*)\(([^()]+)\)(?:\.([^\s]+))?"
)
LONGEST = 1000
"""Longer texts are refused before any pattern looks at them."""


@dataclass(frozen=True, order=True)
class Ref:
    """Agency, id and version of an artefact; written ``ILMH:CL_AREA(1.0.0)``."""

    agency_id: str
    id: str
    version: str

    def __str__(self) -> str:
        return f"{self.agency_id}:{self.id}({self.version})"


@dataclass(frozen=True, order=True)
class Urn:
    """What a URN says: class, ref and, for an item, its (possibly nested) id.

    ``class_name`` is the class the URN names: a maintainable (``Codelist``) or an item class (``Code``). The version is
    kept as written and may hold a wildcard (``1.0+``) in references; where several artefacts are meant, agency and id
    may be ``*``.
    """

    class_name: str
    ref: Ref
    item_id: str | None = None

    @property
    def artefact_class(self) -> ArtefactClass:
        """The maintainable class, also for the URN of an item."""
        found = CLASS_BY_NAME.get(self.class_name) or CLASS_BY_ITEM.get(self.class_name)
        if found is None:
            raise BadRequest("urn-class", text=str(self), name=self.class_name)
        return found

    @property
    def artefact(self) -> Urn:
        """The URN of the artefact itself."""
        return Urn(self.artefact_class.name, self.ref)

    def __str__(self) -> str:
        row = CLASS_BY_NAME.get(self.class_name) or CLASS_BY_ITEM.get(self.class_name)
        package = row.package if row else _COMPONENT_PACKAGE
        tail = f".{self.item_id}" if self.item_id else ""
        return f"{PREFIX}{package}.{self.class_name}={self.ref}{tail}"


_COMPONENT_PACKAGE = "datastructure"


def parse_ref(text: str) -> Ref:
    """Read ``AGENCY:ID(VERSION)``; raises BadRequest."""
    match = _REF.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise BadRequest("ref-syntax", text=text[:100])
    return Ref(match[1], match[2], match[3])


def parse_urn(text: str) -> Urn:
    """Read a URN of any class; class names of earlier editions become today's. Raises BadRequest."""
    match = _URN.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise BadRequest("urn-syntax", text=text[:100])
    name = SYNONYMS.get(match[2], match[2])
    return Urn(name, Ref(match[3], match[4], match[5]), match[6])
