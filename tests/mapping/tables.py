"""Tables and mappings tests begin with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.model.rows import quoted

FIXTURES = Path(__file__).parent / "fixtures"
MAPPINGS = Path(__file__).parents[2] / "mappings"
MINIMAL = """
id: TEST
title: {en: A table}
provider: SEN_ANSD
dataflow: ILMH:DF_FLOW_POP(1.0.0)
language: en
action: append
source: {line: Made up for a test, licence: None needed, format: csv}
components:
  FREQ: A
  REF_AREA: SEN
  INDICATOR: OUTFLOW_POP
  COUNTERPART_TYPE: CDS
  COUNTERPART_AREA: {column: area}
  SOURCE_TYPE: CEN
  UNIT_MEASURE: PS
  TIME_PERIOD: 2023
  OBS_VALUE: {column: n}
  TIME_PER_COLLECT: S
rest: _T
"""
"""A whole mapping; tests change lines of it."""


def changed(changes: Mapping[str, str]) -> str:
    """Change MINIMAL; a text that is not there is a fault of the test."""
    text = MINIMAL
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def observations(mapped: Mapped, *columns: str) -> list[tuple[Any, ...]]:
    """Draw columns of all rows, in the order of the source."""
    chosen = ", ".join(map(quoted, columns))
    query = f"SELECT {chosen} FROM ({mapped.rows.sql}) ORDER BY _row"  # noqa: S608 - quoted ids
    return mapped.rows.connection.execute(query).fetchall()


def codes(mapped: Mapped) -> list[str]:
    """The codes of all findings, in order."""
    return [finding.code for finding in mapped.findings]
