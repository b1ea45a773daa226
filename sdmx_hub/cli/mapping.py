"""``sdmx-hub map``: look at what a mapping makes of a file, before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mapping_apply import applied
from sdmx_hub.cli.mapping_codelist import codelist
from sdmx_hub.cli.mapping_decide import accept, reject, suggest, undo
from sdmx_hub.cli.mapping_diff import diff
from sdmx_hub.cli.mapping_faults import finding_line
from sdmx_hub.cli.mapping_new import new
from sdmx_hub.cli.mapping_preview import preview
from sdmx_hub.cli.mapping_standard import export, import_
from sdmx_hub.cli.table_files import files_argument
from sdmx_hub.language import sentence
from sdmx_hub.mapping.apply import Mapped
from sdmx_hub.mapping.coverage import ComponentCoverage, Coverage, measure_coverage
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.finding import Finding, has_errors

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
for _command in (preview, codelist, diff, suggest, accept, reject, undo, export, import_):
    map_.add_command(_command)


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


def _counted(counts: dict[str, int], mapping: TableMapping) -> Iterator[str]:
    yield sentence("map-counts", mapping.language, **counts)


def _told(findings: Sequence[Finding], mapping: TableMapping) -> Iterator[str]:
    for finding in findings:
        yield finding_line(finding, mapping.language)


def _covered(measured: Coverage, mapped: Mapped, mapping: TableMapping) -> str:
    counts = {key: getattr(measured, key) for key in ("read", "mapped", "rejected", "left_out")}
    shown = measured.as_json()
    shares = {name: _percent(shown[name]) for name in ("share", "value_share")}
    lines = [*_counted(counts, mapping), sentence("map-coverage", mapping.language, **shares), ""]
    for one in measured.components:
        lines += _component_lines(one, mapping.language)
    others = [finding for finding in mapped.findings if finding.where.column is None or not _is_gap(finding, mapped)]
    return "\n".join([*lines, "", *_told(others, mapping)]).rstrip()


def _component_lines(one: ComponentCoverage, language: str) -> Iterator[str]:
    shown = one.as_json()
    told = {name: _percent(shown[name]) for name in ("share", "value_share")}
    said = sentence(
        "map-coverage-component", language, texts_mapped=one.texts_mapped, texts=one.texts, **told
    )  # fmt: skip
    yield f"{one.component_id:<20} {said}"
    for gap in one.gaps[:20]:
        hint = f" → {gap.suggestion}" if gap.suggestion else ""
        place = sentence(
            "map-coverage-gap", language, text=gap.text, cells=gap.cells, amount=f"{gap.value:.15g}",
            row=gap.where.row or "–",
        )  # fmt: skip
        yield f"    {place}{hint}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share} %"


def _is_gap(finding: Finding, mapped: Mapped) -> bool:
    return any(gap.where == finding.where and gap.text == finding.source_value for gap in mapped.gaps)
