"""Sources that a mapping finds itself, and tables in several files, as they are typed at the command line."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
import pyreadstat
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import exit_code
from sdmx_hub.errors import BadQuery, BadRequest, ConfigurationError, HubError, PartnerUnavailable
from sdmx_hub.formats import structure_json_v2_1
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table_arrow import ArrowGrid
from sdmx_hub.mapping.table_sql import write_query
from sdmx_hub.model.message import Header, StructureMessage
from tests.factories import OBSERVATION, component, make_codelist, make_concepts, make_dataflow, make_dsd
from tests.mapping.tables import changed
from tests.support.postgres import new_database, running_server

pytestmark = pytest.mark.usefixtures("parse_here")

Run = Callable[..., Result]
SELECT = "SELECT area, n FROM permits WHERE year = :period ORDER BY area"
SQL = {
    "format: csv": f"format: sql, url_env: PERMITS_DB, query: '{SELECT}'",
    "TIME_PERIOD: 2023": "TIME_PERIOD: {column: $period}",
}
SECRET = "hunter/2@x"  # noqa: S105 - made up


@pytest.fixture(scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made") / "office"
    for words in (["init"], ["structures", "load", "--pack"]):
        result = CliRunner().invoke(cli, ["--home", str(home), *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    return home


@pytest.fixture
def run(tmp_path: Path, _home: Path) -> Run:
    home = tmp_path / "office"
    shutil.copytree(_home, home)

    def typed(*words: object) -> Result:
        return CliRunner().invoke(cli, ["--home", str(home), *map(str, words)])

    return typed


@pytest.fixture
def permits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of SQLite whose address is in the environment, and the mapping that reads it."""
    with sqlite3.connect(tmp_path / "permits.db") as database:
        database.execute("CREATE TABLE permits (area TEXT, year INTEGER, n REAL)")
        rows = [("FRA", 2022, 5), ("FRA", 2023, 12), ("ITA", 2023, 7)]
        database.executemany("INSERT INTO permits VALUES (?, ?, ?)", rows)
    database.close()
    monkeypatch.setenv("PERMITS_DB", f"sqlite:///{tmp_path / 'permits.db'}")
    mapping = tmp_path / "permits.yaml"
    mapping.write_text(changed(SQL), encoding="utf-8")
    return mapping


def answer(result: Result) -> dict[str, Any]:
    return json.loads(result.stdout)  # type: ignore[no-any-return]


# A database


def test_a_table_is_loaded_from_a_database(run: Run, permits: Path) -> None:
    words = ("--mapping", permits, "--param", "period=2023", "--json")
    first = answer(run("load", *words))
    assert (first["read"], first["added"], first["file"]) == (2, 2, "TEST PERMITS_DB")
    assert answer(run("load", *words))["unchanged"] == 2
    assert answer(run("check", *words))["errors"] == 0


@pytest.mark.parametrize("command", [("map", "preview"), ("map", "coverage"), ("map", "suggest")])
def test_a_mapping_of_a_database_is_tried_without_a_file(run: Run, permits: Path, command: tuple[str, ...]) -> None:
    result = run(*command, "--mapping", permits, "--param", "period=2023", "--json")
    assert result.exit_code == 0, result.output
    told = answer(result)
    assert told.get("mapped", 2) == 2


def test_a_finding_in_rows_of_a_database_tells_row_and_column(run: Run, permits: Path) -> None:
    permits.write_text(permits.read_text().replace("SELECT area, n", "SELECT area, (n * 1.5) || chr AS n")
                       .replace("FROM permits", "FROM (SELECT *, char(120) AS chr FROM permits) AS p"))  # fmt: skip
    result = run("map", "preview", "--mapping", permits, "--param", "period=2022")
    assert result.exit_code == 3
    assert "error NUM-PARSE TEST PERMITS_DB:r1:n" in result.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Missing: period"),
        (("--param", "period=1", "--param", "x=2"), 2, "Unknown: x"),
        (("--param", "period"), 2, "NAME=VALUE"),
        (("permits.csv", "--param", "period=2023"), 2, "leave out the file"),
    ],
)
def test_what_does_not_go_with_a_database_is_told(
    run: Run, permits: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    result = run("check", *words, "--mapping", permits)
    assert code_of(result) == code
    assert said in str(result.exception)


def code_of(result: Result) -> int:
    """The exit code: refusals leave the runner as they are, and ``main`` looks theirs up."""
    return exit_code(result.exception) if isinstance(result.exception, HubError) else result.exit_code


def test_a_mapping_without_a_place_asks_for_a_file(run: Run, tmp_path: Path) -> None:
    mapping = tmp_path / "plain.yaml"
    mapping.write_text(changed({}), encoding="utf-8")
    for words in (("check", "--mapping", mapping), ("load",), ("map", "preview", "--mapping", mapping)):
        result = run(*words)
        assert (code_of(result), "Say which file" in str(result.exception)) == (2, True)
    assert code_of(run("check", tmp_path / "nowhere.csv", "--mapping", mapping)) == 5


def rows_of(address: str, query: str, tmp_path: Path, values: dict[str, str] | None = None) -> list[list[str]]:
    source = SourceRule(line="", licence="", format="sql", url_env="DB", query=query, decimal=",")
    write_query(source, values or {}, {"DB": address}, tmp_path / "rows.arrows")
    grid = ArrowGrid(tmp_path / "rows.arrows", "rows")
    cells = [row for batch in grid.batches([*range(1, grid.width + 1)], 1, None)
             for row in zip(*(column.to_pylist() for column in batch.columns[1:]), strict=True)]  # fmt: skip
    return [list(grid.names), *map(list, cells)]


def test_cells_of_a_database_become_text(tmp_path: Path) -> None:
    query = "SELECT 1.5 AS a, 2 AS a, NULL AS c, 'é; \"' AS d, x'0aff' AS e -- a remark; with a sign\n;"
    assert rows_of("sqlite://", query, tmp_path) == [["a", "a", "c", "d", "e"], ["1,5", "2", "", 'é; "', "0aff"]]


def test_many_rows_come_in_batches_in_their_order(tmp_path: Path) -> None:
    query = "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t WHERE i < 25000) SELECT i FROM t"
    found = rows_of("sqlite://", query, tmp_path)
    assert (len(found), found[10_001], found[-1]) == (25_001, ["10001"], ["25000"])


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM permits",
        "SELECT 1; DROP TABLE permits",
        "/* SELECT */ UPDATE permits SET n = 1",
        "-- SELECT\nDROP TABLE permits",
        "PRAGMA journal_mode = DELETE",
        "SELECT ';' ; SELECT 2",
        "",
    ],
)
def test_a_query_that_is_no_select_is_refused(permits: Path, tmp_path: Path, query: str) -> None:
    with pytest.raises(BadQuery):
        rows_of(os.environ["PERMITS_DB"], query, tmp_path)


def test_a_database_of_sqlite_is_opened_for_reading_and_never_made(permits: Path, tmp_path: Path) -> None:
    with pytest.raises(PartnerUnavailable):
        rows_of(f"sqlite:///{tmp_path / 'other.db'}", "SELECT 1", tmp_path)
    assert not (tmp_path / "other.db").exists()
    with pytest.raises(BadQuery):
        rows_of(os.environ["PERMITS_DB"], "WITH t AS (SELECT 1) INSERT INTO permits SELECT 'x', 1, 1", tmp_path)


@pytest.mark.parametrize(
    ("address", "refusal"),
    [
        ("", ConfigurationError),
        ("no address", ConfigurationError),
        (f"postgresql://me:{SECRET}@127.0.0.1:port/name", ConfigurationError),
        (f"nosuch://me:{quote(SECRET, safe='')}@127.0.0.1/name", ConfigurationError),
        (f"postgresql://me:{quote(SECRET, safe='')}@127.0.0.1:9/name?connect_timeout=3", PartnerUnavailable),
        (f"postgresql://127.0.0.1:9/name?user=me&password={quote(SECRET, safe='')}", PartnerUnavailable),
    ],
)
def test_no_message_holds_the_password(tmp_path: Path, address: str, refusal: type[HubError]) -> None:
    with pytest.raises(refusal) as refused:
        rows_of(address, "SELECT 1", tmp_path)
    said = " ".join(refused.value.text(language) for language in ("en", "fr", "es"))
    for secret in (SECRET, quote(SECRET, safe=""), "hunter"):
        assert secret not in said + repr(refused.value.params)
    assert refused.value.__cause__ is None


def test_an_unreachable_database_ends_with_69(run: Run, permits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERMITS_DB", f"postgresql://me:{quote(SECRET, safe='')}@127.0.0.1:9/permits")
    result = run("load", "--mapping", permits, "--param", "period=2023")
    assert code_of(result) == 69
    assert "The database of PERMITS_DB (postgresql) cannot be reached" in str(result.exception)
    assert "hunter" not in result.output + str(result.exception)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_server() as folder:
        address = new_database(folder)
        engine = sa.create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SEQUENCE numbers")
            connection.exec_driver_sql("CREATE TABLE permits (area text, year int, n numeric(12,2), at timestamptz)")
            values = {"at": dt.datetime(2023, 5, 1, 12, tzinfo=dt.UTC), "n": Decimal("12.50")}
            connection.execute(sa.text("INSERT INTO permits VALUES ('FRA', 2023, :n, :at)"), values)
            connection.exec_driver_sql("INSERT INTO permits SELECT 'ITA', 2022, i FROM generate_series(1, 30000) i")
        engine.dispose()
        yield address


@pytest.mark.postgres
def test_a_database_of_postgresql_is_read_with_values(postgres: str, tmp_path: Path) -> None:
    found = rows_of(postgres, "SELECT area, n, year::text FROM permits WHERE year = :y", tmp_path, {"y": "2023"})
    assert found == [["area", "n", "year"], ["FRA", "12,50", "2023"]]
    assert len(rows_of(postgres, "SELECT n FROM permits WHERE year = 2022", tmp_path)) == 30_001


@pytest.mark.postgres
def test_a_database_of_postgresql_is_never_written_to(postgres: str, tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="read-only"):
        rows_of(postgres, "SELECT nextval('numbers')", tmp_path)
    with pytest.raises(BadQuery):
        rows_of(postgres, "WITH gone AS (DELETE FROM permits RETURNING n) SELECT * FROM gone", tmp_path)
    with pytest.raises(BadQuery, match="no_such"):
        rows_of(postgres, "SELECT * FROM no_such", tmp_path)
    with pytest.raises(BadRequest):
        rows_of(postgres, "SELECT :a", tmp_path)


# A table in several files


@pytest.fixture
def months(tmp_path: Path) -> Path:
    """A mapping that names its files, and the files."""
    folder = tmp_path / "office_files"
    (folder / "data").mkdir(parents=True)
    for month, number in (("2023-02", 25), ("2023-01", 10)):
        (folder / "data" / f"permits_{month}.csv").write_text(f"area,n\nFRA,{number}\n", encoding="utf-8")
    (folder / "data" / "notes.csv").write_text("not read", encoding="utf-8")
    mapping = folder / "permits.yaml"
    changes = {
        "format: csv": "format: csv, files: 'data/permits_{period:%Y-%m}.csv'",
        "FREQ: A": "FREQ: M",
        "TIME_PERIOD: 2023": "TIME_PERIOD: {column: $period}",
        "action: append": "action: replace",
        "{column: n}": "{column: n, cumulative: ytd}",
    }
    mapping.write_text(changed(changes), encoding="utf-8")
    return mapping


def test_files_a_mapping_names_are_one_release(run: Run, months: Path) -> None:
    first = answer(run("load", "--mapping", months, "--json"))
    assert (first["file"], first["added"], first["release"]) == ("permits_2023-01.csv … permits_2023-02.csv (2)", 2, 1)
    assert first["dataflows"][0]["scope"]["TIME_PERIOD"] == ["2023-01", "2023-02"]
    again = answer(run("load", months.parent / "data", "--mapping", months, "--json"))
    assert (again["unchanged"], again["sha256"]) == (2, first["sha256"])
    assert answer(run("load", months.parent / "data" / "permits_*.csv", "--mapping", months, "--json"))["read"] == 2


def test_the_bytes_of_every_file_are_kept(run: Run, months: Path, tmp_path: Path) -> None:
    told = answer(run("load", "--mapping", months, "--json"))
    kept = {path.name: path.read_bytes() for path in (tmp_path / "office" / "raw").rglob("*") if path.is_file()}
    listed = dict(line.split("  ") for line in kept.pop(told["sha256"]).decode().splitlines())
    assert sorted(listed.values()) == ["permits_2023-01.csv", "permits_2023-02.csv"]
    assert kept.keys() == listed.keys()


def test_findings_of_checks_tell_file_and_row(run: Run, months: Path) -> None:
    months.write_text(months.read_text().replace(", cumulative: ytd", ""), encoding="utf-8")
    data = months.parent / "data"
    (data / "permits_2023-02.csv").write_text("area,n\nSEN,25\nITA,x\n", encoding="utf-8")
    (data / "permits_2023-01.csv").write_text("area,n\nITA,5\nFRA,5\n", encoding="utf-8")
    told = answer(run("check", "--mapping", months, "--json"))["findings"]
    assert {(one["code"], one.get("file"), one.get("row")) for one in told if one["code"] != "SHRINK-01"} >= {
        ("NUM-PARSE", "permits_2023-02.csv", 3), ("V17", "permits_2023-02.csv", 2),
    }  # fmt: skip
    preview = run("map", "preview", "--mapping", months)
    assert [line.split()[0] for line in preview.output.splitlines()[1:4]] == ["2", "3", "2"]


def test_a_message_is_not_loaded_with_others(run: Run, months: Path) -> None:
    result = run("check", months, months)
    assert (code_of(result), "loaded alone" in str(result.exception)) == (2, True)


def test_a_pattern_no_file_fits_is_told(run: Run, months: Path) -> None:
    shutil.rmtree(months.parent / "data")
    assert code_of(run("load", "--mapping", months)) == 5


# Labels of values as a codelist


def test_labels_of_values_become_a_codelist(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "survey.sav"
    labels = {"reason": {1.0: "Emploi", 2.5: "Famille, etc."}}
    frame = pd.DataFrame({"reason": [1.0], "n": [2.0]})
    pyreadstat.write_sav(frame, file, variable_value_labels=labels, column_labels={"reason": "Motif"})
    assert run("map", "codelist", file).output == "reason  Motif  (2)\n"
    target = tmp_path / "CL_REASON-1.0.0.csv"
    words = ("map", "codelist", file, "--component", "reason", "--language", "fr", "--output", target)
    assert run(*words).exit_code == 0
    assert (
        target.read_text(encoding="utf-8") == 'id,parent,name.en,name.fr,name.es\n1,,,Emploi,\n2.5,,,"Famille, etc.",\n'
    )
    assert code_of(run(*words)) == 2
    assert code_of(run("map", "codelist", file, "--component", "n")) == 5
    assert code_of(run("map", "codelist", target)) == 2


# A message in another structure


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A mapping that reads messages of a partner, their structure, and one of them as SDMX-CSV."""
    structure = make_dsd([component("GEO", "CL_GEO")], attributes=[component("FLAG") | OBSERVATION])
    artefacts = (make_codelist("CL_GEO", ["FR", "IT"]), make_concepts(["GEO", "FLAG", "TIME_PERIOD", "OBS_VALUE"]),
                 structure, make_dataflow())  # fmt: skip
    now = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    header = Header(id="M", prepared=now, sender_id="TEST")
    (tmp_path / "theirs.json").write_bytes(structure_json_v2_1.write(StructureMessage(header, artefacts)))
    rows = ["STRUCTURE,STRUCTURE_ID,ACTION,GEO,TIME_PERIOD,OBS_VALUE,FLAG"]
    rows += [f"dataflow,TEST:DF(1.0.0),A,{row}" for row in ("FR,2023,12,p", "IT,2023,7,", "XX,2023,1,")]
    (tmp_path / "message.csv").write_text("\n".join(rows[:3]) + "\n", encoding="utf-8")
    (tmp_path / "wrong.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "gone.csv").write_text("\n".join(rows).replace(",A,", ",D,") + "\n", encoding="utf-8")
    mapping = tmp_path / "theirs.yaml"
    changes = {
        "format: csv": "format: sdmx, structure: theirs.json",
        "{column: area}": "{column: GEO, areas: [iso2]}", "{column: n}": "{column: OBS_VALUE}",
        "TIME_PERIOD: 2023": "TIME_PERIOD: {column: TIME_PERIOD}",
        "S\nrest": "S\n  OBS_STATUS: {column: FLAG, codes: {p: P, '': A}}\nrest",
    }  # fmt: skip
    mapping.write_text(changed(changes), encoding="utf-8")
    return mapping


def test_a_message_in_another_structure_is_mapped_and_loaded(run: Run, theirs: Path) -> None:
    message = theirs.parent / "message.csv"
    shown = answer(run("map", "preview", message, "--mapping", theirs, "--json"))
    assert (shown["read"], shown["mapped"]) == (2, 2)
    told = answer(run("load", message, "--mapping", theirs, "--json"))
    assert (told["added"], told["file"], told["errors"]) == (2, "message.csv", 0)


def test_faults_of_a_message_in_another_structure_are_told(run: Run, theirs: Path) -> None:
    told = answer(run("check", theirs.parent / "wrong.csv", "--mapping", theirs, "--json"))
    errors = [one for one in told["findings"] if one["severity"] == "error"]
    assert [(one["code"], one["file"], one["row"], one["column"]) for one in errors] == [
        ("AREA-UNKNOWN", "wrong.csv", 3, "GEO")
    ]
    told = answer(run("check", theirs.parent / "gone.csv", "--mapping", theirs, "--json"))
    assert [one["code"] for one in told["findings"]] == ["message-deletes"]
    told = answer(run("check", theirs, "--mapping", theirs, "--json"))
    assert told["errors"] == 1


@pytest.mark.parametrize(("structure", "code"), [("", 5), (", structure: ../theirs.json", 2), (", structure: /x", 2)])
def test_the_structure_of_a_message_is_the_hubs_or_beside_the_mapping(
    run: Run, theirs: Path, structure: str, code: int
) -> None:
    theirs.write_text(theirs.read_text(encoding="utf-8").replace(", structure: theirs.json", structure))
    assert code_of(run("check", theirs.parent / "message.csv", "--mapping", theirs)) == code
