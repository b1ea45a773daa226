"""Structures and cubes for laws: every attachment, arrays and languages, awkward characters, gaps of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sdmx_hub.model.cells import Value, read_cell, write_cell
from sdmx_hub.model.structure import Component, DataStructure
from tests.data_factories import TIME, Observation, Specimen, make_specimen

CODES = {
    "FREQ": "A Q",
    "REF_AREA": "ES NA _T 1@2",
    "SEX": "F M X$Y-Z",
    "OBS_STATUS": "A E M",
    "UNIT_MULT": "0 3",
    "COLLECTION": "A B _X",
}
PERIODS = ["2019", "2020", "2020-Q3", "2021-07", "2021-07-14"]
PIECES = (
    *["a", "B", "é", "ñ", "统计", "😀", " ", "  ", "\n", "\t", '"', "'", ",", ";", ":", "|", "&", "<", ">", "&amp;"],
    *["]]>", "\\", "\\n", "{", "}", "[", "]", "=", "NaN", "#N/A", "~", "-", "en:", "fr:", ";fr:", '";"', "\u2028"],
    *["\x85", "\ufeff", "0", "1.10", "null", "true", "\u00ad", "%", "$", "@", "\r", "\r\n"],
)
LANGUAGES = ["en", "fr", "es", "pt-BR"]
ATTRIBUTES = {
    "OBS_STATUS": "obs",
    "COMMENT_OBS": "obs",
    "PRE_BREAK_VALUE": "obs",
    "IS_FINAL": "obs",
    "UNIT_MULT": "series",
    "COLLECTION": "REF_AREA",
    "TITLE": "group:Sibling",
    "SOURCE_DETAIL": "REF_AREA",
    "LICENCE": "dataset",
}
TYPES = {
    "PRE_BREAK_VALUE": "Double",
    "IS_FINAL": "Boolean",
    "LICENCE": "String",
    "RATE": "Double",
    "TEXT_VALUE": "String",
}
CAN_REPEAT = ["OBS_STATUS", "COMMENT_OBS", "PRE_BREAK_VALUE", "COLLECTION", "TITLE", "SOURCE_DETAIL", "LICENCE", "RATE"]
CAN_TRANSLATE = ["COMMENT_OBS", "TITLE", "SOURCE_DETAIL", "LICENCE"]
MEASURES = ["OBS_VALUE", "OBS_VALUE RATE", "RATE", "OBS_VALUE TEXT_VALUE", "RATE TEXT_VALUE OBS_VALUE"]


@dataclass(frozen=True, kw_only=True)
class Cube:
    """A structure with observations, and the dimension that stands at the observation."""

    specimen: Specimen
    observations: tuple[Observation, ...]
    at: str


@st.composite
def specimens(draw: st.DrawFn) -> Specimen:
    """Structures with and without time, groups, several measures, arrays and languages."""
    keys = draw(st.sampled_from(["REF_AREA", "FREQ.REF_AREA", "FREQ.REF_AREA.SEX"]))
    has_time = draw(st.booleans()) or "." not in keys
    chosen = draw(st.lists(st.sampled_from(list(ATTRIBUTES)), unique=True, max_size=6))
    measures = draw(st.sampled_from(MEASURES))
    several = [*CAN_REPEAT, *measures.split()]
    occurs = draw(st.dictionaries(st.sampled_from(sorted(set(several))), st.sampled_from([3, "unbounded"]), max_size=4))
    return make_specimen(
        f"{keys}.{TIME}" if has_time else keys,
        attributes={name: _place(ATTRIBUTES[name], keys) for name in ATTRIBUTES if name in chosen},
        groups={"Sibling": "REF_AREA.SEX" if "SEX" in keys else "REF_AREA"},
        measures=measures,
        codes=CODES,
        types=TYPES,
        occurs=occurs,
        multilingual=draw(st.lists(st.sampled_from(CAN_TRANSLATE), unique=True)),
    )


def _place(place: str, keys: str) -> str:
    """A series of one dimension beside no time would be the observation itself."""
    return keys if place == "series" else place


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    """Cubes of a few observations, with gaps; attributes agree wherever they describe the same."""
    specimen = draw(specimens())
    structure = specimen.structure
    keys = draw(st.lists(_keys(specimen), unique_by=lambda key: tuple(sorted(key.items())), min_size=1, max_size=6))
    spread: dict[tuple[str, ...], str | None] = {}
    observations = []
    for key in keys:
        observation = {**key, **{one.id: draw(_cells(specimen, one)) for one in structure.measures}}
        for attribute in structure.attributes:
            place = (attribute.id, *(key[one] for one in attribute.dimension_ids))
            if place not in spread:
                spread[place] = draw(_cells(specimen, attribute))
            observation[attribute.id] = spread[place]
        observations.append(observation)
    at = draw(st.sampled_from([*structure.key_ids, "AllDimensions"]))
    return Cube(specimen=specimen, observations=tuple(observations), at=at)


def _keys(specimen: Specimen) -> st.SearchStrategy[dict[str, str]]:
    choices = {key: PERIODS if key == TIME else CODES[key].split() for key in specimen.structure.key_ids}
    return st.fixed_dictionaries({key: st.sampled_from(listed) for key, listed in choices.items()})


def _texts() -> st.SearchStrategy[str]:
    odd = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
    any_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=8)
    return odd | any_text


def _cells(specimen: Specimen, component: Component) -> st.SearchStrategy[str | None]:
    representation = component.representation
    values: st.SearchStrategy[Value]
    codelist = specimen.codelist(component.id)
    if codelist is not None:
        values = st.sampled_from(list(codelist.codes))
    elif representation.text_type == "Boolean":
        values = st.sampled_from(["true", "false"])
    elif representation.text_type in {"Double", "Decimal"}:
        numbers = ["0", "1.10", "-3.5", "12345678901234567890.5", "1e-7"]
        values = st.sampled_from([*numbers, "NaN"] if representation.text_type == "Double" else numbers[:-1])
    elif representation.is_multilingual:
        values = st.dictionaries(st.sampled_from(LANGUAGES), _texts(), min_size=1, max_size=3)
    else:
        values = _texts()
    size = 3 if representation.is_array else 1
    return st.none() | st.lists(values, min_size=1, max_size=size).map(write_cell)


def full_view(cube: Cube) -> list[dict[str, str]]:
    """What a format that knows all of SDMX 3.1 tells."""
    return _sorted({key: cell for key, cell in one.items() if cell is not None} for one in cube.observations)


def view_v2_1(cube: Cube) -> list[dict[str, str]]:
    """What a format of SDMX 2.1 tells: one measure, no arrays, the best text for English."""
    structure = cube.specimen.structure
    kept = _kept(structure)
    return _sorted(
        {key: _plain(structure, key, cell) for key, cell in one.items() if cell is not None and key in kept}
        for one in cube.observations
    )


def _kept(structure: DataStructure) -> set[str]:
    ids = [measure.id for measure in structure.measures]
    measure = "OBS_VALUE" if "OBS_VALUE" in ids else ids[0]
    listed = [*structure.key_ids, measure, *(attribute.id for attribute in structure.attributes)]
    return {one for one in listed if not structure.components[one].representation.is_array}


def _plain(structure: DataStructure, name: str, cell: str) -> str:
    if not structure.components[name].representation.is_multilingual:
        return cell
    (value,) = read_cell(cell)
    if isinstance(value, str):
        return value
    return value.get("en") or next(iter(value.values()))


def _sorted(rows: Any) -> list[dict[str, str]]:
    return sorted(rows, key=lambda row: sorted(row.items()))


def rows_in(columns: Sequence[str], rows: Sequence[Sequence[Any]], structure: DataStructure) -> list[dict[str, str]]:
    """Rows that were read, as the views above tell them."""
    named: list[Mapping[str, Any]] = [dict(zip(columns, row, strict=True)) for row in rows]
    return _sorted({key: row[key] for key in structure.components if row[key] is not None} for row in named)
