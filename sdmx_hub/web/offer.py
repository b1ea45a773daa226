"""``/sources.json``: what others need to harvest this hub.

``sources`` are entries as sdmx1 keeps them, one an edition of the API, each as ``sdmx.add_source`` takes it; ``hub`` is
all else: formats, languages, licence, contact, the dataflows with something in them, and who provides them by which
agreement. ``sdmx-hub source add --from-hub`` makes a source of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response

from sdmx_hub.config import Settings
from sdmx_hub.formats.table import formats_of
from sdmx_hub.language import LANGUAGES
from sdmx_hub.model.structure import read_provision_agreement
from sdmx_hub.publish.registrations import own_registrations
from sdmx_hub.web.hub import Visit, current_visit
from sdmx_hub.web.listing import Listed, list_dataflows
from sdmx_hub.web.rest_v1 import V1
from sdmx_hub.web.rest_v2 import V2
from sdmx_hub.web.site import answer_bytes, dump_json

offer = Blueprint("offer", __name__)

PATH = "/sources.json"
_NOT_SERVED = ("actualconstraint", "allowedconstraint")
"""Names that sdmx1 asks constraints by and the standard does not have."""


@offer.get(PATH)
def sources_json() -> Response:
    """Tell others how to harvest this hub."""
    visit = current_visit()
    settings = visit.hub.settings
    content = {"sources": list_entries(settings, visit.base_url), "hub": _hub(visit, settings)}
    return answer_bytes(dump_json(content), "application/json")


def list_entries(settings: Settings, base: str) -> list[dict[str, Any]]:
    """The entries that sdmx1 takes: SDMX 2.1 under the id of the hub, SDMX 3 beside it."""
    supports = dict.fromkeys(_NOT_SERVED, False)
    shared = {"name": settings.hub_name, "supports": supports}
    return [
        {"id": settings.hub_id, "url": f"{base}{V1.prefix}", "versions": ["2.1"], **shared},
        {"id": f"{settings.hub_id}3", "url": f"{base}{V2.prefix}", "versions": ["3.0.0"], **shared},
    ]


def _hub(visit: Visit, settings: Settings) -> dict[str, Any]:
    base = visit.base_url
    return {
        "id": settings.hub_id,
        "name": settings.hub_name,
        "contact": settings.contact or None,
        "licence": settings.licence,
        "languages": list(LANGUAGES),
        "apis": [
            {"api": "v1", "version": "1.5.0", "url": f"{base}{V1.prefix}", "formats": _formats("v1")},
            {"api": "v2", "version": "2.2.0", "url": f"{base}{V2.prefix}", "formats": _formats("v2")},
        ],
        "registrations": f"{base}{V2.prefix}/registration/provider/*/*",
        "openapi": f"{base}/openapi.json",
        "dataflows": [_flow(one) for one in list_dataflows(visit) if one.holdings is not None],
        "provision_agreements": list(_agreements(visit)),
    }


def _formats(api: Any) -> dict[str, list[str]]:
    kinds: tuple[Any, ...] = ("data", "structure")
    return {kind: [row.content_type for row in formats_of(kind, api) if row.syntax != "html"] for kind in kinds}


def _flow(one: Listed) -> dict[str, Any]:
    held = one.holdings
    return {
        "dataflow": str(one.artefact.ref),
        "urn": str(one.artefact.urn),
        "names": dict(one.artefact.names),
        "observations": held.observations if held else 0,
        "first_period": held.first_period if held else None,
        "last_period": held.last_period if held else None,
        "updated": one.updated.isoformat() if one.updated else None,
    }


def _agreements(visit: Visit) -> Iterable[dict[str, Any]]:
    registered = own_registrations(
        visit.artefacts,
        visit.hub.observations,
        audience=visit.audience,
        now=visit.now,
        data_url=f"{visit.base_url}{V2.prefix}",
    )
    for one in registered:
        artefact = visit.artefacts.get(one.provision_agreement)
        agreement = read_provision_agreement(artefact)
        yield {
            "urn": str(one.provision_agreement),
            "names": dict(artefact.names),
            "dataflow": str(agreement.dataflow.ref),
            "provider": str(agreement.data_provider),
            "registration": one.id,
            "updated": one.updated_at.isoformat() if one.updated_at else None,
        }
