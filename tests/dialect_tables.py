"""The tables of docs/harvest.md about dialects, drawn from the profiles and the schema of sources."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sdmx_hub.harvest.dialect.profiles import aliases, profiles
from sdmx_hub.harvest.dialect.record import deviations
from sdmx_hub.harvest.source_file import schema
from tests.harvest.quirks import quirks_text
from tests.tables import ROOT, coded, table

HARVEST = ROOT / "docs" / "harvest.md"
_BELOW = {"structure_rate": "rate", "data_rate": "rate"}


def profiles_text() -> str:
    """Every built-in profile with what it does otherwise than the standard."""
    others = {name: [alias for alias, of in aliases().items() if of == name] for name in profiles()}
    rows = [
        (
            coded([name, *others[name]]),
            profile.title("en"),
            profile.api or "–",
            f"`{profile.endpoint}`" if profile.endpoint else "–",
            coded(deviations(profile)) or "–",
        )
        for name, profile in profiles().items()
    ]
    return table(("profile", "service", "API", "address", "deviates in"), rows)


def keys_text() -> str:
    """What a dialect may say."""
    return table(("key", "meaning", "values"), _keys())


def _keys() -> Iterator[tuple[str, str, str]]:
    definitions = schema()["$defs"]
    for name, one in definitions["dialect"]["properties"].items():
        below = one.get("properties") or definitions.get(_BELOW.get(name, ""), {}).get("properties") or {}
        values = one.get("enum") or one.get("items", {}).get("enum") or list(below)
        yield f"`{name}`", one["description"], coded(json.dumps(value).strip('"') for value in values) or "–"


TABLES = {"profiles": profiles_text, "dialect keys": keys_text, "quirks": quirks_text}
