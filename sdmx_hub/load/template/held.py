"""What the hub holds of a dataflow, as far as a provider may correct it: the rows a template is filled with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from sdmx_hub.load.checks import Terms
from sdmx_hub.load.template.layout import PROVIDER, Held, allowed_codes
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure


def own_rows(rows: Rows, terms: Terms) -> Rows:
    """Keep the rows a provider's agreement covers and that are its own; sorted as they are."""
    tests = list(_tests(terms))
    return dataclasses.replace(rows, sql=f"SELECT * FROM ({rows.sql}) WHERE {' AND '.join(tests)}") if tests else rows


def _tests(terms: Terms) -> Iterator[str]:
    for component_id, codes in allowed_codes(terms.provider_constraints).items():
        if component_id in terms.structure.components:
            yield f"CAST({quoted(component_id)} AS VARCHAR) IN ({', '.join(map(literal, sorted(codes))) or 'NULL'})"
    if terms.provider and PROVIDER in terms.structure.components:
        yield f"coalesce(CAST({quoted(PROVIDER)} AS VARCHAR), {literal(terms.provider)}) = {literal(terms.provider)}"


def study_rows(rows: Rows, structure: DataStructure) -> Held:
    """Tell which components of some rows have one value, several, or gaps. The rows stay to be drawn."""
    ids = [one for one in structure.components if one in rows.columns]
    asked = ", ".join(
        f"min(CAST({quoted(one)} AS VARCHAR)), max(CAST({quoted(one)} AS VARCHAR)), count(*) - count({quoted(one)})"
        for one in ids
    )
    query = f"SELECT {asked}, count(*) FROM ({rows.sql})"
    found = rows.connection.execute(query, list(rows.params)).fetchall()[0]
    least, most, gaps = found[0:-1:3], found[1:-1:3], found[2:-1:3]
    told = list(zip(ids, least, most, gaps, strict=True))
    return Held(
        constants={one: low for one, low, high, missing in told if low is not None and low == high and not missing},
        varying=frozenset(one for one, low, high, missing in told if low != high or (missing and low is not None)),
        gaps=frozenset(one for one, _, _, missing in told if missing),
    )
