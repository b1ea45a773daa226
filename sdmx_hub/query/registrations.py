"""URLs of registration queries (SDMX REST v2.2, *Data registration queries*)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sdmx_hub.model.classes import CLASS_BY_NAME, ArtefactClass
from sdmx_hub.query.parameters import Segments, read_target
from sdmx_hub.query.request import ANY
from sdmx_hub.query.text import choose, parse_agencies, parse_id, parse_ids, parse_moment
from sdmx_hub.query.versions import parse_versions

REGISTRATION = frozenset({"updatedAfter", "updatedBefore"})
CONTEXTS: dict[str, ArtefactClass | None] = {
    "datastructure": CLASS_BY_NAME["DataStructure"],
    "dataflow": CLASS_BY_NAME["Dataflow"],
    "provisionagreement": CLASS_BY_NAME["ProvisionAgreement"],
    ANY: None,
}
_EXAMPLE = "/registration/dataflow/ILMH/DF_FLOW_POP/1.0.0"


@dataclass(frozen=True, kw_only=True)
class RegistrationQuery:
    """Which registrations: the one of an ``id``, those of ``providers`` (agencies and ids), or those of a context.

    ``updated_after`` and ``updated_before`` are exclusive.
    """

    id: str | None = None
    of_provider: bool = False
    context: ArtefactClass | None = None
    agency_ids: tuple[str, ...] = (ANY,)
    ids: tuple[str, ...] = (ANY,)
    versions: tuple[str, ...] = (ANY,)
    updated_after: dt.datetime | None = None
    updated_before: dt.datetime | None = None


def parse_registration(path_parts: Sequence[str], raw_query: str) -> RegistrationQuery:
    """Read ``id/{id}``, ``provider/{agencyID}/{providerID}`` or ``{context}/{agencyID}/{resourceID}/{version}``."""
    found, parameters = read_target(path_parts, raw_query)
    parameters.check_known(REGISTRATION)
    after, before = parameters.get("updatedAfter"), parameters.get("updatedBefore")
    since = parse_moment(after, "updatedAfter") if after else None
    until = parse_moment(before, "updatedBefore") if before else None
    first = choose(found[0], "context", ("id", "provider", *CONTEXTS)) if found and found[0] else ANY
    if first == "id":
        segments = Segments(found, ("context", "id"), "/registration/id/abcd")
        return RegistrationQuery(id=parse_id(segments["id"], "registrationId", "abcd"))
    if first == "provider":
        segments = Segments(found, ("context", "agencyID", "providerID"), "/registration/provider/ILMH/SEN_ANSD")
        return RegistrationQuery(
            of_provider=True,
            agency_ids=parse_agencies(segments["agencyID"]),
            ids=parse_ids(segments["providerID"], "providerID", "SEN_ANSD"),
            updated_after=since,
            updated_before=until,
        )
    segments = Segments(found, ("context", "agencyID", "resourceID", "version"), _EXAMPLE)
    return RegistrationQuery(
        context=CONTEXTS[first],
        agency_ids=parse_agencies(segments["agencyID"]),
        ids=parse_ids(segments["resourceID"], "resourceID"),
        versions=parse_versions(segments["version"], default=ANY),
        updated_after=since,
        updated_before=until,
    )
