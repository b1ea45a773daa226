from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.formats import read_csv_table
from sdmx_hub.formats.read_data import ReadData
from sdmx_hub.formats.readers import read_data
from sdmx_hub.model.message import Action
from tests.data_factories import Specimen, make_specimen
from tests.support.engine import connect

SPECIMEN = make_specimen(
    "FREQ.REF_AREA.SEX.TIME_PERIOD", attributes={"OBS_STATUS": "obs", "COMMENT_OBS": "obs", "UNIT_MULT": "series"}
)
FLOW = "TEST:DF(1.0.0)"


def read(folder: Path, text: str, specimen: Specimen = SPECIMEN) -> ReadData:
    file = folder / "message.csv"
    file.write_bytes(text.encode())
    return read_data(file, lambda urn: specimen.structure if urn.ref.agency_id == "TEST" else None, connect())


def rows(message: ReadData, place: int = 0) -> list[dict[str, object]]:
    found = message.datasets[place].rows
    drawn = found.connection.execute(f"SELECT * FROM ({found.sql}) ORDER BY _row").fetchall()  # noqa: S608
    return [{name: cell for name, cell in zip(found.columns, row, strict=True) if cell is not None} for row in drawn]


def test_version_1_gives_every_cell_as_it_was_sent(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,COMMENT_OBS\r\n"
        f'{FLOW},A,NA,F,2020,1.10,A,"two\nlines, and ""quotes"""\r\n'
        f"{FLOW},A,SN,007,2021,,M,\r\n",
    )
    assert message.findings == ()
    assert str(message.datasets[0].described_by).endswith("Dataflow=TEST:DF(1.0.0)")
    assert rows(message) == [
        {
            "FREQ": "A", "REF_AREA": "NA", "SEX": "F", "TIME_PERIOD": "2020", "OBS_VALUE": "1.10", "OBS_STATUS": "A",
            "COMMENT_OBS": 'two\nlines, and "quotes"', "_row": 2,
        },
        {"FREQ": "A", "REF_AREA": "SN", "SEX": "007", "TIME_PERIOD": "2021", "OBS_STATUS": "M", "_row": 3},
    ]  # fmt: skip


def test_labels_are_cut_off_codes_and_kept_in_texts(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "DATAFLOW: Flow,FREQ: Frequency,REF_AREA: Area,SEX: Sex,TIME_PERIOD: Time,OBS_VALUE: Value,COMMENT_OBS: Note\n"
        f"{FLOW}: My flow,A: Annual,SN: Senegal,F: Female,2020,5,see: below\n",
    )
    (row,) = rows(message)
    assert (row["REF_AREA"], row["SEX"], row["OBS_VALUE"], row["COMMENT_OBS"]) == ("SN", "F", "5", "see: below")


def test_version_2_tells_actions_and_several_structures(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n"
        f"dataflow,{FLOW},D,A,SN,,,\n"
        f"dataflow,{FLOW},M,A,SN,F,2020,1\n"
        "datastructure,TEST:DSD(1.0.0),Replace,A,SN,F,2020,2\n",
    )
    assert [dataset.actions for dataset in message.datasets] == [(Action.DELETE, Action.MERGE), (Action.REPLACE,)]
    assert [row["_action"] for row in rows(message)] == ["D", "M"]
    assert rows(message, 1)[0]["_action"] == "R"
    assert message.datasets[1].described_by.class_name == "DataStructure"


def test_names_and_keys_of_version_2_are_understood(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,SERIES_KEY,FREQ,Frequency,REF_AREA,Area,SEX,Sex,TIME_PERIOD,Time,"
        "OBS_VALUE,Value\n"
        f"dataflow,{FLOW},Flow,A,A.SN.F,A,Annual,SN,Senegal,F,Female,2020,2020,5,\n",
    )
    assert message.findings == ()
    assert rows(message)[0]["SEX"] == "F"


def test_a_decimal_comma_beside_semicolons_becomes_a_point(tmp_path: Path) -> None:
    message = read(tmp_path, f"DATAFLOW;FREQ;REF_AREA;SEX;TIME_PERIOD;OBS_VALUE\n{FLOW};A;SN;F;2020;12,50\n")
    assert rows(message)[0]["OBS_VALUE"] == "12.50"


def test_one_language_in_a_sub_field_is_unpacked_and_several_are_a_finding(tmp_path: Path) -> None:
    header = "STRUCTURE[;],STRUCTURE_ID,ACTION,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,COMMENT_OBS[en;fr]\n"
    several = read(tmp_path, f"{header}dataflow,{FLOW},A,A,SN,F,2020,1,en:a;fr:b\n")
    assert [(finding.code, finding.where.row) for finding in several.findings] == [("CSV-SUBFIELDS", 2)]
    single = read(tmp_path, f"{header.replace('[en;fr]', '[en]')}dataflow,{FLOW},A,A,SN,F,2020,1,en:a\n")
    assert rows(single)[0]["COMMENT_OBS"] == "a"


def test_every_odd_column_and_ragged_row_is_told_with_its_place(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE,OBS_VALUE,COUNTRY\n"
        f"{FLOW},A,SN,F,2020,1,1,x\n"
        f"{FLOW},A,SN,F\n"
        f"{FLOW},A,SN,F,2022,1,1,x\n",
    )
    told = {(finding.code, finding.where.row, finding.where.column) for finding in message.findings}
    assert told == {("CSV-RAGGED", 3, None), ("CSV-TWICE", 1, "OBS_VALUE"), ("CSV-COLUMN", 1, "COUNTRY")}
    assert [row["_row"] for row in rows(message)] == [2, 4]


def test_empty_cells_too_many_at_the_end_of_a_row_say_nothing(tmp_path: Path) -> None:
    message = read(
        tmp_path,
        "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,SEX\n"
        f"dataflow,{FLOW},D,SN,F\ndataflow,{FLOW},D,SN,,\ndataflow,{FLOW},D,SN,M,x\n",
    )
    assert [(one.code, one.where.row) for one in message.findings] == [("CSV-RAGGED", 4)]
    assert [(row["_row"], row["REF_AREA"], row.get("SEX")) for row in rows(message)] == [
        (2, "SN", "F"),
        (3, "SN", None),
    ]


def test_a_structure_without_version_means_the_latest(tmp_path: Path) -> None:
    message = read(tmp_path, "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA\ndataflow,TEST:DF,M,SN\n")
    assert str(message.datasets[0].described_by).endswith("Dataflow=TEST:DF(*)")


def test_a_blank_line_at_the_end_is_no_row(tmp_path: Path) -> None:
    message = read(tmp_path, f"DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n{FLOW},A,SN,F,2020,1\n\n")
    assert message.findings == ()
    assert message.datasets[0].count == 1


@pytest.mark.parametrize(
    "text",
    [
        "DATAFLOW,FREQ\nnonsense,A\n",
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ\ntable,TEST:DF(1.0.0),A,A\n",
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ\ndataflow,TEST:DF(1.0.0),maybe,A\n",
    ],
)
def test_a_line_that_names_nothing_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Malformed):
        read(tmp_path, text)


def test_an_unknown_structure_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="OTHER:DF"):
        read(tmp_path, "DATAFLOW,FREQ\nOTHER:DF(1.0),A\n")


def test_many_rows_keep_their_numbers_across_blocks(tmp_path: Path) -> None:
    lines = [f"{FLOW},A,SN,F,{number},{'9' * 60}" for number in range(100_000)]
    message = read(tmp_path, "DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n" + "\n".join(lines) + "\n")
    found = message.datasets[0].rows
    wrong = found.connection.execute(
        f"SELECT count(*) FROM ({found.sql}) WHERE _row <> TIME_PERIOD::BIGINT + 2"  # noqa: S608
    ).fetchone()
    assert (message.datasets[0].count, wrong) == (100_000, (0,))


def test_a_large_file_is_read_as_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With columns of few texts as dictionaries that grow from block to block, odd records and texts among them."""
    areas = ["SN", "NA", "F", "it's", '"q"', "é", ""]
    lines = [f'{FLOW},A,"{areas[n * 7 // 60_000].replace(chr(34), chr(34) * 2)}",F,{n % 40},{n}' for n in range(60_000)]
    lines[10] += ",,"
    lines[30_000] += ",x"
    lines[40_000:40_000] = ["", ",,,,,"]
    lines.append(f"{FLOW},A,LATE,F,2020,5,")
    text = "DATAFLOW,FREQ,REF_AREA,SEX,TIME_PERIOD,OBS_VALUE\n" + "\n".join(lines) + "\n"
    monkeypatch.setattr(read_csv_table, "BLOCK", 1 << 17)
    found = []
    for large in (0, 1 << 40):
        monkeypatch.setattr(read_csv_table, "LARGE", large)
        message = read(tmp_path, text)
        drawn = message.datasets[0].rows
        listed = drawn.connection.execute(f"SELECT * FROM ({drawn.sql}) ORDER BY _row").fetchall()  # noqa: S608
        found.append((listed, message.findings))
    assert found[0] == found[1]
    assert len(found[0][0]) == 60_000
    assert [(one.code, one.where.row) for one in found[0][1]] == [("CSV-RAGGED", 30_002)]


def test_reading_does_without_pandas(tmp_path: Path) -> None:
    """It is there for other libraries, and takes longer to come than most messages take to be read."""
    program = (
        "import sys, duckdb; from pathlib import Path; from sdmx_hub.formats.read_csv import read_table\n"
        "read_table(Path(sys.argv[1]), duckdb.connect()); print('pandas' in sys.modules)"
    )
    file = tmp_path / "table.csv"
    file.write_text("STRUCTURE,STRUCTURE_ID,ACTION,OBS_VALUE\ndataflow,A:B(1.0),I,1\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", program, str(file)], capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["False"]
