"""Sources edited, and drafts of sources from what partners tell and register: as a person types for them."""

import datetime as dt
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.cli.context import USAGE
from sdmx_hub.errors import BadRequest, HubError, NotAllowed
from sdmx_hub.model.registration import Queryable, Registration
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.database import open_database
from sdmx_hub.store.registrations import Registrations
from sdmx_hub.store.registry import Registry
from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.factories import make_artefact
from tests.support.commands import type_command

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


@pytest.mark.parametrize(
    "words",
    [
        ["probe", "notaurl"],
        ["probe", "ftp://office.example"],
        ["add", "--from-hub", "notaurl"],
        ["add", "--from-hub", "https://"],
        ["add", "--from-registration", "X", "--registry", "office.example/sdmx"],
    ],
    ids=" ".join,
)
def test_what_is_no_address_is_answered_with_how_one_is_written(tmp_path, words):
    for language, said in (("en", "Write it whole"), ("fr", "Écrivez-la en entier"), ("es", "Escríbala completa")):
        done = type_command(tmp_path, "--lang", language, "source", *words)
        assert done.returncode == USAGE
        assert said in done.stderr
        assert "https://stats.example.org/rest" in done.stderr


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


AGREEMENT = "urn:sdmx:org.sdmx.infomodel.registry.ProvisionAgreement=TEST:PA(1.0.0)"


@pytest.mark.parametrize("name", ["OFFICE_X", "TEST:PA(1.0.0)", AGREEMENT])
def test_a_source_is_drafted_from_a_registration_elsewhere_and_harvests_it(run, theirs, tmp_path, name):
    path = tmp_path / "draft.yaml"
    with theirs.serving() as url:
        register(theirs.home, f"{url}/sdmx/v2")
        words = ["source", "add", "--from-registration", name, "--registry", f"{url}/sdmx/v2"]
        run(*words, "--output", str(path))
        assert "registration OFFICE_X" in path.read_text(encoding="utf-8")
        if name == "OFFICE_X":
            run("source", "add", str(path))
            assert run("harvest", "run", "--json")["runs"][0]["added"] == 10


def test_what_a_hub_registers_of_itself_is_drafted_too(run, theirs, tmp_path):
    path = tmp_path / "draft.yaml"
    with theirs.serving() as url:
        registry = Registry(theirs.database)
        registry.save([agreement_of()], actor="test", now=dt.datetime.now(dt.UTC))
        run("source", "add", "--from-registration", AGREEMENT, "--registry", f"{url}/sdmx/v2", "--output", str(path))
        run("source", "add", str(path))
        assert f"{url}/sdmx/v2" in path.read_text(encoding="utf-8")
        assert run("harvest", "run", "--json")["runs"][0]["added"] == 10


@pytest.mark.parametrize("name", ["NONE", "TEST:NONE(1.0.0)", "x/../y", "urn:sdmx:x", "urn:x.Registration=A:B"])
def test_a_registration_that_is_not_there_is_told(theirs, home, name):
    with theirs.serving() as url:
        register(theirs.home, f"{url}/sdmx/v2")
        words = ["source", "add", "--from-registration", name, "--registry", f"{url}/sdmx/v2"]
        done = CliRunner().invoke(cli, ["--home", str(home), *words])
    assert isinstance(done.exception, HubError)


def answering(*bodies):
    """A registry of a stranger: gives its address, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = bodies[min(len(asked), len(bodies)) - 1].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return asked, ThreadingHTTPServer(("127.0.0.1", 0), Handler)


SPACE = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"


def registrations(key, url):
    return (
        f'<m:RegistryInterface xmlns:m="{SPACE}/message" xmlns:r="{SPACE}/registry"><m:QueryRegistrationResponse>'
        f'<r:QueryResult timeSeriesMatch="false"><r:DataResult><r:Registration id="{key}"><r:ProvisionAgreement>'
        f"{AGREEMENT}</r:ProvisionAgreement><r:Datasource><r:QueryableDataSource isRESTDatasource='true'><r:DataURL>"
        f"{url}</r:DataURL></r:QueryableDataSource></r:Datasource></r:Registration></r:DataResult></r:QueryResult>"
        "</m:QueryRegistrationResponse></m:RegistryInterface>"
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html/>",
        "{}",
        registrations("X&#10;evil: 1", "https://office.example"),
        registrations("OFFICE_X", "file:///etc/passwd"),
        registrations("OFFICE_X", "https://user:word@office.example"),
        registrations("OFFICE_X", "https://office.example/sdmx/v2"),  # and no agreement after it
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    ],
)
def test_what_a_registry_of_strangers_says_is_not_believed(home, tmp_path, body):
    asked, server = answering(body)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        words = ["source", "add", "--from-registration", AGREEMENT, "--output", str(tmp_path / "x.yaml")]
        url = f"http://127.0.0.1:{server.server_port}/sdmx/v2"
        done = CliRunner().invoke(cli, ["--home", str(home), *words, "--registry", url])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert isinstance(done.exception, HubError)
    assert not (tmp_path / "x.yaml").exists()
    assert asked[0] == "/sdmx/v2/registration/provisionagreement/TEST/PA/1.0.0"


def test_a_registry_of_this_machine_is_not_asked_unless_that_is_allowed(home):
    (home / "hub.toml").write_text("", encoding="utf-8")
    words = ["source", "add", "--from-registration", "X", "--registry", "http://127.0.0.1:9/sdmx/v2"]
    assert isinstance(CliRunner().invoke(cli, ["--home", str(home), *words]).exception, NotAllowed)
    words = ["source", "add", "--from-hub", "http://127.0.0.1:9", "--registry", "http://127.0.0.1:9/sdmx/v2"]
    assert isinstance(CliRunner().invoke(cli, ["--home", str(home), *words]).exception, BadRequest)


def agreement_of():
    return make_artefact(
        "ProvisionAgreement",
        "PA",
        dataflow="urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)",
        dataProvider="urn:sdmx:org.sdmx.infomodel.base.DataProvider=TEST:DATA_PROVIDERS(1.0).OFFICE",
    )


def register(home, url):
    """A partner registers here where it serves what it provides."""
    now = dt.datetime.now(dt.UTC)
    database = open_database(f"sqlite:///{home / 'control.db'}")
    agreement = agreement_of()
    Registry(database).save([agreement], actor="test", now=now)
    made = Registration(
        id="OFFICE_X", provision_agreement=parse_urn(str(agreement.urn)), queryable=Queryable(data_url=url)
    )
    Registrations(database).add(made, actor="office", now=now)
    database.close()
