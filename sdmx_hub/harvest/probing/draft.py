"""From facts to a dialect, and to the draft of a source that carries it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sdmx_hub.harvest.dialect.profiles import profiles, read_dialect
from sdmx_hub.harvest.dialect.record import NOTHING, STANDARD, Dialect, deviations
from sdmx_hub.harvest.guard import parse_place
from sdmx_hub.harvest.probing.facts import Facts
from sdmx_hub.harvest.resolving import can_be_asked
from sdmx_hub.harvest.source import Credentials

_BEST = {"v1": ("csv-1.0", "specific-2.1", "generic-2.1", "json-1.0"), "v2": ("csv-2.0", "xml-3.0", "json-2.0")}
_USUAL = {"v1": ("specific-2.1", "xml-2.1"), "v2": ("csv-2.0", "json-2.0")}
_MOST_LISTED = 20
_CODE = re.compile(r"[^A-Z0-9]+")


def known_profile(facts: Facts) -> Dialect | None:
    """The built-in profile of the same host and edition of the API."""
    host = parse_place(facts.endpoint).host
    same = [one for one in profiles().values() if one.endpoint and parse_place(one.endpoint).host == host]
    exact = [one for one in same if one.endpoint.rstrip("/") == facts.endpoint]
    return next((one for one in [*exact, *same] if one.api == facts.api), None)


def found_dialect(facts: Facts) -> dict[str, Any]:
    """The dialect as a source may write it: what was seen to be otherwise than the standard."""
    found: dict[str, Any] = {**_addresses(facts), **_formats(facts), **_answers(facts)}
    profile = known_profile(facts)
    if profile is None:
        return found
    slower = {name: value for name, value in deviations(profile).items() if name in {"data_rate", "structure_rate"}}
    return {"profile": profile.id, **found} if found or slower else {"profile": profile.id}


def _addresses(facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if facts.slash:
        found["trailing_slash"] = True
    rule = next((rule for rule in ("all", "omit", "dots") if facts.keys.get(rule)), "all")
    if rule != STANDARD.key_all:
        found["key_all"] = rule
    modes = [mode for mode, works in facts.references.items() if works]
    if facts.references and "descendants" not in modes and modes:
        found["references"] = modes
    if facts.structure_alone:
        found |= {"missing": ["dataflow"], "references": ["none", "children"]}
    elif facts.structure_alone is False:
        found["missing"] = ["dataflow", "datastructure"]
    return found


def _formats(facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    data, _ = best_formats(facts)
    if data in facts.named and not facts.accepts.get(data):
        found |= {"choose_format": "parameter", "format_names": {data: facts.named[data]}}
    if facts.typed is False:
        found["any_content_type"] = True
    return found


def best_formats(facts: Facts) -> tuple[str, str]:
    """The formats to ask for: one that Accept brings, or one that has a name here, or what came anyway."""
    wanted = _BEST.get(facts.api, ())
    accepted = [name for name in wanted if facts.accepts.get(name)]
    named = [name for name in wanted if name in facts.named]
    data = next(iter([*accepted, *named]), facts.base_format)
    return data, next((name for name, works in facts.structure_formats.items() if works), "")


def _answers(facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    unusual = facts.nothing - set(NOTHING)
    if unusual:
        found["nothing"] = [*NOTHING, *sorted(unusual)]
    if facts.page_with_200:
        found["nothing"] = [one for one in found.get("nothing", NOTHING) if one != "200"]
    styles = facts.error_styles - {"none"}
    if not styles <= set(STANDARD.errors):
        found["errors"] = [*STANDARD.errors, *sorted(styles - set(STANDARD.errors))]
    if facts.period is False:
        found["split"] = "dimensions"
    if facts.availability in {"none", "references"}:
        found["availability"] = facts.availability
    if facts.updated_after is False:
        found["delta"] = "etag" if facts.etag else "none"
    if facts.limited:
        found["data_rate"] = {"seconds": 5}
        found["structure_rate"] = {"seconds": 5}
    return found


def draft_source(facts: Facts, credentials: Credentials | None = None) -> str:
    """Write a source file that ``source add`` accepts; the schedule and the dataflows are for a person to set.

    Further dataflows stand in it as comments.
    """
    host = parse_place(facts.endpoint).host
    name = _CODE.sub("_", host.upper()).strip("_")
    name = name if name[:1].isalpha() else f"P_{name}"
    data, structure = best_formats(facts)
    dialect = found_dialect(facts)
    values: dict[str, Any] = {
        "id": name[:60],
        "title": {"en": host},
        "endpoint": facts.endpoint,
        "api": facts.api,
        "dialect": dialect,
        "format": data or _USUAL[facts.api][0],
        "structure_format": structure or _USUAL[facts.api][1],
        "structures": "adopt" if can_be_asked(read_dialect(dialect)) else "check",
        "mechanism": "delta" if facts.updated_after else "conditional" if facts.etag else "pull",
        "schedule": {"cron": "30 5 * * *", "zone": "UTC"},
        **({"credentials": _place_of(credentials)} if credentials else {}),
    }
    others = [ref for ref in facts.listed if ref != facts.ref]
    lines = [f"  - {json.dumps({'dataflow': str(facts.ref)})}\n"] if facts.ref else []
    lines += [f"  # - {json.dumps({'dataflow': str(ref)})}\n" for ref in others[:_MOST_LISTED]]
    lines += [f"  # … {len(others) - _MOST_LISTED}\n"] if len(others) > _MOST_LISTED else []
    return _written(values) + "flows:\n" + "".join(lines)


def _place_of(credentials: Credentials) -> dict[str, str]:
    """Where the secret is; a header is named where it is not the usual one."""
    told = {name: value for name, value in vars(credentials).items() if value is not None}
    return {name: value for name, value in told.items() if name != "header" or credentials.kind == "header"}


def _written(values: Mapping[str, Any]) -> str:
    """Write YAML: every value in its JSON form, which is YAML too; the dialect a line a key."""
    lines = []
    for name, value in values.items():
        if name == "dialect" and value:
            lines += ["dialect:", *(f"  {key}: {json.dumps(one, ensure_ascii=False)}" for key, one in value.items())]
        elif value != {}:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
