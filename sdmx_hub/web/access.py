"""Who may administer: a key in the ``Authorization`` header, never in the address; wrong ones are counted."""

from __future__ import annotations

from flask import request

from sdmx_hub.errors import NotAllowed, NotAuthenticated
from sdmx_hub.store.keys import ApiKey, ApiKeys
from sdmx_hub.web.hub import current_hub

_SCHEME = "bearer"


def require_key(scope: str) -> ApiKey:
    """Let a valid key with ``scope`` pass. Raises NotAuthenticated, NotAllowed, TooManyTries."""
    key = find_key()
    if key is None:
        raise NotAuthenticated("web-key-missing")
    if scope not in key.scopes:
        raise NotAllowed("web-scope", scope=scope)
    return key


def find_key() -> ApiKey | None:
    """Find the key of the request; None when it carries none.

    Raises NotAuthenticated for one that opens nothing, TooManyTries after many of these.
    """
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != _SCHEME:
        return None
    hub = current_hub()
    key = ApiKeys(hub.database).check(text.strip(), now=hub.now())
    if key is None:
        raise hub.tries.refusal(request.remote_addr or "")
    return key
