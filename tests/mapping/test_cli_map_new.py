"""``sdmx-hub map new``, run as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.mapping.conftest import Run
from tests.mapping.tables import MAPPINGS

TABLE = MAPPINGS / "ESP_INE" / "samples" / "emigration_destination.csv"


def test_a_draft_is_written_told_and_can_be_previewed(run: Run, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    done = run("map", "new", TABLE, "--dataflow", "DF_FLOW_POP", "--provider", "ESP_INE", "--output", draft)
    assert done.returncode == 0, done.stderr
    assert "things to check" in done.stdout
    assert "components.INDICATOR: Is the indicator OUTFLOW_POP" in done.stdout
    assert "# CHECK: Is the indicator OUTFLOW_POP" in draft.read_text(encoding="utf-8")
    previewed = run("map", "preview", TABLE, "--mapping", draft, "--json")
    assert previewed.returncode in {0, 3}, previewed.stderr
    assert json.loads(previewed.stdout)["mapped"] > 0


def test_a_draft_as_json_says_what_was_seen_and_what_is_unsure(run: Run) -> None:
    done = run(
        "--lang", "es", "map", "new", TABLE, "--dataflow", "ILMH:DF_FLOW_POP(1.0.0)", "--provider", "ESP_INE", "--json"
    )
    told = json.loads(done.stdout)
    assert told["layout"] == "long"
    assert told["source"]["delimiter"] == ","
    assert told["roles"]["COUNTERPART_AREA"] == ["pais_de_destino"]
    assert "¿El indicador es" in told["mapping"]
    assert {"path", "code", "reason", "alternatives"} <= told["checks"][0].keys()
    [areas] = [
        check for check in told["checks"] if check["path"] == "components.COUNTERPART_AREA" and "unmapped" in check
    ]
    left = {one["text"] for one in areas["unmapped"]}
    assert "Sudamérica" in left
    assert "Guinea" not in left, "the mapping of this office that comes with the hub says which"


def test_a_file_that_is_there_is_not_overwritten(run: Run, tmp_path: Path) -> None:
    draft = tmp_path / "mine.yaml"
    draft.write_text("mine", encoding="utf-8")
    done = run("map", "new", TABLE, "--dataflow", "DF_FLOW_POP", "--output", draft)
    assert done.returncode == 2
    assert draft.read_text(encoding="utf-8") == "mine"


def test_a_dataflow_that_is_not_there_is_told(run: Run) -> None:
    assert run("map", "new", TABLE, "--dataflow", "DF_NOTHING").returncode == 5
