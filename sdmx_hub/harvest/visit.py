"""One visit: from a claimed run to its outcome. Nothing is published before everything has been looked at.

The order is that of the way in: plan, ask, keep, compare the structures, check, and only then one release. What goes
wrong on the way is an outcome, not an exception; the last good state of the flow stands whatever happens.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sdmx_hub.errors import HubError, NotFound, StorageAway, TryAgain
from sdmx_hub.formats.read_data import UNKNOWN
from sdmx_hub.harvest.addresses import scope_of
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.asking import Asker, Postponed
from sdmx_hub.harvest.compatible import MISMATCH, check_named
from sdmx_hub.harvest.dialect.answers import may_be_empty, says_no_results
from sdmx_hub.harvest.drop import FILE, find_earlier, settle_file, take_file
from sdmx_hub.harvest.excerpt import refusal
from sdmx_hub.harvest.files import file_period, file_url
from sdmx_hub.harvest.intent import Intent, check_modified, plan_run, recipe_of, remember
from sdmx_hub.harvest.labels import find_drift
from sdmx_hub.harvest.lease import Hold, Interrupted, Stopped
from sdmx_hub.harvest.loading import LOGS, Loading, actor_of, count_held, load_answer, names_of
from sdmx_hub.harvest.parted import COUNT, Question
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.resolving import can_be_asked
from sdmx_hub.harvest.source import DROP, FILES, Flow, Source
from sdmx_hub.harvest.structures import (
    Partner,
    adopt_structures,
    ask_structures,
    check_structures,
    earlier_structures,
    hashes_of,
)
from sdmx_hub.model.finding import Finding, Severity, has_errors
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.decisions import BASE, DATAFLOW
from sdmx_hub.store.run_rows import APPROVED, Outcome, State, Verdict, short_instant
from sdmx_hub.store.runs import LeaseLost

BUSY = dt.timedelta(seconds=30)
"""How long a run waits when somebody else is loading its dataflow."""
PASSED_ON = (LeaseLost, Postponed, Stopped, Interrupted, StorageAway)
"""What is no outcome: the run is not ours any more, or goes back to the queue, or was stopped."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Everything one visit works with."""

    parts: Parts
    source: Source
    flow: Flow
    hold: Hold
    asker: Asker
    intent: Intent
    plan: dict[str, Any]
    accepted: frozenset[str] = frozenset()
    repeats: bool = False

    @property
    def at(self) -> dt.datetime:
        """When the run was due: what decides which file is asked for, whenever that is."""
        return self.hold.run.slot

    @property
    def is_part(self) -> bool:
        """Tell whether an answer holds a part of the flow: what has changed, or a file whose mapping bounds it."""
        return self.intent.updated_after is not None or self.source.api in {FILES, DROP}

    @property
    def urn(self) -> Urn:
        """Our dataflow."""
        return Urn("Dataflow", self.flow.dataflow)

    @property
    def logs(self) -> tuple[str, ...]:
        """The logs that hold what this source has brought."""
        return tuple(self.intent.memory.get(LOGS, ()))

    def keep_plan(self) -> None:
        """Write down what the run works by."""
        self.parts.runs.keep_plan(self.hold.run, self.plan)

    def scope(self, structure: DataStructure) -> Mapping[str, frozenset[str]]:
        """The bounds of the flow."""
        return scope_of(self.flow, structure.dimension_ids)


def run_visit(
    parts: Parts,
    source: Source,
    flow: Flow,
    hold: Hold,
    *,
    asker: Asker | None = None,
    accepted: frozenset[str] = frozenset(),
) -> Outcome:
    """Visit one flow. A refusal on the way is an outcome; raises only what ``PASSED_ON`` names.

    With an ``asker`` that answers from the ledger the run is repeated as it was planned; doubts that are ``accepted``
    keep nothing back.
    """
    try:
        repeats = asker is not None
        intent, plan = plan_run(hold.run, source, flow, parts.runs, repeats=repeats)
        asker = asker or Asker(
            visitor=parts.visitor(source),
            runs=parts.runs,
            hold=hold,
            clock=parts.clock,
            tries=source.tries,
            dialect=source.dialect,
        )
        visit = Visit(
            parts=parts,
            source=source,
            flow=flow,
            hold=hold,
            asker=asker,
            intent=intent,
            plan=plan,
            accepted=accepted,
            repeats=repeats,
        )
        visit.keep_plan()
        return _visit(visit) if source.api != DROP or repeats else _settled(visit)
    except PASSED_ON:
        raise
    except HubError as error:
        return failed(error)


def failed(error: HubError, findings: tuple[Finding, ...] = ()) -> Outcome:
    """The outcome a refusal is."""
    return Outcome(state=State.FAILED, verdict=Verdict(error.key, error.params), findings=findings)


def _settled(visit: Visit) -> Outcome:
    """Visit a folder, and put the file where it belongs."""
    try:
        outcome = _visit(visit)
    except PASSED_ON:
        raise
    except HubError as error:
        outcome = failed(error)
    settle_file(visit.parts, visit.source, visit.hold, visit.plan, outcome)
    return outcome


def _visit(visit: Visit) -> Outcome:
    findings: list[Finding] = []
    memory: dict[str, Any] = {}
    structure = _own_structure(visit)
    if structure is None:
        partner = ask_structures(visit.parts, visit.asker, visit.source, visit.flow, visit.intent.memory)
        findings += adopt_structures(visit.parts, visit.source, visit.flow, partner)
        if has_errors(findings):
            return replace(_rejected(findings), findings=tuple(findings))
        memory.update(partner.memory)
        structure = visit.parts.registry.snapshot().structure_of(visit.urn)
    visit.parts.step("harvest-step-data")
    asked_at = (visit.hold.run.started_at if visit.repeats else None) or visit.parts.clock.now()
    answer = _ask_data(visit, structure)
    memory = {**remember(answer, visit.intent, recipe_of(visit.source, visit.flow), asked_at), **memory}
    outcome = _interpret(visit, structure, answer, memory)
    return replace(outcome, findings=(*findings, *outcome.findings))


def _own_structure(visit: Visit) -> DataStructure | None:
    """Our structure of the flow; None when we hold none and may adopt it. Raises NotFound."""
    artefacts = visit.parts.registry.snapshot()
    if artefacts.find(visit.urn) is not None:
        return artefacts.structure_of(visit.urn)
    if visit.source.adopts_structures:
        return None
    raise NotFound("harvest-structure-unknown", dataflow=str(visit.flow.dataflow))


def _ask_data(visit: Visit, structure: DataStructure) -> Answer:
    if visit.source.api == DROP:
        return _take_file(visit)
    if visit.source.api == FILES:
        return visit.asker.ask("data", file_url(visit.source, visit.flow, visit.at), {"Accept": "*/*"})
    question = Question(
        parts=visit.parts,
        source=visit.source,
        flow=visit.flow,
        asker=visit.asker,
        intent=visit.intent,
        structure=structure,
        plan=visit.plan,
        keep=visit.keep_plan,
        ask_partner=lambda: _ask_partner(visit, visit.intent.memory),
    )
    return question.answer()


def _take_file(visit: Visit) -> Answer:
    if visit.repeats:
        return visit.asker.ask(FILE, str(visit.plan.get(FILE)), {})
    answer = take_file(visit.parts, visit.source, visit.flow, visit.hold, visit.plan)
    visit.keep_plan()
    return answer


def _dropped(visit: Visit, structure: DataStructure, answer: Answer, memory: Mapping[str, Any]) -> Outcome:
    """What becomes of a file of a folder: nothing when there is none, or it was taken before."""
    if answer.kept is None:
        return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-drop-empty"), memory=memory)
    earlier = None if visit.repeats else find_earlier(visit.parts, visit.hold, answer.kept)
    return replace(earlier, memory=memory) if earlier else _load(visit, structure, answer, memory)


def _ask_partner(visit: Visit, memory: Mapping[str, Any]) -> Partner:
    return ask_structures(visit.parts, visit.asker, visit.source, visit.flow, memory)


def _interpret(visit: Visit, structure: DataStructure, answer: Answer, memory: Mapping[str, Any]) -> Outcome:
    if visit.source.api == DROP:
        return _dropped(visit, structure, answer, memory)
    if answer.status == 304 and visit.intent.validators:
        return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-not-modified"), memory=memory)
    if visit.source.api != FILES and says_no_results(answer, visit.source.dialect):
        # a 404 may also mean that the dataflow is gone
        if answer.status != 204 and can_be_asked(visit.source.dialect):
            partner = ask_structures(visit.parts, visit.asker, visit.source, visit.flow, memory)
            partner.structure(visit.flow)
        return _nothing(visit, structure, memory)
    if answer.status != 200 or answer.kept is None:
        verdict = refusal(answer, visit.source.dialect, is_file=visit.source.api == FILES)
        return Outcome(state=State.FAILED, verdict=verdict)
    return _load(visit, structure, answer, memory)


def _nothing(visit: Visit, structure: DataStructure, memory: Mapping[str, Any]) -> Outcome:
    """Nothing came: fine for a delta, and for a flow of which we hold nothing; else somebody must look."""
    if visit.intent.updated_after is not None:
        params = {"since": short_instant(visit.intent.updated_after)}
        return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-nothing-new", params), memory=memory)
    held = count_held(visit.parts, visit.flow, structure, visit.scope(structure))
    if held and (visit.scope(structure) or visit.logs):
        return Outcome(state=State.HELD, verdict=Verdict("harvest-empty", {"held": held}))
    return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-nothing"), memory=memory)


def _no_rows(visit: Visit, structure: DataStructure, memory: Mapping[str, Any]) -> Outcome:
    """A message without observations: nothing, of partners who mean that by it."""
    if may_be_empty(visit.source.dialect):
        return _nothing(visit, structure, memory)
    return Outcome(state=State.FAILED, verdict=Verdict("harvest-empty-message"))


def _load(visit: Visit, structure: DataStructure, answer: Answer, memory: Mapping[str, Any]) -> Outcome:
    if visit.intent.full and not visit.hold.run.full:
        visit.parts.runs.mark_full(visit.hold.run)
    findings: list[Finding] = []
    doubts = check_modified(answer, visit.intent)
    theirs: DataStructure | None = None
    described = visit.flow.mapping is None and visit.source.api != DROP
    if described and not can_be_asked(visit.source.dialect):
        findings.append(Finding(code="harvest-structures-none", severity=Severity.INFO))
    elif described:
        visit.parts.step("harvest-step-structures")
        partner = ask_structures(visit.parts, visit.asker, visit.source, visit.flow, memory)
        theirs = partner.structure(visit.flow)
        findings += check_structures(visit.parts, visit.flow, partner)
        doubts += _drift(visit, partner, theirs)
        memory = {**memory, **partner.memory}
        if has_errors(findings):
            return replace(_mismatched(findings), findings=tuple(findings))
    visit.hold.confirm()
    if moved_on := _based(visit):
        return moved_on
    visit.parts.step("harvest-step-load")
    if visit.hold.run.token > 1:
        visit.parts.runs.free_leases(actor_of(visit.source), str(visit.flow.dataflow), now=visit.parts.clock.now())
    try:
        loading = load_answer(
            visit.parts,
            visit.source,
            visit.flow,
            visit.hold.run,
            answer,
            names=names_of(visit.flow, theirs, structure),
            scope=None if visit.is_part else visit.scope(structure),
            period=file_period(visit.flow, visit.at),
            logs=visit.logs,
            memory=memory,
            doubts=tuple(doubts),
            accepted=visit.accepted,
            announced=None if visit.is_part else visit.plan.get(COUNT),
        )
    except TryAgain as error:
        raise Postponed(visit.parts.clock.now() + BUSY) from error
    except NotFound as error:
        findings += _named_otherwise(visit, structure, error)
        if not has_errors(findings):
            raise
        return replace(_mismatched(findings), findings=tuple(findings))
    outcome = _outcome_of(visit, structure, loading, memory)
    return replace(outcome, findings=(*findings, *loading.findings))


def _named_otherwise(visit: Visit, structure: DataStructure, error: NotFound) -> list[Finding]:
    """Find out whether a message follows another version of our structure or of the partner's dataflow."""
    named = error.params.get("urn")
    own = (structure.ref, visit.flow.partner)
    return check_named(named.ref, own) if error.key == UNKNOWN and isinstance(named, Urn) else []


def _drift(visit: Visit, partner: Partner, theirs: DataStructure) -> list[Finding]:
    """Find names that are not what they were when the partner's structures were last read."""
    before = visit.intent.memory
    same = hashes_of(before) == hashes_of(partner.memory)
    earlier = None if same else earlier_structures(visit.parts, before)
    if earlier is None:
        return []
    urn = Urn("Dataflow", visit.flow.partner)
    return find_drift(earlier, partner.artefacts, theirs, urn, visit.source.guards.labels)


def _based(visit: Visit) -> Outcome | None:
    """Note on what the load builds; an approved one must build on what it was compared with."""
    run = visit.hold.run
    version = visit.parts.observations.version(visit.flow.dataflow, INTERNAL)
    current = version.release_id if version else None
    if run.decision == APPROVED:
        was = visit.plan.get(BASE)
        verdict = Verdict("harvest-moved-on", {"run": run.id, "was": was or "-", "now": current or "-"})
        if visit.plan.get("recipe") != recipe_of(visit.source, visit.flow):
            verdict = Verdict("harvest-recipe-changed", {"source": run.source})
        elif was == current:
            return None
        return replace(run.outcome, state=State.HELD, verdict=verdict)
    visit.plan.update({BASE: current, DATAFLOW: str(visit.flow.dataflow)})
    visit.keep_plan()
    return None


def _outcome_of(visit: Visit, structure: DataStructure, loading: Loading, memory: Mapping[str, Any]) -> Outcome:
    if has_errors(loading.findings) and not loading.is_held:
        return replace(_rejected(loading.findings), received=loading.report.read)
    if loading.report.read == 0:
        return _no_rows(visit, structure, memory)
    if loading.is_held:
        first = next(finding for finding in loading.findings if finding.severity is Severity.ERROR)
        return loading.outcome(State.HELD, Verdict(first.code, first.params), {})
    if visit.hold.run.dry_run:
        return loading.outcome(State.SUCCEEDED, Verdict("harvest-checked", loading.counts), {})
    if loading.release_id is None:
        return loading.outcome(State.UNCHANGED, Verdict("harvest-unchanged"), memory)
    return loading.outcome(State.SUCCEEDED, Verdict("harvest-succeeded", loading.counts), memory)


def _rejected(findings: Sequence[Finding]) -> Outcome:
    errors = sum(finding.count for finding in findings if finding.severity is Severity.ERROR)
    return Outcome(state=State.FAILED, verdict=Verdict("harvest-rejected", {"errors": errors}))


def _mismatched(findings: Sequence[Finding]) -> Outcome:
    first = next(finding for finding in findings if finding.code == MISMATCH)
    return Outcome(state=State.FAILED, verdict=Verdict(first.code, first.params))
