"""SDMX REST v1 (1.0 to 1.5) as a value: SDMX 2.1 URLs, resources and parsers."""

from __future__ import annotations

from sdmx_hub.query import urls_v1
from sdmx_hub.web.maintenance import maintain_structures
from sdmx_hub.web.metadata import get_metadata_v1
from sdmx_hub.web.rest import Family
from sdmx_hub.web.views import get_availability, get_data, get_schema, get_structures

V1 = Family(
    api="v1",
    prefix="/sdmx/v1",
    parse_data=urls_v1.parse_data,
    parse_structure=urls_v1.parse_structure,
    parse_availability=urls_v1.parse_availability,
    parse_schema=urls_v1.parse_schema,
    views={
        "data": get_data,
        "availableconstraint": get_availability,
        "schema": get_schema,
        "metadata": get_metadata_v1,
        **dict.fromkeys(urls_v1.RESOURCES, get_structures),
    },
    keeps_resource=frozenset(urls_v1.RESOURCES),
    unbuilt=frozenset(),
    writes=dict.fromkeys(urls_v1.RESOURCES, maintain_structures),
    asks={"data": get_data, "availableconstraint": get_availability},
    key_slot=2,
)
