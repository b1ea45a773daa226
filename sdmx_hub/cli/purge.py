"""``sdmx-hub release purge``: take out for good what should never have been published."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.dataflow_name import find_dataflow
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.store.observations import utc_now
from sdmx_hub.store.purge.order import Order
from sdmx_hub.store.purge.purging import Purged, plan_purge, purge


@click.command("purge")
@click.argument("dataflow")
@click.option(
    "--where",
    multiple=True,
    metavar="DIMENSION=CODE[+CODE]",
    help="Only observations with one of these codes; repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="All observations of the dataflow.")
@click.option("--component", "components", multiple=True, metavar="ID", help="Only its values; repeatable.")
@click.option("--without-trace", is_flag=True, help="The keys go too; partners that harvest the hub cannot be told.")
@click.option("--reason", required=True, help="Why, for the audit log; do not repeat what is to go.")
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@pass_hub
def release_purge(
    hub: HubContext,
    /,
    dataflow: str,
    *,
    where: tuple[str, ...],
    everything: bool,
    components: tuple[str, ...],
    without_trace: bool,
    reason: str,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    r"""Take values of DATAFLOW out of everything the hub keeps: data, history, logs of loads, received bytes.

    For what should never have been published. A release takes the values away first, so that partners are told; that
    there was something at its key stays known. Asks twice, unless --yes is given. It cannot be undone.

    \b
    Examples:
      sdmx-hub release purge DF_REC_COST --where REF_AREA=SEN --where TIME_PERIOD=2023 --reason "court order"
      sdmx-hub release purge DF_REC_COST --all --component COMMENT_OBS --reason "names in comments"
    """
    if bool(where) == everything:
        raise BadRequest("purge-where")
    urn = find_dataflow(hub.registry.snapshot(), dataflow)
    structure = hub.registry.snapshot().structure_of(urn)
    order = Order(
        dataflow=urn.ref, structure=structure, where=_where(where), cleared=components, traceless=without_trace
    )
    planned = plan_purge(order, hub.observations, hub.database, now=utc_now())
    if dry_run:
        show(
            {**_answer(order, planned), "dry_run": True}, as_json=as_json, text=_told(hub, "purge-plan", order, planned)
        )
        return
    if not yes:
        _ask(hub, order, planned)
    done = purge(order, hub.observations, hub.database, actor=actor(), reason=reason, now=utc_now())
    text = f"{_told(hub, 'purge-done', order, done)}\n{sentence('purge-yours', hub.language)}"
    show({**_answer(order, done), "dry_run": False}, as_json=as_json, text=text)


def _where(texts: Iterable[str]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        name, mark, codes = text.partition("=")
        if not mark or not codes or name in found:
            raise BadRequest("purge-where")
        found[name] = frozenset(codes.split("+"))
    return found


def _ask(hub: HubContext, order: Order, planned: Purged) -> None:
    """Ask twice. Raises BadRequest when the second answer is not the dataflow's id."""
    click.echo(_told(hub, "purge-plan", order, planned), err=True)
    click.confirm(sentence("purge-confirm", hub.language), abort=True, err=True)
    typed = click.prompt(sentence("purge-repeat", hub.language, id=order.dataflow.id), err=True)
    if typed.strip() != order.dataflow.id:
        raise BadRequest("purge-not-repeated")


def _answer(order: Order, done: Purged) -> dict[str, object]:
    return {"dataflow": str(order.dataflow), "components": list(order.components), **dataclasses.asdict(done)}


def _told(hub: HubContext, key: str, order: Order, done: Purged) -> str:
    components = ", ".join(order.cleared) or sentence("purge-everything", hub.language)
    params = {"dataflow": order.dataflow, **dataclasses.asdict(done)}
    return sentence(key, hub.language, components=components, **params)
