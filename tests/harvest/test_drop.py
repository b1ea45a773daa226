"""Files that appear in a folder: each content once, none half-written, each with a report where it went."""

import json
from pathlib import Path

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.harvest.replay import replay_run
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.run_rows import Slot, State, Trigger
from tests.harvest.hubs import Hub, told
from tests.harvest.test_visit import data, ours, theirs, time

__all__ = ["data", "ours", "theirs", "time"]
SOURCE = """\
id: OFFICE
title: {en: Office}
mechanism: drop
folder: office
schedule: {every: 1 hour}
flows:
  - dataflow: TEST:DF(1.0.0)
    files: "*.csv"
"""


@pytest.fixture
def folder(ours: Hub, tmp_path: Path):
    found = tmp_path / "incoming" / "office"
    found.mkdir(parents=True)
    ours.settings = Settings(hub_id="TEST", drop_root=str(tmp_path / "incoming"))
    add(ours, tmp_path, SOURCE)
    return found


def add(ours: Hub, tmp_path: Path, text: str) -> None:
    path = tmp_path / "OFFICE.yaml"
    path.write_text(text, encoding="utf-8")
    file = read_source_file(path)
    assert file.findings == (), [finding.text() for finding in file.findings]
    ours.parts().sources.save("OFFICE", file.text, file.sha256, origin="test", actor="test", now=ours.time.now())


def look(ours: Hub):
    """A slot is due; what waits behind it follows."""
    ours.time.pass_by(3600)
    slot = Slot(source="OFFICE", flow="DF", slot=ours.time.now(), host="drop", trigger=Trigger.SCHEDULE)
    ours.runs.queue(slot, now=ours.time.now())
    done = Worker(parts=ours.parts()).work_off()
    ours.time.pass_by(1)
    return [*done, *Worker(parts=ours.parts()).work_off()]


def test_files_are_loaded_one_after_the_other_and_moved_with_a_report(ours, folder, data, theirs):
    lines = data.body.splitlines(keepends=True)
    (folder / "a.csv").write_bytes(b"".join([lines[0], *lines[6:]]))
    (folder / "b.csv").write_bytes(b"".join(lines[:6]))
    (folder / "notes.txt").write_text("not meant")
    runs = look(ours)
    assert [told(run)[:2] for run in runs] == [("succeeded", 5), ("succeeded", 5)]
    assert [run.trigger.value for run in runs] == ["schedule", "notice"]
    assert ours.held() == theirs.held()
    assert sorted(path.name.partition("-")[2] for path in (folder / "done").iterdir()) == [
        "a.csv",
        "a.csv.json",
        "b.csv",
        "b.csv.json",
    ]
    report = json.loads((folder / "done" / f"{runs[0].id}-a.csv.json").read_text(encoding="utf-8"))
    assert (report["state"], report["added"], report["run"]) == ("succeeded", 5, runs[0].id)
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["notes.txt"]
    assert look(ours)[0].outcome.verdict.key == "harvest-drop-empty"
    assert replay_run(ours.parts(), runs[1].id).differences == ()


def test_the_same_content_is_loaded_once_whatever_it_is_called(ours, folder, data):
    (folder / "a.csv").write_bytes(data.body)
    assert look(ours)[0].state is State.SUCCEEDED
    (folder / "again.csv").write_bytes(data.body)
    run = look(ours)[0]
    assert (run.state, run.outcome.verdict.key) == (State.UNCHANGED, "harvest-drop-again")
    assert len(ours.observations.releases()) == 1


def test_a_file_with_errors_is_refused_and_says_why(ours, folder, data):
    (folder / "a.csv").write_bytes(data.body.replace(b"SEN", b"XXX"))
    run = look(ours)[0]
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-rejected")
    report = json.loads((folder / "refused" / f"{run.id}-a.csv.json").read_text(encoding="utf-8"))
    assert report["findings"]
    assert ours.held() == []


def test_what_is_half_written_hidden_or_a_link_is_not_touched(ours, folder, data, tmp_path):
    (folder / "a.csv.part").write_bytes(data.body)
    (folder / ".a.csv").write_bytes(data.body)
    (folder / "empty.csv").write_bytes(b"")
    (tmp_path / "elsewhere.csv").write_bytes(data.body)
    (folder / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    growing = folder / "growing.csv"
    growing.write_bytes(data.body[:100])
    clock = ours.time.sleep

    def sleep(seconds):
        with growing.open("ab") as file:
            file.write(b"more")
        clock(seconds)

    ours.time.sleep = sleep
    run = look(ours)[0]
    assert run.outcome.verdict.key == "harvest-drop-empty"
    assert len(list(folder.iterdir())) == 5


@pytest.mark.parametrize("place", ["../elsewhere", "nowhere", "a/../../elsewhere"])
def test_a_folder_outside_of_what_is_allowed_is_refused(ours, folder, tmp_path, place):
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    path = tmp_path / "OFFICE.yaml"
    path.write_text(SOURCE.replace("folder: office", f"folder: {place}"), encoding="utf-8")
    file = read_source_file(path)
    if file.findings:
        assert place.startswith("..")
        return
    add(ours, tmp_path, path.read_text(encoding="utf-8"))
    assert look(ours)[0].outcome.verdict.key == "harvest-drop-folder"


def test_a_source_with_a_folder_needs_no_endpoint_and_others_do(tmp_path):
    path = tmp_path / "OFFICE.yaml"
    path.write_text(SOURCE.replace("mechanism: drop\n", ""), encoding="utf-8")
    assert {finding.code for finding in read_source_file(path).findings} >= {"SOURCE-REQUIRED"}
