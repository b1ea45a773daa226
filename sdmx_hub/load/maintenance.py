"""Maintenance by submission: what may be stored, replaced and removed, decided artefact by artefact.

After SDMX REST v2.2, *Maintenance*: what already is, the rules of versions, and references both ways decide. A plan is
made on one snapshot of the registry and carried out only if nothing changed since; otherwise it is made again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sdmx_hub.errors import BadRequest, Malformed, TryAgain
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.load.artefact_checks import Located, check_artefacts
from sdmx_hub.load.artefact_diff import allowed_by, compare
from sdmx_hub.load.artefact_items import merge_partial
from sdmx_hub.load.artefact_rules import RULES, finder
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import FindArtefact
from sdmx_hub.model.submission import SubmissionResult, Told
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.query.versions import Version, parse_version
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.registry import Registry

TRIES = 5
MOST_TOLD = 5
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
    for _ in range(TRIES):
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


@dataclass(frozen=True)
class _Plan:
    """The results to tell, and the artefacts to store."""

    results: Results
    kept: Mapping[Urn, Artefact]


def check_names(artefacts: Iterable[Artefact]) -> None:
    """Make sure that each artefact has a name: agency, id and version as texts of the standard. Raises Malformed."""
    for artefact in artefacts:
        parts = (artefact.ref.agency_id, artefact.ref.id, artefact.ref.version)
        try:
            named = all(isinstance(part, str) for part in parts) and parse_ref(str(artefact.ref)) == artefact.ref
        except BadRequest as error:
            raise Malformed("maintain-name", what=str(parts)[:200]) from error
        if not named:
            raise Malformed("maintain-name", what=str(parts)[:200])


def _plan(order: Submission, artefacts: Artefacts) -> _Plan:
    refused: dict[Urn, SubmissionResult] = {}
    kept: dict[Urn, Artefact] = {}
    warnings: dict[Urn, list[Told]] = {}
    for sent in order.artefacts:
        urn = sent.urn
        artefact, refusal = _admit(sent, order, artefacts)
        twin = kept.get(urn)
        if twin is not None and twin.fingerprint != artefact.fingerprint:
            refusal = make_refusal(urn, 409, Told("artefact-twice", {"urn": str(urn)}))
        if refusal is not None:
            refused[urn] = refusal
            kept.pop(urn, None)
        elif urn not in refused:
            kept[urn] = artefact
    _check(kept, refused, warnings, artefacts)
    if order.together and refused:
        for urn in kept:
            refused[urn] = make_refusal(urn, 409, Told("maintain-together", {"urn": str(urn)}))
        kept = {}
    results = tuple(
        refused.get(urn) or _accepted(kept[urn], artefacts, warnings.get(urn, ()))
        for urn in dict.fromkeys(sent.urn for sent in order.artefacts)
    )
    return _Plan(results, kept)


def _admit(sent: Artefact, order: Submission, artefacts: Artefacts) -> tuple[Artefact, SubmissionResult | None]:
    """What is to be stored for what was sent, and why it may not be."""
    invalid = [Told("ART-SCHEMA", {"why": error.text}, error.path) for error in check_artefact(sent)]
    if invalid:
        return sent, make_refusal(sent.urn, 422, *invalid[:MOST_TOLD])
    stored = find_exact(sent.urn, artefacts)
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
    elif not is_state(stored, conditions.states) or (stored is not None and conditions.must_be_new):
        told, code = Told("maintain-other-state", name), 412
    elif stored is None:
        told = _break_of_versions(whole, artefacts)
    elif stored.fingerprint != whole.fingerprint and order.action is Action.APPEND:
        told = Told("maintain-exists", name)
    elif stored.fingerprint != whole.fingerprint and stored.is_final:
        shown = difference_text(stored.document, whole.document)
        told = Told("ART-FINAL", {**name, "difference": shown})
    return whole, make_refusal(sent.urn, code, told) if told else None


def is_state(stored: Artefact | None, states: frozenset[str] | None) -> bool:
    """Tell whether what is stored is in one of the states; no states mean any, or nothing stored."""
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
    lines = [line for line, verdict in asked.lines if verdict > allowed][:MOST_TOLD]
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
            refused[urn] = make_refusal(urn, worst, *earlier, told)
        if not wrong:
            return
        for urn in {urn for urn, _, _ in wrong}:
            del kept[urn]


def _errors(
    located: list[Located], artefacts: Artefacts, warnings: dict[Urn, list[Told]]
) -> Iterator[tuple[Urn, int, Told]]:
    by_name = {one.file: one.artefact.urn for one in located}
    warnings.clear()
    for finding in check_artefacts(located, finder(located, artefacts.find), RULES):
        urn = by_name[finding.where.file]
        if finding.severity is Severity.ERROR:
            yield urn, _code(finding), _told(finding)
        elif finding.severity is Severity.WARNING:
            warnings.setdefault(urn, []).append(_told(finding))


def _broken_parents(kept: Mapping[Urn, Artefact], artefacts: Artefacts) -> Iterator[tuple[Urn, int, Told]]:
    """What would no longer hold of stored artefacts that refer, also through others, to what changes."""
    changing = {
        urn for urn, artefact in kept.items() if (stored := find_exact(urn, artefacts)) and _differs(stored, artefact)
    }
    for urn in changing:
        above = [Located(artefacts.get(one), str(one)) for one in _above(urn, artefacts) if one not in kept]
        if not above:
            continue
        known = {str(finding) for finding in _wrong(above, finder((), artefacts.find))}
        located = [Located(artefact) for artefact in kept.values()]
        for finding in _wrong(above, finder(located, artefacts.find)):
            if str(finding) not in known:
                yield urn, 409, Told("maintain-breaks", {"urn": finding.where.file})
                yield urn, 409, _told(finding)


def _differs(old: Artefact, new: Artefact) -> bool:
    return old.fingerprint != new.fingerprint


def _wrong(located: list[Located], find: FindArtefact) -> Iterator[Finding]:
    return (finding for finding in check_artefacts(located, find, RULES) if finding.severity is Severity.ERROR)


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


def find_exact(urn: Urn, artefacts: Artefacts) -> Artefact | None:
    """Find the artefact of exactly this version."""
    found = artefacts.find(urn)
    return found if found is not None and found.urn == urn else None


def _code(finding: Finding) -> int:
    return 409 if finding.code in {"ART-MISSING", "ART-ITEM-MISSING"} else 422


def _told(finding: Finding) -> Told:
    _, _, place = (finding.where.path or "").partition(")")
    return Told(finding.code, finding.params, place)


def make_refusal(urn: Urn, code: int, *told: Told, action: Action = Action.REPLACE) -> SubmissionResult:
    """Make the result of an artefact for which nothing was done."""
    return SubmissionResult(urn=str(urn), action=action, code=code, told=told)


def _accepted(artefact: Artefact, artefacts: Artefacts, warnings: Iterable[Told]) -> SubmissionResult:
    stored = find_exact(artefact.urn, artefacts)
    same = stored is not None and not _differs(stored, artefact)
    key = "maintain-added" if stored is None else "maintain-unchanged" if same else "maintain-changed"
    return SubmissionResult(
        urn=str(artefact.urn),
        action=Action.APPEND if stored is None else Action.REPLACE,
        code=201 if stored is None else 200,
        told=(Told(key, {"urn": str(artefact.urn)}), *warnings),
        fingerprint=artefact.fingerprint,
    )
