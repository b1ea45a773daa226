"""SDMX REST v2 (2.0 to 2.2) as a value: SDMX 3 URLs, resources and parsers."""

from __future__ import annotations

from sdmx_hub.query import urls_v2
from sdmx_hub.web.maintenance import maintain_structures
from sdmx_hub.web.metadata import get_metadata_v2
from sdmx_hub.web.registrations import change_registrations, get_registrations
from sdmx_hub.web.rest import Family
from sdmx_hub.web.subscriptions import change_subscriptions, refuse_reading
from sdmx_hub.web.views import get_availability, get_data, get_schema, get_structures

V2 = Family(
    api="v2",
    prefix="/sdmx/v2",
    parse_data=urls_v2.parse_data,
    parse_structure=urls_v2.parse_structure,
    parse_availability=urls_v2.parse_availability,
    parse_schema=urls_v2.parse_schema,
    views={
        "data": get_data,
        "availability": get_availability,
        "schema": get_schema,
        "metadata": get_metadata_v2,
        "structure": get_structures,
        "registration": get_registrations,
        "subscription": refuse_reading,
    },
    keeps_resource=frozenset(),
    unbuilt=frozenset(),
    writes={
        "structure": maintain_structures,
        "registration": change_registrations,
        "subscription": change_subscriptions,
    },
    asks={"data": get_data, "availability": get_availability},
    key_slot=5,
)
