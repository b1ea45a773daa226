"""Artefacts and items taken out: nothing final, nothing that something refers to (SDMX REST v2.2, *Maintenance*)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sdmx_hub.errors import Conflict, NotFound, TryAgain
from sdmx_hub.load.artefact_items import remove_item
from sdmx_hub.load.maintenance import (
    MOST_TOLD,
    PREFIX_LENGTH,
    TRIES,
    Conditions,
    Results,
    Submission,
    find_exact,
    is_state,
    make_refusal,
    submit,
)
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Action
from sdmx_hub.model.submission import SubmissionResult, Told
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.registry import Registry


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
    for _ in range(TRIES):
        artefacts = registry.snapshot()
        stored = find_exact(urn.artefact, artefacts)
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
            return (make_refusal(urn, 409, Told(error.key, error.params), action=Action.DELETE),)
        return (done,)
    raise TryAgain("registry-changed")


def _refuse_withdrawal(
    urn: Urn, stored: Artefact | None, artefacts: Artefacts, conditions: Conditions
) -> SubmissionResult | None:
    name = {"urn": str(urn)}
    if stored is None:
        return make_refusal(urn, 404, Told("maintain-unknown", name), action=Action.DELETE)
    if not is_state(stored, conditions.states):
        return make_refusal(urn, 412, Told("maintain-other-state", name), action=Action.DELETE)
    if stored.is_final:
        return make_refusal(urn, 409, Told("maintain-final-stays", name), action=Action.DELETE)
    if urn.item_id is None:
        parents = [str(parent.urn) for parent in artefacts.parents(stored.urn)]
        if parents:
            shown = ", ".join(parents[:MOST_TOLD]) + (" …" if len(parents) > MOST_TOLD else "")
            told = Told("artefact-referenced", {"urn": stored.urn, "parents": shown})
            return make_refusal(urn, 409, told, action=Action.DELETE)
    return None


def _withdraw_item(
    urn: Urn, stored: Artefact, registry: Registry, *, actor: str, now: dt.datetime, dry_run: bool
) -> Results:
    changed = remove_item(stored, urn.item_id or "")
    if changed is None:
        return (make_refusal(urn, 404, Told("maintain-unknown", {"urn": str(urn)}), action=Action.DELETE),)
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
