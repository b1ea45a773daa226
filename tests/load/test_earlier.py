"""Jumps from what the hub already holds (V15-HELD), told by a load, its rehearsal and nobody else."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.message import Action
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations
from tests.load.messages import write_csv
from tests.support.homes import make_database

Load = Callable[..., LoadReport]
HELD = {"FRA": "100", "ITA": "60", "ESP": "40", "MAR": "200"}


def rows(year: str, values: Mapping[str, str], **more: Any) -> list[tuple[str, dict[str, Any]]]:
    return [("A", {"TIME_PERIOD": year, "COUNTERPART_AREA": area, "OBS_VALUE": value, **more})
            for area, value in values.items()]  # fmt: skip


@pytest.fixture
def load(pack: Artefacts, tmp_path: Path) -> Iterator[Load]:
    """Load rows into a hub that holds figures of 2022."""
    database = make_database(tmp_path / "hub" / "control.db")
    observations = Observations(database, tmp_path / "hub" / "observations")

    def loaded(*sent: tuple[str, dict[str, Any]], **options: Any) -> LoadReport:
        order = LoadOrder(path=write_csv(tmp_path, *sent), action=Action.APPEND)
        return load_file(order, pack, observations, actor="test", now=dt.datetime.now(dt.UTC), **options)

    assert loaded(*rows("2022", HELD)).stored
    yield loaded
    observations.close()
    database.close()


def jumps(report: LoadReport) -> list[tuple[int, str | None, str]]:
    found = [one for one in report.findings if one.code == "V15-HELD"]
    assert all(one.severity is Severity.WARNING for one in found)
    return [(one.count, one.source_value, str(one.params["place"]).split(".")[4]) for one in found]


def test_jumps_are_told_once_with_their_count_and_the_widest(load: Load) -> None:
    report = load(*rows("2023", {"FRA": "301", "ITA": "10", "ESP": "400", "MAR": "66"}))
    assert report.stored
    assert jumps(report) == [(3, "10", "ITA")]
    [finding] = [one for one in report.findings if one.code == "V15-HELD"]
    assert finding.text("en").startswith("3 values of OUTFLOW_POP in 2023 are a jump by more than 3 times")
    assert finding.text("fr") != finding.text("es")


@pytest.mark.parametrize(
    "sent",
    [
        rows("2023", {"FRA": "300", "MAR": "67"}),
        rows("2023", {"ESP": "4000"}),
        rows("2024", {"FRA": "1000"}),
        rows("2023", {"FRA": "1000"}, OBS_STATUS="B"),
        rows("2023", {"DEU": "1000"}),
        [*rows("2022", {"FRA": "900"}), *rows("2023", {"FRA": "1000"})],
    ],
    ids=["not so wide", "from a small number", "not the next period", "a break", "new", "the file says otherwise"],
)
def test_what_is_no_jump(load: Load, sent: list[tuple[str, dict[str, Any]]]) -> None:
    assert jumps(load(*sent)) == []


def test_a_rehearsal_tells_the_same_and_a_second_load_does_too(load: Load) -> None:
    sent = rows("2023", {"FRA": "1000"})
    assert jumps(load(*sent, dry_run=True)) == [(1, "1000", "FRA")]
    assert jumps(load(*sent)) == [(1, "1000", "FRA")]


def test_sexes_that_the_hub_holds_and_a_file_has_not_are_told_once(load: Load) -> None:
    def told(report: LoadReport) -> list[tuple[int, Severity]]:
        return [(one.count, one.severity) for one in report.findings if one.code == "V16"]

    assert told(load(*rows("2023", {"FRA": "110", "ITA": "61"}))) == []
    sexes = [
        row for sex, value in (("_T", "41"), ("F", "20"), ("M", "21")) for row in rows("2023", {"ESP": value}, SEX=sex)
    ]
    assert told(load(*sexes)) == []
    assert told(load(*rows("2024", {"FRA": "111", "ITA": "60"}))) == [(2, Severity.WARNING)]


def test_what_is_looked_up_of_the_hub_is_all_that_could_be_a_jump(load: Load) -> None:
    """Against a plain comparison of each value sent with all that is held, whatever else is sent or missing."""
    chance = random.Random(3)  # noqa: S311 - the same cases every time
    held = {("FRA", "2022"): 100, ("ITA", "2022"): 60, ("ESP", "2022"): 40, ("MAR", "2022"): 200}
    more = {
        (area, year): chance.randint(20, 900) for area in (*HELD, "DEU", "MLI") for year in ("2019", "2020", "2021")
    }
    assert load(*(row for (area, year), value in more.items() for row in rows(year, {area: str(value)}))).stored
    held |= more
    for _ in range(6):
        cells = [(area, year) for area in (*HELD, "DEU", "GHA") for year in ("2020", "2021", "2022", "2023")]
        sent = {cell: chance.randint(5, 3000) for cell in chance.sample(cells, chance.randint(1, 12))}
        breaks = {cell for cell in sent if chance.random() < 0.2}
        wanted = Counter[str]()
        for (area, year), value in sent.items():
            before = (area, str(int(year) - 1))
            was = held.get(before, 0)
            if before in sent or (area, year) in breaks or was < 50:
                continue
            wanted[year] += value > 3 * was or value * 3 < was
        listed = [
            row for (area, year), value in sent.items()
            for row in rows(year, {area: str(value)}, OBS_STATUS="B" if (area, year) in breaks else "A")
        ]  # fmt: skip
        report = load(*listed, dry_run=True)
        told = {one.params["period"]: one.count for one in report.findings if one.code == "V15-HELD"}
        assert told == {year: count for year, count in wanted.items() if count}
