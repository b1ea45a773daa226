"""Look-up tables: each distinct text of a component resolved once, and kept as a table the engine joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.areas import AreaIndex
from sdmx_hub.mapping.binding import Binding
from sdmx_hub.mapping.checking import DEFAULTS, Artefacts, codelist_of, filled_in
from sdmx_hub.mapping.resolve import GOOD, Lookup, Outcome, Resolution, read_representation_map
from sdmx_hub.mapping.rules import ComponentRule, TableMapping, TimeRule
from sdmx_hub.mapping.table import bad_table
from sdmx_hub.mapping.times import ISO
from sdmx_hub.mapping.value_rules import parted, try_all
from sdmx_hub.model.rows import literal
from sdmx_hub.model.structure import Attribute, Component, DataStructure
from sdmx_hub.model.urn import Ref, Urn

MOST_TEXTS = 200_000
"""Different texts of one component; more are no codes, but the wrong column."""
_ALONE = 6
"""Columns of the answer of a text without its time."""
AREAS = Urn("Codelist", Ref("ILMH", "CL_AREA", "1.0.0"))


@dataclass(frozen=True, kw_only=True)
class TextUse:
    """One distinct text of a component, what became of it, and how many rows of the table say it."""

    text: str
    resolution: Resolution
    rows: int
    first_row: int


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A component filled by look-up: how it stands in SQL, how its texts were resolved, and which were met."""

    coded: sql.Coded
    lookup: Lookup
    uses: tuple[TextUse, ...] = field(repr=False)

    @property
    def is_good(self) -> bool:
        """Tell whether every text has a code."""
        return all(use.resolution.outcome in GOOD for use in self.uses)


def look_up(
    binding: Binding, structure: DataStructure, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> list[Answered]:
    """Resolve the texts of every component that has codes, times or a look-up of its own. Raises BadTable."""
    answered: list[Answered] = []
    clock = _clock(binding, structure, artefacts)
    for component_id, bounds in binding.components.items():
        component = structure.components.get(component_id)
        rule = binding.mapping.components[component_id]
        if component is None or rule.number is not None:
            continue
        lookup = make_lookup(component, rule, structure, artefacts, binding.mapping)
        if lookup.codelist is not None or lookup.rule.is_lookup or rule.splits or rule.groups:
            text = sql.joined(bounds)
            level = sql.level(binding, bounds)
            met = _met(connection, sql.distinct_texts(text, lookup.rule, binding, level), component_id, binding)
            beside = _frequency(rule, binding, structure, artefacts) or clock
            if beside is not None and (beside is not clock or lookup.is_dated(row[2] for row in met)):
                query = sql.distinct_pairs(text, lookup.rule, beside.text, binding)
                met, level = _met(connection, query, component_id, binding), sql.Level.CELL
                text = sql.paired(text, beside.text)
            coded = sql.Coded(
                component_id=component_id,
                text=text,
                table=f"_lookup_{len(answered)}",
                tells=bool(rule.splits or rule.groups),
                splits=bool(rule.splits),
                level=level,
            )
            uses = _answer(coded, lookup, met, beside, connection, is_final=_is_final(component_id, binding.mapping))
            answered.append(Answered(coded=coded, lookup=lookup, uses=uses))
    return answered


@dataclass(frozen=True, kw_only=True)
class _Clock:
    """The time (or frequency) of each cell: the SQL of its text, or one constant; ``lookup`` reads the text."""

    text: str
    lookup: Lookup | None = None
    rule: ComponentRule | None = None

    def period(self, time: str, connection: duckdb.DuckDBPyConnection) -> str:
        """Read the period of one text; empty where it is none."""
        if self.lookup is None or self.rule is None:
            return time
        query = f"SELECT t, {sql.transformed('t', self.rule)} FROM (SELECT {sql.evened('?')} AS t)"
        [(even, changed)] = connection.execute(query, [time]).fetchall()
        return self.lookup.resolve(even, changed).code or ""


def _clock(binding: Binding, structure: DataStructure, artefacts: Artefacts) -> _Clock | None:
    """How the time of a cell is told; None where no time is."""
    return _told_by(structure.time_dimension, binding, structure, artefacts)


def _frequency(rule: ComponentRule, binding: Binding, structure: DataStructure, artefacts: Artefacts) -> _Clock | None:
    """The component that tells the frequency of a date; None where the rule declares it, or is none of dates."""
    if rule.date is None or rule.date.frequency_of is None:
        return None
    return _told_by(structure.components.get(rule.date.frequency_of), binding, structure, artefacts)


def _told_by(
    component: Component | None, binding: Binding, structure: DataStructure, artefacts: Artefacts
) -> _Clock | None:
    rule = binding.mapping.components.get(component.id) if component else None
    if component is None or rule is None:
        constant = filled_in(binding.mapping, structure).get(component.id) if component else None
        return None if constant is None else _Clock(text=literal(constant))
    if rule.constant is not None:
        return _Clock(text=literal(rule.constant))
    if component.id not in binding.components:
        return None
    lookup = make_lookup(component, rule, structure, artefacts, binding.mapping)
    return _Clock(text=sql.joined(binding.components[component.id]), lookup=lookup, rule=rule)


def make_lookup(
    component: Component,
    rule: ComponentRule,
    structure: DataStructure,
    artefacts: Artefacts,
    mapping: TableMapping | None = None,
) -> Lookup:
    """Gather what a component's texts are looked up in."""
    if component is structure.time_dimension and not (rule.time or rule.date or rule.rules):
        rule = replace(rule, time=TimeRule(pattern=ISO))
    areas = artefacts.find(AREAS) if rule.areas else None
    map_artefact = artefacts.find(rule.map) if rule.map else None
    mapped: Mapping[str, str] = read_representation_map(map_artefact) if map_artefact else {}
    return Lookup(
        component_id=component.id,
        rule=rule,
        codelist=codelist_of(component, artefacts),
        areas=AreaIndex(areas) if areas else None,
        mapped=mapped,
        may_be_empty=isinstance(component, Attribute),
        language=mapping.language if mapping else "en",
    )


def _met(
    connection: duckdb.DuckDBPyConnection, query: str, component_id: str, binding: Binding
) -> list[tuple[Any, ...]]:
    """Draw the texts of a component. Raises BadTable when they are too many to be codes."""
    met = connection.execute(f"{query} LIMIT {MOST_TEXTS + 1}").fetchall()
    if len(met) > MOST_TEXTS:
        shown = " | ".join(bound.shown for bound in binding.components[component_id])
        where = replace(binding.table.where, column=shown)
        raise bad_table("MAP-TEXTS", where, component=component_id, column=shown, most=MOST_TEXTS)
    return met


def _is_final(component_id: str, mapping: TableMapping) -> bool:
    """Tell whether the codes looked up are all the component will ever have, so that they can be a dictionary."""
    if component_id in {sql.STATUS, sql.CONFIDENTIALITY, sql.COMMENT}:
        return False
    if mapping.components[component_id].splits or (mapping.units and component_id.startswith("UNIT_")):
        return False
    return not any(one.derive_residual and one.component_id == component_id for one in mapping.totals)


def _answer(
    coded: sql.Coded,
    lookup: Lookup,
    met: Sequence[tuple[Any, ...]],
    clock: _Clock | None,
    connection: duckdb.DuckDBPyConnection,
    *,
    is_final: bool,
) -> tuple[TextUse, ...]:
    times = {time for *_, time in met} if clock and met and len(met[0]) > _ALONE else set()
    periods = {time: clock.period(time, connection) for time in times} if clock else {}
    count = len(lookup.rule.columns)
    try_all(lookup.rule.rules, [found for row in met if len(found := parted(row[2], count)) == count])
    uses = tuple(
        TextUse(
            text=text,
            resolution=lookup.resolve(text, changed, periods.get(more[0], "") if more else ""),
            rows=count,
            first_row=row,
        )
        for _, text, changed, count, row, _, *more in met
    )
    default = DEFAULTS.get(coded.component_id)
    codes = [_code(use.resolution) or default for use in uses]
    answers = {
        "raw VARCHAR": [raw for raw, *_ in met],
        "code VARCHAR": codes,
        "flag UTINYINT": [_flag(use.resolution.outcome) for use in uses],
        "status VARCHAR": [use.resolution.status for use in uses],
        "comment VARCHAR": [use.resolution.comment for use in uses],
        "split VARCHAR": [use.resolution.split for use in uses],
    }
    kept = ", ".join(literal(code) for code in sorted({code for code in codes if code})) if is_final else ""
    kind = f"ENUM({kept})" if kept else "VARCHAR"
    columns = ", ".join(f"unnest(?::{name.split()[1]}[]) AS {name.split()[0]}" for name in answers)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {coded.table} AS SELECT * REPLACE (CAST(code AS {kind}) AS code) "
        f"FROM (SELECT {columns})",
        list(answers.values()),
    )
    return uses


def _code(resolution: Resolution) -> str | None:
    return resolution.code if resolution.outcome is Outcome.CODED else None


def _flag(outcome: Outcome) -> int:
    if outcome in GOOD:
        return sql.GOOD_TEXT
    return sql.SKIPPED_TEXT if outcome is Outcome.SKIPPED else sql.BAD_TEXT
