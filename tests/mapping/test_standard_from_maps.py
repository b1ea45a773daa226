"""Structure maps made elsewhere run as mappings, as a naive reading of pysdmx's model says, or are refused."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysdmx.io.json.sdmxjson2.messages.map import JsonRepresentationMap, JsonStructureMap
from pysdmx.model import (
    ComponentMap,
    DatePatternMap,
    FixedValueMap,
    ImplicitComponentMap,
    MultiComponentMap,
    MultiRepresentationMap,
    MultiValueMap,
    RepresentationMap,
    StructureMap,
    ValueMap,
)

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.mapping.apply import apply_mapping
from sdmx_hub.mapping.reading import parse_mapping
from sdmx_hub.mapping.standard.from_maps import MadeMapping, make_mapping
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.artefacts import Artefacts

FLOW = Urn("Dataflow", Ref("ILMH", "DF_FLOW_POP", "1.0.0"))
TARGETS = ("REF_AREA", "COUNTERPART_AREA", "SEX", "INDICATOR", "FREQ", "TIME_PERIOD", "OBS_VALUE", "COMMENT_OBS")
FIXED = {"COUNTERPART_TYPE": "CCT", "SOURCE_TYPE": "CEN", "UNIT_MEASURE": "PS", "TIME_PER_COLLECT": "S"}
REST = ("MIG_REASON", "MIG_TYPE", "DURATION", "AGE", "EDUCATION_LEV", "ACTIVITY", "OCCUPATION")
AREAS = ("FRA", "ITA", "SEN")
TEXTS = ("a", "b", "ab", "FRA", "x1", "x2")
PATTERNS = ("regex:a", "regex:[ab]", "regex:x([0-9])", "regex:.*")
YEARS = (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), dt.datetime(2010, 1, 1, tzinfo=dt.UTC))
DATES = ("15/03/1999", "02/01/2000", "31/12/2009", "01/07/2015")


def document(one: Any, kind: type) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(kind.from_model(one))  # type: ignore[attr-defined]
    return made


def artefacts_of(structure_map: StructureMap, maps: Sequence[Any]) -> tuple[Artefact, ...]:
    listed = [("StructureMap", document(structure_map, JsonStructureMap))]
    listed += [("RepresentationMap", document(one, JsonRepresentationMap)) for one in maps]
    kept = [(name, {key: value for key, value in made.items() if key != "agency"} | {"agencyID": "ILMH"})
            for name, made in listed]  # fmt: skip
    return tuple(make_artefact(CLASS_BY_NAME[name], made) for name, made in kept)


def imported(found: Sequence[Artefact], artefacts: Artefacts, provider: str | None = "UNSD") -> MadeMapping:
    known = {one.urn: one for one in found}
    return make_mapping(
        found[0],
        lambda urn: known.get(urn) or artefacts.find(urn),
        dataflow=FLOW,
        structure=artefacts.structure_of(FLOW),
        provider=provider,
    )


def naive(structure_map: StructureMap, row: Mapping[str, str]) -> dict[str, str] | None:
    """What a row becomes, read off the model line by line; None where a rule is missing."""
    found: dict[str, str] = {}
    at = dt.datetime.strptime(row["DAY"], "%d/%m/%Y").replace(tzinfo=dt.UTC, day=1)
    for one in structure_map.maps:
        if isinstance(one, FixedValueMap):
            found[one.target] = one.value
        elif isinstance(one, ImplicitComponentMap):
            found[one.target] = row[one.source]
        elif isinstance(one, DatePatternMap):
            found[one.target] = f"{at:%Y-%m}"
        else:
            sources = [one.source] if isinstance(one.source, str) else list(one.source)
            targets = [one.target] if isinstance(one.target, str) else list(one.target)
            values = naive_values(one.values.maps, [row[source] for source in sources], at)
            if values is None:
                return None
            found |= dict(zip(targets, values, strict=True))
    return found


def naive_values(maps: Sequence[Any], texts: Sequence[str], at: dt.datetime) -> list[str] | None:
    for one in maps:
        tests = one.typed_source if isinstance(one, MultiValueMap) else (one.typed_source,)
        fits = [
            test.fullmatch(text) if isinstance(test, re.Pattern) else test == text
            for test, text in zip(tests, texts, strict=True)
        ]
        valid = (one.valid_from is None or one.valid_from <= at) and (one.valid_to is None or at <= one.valid_to)
        if all(fits) and valid:
            groups = [group for fit in fits if isinstance(fit, re.Match) for group in fit.groups()]
            targets = [one.target] if isinstance(one.target, str) else one.target
            return [re.sub(r"\\(\d)", lambda found, known=groups: known[int(found[1]) - 1], one) for one in targets]
    return None


RULES = st.lists(
    st.tuples(st.sampled_from([*TEXTS, *PATTERNS]), st.sampled_from(AREAS), st.sampled_from([None, *YEARS]),
              st.sampled_from([None, *YEARS])),
    min_size=1, max_size=4, unique_by=lambda one: one[0],
)  # fmt: skip
PAIRS = st.lists(
    st.tuples(st.sampled_from(["a", "regex:.(.*)"]), st.sampled_from(["1", "regex:([12])"]),
              st.sampled_from([("M", "one"), ("F", "two")])),
    min_size=1, max_size=3, unique_by=lambda one: one[:2],
)  # fmt: skip
ROWS = st.lists(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(["a", "b"]), st.sampled_from("12"), st.sampled_from(DATES)),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


def structure_map_of(rules: Sequence[Any], pairs: Sequence[Any]) -> tuple[StructureMap, list[Any]]:
    areas = RepresentationMap(
        id="RM_AREA", name="Areas", agency="ILMH", version="1.0.0", source="String", target="String",
        maps=[ValueMap(source=text, target=code, valid_from=first, valid_to=last) for text, code, first, last in rules],
    )  # fmt: skip
    both = MultiRepresentationMap(
        id="RM_BOTH", name="Both", agency="ILMH", version="1.0.0", source=["String", "String"],
        target=["String", "String"],
        maps=[MultiValueMap(source=[kind, number], target=list(targets)) for kind, number, targets in pairs],
    )  # fmt: skip
    maps = (
        ComponentMap("AREA", "COUNTERPART_AREA", areas),
        MultiComponentMap(["KIND", "NUMBER"], ["SEX", "COMMENT_OBS"], both),
        ImplicitComponentMap("VALUE", "OBS_VALUE"),
        ImplicitComponentMap("REPORTER", "REF_AREA"),
        DatePatternMap("DAY", "TIME_PERIOD", "dd/MM/yyyy", "M", id="DAY"),
        *(FixedValueMap(key, value) for key, value in FIXED.items()),
        *(FixedValueMap(key, "_T") for key in REST),
        FixedValueMap("FREQ", "M"),
        FixedValueMap("INDICATOR", "INFLOW_POP"),
    )
    made = StructureMap(
        id="SM_LAW", name="Law", agency="ILMH", version="1.0.0", source=str(FLOW), target=str(FLOW), maps=maps
    )
    return made, [areas, both]


@settings(max_examples=25, deadline=None)
@given(rules=RULES, pairs=PAIRS, rows=ROWS)
def test_a_map_of_pysdmx_gives_what_its_model_says(
    artefacts: Artefacts, tmp_path_factory: pytest.TempPathFactory, rules: Any, pairs: Any, rows: Any
) -> None:
    structure_map, maps = structure_map_of(rules, pairs)
    made = imported(artefacts_of(structure_map, maps), artefacts)
    assert made.findings == ()
    names = ("AREA", "KIND", "NUMBER", "DAY", "REPORTER", "VALUE")
    table = [dict(zip(names, (*row, "SEN", str(number)), strict=True)) for number, row in enumerate(rows, start=1)]
    file = tmp_path_factory.getbasetemp() / "law.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(table)
    expected = [naive(structure_map, row) for row in table]
    with duckdb.connect() as connection:
        mapped = apply_mapping(parse_mapping(made.text), file, artefacts.structure_of(FLOW), artefacts, connection)
        columns = ", ".join(map(quoted, TARGETS))
        found = connection.execute(f"SELECT {columns} FROM ({mapped.rows.sql}) ORDER BY _row").fetchall()  # noqa: S608 - quoted ids
    assert found == [tuple(one[key] for key in TARGETS) for one in expected if one is not None]
    assert mapped.rejected + mapped.left_out == expected.count(None)


def small(**content: Any) -> dict[str, Any]:
    return {"id": "SM_X", "agencyID": "ILMH", "version": "1.0.0", "names": {"en": "X"}, "name": "X",
            "source": str(FLOW), "target": str(FLOW)} | content  # fmt: skip


def values(**mapping: Any) -> Artefact:
    node = {"id": "RM_X", "agencyID": "ILMH", "version": "1.0.0", "names": {"en": "X"}, "name": "X",
            "source": [{"dataType": "String"}], "target": [{"dataType": "String"}],
            "representationMappings": [mapping]}  # fmt: skip
    return Artefact(CLASS_BY_NAME["RepresentationMap"], node)


BY_MAP = {"source": ["A"], "target": ["SEX"],
          "representationMap": str(Urn("RepresentationMap", Ref("ILMH", "RM_X", "1.0.0")))}  # fmt: skip
AGE = {"source": ["A"], "target": ["AGE"]}
BOTH = {"source": ["A", "B"], "target": ["SEX"]}
FIXED_AGE = {"target": "AGE", "values": ["_T"]}
DATE = {"id": "D", "sourcePattern": "yyyy", "locale": "en", "targetFrequencyID": "A",
        "mappedComponents": [{"source": "A", "target": "TIME_PERIOD"}]}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "content", "mapping"),
    [
        ("STD-EMPTY", {}, None),
        ("STD-VALUES", {"fixedValueMaps": [{"target": "SEX", "values": ["M", "F"]}, FIXED_AGE]}, None),
        ("STD-SOURCE-FIXED", {"fixedValueMaps": [{"source": "C", "values": ["M"]}, FIXED_AGE]}, None),
        ("STD-COMPONENT", {"fixedValueMaps": [{"target": "NONE", "values": ["M"]}]}, None),
        ("STD-NO-MAP", {"componentMaps": [BOTH, AGE]}, None),
        ("STD-TWICE", {"componentMaps": [AGE, AGE]}, None),
        ("STD-REFERENCE", {"componentMaps": [BY_MAP, AGE]}, None),
        ("STD-SIDES", {"componentMaps": [BY_MAP, AGE]},
         {"sourceValues": [{"value": "a"}, {"value": "b"}], "targetValues": ["M"]}),
        ("STD-PATTERN", {"componentMaps": [BY_MAP, AGE]},
         {"sourceValues": [{"value": "(?=a)", "isRegEx": True}], "targetValues": ["M"]}),
        ("STD-SUBSTRING", {"componentMaps": [BY_MAP, AGE]},
         {"sourceValues": [{"value": "abc", "startIndex": 2, "endIndex": 9}], "targetValues": ["M"]}),
        ("STD-DATE", {"datePatternMaps": [DATE | {"sourcePattern": "QQ"}]}, None),
        ("STD-FORMATS", {"datePatternMaps": [DATE | {"mappedFrequencies": ["A"]}]}, None),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_told(code: str, content: Any, mapping: Any, artefacts: Artefacts) -> None:
    found = [Artefact(CLASS_BY_NAME["StructureMap"], small(**content))] + ([values(**mapping)] if mapping else [])
    assert [finding.code for finding in imported(found, artefacts).findings] == [code]


def test_a_figure_is_not_looked_up(artefacts: Artefacts) -> None:
    maps = {"componentMaps": [BY_MAP | {"target": ["OBS_VALUE"]}]}
    found = [
        Artefact(CLASS_BY_NAME["StructureMap"], small(**maps)),
        values(sourceValues=[{"value": "a"}], targetValues=["1"]),
    ]
    assert [finding.code for finding in imported(found, artefacts).findings] == ["STD-MEASURE"]


def test_a_map_without_a_provider_is_told(artefacts: Artefacts) -> None:
    found = [Artefact(CLASS_BY_NAME["StructureMap"], small(datePatternMaps=[DATE], agencyID="NOBODY"))]
    assert [finding.code for finding in imported(found, artefacts, provider=None).findings] == ["STD-PROVIDER"]


@pytest.mark.parametrize(
    ("value", "start"),
    [({"value": "DEF", "startIndex": 5, "endIndex": 7}, 5), ({"value": "XU", "startIndex": 1, "endIndex": 2}, 1),
     ({"value": "H", "startIndex": 0, "endIndex": 1}, 1), ({"value": "DEF", "startIndex": 5, "endIndex": 3}, 5)],
)  # fmt: skip
def test_a_part_of_a_text_is_read_by_its_length(value: Any, start: int, artefacts: Artefacts) -> None:
    found = [Artefact(CLASS_BY_NAME["StructureMap"], small(componentMaps=[BY_MAP])),
             values(sourceValues=[value], targetValues=["M"])]  # fmt: skip
    rule = parse_mapping(imported(found, artefacts).text).components["SEX"].rules[0]
    assert rule.when[0].start == start


def test_a_number_since_a_moment_comes_along(artefacts: Artefacts) -> None:
    epoch = {key: value for key, value in DATE.items() if key not in {"sourcePattern", "locale"}}
    maps = {"epochMaps": [epoch | {"basePeriod": "1970", "epochPeriod": "day", "resolvePeriod": "startOfPeriod"}]}
    made = imported([Artefact(CLASS_BY_NAME["StructureMap"], small(**maps))], artefacts)
    rule = parse_mapping(made.text).components["TIME_PERIOD"].date
    assert rule is not None
    assert (rule.base, rule.unit, rule.frequency, rule.resolve) == ("1970", "day", "A", "start")
