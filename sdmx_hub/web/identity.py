"""What tells one answer from another: its validators, and the header of the message it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from flask import request

from sdmx_hub.model.message import Header
from sdmx_hub.web.conditional import Validators, make_validators
from sdmx_hub.web.hub import Visit


def validate(
    visit: Visit, state: Iterable[object], moments: Iterable[dt.datetime | None], *, entity: str | None = None
) -> Validators:
    """Make the validators of an answer: its address, the state of what it tells, and when that last changed.

    ``state`` says how it is told, too. ``entity`` names the state of the one artefact it gives, for ``If-Match``.
    """
    address = request.environ.get("RAW_URI") or request.full_path
    changed = max((moment for moment in moments if moment is not None), default=None)
    return make_validators((address, visit.base_url, *state), changed, entity=entity)


def make_header(visit: Visit, validators: Validators) -> Header:
    """Make the header of a message; it tells of the content, not of the request, so that equal answers are equal."""
    settings = visit.hub.settings
    return Header(
        id=f"{settings.hub_id}-{validators.digest[-16:]}",
        prepared=validators.last_modified or visit.now,
        sender_id=settings.hub_id,
        sender_names={"en": settings.hub_name},
        licence=settings.licence,
    )
