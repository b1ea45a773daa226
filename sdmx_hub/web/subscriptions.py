"""Subscriptions over HTTP: POST /subscription, with a key (SDMX REST v2.2, *Maintenance*, annex I)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request
from werkzeug.exceptions import MethodNotAllowed

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.formats.registry_subscriptions import (
    SubscriptionQuestion,
    SubscriptionRequest,
    SubscriptionResult,
    read_message,
    write_query_response,
    write_submit_response,
)
from sdmx_hub.model.message import Action
from sdmx_hub.model.submission import Told
from sdmx_hub.model.subscription import Subscription, read_hosts
from sdmx_hub.store.keys import STRUCTURES
from sdmx_hub.store.subscriptions import Subscriptions
from sdmx_hub.web.access import require_key
from sdmx_hub.web.errors import status_of
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.maintenance import make_header
from sdmx_hub.web.registrations import choose_registry_format, send_registry, status_of_changes
from sdmx_hub.web.rest import Family, Parts

_WRITING = ("POST",)


def refuse_reading(family: Family, parts: Parts) -> Response:
    """Refuse GET: the standard asks for subscriptions by a message."""
    raise MethodNotAllowed(valid_methods=_WRITING)


def change_subscriptions(family: Family, parts: Parts) -> Response:
    """Take the requests of a message, each on its own; a QuerySubscriptionRequest is answered too."""
    key, visit = require_key(STRUCTURES), current_visit()
    if request.method != "POST" or any(parts):
        raise MethodNotAllowed(valid_methods=_WRITING)
    message = read_message(request.get_data(cache=False))
    chosen = choose_registry_format(family)
    version = chosen.format.version
    if isinstance(message, SubscriptionQuestion):
        found = [one for one in Subscriptions(visit.hub.database).select() if one.organisation == message.organisation]
        return send_registry(write_query_response(found, make_header("SUBSCRIPTIONS"), version), 200, chosen)
    if not message:
        raise BadRequest("subscription-nothing")
    results = _changes(message, visit, key.actor)
    body = write_submit_response(results, make_header("SUBSCRIPTIONS"), version)
    return send_registry(body, status_of_changes(one.code for one in results), chosen)


def _changes(message: Sequence[SubscriptionRequest], visit: Visit, actor: str) -> list[SubscriptionResult]:
    return [_change(one, visit, actor) for one in message]


def _change(one: SubscriptionRequest, visit: Visit, actor: str) -> SubscriptionResult:
    sent = one.subscription
    try:
        done, code, key = _done(one, visit, actor)
    except HubError as error:
        told = (Told(error.key, error.params),)
        code = status_of(error).plain
        return SubscriptionResult(id=sent.id, subscriber_id=sent.subscriber_id, code=code, told=told)
    told = (Told(key, {"id": done.id}),)
    return SubscriptionResult(id=done.id, subscriber_id=done.subscriber_id, code=code, told=told)


def _done(one: SubscriptionRequest, visit: Visit, actor: str) -> tuple[Subscription, int, str]:
    store = Subscriptions(visit.hub.database)
    if one.action is Action.DELETE:
        return store.remove(one.subscription, actor=actor, now=visit.now), 200, "subscription-removed"
    one.subscription.check(read_hosts(visit.hub.settings.notify_hosts))
    if one.action is Action.REPLACE:
        return store.replace(one.subscription, actor=actor, now=visit.now), 200, "subscription-replaced"
    return store.add(one.subscription, actor=actor, now=visit.now), 201, "subscription-added"
