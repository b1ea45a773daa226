"""Artefacts with their plain ``name`` in one language; ``names`` and its like keep every language."""

from __future__ import annotations

from typing import Any

from sdmx_hub.language import LANGUAGES, localised
from sdmx_hub.model.artefact import Artefact

_DEFAULT = LANGUAGES[0]
_LOCALISED = {"names": "name", "descriptions": "description", "texts": "text", "titles": "title"}


def speak(artefact: Artefact, language: str) -> Artefact:
    """Put the texts of ``language``, as far as there are any, where a reader of one language looks (SDMX-JSON 2.x)."""
    if language == _DEFAULT:
        return artefact
    return Artefact(artefact.artefact_class, _spoken(artefact.document, language), artefact.final)


def _spoken(node: Any, language: str) -> Any:
    if isinstance(node, dict):
        told = {key: _spoken(value, language) for key, value in node.items()}
        singles = {single: node[many] for many, single in _LOCALISED.items() if isinstance(node.get(many), dict)}
        return told | {single: localised(texts, language) for single, texts in singles.items()}
    if isinstance(node, list | tuple):
        return [_spoken(value, language) for value in node]
    return node
