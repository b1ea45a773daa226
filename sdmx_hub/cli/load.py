"""``sdmx-hub load``: a file becomes a release, or nothing happens."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.check import language_of, load_options, order_of
from sdmx_hub.cli.context import FINDINGS, HubContext, pass_hub, show, tell
from sdmx_hub.cli.load_texts import report_text
from sdmx_hub.cli.reports import report_options, write_reports
from sdmx_hub.cli.table_files import files_argument, shown_name, table_files
from sdmx_hub.language import sentence
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.model.message import Action


@click.command()
@files_argument
@load_options
@report_options
@click.option("--dry-run", is_flag=True, help="Check and compare with what is stored, but store nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before observations are deleted.")
@click.option("--reason", help="Why, for the audit log.")
@pass_hub
def load(
    hub: HubContext,
    /,
    files: tuple[Path, ...],
    *,
    params: tuple[str, ...],
    lang: str | None,
    as_json: bool,
    dry_run: bool,
    yes: bool,
    reason: str | None,
    page: Path | None,
    annotate: Path | None,
    **told: Any,
) -> None:
    r"""Load a data file: an SDMX message (CSV, XML, JSON; also gzip or zip), a template, or a table with its mapping.

    One load is one release, or nothing: with any error nothing is stored and the exit code is 3. Says how many
    observations were added, revised, deleted and unchanged; loading a file twice changes nothing the second time.
    Several files of one table, or their folder, are one table and one release; none is named where the mapping says
    itself where the table is: in a database (--param gives its query values), or in files by period.

    \b
    Examples:
      sdmx-hub load permits.csv --provider CRI_DGME
      sdmx-hub load emigrants.csv --mapping emigrants.yaml --dry-run
      sdmx-hub load months/ --mapping recruitments.yaml
      sdmx-hub load --mapping permits-database.yaml --param period=2024-03
      sdmx-hub load returns.xml --action replace --scope REF_AREA,INDICATOR --yes
      sdmx-hub load returns.csv --mapping returns.yaml --override SUM-01 --reason "as published"
    """
    with table_files(hub, files, told["mapping"], params) as tables:
        order = order_of(hub, tables[0].path, tables=tables, **told)
        tell(sentence("load-checking", hub.language, file=shown_name(tables)))
        if not dry_run and not yes and sys.stdin.isatty() and not _agreed(hub, order):
            dry_run = True
        report = _load(hub, order, reason=reason, dry_run=dry_run)
        language = language_of(hub, report, lang)
        write_reports(hub, order, report, language, page=page, annotate=annotate, is_check=False, dry_run=dry_run)
    show(
        report.as_json(language),
        as_json=as_json,
        text=lambda: report_text(report, language, is_check=False, dry_run=dry_run),
    )
    if report.has_errors:
        sys.exit(FINDINGS)


def _load(hub: HubContext, order: LoadOrder, *, reason: str | None, dry_run: bool) -> LoadReport:
    return load_file(
        order,
        hub.registry.snapshot(),
        hub.observations,
        actor=actor(),
        now=dt.datetime.now(dt.UTC),
        raw=hub.blobs,
        reason=reason,
        dry_run=dry_run,
    )


def _agreed(hub: HubContext, order: LoadOrder) -> bool:
    """Rehearse what may delete, and ask the person at the terminal when it would."""
    if order.action not in {Action.REPLACE, Action.DELETE} and order.mapping is None:
        return True
    rehearsal = _load(hub, order, reason=None, dry_run=True)
    if rehearsal.has_errors or not rehearsal.deleted:
        return True
    return click.confirm(sentence("load-confirm", hub.language, deleted=rehearsal.deleted), default=False, err=True)


def actor() -> str:
    """Who is at the command line."""
    return f"cli:{getpass.getuser()}"
