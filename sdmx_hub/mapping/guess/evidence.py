"""Codes that only the figures can tell: a text that is the sum of the others is the total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sdmx_hub.mapping.guess.codes import Coder, Coding
from sdmx_hub.mapping.guess.roles import PARTNER, REF, Role
from sdmx_hub.mapping.guess.seen import Seen
from sdmx_hub.mapping.guess.sums import Places, find_total, parts_of
from sdmx_hub.mapping.reading import clean

TOTAL = "_T"


def add_totals(seen: Seen, coder: Coder, own_area: str | None) -> dict[str, Role]:
    """Give a total without a code the code of the total, where the figures of a long table prove it."""
    roles = dict(seen.roles)
    if seen.layout.is_wide:
        return roles
    for component_id, role in seen.roles.items():
        if role.coding is None or not role.coding.unsure or len(role.columns) != 1 or component_id == REF:
            continue
        total = _total_of(seen, role)
        if total is None or total not in role.coding.unsure:
            continue
        code = _world(seen, role, total, own_area) if component_id == PARTNER else TOTAL
        if code in coder.codelists[component_id].codes:
            roles[component_id] = replace(role, coding=_with(role.coding, total, code))
    return roles


def _with(coding: Coding, text: str, code: str) -> Coding:
    unsure = {other: codes for other, codes in coding.unsure.items() if other != text}
    codes: Mapping[str, str] = {**coding.codes, text: code}
    resolved = {**coding.resolved, text: code}
    return replace(coding, codes=codes, resolved=resolved, unsure=unsure, proven={**coding.proven, text: code})


def _places(seen: Seen, role: Role) -> Places:
    first = seen.table.grid.first_column
    place, value = role.columns[0].position - first, seen.layout.figures[0].position - first
    others = [
        column.position - first
        for other in seen.roles.values()
        if other.component_id not in {role.component_id, "OBS_STATUS"}
        for column in other.columns
    ]
    used = {place, value, *others}
    others += [
        column.position - first
        for column in seen.columns
        if column.position - first not in used
        and not column.is_numeric
        and 1 < len(column.texts) < 50
        and not _tells(column.texts, role.columns[0].texts)
    ]
    return Places(text=place, value=value, others=tuple(others))


def _tells(texts: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Tell whether a column has as many texts as another: likely its labels."""
    return len(texts) == len(others)


def _total_of(seen: Seen, role: Role) -> str | None:
    return find_total(seen.rows, _places(seen, role), seen.signs)


def _world(seen: Seen, role: Role, total: str, own_area: str | None) -> str:
    """The world with the reference area where that is one of the parts, else the rest of the world."""
    coded = role.coding.resolved if role.coding else {}
    reference = seen.roles.get(REF)
    own = reference.coding.resolved if reference and reference.coding else {}
    for group, parts in parts_of(seen.rows, _places(seen, role), seen.signs, total):
        areas = {own[clean(text)] for text in group if clean(text) in own} | {own_area}
        if areas & {coded[part] for part in parts if part in coded}:
            return "W0"
    return "W1"
