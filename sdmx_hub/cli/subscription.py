"""``sdmx-hub subscription``: who is told of changes of structures and of new data, and where."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

import click

from sdmx_hub.cli.context import DONE, UNAVAILABLE, HubContext, json_option, pass_hub, show
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.errors import BadRequest
from sdmx_hub.formats.registry_xml import EDITIONS
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.failures import read_failure
from sdmx_hub.harvest.notify import Deliverer
from sdmx_hub.language import sentence
from sdmx_hub.model.classes import CLASS_BY_RESOURCE
from sdmx_hub.model.message import Action
from sdmx_hub.model.subscription import DataEvents, Event, StructureEvents, Subscription, Target, read_hosts
from sdmx_hub.query.text import choose
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.subscriptions import Subscriptions

_YEARS = 10


def make_deliverer(hub: HubContext) -> Deliverer:
    """Put together what deliveries need; e-mails go to the folder ``outbox`` of the home."""
    return Deliverer(outbox=Outbox(hub.database), folder=hub.home / "outbox", settings=hub.settings)


@click.group()
def subscription() -> None:
    r"""Who is told of changes of structures and of new data. Notifications are delivered by the scheduler.

    \b
    Examples:
      sdmx-hub subscription add OFFICE --mail data@office.example --structures "*" --data "*"
      sdmx-hub subscription list
    """


@subscription.command()
@click.argument("organisation")
@click.option("--mail", "mail_to", multiple=True, help="Write an e-mail for this address into HOME/outbox.")
@click.option(
    "--http", multiple=True, metavar="URL", help="Post the message there; the setting notify_hosts allows it."
)
@click.option(
    "--structures", multiple=True, metavar="WHAT", help="Changes of structures: *, type, or type/AGENCY/ID/VERSION."
)
@click.option("--data", multiple=True, metavar="WHAT", help="New data: *, or dataflow/AGENCY/ID/VERSION.")
@click.option("--id", "subscriber_id", default="", help="The subscriber's own id of it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day; ten years from now, else.")
@click.option(
    "--edition", type=click.Choice(list(EDITIONS)), default="3.1.0", show_default=True, help="SDMX-ML of the messages."
)
@json_option
@pass_hub
def add(
    hub: HubContext,
    /,
    organisation: str,
    *,
    mail_to: tuple[str, ...],
    http: tuple[str, ...],
    structures: tuple[str, ...],
    data: tuple[str, ...],
    subscriber_id: str,
    until: dt.datetime | None,
    edition: str,
    as_json: bool,
) -> None:
    r"""Subscribe ORGANISATION: its URN, or the id of an agency.

    \b
    Examples:
      sdmx-hub subscription add OFFICE --http https://office.example/events --data dataflow/ILMH/DF_FLOW_POP
      sdmx-hub subscription add OFFICE --mail data@office.example --structures codelist/ILMH --structures dataflow
    """
    now = utc_now()
    asked = Subscription(
        organisation=_organisation(organisation),
        subscriber_id=subscriber_id,
        mail_to=mail_to,
        http=http,
        valid_from=now.date(),
        valid_to=until.date() if until else now.date() + dt.timedelta(days=365 * _YEARS),
        structures=StructureEvents(targets=_targets(structures)) if structures else None,
        data=DataEvents(targets=_targets(data)) if data else None,
        version=edition,
    )
    asked.check(read_hosts(hub.settings.notify_hosts))
    done = Subscriptions(hub.database).add(asked, actor=acting_person(), now=now)
    show(done.as_json(), as_json=as_json, text=sentence("subscription-added", hub.language, id=done.id))


def _organisation(text: str) -> str:
    if text.startswith("urn:"):
        return text
    return f"urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).{text}"


def _targets(names: tuple[str, ...]) -> tuple[Target, ...]:
    """Read what is wanted; nothing when everything is. Raises BadRequest."""
    return () if "*" in names else tuple(_target(name) for name in names)


def _target(name: str) -> Target:
    resource, *rest = name.strip("/").split("/")
    if len(rest) > 3:
        raise BadRequest("structures-exactly", what=name)
    row = CLASS_BY_RESOURCE[choose(resource, "artefactType", tuple(CLASS_BY_RESOURCE))]
    agency_id, artefact_id, version = [part.replace("*", "%") or "%" for part in (*rest, "", "", "")[:3]]
    return Target(class_name=row.name, agency_id=agency_id, id=artefact_id, version=version)


@subscription.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List the subscriptions, with what was delivered, what waits, what failed and why.

    \b
    Examples:
      sdmx-hub subscription list --json
    """
    found = Subscriptions(hub.database).select()
    outbox, now = Outbox(hub.database), utc_now()
    counts = outbox.counts([one.id for one in found])
    rows: list[dict[str, Any]] = [
        {
            **one.as_json(),
            "valid": one.is_valid(now),
            "notifications": counts[one.id],
            "last_failure": read_failure(outbox.last_failure(one.id), hub.language),
        }
        for one in found
    ]
    lines = [line for row in rows for line in _lines(row, hub.language)]
    nothing = sentence("subscription-none", hub.language)
    show({"subscriptions": rows}, as_json=as_json, text=lambda: "\n".join(lines) or nothing)


def _lines(row: dict[str, Any], language: str) -> list[str]:
    states = ", ".join(
        f"{count} {sentence(f'notification-{state}', language)}"
        for state, count in sorted(row["notifications"].items())
    )
    lines = [f"{row['id']}  {row['subscriber_id'] or '-'}  {' '.join((*row['http'], *row['mail_to']))}"]
    lines += [f"    {states}"] if states else []
    return lines + ([f"    {row['last_failure']}"] if row["last_failure"] else [])


@subscription.command()
@click.argument("key", metavar="ID")
@json_option
@pass_hub
def remove(hub: HubContext, key: str, *, as_json: bool) -> None:
    r"""Remove a subscription; what waits for it is dropped.

    \b
    Examples:
      sdmx-hub subscription remove 1f0c3a9e5b7d2468
    """
    store = Subscriptions(hub.database)
    removed = store.remove(store.get(key), actor=acting_person(), now=utc_now())
    said = sentence("subscription-removed", hub.language, id=removed.id)
    show({"removed": removed.as_json()}, as_json=as_json, text=said)


@subscription.command("test")
@click.argument("key", metavar="ID")
@json_option
@pass_hub
def test_(hub: HubContext, key: str, *, as_json: bool) -> None:
    r"""Send a notification of nothing to the addresses of a subscription, now. Exits with 69 when one did not take it.

    \b
    Examples:
      sdmx-hub subscription test 1f0c3a9e5b7d2468
    """
    found, deliverer = Subscriptions(hub.database).get(key), make_deliverer(hub)
    now = utc_now()
    deliverer.outbox.put(found, Event(at=now, action=Action.INFORMATION, urn=found.organisation), now=now)
    sent, failed = deliverer.deliver_due(utc_now)
    failure = read_failure(deliverer.outbox.last_failure(found.id), hub.language) if failed else ""
    said = sentence("subscription-tested", hub.language, sent=sent, failed=failed)
    shown = {"sent": sent, "failed": failed, "last_failure": failure}
    show(shown, as_json=as_json, text=f"{said}\n{failure}".strip())
    sys.exit(UNAVAILABLE if failed else DONE)
