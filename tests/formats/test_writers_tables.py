"""Workbooks, Parquet and plain CSV, read by outside libraries: what is there is what was published."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from dataclasses import replace

import pyarrow.parquet
import pytest
from python_calamine import CalamineWorkbook

from sdmx_hub.errors import TooLarge
from sdmx_hub.formats import data_xlsx
from sdmx_hub.formats.writers import TABLES
from sdmx_hub.model.cells import write_cell
from sdmx_hub.model.message import Action
from tests.data_factories import TIME, make_dataset, make_message, make_rows, make_specimen
from tests.formats.test_writers import AWKWARD, LARGE, make_cube, make_observations


def write(name: str, message, **params: str) -> bytes:
    return b"".join(bytes(piece) for piece in TABLES[name](message, params))


def lines(name: str, message: bytes) -> list[list[object]]:
    """Read a table: text and numbers, blanks where nothing is."""
    if name == "data-csv-plain":
        return [list(line) for line in csv.reader(io.StringIO(message.decode(), newline=""))]
    if name == "data-parquet":
        table = pyarrow.parquet.read_table(io.BytesIO(message))
        cells = ["" if cell is None else cell for column in table.columns for cell in column.to_pylist()]
        count = table.num_rows
        rows = [[cells[place * count + row] for place in range(table.num_columns)] for row in range(count)]
        return [list(table.column_names), *rows]
    return CalamineWorkbook.from_filelike(io.BytesIO(message)).get_sheet_by_index(0).to_python()


def as_text(cell: object) -> str:
    """Make one text of a cell, equal for equal numbers (of 64 bits)."""
    try:
        return f"{float(str(cell)):g}" if float(str(cell)) < 1e15 else repr(float(str(cell)))
    except ValueError:
        return str(cell).replace("\r", "")  # a spreadsheet ends lines by one character


@pytest.mark.parametrize("coded", [False, True], ids=["text", "coded"])
@pytest.mark.parametrize("name", TABLES)
def test_every_observation_is_a_line_with_all_its_values(name, coded):
    specimen, observations = make_cube(), make_observations()
    found = lines(name, write(name, make_message(make_dataset(specimen, observations, coded=coded))))
    ids = list(specimen.structure.components)
    assert found[0] == ids
    told = [{key: as_text(cell) for key, cell in zip(ids, line, strict=True) if cell != ""} for line in found[1:]]
    wanted = [{key: as_text(value) for key, value in each.items() if value is not None} for each in observations]
    order = sorted(wanted, key=lambda each: [each[key] for key in specimen.structure.key_ids])
    assert sorted(told, key=lambda each: [each[key] for key in specimen.structure.key_ids]) == order


LABELS = {
    "id": (["FREQ", "REF_AREA", TIME, "OBS_VALUE"], ["A", "FR", "2020", "5"]),
    "name": (
        ["FREQ en français", "REF_AREA en français", "TIME_PERIOD en français", "OBS_VALUE en français"],
        ["A en français", "FR en français", "2020", "5"],
    ),
    "both": (
        ["FREQ", "FREQ en français", "REF_AREA", "REF_AREA en français", TIME, "OBS_VALUE"],
        ["A", "A en français", "FR", "FR en français", "2020", "5"],
    ),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", TABLES)
def test_labels_stand_for_codes_or_beside_them(name, labels):
    specimen = make_specimen(attributes={})
    rows = [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "5"}]
    message = make_message(make_dataset(specimen, rows), language="fr")
    heading, line = lines(name, write(name, message, labels=labels))
    assert (heading, [as_text(cell) for cell in line]) == LABELS[labels]


@pytest.mark.parametrize("name", TABLES)
def test_times_are_days_when_that_is_asked(name):
    specimen = make_specimen(attributes={})
    rows = [{"FREQ": "Q", "REF_AREA": "FR", TIME: "2020-Q3", "OBS_VALUE": "5"}]
    found = lines(name, write(name, make_message(make_dataset(specimen, rows)), timeFormat="normalized"))
    assert str(found[1][2]) == "2020-07-01"


@pytest.mark.parametrize("name", TABLES)
def test_datasets_of_a_message_are_told_apart_by_what_they_differ_in(name):
    specimen = make_specimen(attributes={})
    row = {"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "5"}
    gone = make_dataset(specimen, [{**row, "OBS_VALUE": None}], action=Action.DELETE, measures=(), attributes=())
    valid_from = dt.datetime(2026, 2, 1, 8, 30, tzinfo=dt.UTC)
    found = lines(name, write(name, make_message(gone, replace(make_dataset(specimen, [row]), valid_from=valid_from))))
    assert found[0][:3] == ["ACTION", "VALID_FROM", "FREQ"]
    assert [[str(cell) for cell in line[:2]] for line in found[1:]] == [
        ["DELETE", ""],
        ["REPLACE", "2026-02-01T08:30:00+00:00"],
    ]
    other = make_specimen("REF_AREA.SEX.TIME_PERIOD", attributes={}, dataflow="DF_TWO")
    two = make_dataset(other, [{"REF_AREA": "SN", "SEX": "F", TIME: "2020", "OBS_VALUE": "7"}])
    found = lines(name, write(name, make_message(make_dataset(specimen, [row]), two)))
    assert found[0] == ["DATAFLOW", "FREQ", "REF_AREA", TIME, "SEX", "OBS_VALUE"]
    assert [line[0] for line in found[1:]] == ["TEST:DF(1.0.0)", "TEST:DF_TWO(1.0.0)"]


@pytest.mark.parametrize("name", TABLES)
def test_thousands_of_lines_come_in_pieces(name):
    specimen = make_specimen(codes={"REF_AREA": [f"A{number:03}" for number in range(300)]})
    rows = replace(make_rows(specimen, []), sql=LARGE)
    pieces = list(TABLES[name](make_message(make_dataset(specimen, rows)), {}))
    assert len(pieces) > 1
    assert len(lines(name, b"".join(bytes(piece) for piece in pieces))) == 15_001


@pytest.mark.parametrize("name", TABLES)
def test_no_lines_are_still_a_table(name):
    found = lines(name, write(name, make_message(make_dataset(make_specimen(), []))))
    assert found == [["FREQ", "REF_AREA", TIME, "OBS_VALUE", "OBS_STATUS"]]


@pytest.mark.parametrize("name", TABLES)
def test_series_alone_are_a_line_each(name):
    specimen, observations = make_cube(), make_observations()
    dataset = make_dataset(specimen, observations, measures=(), attributes=(), keys_only=True)
    found = lines(name, write(name, make_message(dataset)))
    assert len(found) == 1 + 4
    assert found[0] == ["FREQ", "REF_AREA", "SEX", TIME]


@pytest.mark.parametrize("name", TABLES)
def test_the_same_data_are_the_same_bytes(name):
    specimen, observations = make_cube(), make_observations()
    assert len({write(name, make_message(make_dataset(specimen, observations))) for _ in range(3)}) == 1


def make_several():
    specimen = make_specimen(
        attributes={"OBS_STATUS": "obs", "TITLE": "obs", "NOTES": "obs"},
        types={"TITLE": "String", "NOTES": "String"},
        occurs=dict.fromkeys(("OBS_STATUS", "NOTES"), "unbounded"),
        multilingual=("TITLE", "NOTES"),
    )
    row = {"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "5", "OBS_STATUS": write_cell(["A", "E"])}
    row |= {"TITLE": write_cell([{"en": "One", "fr": "Un"}]), "NOTES": write_cell([{"fr": "x"}, {"en": "y"}])}
    return make_message(make_dataset(specimen, [row]), language="fr")


@pytest.mark.parametrize("name", ["data-csv-plain", "data-xlsx"])
def test_arrays_and_languages_are_readable_text(name):
    found = lines(name, write(name, make_several(), labels="both"))
    assert found[1][6:] == ["A; E", "A en français; E en français", "Un", "x; y"]


def test_arrays_and_languages_keep_their_shape_in_parquet():
    table = pyarrow.parquet.read_table(io.BytesIO(write("data-parquet", make_several())))
    assert table["OBS_STATUS"].to_pylist() == [["A", "E"]]
    assert table["TITLE"].to_pylist() == [[("en", "One"), ("fr", "Un")]]
    assert table["NOTES"].to_pylist() == [[[("fr", "x")], [("en", "y")]]]


def test_parquet_says_what_its_columns_are():
    specimen = make_specimen()
    message = make_message(make_dataset(specimen, [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": "1.5"}]))
    message = replace(message, header=replace(message.header, licence="CC BY 4.0"))
    schema = pyarrow.parquet.read_schema(io.BytesIO(write("data-parquet", message)))
    assert schema.metadata[b"sdmx.structure"] == str(specimen.artefact.urn).encode()
    assert schema.metadata[b"licence"] == b"CC BY 4.0"
    assert schema.field("REF_AREA").metadata[b"sdmx.codelist"].endswith(b"CL_REF_AREA(1.0.0)")
    assert str(schema.field("OBS_VALUE").type) == "double"


@pytest.mark.parametrize(
    ("text_type", "values", "wanted"),
    [
        ("Decimal", ["1.10", "2"], [1.1, 2.0]),
        ("Double", ["NaN", "2"], ["nan", 2.0]),
        ("Decimal", ["#N/A", "2"], ["#N/A", "2"]),
        ("Integer", ["12", "-5"], [12, -5]),
        ("Integer", ["12345678901234567890", "1"], [12345678901234567890.0, 1.0]),
        ("String", ["7", "8"], [7.0, 8.0]),
        ("String", ["low", "8"], ["low", "8"]),
    ],
)
def test_measures_are_numbers_in_parquet_where_all_are(text_type, values, wanted):
    specimen = make_specimen(attributes={}, types={"OBS_VALUE": text_type})
    rows = [
        {"FREQ": "A", "REF_AREA": "FR", TIME: str(2000 + place), "OBS_VALUE": value}
        for place, value in enumerate(values)
    ]
    found = lines("data-parquet", write("data-parquet", make_message(make_dataset(specimen, rows))))
    assert [str(line[3]) if wanted[0] == "nan" and place == 0 else line[3] for place, line in enumerate(found[1:])] == (
        wanted
    )


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("1.10", 1.1), ("-3e4", -30000.0), ("0", 0.0), ("NaN", "NaN"), ("#N/A", "#N/A"),
        ("12345678901234567890", "12345678901234567890"), ("0.1234567890123456", "0.1234567890123456"),
    ],
)  # fmt: skip
def test_numbers_are_numbers_in_a_workbook_where_it_keeps_them(value, wanted):
    specimen = make_specimen(attributes={})
    rows = [{"FREQ": "A", "REF_AREA": "FR", TIME: "2020", "OBS_VALUE": value}]
    assert lines("data-xlsx", write("data-xlsx", make_message(make_dataset(specimen, rows))))[1][3] == wanted


FORMULAS = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "_x0041_", '=HYPERLINK("x")', "  blanks  ", "x" * 40_000]


def make_texts():
    specimen = make_specimen(attributes={"TITLE": "obs"})
    rows = [
        {"FREQ": "A", "REF_AREA": "FR", TIME: str(2000 + place), "OBS_VALUE": "-1.5", "TITLE": text}
        for place, text in enumerate([*FORMULAS, AWKWARD])
    ]
    return make_message(make_dataset(specimen, rows))


def test_text_in_a_workbook_is_text_and_never_a_formula():
    message = write("data-xlsx", make_texts())
    found = [line[4] for line in lines("data-xlsx", message)[1:]]
    assert found[:8] == FORMULAS[:8]
    assert found[8] == "x" * 32_767
    with zipfile.ZipFile(io.BytesIO(message)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
        assert archive.testzip() is None


def test_text_in_plain_csv_is_no_formula_and_numbers_stay_numbers():
    found = lines("data-csv-plain", write("data-csv-plain", make_texts()))[1:]
    assert [line[4] for line in found[:5]] == ["'" + text for text in FORMULAS[:5]]
    assert found[5][4] == "_x0041_"
    assert found[0][3] == "-1.5"
    assert found[9][4] == AWKWARD


def test_a_workbook_tells_source_licence_and_date_in_the_language():
    message = make_message(make_dataset(make_specimen(), []), language="fr")
    message = replace(message, header=replace(message.header, licence="CC BY 4.0"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(write("data-xlsx", message)))
    assert book.sheet_names == ["Données", "Source"]
    assert book.get_sheet_by_index(1).to_python()[:5] == [
        ["Source", "Le hub", ""],
        ["Licence", "CC BY 4.0", ""],
        ["Données du", "2026-03-01T12:00:00+00:00", ""],
        ["Adresse", "https://hub.example/sdmx/v2", ""],
        ["Flux de données", "DF en français", "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"],
    ]


def test_more_lines_than_a_worksheet_has_are_refused(monkeypatch):
    monkeypatch.setattr(data_xlsx, "MOST_LINES", 15_000)
    rows = replace(make_rows(make_specimen(), []), sql=LARGE)
    with pytest.raises(TooLarge) as refused:
        write("data-xlsx", make_message(make_dataset(make_specimen(), rows)))
    assert "15000" in str(refused.value)
    assert "parquet" in str(refused.value)


@pytest.mark.parametrize(("most", "is_large"), [(1_000, True), (10**9, False)])
def test_a_sheet_of_more_bytes_than_archives_used_to_have_is_one_all_the_same(monkeypatch, most, is_large):
    monkeypatch.setattr(data_xlsx, "_LARGE", 1)
    monkeypatch.setattr(data_xlsx, "_MOST_BYTES", most)
    specimen, observations = make_cube(), make_observations()
    message = write("data-xlsx", make_message(make_dataset(specimen, observations)))
    with zipfile.ZipFile(io.BytesIO(message)) as archive:
        assert (archive.getinfo("xl/worksheets/sheet1.xml").extract_version == 45) is is_large
    assert len(lines("data-xlsx", message)) == 1 + len(observations)


def test_plain_csv_may_begin_with_the_mark_of_utf_8():
    message = make_message(make_dataset(make_specimen(), []))
    assert write("data-csv-plain", message, bom="yes").startswith(b"\xef\xbb\xbfFREQ,")
    assert write("data-csv-plain", message).startswith(b"FREQ,")
