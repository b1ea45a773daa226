"""How the address of a partner is typed: whole, with its scheme."""

from __future__ import annotations

from sdmx_hub.errors import BadRequest
from sdmx_hub.harvest.guard import PORTS
from sdmx_hub.mapping.schema_faults import short


def check_typed(address: str) -> None:
    """Make sure that what was typed is an address at all. Raises BadRequest, which says how one is written."""
    scheme, _, rest = address.partition("://")
    if scheme.lower() not in PORTS or not rest.strip("/"):
        raise BadRequest("cli-address", address=short(address))
