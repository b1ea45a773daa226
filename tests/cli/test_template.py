"""The command template, and the reports that check and load write as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from sdmx_hub.cli import cli
from sdmx_hub.errors import BadRequest, ConfigurationError
from sdmx_hub.load.template.layout import COLUMN_IDS, FIRST_ROW
from tests.load.messages import FLOW, write_csv

ROW: dict[str, Any] = {
    "FREQ": "A", "INDICATOR": "OUTFLOW_POP", "COUNTERPART_TYPE": "CDS", "COUNTERPART_AREA": "Frances",
    "MIG_REASON": "_T", "SEX": "F", "AGE": "_T", "EDUCATION_LEV": "_T", "SOURCE_TYPE": "CEN", "UNIT_MEASURE": "PS",
    "TIME_PERIOD": "2023", "OBS_VALUE": 34434, "TIME_PER_COLLECT": "S",
}  # fmt: skip


def typed(home: Path, *words: object) -> Result:
    return CliRunner().invoke(cli, ["--home", str(home), *map(str, words)], catch_exceptions=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "office"
    for words in (["init"], ["structures", "load", "--pack"]):
        assert typed(folder, *words).exit_code == 0
    return folder


def test_a_template_is_written_checked_marked_corrected_and_loaded(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    made = typed(home, "template", FLOW, "--provider", "SEN_ANSD", "--lang", "fr", "-o", path, "--json")
    assert json.loads(made.stdout)["rows"] == 0
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[1]
    ids = {cell.value: cell.column for cell in sheet[COLUMN_IDS]}
    for name, value in ROW.items():
        sheet.cell(FIRST_ROW, ids[name]).value = value
    book.save(path)
    marked, page = tmp_path / "marked.xlsx", tmp_path / "report.html"
    checked = typed(home, "check", path, "--annotate", marked, "--report", page)
    assert checked.exit_code == 3
    assert "TEMPLATE-CODE" in checked.stdout
    assert "TEMPLATE-CODE" in page.read_text(encoding="utf-8")
    copy = openpyxl.load_workbook(marked)
    wrong = copy["Données"].cell(FIRST_ROW, ids["COUNTERPART_AREA"])
    assert "FRA – France" in wrong.comment.text
    assert len(copy["Données"].data_validations.dataValidation) > 15
    wrong.value = "France"
    copy.save(marked)
    loaded = typed(home, "load", marked, "--json")
    assert loaded.exit_code == 0, loaded.stdout
    assert json.loads(loaded.stdout)["added"] == 1
    filled = typed(home, "template", FLOW, "--provider", "SEN_ANSD", "--filled", "-o", path, "--json")
    assert json.loads(filled.stdout)["rows"] == 1
    assert json.loads(typed(home, "load", path, "--json").stdout)["unchanged"] == 1


def test_a_template_is_named_after_dataflow_provider_and_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert typed(tmp_path / "none", "template", FLOW, "--provider", "SEN_ANSD", "--lang", "es").exit_code == 0
    assert (tmp_path / "DF_FLOW_POP.SEN_ANSD.es.xlsx").is_file()


def test_what_is_held_is_held_by_a_hub(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        typed(tmp_path / "none", "template", FLOW, "--filled", "-o", tmp_path / "t.xlsx")
    assert not (tmp_path / "t.xlsx").exists()


def test_the_original_is_never_the_copy(home: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path, ("A", {"SEX": "Z9"}))
    before = file.read_bytes()
    with pytest.raises(BadRequest):
        typed(home, "check", file, "--annotate", file)
    assert file.read_bytes() == before
