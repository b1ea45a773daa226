"""What of a home goes into a backup beside database and stored files: settings, mappings, and secrets when asked for.

A setting that may hold a password or a token is left out of the copy, also where it stands in a comment.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdmx_hub.cli.admin import SETTINGS_FILE, settings_text
from sdmx_hub.cli.context import HubContext
from sdmx_hub.config import PREFIX, Settings
from sdmx_hub.store.sources import Sources

MAPPINGS = "mappings"
PLACES = ("database_url", "storage_url", "storage_endpoint", "storage_region", "storage_allow_http")
"""Settings of where a hub keeps what it keeps: a restored hub keeps it where it was restored to."""
_SECRET = re.compile(r"_url$|_webhooks$|password|secret|token|_key$")
_HARMLESS = {"base_url", "storage_url"}
_ASSIGNED = re.compile(r"^\s*(?P<comment>#?)\s*[\"']?(?P<name>\w+)[\"']?\s*=\s*(?P<value>.*)")


@dataclass(frozen=True, kw_only=True)
class HomeFiles:
    """Files of the home by their path in it, and the paths of those that are not taken."""

    contents: Mapping[str, bytes]
    left_out: tuple[str, ...]


def read_home(hub: HubContext, *, secrets: bool) -> HomeFiles:
    """Read what of the home belongs into a backup."""
    home = hub.home.resolve()
    text = (home / SETTINGS_FILE).read_text(encoding="utf-8")
    contents = {SETTINGS_FILE: (text if secrets else without_secrets(text, hub.settings)).encode()}
    left_out = []
    for path in sorted({*_below(home / MAPPINGS), *_mappings(hub)}):
        inside = _inside(path, home)
        if inside is None or not path.is_file():
            left_out.append(str(path))
        else:
            contents[inside] = path.read_bytes()
    for path in sorted(_secret_files(hub)):
        inside = _inside(path, home)
        if secrets and inside is not None and path.is_file():
            contents[inside] = path.read_bytes()
        else:
            left_out.append(str(path))
    return HomeFiles(contents=contents, left_out=tuple(left_out))


def without_secrets(text: str, settings: Settings) -> str:
    """A settings file with every setting that may be secret commented out, its value gone."""
    lines = []
    for line in text.splitlines():
        found = _ASSIGNED.match(line)
        hidden = found is not None and may_be_secret(found["name"]) and found["value"] not in {'""', "''"}
        lines.append(f"# {found['name']} was left out of the backup" if found and hidden else line)
    written = "\n".join(lines) + "\n"
    if any(may_be_secret(name) for name in _names(written)):  # told in some other way, a table for instance
        plain = Settings()
        defaults = {name: getattr(plain, name) for name in vars(plain) if may_be_secret(name)}
        return settings_text(settings.with_values(defaults, SETTINGS_FILE))
    return written


def with_places(text: str, settings: Settings, environment: Mapping[str, str]) -> str:
    """A settings file that names the database and the store of files in use, unless the environment does."""
    lines = [line for line in text.splitlines() if not any(_is(line, name) for name in PLACES)]
    said = [
        f"{name} = {json.dumps(getattr(settings, name))}"
        for name in PLACES
        if getattr(settings, name) and f"{PREFIX}{name.upper()}" not in environment
    ]
    return "\n".join([*said, *lines]) + "\n"


def may_be_secret(name: str) -> bool:
    """Tell whether a setting may hold a password or a token."""
    return bool(_SECRET.search(name)) and not name.endswith("_file") and name not in _HARMLESS


def _is(line: str, name: str) -> bool:
    found = _ASSIGNED.match(line)
    return found is not None and found["name"] == name and not found["comment"]


def _names(text: str) -> set[str]:
    try:
        told: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {"secret"}  # what cannot be read is not copied
    inner = {f"{name}_{key}" for name, value in told.items() if isinstance(value, dict) for key in value}
    return inner | {name for name, value in told.items() if not isinstance(value, dict)}


def _inside(path: Path, home: Path) -> str | None:
    real = path.resolve()
    return real.relative_to(home).as_posix() if real.is_relative_to(home) else None


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*") if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in path.parts[-2:]):
            yield path


def _documents(hub: HubContext) -> Iterator[dict[str, Any]]:
    for stored in Sources(hub.database).select():
        yield json.loads(stored.document)


def _mappings(hub: HubContext) -> Iterator[Path]:
    for document in _documents(hub):
        yield from (Path(flow["mapping"]) for flow in document.get("flows", []) if flow.get("mapping"))


def _secret_files(hub: HubContext) -> Iterator[Path]:
    """The files that settings and sources name for their secrets."""
    named = [getattr(hub.settings, item.name) for item in dataclasses.fields(Settings) if item.name.endswith("_file")]
    for document in _documents(hub):
        named += [
            document[key].get("file") for key in ("credentials", "notices") if isinstance(document.get(key), dict)
        ]
    yield from (Path(name) for name in named if name)
