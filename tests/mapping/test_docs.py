"""The reference of mapping files names every key, every part of a time and every finding, and its examples are true."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.mapping.reading import parse_mapping
from sdmx_hub.mapping.schema import schema
from sdmx_hub.mapping.times import _PARTS

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
NAMES = ("mapping.toml", "difficulties.toml", "sources.toml", "standard.toml")
CATALOGUES = [ROOT / "sdmx_hub" / "language" / "catalogue" / name for name in NAMES]
CODES = [key for file in CATALOGUES for key in tomllib.loads(file.read_text(encoding="utf-8")) if key.isupper()]


def keys(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield from node["properties"]
        for value in node.values():
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


@pytest.mark.parametrize("key", sorted(set(keys(schema()))))
def test_every_key_is_explained(key: str) -> None:
    assert re.search(rf"`{key}`|\b{key}: ", DOCS)


@pytest.mark.parametrize("part", _PARTS)
def test_every_part_of_a_time_is_explained(part: str) -> None:
    assert f"`{{{part}}}`" in DOCS


@pytest.mark.parametrize("code", CODES)
def test_every_finding_is_explained(code: str) -> None:
    assert re.search(rf"\b{code}\b", DOCS)


def test_the_whole_file_shown_is_a_mapping() -> None:
    [whole] = [block for block in re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL) if block.startswith("id:")]
    assert parse_mapping(whole).provider == "SEN_ANSD"
