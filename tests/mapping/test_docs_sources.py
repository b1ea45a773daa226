"""Every kind of source shown in the reference of mapping files comes out as it says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sdmx_hub.mapping.apply import Mapped
from tests.mapping.tables import observations
from tests.mapping.test_docs_examples import DOCS, whole

PART = DOCS[DOCS.index("## Kinds of source") : DOCS.index("## Columns")]
BODY = r"((?:(?!```).)*)```"
SHOWN = re.findall(rf"^```(\w+)\n{BODY}\n\n```yaml\n{BODY}\n\n```text\n{BODY}", PART, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("shown", SHOWN, ids=[kind for kind, *_ in SHOWN])
def test_a_kind_of_source_comes_out_as_shown(
    apply: Callable[..., Mapped], tmp_path: Path, shown: tuple[str, str, str, str]
) -> None:
    kind, table, keys, wanted = shown
    file = tmp_path / f"table.{kind}"
    file.write_text(table, encoding="utf-8")
    mapped = apply(whole(keys), file)
    assert mapped.findings == ()
    names, *rows = csv.reader(io.StringIO(wanted))
    assert [tuple(cell or "" for cell in row) for row in observations(mapped, *names)] == [tuple(row) for row in rows]


def test_kinds_of_source_are_shown() -> None:
    assert {kind for kind, *_ in SHOWN} >= {"fixed", "json", "jsonstat"}
