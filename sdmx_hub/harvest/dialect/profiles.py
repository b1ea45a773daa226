"""The built-in profiles: our table of deviations (``profiles.toml``), completed by what sdmx1 knows of the services.

From sdmx1 come the resources a service does not have, the format it is best asked for, and its address where our table
names none. Its list is read as a file: importing the library would cost every command half a second.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from sdmx_hub.errors import NotFound
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect, read_record

_NOT_RESOURCES = {"preview", "structure-specific data"}
_LISTED = "listed"
_ASKED = {"structurespecificdata": "specific-2.1", "genericdata": "generic-2.1"}


@functools.cache
def known_to_sdmx1() -> Mapping[str, Mapping[str, Any]]:
    """What sdmx1 knows of services, by its ids; nothing when the library is not there."""
    found = importlib.util.find_spec("sdmx")
    if found is None or found.origin is None:
        return {}
    path = Path(found.origin).parent / "sources.json"
    entries = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return {entry["id"]: entry for entry in entries}


@functools.cache
def profiles() -> Mapping[str, Dialect]:
    """Every built-in profile by its id, the standard first."""
    text = (resources.files(__package__) / "profiles.toml").read_text(encoding="utf-8")
    read: dict[str, Dialect] = {STANDARD.id: STANDARD}
    for name, entry in tomllib.loads(text).items():
        values = dict(entry)
        base = read[values.pop("like", STANDARD.id)]
        known = _from_sdmx1(values.pop("sdmx1", ""))
        values.pop("aliases", None)
        remarks = {**({"missing": _LISTED} if known.get("missing") else {}), **values.get("remarks", {})}
        read[name] = read_record({**known, **values, "id": name, "remarks": remarks}, base)
    return read


def _from_sdmx1(name: str) -> dict[str, Any]:
    entry = known_to_sdmx1().get(name)
    if entry is None:
        return {}
    missing = {kind for kind, there in entry.get("supports", {}).items() if not there} - _NOT_RESOURCES
    accept = entry.get("headers", {}).get("data", {}).get("Accept", "")
    format_ = next((ours for theirs, ours in _ASKED.items() if theirs in accept), "")
    found = {"endpoint": entry["url"].rstrip("/"), "missing": sorted(missing)}
    return {**found, "format": format_} if format_ else found


@functools.cache
def aliases() -> Mapping[str, str]:
    """Further names of profiles."""
    text = (resources.files(__package__) / "profiles.toml").read_text(encoding="utf-8")
    return {alias: name for name, entry in tomllib.loads(text).items() for alias in entry.get("aliases", ())}


def get_profile(name: str) -> Dialect:
    """Get a profile by its id or another of its names. Raises NotFound."""
    found = profiles().get(aliases().get(name, name))
    if found is None:
        raise NotFound("source-profile-unknown", profile=name[:60], known=", ".join(profiles()))
    return found


def read_dialect(value: str | Mapping[str, Any] | None) -> Dialect:
    """Read the ``dialect`` of a source: none, the id of a profile, or a mapping that refines one. Raises NotFound."""
    if value is None:
        return STANDARD
    if isinstance(value, str):
        return get_profile(value)
    base = get_profile(value.get("profile", STANDARD.id))
    return read_record({name: one for name, one in value.items() if name != "profile"}, base)
