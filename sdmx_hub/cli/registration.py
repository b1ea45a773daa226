"""``sdmx-hub registration``: who serves the data of which provision agreement, and where."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.structure_select import acting_person
from sdmx_hub.errors import Conflict
from sdmx_hub.language import sentence
from sdmx_hub.model.registration import Queryable, Registration
from sdmx_hub.model.urn import Urn, parse_ref, parse_urn
from sdmx_hub.query.text import parse_moment
from sdmx_hub.store.registrations import Registrations


@click.group()
def registration() -> None:
    r"""Datasources registered for provision agreements. Those of the hub itself are made of what it has published.

    \b
    Examples:
      sdmx-hub registration add "ILMH:PA_X(1.0.0)" --file https://office.example/x.csv
      sdmx-hub registration add "ILMH:PA_X(1.0.0)" --service https://office.example/sdmx/v2
      sdmx-hub registration list
    """


@registration.command()
@click.argument("agreement")
@click.option("--file", "file_url", metavar="URL", help="Where the data are as one file.")
@click.option("--service", "service_url", metavar="URL", help="Where an SDMX REST service answers queries.")
@click.option("--id", "key", default="", help="Its id; the hub makes one, else. An id that is there is replaced.")
@click.option("--valid-from", metavar="MOMENT", help="From when the datasource holds.")
@click.option("--valid-to", metavar="MOMENT", help="Until when.")
@json_option
@pass_hub
def add(
    hub: HubContext,
    /,
    agreement: str,
    *,
    file_url: str | None,
    service_url: str | None,
    key: str,
    valid_from: str | None,
    valid_to: str | None,
    as_json: bool,
) -> None:
    r"""Register where the data of AGREEMENT are: its URN, or AGENCY:ID(VERSION).

    \b
    Examples:
      sdmx-hub registration add "ILMH:PA_X(1.0.0)" --service https://office.example/sdmx/v2 --id OFFICE_X
    """
    urn = parse_urn(agreement) if agreement.startswith("urn:") else Urn("ProvisionAgreement", parse_ref(agreement))
    asked = Registration(
        id=key,
        provision_agreement=urn,
        simple_url=file_url,
        queryable=Queryable(data_url=service_url) if service_url else None,
        valid_from=parse_moment(valid_from, "--valid-from") if valid_from else None,
        valid_to=parse_moment(valid_to, "--valid-to") if valid_to else None,
    )
    asked.check()
    if hub.registry.snapshot().find(urn) is None:
        raise Conflict("registration-unknown-agreement", urn=urn)
    store, now = Registrations(hub.database), dt.datetime.now(dt.UTC)
    known = key and any(one.id == key for one in store.select())
    change = store.replace if known else store.add
    done = change(asked, actor=acting_person(), now=now)
    said = sentence("registration-replaced" if known else "registration-added", hub.language, id=done.id)
    show(done.as_json(), as_json=as_json, text=said)


@registration.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List the registrations.

    \b
    Examples:
      sdmx-hub registration list --json
    """
    found = Registrations(hub.database).select()
    lines = [f"{one.id:<24} {one.provision_agreement.ref!s:<40} {_place(one)}" for one in found]
    shown: dict[str, Any] = {"registrations": [one.as_json() for one in found]}
    show(shown, as_json=as_json, text="\n".join(lines) or sentence("registration-none", hub.language))


@registration.command("show")
@click.argument("key", metavar="ID")
@json_option
@pass_hub
def show_(hub: HubContext, key: str, *, as_json: bool) -> None:
    r"""Show a registration.

    \b
    Examples:
      sdmx-hub registration show OFFICE_X
    """
    shown = Registrations(hub.database).get(key).as_json()
    show(shown, as_json=as_json, text="\n".join(f"{name}: {_flat(value)}" for name, value in shown.items()))


@registration.command()
@click.argument("key", metavar="ID")
@json_option
@pass_hub
def remove(hub: HubContext, key: str, *, as_json: bool) -> None:
    r"""Remove a registration.

    \b
    Examples:
      sdmx-hub registration remove OFFICE_X
    """
    removed = Registrations(hub.database).remove(key, actor=acting_person(), now=dt.datetime.now(dt.UTC))
    said = sentence("registration-removed", hub.language, id=key)
    show({"removed": removed.as_json()}, as_json=as_json, text=said)


def _place(one: Registration) -> str:
    urls = [one.simple_url, one.queryable.data_url if one.queryable else None]
    return " ".join(url for url in urls if url)


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items() if each is not None)
    return ", ".join(value) if isinstance(value, list) else str(value)
