"""``harvest diff`` and ``release diff``: what a run or a release changed, as a person types for it."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from sdmx_hub.cli import cli
from sdmx_hub.errors import HubError
from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.harvest.hubs import Hub, observation
from tests.harvest.test_visit import CSV, DATA, answer_of

__all__ = ["data", "home", "partner", "run", "source", "structure", "theirs", "time"]


@pytest.fixture
def visits(run, source, partner, theirs):
    """Three visits: one that brought all, one that found nothing new, one that revised, added and deleted."""
    run("source", "add", str(source))
    ids = [run("harvest", "run", "P", "--json")["runs"][0]["id"] for _ in range(2)]
    held = theirs.held()
    theirs.publish([held[0] | {"OBS_VALUE": "999"}, *held[2:], observation("TUN", "2031", "5", COMMENT='a, "b"')])
    partner.on(DATA, answer_of(theirs, f"{DATA}/dataflow/TEST/DF/1.0.0/*", CSV))
    return [*ids, run("harvest", "run", "P", "--json")["runs"][0]["id"]]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_the_difference_of_each_visit(run, visits, home, tmp_path):
    first, second, third = visits
    assert {row["ACTION"] for row in rows_of(run("harvest", "diff", str(first)))} == {"A"}
    assert len(rows_of(run("harvest", "diff", str(first)))) == 10
    empty = run("harvest", "diff", str(second))
    assert empty.startswith("STRUCTURE,STRUCTURE_ID,ACTION,FREQ,")
    assert rows_of(empty) == []
    changed = rows_of(run("harvest", "diff", str(third)))
    told = [
        (row["ACTION"], row["REF_AREA"], row["TIME_PERIOD"], row["OLD_OBS_VALUE"], row["OBS_VALUE"]) for row in changed
    ]
    assert told == [
        ("R", "SEN", "2015", "15", "999"),
        ("D", "SEN", "2016", "16", ""),
        ("A", "TUN", "2031", "", "5"),
    ]
    assert {row["STRUCTURE_ID"] for row in changed} == {"TEST:DF(1.0.0)"}
    assert changed[2]["COMMENT"] == 'a, "b"'
    path = tmp_path / "changes.json"
    run("harvest", "diff", str(third), "--format", "json", "--output", str(path))
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["dataflow"] == "TEST:DF(1.0.0)"
    assert [
        (one["change"], one["old"] and one["old"]["OBS_VALUE"], one["new"] and one["new"]["OBS_VALUE"])
        for one in written["changes"]
    ] == [
        ("R", "15", "999"),
        ("D", "16", None),
        ("A", None, "5"),
    ]
    assert run("release", "diff", str(written["release"])) == run("harvest", "diff", str(third))
    run("source", "remove", "P")
    assert rows_of(run("harvest", "diff", str(third))) == changed
    for words in (("harvest", "diff", str(second)), ("release", "diff", "4711"), ("harvest", "diff", "4711")):
        done = CliRunner().invoke(cli, ["--home", str(home), *words])
        assert isinstance(done.exception, HubError)


def test_what_changed_makes_the_same_change_elsewhere(run, visits, home, time, tmp_path):
    """The file of a visit is a message: a hub that loads one after the other becomes as ours is."""
    other = Hub(tmp_path / "other", time)
    (other.home / "hub.toml").write_text("", encoding="utf-8")
    for number in (visits[0], visits[2]):
        path = tmp_path / f"{number}.csv"
        run("harvest", "diff", str(number), "--output", str(path))
        done = CliRunner().invoke(cli, ["--home", str(other.home), "load", str(path), "--yes"])
        assert done.exit_code == 0, done.output
    other.close()
    both = [CliRunner().invoke(cli, ["--home", str(one), "export", "TEST:DF(1.0.0)"]) for one in (home, other.home)]
    assert both[0].output.count("\n") == 11, both[0].output
    assert both[0].output == both[1].output
