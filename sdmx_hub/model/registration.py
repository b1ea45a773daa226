"""A registration: where and how the data promised by a provision agreement are served (SDMX 3.1, registry)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sdmx_hub.errors import BadQuery
from sdmx_hub.model.urn import Urn, parse_urn

OWN = "hub-"
"""How the ids of the hub's own registrations begin; nobody else's may."""
INDEXES = ("indexTimeSeries", "indexDataSet", "indexAttributes", "indexReportingPeriod")
_ID = re.compile(r"[A-Za-z0-9_@$-]{1,255}")
_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,2000}")


@dataclass(frozen=True, kw_only=True)
class Queryable:
    """A datasource that answers queries, and the descriptions of its services."""

    data_url: str
    is_rest: bool = True
    is_web_service: bool = False
    wsdl_url: str | None = None
    wadl_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One registration; at least one of ``simple_url`` (a file) and ``queryable`` is there.

    ``id`` is empty until the registry gives one; ``updated_at`` None until it is stored.
    """

    id: str = ""
    provision_agreement: Urn
    simple_url: str | None = None
    queryable: Queryable | None = None
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None
    updated_at: dt.datetime | None = None
    indexes: frozenset[str] = frozenset()

    def check(self) -> None:
        """Make sure the registration can stand. Raises BadQuery."""
        if self.id and (not _ID.fullmatch(self.id) or self.id.lower().startswith(OWN)):
            raise BadQuery("registration-id", id=self.id[:100])
        if self.provision_agreement.class_name != "ProvisionAgreement":
            raise BadQuery("registration-agreement", urn=self.provision_agreement)
        if self.simple_url is None and self.queryable is None:
            raise BadQuery("registration-source")
        for url in self._urls():
            check_web_url(url)

    def _urls(self) -> list[str]:
        found = [self.simple_url]
        if self.queryable:
            found += [self.queryable.data_url, self.queryable.wsdl_url, self.queryable.wadl_url]
        return [url for url in found if url is not None]

    def as_json(self) -> dict[str, Any]:
        """Shape the registration for JSON; what is not there is left out."""
        shown: dict[str, Any] = {
            "id": self.id,
            "provisionAgreement": str(self.provision_agreement),
            "simple": self.simple_url,
            "queryable": vars(self.queryable) if self.queryable else None,
            "validFrom": _text(self.valid_from),
            "validTo": _text(self.valid_to),
            "lastUpdated": _text(self.updated_at),
            "indexes": sorted(self.indexes),
        }
        return {key: value for key, value in shown.items() if value not in (None, [])}


def read_registration(document: Mapping[str, Any]) -> Registration:
    """Read what ``as_json`` made."""
    queryable = document.get("queryable")
    return Registration(
        id=document["id"],
        provision_agreement=parse_urn(document["provisionAgreement"]),
        simple_url=document.get("simple"),
        queryable=Queryable(**queryable) if queryable else None,
        valid_from=_moment(document.get("validFrom")),
        valid_to=_moment(document.get("validTo")),
        updated_at=_moment(document.get("lastUpdated")),
        indexes=frozenset(document.get("indexes", ())),
    )


def check_web_url(url: str) -> None:
    """Make sure a text is an address on the web, without user information. Raises BadQuery."""
    try:
        parts = urlsplit(url)
        fits = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
        )
    except ValueError:
        fits = False
    if not fits or not _URL.fullmatch(url):
        raise BadQuery("registration-url", url=url[:100])


def _text(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
