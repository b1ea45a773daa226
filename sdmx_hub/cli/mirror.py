"""``sdmx-hub mirror``: origin against destination, what people say of it, and reconciled values."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show, tell
from sdmx_hub.cli.mirror_judge import confirm, withdraw
from sdmx_hub.cli.mirror_open import known_rules, opened_mirror
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.errors import NotFound
from sdmx_hub.language import sentence
from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.rows import literal
from sdmx_hub.quality.dossier import lines_of_dossier, open_dossier
from sdmx_hub.quality.methods import METHODS, reconcile, reconciled_values
from sdmx_hub.quality.mirror import THRESHOLD, MirrorQuery
from sdmx_hub.quality.mirror_release import release_mirror, release_reconciled
from sdmx_hub.quality.mirror_report import MOST_PAIRS, lines_of, report_mirror
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def mirror() -> None:
    r"""Compare what the two ends of a corridor report, and say what explains the difference.

    \b
    Examples:
      sdmx-hub mirror show --destination ESP
      sdmx-hub mirror release
      sdmx-hub mirror confirm MIGRATION_CITIZENS SEN ITA A 2022 --cause BASIS --comment "Dual citizens"
      sdmx-hub mirror dossier SEN ITA
    """


def choices(command: F) -> F:
    """Add the options that choose pairs."""
    for option in (
        click.option("--period", "periods", multiple=True, help="Only this period; may be repeated."),
        click.option("--destination", "destinations", multiple=True, help="Only this destination; may be repeated."),
        click.option("--origin", "origins", multiple=True, help="Only this origin; may be repeated."),
        click.option("--rule", "rules", multiple=True, help="Only this comparison; may be repeated."),
    ):
        command = option(command)
    return command


@mirror.command("show")
@choices
@click.option("--threshold", type=float, default=THRESHOLD, show_default=True, help="Largest |CC1| left unexplained.")
@click.option("--details", is_flag=True, help="Also below the totals: by sex, by age … where both ends report it.")
@click.option("--all", "whole", is_flag=True, help="Also each pair of which only one end reports.")
@click.option("--internal", is_flag=True, help="With what the public may not see.")
@click.option("--limit", type=click.IntRange(1), default=MOST_PAIRS, show_default=True, help="Pairs shown.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all pairs as CSV.")
@click.option("--strict", is_flag=True, help="Exit with 3 when a pair above the threshold is not explained.")
@json_option
@pass_hub
def show_(
    hub: HubContext,
    *,
    rules: tuple[str, ...],
    origins: tuple[str, ...],
    destinations: tuple[str, ...],
    periods: tuple[str, ...],
    threshold: float,
    details: bool,
    whole: bool,
    internal: bool,
    limit: int,
    csv_file: Path | None,
    strict: bool,
    as_json: bool,
) -> None:
    r"""Show the pairs both ends of which, or one, the hub holds: difference, asymmetry, ratio, what may explain it.

    \b
    Examples:
      sdmx-hub mirror show
      sdmx-hub mirror show --rule DEPLOYED_PERMITS --destination ESP --period 2024
      sdmx-hub mirror show --details --csv pairs.csv
      sdmx-hub mirror show --json --strict
    """
    query = MirrorQuery(
        rules=known_rules(rules),
        origins=frozenset(origins),
        destinations=frozenset(destinations),
        periods=frozenset(periods),
        threshold=threshold,
        details=details,
    )
    with opened_mirror(hub, query, audience=INTERNAL if internal else PUBLIC) as found:
        report = report_mirror(found, hub.registry.snapshot(), hub.language, limit=limit)
        if csv_file is not None:
            found.connection.execute(f"COPY (FROM pairs) TO {literal(str(csv_file))} (FORMAT csv, HEADER)")
            tell(sentence("export-done", hub.language, file=csv_file))
    show(report, as_json=as_json, text=lambda: "\n".join(lines_of(report, hub.language, whole=whole)).lstrip("\n"))
    if strict and any(summary["unexplained"] for summary in report["summaries"]):
        sys.exit(FINDINGS)


@mirror.command("release")
@click.option("--dry-run", is_flag=True, help="Compare with what is published; publish nothing.")
@json_option
@pass_hub
def release(hub: HubContext, *, dry_run: bool, as_json: bool) -> None:
    r"""Publish the comparison as observations of DF_Q_MIRROR; again and again gives the same.

    The scheduler does so by itself when either side has changed.

    \b
    Examples:
      sdmx-hub mirror release
      sdmx-hub mirror release --dry-run --json
    """
    with opened_mirror(hub, MirrorQuery()) as found:
        report = release_mirror(
            found,
            hub.registry.snapshot(),
            hub.observations,
            now=dt.datetime.now(dt.UTC),
            actor=acting_person(),
            dry_run=dry_run,
        )
    counts = {name: getattr(report, name) for name in ("added", "revised", "deleted", "unchanged")}
    text = sentence("mirror-released", hub.language, **counts)
    show(report.as_json(hub.language), as_json=as_json, text=text)
    _exit_on_errors(report)


@mirror.command("reconcile")
@click.option("--method", type=click.Choice(METHODS), required=True, help="How one value is made of two.")
@click.option("--reference", help="Country whose arrivals MR3 takes as they are.")
@choices
@click.option("--release", "releases", is_flag=True, help="Publish the values, SOURCE_TYPE MIR and OBS_STATUS E.")
@json_option
@pass_hub
def reconcile_(
    hub: HubContext,
    *,
    method: str,
    reference: str | None,
    rules: tuple[str, ...],
    origins: tuple[str, ...],
    destinations: tuple[str, ...],
    periods: tuple[str, ...],
    releases: bool,
    as_json: bool,
) -> None:
    r"""Make one value of the two ends of each pair: MR1 the better reporter, MR2 (MR2G) the mean, MR3 factors.

    Nothing reported is changed: reconciled values are another source (MIR) beside it.

    \b
    Examples:
      sdmx-hub mirror reconcile --method MR2 --rule MIGRATION --json
      sdmx-hub mirror reconcile --method MR3 --rule MIGRATION --reference ESP
      sdmx-hub mirror reconcile --method MR1 --rule DEPLOYED_PERMITS --release
    """
    query = MirrorQuery(
        rules=known_rules(rules),
        origins=frozenset(origins),
        destinations=frozenset(destinations),
        periods=frozenset(periods),
    )
    artefacts, now = hub.registry.snapshot(), dt.datetime.now(dt.UTC)
    with opened_mirror(hub, query) as found:
        factors = reconcile(found, method, reference)
        reports = release_reconciled(
            found, method, artefacts, hub.observations, now=now, actor=acting_person(), dry_run=not releases
        )
        values = reconciled_values(found)
    answer = {
        "method": method,
        "factors": [vars(one) for one in factors],
        "values": values,
        "releases": [report.as_json(hub.language) for report in reports],
    }
    lines = [
        sentence("mirror-reconciled", hub.language, dataflow=flow.dataflow, count=flow.rows, method=method)
        for report in reports
        for flow in report.flows
    ]
    show(answer, as_json=as_json, text="\n".join(lines) or sentence("mirror-nothing", hub.language))
    for report in reports:
        _exit_on_errors(report)


@mirror.command("dossier")
@click.argument("first")
@click.argument("second")
@click.option("--internal", is_flag=True, help="With what the public may not see.")
@json_option
@pass_hub
def dossier(hub: HubContext, /, first: str, second: str, *, internal: bool, as_json: bool) -> None:
    r"""Show everything the hub holds of two countries about each other, and how the two stories compare.

    \b
    Examples:
      sdmx-hub mirror dossier SEN ITA
      sdmx-hub --lang es mirror dossier CRI NIC --json
    """
    audience = INTERNAL if internal else PUBLIC
    with opened_mirror(hub, MirrorQuery(corridor=(first, second)), audience) as compared:
        found = open_dossier(
            (first, second),
            hub.registry.snapshot(),
            hub.observations,
            compared,
            audience=audience,
            now=dt.datetime.now(dt.UTC),
            language=hub.language,
        )
    if not found["dataflows"]:
        raise NotFound("dossier-empty", first=found["corridor"][0]["name"], second=found["corridor"][1]["name"])
    show(found, as_json=as_json, text=lambda: "\n".join(lines_of_dossier(found, hub.language)))


def _exit_on_errors(report: LoadReport) -> None:
    if report.has_errors:
        sys.exit(FINDINGS)


mirror.add_command(confirm)
mirror.add_command(withdraw)
