"""Five mechanisms side by side, driven: partners that are asked, one that gives notice, one that lays files down.

Every figure is counted by hand from what the partners sent and what persons did.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import io
import os
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.subscription import Event, Subscription
from sdmx_hub.quality.mechanisms import compare_mechanisms
from sdmx_hub.quality.pilot_html import write_html
from sdmx_hub.quality.pilot_judge import Judged
from sdmx_hub.quality.pilot_report import report_pilot, write_csv
from sdmx_hub.quality.pilot_text import lines_of_pilot
from sdmx_hub.store.decisions import queue_slot
from sdmx_hub.store.keys import OPERATE
from sdmx_hub.store.run_rows import Run, Slot, Trigger
from tests.harvest.partner import Partner, Reply, run_partner
from tests.quality.pilots import FLOW, PilotHub, csv_reply, permits, serve, structure_reply
from tests.support.serving import serving
from tests.web.test_api import bearer

from sdmx_hub.formats.registry_subscriptions import write_notification  # isort: skip
from sdmx_hub.model.message import Action, Header  # isort: skip

BEGIN = dt.datetime(2026, 2, 20, 6, 0, tzinfo=dt.UTC)
TOKEN = "-".join(["token", "of", "the", "partner"])
COUNTRIES = ["AGO", "BWA", "COD", "COM"]
MECHANISMS = {"pull": ("ZAF_STATSSA", "ZAF"), "conditional": ("BEN_DGT", "BEN"), "delta": ("LSO_MOLE", "LSO"),
              "subscription": ("GHA_GIS", "GHA"), "drop": ("CMR_MINEFOP", "CMR")}  # fmt: skip
LISTED = "\n".join(f"  - {{source: {source}, area: {area}}}" for source, area in MECHANISMS.values())
PLAN = f"""
id: FIVE
title: {{en: Five ways to share, fr: Cinq façons de partager, es: Cinco formas de compartir}}
participants:
{LISTED}
flows:
  - dataflow: {FLOW}
    required:
      - codes: {{INDICATOR: [PERMIT_FIRST], COUNTERPART_AREA: [{", ".join(COUNTRIES)}], SEX: [F, M, _T]}}
calendar:
  - {{period: 2026-01, due: 2026-02-25}}
  - {{period: 2026-02, due: 2026-03-25}}
  - {{period: 2026-03, due: 2026-04-25}}
"""
Cells = list[dict[str, str]]


class Scene:
    """A hub, five partners, and what happens between them."""

    def __init__(self, folder: Path, partner: Partner) -> None:
        self.partner, self.folder = partner, folder / "incoming" / "office"
        self.folder.mkdir(parents=True)
        self.hub = PilotHub(folder / "home", BEGIN)
        self.hub.settings = Settings(hub_id="TEST", allow_loopback=True, drop_root=str(folder / "incoming"))
        self.structure = structure_reply(folder / "structure")
        for mechanism, (source, area) in MECHANISMS.items():
            if mechanism != "drop":
                more = "notices: {environment: PARTNER_NOTICES}\n" if mechanism == "subscription" else ""
                endpoint = serve(partner, area.lower(), self.structure, Reply(204))
                self.hub.add_source(source, endpoint, area, more=f"mechanism: {mechanism}\n{more}")
        self._add_folder()
        self.plan = self.hub.plan(PLAN)

    def _add_folder(self) -> None:
        source, _ = MECHANISMS["drop"]
        path = self.hub.home / f"{source}.yaml"
        path.write_text(
            f"id: {source}\ntitle: {{en: An office}}\nmechanism: drop\nfolder: office\nschedule: {{every: 1 hour}}\n"
            f'flows:\n  - dataflow: {FLOW}\n    provider: {source}\n    files: "*.csv"\n',
            encoding="utf-8",
        )
        file = read_source_file(path)
        assert file.findings == (), [finding.text() for finding in file.findings]
        now = self.hub.time.now()
        self.hub.parts().sources.save(source, file.text, file.sha256, origin="test", actor="test", now=now)

    def cells(self, mechanism: str, change: Callable[[dict[str, str]], dict[str, str] | None] = lambda _: {}) -> Cells:
        """The January of a partner, changed; None leaves a cell out."""
        source, area = MECHANISMS[mechanism]
        rows = permits(area, source, "2026-01", COUNTRIES)
        return [row | changed for row in rows if (changed := change(row)) is not None]

    def answers(self, mechanism: str, reply: Reply) -> int:
        """Let a partner answer from now on; gives the bytes of it."""
        self.partner.on(f"/{MECHANISMS[mechanism][1].lower()}/sdmx/v2/data", reply)
        return len(reply.body)

    def lay_down(self, name: str, cells: Iterable[dict[str, str]]) -> int:
        body = csv_reply(cells).body
        (self.folder / name).write_bytes(body)
        os.utime(self.folder / name, (1_770_000_000 + len(list(self.folder.iterdir())),) * 2)
        return len(body)

    def visit(self, mechanism: str, *, full: bool = False) -> Run:
        """Begin a visit by hand, as ``harvest run`` does."""
        now, source = self.hub.time.now(), MECHANISMS[mechanism][0]
        host = f"{source.lower()}.example"
        slot = Slot(source=source, flow="DF_FLOW_PERMIT", slot=now, host=host, trigger=Trigger.MANUAL, full=full)
        run = queue_slot(self.hub.database, slot, actor="test", now=now)
        return Worker(parts=self.hub.parts()).work_on(run.id)

    def work_off(self) -> list[Run]:
        return Worker(parts=self.hub.parts()).work_off()

    @contextmanager
    def serving(self) -> Iterator[str]:
        with serving(self.hub.client().application) as address:
            yield address

    def post(self, path: str, body: bytes, **headers: str) -> int:
        with self.serving() as address:
            request = urllib.request.Request(f"{address}{path}", body, headers, method="POST")  # noqa: S310 - ours
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                status: int = answer.status
        return status

    @functools.cached_property
    def judged(self) -> Judged:
        """The pilot after all that happened."""
        return self.hub.judge(self.plan)

    def compared(self) -> dict[str, dict[str, Any]]:
        return {row["mechanism"]: row for row in compare_mechanisms(self.judged.ledger.attempts)}


def notification(at: dt.datetime) -> bytes:
    """What a hub posts to those who subscribed."""
    event = Event(at=at, action=Action.REPLACE, urn=f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow={FLOW}")
    organisation = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).ILMH"
    days = {"valid_from": at.date(), "valid_to": at.date() + dt.timedelta(days=30)}
    subscription = Subscription(organisation=organisation, http=("https://hub.example/",), **days)
    return write_notification(event, subscription, Header(id="N1", prepared=at, sender_id="GHA"))


def is_cell(area: str, sex: str) -> Callable[[dict[str, str]], bool]:
    return lambda row: (row["COUNTERPART_AREA"], row["SEX"]) == (area, sex)


def one_more(row: dict[str, str]) -> dict[str, str]:
    """One woman more from Angola, and so one person more."""
    return {"OBS_VALUE": {"F": "21", "_T": "61"}[row["SEX"]]} if is_woman_or_total(row) else {}


def is_woman_or_total(row: dict[str, str]) -> bool:
    return row["COUNTERPART_AREA"] == "AGO" and row["SEX"] != "M"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, dict[str, int]]]:
    """Everything happens once; gives what was sent, in bytes."""
    with run_partner() as partner, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARTNER_NOTICES", TOKEN)
        scene = Scene(tmp_path_factory.mktemp("mechanisms"), partner)
        sizes = first_round(scene) | second_round(scene) | notices(scene) | files(scene) | full_comparison(scene)
        yield scene, sizes
        scene.hub.close()


def first_round(scene: Scene) -> dict[str, int]:
    """Everybody sends January: 12 cells each; the office lays two files of 6 cells down."""
    sizes = {}
    for mechanism in ("pull", "conditional", "delta", "subscription"):
        reply = csv_reply(scene.cells(mechanism), ETag='"one"', Last_Modified="Fri, 20 Feb 2026 05:00:00 GMT")
        sizes[f"{mechanism} 1"] = scene.answers(mechanism, reply)
    cells = scene.cells("drop")
    sizes["a.csv"], sizes["b.csv"] = scene.lay_down("a.csv", cells[:6]), scene.lay_down("b.csv", cells[6:])
    runs = scene.hub.run(scene.plan)
    assert [(run.state.value, run.outcome.added) for run in runs] == [("succeeded", 12)] * 4 + [("succeeded", 6)] * 2
    return sizes


def second_round(scene: Scene) -> dict[str, int]:
    """A day later: pull brings the same, conditional a 304, delta two changed cells, the others nothing."""
    scene.hub.time.at = BEGIN + dt.timedelta(days=1)
    scene.answers("conditional", Reply(304, headers={"ETag": '"one"'}))
    changed = [row | one_more(row) | {"ACTION": "M"} for row in scene.cells("delta") if is_woman_or_total(row)]
    sizes = {"delta 2": scene.answers("delta", csv_reply(changed, Last_Modified="Sat, 21 Feb 2026 05:58:20 GMT"))}
    scene.answers("subscription", Reply(204))
    states = [run.state.value for run in scene.hub.run(scene.plan)]
    assert states == ["unchanged", "unchanged", "succeeded", "unchanged", "unchanged"]
    return sizes


def notices(scene: Scene) -> dict[str, int]:
    """Ghana publishes at noon and says so 60 s later; a worker is free 30 s after that. Then one of nothing new."""
    noon = BEGIN.replace(hour=12) + dt.timedelta(days=1)
    changed = [row | one_more(row) | {"ACTION": "M"} for row in scene.cells("subscription") if is_woman_or_total(row)]
    sizes = {"subscription 3": scene.answers("subscription", csv_reply(changed))}
    scene.hub.time.at = noon + dt.timedelta(seconds=60)
    assert scene.post("/api/notify/GHA_GIS", notification(noon), Authorization=f"Bearer {TOKEN}") == 202
    scene.hub.time.pass_by(30)
    assert [(run.trigger.value, run.outcome.revised) for run in scene.work_off()] == [("notice", 2)]
    scene.answers("subscription", Reply(204))
    scene.hub.time.pass_by(600)
    assert scene.post(f"/api/notify/GHA_GIS?token={TOKEN}", b"look") == 202
    scene.hub.time.pass_by(5)
    assert [run.state.value for run in scene.work_off()] == ["unchanged"]
    return sizes


def files(scene: Scene) -> dict[str, int]:
    """One file is refused by the checks and tried again; two are held, of which one is approved and one rejected."""
    key = {name: str(value) for name, value in bearer(scene.hub, OPERATE).items()}
    scene.hub.time.pass_by(3600)
    sizes = {"c.csv": scene.lay_down("c.csv", scene.cells("drop", lambda _: {"COUNTERPART_AREA": "XXX"}))}
    refused = scene.visit("drop")
    assert refused.outcome.verdict.key == "harvest-rejected"
    scene.hub.time.pass_by(60)
    assert scene.post(f"/api/harvest/runs/{refused.id}/retry", b"", **key) == 202
    scene.hub.time.pass_by(60)
    assert [run.outcome.verdict.key for run in scene.work_off()] == ["harvest-drop-empty"]
    for name, times, decision in (("d.csv", 1000, "approve"), ("e.csv", 1_000_000, "reject")):
        sizes[name] = scene.lay_down(name, [row | {"OBS_VALUE": str(int(row["OBS_VALUE"]) * times)}
                                            for row in scene.cells("drop")])  # fmt: skip
        scene.hub.time.pass_by(60)
        held = scene.visit("drop")
        assert held.state.value == "held", held.outcome.verdict
        scene.hub.time.pass_by(600)
        address = f"/api/harvest/runs/{held.id}/{decision}?reason=asked"
        assert scene.post(address, b"", **key) == (202 if decision == "approve" else 200)
        scene.hub.time.pass_by(60)
        assert len(scene.work_off()) == (1 if decision == "approve" else 0)
    return sizes


def full_comparison(scene: Scene) -> dict[str, int]:
    """Lesotho has deleted the three cells of the Comoros and its deltas never said so."""
    scene.hub.time.pass_by(3600)
    left = [row | one_more(row) for row in scene.cells("delta") if row["COUNTERPART_AREA"] != "COM"]
    sizes = {"delta 3": scene.answers("delta", csv_reply(left))}
    assert scene.visit("delta", full=True).outcome.deleted == 3
    return sizes


def test_pull_is_asked_for_everything_each_time(scene):
    found, sizes = scene[0].compared()["pull"], scene[1]
    assert (found["attempted"], found["good"], found["success"]) == (2, 2, 100.0)
    assert (found["observations"], found["changed"]) == (24, 12)
    assert (found["not_modified"], found["saved_bytes"], found["missed_deletes"]) == (None, None, None)
    assert found["bytes"] > 2 * sizes["pull 1"]  # and the structures
    assert (found["rejection"], found["manual_steps"]) == (0.0, 0)


def test_conditional_saves_what_a_full_answer_would_have_been(scene):
    found, sizes = scene[0].compared()["conditional"], scene[1]
    assert (found["attempted"], found["not_modified"]) == (2, 100.0)  # one question asked whether, one answer 304
    assert (found["saved_bytes"], found["saved"]) == (sizes["conditional 1"], 50.0)
    assert (found["deliveries"], found["observations"]) == (1, 12)


def test_delta_tells_changes_and_what_only_a_full_comparison_found(scene):
    found, sizes = scene[0].compared()["delta"], scene[1]
    assert (found["attempted"], found["changed"], found["missed_deletes"]) == (3, 12 + 2 + 3, 3)
    saved = sizes["delta 1"] - sizes["delta 2"]
    sent = sizes["delta 1"] + sizes["delta 2"] + sizes["delta 3"]
    assert (found["saved_bytes"], found["saved"]) == (saved, round(100 * saved / (saved + sent), 1))
    assert found["freshness"] == 100.0  # published at 05:58:20, released at 06:00:00
    assert found["steps"] == {"drop": 0, "approve": 0, "reject": 0, "retry": 0, "run": 1, "stop": 0}


def test_a_subscription_is_measured_from_the_notice_and_from_the_publication(scene):
    found = scene[0].compared()["subscription"]
    assert (found["attempted"], found["notices"]) == (4, 2)
    assert (found["latency"], found["freshness"]) == (30.0, 90.0)
    assert (found["changed"], found["missed_deletes"], found["manual_steps"]) == (12 + 2, 0, 0)


def test_files_take_steps_by_hand_and_some_are_refused(scene):
    found, sizes = scene[0].compared()["drop"], scene[1]
    assert found["steps"] == {"drop": 5, "approve": 1, "reject": 1, "retry": 1, "run": 3, "stop": 0}
    assert found["manual_steps"] == 11
    assert (found["deliveries"], found["rejected"], found["rejection"]) == (5, 2, 40.0)
    assert found["bytes"] == sum(size for name, size in sizes.items() if name.endswith(".csv"))
    assert (found["attempted"], found["good"]) == (7, 5)
    assert (found["latency"], found["freshness"], found["saved"]) == (None, None, None)


def test_a_visit_by_hand_that_repeats_another_is_about_the_same_period(scene):
    ledger = scene[0].judged.ledger
    assert {one.period for one in ledger.attempts} == {"2026-01"}
    by_id = {one.run.id: one for one in ledger.attempts}
    followers = [one for one in ledger.attempts if one.run.follows is not None]
    assert [(one.run.trigger.value, one.mechanism) for one in followers] == [("notice", "drop"), ("retry", "drop")]
    assert all(by_id[one.run.follows].period == one.period for one in followers)


WORDS = {
    "en": ("On notice (subscription)", "files laid down 5, approved 1, rejected 1, repeated 1, begun 3", "1 min 30 s"),
    "fr": ("Sur avis (subscription)", "fichiers déposés 5, approuvés 1, rejetés 1, répétés 1, lancés 3", "1 min 30 s"),
    "es": ("Con aviso (subscription)", "archivos depositados 5, aprobados 1, rechazados 1", "1 min 30 s"),
}


@pytest.mark.parametrize(("language", "words"), WORDS.items())
def test_the_report_shows_them_side_by_side(scene, language, words):
    report = report_pilot(scene[0].judged, scene[0].hub.registry.snapshot(), language)
    page = write_html(report, language)
    assert [one for one in words if one not in page] == []
    assert page.count("<svg") > 20
    told = "\n".join(lines_of_pilot(report, language))
    assert [one for one in words[1:] if one not in told] == []


def test_the_table_has_a_row_a_figure(scene):
    report = report_pilot(scene[0].judged, scene[0].hub.registry.snapshot(), "en")
    rows = list(csv.DictReader(io.StringIO(write_csv(report), newline="")))
    told = {(row["mechanism"], row["indicator"]): (row["value"], row["unit"]) for row in rows if row["mechanism"]}
    assert told["subscription", "latency"] == ("30.0", "SEC")
    assert told["drop", "step_drop"] == ("5", "NUMBER")
    assert told["conditional", "saved"] == ("50.0", "PT")
    assert ("pull", "not_modified") not in told
