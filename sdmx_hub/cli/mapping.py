"""``sdmx-hub map``: look at what a mapping makes of a file, before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mapping_apply import applied
from sdmx_hub.cli.mapping_decide import accept, reject, suggest, undo
from sdmx_hub.cli.mapping_diff import diff
from sdmx_hub.cli.mapping_faults import finding_line
from sdmx_hub.cli.mapping_new import new
from sdmx_hub.cli.table_files import files_argument
from sdmx_hub.language import sentence
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.coverage import ComponentCoverage, Coverage, measure_coverage
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.table import SHIFT
from sdmx_hub.model.finding import Finding, has_errors
from sdmx_hub.model.rows import SOURCE_ROW, quoted
from sdmx_hub.model.structure import DataStructure

_MAPPING = click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The mapping file.",
)


@click.group("map")
def map_() -> None:
    """Look at what a mapping makes of a file."""


map_.add_command(new)
for _command in (diff, suggest, accept, reject, undo):
    map_.add_command(_command)


@map_.command()
@files_argument
@_MAPPING
@click.option("--rows", "most", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Rows to show.")
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
    """Show the first observations FILE becomes, and everything that is wrong.

    Several files of one table, or their folder, are one table. FILE is left out where the mapping itself says where the
    table is: in a database, or in files by period. Nothing is stored. Exit code 3 when there are errors.
    """
    with applied(hub, files, mapping_file, params) as (mapping, structure, mapped):
        columns = _shown_columns(mapping, structure)
        rows = _first_rows(mapped, columns, most)
        told = [finding.as_json(mapping.language) for finding in mapped.findings]
        counts = {key: getattr(mapped, key) for key in ("read", "mapped", "rejected", "left_out")}
        value = {**counts, "findings": told, "rows": [dict(zip(columns, row, strict=True)) for row in rows]}
        text = "\n".join([*_table(columns, rows), "", *_counted(counts, mapping), *_told(mapped.findings, mapping)])
        show(value, as_json=as_json, text=text)
        ctx.exit(FINDINGS if has_errors(mapped.findings) else 0)


@map_.command()
@files_argument
@_MAPPING
@json_option
@pass_hub
@click.pass_context
def coverage(
    ctx: click.Context,
    hub: HubContext,
    *,
    files: tuple[Path, ...],
    params: tuple[str, ...],
    mapping_file: Path,
    as_json: bool,
) -> None:
    """Tell how much of FILE the mapping covers, and what it does not know.

    Files are named as for "map preview". Exit code 3 when something is not covered or wrong.
    """
    with applied(hub, files, mapping_file, params) as (mapping, _, mapped):
        measured = measure_coverage(mapped)
        told = [finding.as_json(mapping.language) for finding in mapped.findings]
        show(
            {**measured.as_json(), "findings": told}, as_json=as_json, text=lambda: _covered(measured, mapped, mapping)
        )
        ctx.exit(FINDINGS if has_errors(mapped.findings) else 0)


def _shown_columns(mapping: TableMapping, structure: DataStructure) -> list[str]:
    """The row number, the components that the mapping reads from the table, and the value with its status."""
    named = [key for key, rule in mapping.components.items() if rule.columns and key in structure.components]
    always = [key for key in ("OBS_VALUE", "OBS_STATUS") if key in structure.components]
    return list(dict.fromkeys([SOURCE_ROW, *named, *always]))


def _first_rows(mapped: Mapped, columns: Sequence[str], most: int) -> list[tuple[Any, ...]]:
    chosen = ", ".join(map(quoted, columns))
    chosen = chosen.replace(quoted(SOURCE_ROW), f"{quoted(SOURCE_ROW)} & {(1 << SHIFT) - 1}", 1)
    query = f"SELECT {chosen} FROM ({mapped.rows.sql}) ORDER BY {SOURCE_ROW} LIMIT {most}"  # noqa: S608 - quoted ids
    return mapped.rows.connection.execute(query, list(mapped.rows.params)).fetchall()


def _table(columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterator[str]:
    texts = [list(columns), *([("" if cell is None else str(cell)) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counted(counts: dict[str, int], mapping: TableMapping) -> Iterator[str]:
    yield sentence("map-counts", mapping.language, **counts)


def _told(findings: Sequence[Finding], mapping: TableMapping) -> Iterator[str]:
    for finding in findings:
        yield finding_line(finding, mapping.language)


def _covered(measured: Coverage, mapped: Mapped, mapping: TableMapping) -> str:
    counts = {key: getattr(measured, key) for key in ("read", "mapped", "rejected", "left_out")}
    lines = [*_counted(counts, mapping), ""]
    for one in measured.components:
        lines += _component_lines(one)
    others = [finding for finding in mapped.findings if finding.where.column is None or not _is_gap(finding, mapped)]
    return "\n".join([*lines, "", *_told(others, mapping)]).rstrip()


def _component_lines(one: ComponentCoverage) -> Iterator[str]:
    percentage = one.as_json()["share"]
    yield f"{one.component_id:<20} {one.texts_mapped}/{one.texts}  {'' if percentage is None else f'{percentage} %'}"
    for gap in one.gaps[:20]:
        hint = f" → {gap.suggestion}" if gap.suggestion else ""
        yield f"    {gap.text!r} ×{gap.cells} r{gap.where.row}{hint}"


def _is_gap(finding: Finding, mapped: Mapped) -> bool:
    return any(gap.where == finding.where and gap.text == finding.source_value for gap in mapped.gaps)
