"""An artefact: its SDMX-JSON 2.1 object, kept whole, and what every class has in common."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import ArtefactClass
from sdmx_hub.model.urn import Ref, Urn, parse_urn

Document = Mapping[str, Any]
_STABLE = re.compile(r"[1-9][0-9]*\.[0-9]+\.[0-9]+")


@dataclass(frozen=True)
class Artefact:
    """One maintainable artefact.

    ``document`` is the object of SDMX-JSON 2.1 and is never changed in place. ``final`` carries ``isFinal`` of SDMX 2.1
    for versions that do not say so themselves.
    """

    artefact_class: ArtefactClass
    document: Document
    final: bool = False

    @functools.cached_property
    def ref(self) -> Ref:
        """Agency, id and version; a missing version is 1.0, as the standard says."""
        return Ref(self.document["agencyID"], self.document["id"], self.document.get("version", "1.0"))

    @functools.cached_property
    def urn(self) -> Urn:
        """The URN of the artefact."""
        return Urn(self.artefact_class.name, self.ref)

    @property
    def is_final(self) -> bool:
        """Tell whether the artefact may no longer change: a stable semantic version, or declared final."""
        return self.final or _STABLE.fullmatch(self.ref.version) is not None

    @property
    def is_stub(self) -> bool:
        """Tell whether the content is kept elsewhere."""
        return bool(self.document.get("isExternalReference"))

    @property
    def names(self) -> Mapping[str, str]:
        """The names by language."""
        return texts(self.document, "name")

    @property
    def items(self) -> list[Document]:
        """The items of an item scheme, top level; empty for other classes."""
        key = self.artefact_class.items
        return list(self.document.get(key, ())) if key else []

    @functools.cached_property
    def references(self) -> tuple[Urn, ...]:
        """Every artefact the document refers to, once each, in document order; itself left out."""
        found = dict.fromkeys(urn.artefact for urn in _urns_in(self.document))
        found.pop(self.urn, None)
        return tuple(found)

    @functools.cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the canonical content: equal exactly when the content is equal (links do not count)."""
        content = {key: value for key, value in self.document.items() if key != "links"}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def texts(document: Document, key: str) -> Mapping[str, str]:
    """Read a localised text: ``names`` beside ``name`` (taken as English when it stands alone)."""
    many = document.get(f"{key}s")
    if many:
        return dict(many)
    single = document.get(key)
    return {"en": single} if single else {}


def _urns_in(node: Any) -> Iterator[Urn]:
    if isinstance(node, str):
        if node.startswith("urn:sdmx:"):
            try:
                urn = parse_urn(node)
                urn.artefact_class  # noqa: B018 - a URN of a component (a dimension) names no artefact and is passed over
            except BadRequest:
                return
            yield urn
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key != "links":
                yield from _urns_in(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _urns_in(value)
