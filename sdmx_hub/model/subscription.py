"""A subscription: who wants to be told of which events of the registry, and where (SDMX 3.1, registry).

Selectors are those of the standard: ``%`` stands for any text in an id or version. An event is a plain mapping, so that
it can wait in a table.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from sdmx_hub.errors import BadQuery
from sdmx_hub.model.message import Action
from sdmx_hub.model.registration import check_web_url
from sdmx_hub.model.urn import Urn, parse_urn

ANY = "%"
HTTP, MAIL = "http", "mail"
MOST_ADDRESSES = 20
_PORTS = {"http": 80, "https": 443}
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_LONGEST_MAIL = 254
_ORGANISATIONS = frozenset({"Agency", "DataConsumer", "DataProvider", "MetadataProvider", "OrganisationUnit"})


@dataclass(frozen=True)
class Target:
    """Some artefacts: of a class, by id and version where these are given; ``urn`` names one alone."""

    class_name: str = ANY
    agency_id: str = ANY
    id: str = ANY
    version: str = ANY
    urn: str = ""

    def covers(self, urn: Urn) -> bool:
        """Tell whether an artefact is among them."""
        if self.urn:
            return self.urn == str(urn)
        found = (urn.class_name, urn.ref.agency_id, urn.ref.id, urn.ref.version)
        wanted = (self.class_name, self.agency_id, self.id, self.version)
        return all(_covers(pattern, text) for pattern, text in zip(wanted, found, strict=True))


def _covers(pattern: str, text: str) -> bool:
    if pattern in {ANY, "*"}:
        return True
    return re.fullmatch(".*".join(re.escape(part) for part in pattern.split(ANY)), text) is not None


@dataclass(frozen=True, kw_only=True)
class StructureEvents:
    """Changes of structures: of these agencies, of these targets; no target means all."""

    agency_ids: tuple[str, ...] = (ANY,)
    targets: tuple[Target, ...] = ()

    def covers(self, urn: Urn) -> bool:
        """Tell whether a change of an artefact is among them."""
        if not any(_covers(one, urn.ref.agency_id) for one in self.agency_ids):
            return False
        return not self.targets or any(one.covers(urn) for one in self.targets)


@dataclass(frozen=True, kw_only=True)
class DataEvents:
    """Registrations and releases of data: of these registrations, agreements, providers, dataflows, structures.

    ``targets`` cover agreements, dataflows and structures; nothing at all means everything.
    """

    registration_ids: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return not (self.registration_ids or self.providers or self.targets)

    def covers(self, *, registration_id: str, provider: str, urns: Collection[Urn]) -> bool:
        """Tell whether an event about a registration, its provider and its artefacts is among them."""
        if self.is_all or registration_id in self.registration_ids or provider in self.providers:
            return True
        return any(target.covers(urn) for target in self.targets for urn in urns)


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription. ``version`` is the edition of SDMX-ML its notifications are written in."""

    id: str = ""
    organisation: str
    subscriber_id: str = ""
    mail_to: tuple[str, ...] = ()
    http: tuple[str, ...] = ()
    valid_from: dt.date
    valid_to: dt.date
    structures: StructureEvents | None = None
    data: DataEvents | None = None
    version: str = "3.1.0"

    @property
    def addresses(self) -> tuple[tuple[str, str], ...]:
        """Where to tell, with the channel of each."""
        return (*((HTTP, one) for one in self.http), *((MAIL, one) for one in self.mail_to))

    def is_valid(self, now: dt.datetime) -> bool:
        """Tell whether the subscription holds at ``now``."""
        return self.valid_from <= now.astimezone(dt.UTC).date() <= self.valid_to

    def check(self, hosts: Collection[str]) -> None:
        """Make sure the subscription can stand; ``hosts`` may be notified by HTTP. Raises BadQuery."""
        if parse_urn(self.organisation).class_name not in _ORGANISATIONS:
            raise BadQuery("subscription-organisation", urn=self.organisation)
        if not self.addresses or len(self.addresses) > MOST_ADDRESSES:
            raise BadQuery("subscription-addresses", most=MOST_ADDRESSES)
        if self.structures is None and self.data is None:
            raise BadQuery("subscription-events")
        if self.valid_to < self.valid_from:
            raise BadQuery("subscription-validity", begin=self.valid_from, end=self.valid_to)
        for address in self.mail_to:
            if len(address) > _LONGEST_MAIL or not _MAIL.fullmatch(address):
                raise BadQuery("subscription-mail", address=address[:100])
        for address in self.http:
            check_web_url(address)
            if host_of(address) not in hosts:
                raise BadQuery("subscription-host", host=host_of(address))

    def as_json(self) -> dict[str, Any]:
        """Shape the subscription for JSON."""
        return {**asdict(self), "valid_from": self.valid_from.isoformat(), "valid_to": self.valid_to.isoformat()}


def host_of(url: str) -> str:
    """Host and port of an address on the web, as the setting ``notify_hosts`` lists them."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise BadQuery("registration-url", url=url[:100]) from error
    return f"{(parts.hostname or '').lower()}:{port or _PORTS.get(parts.scheme, 0)}"


def read_hosts(text: str) -> frozenset[str]:
    """Read the setting ``notify_hosts``: hosts between commas, each with its port (443 where none is told)."""
    found = (one.strip().lower() for one in text.split(","))
    return frozenset(one if re.search(r":[0-9]+$", one) else f"{one}:443" for one in found if one)


def read_subscription(document: Mapping[str, Any]) -> Subscription:
    """Read what ``as_json`` made."""
    structures, data = document["structures"], document["data"]
    return Subscription(
        **{
            **document,
            "mail_to": tuple(document["mail_to"]),
            "http": tuple(document["http"]),
            "valid_from": dt.date.fromisoformat(document["valid_from"]),
            "valid_to": dt.date.fromisoformat(document["valid_to"]),
            "structures": StructureEvents(
                agency_ids=tuple(structures["agency_ids"]), targets=_targets(structures["targets"])
            )
            if structures
            else None,
            "data": DataEvents(
                registration_ids=tuple(data["registration_ids"]),
                providers=tuple(data["providers"]),
                targets=_targets(data["targets"]),
            )
            if data
            else None,
        }
    )


def _targets(documents: Collection[Mapping[str, str]]) -> tuple[Target, ...]:
    return tuple(Target(**one) for one in documents)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to an artefact (``urn``), or to a registration (shaped by ``Registration.as_json``)."""

    at: dt.datetime
    action: Action
    urn: str = ""
    registration: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Shape the event for the table it waits in."""
        shown = {"at": self.at.isoformat(), "action": self.action.value, "urn": self.urn}
        return {**shown, "registration": self.registration}


def read_event(document: Mapping[str, Any]) -> Event:
    """Read what ``as_json`` made."""
    return Event(
        at=dt.datetime.fromisoformat(document["at"]),
        action=Action(document["action"]),
        urn=document["urn"],
        registration=document["registration"],
    )
