"""Every data writer against the same observations: official schemas accept it, independent readers find it all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from sdmx_hub.errors import BadQuery
from sdmx_hub.formats import schema_xsd_v2_1, schema_xsd_v3
from sdmx_hub.formats.schema_xsd import Schema
from sdmx_hub.formats.table import FORMATS
from sdmx_hub.formats.writers import DATA_WRITERS, WRITERS
from sdmx_hub.model.message import Action
from tests.data_factories import TIME, Specimen, make_dataset, make_message, make_rows, make_specimen
from tests.formats import judges

READERS = {
    "data-csv-1.0": judges.read_csv,
    "data-csv-2.0": judges.read_csv,
    "data-csv-2.1": judges.read_csv,
    "data-json-1.0": judges.read_json_v1,
    "data-json-2.0": judges.read_json_v2,
    "data-json-2.1": judges.read_json_v2,
    "data-xml-2.1-generic": judges.read_generic,
    "data-xml-2.1-generic-series": judges.read_generic,
    "data-xml-2.1-specific": judges.read_specific,
    "data-xml-2.1-specific-series": judges.read_specific,
    "data-xml-3.0": judges.read_specific,
    "data-xml-3.1": judges.read_specific,
}
SPECIFIC = {
    "data-xml-2.1-specific": ("v2_1", schema_xsd_v2_1.write),
    "data-xml-2.1-specific-series": ("v2_1", schema_xsd_v2_1.write),
    "data-xml-3.0": ("v3_0", schema_xsd_v3.write_v3_0),
    "data-xml-3.1": ("v3_1", schema_xsd_v3.write_v3_1),
}
SERIES_ONLY = {name for name in WRITERS if name.endswith("-series")}
AWKWARD = "a & b < c > d \"e\" 'f', ; : \\ \n new\tline \r 统计 é 😀 ]]> &amp; ="

PLACES = {
    "OBS_STATUS": "obs",
    "COMMENT_OBS": "obs",
    "PRE_BREAK_VALUE": "obs",
    "UNIT_MULT": "FREQ.REF_AREA",
    "COLLECTION": "series",
    "TITLE": "group:Sibling",
    "SOURCE_DETAIL": "dataset",
}


def write(name: str, message, **params: str) -> bytes:
    return b"".join(WRITERS[name](message, params))


def judge(name: str, message: bytes, specimen: Specimen, at: str) -> None:
    """Hold a message against the official schema, and against that of its structure."""
    if name.startswith("data-json"):
        judges.assert_valid_json(message, name[-3:].replace(".", ""))
    elif name in SPECIFIC:
        edition, write_schema = SPECIFIC[name]
        schema = Schema(
            context=specimen.dataflow.urn,
            structure=specimen.structure,
            codelist=specimen.codelist,
            dimension_at_observation=at,
        )
        judges.assert_valid_xml(message, judges.xml_schema(edition, {schema.namespace: write_schema(schema)}))
    elif "xml" in name:
        judges.assert_valid_xml(message, judges.message_schema("v2_1"))


def make_cube(**more: object) -> Specimen:
    return make_specimen(
        "FREQ.REF_AREA.SEX.TIME_PERIOD",
        attributes=PLACES,
        groups={"Sibling": "REF_AREA.SEX", "Source": "REF_AREA"},
        types={"PRE_BREAK_VALUE": "Decimal"},
        **more,
    )


def make_observations() -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = []
    for area in ("ES", "FR"):
        for sex in ("F", "_T"):
            for number, period in enumerate(("2019", "2020", "2020-Q1", "2021-07")):
                found.append(
                    {
                        "FREQ": "A",
                        "REF_AREA": area,
                        "SEX": sex,
                        TIME: period,
                        "OBS_VALUE": None if number == 3 else f"{number}.10",
                        "OBS_STATUS": "AEM"[number % 3],
                        "COMMENT_OBS": AWKWARD if number == 1 else None,
                        "PRE_BREAK_VALUE": "12345678901234567890.5" if number == 2 else None,
                        "UNIT_MULT": "0" if area == "ES" else "3",
                        "COLLECTION": "B" if sex == "F" else None,
                        "TITLE": f"{area} & {sex}" if sex == "F" else None,
                        "SOURCE_DETAIL": "One, <two>",
                    }
                )
    return found


@pytest.mark.parametrize("coded", [False, True], ids=["text", "coded"])
@pytest.mark.parametrize("at", [TIME, "AllDimensions", "SEX"])
@pytest.mark.parametrize("name", WRITERS)
def test_all_observations_come_back_and_the_schemas_agree(name, at, coded):
    at = TIME if name in SERIES_ONLY else at
    specimen, observations = make_cube(), make_observations()
    message = write(name, make_message(make_dataset(specimen, observations, at=at, coded=coded)))
    judge(name, message, specimen, at)
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, observations)


@pytest.mark.parametrize("name", [name for name in WRITERS if name not in SERIES_ONLY])
def test_data_without_time_are_written_too(name):
    specimen = make_specimen("REF_AREA.SEX", attributes={"OBS_STATUS": "obs", "UNIT_MULT": "REF_AREA"})
    observations = [
        {"REF_AREA": area, "SEX": sex, "OBS_VALUE": "5", "OBS_STATUS": "A", "UNIT_MULT": "0"}
        for area in ("FR", "SN")
        for sex in ("F", "M")
    ]
    for at in ("AllDimensions", "SEX"):
        message = write(name, make_message(make_dataset(specimen, observations, at=at)))
        judge(name, message, specimen, at)
        assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, observations)


@pytest.mark.parametrize("name", sorted(SERIES_ONLY))
def test_time_series_messages_refuse_data_without_time(name):
    specimen = make_specimen("REF_AREA.SEX")
    message = make_message(make_dataset(specimen, [{"REF_AREA": "FR", "SEX": "F", "OBS_VALUE": "5"}]))
    with pytest.raises(BadQuery, match="no time dimension"):
        write(name, message)


ONE_DATAFLOW = {"data-json-1.0", *SERIES_ONLY}


@pytest.mark.parametrize("name", WRITERS)
def test_datasets_of_several_dataflows_share_a_message_where_the_format_can(name):
    first = make_specimen("FREQ.REF_AREA.TIME_PERIOD", dataflow="DF_ONE", identifier="ONE")
    second = make_specimen("REF_AREA.SEX.TIME_PERIOD", dataflow="DF_TWO", identifier="TWO", attributes={"TITLE": "obs"})
    one = {"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "1", "OBS_STATUS": "A"}
    two = {"REF_AREA": "SN", "SEX": "F", TIME: "2021", "OBS_VALUE": "2", "TITLE": "b, c"}
    message = make_message(make_dataset(first, [one]), make_dataset(second, [two]))
    if name in ONE_DATAFLOW:
        with pytest.raises(BadQuery, match="one dataflow"):
            write(name, message)
        return
    text = write(name, message)
    if "xml" in name:
        edition = SPECIFIC[name][0] if name in SPECIFIC else "v2_1"
        schemas = {}
        for specimen in (first, second) if name in SPECIFIC else ():
            schema = Schema(
                context=specimen.dataflow.urn,
                structure=specimen.structure,
                codelist=specimen.codelist,
                dimension_at_observation=TIME,
            )
            schemas[schema.namespace] = SPECIFIC[name][1](schema)
        judges.assert_valid_xml(text, judges.xml_schema(edition, schemas))
    elif "json" in name:
        judges.assert_valid_json(text, name[-3:].replace(".", ""))
    for fragment in ("DF_ONE", "DF_TWO", "2021", "b, c"):
        assert fragment in text.decode()


@pytest.mark.parametrize("name", WRITERS)
def test_deletions_and_replacements_of_one_dataflow_share_a_message(name):
    specimen, observations = make_cube(), make_observations()
    gone = [{key: value for key, value in each.items() if key in specimen.structure.key_ids} for each in observations]
    deleted = make_dataset(specimen, gone[:2], action=Action.DELETE, measures=(), attributes=())
    valid_from = dt.datetime(2026, 2, 1, 8, 30, tzinfo=dt.UTC)
    replaced = replace(make_dataset(specimen, observations[2:], coded=True), valid_from=valid_from)
    message = write(name, make_message(deleted, replaced))
    judge(name, message, specimen, TIME)
    found = message.decode()
    if "csv" not in name:
        assert "Delete" in found
        assert "Replace" in found
        assert "2026-02-01T08:30:00Z" in found
    if name == "data-csv-2.0":
        assert [line.split(",")[2] for line in found.splitlines()[1:2]] == ["D"]


def count_series(name: str, message: bytes) -> int:
    if "csv" in name:
        return len(message.decode().splitlines()) - 1
    if "json" in name:
        return sum(len(each["series"]) for each in judges._load(message)["data"]["dataSets"])
    return len(list(etree.fromstring(message).iter("{*}Series")))


@pytest.mark.parametrize("at", [TIME, "AllDimensions"])
@pytest.mark.parametrize("with_attributes", [False, True], ids=["serieskeysonly", "nodata"])
@pytest.mark.parametrize("name", WRITERS)
def test_series_alone_have_no_observations(name, with_attributes, at):
    specimen = make_cube()
    observations = [each | {"COMMENT_OBS": None, "TITLE": "Simple"} for each in make_observations()]
    attributes = ("UNIT_MULT", "COLLECTION", "TITLE", "SOURCE_DETAIL") if with_attributes else ()
    dataset = make_dataset(specimen, observations, at=at, measures=(), attributes=attributes, keys_only=True)
    message = write(name, make_message(dataset))
    judge(name, message, specimen, TIME)
    assert count_series(name, message) == 4
    assert b"2020" not in message.replace(b"2026-03-01", b"").replace(b"2020-", b"")
    assert (b"Simple" in message) is with_attributes
    if "csv" not in name:
        assert READERS[name](message, specimen.structure) == {}


@pytest.mark.parametrize("name", WRITERS)
def test_rows_of_series_that_lack_time_are_enough_for_series_alone(name):
    specimen = make_cube()
    keys = [{"FREQ": "A", "REF_AREA": area, "SEX": "F"} for area in ("ES", "FR")]
    rows = make_rows(specimen, keys, columns=("FREQ", "REF_AREA", "SEX"))
    dataset = make_dataset(specimen, rows, measures=(), attributes=(), keys_only=True)
    message = write(name, make_message(dataset))
    judge(name, message, specimen, TIME)
    assert count_series(name, message) == 2


@pytest.mark.parametrize("name", WRITERS)
def test_data_only_leave_attributes_out(name):
    specimen, observations = make_cube(), make_observations()
    message = write(name, make_message(make_dataset(specimen, observations, attributes=())))
    judge(name, message, specimen, TIME)
    kept = [{key: each[key] for key in (*specimen.structure.key_ids, "OBS_VALUE")} for each in observations]
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, kept)


@pytest.mark.parametrize("name", WRITERS)
def test_a_dataset_without_rows_is_still_a_message(name):
    specimen = make_cube()
    for coded in (False, True):
        message = write(name, make_message(make_dataset(specimen, [], coded=coded)))
        judge(name, message, specimen, TIME)
        assert READERS[name](message, specimen.structure) == {}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_rows_give_the_same_bytes(name):
    specimen, observations = make_cube(), make_observations()
    messages = {write(name, make_message(make_dataset(specimen, observations, coded=True))) for _ in range(3)}
    assert len(messages) == 1


@pytest.mark.parametrize("name", WRITERS)
def test_text_and_coded_rows_give_the_same_observations_and_parameters_are_bound(name):
    specimen, observations = make_cube(), make_observations()
    rows = make_rows(specimen, observations, coded=True)
    where = "REF_AREA = ? AND TIME_PERIOD <> ?"
    bound = replace(rows, sql=f"{rows.sql} WHERE {where}", params=("FR", "2019"))
    kept = [each for each in observations if each["REF_AREA"] == "FR" and each[TIME] != "2019"]
    message = write(name, make_message(make_dataset(specimen, bound)))
    judge(name, message, specimen, TIME)
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, kept)


@pytest.mark.parametrize("name", WRITERS)
def test_rows_in_any_order_keep_their_series_in_one_piece(name):
    specimen, observations = make_cube(), make_observations()
    rows = make_rows(specimen, observations)
    mixed = replace(rows, sql=f"{rows.sql} ORDER BY TIME_PERIOD DESC, SEX", is_sorted=False)
    message = write(name, make_message(make_dataset(specimen, mixed)))
    judge(name, message, specimen, TIME)
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, observations)
    assert "csv" in name or count_series(name, message) == 4


AREAS = [f"A{number:03}" for number in range(300)]
LARGE = """
    SELECT 'A' AS FREQ, printf('A%03d', a) AS REF_AREA, (2000 + t)::VARCHAR AS TIME_PERIOD,
        (a * t)::VARCHAR AS OBS_VALUE, 'E' AS OBS_STATUS
    FROM range(1, 300, 2) r(a), range(100) s(t) ORDER BY ALL
"""


@pytest.mark.parametrize("name", WRITERS)
def test_thousands_of_observations_come_in_pieces(name):
    specimen = make_specimen(codes={"REF_AREA": AREAS})
    rows = replace(make_rows(specimen, []), sql=LARGE)
    pieces = list(WRITERS[name](make_message(make_dataset(specimen, rows)), {}))
    message = b"".join(pieces)
    judge(name, message, specimen, TIME)
    found = READERS[name](message, specimen.structure)
    assert len(found) == 15_000
    assert found["A", "A299", "2020"] == {"OBS_VALUE": "5980", "OBS_STATUS": "E"}
    assert len(pieces) > 1


@pytest.mark.parametrize("name", WRITERS)
def test_long_dictionaries_are_used_in_part(name):
    specimen = make_specimen(codes={"REF_AREA": AREAS})
    observations = [
        {"FREQ": "A", "REF_AREA": area, TIME: "2020", "OBS_VALUE": str(int(area[1:])), "OBS_STATUS": "E"}
        for area in AREAS[1::2]
    ]
    message = write(name, make_message(make_dataset(specimen, observations, coded=True)))
    judge(name, message, specimen, TIME)
    assert READERS[name](message, specimen.structure) == judges.expected(specimen.structure, observations)
    assert b"A298" not in message


def test_every_data_format_has_a_writer_and_a_judge():
    ids = {row.id for row in FORMATS if "data" in row.kinds and row.syntax != "html"}
    assert ids == set(DATA_WRITERS)
    assert set(WRITERS) == set(READERS)


# Laws over random structures and cubes.

_TEXT = st.text(st.sampled_from("ab &<>\"',;:\\\n\t\r.é统😀%{}[]|-_/#=\u2028\u00a0"), min_size=1, max_size=12)
_NUMBER = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(lambda each: format(each, "f")),
)
_PLACES = st.sampled_from(["obs", "dataset", "series", "group:Sibling", "D1"])


@st.composite
def cubes(draw):
    """Draw a structure with two to four dimensions, some attributes at any place, and observations that fit it."""
    count = draw(st.integers(2, 4))
    with_time = draw(st.booleans())
    keys = [f"D{number}" for number in range(1, count + 1)] + [TIME] * with_time
    places = {f"X{number}": draw(_PLACES) for number in range(draw(st.integers(0, 4)))}
    texts = {key: "String" for key in places if draw(st.booleans())}
    specimen = make_specimen(
        ".".join(keys), attributes=places, types=texts, groups={"Sibling": f"D1.D{count}", "Other": "D2"}
    )
    axes = [["2020", "2021-Q3", "1999-12"] if key == TIME else ["A", "B", "C"] for key in keys]
    chosen = draw(st.lists(st.tuples(*map(st.sampled_from, axes)), min_size=1, max_size=12, unique=True))
    observations = [dict(zip(keys, each, strict=True)) for each in chosen]
    for observation in observations:
        observation["OBS_VALUE"] = draw(st.none() | _NUMBER)
    for attribute in specimen.structure.attributes:
        one_value = _TEXT if attribute.id in texts else st.sampled_from("ABC")
        values: dict[tuple[str, ...], str | None] = {}
        for observation in observations:
            key = tuple(observation[each] for each in attribute.dimension_ids)
            if key not in values:
                values[key] = draw(st.none() | one_value)
            observation[attribute.id] = values[key]
    at = draw(st.sampled_from([*keys, "AllDimensions"]))
    return specimen, observations, at, draw(st.booleans())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cubes())
def test_every_format_tells_the_same_observations(cube):
    specimen, observations, at, coded = cube
    wanted = judges.expected(specimen.structure, observations)
    for name, reader in READERS.items():
        if name not in SERIES_ONLY:
            message = write(name, make_message(make_dataset(specimen, observations, at=at, coded=coded)))
            assert reader(message, specimen.structure) == wanted, name
            if "json" in name:
                judge(name, message, specimen, at)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cubes())
def test_messages_of_any_structure_satisfy_its_schema(cube):
    specimen, observations, at, coded = cube
    for name in ("data-xml-2.1-generic", "data-xml-2.1-specific", "data-xml-3.0", "data-xml-3.1"):
        judge(name, write(name, make_message(make_dataset(specimen, observations, at=at, coded=coded))), specimen, at)
