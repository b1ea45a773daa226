"""Every example of the reference of mapping files comes out as it says."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.document import parse_document
from tests.mapping.tables import MINIMAL, observations

DOCS = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^### ([^\n]+)\n\n```csv\n(.*?)```\n\n```yaml\n(.*?)```\n\n```text\n(.*?)```", DOCS, re.MULTILINE | re.DOTALL
)


def whole(shown: str) -> str:
    """The keys of an example in a whole mapping: components one by one, other keys as they are."""
    mapping: dict[str, Any] = dict(parse_document(MINIMAL).value)
    keys = parse_document(shown).value
    mapping |= keys | {"components": mapping["components"] | keys.get("components", {})}
    return json.dumps(mapping)


@pytest.mark.parametrize("example", EXAMPLES, ids=[title for title, *_ in EXAMPLES])
def test_an_example_comes_out_as_shown(
    apply: Callable[..., Mapped], tmp_path: Path, example: tuple[str, str, str, str]
) -> None:
    _, table, keys, shown = example
    file = tmp_path / "table.csv"
    file.write_text(table, encoding="utf-8")
    mapped = apply(whole(keys), file)
    assert mapped.findings == ()
    names, *rows = csv.reader(io.StringIO(shown))
    assert sorted(tuple(cell or "" for cell in row) for row in observations(mapped, *names)) == [tuple(r) for r in rows]


def test_there_are_examples_of_what_is_hard() -> None:
    told = {number for title, *_ in EXAMPLES for number in re.findall(r"M\d\d", title)}
    assert told >= {"M07", "M08", "M15", "M16", "M17", "M21", "M22", "M23", "M25"}
