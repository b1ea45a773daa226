"""Sources edited, and drafts of sources from what partners tell and register: as a person types for them."""

import datetime as dt

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.errors import HubError
from sdmx_hub.model.registration import Queryable, Registration
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.database import open_database
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.store.registry import Registry
from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.factories import make_artefact

__all__ = ["data", "home", "partner", "run", "source", "structure", "theirs", "time"]


def test_single_values_are_changed(run, source):
    run("source", "add", str(source))
    done = run("source", "edit", "P", "--set", "mechanism=delta", "--set", "schedule={every: 2 hours}", "--json")
    assert (done["kept"], done["changed"]) == (True, True)
    assert run("source", "show", "P", "--json")["mechanism"] == "delta"
    assert run("source", "edit", "P", "--set", "mechanism=", "--json")["changed"] is True
    assert run("source", "show", "P", "--json")["mechanism"] == "conditional"
    wrong = run("source", "edit", "P", "--set", "mechanism=dleta", "--json", code=3)
    assert (wrong["kept"], wrong["findings"][0]["path"]) == (False, "mechanism")
    assert run("source", "show", "P", "--json")["mechanism"] == "conditional"


def test_a_source_is_changed_in_the_editor(run, source, tmp_path, monkeypatch):
    run("source", "add", str(source))
    editor = tmp_path / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i s/"1 second"/"3 hours"/ "$1"\ntouch -d "2030-01-01" "$1"\n', encoding="utf-8")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    assert run("source", "edit", "P", "--json")["changed"] is True
    monkeypatch.setenv("VISUAL", "true")
    assert "Nothing was changed" in run("source", "edit", "P")


def test_a_source_is_drafted_from_what_a_hub_tells_and_harvests_it(run, theirs, home, tmp_path):
    path = tmp_path / "draft.yaml"
    theirs.time.at = dt.datetime.now(dt.UTC)
    with theirs.serving() as url:
        assert run("source", "add", "--from-hub", url, "--output", str(path), "--json") == {"draft": str(path)}
        again = CliRunner().invoke(
            cli, ["--home", str(home), "source", "add", "--from-hub", url, "--output", str(path)]
        )
        assert isinstance(again.exception, HubError)
        assert run("source", "add", str(path), "--json")["sources"][0]["findings"] == []
        assert run("harvest", "run", "TEST", "--json")["runs"][0]["added"] == 10
    nowhere = CliRunner().invoke(cli, ["--home", str(home), "source", "add", "--from-hub", f"{url}/x.json"])
    assert isinstance(nowhere.exception, HubError)


@pytest.mark.parametrize(
    "name", ["OFFICE_X", "TEST:PA(1.0.0)", "urn:sdmx:org.sdmx.infomodel.registry.ProvisionAgreement=TEST:PA(1.0.0)"]
)
def test_a_source_is_drafted_from_a_registration_and_harvests_it(run, theirs, home, tmp_path, name):
    path = tmp_path / "draft.yaml"
    with theirs.serving() as url:
        register(home, f"{url}/sdmx/v2")
        run("source", "add", "--from-registration", name, "--output", str(path))
        assert "registration OFFICE_X" in path.read_text(encoding="utf-8")
        run("source", "add", str(path))
        assert run("harvest", "run", "--json")["runs"][0]["added"] == 10


def register(home, url):
    """A partner registers here where it serves what it provides."""
    now = dt.datetime.now(dt.UTC)
    database = open_database(f"sqlite:///{home / 'control.db'}")
    agreement = make_artefact(
        "ProvisionAgreement",
        "PA",
        dataflow="urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)",
        dataProvider="urn:sdmx:org.sdmx.infomodel.base.DataProvider=TEST:DATA_PROVIDERS(1.0).OFFICE",
    )
    Registry(database).save([agreement], actor="test", now=now)
    made = Registration(
        id="OFFICE_X", provision_agreement=parse_urn(str(agreement.urn)), queryable=Queryable(data_url=url)
    )
    Registrations(database).add(made, actor="office", now=now)
    database.close()
