"""Parts of ``sdmx-hub source``: sources switched off and on, and the alerts on how they are."""

from __future__ import annotations

import sys
from typing import Any

import click

from sdmx_hub.cli.actor import actor
from sdmx_hub.cli.context import DONE, UNAVAILABLE, HubContext, json_option, pass_hub, show
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.harvest.alerts import AlertDeliverer, Watch
from sdmx_hub.harvest.attendance import look_for_scheduler
from sdmx_hub.harvest.clock import utc_now
from sdmx_hub.harvest.failures import read_failure
from sdmx_hub.harvest.health_facts import HealthReader
from sdmx_hub.language import sentence
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.sources import Sources


def make_reader(hub: HubContext) -> HealthReader:
    """Put together what reads the health of sources."""
    return HealthReader(database=hub.database, registry=hub.registry, observations=hub.observations)


def make_watch(hub: HubContext) -> Watch:
    """Put together what watches the health of sources."""
    return Watch(reader=make_reader(hub), settings=hub.settings)


def make_alert_deliverer(hub: HubContext) -> AlertDeliverer:
    """Put together what delivers alerts; e-mails without a mail server go to the folder ``outbox`` of the home."""
    return AlertDeliverer(alerts=Alerts(hub.database), folder=hub.home / "outbox", settings=hub.settings)


def watch(hub: HubContext) -> None:
    """Look at the health of the sources and for a scheduler, and deliver the alerts that are due."""
    make_watch(hub).look(now=utc_now())
    look_for_scheduler(hub.database, hub.settings, now=utc_now())
    deliverer = make_alert_deliverer(hub)
    deliverer.deliver_due(utc_now)
    deliverer.alerts.forget(now=utc_now())


@click.command()
@click.argument("source_id", required=False, metavar="[SOURCE]")
@click.option("--test", "is_test", is_flag=True, help="Send an alert of nothing to whoever is told of SOURCE, now.")
@json_option
@pass_hub
def alerts(hub: HubContext, source_id: str | None, *, is_test: bool, as_json: bool) -> None:
    r"""List the alerts on the health of sources, newest first, with what became of each.

    Who is told stands in the settings (alerts_webhooks, alerts_mail) and in the source (alerts). The scheduler sends
    them. With --test: exits with 69 when an address did not take it, 78 when nobody is to be told.

    \b
    Examples:
      sdmx-hub source alerts --json
      sdmx-hub source alerts SEN_ANSD --test
    """
    if is_test:
        if source_id is None:
            raise click.UsageError("--test: SOURCE?")
        _test(hub, source_id, as_json=as_json)
    found = [_said(one, hub.language) for one in Alerts(hub.database).select(source_id)]
    if source_id is not None and not found:
        Sources(hub.database).get(source_id)  # one that is gone may have alerts; one that never was has none
    none = sentence("alert-none", hub.language)
    show({"alerts": found}, as_json=as_json, text=lambda: "\n".join(_line(one) for one in found) or none)


def _test(hub: HubContext, source_id: str, *, as_json: bool) -> None:
    if make_watch(hub).send_test(source_id, now=utc_now()) == 0:
        raise ConfigurationError("alert-nobody")
    deliverer = make_alert_deliverer(hub)
    sent, failed = deliverer.deliver_due(utc_now)
    tried = [_said(one, hub.language) for one in deliverer.alerts.select(source_id)] if failed else []
    failures = [one["failure"] for one in tried if one["failure"]]
    said = sentence("alert-tested", hub.language, sent=sent, failed=failed)
    answer = {"sent": sent, "failed": failed, "failures": failures}
    show(answer, as_json=as_json, text="\n".join([said, *failures]))
    sys.exit(UNAVAILABLE if failed else DONE)


def _said(alert: dict[str, Any], language: str) -> dict[str, Any]:
    return {**alert, "failure": read_failure(alert["failure"], language)}


def _line(alert: dict[str, Any]) -> str:
    head = f"{alert['id']:>6}  {alert['made'][:19]}  {alert['source']:<16} {alert['cause']:<30} {alert['state']:<8}"
    return f"{head} {alert['address']}" + (f"  {alert['failure']}" if alert["failure"] else "")


@click.command()
@click.argument("source_id", metavar="SOURCE")
@json_option
@pass_hub
def disable(hub: HubContext, source_id: str, *, as_json: bool) -> None:
    r"""Switch a source off: no visits are queued until it is switched on again.

    \b
    Examples:
      sdmx-hub source disable SEN_ANSD
    """
    _switch(hub, source_id, on=False, as_json=as_json)


@click.command()
@click.argument("source_id", metavar="SOURCE")
@json_option
@pass_hub
def enable(hub: HubContext, source_id: str, *, as_json: bool) -> None:
    r"""Switch a source on again; of the slots missed the latest is run.

    \b
    Examples:
      sdmx-hub source enable SEN_ANSD
    """
    _switch(hub, source_id, on=True, as_json=as_json)


def _switch(hub: HubContext, source_id: str, *, on: bool, as_json: bool) -> None:
    changed = Alerts(hub.database).switch(source_id, on=on, actor=actor(), now=utc_now())
    said = sentence("source-switched-on" if on else "source-switched-off", hub.language, source=source_id)
    show({"id": source_id, "disabled": not on, "changed": changed}, as_json=as_json, text=said)
