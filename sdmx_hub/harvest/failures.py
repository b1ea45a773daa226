"""Why an alert or a notification was not delivered: kept by its key, and said in the language of who asks."""

from __future__ import annotations

import orjson

from sdmx_hub.errors import HubError
from sdmx_hub.language import sentence

_SHOWN = 120
"""So much of one detail of a failure is kept."""


def write_failure(error: HubError | OSError) -> str:
    """Write why something was not delivered, so that it can be said in any language."""
    if isinstance(error, HubError):
        params = {name: str(value)[:_SHOWN] for name, value in error.params.items()}
        return orjson.dumps({"key": error.key, "params": params}).decode()
    return f"{type(error).__name__}: {error}"


def read_failure(text: str, language: str) -> str:
    """Say why something was not delivered."""
    try:
        failure = orjson.loads(text)
        return sentence(failure["key"], language, **failure["params"])
    except (ValueError, TypeError, KeyError):
        return text
