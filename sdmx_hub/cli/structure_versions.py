"""``sdmx-hub structures diff``, ``history`` and ``restore``: what changed, when, and how to undo it."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import FINDINGS, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.structure_select import acting_person, select_side
from sdmx_hub.cli.structure_texts import diff_lines, history_lines, report_text
from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefact_diff import compare
from sdmx_hub.load.artefact_pairs import Pair, pair_artefacts
from sdmx_hub.load.artefacts import load_artefacts
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_RESOURCE
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.query.text import choose, parse_moment

State = tuple[dt.datetime, dt.datetime | None, Artefact]


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@json_option
@pass_hub
def diff(hub: HubContext, old: str, new: str | None, *, as_json: bool) -> None:
    r"""Compare artefacts, and say which new version each change asks for.

    OLD and NEW are files, folders or artefacts of the registry; with one file alone, it is compared with the registry.
    Each artefact is said to be unchanged, a draft (which may change as it is), or changed as a patch, a minor or a
    major version, by the rules of semantic versions. Exits with 3 when a version does not allow what changed under it.

    \b
    Examples:
      sdmx-hub structures diff codelist/ILMH/CL_AREA/1.0.0 codelist/ILMH/CL_AREA/1.1.0
      sdmx-hub structures diff codelist/ILMH/CL_AREA codelists/ILMH/CL_AREA-1.0.0.csv --json
      sdmx-hub structures diff structure.xml
    """
    pairs = _pairs(hub, old, new)
    answers = [pair.as_json() for pair in pairs]
    show({"comparisons": answers}, as_json=as_json, text=lambda: "\n".join(diff_lines(answers, hub.language)))
    if not all(pair.is_allowed for pair in pairs):
        sys.exit(FINDINGS)


def _pairs(hub: HubContext, old: str, new: str | None) -> tuple[Pair, ...]:
    files = [Path(name).exists() for name in (old, new or old)]
    artefacts = hub.registry.snapshot()
    if new is None:
        if not files[0]:
            raise BadRequest("structures-diff-one", what=old)
        pairs = pair_artefacts(tuple(artefacts), select_side(artefacts, old), whole=False)
        known = {pair.new.urn for pair in pairs if pair.new}
        added = (Pair(None, one) for one in select_side(artefacts, old) if one.urn not in known)
        return (*pairs, *added)
    pairs = pair_artefacts(select_side(artefacts, old), select_side(artefacts, new), whole=all(files))
    if not pairs:
        raise NotFound("structures-no-pair")
    return pairs


@click.command()
@click.argument("what")
@json_option
@pass_hub
def history(hub: HubContext, what: str, *, as_json: bool) -> None:
    r"""Tell every state an artefact of one version ever had, oldest first, and what changed from each to the next.

    WHAT is a URN or codelist/AGENCY/ID/VERSION; it may be removed by now.

    \b
    Examples:
      sdmx-hub structures history codelist/ILMH/CL_DRAFT/0.1.0
      sdmx-hub structures history "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=ILMH:CL_DRAFT(0.1.0)" --json
    """
    urn, states = _states(hub, what)
    told = _told(states)
    answer = {"urn": str(urn), "states": told}
    show(answer, as_json=as_json, text=lambda: "\n".join(history_lines(str(urn), told, hub.language)))


@click.command()
@click.argument("what")
@click.option("--state", type=click.IntRange(1), help="The number of the state in the history; the one before, else.")
@click.option("--as-of", metavar="MOMENT", help="The state of that moment, for instance 2026-03-01T12:00:00Z.")
@click.option("--dry-run", is_flag=True, help="Check and compare, but store nothing.")
@json_option
@pass_hub
def restore(hub: HubContext, what: str, *, state: int | None, as_of: str | None, dry_run: bool, as_json: bool) -> None:
    r"""Give an artefact back the state it had before its last change or removal, or an earlier one.

    What is restored is checked as if it were loaded. A final artefact comes back only as it was. Exits with 3 when a
    finding is an error and nothing was stored.

    \b
    Examples:
      sdmx-hub structures restore codelist/ILMH/CL_DRAFT/0.1.0
      sdmx-hub structures restore codelist/ILMH/CL_DRAFT/0.1.0 --state 2 --dry-run
      sdmx-hub structures restore codelist/ILMH/CL_DRAFT/0.1.0 --as-of 2026-03-01
    """
    _, states = _states(hub, what)
    chosen = _chosen(states, state, parse_moment(as_of, "--as-of") if as_of else None)
    now = dt.datetime.now(dt.UTC)
    report = load_artefacts([Located(chosen)], hub.registry, actor=acting_person(), now=now, dry_run=dry_run)
    show(report.as_json(hub.language), as_json=as_json, text=lambda: report_text(report, hub.language, dry_run=dry_run))
    if has_errors(report.findings):
        sys.exit(FINDINGS)


def _states(hub: HubContext, what: str) -> tuple[Urn, tuple[State, ...]]:
    """The states of what is named exactly. Raises BadRequest, NotFound."""
    urn = _urn(what)
    states = hub.registry.history(urn)
    if not states:
        raise NotFound("artefact-missing", urn=urn)
    return urn, states


def _urn(what: str) -> Urn:
    if what.startswith("urn:"):
        return parse_urn(what).artefact
    parts = what.strip("/").split("/")
    if len(parts) != 4 or any(sign in what for sign in "*~+"):
        raise BadRequest("structures-exactly", what=what)
    resource, agency_id, artefact_id, version = parts
    row = CLASS_BY_RESOURCE[choose(resource, "artefactType", tuple(CLASS_BY_RESOURCE))]
    return Urn(row.name, Ref(agency_id, artefact_id, version))


def _told(states: tuple[State, ...]) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    before: Artefact | None = None
    for number, (since, until, artefact) in enumerate(states, start=1):
        changes = compare(before, artefact).as_json()["changes"] if before else []
        told.append(
            {
                "state": number,
                "from": since.isoformat(),
                "until": until.isoformat() if until else None,
                "fingerprint": artefact.fingerprint,
                "changes": changes,
            }
        )
        before = artefact
    return told


def _chosen(states: tuple[State, ...], number: int | None, as_of: dt.datetime | None) -> Artefact:
    """The state asked for: by number, by moment, else the last that is not the present one. Raises NotFound."""
    if number is not None:
        found = [states[number - 1][2]] if number <= len(states) else []
    elif as_of is not None:
        found = [one for since, until, one in states if since <= as_of and (until is None or as_of < until)]
    else:
        found = [one for _, until, one in states if until is not None]
    if not found:
        raise NotFound("structures-no-state", count=len(states))
    return found[-1]
