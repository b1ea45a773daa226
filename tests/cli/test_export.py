"""``sdmx-hub export``: the data of the hub as a file, as the API would send them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sdmx_hub import cli, errors
from sdmx_hub.formats.writers import TABLES, WRITERS
from tests.support.homes import make_office

SAMPLES = Path(__file__).parents[2] / "mappings" / "SEN_ANSD"
FLOW = "ILMH:DF_FLOW_POP(1.0.0)"
Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    home = make_office(tmp_path_factory.mktemp("export") / "office")

    def ask_hub(*words: str | Path) -> Result:
        return CliRunner().invoke(cli.cli, ["--home", str(home), *map(str, words)])

    mapped = ("load", SAMPLES / "samples" / "emigrants_rgph5.csv", "--mapping", SAMPLES / "emigrants_rgph5.yaml")
    assert ask_hub(*mapped).exit_code == 0
    return ask_hub


def test_a_dataflow_is_written_whole(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    assert ask("export", FLOW, "--output", file).exit_code == 0
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("STRUCTURE,STRUCTURE_ID,ACTION,FREQ")
    assert len(lines) == 1 + 7
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "words", [("export",), ("template",), ("release", "list", "--dataflow"), ("release", "diff", "1", "--dataflow")]
)
def test_a_dataflow_is_known_by_its_id_alone(ask: Ask, tmp_path: Path, words: tuple[str, ...]) -> None:
    written = ("--output", tmp_path / "out.xlsx") if words[0] == "template" else ()
    assert ask(*words, "DF_FLOW_POP", *written).exit_code == 0
    unknown = ask(*words, "DF_NO", *written)
    assert isinstance(unknown.exception, errors.NotFound)
    assert "DF_FLOW_POP" in unknown.exception.text("fr")


def test_an_address_narrows_and_goes_to_standard_output(ask: Ask) -> None:
    told = ask("export", "dataflow/ILMH/DF_FLOW_POP/1.0.0?c[COUNTERPART_AREA]=FRA,ITA&attributes=none")
    assert told.exit_code == 0
    assert [line.rsplit(",", 1)[1] for line in told.stdout.splitlines()] == ["OBS_VALUE", "34434", "25442"]


@pytest.mark.parametrize("format_id", WRITERS)
def test_every_data_format_is_written(ask: Ask, tmp_path: Path, format_id: str) -> None:
    file = tmp_path / "flows"
    assert ask("export", FLOW, "--format", format_id, "-o", file).exit_code == 0
    assert b"34434" in file.read_bytes()


def test_what_an_export_wrote_can_be_checked(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "flows.xml"
    assert ask("export", FLOW, "--format", "data-xml-3.0", "-o", file).exit_code == 0
    assert ask("check", file, "--provider", "SEN_ANSD").exit_code == 0


@pytest.mark.parametrize("format_id", TABLES)
def test_tables_are_written_too(ask: Ask, tmp_path: Path, format_id: str) -> None:
    file = tmp_path / "flows"
    assert ask("export", FLOW, "--format", format_id.removeprefix("data-"), "-o", file).exit_code == 0
    begins = {"data-xlsx": b"PK", "data-parquet": b"PAR1", "data-csv-plain": b"FREQ,"}[format_id]
    assert file.read_bytes().startswith(begins)


def test_labels_and_languages_are_asked_for_as_in_an_address(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "flows.csv"
    assert ask("export", FLOW, "--format", "csv-plain", "--labels", "both", "-o", file).exit_code == 0
    heading = file.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert heading[:2] == ["FREQ", "Frequency"]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["ILMH:DF_NOTHING(1.0.0)"], errors.NotFound),
        (["dataflow/ILMH/DF_FLOW_POP/1.0.0/A.XXX", "--format", "data-xml-3.0"], errors.NotFound),
        ([FLOW, "--format", "pdf"], errors.NotAcceptable),
        ([FLOW, "--format", "text/html"], errors.NotAcceptable),
        ([FLOW, "--format", "html"], errors.NotAcceptable),
    ],
)
def test_what_cannot_be_exported_is_refused(ask: Ask, tmp_path: Path, words: list[str], refusal: type) -> None:
    done = ask("export", *words, "-o", tmp_path / "none")
    assert isinstance(done.exception, refusal)
    assert not list(tmp_path.iterdir())
