"""What a draft leaves to a person: each doubt with its place in the mapping, its reason, and what else it may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sdmx_hub.language import sentence


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Something a draft says or leaves out without being sure. ``key`` is that of its sentence in the catalogue."""

    key: str
    path: str
    params: Mapping[str, object] = field(default_factory=dict)
    alternatives: tuple[str, ...] = ()
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def text(self, language: str) -> str:
        """Say the doubt."""
        return sentence(self.key, language, **self.params)

    def as_json(self, language: str) -> dict[str, Any]:
        """Shape the doubt for JSON; ``unmapped`` are the texts left out, each with the codes it may mean."""
        value: dict[str, Any] = {"path": self.path, "code": self.key, "reason": self.text(language)}
        value["alternatives"] = list(self.alternatives)
        if self.texts:
            value["unmapped"] = [{"text": text, "alternatives": list(codes)} for text, codes in self.texts.items()]
        return value


@dataclass(frozen=True)
class Constant:
    """A code that holds for the whole table, and the doubt about it."""

    code: str
    doubt: Doubt | None = None
