"""``sdmx-hub registration``: the same registrations by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_structures import Hub, code
from tests.factories import component, make_artefact, make_codelist, make_concepts, make_dataflow, make_dsd, urn_of
from tests.web.registry_hub import message

AGREEMENT = "TEST:PA(1.0.0)"


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path / "home")
    made.run("init")
    provider = {"id": "AA", "name": "AA", "names": {"en": "AA"}}
    artefacts = (
        make_codelist("CL_SEX", ["F", "M"]),
        make_concepts(["SEX", "TIME_PERIOD", "OBS_VALUE"]),
        make_dsd([component("SEX", "CL_SEX")]),
        make_dataflow(),
        make_artefact("DataProviderScheme", "DATA_PROVIDERS", "1.0", dataProviders=[provider]),
        make_artefact(
            "ProvisionAgreement",
            "PA",
            dataflow=urn_of("Dataflow", "DF"),
            dataProvider=urn_of("DataProvider", "DATA_PROVIDERS", "1.0", "AA"),
        ),
    )
    path = tmp_path / "structures.json"
    path.write_bytes(message(*artefacts))
    assert code(made.structures("load", str(path))) == 0
    return made


def test_a_registration_lives_by_hand(hub: Hub) -> None:
    assert "No registrations" in hub.run("registration", "list").output
    words = ["registration", "add", AGREEMENT, "--id", "ONE", "--valid-from", "2026-01-01"]
    assert "was added" in hub.run(*words, "--file", "https://office.example/x.csv").output
    assert "fue" not in hub.run("registration", "list").output
    assert "https://office.example/x.csv" in hub.run("registration", "list").output
    assert "was replaced" in hub.run(*words, "--service", "https://office.example/sdmx").output
    shown = hub.run("registration", "show", "ONE").output
    assert "data_url=https://office.example/sdmx" in shown
    assert "2026-01-01" in shown
    assert "a été supprimé" in hub.run("registration", "remove", "ONE", language="fr").output
    assert code(hub.run("registration", "show", "ONE")) == 5


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["add", AGREEMENT], 2),
        (["add", "TEST:NONE(1.0.0)", "--file", "https://office.example/x"], 1),
        (["add", "what", "--file", "https://office.example/x"], 2),
        (["add", urn_of("Dataflow", "DF"), "--file", "https://office.example/x"], 2),
        (["add", AGREEMENT, "--file", "x.csv"], 2),
        (["add", AGREEMENT, "--file", "https://office.example/x", "--valid-to", "soon"], 2),
        (["remove", "NONE"], 5),
    ],
)
def test_what_cannot_be_is_refused(hub: Hub, words: list[str], exit_code: int) -> None:
    assert code(hub.run("registration", *words)) == exit_code
