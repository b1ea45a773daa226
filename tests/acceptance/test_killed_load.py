"""A load killed at any moment leaves the release before it, readable and complete, and can be repeated at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.acceptance.dying import POINTS, run_dying
from tests.acceptance.hubs import (
    CSV_2,
    MAPPINGS,
    Server,
    ask,
    command,
    data_path,
    environment,
    load_sample,
    rows_of,
    serving,
)
from tests.support.children import run_child

SAMPLE = MAPPINGS / "ILO_STAT" / "samples" / "nationals_abroad.csv"
MAPPING = MAPPINGS / "ILO_STAT" / "nationals_abroad.yaml"
OLD, NEW = "lso,sex_m,crs_res_ind,2024,0", "lso,sex_m,crs_res_ind,2024,0.01"
FLOW = "DF_STOCK_ABROAD"


class Desk(NamedTuple):
    """A hub that serves while files are loaded into it."""

    home: Path
    server: Server
    revised: Path

    def words(self) -> list[str]:
        return ["load", str(self.revised), "--mapping", str(MAPPING), "--yes"]

    def figures(self) -> dict[str, str]:
        """All observations over HTTP, by their keys."""
        answer = self.server.get(data_path("v2", FLOW), CSV_2)
        assert answer.status == 200
        rows = rows_of(answer.body)
        listed = ("REF_AREA", "COUNTERPART_AREA", "SEX", "TIME_PERIOD")
        found = {".".join(row[name] for name in listed): row["OBS_VALUE"] for row in rows}
        assert len(found) == len(rows) == 216
        return found


@pytest.fixture(scope="module")
def loaded_home(bare_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Path(shutil.copytree(bare_home, tmp_path_factory.mktemp("before") / "home"))
    load_sample(home, "ILO_STAT", "nationals_abroad")
    return home


@pytest.fixture
def desk(loaded_home: Path, tmp_path: Path) -> Iterator[Desk]:
    home = Path(shutil.copytree(loaded_home, tmp_path / "home"))
    text = SAMPLE.read_text(encoding="utf-8")
    assert text.count(OLD + "\n") == 1
    revised = tmp_path / "nationals_abroad.csv"
    revised.write_text(text.replace(OLD + "\n", NEW + "\n"), encoding="utf-8")
    with serving(home) as server:
        yield Desk(home, server, revised)


def test_a_load_killed_anywhere_leaves_a_whole_release_and_can_be_repeated(desk: Desk) -> None:
    before = desk.figures()
    after = before | {"LSO.IND.M.2024": "0.01"}
    assert before["LSO.IND.M.2024"] == "0"
    for point in POINTS:
        assert run_child(run_dying, point, ["--home", str(desk.home), *desk.words()]) == -signal.SIGKILL, point
        assert desk.figures() == (after if point == "released" else before), point
        if point == list(POINTS)[-2]:  # everything a load may leave behind lies there now
            assert_well(desk)
    assert_well(desk)
    assert [each["id"] for each in ask(desk.home, "release", "list")["releases"]] == [2, 1]
    report = ask(desk.home, *desk.words())
    assert (report["errors"], report["unchanged"], report["release"]) == (0, 216, None)


def assert_well(desk: Desk) -> None:
    answer = ask(desk.home, "doctor")
    assert answer["ok"], answer


def test_a_load_killed_at_any_time_leaves_a_whole_release_and_can_be_repeated(desk: Desk) -> None:
    before = desk.figures()
    after = before | {"LSO.IND.M.2024": "0.01"}
    killed = 0
    for fraction in (0.5, 0.7, 0.8, 0.9, 1.0, 1.1):
        child = subprocess.Popen(
            command(desk.home, *desk.words()), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_processor(child, fraction)
        child.kill()
        ended = child.wait()
        found = desk.figures()
        assert found in (before, after)
        if ended == 0:
            assert found == after
            break
        killed += ended == -signal.SIGKILL
    assert killed
    report = ask(desk.home, *desk.words())
    assert report["errors"] == 0
    assert desk.figures() == after
    assert_well(desk)


def wait_for_processor(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until a process has used so many seconds of a processor, or has ended; idle machines and busy ones alike."""
    clock = os.sysconf("SC_CLK_TCK")
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / clock >= seconds:
            return
        time.sleep(0.002)
