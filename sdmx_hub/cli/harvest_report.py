"""What the commands about harvests share: the parts of a worker, and how runs are shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from sdmx_hub.cli.context import DONE, FAILED, FINDINGS, PARTIAL, UNAVAILABLE, HubContext, show, tell
from sdmx_hub.language import sentence
from sdmx_hub.model.finding import Finding
from sdmx_hub.store.ledger import show_run
from sdmx_hub.store.run_rows import GOOD, Run, State

if TYPE_CHECKING:
    from sdmx_hub.harvest.parts import Parts

_UNREACHABLE = {
    "fetch-timeout",
    "fetch-no-connection",
    "fetch-unknown-host",
    "fetch-broken",
    "fetch-cut",
    "harvest-page",
    "harvest-status",
    "harvest-host-paused",
}


def make_parts(hub: HubContext) -> Parts:
    """Put together what a worker works with; a person at a terminal is told of each step."""
    from sdmx_hub.harvest.parts import Parts  # noqa: PLC0415 - heavy, and few commands need it
    from sdmx_hub.harvest.raw import RawStore  # noqa: PLC0415

    return Parts(
        database=hub.database,
        registry=hub.registry,
        observations=hub.observations,
        raw=RawStore(hub.blobs),
        settings=hub.settings,
        step=lambda key: tell(sentence(key, hub.language)),
    )


def report_runs(hub: HubContext, done: list[Run], *, as_json: bool) -> None:
    """Show runs that ended, and leave with the exit code that tells how they did."""
    answer = {"runs": [show_run(hub.database, one.id, hub.language) for one in done]}
    show(answer, as_json=as_json, text=lambda: "\n".join(run_lines(one, hub.language) for one in answer["runs"]))
    sys.exit(exit_code(done))


def exit_code(done: list[Run]) -> int:
    """The exit code of some runs."""
    bad = [one for one in done if one.state not in GOOD]
    if not bad:
        return DONE
    if len(bad) < len(done):
        return PARTIAL
    verdicts = {one.outcome.verdict.key for one in bad}
    if verdicts <= _UNREACHABLE:
        return UNAVAILABLE
    return FINDINGS if any(one.outcome.findings or one.state is State.HELD for one in bad) else FAILED


def run_lines(run: dict[str, Any], language: str) -> str:
    """One run with what was found, as lines."""
    head = run_line(run)
    found = [
        f"  {sentence('load-severity-' + finding['severity'], language)} {finding['code']}: {finding['message']}"
        + (f" (×{finding['count']})" if "count" in finding else "")
        for finding in run["finding_list"]
    ]
    return "\n".join([head, *found])


def run_line(run: dict[str, Any]) -> str:
    """One run as a line."""
    return f"{run['id']:>6}  {run['slot']}  {run['source']:<16} {run['flow']:<20} {run['state']:<10} {run['verdict']}"


def finding_line(finding: Finding, language: str) -> str:
    """One finding about a file people wrote, as a line."""
    hint = f" → {finding.suggestion}" if finding.suggestion else ""
    severity = sentence(f"load-severity-{finding.severity.value}", language)
    return f"{severity} {finding.where}: {finding.text(language)}{hint}"
