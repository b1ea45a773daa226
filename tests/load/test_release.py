from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.load.artefact_pack import pack_root
from sdmx_hub.load.release import check_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts
from tests.load.conftest import Desk
from tests.load.messages import FLOW, KEYS, SOUND, csv_text, write_csv, xml_text
from tests.mapping.tables import FIXTURES

pytestmark = pytest.mark.usefixtures("parse_here")

MAPPINGS = pack_root() / "mappings"


def codes(report: object) -> list[tuple[str, int | None]]:
    return [(one.code, one.where.row) for one in report.findings]  # type: ignore[attr-defined]


def test_a_message_becomes_a_release_that_both_audiences_see(desk: Desk, tmp_path: Path) -> None:
    report = desk.load(write_csv(tmp_path, ("A", {}), ("A", {"COUNTERPART_AREA": "ITA", "OBS_VALUE": "1.0"})))
    assert (report.read, report.mapped, report.rejected, report.findings) == (2, 2, 0, ())
    assert (report.added, report.revised, report.deleted, report.unchanged) == (2, 0, 0, 0)
    assert report.stored
    for audience in ("public", "internal"):
        assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE", audience=audience) == [("FRA", "34434"), ("ITA", "1.0")]
    (release,) = desk.observations.releases()
    assert (release.id, release.actor) == (report.release_id, "test")


def test_the_lineage_leads_back_to_the_very_bytes(desk: Desk, tmp_path: Path) -> None:
    file = write_csv(tmp_path, ("A", {}))
    report = desk.load(file)
    assert report.release_id is not None
    row = desk.observations.lineage(report.release_id)[0]
    assert (row["source"], row["raw_sha256"], row["mapping"]) == ("emigrants.csv", report.sha256, None)
    assert (desk.home / "raw" / report.sha256[:2] / report.sha256).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("form", ["csv", "xml", "gz"])
def test_loading_twice_equals_loading_once(desk: Desk, tmp_path: Path, form: str) -> None:
    file = write_csv(tmp_path, ("A", {}), ("A", {"COUNTERPART_AREA": "ITA"}))
    if form == "xml":
        file = tmp_path / "m.xml"
        file.write_text(xml_text({}, {"COUNTERPART_AREA": "ITA"}), encoding="utf-8")
    if form == "gz":
        packed = tmp_path / "m.csv.gz"
        packed.write_bytes(gzip.compress(file.read_bytes()))
        file = packed
    first, second = desk.load(file), desk.load(file)
    assert (first.added, second.unchanged, second.added + second.revised + second.deleted) == (2, 2, 0)
    assert second.stored
    assert second.release_id is None
    assert len(desk.observations.releases()) == 1


def test_actions_of_rows_add_revise_and_delete_in_one_release(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, *(("A", {"COUNTERPART_AREA": area}) for area in ("FRA", "ITA", "ESP"))))
    change = write_csv(
        tmp_path,
        ("D", {"COUNTERPART_AREA": "ITA"}),
        ("A", {"COUNTERPART_AREA": "FRA", "OBS_VALUE": "7"}),
        ("A", {"COUNTERPART_AREA": "MAR"}),
    )
    report = desk.load(change)
    assert (report.added, report.revised, report.deleted) == (1, 1, 1)
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE") == [("ESP", "34434"), ("FRA", "7"), ("MAR", "34434")]


def test_a_deletion_of_part_of_the_key_deletes_all_it_matches(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, *(("A", {"COUNTERPART_AREA": area}) for area in ("FRA", "ITA")), ("A", {"SEX": "F"})))
    nothing = dict.fromkeys(("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "SEX", "TIME_PERIOD", "UNIT_MULT"))
    report = desk.load(write_csv(tmp_path, ("D", nothing | {"COUNTERPART_AREA": "FRA"})))
    assert (report.findings, report.deleted) == ((), 2)
    assert desk.rows(FLOW, "COUNTERPART_AREA") == [("ITA",)]


def test_an_xml_message_of_deletions_deletes(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", {}), ("A", {"COUNTERPART_AREA": "ITA"})))
    file = tmp_path / "gone.xml"
    file.write_text(xml_text({"COUNTERPART_AREA": "ITA"}, action="Delete"), encoding="utf-8")
    assert desk.load(file).deleted == 1
    assert desk.rows(FLOW, "COUNTERPART_AREA") == [("FRA",)]


def test_a_replacement_deletes_within_its_scope_only(desk: Desk, tmp_path: Path) -> None:
    both = [
        ("A", {"COUNTERPART_AREA": area, "TIME_PERIOD": year}) for area in ("FRA", "ITA") for year in ("2022", "2023")
    ]
    desk.load(write_csv(tmp_path, *both))
    newer = write_csv(tmp_path, ("A", {"OBS_VALUE": "5"}))
    report = desk.load(newer, action=_replace(), scope=("REF_AREA", "TIME_PERIOD"))
    assert (report.revised, report.deleted) == (1, 1)
    assert report.flows[0].scope == {"REF_AREA": {"SEN"}, "TIME_PERIOD": {"2023"}}
    assert desk.rows(FLOW, "COUNTERPART_AREA", "TIME_PERIOD") == [("FRA", "2022"), ("FRA", "2023"), ("ITA", "2022")]


def test_a_row_that_is_deleted_is_no_row_of_what_replaces_everything(desk: Desk, tmp_path: Path) -> None:
    told = write_csv(tmp_path, ("R", {"SEX": "F", "OBS_VALUE": "3"}), ("D", {"SEX": "M", "OBS_VALUE": ""}))
    report = desk.load(told, action=_replace(), scope=("REF_AREA",))
    assert not report.has_errors, report.findings
    assert [row[0] for row in desk.rows(FLOW, "SEX")] == ["F"]
    assert report.added == 1


def _replace() -> object:
    from sdmx_hub.model.message import Action  # noqa: PLC0415

    return Action.REPLACE


def test_a_dry_run_compares_and_stores_nothing(desk: Desk, tmp_path: Path) -> None:
    report = desk.load(write_csv(tmp_path, ("A", {})), dry_run=True)
    assert (report.added, report.stored, report.release_id) == (1, False, None)
    assert desk.observations.releases() == ()
    assert not (desk.home / "raw").exists()


def test_rows_that_are_not_free_stay_inside(desk: Desk, tmp_path: Path) -> None:
    desk.load(
        write_csv(
            tmp_path,
            ("A", {}),
            ("A", {"COUNTERPART_AREA": "ITA", "CONF_STATUS": "N"}),
            ("A", {"COUNTERPART_AREA": "ESP", "CONF_STATUS": "A"}),
        )
    )
    assert len(desk.rows(FLOW, "COUNTERPART_AREA")) == 3
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS", audience="public") == [
        ("ESP", None, "Q"),
        ("FRA", "34434", "A"),
    ]


def test_what_becomes_confidential_is_taken_back(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", {}), ("A", {"COUNTERPART_AREA": "ITA"})))
    desk.load(write_csv(tmp_path, ("A", {"CONF_STATUS": "N"})))
    assert desk.rows(FLOW, "COUNTERPART_AREA", audience="public") == [("ITA",)]


def test_a_second_provider_of_a_source_is_refused_unless_answered_for(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("A", {})))
    other = write_csv(tmp_path, ("A", {"TIME_PERIOD": "2022", "DATA_PROVIDER": "SEN_DPAF"}))
    report = desk.load(other)
    assert (codes(report), report.stored) == ([("PROV-01", None)], False)
    assert desk.load(other, overrides=frozenset({"PROV-01"})).stored


def test_the_named_dataflow_must_be_that_of_the_message(desk: Desk, tmp_path: Path) -> None:
    wanted = Urn("Dataflow", parse_ref("ILMH:DF_FLOW_WORK(1.0.0)"))
    assert codes(desk.load(write_csv(tmp_path, ("A", {})), dataflow=wanted)) == [("FLOW-OTHER", None)]


def test_a_message_by_structure_needs_the_dataflow_named(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    text = csv_text(("A", {})).replace("dataflow,ILMH:DF_FLOW_POP(1.0.0)", "datastructure,ILMH:ILM_FLOW(1.0.0)")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NotFound, match="Name one of them"):
        desk.load(file)
    assert desk.load(file, dataflow=Urn("Dataflow", parse_ref(FLOW))).added == 1


def test_only_what_can_be_answered_for_can_be_overridden(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="V01"):
        desk.load(write_csv(tmp_path, ("A", {})), overrides=frozenset({"V01"}))


BOMB = gzip.compress(bytes(200_000_000), 9)
BAD = [
    ("wrong encoding", csv_text(("A", {"COMMENT_OBS": "Sénégal"})).encode("latin-1"), "guard-encoding", "byte E9"),
    ("a code that is none", csv_text(("A", {"SEX": "W"})).encode(), "V01", "“W”"),
    ("a key twice", csv_text(("A", {}), ("A", {})).encode(), "DUP-01", "row 2"),
    ("a ragged row", csv_text(("A", {})).encode() + b"dataflow,x\n", "CSV-RAGGED", "2 cells"),
    ("XML that breaks off", xml_text({}, {"SEX": "F"}).encode()[:-200], "xml-broken", "line "),
    (
        "XML with a DTD",
        xml_text({}).replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n', 1).encode(),
        "xml-doctype",
        "line 2",
    ),
    ("a bomb", BOMB, "guard-ratio", "200 times"),
    ("a control character", csv_text(("A", {"COMMENT_OBS": "a\x01b"})).encode(), "guard-control", "line 2"),
    ("a control character in XML", xml_text({"COMMENT_OBS": "a&#1;b"}).encode(), None, ""),
    ("NaN", csv_text(("A", {"OBS_VALUE": "NaN"})).encode(), "NUM-FORM", "NaN"),
    ("an empty file", b"", "sniff-empty", "empty"),
    ("a web page", b"<!DOCTYPE html><html><body>Not found</body></html>", "sniff-html", "web page"),
    ("a header alone", csv_text().encode(), "READ-EMPTY", "no observations"),
    ("JSON that is none", b'{"data": {"structures": [', None, ""),
]


@pytest.mark.parametrize(("content", "code", "said"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_file_is_told_with_its_place_and_nothing_is_stored(
    desk: Desk, tmp_path: Path, content: bytes, code: str | None, said: str
) -> None:
    good = write_csv(tmp_path, ("A", {}), name="good.csv")
    desk.load(good)
    file = tmp_path / "bad"
    file.write_bytes(content)
    report = desk.load(file)
    assert report.findings
    if code is not None:
        assert report.findings[0].code == code
        assert said in report.findings[0].text("en")
    assert report.has_errors or code == "READ-EMPTY"
    assert len(desk.observations.releases()) == 1
    assert desk.rows(FLOW, "OBS_VALUE") == [("34434",)]
    assert desk.observations.check() == []


def test_as_01_the_french_table_becomes_a_feed(desk: Desk) -> None:
    folder = MAPPINGS / "SEN_ANSD"
    report = desk.load(folder / "samples" / "emigrants_rgph5.csv", mapping=folder / "emigrants_rgph5.yaml")
    assert [finding.code for finding in report.findings] == ["SUM-SKIP"]
    assert not report.has_errors
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE", "OBS_STATUS", audience="public") == [
        ("ESP", "24823", "A"),
        ("FRA", "34434", "A"),
        ("G_OTH", None, "O"),
        ("ITA", "25442", "A"),
        ("MAR", "13375", "A"),
        ("MRT", "11601", "A"),
        ("W1", "166561", "A"),
    ]


def test_as_02_every_mistake_is_told_at_once_and_nothing_stored(desk: Desk) -> None:
    folder = FIXTURES / "as_02"
    report = desk.load(folder / "jobseekers.csv", mapping=folder / "jobseekers.yaml")
    errors = [(one.code, one.where.row) for one in report.findings if one.severity == "error"]
    assert sorted(errors, key=str) == [
        ("AGE-BAND", 5), ("AREA-AMBIG", 4), ("AREA-UNKNOWN", 3), ("DUP-01", 8), ("NUM-PARSE", 6), ("V05-REFAREA", None),
    ]  # fmt: skip
    duplicate = next(one for one in report.findings if one.code == "DUP-01")
    assert duplicate.params["first"] == 2
    assert not any(one.where.row == 7 for one in report.findings if one.severity != "info")
    assert (report.stored, desk.observations.releases()) == (False, ())
    assert report.language == "fr"


def test_as_02_the_corrected_table_loads_and_loads_again_to_nothing(desk: Desk) -> None:
    folder = FIXTURES / "as_02"
    first, second = (
        desk.load(folder / "jobseekers_corrected.csv", mapping=folder / "jobseekers_corrected.yaml") for _ in range(2)
    )
    assert (first.read, first.mapped, first.rejected, first.has_errors) == (10, 10, 0, False)
    assert (second.release_id, second.unchanged) == (None, 10)


def test_as_03_sums_that_do_not_add_up_block_and_an_answer_marks_their_cells(desk: Desk) -> None:
    folder, flow = MAPPINGS / "HTI_ONM", "ILMH:DF_RET_ARR(1.0.0)"
    file, mapping = folder / "samples" / "returns_months_2021.csv", folder / "returns_months_2021.yaml"
    report = desk.load(file, mapping=mapping)
    told = sorted(
        (one.code, one.params["stated"], one.params["difference"]) for one in report.findings if one.code == "SUM-01"
    )
    assert told == [("SUM-01", "1128", "+7"), ("SUM-01", "14127", "+98")]
    assert not report.stored
    answered = desk.load(file, mapping=mapping, overrides=frozenset({"SUM-01"}))
    assert answered.stored
    marked = {row[0] for row in desk.rows(flow, "TIME_PERIOD", "OBS_STATUS") if row[1] == "V"}
    assert marked == {"2021", "2021-11"}
    partial = {row[:2] for row in desk.rows(flow, "TIME_PERIOD", "REF_PERIOD_DETAIL", "OBS_STATUS") if row[2] == "D"}
    assert partial == {("2021-09", "2021-09-19/2021-09-30"), ("2021-12", "2021-12-01/2021-12-19")}


def test_a_broken_mapping_is_told_by_its_own_place(pack: Artefacts, tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("id: X\ntitle: {en: x}\n", encoding="utf-8")
    table = tmp_path / "t.csv"
    table.write_text("a;b\n", encoding="utf-8")
    report = check_file(LoadOrder(path=table, mapping=mapping), pack)
    assert report.has_errors
    assert {one.where.file for one in report.findings} == {"m.yaml"}


KILLED = """
import datetime as dt, sys, time
from pathlib import Path
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.store import staging
from sdmx_hub.store.blobs import local_blobs
from sdmx_hub.store.database import open_database
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations
home, file, point = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
database = open_database(f"sqlite:///{home / 'control.db'}")
observations = Observations(database, home / "observations")
def wait(*a, **k):
    print("there", flush=True)
    time.sleep(60)
if point == "stage":
    staging.store_file = wait
else:
    observations.release = wait
now = dt.datetime(2026, 3, 2, tzinfo=dt.timezone.utc)
load_file(LoadOrder(path=file), Artefacts(read_pack(pack_root())), observations, actor="x", now=now,
          raw=local_blobs(home))
"""


@pytest.mark.parametrize("point", ["stage", "release"])
def test_a_load_killed_on_the_way_leaves_the_release_before(desk: Desk, tmp_path: Path, point: str) -> None:
    desk.load(write_csv(tmp_path, ("A", {}), name="first.csv"))
    file = write_csv(tmp_path, ("A", {"OBS_VALUE": "1"}), ("A", {"COUNTERPART_AREA": "ITA"}))
    script = tmp_path / "load.py"
    script.write_text(textwrap.dedent(KILLED), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, str(script), str(desk.home), str(file), point], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
    time.sleep(0.1)
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE") == [("FRA", "34434")]
    assert len(desk.observations.releases()) == 1
    assert [one for one in desk.observations.check() if one.severity == "error"] == []


@pytest.mark.parametrize("period", ["~", None])
def test_a_row_may_state_an_attribute_of_a_series_alone(desk: Desk, tmp_path: Path, period: str | None) -> None:
    desk.load(write_csv(tmp_path, ("R", {}), ("R", {"TIME_PERIOD": "2022"}), ("R", {"COUNTERPART_AREA": "ITA"})))
    no_more = dict.fromkeys(("OBS_VALUE", "OBS_STATUS", "CONF_STATUS", "DATA_PROVIDER"))
    series = {"TIME_PERIOD": period, "UNIT_MULT": None, "TIME_PER_COLLECT": None, "DECIMALS": "1"} | no_more
    report = desk.load(write_csv(tmp_path, ("M", series), name="series.csv"))
    assert codes(report) == []
    assert (report.added, report.revised, report.deleted) == (0, 2, 0)
    assert desk.rows(FLOW, "COUNTERPART_AREA", "TIME_PERIOD", "DECIMALS") == [
        ("FRA", "2022", "1"),
        ("FRA", "2023", "1"),
        ("ITA", "2023", "0"),
    ]


def test_a_deletion_of_what_is_switched_off_deletes_no_observation(desk: Desk, tmp_path: Path) -> None:
    desk.load(write_csv(tmp_path, ("R", {})))
    keys_only = {name: None for name in SOUND if name not in KEYS}
    report = desk.load(write_csv(tmp_path, ("D", {"TIME_PERIOD": "~"} | keys_only), name="off.csv"))
    assert report.deleted in {0, None}
    assert len(desk.rows(FLOW, "OBS_VALUE")) == 1


def test_what_is_missing_on_purpose_is_absent(desk: Desk, tmp_path: Path) -> None:
    missing = {"OBS_VALUE": "#N/A", "OBS_STATUS": "M", "EMBARGO_TIME": "#N/A"}
    report = desk.load(write_csv(tmp_path, ("R", missing), ("R", {"COUNTERPART_AREA": "ITA"})))
    assert codes(report) == []
    assert desk.rows(FLOW, "COUNTERPART_AREA", "OBS_VALUE", "EMBARGO_TIME") == [
        ("FRA", None, None),
        ("ITA", "34434", None),
    ]
