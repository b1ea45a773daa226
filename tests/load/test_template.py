"""Templates: written for an office, filled in by people in many ways, read back without a mapping."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import NotFound
from sdmx_hub.load.template.cells import CodeReader, parse_text, show_text
from sdmx_hub.load.template.extracting import META_SHEET, extract_template
from sdmx_hub.load.template.held import own_rows, study_rows
from sdmx_hub.load.template.layout import COLUMN_IDS, CONSTANT_IDS, CONSTANT_VALUES, FIRST_ROW, Layout, plan_template
from sdmx_hub.load.template.places import number_sql, read_number
from sdmx_hub.load.template.reading import Filled, read_template
from sdmx_hub.load.template.writing import write_template
from sdmx_hub.model.codelist import Code, Codelist
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.artefacts import Artefacts
from tests.load.conftest import Desk
from tests.load.messages import FLOW, SOUND
from tests.tables import ROOT

pytestmark = pytest.mark.usefixtures("parse_here")

FLOW_POP = Urn("Dataflow", parse_ref(FLOW))
ROW = {
    "FREQ": "A – Annual", "INDICATOR": "OUTFLOW_POP", "COUNTERPART_TYPE": "CDS", "COUNTERPART_AREA": "France",
    "MIG_REASON": "_T", "SEX": "Femmes", "AGE": "_T", "EDUCATION_LEV": "_T", "SOURCE_TYPE": "CEN",
    "UNIT_MEASURE": "PS", "TIME_PERIOD": "2023", "OBS_VALUE": 34434, "TIME_PER_COLLECT": "S",
}  # fmt: skip


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory, pack: Artefacts) -> Path:
    """A template for emigrants from Senegal, in French."""
    path = tmp_path_factory.mktemp("template") / "blank.xlsx"
    write_template(plan_template(pack, FLOW_POP, provider="SEN_ANSD", language="fr"), path)
    return path


def columns(sheet: Any, line: int) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in sheet[line] if cell.value}


def filled_in(blank: Path, target: Path, *rows: dict[str, Any], sheet: int = 1, **constants: str) -> Path:
    """Fill in a template as a person would, in a spreadsheet."""
    book = openpyxl.load_workbook(blank)
    table = book.worksheets[sheet]
    top, ids = columns(table, CONSTANT_IDS), columns(table, COLUMN_IDS)
    for name, text in constants.items():
        table.cell(CONSTANT_VALUES, top[name]).value = text
    for number, row in enumerate(rows):
        for name, value in row.items():
            table.cell(FIRST_ROW + number, ids[name]).value = value
    book.save(target)
    return target


def read(path: Path, pack: Artefacts) -> Filled:
    connection = duckdb.connect()
    found = read_template(path, pack, connection, extract=extract_template)
    assert found is not None
    return found


def drawn(filled: Filled) -> list[dict[str, str]]:
    assert filled.rows is not None
    names = filled.rows.columns[:-1]
    found = filled.rows.connection.execute(
        f"SELECT {', '.join(map(quoted, names))} FROM ({filled.rows.sql}) ORDER BY ALL"  # noqa: S608 - ids
    ).fetchall()
    return [{key: text for key, text in zip(names, row, strict=True) if text is not None} for row in found]


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str | None]]:
    return [(one.code, one.where.cell) for one in findings]


# What a template is


def test_the_same_template_is_the_same_bytes(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    again = tmp_path / "again.xlsx"
    write_template(plan_template(pack, FLOW_POP, provider="SEN_ANSD", language="fr"), again)
    assert again.read_bytes() == blank.read_bytes()


def test_a_template_speaks_the_language_and_offers_what_the_agreement_allows(blank: Path) -> None:
    book = openpyxl.load_workbook(blank)
    assert [sheet.title for sheet in book.worksheets] == [
        "Instructions", "Données", "Par Sexe", "_codes", META_SHEET,
    ]  # fmt: skip
    assert [sheet.sheet_state for sheet in book.worksheets][3:] == ["hidden", "veryHidden"]
    data, listed = book["Données"], book["_codes"]
    offered = {row[0]: [text for text in row[1:] if text] for row in zip(*listed.values, strict=True)}
    assert offered["REF_AREA"] == ["SEN – Sénégal"]
    assert {text.split(" – ")[0] for text in offered["INDICATOR"]} == {"INFLOW_POP", "OUTFLOW_POP"}
    assert data.cell(CONSTANT_VALUES, columns(data, CONSTANT_IDS)["REF_AREA"]).value == "SEN – Sénégal"
    assert "REF_AREA" not in columns(data, COLUMN_IDS)
    assert data.freeze_panes == f"A{FIRST_ROW}"
    assert len(data.data_validations.dataValidation) > 15
    headings = {data.cell(COLUMN_IDS, place).value: data.cell(COLUMN_IDS - 1, place).value for place in range(1, 30)}
    assert headings["TIME_PERIOD"] == "Période *"
    assert headings["OBS_STATUS"] == "Statut de l'observation"
    assert "SEX=F" in columns(book["Par Sexe"], COLUMN_IDS)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_template_can_be_had_in_each_language(tmp_path: Path, pack: Artefacts, language: str) -> None:
    path = tmp_path / "t.xlsx"
    write_template(plan_template(pack, FLOW_POP, provider="SEN_ANSD", language=language), path)
    assert openpyxl.load_workbook(path).worksheets[1].title == {"en": "Data", "es": "Datos"}[language]


def test_there_is_no_template_for_a_promise_nobody_made(pack: Artefacts) -> None:
    with pytest.raises(NotFound):
        plan_template(pack, FLOW_POP, provider="COL_BANREP")


def test_every_dataflow_of_the_pack_has_a_template(pack: Artefacts) -> None:
    flows = [one.urn for one in pack if one.artefact_class.name == "Dataflow"]
    layouts = [plan_template(pack, flow) for flow in flows]
    assert all(layout.sheets[0].columns for layout in layouts)


# What people write


def test_a_row_is_an_observation_whatever_way_its_codes_are_written(
    blank: Path, tmp_path: Path, pack: Artefacts
) -> None:
    found = read(filled_in(blank, tmp_path / "f.xlsx", ROW, {}, {**ROW, "SEX": "M – Hommes"}), pack)
    assert not found.findings
    assert (found.read, found.mapped, found.rejected) == (2, 2, 0)
    wanted = {key: text for key, text in SOUND.items() if text is not None} | {"SEX": "F"}
    assert drawn(found)[0] == wanted


def test_what_stands_in_a_row_counts_before_what_stands_above(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    rows = ROW | {"OBS_STATUS": "E", "CONF_STATUS": "C"}
    [row] = drawn(read(filled_in(blank, tmp_path / "f.xlsx", rows, CONF_STATUS="N", DECIMALS="2"), pack))
    assert (row["OBS_STATUS"], row["CONF_STATUS"], row["DECIMALS"]) == ("E", "C", "2")


def test_a_missing_value_does_not_become_normal(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    rows = [ROW | {"OBS_VALUE": None, "OBS_STATUS": "L"}, ROW | {"OBS_VALUE": None, "SEX": "M"}]
    found = drawn(read(filled_in(blank, tmp_path / "f.xlsx", *rows), pack))
    assert [row.get("OBS_STATUS") for row in found] == ["L", None]


def test_a_crossed_table_has_an_observation_in_each_cell(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    row = {key: text for key, text in ROW.items() if key not in {"SEX", "OBS_VALUE", "TIME_PER_COLLECT"}}
    cells = {"SEX=F": 10.5, "SEX=M": "Q", "SEX=_T": "1234 E", "SEX=_U": "many"}
    path = filled_in(blank, tmp_path / "f.xlsx", row | cells, sheet=2, TIME_PER_COLLECT="S")
    found = {one["SEX"]: (one.get("OBS_VALUE"), one["OBS_STATUS"]) for one in drawn(read(path, pack))}
    assert found == {"F": ("10.5", "A"), "M": (None, "Q"), "_T": ("1234", "E"), "_U": ("many", "A")}


def test_columns_may_be_moved_and_added(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    path = filled_in(blank, tmp_path / "f.xlsx", ROW)
    book = openpyxl.load_workbook(path)
    book.worksheets[1].insert_cols(3)
    book.worksheets[1].cell(FIRST_ROW, 3).value = "my note"
    book.save(path)
    assert drawn(read(path, pack))[0]["COUNTERPART_AREA"] == "FRA"


def test_text_that_means_nothing_or_too_much_is_told_by_cell_with_a_suggestion(
    blank: Path, tmp_path: Path, pack: Artefacts
) -> None:
    rows = ROW | {"SEX": "Femelles", "COUNTERPART_AREA": "Frence", "AGE": "F – Annual"}
    found = read(filled_in(blank, tmp_path / "f.xlsx", ROW, rows, UNIT_MULT="dozens"), pack)
    table = openpyxl.load_workbook(blank).worksheets[1]
    ids, top = columns(table, COLUMN_IDS), columns(table, CONSTANT_IDS)
    told = {one.where.column: one for one in found.findings}
    assert told["UNIT_MULT"].where.cell == f"{table.cell(1, top['UNIT_MULT']).column_letter}{CONSTANT_VALUES}"
    area = told["COUNTERPART_AREA"]
    assert (area.code, area.where.sheet, area.where.row) == ("TEMPLATE-CODE", "Données", FIRST_ROW + 1)
    assert area.where.cell == f"{table.cell(1, ids['COUNTERPART_AREA']).column_letter}{FIRST_ROW + 1}"
    assert area.suggestion == "FRA – France"
    assert (found.read, found.mapped, found.rejected) == (2, 1, 1)


def reader(*listed: tuple[str, str], allowed: tuple[str, ...] = ()) -> CodeReader:
    known = {code: Code(id=code, names={"en": name}) for code, name in listed}
    codelist = Codelist(ref=parse_ref("X:CL(1.0)"), codes=known)
    return CodeReader(codelist, [known[one] for one in allowed or known], PLAIN)


class _Representation:
    is_array = False


class _Component:
    representation = _Representation()


PLAIN: Any = _Component()


@pytest.mark.parametrize(
    ("text", "code", "candidates"),
    [
        ("GE", "GE", ()),
        ("GE – Georgia", "GE", ()),
        ("GE - anything", "GE", ()),
        ("ge", "GE", ()),
        ("GEORGIA", None, ("GE", "US_GA")),
        ("France", "FR", ()),
        ("GE – France", None, ("GE", "FR")),
        ("", None, ()),
        ("Nowhere", None, ()),
    ],
)
def test_codes_are_read_as_people_write_them(text: str, code: str | None, candidates: tuple[str, ...]) -> None:
    found = reader(("GE", "Georgia"), ("US_GA", "Georgia"), ("FR", "France")).read(text)
    assert (found.code, found.candidates) == (code, candidates)


def test_a_shared_name_means_the_only_code_that_is_offered() -> None:
    assert reader(("GE", "Georgia"), ("US_GA", "Georgia"), allowed=("GE",)).read("Georgia").code == "GE"


@pytest.mark.parametrize("cell", ["plain", "fr\x1eBonjour\x1fen\x1eHello", "fr\x1eSeul"])
def test_texts_in_several_languages_come_back_as_they_were(pack: Artefacts, cell: str) -> None:
    comment = pack.structure_of(FLOW_POP).components["COMMENT_OBS"]
    assert parse_text(show_text(cell, comment), comment) == cell


@given(sheet=st.integers(1, 40), row=st.integers(1, 1_048_576), column=st.integers(0, 16_383))
def test_a_place_comes_back_from_its_number(sheet: int, row: int, column: int) -> None:
    [(number,)] = duckdb.execute(f"SELECT {number_sql(sheet, str(row), column)}").fetchall()
    assert read_number(number) == (sheet, row, column)


# What a template says of itself


def told_of_itself(path: Path, **changes: str) -> None:
    book = openpyxl.load_workbook(path)
    meta = book[META_SHEET]
    for row in meta.iter_rows():
        if row[0].value in changes:
            row[1].value = changes[row[0].value]
    book.save(path)


@pytest.mark.parametrize(
    "changes", [{"provider": "COL_DANE"}, {"template": "9"}, {"hash": "0"}, {"sheets": "[]"}, {"dataflow": "x"}]
)
def test_a_template_whose_description_was_changed_is_refused(
    blank: Path, tmp_path: Path, pack: Artefacts, changes: dict[str, str]
) -> None:
    path = filled_in(blank, tmp_path / "f.xlsx", ROW)
    told_of_itself(path, **changes)
    assert [one.code for one in read(path, pack).findings] == ["TEMPLATE-BROKEN"]


def test_a_template_of_an_older_structure_is_refused_with_what_to_do(tmp_path: Path, pack: Artefacts) -> None:
    layout = plan_template(pack, FLOW_POP, provider="SEN_ANSD")
    older = Urn("DataStructure", parse_ref("ILMH:ILM_FLOW(0.9.0)"))
    path = tmp_path / "old.xlsx"
    write_template(Layout(**{**vars(layout), "structure": older}), path)
    [finding] = read(path, pack).findings
    assert finding.code == "TEMPLATE-OLD"
    assert "sdmx-hub template" in finding.text("fr")


def test_a_column_that_is_gone_is_told(blank: Path, tmp_path: Path, pack: Artefacts) -> None:
    path = filled_in(blank, tmp_path / "f.xlsx", ROW)
    book = openpyxl.load_workbook(path)
    book.worksheets[1].cell(COLUMN_IDS, columns(book.worksheets[1], COLUMN_IDS)["SEX"]).value = None
    book.save(path)
    assert [(one.code, one.where.column) for one in read(path, pack).findings] == [("TEMPLATE-COLUMN", "SEX")]


def test_another_workbook_is_no_template(tmp_path: Path, pack: Artefacts) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "table.xlsx")
    connection = duckdb.connect()
    assert read_template(tmp_path / "table.xlsx", pack, connection, extract=extract_template) is None


# Round trips

texts = st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0x2FF), min_size=1, max_size=12)
observation = st.fixed_dictionaries(
    {
        "SEX": st.sampled_from(["_T", "F", "M", "_U"]),
        "AGE": st.sampled_from(["_T", "Y15T24"]),
        "COUNTERPART_AREA": st.sampled_from(["FRA", "ITA", "W1", "CIV"]),
        "TIME_PERIOD": st.sampled_from(["2023", "2021", "2019"]),
        "OBS_VALUE": st.one_of(st.none(), st.integers(0, 10**15).map(str), st.sampled_from(["1.10", "0.5", "1e5"])),
        "OBS_STATUS": st.sampled_from(["A", "E", "L"]),
        "UNIT_MULT": st.sampled_from(["0", "3"]),
        "COVERAGE_POP": st.one_of(st.none(), texts),
        "COMMENT_OBS": st.one_of(st.none(), texts.filter(lambda text: ": " not in text)),
    }
)


@settings(max_examples=8, deadline=None)
@given(observations=st.lists(observation, min_size=1, max_size=6))
def test_what_a_template_is_filled_with_comes_back(pack: Artefacts, observations: list[dict[str, str | None]]) -> None:
    structure = pack.structure_of(FLOW_POP)
    rows = [{**SOUND, **one} for one in observations]
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE held ({', '.join(f'{quoted(one)} VARCHAR' for one in structure.components)})")
    for row in rows:
        given_ids = ", ".join(map(quoted, row))
        marks = ", ".join("?" for _ in row)
        connection.execute(f"INSERT INTO held ({given_ids}) VALUES ({marks})", list(row.values()))  # noqa: S608 - ids
    held = Rows(connection=connection, sql="SELECT * FROM held", columns=tuple(structure.components), is_sorted=False)
    layout = plan_template(pack, FLOW_POP, provider="SEN_ANSD", language="es", held=study_rows(held, structure))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.xlsx"
        assert write_template(layout, path, rows=held) == len(rows)
        found = read(path, pack)
    assert not found.findings
    wanted = [{key: text for key, text in row.items() if text is not None} for row in rows]
    assert sorted(map(str, (sorted(row.items()) for row in drawn(found)))) == sorted(
        map(str, (sorted(row.items()) for row in wanted))
    )


SAMPLES = [
    ("SEN_ANSD", "emigrants_rgph5"), ("GHA_LD", "placements_agencies"), ("TUN_ATCT", "recruitments_2019"),
    ("ILO_STAT", "returns"), ("UNSD", "fatal_injuries"),
]  # fmt: skip


def test_what_is_held_loads_unchanged_for_each_dataflow(desk: Desk, tmp_path: Path) -> None:
    unchanged = {}
    for office, name in SAMPLES:
        mapping = ROOT / "mappings" / office / f"{name}.yaml"
        [sample] = (mapping.parent / "samples").glob(f"{name}.*")
        loaded = desk.load(sample, mapping=mapping)
        assert loaded.stored, sample
        flow, provider = loaded.flows[0].dataflow, office
        urn = Urn("Dataflow", flow)
        structure = desk.artefacts.structure_of(urn)
        version = desk.observations.version(flow, "internal", now=desk.now)
        assert version is not None
        rows = desk.observations.open_rows(
            flow, structure, plan_data(DataQuery(), structure), audience="internal", version=version
        )
        terms = plan_template(desk.artefacts, urn, provider=provider).terms
        rows = own_rows(rows, terms)
        layout = plan_template(desk.artefacts, urn, provider=provider, held=study_rows(rows, structure))
        path = tmp_path / "filled.xlsx"
        written = write_template(layout, path, rows=rows)
        rows.close()
        report = desk.load(path)
        assert not report.has_errors, (sample, report.findings)
        assert (report.added, report.revised, report.deleted) == (0, 0, 0)
        assert report.unchanged == written > 0
        unchanged[flow] = written
    assert len(unchanged) >= 5


def test_a_load_tells_duplicates_and_bad_codes_of_a_template_by_cell(desk: Desk, blank: Path, tmp_path: Path) -> None:
    path = filled_in(blank, tmp_path / "f.xlsx", ROW, ROW, ROW | {"SEX": "M", "OBS_VALUE": "some"})
    report = desk.load(path)
    places = {one.code: (one.where.sheet, one.where.row, one.where.cell) for one in report.findings}
    assert places["DUP-01"] == ("Données", FIRST_ROW + 1, None)
    [number] = [one for one in report.findings if one.where.column == "OBS_VALUE"]
    assert number.where.cell is not None
    assert number.where.cell.endswith(str(FIRST_ROW + 2))
    assert f"Données!{FIRST_ROW}" in next(one for one in report.findings if one.code == "DUP-01").text("fr")
    assert report.language == "fr"


def test_a_filled_in_template_is_loaded_and_a_correction_revises(desk: Desk, blank: Path, tmp_path: Path) -> None:
    first = desk.load(filled_in(blank, tmp_path / "f.xlsx", ROW))
    assert (first.added, first.stored) == (1, True)
    second = desk.load(filled_in(blank, tmp_path / "f.xlsx", ROW | {"OBS_VALUE": 1}))
    assert (second.revised, second.added) == (1, 0)
