"""The record of a dialect: each field one way in which services differ, its default what the standard says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from sdmx_hub.language import catalogue, sentence

REFERENCES = ("none", "children", "descendants", "parents", "parentsandsiblings", "all")
NOTHING = ("204", "400+100", "404+100", "200+100", "200")
"""How nothing is said unless told: 204, the SDMX code 100 under 400, 404 or 200, or an answer without observations."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often a partner may be asked: seconds between two requests, most a minute and an hour; 0 is no limit."""

    seconds: float = 0.0
    minute: int = 0
    hour: int = 0

    def __bool__(self) -> bool:
        return bool(self.seconds or self.minute or self.hour)


@dataclass(frozen=True, kw_only=True)
class Polling:
    """How an answer that is written to a file is waited for: every so many seconds, so many times."""

    seconds: float = 30.0
    times: int = 40


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One partner's way to speak SDMX REST.

    ``nothing`` lists how it says that nothing matches: ``204``, ``404`` (whatever the body), ``404+100`` (with that
    code in the error message, SDMX or SOAP, or in a footer), ``200`` (a message without observations). ``too_large``
    lists likewise how it says that an answer would be too large; ``errors`` is how the partner itself tells errors, and
    ``missing`` the resources it does not have. ``format_names`` are its names for ``format=``, ``accepts`` Accept
    headers other than the standard's, both by the names of formats in sources. ``remarks`` says why, field by
    field, in keys of the catalogue.
    """

    id: str = "STANDARD"
    endpoint: str = ""
    api: str = ""
    trailing_slash: bool = False
    encode_comma: bool = False
    encode_colon: bool = False
    user_agent: str = ""
    data_agency: str = "exact"
    structure_agency: str = "exact"
    version: str = "exact"
    key_all: str = "all"
    provider: bool = True
    data_path: str = "data"
    structure_path: str = ""
    choose_format: str = "accept"
    format_names: Mapping[str, str] = field(default_factory=dict)
    accepts: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    structure_format: str = ""
    any_content_type: bool = False
    missing: tuple[str, ...] = ()
    references: tuple[str, ...] = REFERENCES
    availability: str = ""
    nothing: tuple[str, ...] = NOTHING
    errors: tuple[str, ...] = ("sdmx", "footer")
    too_large: tuple[str, ...] = ("413", "400+130", "500+510", "403+510")
    split: str = "key"
    structure_rate: Rate = Rate()
    data_rate: Rate = Rate()
    polling: Polling | None = None
    delta: str = "updatedAfter"
    page_values: int = 0
    data_parameters: Mapping[str, str] = field(default_factory=dict)
    structure_parameters: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    def rate(self, purpose: str) -> Rate:
        """The limits of requests for data, or for structures."""
        return self.structure_rate if purpose.startswith("structure") else self.data_rate

    def title(self, language: str) -> str:
        """What the service is called; its id for one that is described by its source alone."""
        key = f"profile-title-{self.id}"
        return sentence(key, language) if key in catalogue() else self.id

    def remark(self, name: str, language: str) -> str:
        """Why a field is as it is; empty for what needs no reason."""
        key = self.remarks.get(name)
        return sentence(f"remark-{key}", language) if key else ""

    def as_json(self) -> dict[str, Any]:
        """The record as a mapping, every field told."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}


STANDARD = Dialect()
ABOUT = ("id", "endpoint", "api", "remarks")
"""Fields that tell which service it is; all others are how it speaks."""


def _plain(value: Any) -> Any:
    if isinstance(value, Rate | Polling):
        return dict(vars(value))
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def read_record(values: Mapping[str, Any], base: Dialect = STANDARD) -> Dialect:
    """Make a record from checked values over ``base``; rates, names and parameters are merged key by key."""
    given: dict[str, Any] = {}
    for item in fields(Dialect):
        if item.name not in values:
            given[item.name] = getattr(base, item.name)
            continue
        given[item.name] = _read(item.name, values[item.name], getattr(base, item.name))
    return Dialect(**given)


def _read(name: str, value: Any, before: Any) -> Any:
    if name in {"structure_rate", "data_rate"}:
        return Rate(**{**vars(before), **value})
    if name == "polling":
        return Polling(**{**(vars(before) if before else {}), **value}) if value else None
    if isinstance(before, tuple):
        return tuple(value)
    return {**before, **value} if isinstance(before, Mapping) else value


def deviations(dialect: Dialect) -> dict[str, Any]:
    """What a dialect does otherwise than the standard, by field."""
    told, usual = dialect.as_json(), STANDARD.as_json()
    return {name: value for name, value in told.items() if name not in ABOUT and value != usual[name]}
