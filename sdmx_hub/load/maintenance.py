"""Maintenance by submission: what may be stored, replaced and removed, decided artefact by artefact.

After SDMX REST v2.2, *Maintenance*: what already is, the rules of versions, and references both ways decide. A plan is
made on one snapshot of the registry and carried out only if nothing changed since; otherwise it is made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sdmx_hub.errors import Conflict, NotFound, TryAgain
from sdmx_hub.load.artefact_checks import Located, check_artefacts
from sdmx_hub.load.artefact_diff import allowed_by, compare
from sdmx_hub.load.artefact_items import merge_partial, remove_item
from sdmx_hub.load.artefact_rules import RULES, finder
from sdmx_hub.load.artefacts import check_artefact_files
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import FindArtefact
from sdmx_hub.model.submission import SubmissionResult, Told
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.versions import Version, parse_version
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.registry import Registry

_TRIES = 5
_MOST_TOLD = 5
PREFIX_LENGTH = 16
"""So many characters of a fingerprint name a state of an artefact: the first part of its ETag."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What must hold of an artefact before it is touched (RFC 9110 §13).

    ``states`` are the beginnings of fingerprints, one of which must be that of what is stored (``*``: any);
    ``must_exist`` and ``must_be_new`` say it of its existence.
    """

    states: frozenset[str] | None = None
    must_exist: bool = False
    must_be_new: bool = False


@dataclass(frozen=True, kw_only=True)
class Submission:
    """Artefacts to be stored.

    APPEND overwrites nothing, REPLACE replaces, MERGE updates item schemes by the items sent (as ``isPartial`` always
    does). ``together``: all or none.
    """

    artefacts: tuple[Artefact, ...]
    action: Action = Action.REPLACE
    together: bool = False
    conditions: Conditions = field(default_factory=Conditions)


Results = tuple[SubmissionResult, ...]


def submit(order: Submission, registry: Registry, *, actor: str, now: dt.datetime, dry_run: bool = False) -> Results:
    """Store what may be stored, and say of each artefact what became of it. Raises TryAgain when never left alone."""
    for _ in range(_TRIES):
        artefacts = registry.snapshot()
        plan = _plan(order, artefacts)
        if dry_run or not plan.kept:
            return plan.results
        try:
            registry.save(plan.kept.values(), actor=actor, now=now, revision=artefacts.revision)
        except TryAgain:
            continue
        return plan.results
    raise TryAgain("registry-changed")


def withdraw(
    urn: Urn,
    registry: Registry,
    *,
    actor: str,
    now: dt.datetime,
    conditions: Conditions | None = None,
    dry_run: bool = False,
) -> Results:
    """Remove an artefact, or one item of it. Nothing final goes, nor what something refers to."""
    for _ in range(_TRIES):
        artefacts = registry.snapshot()
        stored = _exactly(urn.artefact, artefacts)
        refused = _refuse_withdrawal(urn, stored, artefacts, conditions or Conditions())
        if refused is not None or stored is None:
            return (refused,) if refused else ()
        if urn.item_id is not None:
            return _withdraw_item(urn, stored, registry, actor=actor, now=now, dry_run=dry_run)
        done = SubmissionResult(
            urn=str(urn), action=Action.DELETE, code=200, told=(Told("maintain-deleted", {"urn": str(urn)}),)
        )
        if dry_run:
            return (done,)
        try:
            registry.remove(urn, actor=actor, now=now, revision=artefacts.revision)
        except (TryAgain, NotFound):
            continue
        except Conflict as error:  # data are stored under it
            return (_refusal(urn, 409, Told(error.key, error.params), action=Action.DELETE),)
        return (done,)
    raise TryAgain("registry-changed")


def _refuse_withdrawal(
    urn: Urn, stored: Artefact | None, artefacts: Artefacts, conditions: Conditions
) -> SubmissionResult | None:
    name = {"urn": str(urn)}
    if stored is None:
        return _refusal(urn, 404, Told("maintain-unknown", name), action=Action.DELETE)
    if not _is_state(stored, conditions.states):
        return _refusal(urn, 412, Told("maintain-other-state", name), action=Action.DELETE)
    if stored.is_final:
        return _refusal(urn, 409, Told("maintain-final-stays", name), action=Action.DELETE)
    if urn.item_id is None:
        parents = [str(parent.urn) for parent in artefacts.parents(stored.urn)]
        if parents:
            shown = ", ".join(parents[:_MOST_TOLD]) + (" …" if len(parents) > _MOST_TOLD else "")
            told = Told("artefact-referenced", {"urn": stored.urn, "parents": shown})
            return _refusal(urn, 409, told, action=Action.DELETE)
    return None


def _withdraw_item(
    urn: Urn, stored: Artefact, registry: Registry, *, actor: str, now: dt.datetime, dry_run: bool
) -> Results:
    changed = remove_item(stored, urn.item_id or "")
    if changed is None:
        return (_refusal(urn, 404, Told("maintain-unknown", {"urn": str(urn)}), action=Action.DELETE),)
    conditions = Conditions(states=frozenset({stored.fingerprint[:PREFIX_LENGTH]}), must_exist=True)
    order = Submission(artefacts=(changed,), conditions=conditions)
    results = submit(order, registry, actor=actor, now=now, dry_run=dry_run)
    told = Told("maintain-deleted", {"urn": str(urn)})
    return tuple(
        replace(
            result,
            urn=str(urn),
            action=Action.DELETE,
            told=result.told if result.is_refused else (told, *result.told[1:]),
        )
        for result in results
    )


@dataclass(frozen=True)
class _Plan:
    """The results to tell, and the artefacts to store."""

    results: Results
    kept: Mapping[Urn, Artefact]


def _plan(order: Submission, artefacts: Artefacts) -> _Plan:
    refused: dict[Urn, SubmissionResult] = {}
    kept: dict[Urn, Artefact] = {}
    warnings: dict[Urn, list[Told]] = {}
    for sent in order.artefacts:
        urn = sent.urn
        artefact, refusal = _admit(sent, order, artefacts)
        twin = kept.get(urn)
        if twin is not None and twin.fingerprint != artefact.fingerprint:
            refusal = _refusal(urn, 409, Told("artefact-twice", {"urn": str(urn)}))
        if refusal is not None:
            refused[urn] = refusal
            kept.pop(urn, None)
        elif urn not in refused:
            kept[urn] = artefact
    _check(kept, refused, warnings, artefacts)
    if order.together and refused:
        for urn in kept:
            refused[urn] = _refusal(urn, 409, Told("maintain-together", {"urn": str(urn)}))
        kept = {}
    results = tuple(
        refused.get(urn) or _accepted(kept[urn], artefacts, warnings.get(urn, ()))
        for urn in dict.fromkeys(sent.urn for sent in order.artefacts)
    )
    return _Plan(results, kept)


def _admit(sent: Artefact, order: Submission, artefacts: Artefacts) -> tuple[Artefact, SubmissionResult | None]:
    """What is to be stored for what was sent, and why it may not be."""
    stored = _exactly(sent.urn, artefacts)
    partial = bool(sent.document.get("isPartial")) and sent.artefact_class.items is not None
    merges = order.action is Action.MERGE and sent.artefact_class.items is not None
    whole = merge_partial(stored, sent) if stored is not None and (partial or merges) else sent
    name = {"urn": str(sent.urn)}
    conditions = order.conditions
    told: Told | None = None
    code = 409
    if sent.artefact_class.name == "AvailabilityConstraint":
        told, code = Told("ART-ACTUAL"), 422
    elif stored is None and (conditions.must_exist or partial):
        told, code = Told("maintain-unknown", name), 404
    elif not _is_state(stored, conditions.states) or (stored is not None and conditions.must_be_new):
        told, code = Told("maintain-other-state", name), 412
    elif stored is None:
        told = _break_of_versions(whole, artefacts)
    elif stored.fingerprint != whole.fingerprint and order.action is Action.APPEND:
        told = Told("maintain-exists", name)
    elif stored.fingerprint != whole.fingerprint and stored.is_final:
        shown = difference_text(stored.document, whole.document)
        told = Told("ART-FINAL", {**name, "difference": shown})
    return whole, _refusal(sent.urn, code, told) if told else None


def _is_state(stored: Artefact | None, states: frozenset[str] | None) -> bool:
    if states is None:
        return True
    return stored is not None and ("*" in states or stored.fingerprint[:PREFIX_LENGTH] in states)


def _break_of_versions(new: Artefact, artefacts: Artefacts) -> Told | None:
    """What a new stable version changes against the one it follows, when its number does not allow it."""
    version = parse_version(new.ref.version)
    if version is None or not version.is_stable:
        return None
    before = _predecessor(new, version, artefacts)
    if before is None:
        return None
    asked, allowed = compare(before, new), allowed_by(before.ref.version, new.ref.version)
    if asked.verdict <= allowed:
        return None
    lines = [line for line, verdict in asked.lines if verdict > allowed][:_MOST_TOLD]
    return Told(
        f"maintain-version-{asked.verdict.name.lower()}",
        {"urn": str(new.urn), "before": before.ref.version, "difference": "; ".join(lines)},
    )


def _predecessor(new: Artefact, version: Version, artefacts: Artefacts) -> Artefact | None:
    """The latest stable version before this one."""
    ref = new.ref
    earlier = [
        (found.precedence, artefact)
        for artefact in artefacts.select(new.artefact_class, (ref.agency_id,), (ref.id,))
        if (found := parse_version(artefact.ref.version)) and found.is_stable and found.precedence < version.precedence
    ]
    return max(earlier, key=lambda entry: entry[0])[1] if earlier else None


def _check(
    kept: dict[Urn, Artefact],
    refused: dict[Urn, SubmissionResult],
    warnings: dict[Urn, list[Told]],
    artefacts: Artefacts,
) -> None:
    """Check what is left until nothing more has to be refused: what is refused may be what others refer to."""
    while kept:
        located = [Located(artefact, str(urn)) for urn, artefact in kept.items()]
        wrong = [*_errors(located, artefacts, warnings), *_broken_parents(kept, artefacts)]
        for urn, code, told in wrong:
            earlier = refused[urn].told if urn in refused else ()
            worst = max(code, refused[urn].code) if urn in refused else code
            refused[urn] = _refusal(urn, worst, *earlier, told)
        if not wrong:
            return
        for urn in {urn for urn, _, _ in wrong}:
            del kept[urn]


def _errors(
    located: list[Located], artefacts: Artefacts, warnings: dict[Urn, list[Told]]
) -> Iterator[tuple[Urn, int, Told]]:
    by_name = {one.file: one.artefact.urn for one in located}
    warnings.clear()
    for finding in check_artefact_files(located, artefacts):
        urn = by_name[finding.where.file]
        if finding.severity is Severity.ERROR:
            yield urn, _code(finding), _told(finding)
        elif finding.severity is Severity.WARNING:
            warnings.setdefault(urn, []).append(_told(finding))


def _broken_parents(kept: Mapping[Urn, Artefact], artefacts: Artefacts) -> Iterator[tuple[Urn, int, Told]]:
    """What would no longer hold of stored artefacts that refer, also through others, to what changes."""
    changing = {
        urn for urn, artefact in kept.items() if (stored := _exactly(urn, artefacts)) and _differs(stored, artefact)
    }
    for urn in changing:
        above = [Located(artefacts.get(one), str(one)) for one in _above(urn, artefacts) if one not in kept]
        if not above:
            continue
        known = set(_said(above, finder((), artefacts.find)))
        located = [Located(artefact) for artefact in kept.values()]
        for broken in _said(above, finder(located, artefacts.find)):
            if broken not in known:
                yield urn, 409, Told("maintain-breaks", {"urn": broken[0], "why": broken[1]})


def _differs(old: Artefact, new: Artefact) -> bool:
    return old.fingerprint != new.fingerprint


def _said(located: list[Located], find: FindArtefact) -> Iterator[tuple[str, str]]:
    for finding in check_artefacts(located, find, RULES):
        if finding.severity is Severity.ERROR:
            yield finding.where.file or "", finding.text()


def _above(urn: Urn, artefacts: Artefacts) -> list[Urn]:
    """Everything that refers to an artefact, near or far."""
    found: dict[Urn, None] = {}
    waiting = [urn]
    while waiting:
        for parent in artefacts.parents(waiting.pop()):
            if parent.urn not in found and parent.urn != urn:
                found[parent.urn] = None
                waiting.append(parent.urn)
    return list(found)


def _exactly(urn: Urn, artefacts: Artefacts) -> Artefact | None:
    found = artefacts.find(urn)
    return found if found is not None and found.urn == urn else None


def _code(finding: Finding) -> int:
    return 409 if finding.code in {"ART-MISSING", "ART-ITEM-MISSING"} else 422


def _told(finding: Finding) -> Told:
    _, _, place = (finding.where.path or "").partition(")")
    return Told(finding.code, finding.params, place)


def _refusal(urn: Urn, code: int, *told: Told, action: Action = Action.REPLACE) -> SubmissionResult:
    return SubmissionResult(urn=str(urn), action=action, code=code, told=told)


def _accepted(artefact: Artefact, artefacts: Artefacts, warnings: Iterable[Told]) -> SubmissionResult:
    stored = _exactly(artefact.urn, artefacts)
    same = stored is not None and not _differs(stored, artefact)
    key = "maintain-added" if stored is None else "maintain-unchanged" if same else "maintain-changed"
    return SubmissionResult(
        urn=str(artefact.urn),
        action=Action.APPEND if stored is None else Action.REPLACE,
        code=201 if stored is None else 200,
        told=(Told(key, {"urn": str(artefact.urn)}), *warnings),
        fingerprint=artefact.fingerprint,
    )
