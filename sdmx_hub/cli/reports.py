"""Reports as files: the page and the annotated copy that ``check`` and ``load`` write beside what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, tell
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.load.report_html import write_html
from sdmx_hub.load.report_workbook import annotate_file


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where ``check`` and ``load`` write their report as a page, and into a copy of the file."""
    path = click.Path(path_type=Path, dir_okay=False)
    command = click.option("--annotate", type=path, help="Write a copy (xlsx) whose cells say what is wrong.")(command)
    return click.option("--report", "page", type=path, help="Write the report as a page (html).")(command)


def write_reports(
    hub: HubContext,
    order: LoadOrder,
    report: LoadReport,
    language: str,
    *,
    page: Path | None,
    annotate: Path | None,
    is_check: bool,
    dry_run: bool = False,
) -> None:
    """Write what was asked for. Raises BadRequest for a target that is the file itself."""
    for target in (page, annotate):
        if target is not None and target.resolve() == order.path.resolve():
            raise BadRequest("report-itself", file=target)
    if page is not None:
        page.write_text(write_html(report, language, is_check=is_check, dry_run=dry_run), encoding="utf-8")
        tell(sentence("report-written", hub.language, file=page))
    if annotate is not None:
        marked = annotate_file(order, report, annotate, language)
        tell(sentence("annotate-written", hub.language, file=annotate, cells=marked.cells))
