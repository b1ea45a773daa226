"""Which metadata sets refer to a structure, so that it is not removed below them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.metadata_tables import METADATA_SETS

_COLUMNS = METADATA_SETS.c


def find_reference(connection: Connection, urn: Urn) -> Ref | None:
    """A metadata set that is there and names an artefact, or something in it; None when there is none."""
    query = (
        sa.select(_COLUMNS.provider_id, _COLUMNS.set_id, _COLUMNS.version)
        .where(_COLUMNS.removed_at.is_(None))
        .where(_COLUMNS.document.contains(str(urn), autoescape=True) | _items_of(urn))
        .limit(1)
    )
    row = connection.execute(query).first()
    return Ref(row.provider_id, row.set_id, row.version) if row else None


def _items_of(urn: Urn) -> sa.ColumnElement[bool]:
    """Something in the artefact: an item of it."""
    item_class = urn.artefact_class.item_class
    if item_class is None:
        return sa.false()
    return _COLUMNS.document.contains(str(Urn(item_class, urn.ref, "")), autoescape=True)
