"""``sdmx-hub map preview``: the first rows of a table beside what a mapping makes of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mapping_apply import applied
from sdmx_hub.cli.mapping_faults import finding_line
from sdmx_hub.cli.table_files import files_argument
from sdmx_hub.language import sentence
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.before import Before, Fate, SourceRow
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.table import SHIFT
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.rows import SOURCE_ROW, quoted
from sdmx_hub.model.structure import DataStructure

_IN_FILE = (1 << SHIFT) - 1
_WIDEST = 32
_MOST_COLUMNS = 8
"""Columns of the table shown to people; ``--json`` has all."""

Observation = dict[str, Any]


@click.command()
@files_argument
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The mapping file.",
)
@click.option("--rows", "most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Rows to show.")
@json_option
@pass_hub
@click.pass_context
def preview(
    ctx: click.Context,
    hub: HubContext,
    *,
    files: tuple[Path, ...],
    params: tuple[str, ...],
    mapping_file: Path,
    most: int,
    as_json: bool,
) -> None:
    r"""Show the first rows of FILE beside the observations they become, and everything that is wrong.

    Several files of one table, or their folder, are one table. FILE is left out where the mapping itself says where the
    table is: in a database, or in files by period. Nothing is stored. Exit code 3 when there are errors.

    \b
    sdmx-hub map preview emigrants.csv --mapping emigrants.yaml
    sdmx-hub map preview emigrants.csv --mapping emigrants.yaml --rows 5 --json
    """
    with applied(hub, files, mapping_file, params, show=most) as (mapping, structure, mapped):
        columns = _shown_columns(mapping, structure)
        found = _observations(mapped, columns)
        told = [finding.as_json(mapping.language) for finding in mapped.findings]
        counts = {key: getattr(mapped, key) for key in ("read", "mapped", "rejected", "left_out")}
        first = [{SOURCE_ROW: number & _IN_FILE, **one} for number, listed in found.items() for one in listed]
        value = {**counts, "findings": told, "rows": first[:most], "pairs": list(_pairs(mapped.before, found))}
        text = "\n".join(
            [
                *_table(mapped.before, found, columns, most, mapping.language),
                "",
                sentence("map-counts", mapping.language, **counts),
                *(finding_line(finding, mapping.language) for finding in mapped.findings),
            ]
        )
        show(value, as_json=as_json, text=text)
        ctx.exit(FINDINGS if has_errors(mapped.findings) else 0)


def _shown_columns(mapping: TableMapping, structure: DataStructure) -> list[str]:
    """The components that the mapping reads from the table, and the value with its status."""
    named = [key for key, rule in mapping.components.items() if rule.columns and key in structure.components]
    always = [key for key in ("OBS_VALUE", "OBS_STATUS") if key in structure.components]
    return list(dict.fromkeys([*(key for key in named if key not in always), *always]))


def _observations(mapped: Mapped, columns: Sequence[str]) -> dict[int, list[Observation]]:
    """The observations of the rows shown, by row."""
    numbers = [row.number for row in mapped.before.rows]
    if not numbers:
        return {}
    chosen = ", ".join(map(quoted, columns))
    within = f"WHERE {SOURCE_ROW} BETWEEN ? AND ? ORDER BY {SOURCE_ROW}"
    query = f"SELECT {SOURCE_ROW}, {chosen} FROM ({mapped.rows.sql}) {within}"  # noqa: S608 - quoted ids
    found: dict[int, list[Observation]] = defaultdict(list)
    shown = set(numbers)
    drawn = mapped.rows.connection.execute(query, [*mapped.rows.params, min(numbers), max(numbers)])
    for number, *cells in drawn.fetchall():
        if number in shown:
            found[number].append(dict(zip(columns, cells, strict=True)))
    return found


def _pairs(before: Before, found: Mapping[int, Sequence[Observation]]) -> Iterator[dict[str, Any]]:
    headings = _apart(before.headings)
    for row in before.rows:
        yield {
            "row": row.number & _IN_FILE,
            "fate": str(row.fate),
            "before": dict(zip(headings, row.cells, strict=True)),
            "after": list(found.get(row.number, ())),
        }


def _apart(headings: Sequence[str]) -> list[str]:
    """Headings, told apart by a number where several columns have the same."""
    met: Counter[str] = Counter()
    named = []
    for heading in headings:
        met[heading] += 1
        named.append(heading if met[heading] == 1 else f"{heading} ({met[heading]})")
    return named


def _table(
    before: Before, found: Mapping[int, Sequence[Observation]], columns: Sequence[str], most: int, language: str
) -> Iterator[str]:
    """The rows of the table, and right of the arrow what each becomes; as many lines as were asked for."""
    headings = [*before.headings[:_MOST_COLUMNS], *(["…"] if len(before.headings) > _MOST_COLUMNS else [])]
    lines = [["", *headings, "→", *columns]]
    for row in before.rows:
        if len(lines) > most:
            break
        lines += _lines(row, found.get(row.number, ()), columns, len(headings), language)
    lines = [[_cut(cell) for cell in line] for line in lines[: most + 1]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _lines(
    row: SourceRow, observations: Sequence[Observation], columns: Sequence[str], width: int, language: str
) -> Iterator[list[str]]:
    """One line for each observation of a row; the row stands in the first."""
    cells = [*row.cells[:_MOST_COLUMNS], *(["…"] if len(row.cells) > _MOST_COLUMNS else [])]
    left = [str(row.number & _IN_FILE), *cells]
    for one in observations:
        yield [*left, "→", *("" if one[name] is None else str(one[name]) for name in columns)]
        left = [""] * (width + 1)
    if not observations or row.fate is Fate.REJECTED:
        fate = row.fate if row.fate is not Fate.MAPPED else "added_up"
        yield [*left, "→", sentence(f"map-fate-{fate}", language), *[""] * (len(columns) - 1)]


def _cut(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _WIDEST else shown[: _WIDEST - 1] + "…"
