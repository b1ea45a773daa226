"""``sdmx-hub key``: who may administer over HTTP."""

from __future__ import annotations

import datetime as dt
import getpass
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.language import sentence
from sdmx_hub.store.keys import SCOPES, ApiKey, ApiKeys


@click.group()
def key() -> None:
    r"""Make, list and revoke the keys of the administration API.

    \b
    Examples:
      sdmx-hub key add office-sen --scope load --days 365
      sdmx-hub key list
      sdmx-hub key revoke 1f0c3a9e
    """


@key.command()
@click.argument("principal")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="What it may do.")
@click.option("--days", type=click.IntRange(1, 3660), help="Days until it expires; never, unless told.")
@json_option
@pass_hub
def add(hub: HubContext, /, principal: str, *, scopes: tuple[str, ...], days: int | None, as_json: bool) -> None:
    r"""Make a key for PRINCIPAL; it is shown this once.

    \b
    Examples:
      sdmx-hub key add office-sen --scope load --days 365
      sdmx-hub key add ana --scope operate --scope admin --json
    """
    now = dt.datetime.now(dt.UTC)
    expires_at = now + dt.timedelta(days=days) if days else None
    made, text = ApiKeys(hub.database).add(principal, scopes, actor=_actor(), now=now, expires_at=expires_at)
    told = f"{text}\n{sentence('key-shown-once', hub.language, key='…')}"
    show({**_as_json(made, now), "key": text}, as_json=as_json, text=told)


@key.command("list")
@json_option
@pass_hub
def list_(hub: HubContext, *, as_json: bool) -> None:
    r"""List the keys, newest first; never their secrets.

    \b
    Examples:
      sdmx-hub key list
      sdmx-hub key list --json
    """
    now = dt.datetime.now(dt.UTC)
    keys = ApiKeys(hub.database).select()
    lines = [
        f"{one.prefix}  {sentence(_state(one, now), hub.language):10}  {one.principal}  {' '.join(sorted(one.scopes))}"
        for one in keys
    ]
    text = "\n".join(lines) or sentence("key-none", hub.language)
    show({"keys": [_as_json(one, now) for one in keys]}, as_json=as_json, text=text)


@key.command()
@click.argument("prefix")
@json_option
@pass_hub
def revoke(hub: HubContext, /, prefix: str, *, as_json: bool) -> None:
    r"""Close the key that begins with hub_PREFIX, at once and for good.

    \b
    Examples:
      sdmx-hub key revoke 1f0c3a9e
    """
    prefix = prefix.removeprefix("hub_").partition("_")[0]
    ApiKeys(hub.database).revoke(prefix, actor=_actor(), now=dt.datetime.now(dt.UTC))
    text = sentence("key-revoked", hub.language, prefix=prefix)
    show({"prefix": prefix, "revoked": True}, as_json=as_json, text=text)


def _state(one: ApiKey, now: dt.datetime) -> str:
    if one.revoked_at is not None:
        return "key-closed"
    return "key-valid" if one.is_valid(now) else "key-expired"


def _as_json(one: ApiKey, now: dt.datetime) -> dict[str, Any]:
    return {
        "prefix": one.prefix,
        "principal": one.principal,
        "scopes": sorted(one.scopes),
        "state": _state(one, now).removeprefix("key-"),
        "created": one.created_at.isoformat(),
        "expires": one.expires_at.isoformat() if one.expires_at else None,
        "last_used": one.last_used_at.isoformat() if one.last_used_at else None,
    }


def _actor() -> str:
    return f"cli:{getpass.getuser()}"
