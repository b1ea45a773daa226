"""``sdmx-hub mirror confirm`` and ``withdraw``: what people say of the difference of a pair."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.mirror_open import known_rules, opened_mirror
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.language import localised, sentence
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.mirror import MirrorQuery
from sdmx_hub.quality.pair_rules import AGENCY, VERSION
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.judgements import Judgement, Judgements

_pair_argument = click.argument("pair", nargs=5, metavar="RULE ORIGIN DESTINATION FREQ PERIOD")
_split_option = click.option("--split", default="", help="The split of the pair, such as MIG_TYPE=SEAS.")


@click.command()
@_pair_argument
@_split_option
@click.option("--cause", required=True, help="A code of CL_DISC_CAUSE: what explains the difference.")
@click.option("--comment", default="", help="In your own words.")
@json_option
@pass_hub
def confirm(hub: HubContext, /, pair: tuple[str, ...], *, split: str, cause: str, comment: str, as_json: bool) -> None:
    r"""Say what explains the difference of one pair. The last word counts; who and when are kept.

    \b
    Examples:
      sdmx-hub mirror confirm DEPLOYED_PERMITS MRT ESP A 2024 --split MIG_TYPE=SEAS --cause CHAN
    """
    known = _causes(hub)
    if cause not in known:
        raise BadRequest("mirror-cause-unknown", cause=cause, known=", ".join(known))
    said = _judge(hub, (*pair, split), cause, comment)
    text = sentence("mirror-confirmed", hub.language, pair=_named(said), cause=known[cause], actor=said.actor)
    show(_as_json(said), as_json=as_json, text=text)


@click.command()
@_pair_argument
@_split_option
@json_option
@pass_hub
def withdraw(hub: HubContext, /, pair: tuple[str, ...], *, split: str, as_json: bool) -> None:
    r"""Take back what was said of a pair; what the rules propose counts again.

    \b
    Examples:
      sdmx-hub mirror withdraw DEPLOYED_PERMITS MRT ESP A 2024 --split MIG_TYPE=SEAS
    """
    if (*pair, split) not in {one.pair for one in Judgements(hub.database).current()}:
        raise NotFound("mirror-nothing-said", pair=" ".join(part for part in (*pair, split) if part))
    said = _judge(hub, (*pair, split), "", "")
    show(_as_json(said), as_json=as_json, text=sentence("mirror-withdrawn", hub.language, pair=_named(said)))


def _causes(hub: HubContext) -> dict[str, str]:
    codelist = hub.registry.snapshot().codelist(Urn("Codelist", Ref(AGENCY, "CL_DISC_CAUSE", VERSION)))
    return {code.id: localised(code.names, hub.language) for code in codelist.codes.values()}


def _judge(hub: HubContext, pair: tuple[str, ...], cause: str, comment: str) -> Judgement:
    """Keep a word on a pair, which must be there."""
    rule, origin, destination, frequency, period, split = pair
    said = Judgement(
        rule=rule,
        origin=origin,
        destination=destination,
        frequency=frequency,
        period=period,
        split=split,
        cause=cause,
        comment=comment,
        actor=acting_person(),
        at=dt.datetime.now(dt.UTC),
    )
    query = MirrorQuery(
        rules=known_rules((rule,)),
        origins=frozenset({origin}),
        destinations=frozenset({destination}),
        periods=frozenset({period}),
    )
    with opened_mirror(hub, query, audience=INTERNAL) as found:
        known = {(one["frequency"], one["split"]) for one in found.pairs()}
    if (frequency, split) not in known:
        raise NotFound("mirror-pair-unknown", pair=_named(said))
    Judgements(hub.database).add(said)
    return said


def _named(said: Judgement) -> str:
    return " ".join(part for part in said.pair if part)


def _as_json(said: Judgement) -> dict[str, Any]:
    return {**vars(said), "at": said.at.isoformat()}
