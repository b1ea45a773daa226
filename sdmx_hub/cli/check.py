"""``sdmx-hub check``: everything a load would say of a file, and nothing stored."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.dataflow_name import find_dataflow
from sdmx_hub.cli.load_texts import report_text
from sdmx_hub.cli.reports import report_options, write_reports
from sdmx_hub.cli.table_files import files_argument, shown_name, table_files
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.load.guard import GuardLimits
from sdmx_hub.load.release import check_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.message import Action

ACTIONS = {"append": Action.APPEND, "merge": Action.MERGE, "replace": Action.REPLACE, "delete": Action.DELETE}


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a command about one file is told."""
    return click.argument("file", type=click.Path(path_type=Path, dir_okay=False))(load_options(command))


def load_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What ``check`` and ``load`` are both told, besides the file."""
    options = (
        click.option(
            "--mapping",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Mapping that explains a table; or a StructureMap: a message, or its URN.",
        ),
        click.option("--dataflow", help="Dataflow, as AGENCY:ID(VERSION), where the message does not say."),
        click.option("--provider", help="Data provider, whose agreement the file is held to."),
        click.option("--action", type=click.Choice(list(ACTIONS)), help="What to do, whatever the message says."),
        click.option(
            "--scope", help="Components that bound what replace may delete, with commas; else those that are constant."
        ),
        click.option(
            "--override", "overrides", multiple=True, help="Answer for a finding: SUM-01 (marks the cells V), PROV-01 …"
        ),
        click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the report; else that of the mapping."),
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def order_of(
    hub: HubContext,
    file: Path,
    *,
    tables: tuple[TableFile, ...] = (),
    mapping: Path | None,
    dataflow: str | None,
    provider: str | None,
    action: str | None,
    scope: str | None,
    overrides: tuple[str, ...],
) -> LoadOrder:
    """Make a load order of what was typed; ``tables`` are the files of a table in several, or brought.

    Raises BadRequest for a dataflow that is no reference.
    """
    settings = hub.settings
    return LoadOrder(
        path=file,
        tables=tables if len(tables) > 1 or any(one.is_brought or one.period for one in tables) else (),
        name=shown_name(tables) if tables else "",
        mapping=mapping,
        dataflow=find_dataflow(hub.artefacts(), dataflow) if dataflow else None,
        provider=provider,
        action=ACTIONS[action] if action else None,
        scope=tuple(part.strip() for part in scope.split(",") if part.strip()) if scope else None,
        overrides=frozenset(overrides),
        limits=GuardLimits(
            sent=settings.max_upload_bytes, unpacked=settings.max_upload_bytes, ratio=settings.max_compression_ratio
        ),
    )


def language_of(hub: HubContext, report: LoadReport, lang: str | None) -> str:
    """The language asked for, else that of the mapping, else that of the hub."""
    asked = click.get_current_context().find_root().params.get("lang")
    return lang or asked or report.language or hub.language


@click.command()
@files_argument
@load_options
@report_options
@pass_hub
def check(
    hub: HubContext,
    /,
    files: tuple[Path, ...],
    *,
    params: tuple[str, ...],
    lang: str | None,
    as_json: bool,
    page: Path | None,
    annotate: Path | None,
    **told: Any,
) -> None:
    r"""Check a data file: an SDMX message (CSV, XML, JSON; also gzip or zip), a template, or a table with its mapping.

    Everything that is wrong is told at once, with row, column and what to do; nothing is stored. Exits with 3 when a
    finding is an error. Outside a hub the structures that come with it are used. Several files of one table, or their
    folder, are one table; none is named where the mapping says itself where the table is.

    \b
    Examples:
      sdmx-hub check permits.csv
      sdmx-hub check permits.xml --provider CRI_DGME --lang es
      sdmx-hub check emigrants.xlsx --mapping emigrants.yaml --json
      sdmx-hub check months/ --mapping recruitments.yaml
      sdmx-hub check emigrants.xlsx --mapping emigrants.yaml --annotate marked.xlsx --report emigrants.html
    """
    with table_files(hub, files, told["mapping"], params) as tables:
        tell(sentence("load-checking", hub.language, file=shown_name(tables)))
        artefacts = hub.artefacts()
        order = order_of(hub, tables[0].path, tables=tables, **told)
        report = check_file(order, artefacts)
        language = language_of(hub, report, lang)
        write_reports(hub, order, report, language, page=page, annotate=annotate, is_check=True)
    show(report.as_json(language), as_json=as_json, text=lambda: report_text(report, language, is_check=True))
    if report.has_errors:
        sys.exit(FINDINGS)
