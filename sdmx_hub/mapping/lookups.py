"""Look-up tables: each distinct text of a component resolved once, and kept as a table the engine joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.areas import AreaIndex
from sdmx_hub.mapping.binding import Binding
from sdmx_hub.mapping.checking import DEFAULTS, Artefacts, codelist_of
from sdmx_hub.mapping.resolve import GOOD, Lookup, Outcome, Resolution, read_representation_map
from sdmx_hub.mapping.rules import ComponentRule, TimeRule
from sdmx_hub.mapping.times import ISO
from sdmx_hub.model.structure import Attribute, Component, DataStructure
from sdmx_hub.model.urn import Ref, Urn

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
    """Resolve the texts of every component that has codes, times or a look-up of its own."""
    answered: list[Answered] = []
    for component_id, bounds in binding.components.items():
        component = structure.components.get(component_id)
        rule = binding.mapping.components[component_id]
        if component is None or rule.number is not None:
            continue
        lookup = make_lookup(component, rule, structure, artefacts)
        if lookup.codelist is not None or lookup.rule.is_lookup:
            coded = sql.Coded(
                component_id=component_id,
                text=sql.joined(bounds),
                table=f"_lookup_{len(answered)}",
                default=DEFAULTS.get(component_id),
            )
            answered.append(Answered(coded=coded, lookup=lookup, uses=_answer(coded, lookup, connection)))
    return answered


def make_lookup(component: Component, rule: ComponentRule, structure: DataStructure, artefacts: Artefacts) -> Lookup:
    """Gather what a component's texts are looked up in."""
    if component is structure.time_dimension and rule.time is None:
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
    )


def _answer(coded: sql.Coded, lookup: Lookup, connection: duckdb.DuckDBPyConnection) -> tuple[TextUse, ...]:
    met = connection.execute(sql.distinct_texts(coded.text, lookup.rule)).fetchall()
    uses = tuple(
        TextUse(text=text, resolution=lookup.resolve(text, changed), rows=count, first_row=row)
        for _, text, changed, count, row, _ in met
    )
    answers = pa.table(
        {
            "raw": pa.array([raw for raw, *_ in met], pa.string()),
            "code": pa.array([_code(use.resolution) for use in uses], pa.string()),
            "flag": pa.array([_flag(use.resolution.outcome) for use in uses], pa.uint8()),
        }
    )
    connection.register("_answers", answers)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {coded.table} AS SELECT * FROM _answers")
    connection.unregister("_answers")
    return uses


def _code(resolution: Resolution) -> str | None:
    return resolution.code if resolution.outcome is Outcome.CODED else None


def _flag(outcome: Outcome) -> int:
    if outcome in GOOD:
        return sql.GOOD_TEXT
    return sql.SKIPPED_TEXT if outcome is Outcome.SKIPPED else sql.BAD_TEXT
