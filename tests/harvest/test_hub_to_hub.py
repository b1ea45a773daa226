"""One real hub harvests another: first all, then what changed, by every mechanism and both editions of the API."""

import pytest

from sdmx_hub.store.run_rows import State
from tests.harvest.hubs import Hub, make_artefacts, observation, told
from tests.harvest.virtual import VirtualTime

FIRST = [
    observation("SEN", "2020", "10"),
    observation("SEN", "2021", "1.10", status="E", COMMENT="été; “provisoire”"),
    observation("MLI", "2020", "30"),
    observation("GHA", "2020", "40"),
]
SECOND = [
    observation("SEN", "2020", "10"),
    observation("SEN", "2021", "12"),
    observation("MLI", "2020", "30"),
    observation("TUN", "2022", "7", sex="M"),
]
BY = [
    ("v1", "specific-2.1"),
    ("v1", "generic-2.1"),
    ("v1", "csv-1.0"),
    ("v1", "json-1.0"),
    ("v2", "csv-2.0"),
    ("v2", "json-2.0"),
    ("v2", "xml-3.0"),
]
DELTAS = [("v2", "csv-2.0"), ("v2", "xml-3.0"), ("v2", "json-2.0"), ("v1", "specific-2.1"), ("v1", "generic-2.1")]


@pytest.fixture
def time():
    return VirtualTime()


@pytest.fixture
def theirs(tmp_path, time):
    hub = Hub(tmp_path / "theirs", time)
    hub.publish(FIRST)
    yield hub
    hub.close()


@pytest.fixture
def address(theirs):
    with theirs.serving() as url:
        yield url


@pytest.fixture
def ours(tmp_path, time):
    hub = Hub(tmp_path / "ours", time)
    yield hub
    hub.close()


@pytest.mark.parametrize(("api", "form"), BY)
def test_the_first_visit_takes_everything(theirs, address, ours, api, form):
    ours.add_source(f"{address}/sdmx/{api}", api=api, format=form)
    run = ours.harvest()
    assert told(run) == ("succeeded", 4, 0, 0, 0), run.outcome
    assert run.full
    assert run.outcome.findings == ()
    assert ours.held() == theirs.held()
    assert ours.held("internal") == theirs.held()


@pytest.mark.usefixtures("parse_here")
@pytest.mark.parametrize(("api", "form"), DELTAS)
def test_a_delta_brings_what_was_added_revised_and_deleted(theirs, address, ours, api, form):
    ours.add_source(f"{address}/sdmx/{api}", api=api, format=form)
    ours.harvest()
    theirs.publish(SECOND)
    run = ours.harvest()
    assert told(run)[:4] == ("succeeded", 1, 1, 1), run.outcome
    assert not run.full
    assert "updatedAfter=" in ours.runs.requests(run.id)[0].url
    assert ours.held() == theirs.held()


@pytest.mark.usefixtures("parse_here")
@pytest.mark.parametrize(("api", "form"), BY)
@pytest.mark.parametrize("mechanism", ["pull", "conditional"])
def test_a_full_answer_replaces_what_this_source_brought(theirs, address, ours, *, api, form, mechanism):
    ours.add_source(f"{address}/sdmx/{api}", api=api, format=form, mechanism=mechanism)
    ours.harvest()
    theirs.publish(SECOND)
    run = ours.harvest()
    assert told(run) == ("succeeded", 1, 1, 1, 2), run.outcome
    assert run.full
    assert ours.held() == theirs.held()


@pytest.mark.parametrize("mechanism", ["pull", "conditional", "delta"])
def test_nothing_new_is_no_release(address, ours, mechanism):
    ours.add_source(f"{address}/sdmx/v2", mechanism=mechanism)
    first = ours.harvest()
    again = [ours.harvest(), ours.harvest()]
    assert [run.state for run in again] == [State.UNCHANGED] * 2
    assert {run.outcome.release_id for run in again} == {None}
    assert first.outcome.release_id is not None
    verdicts = {"pull": "harvest-unchanged", "conditional": "harvest-not-modified", "delta": "harvest-nothing-new"}
    assert {run.outcome.verdict.key for run in again} == {verdicts[mechanism]}


def test_a_delta_asks_since_the_start_of_the_last_good_run(theirs, address, ours):
    ours.add_source(f"{address}/sdmx/v2")
    first = ours.harvest()
    ours.add_source("http://127.0.0.1:9/sdmx/v2")
    assert ours.harvest().state is State.FAILED
    ours.add_source(f"{address}/sdmx/v2")
    run = ours.harvest()
    moment = first.started_at.strftime("%Y-%m-%dT%H%%3A%M%%3A%SZ")
    assert f"updatedAfter={moment}" in ours.runs.requests(run.id)[0].url


def test_every_so_many_runs_everything_is_compared(theirs, address, ours):
    ours.add_source(f"{address}/sdmx/v2", full_every=3)
    assert [ours.harvest().full for _ in range(7)] == [True, False, False, True, False, False, True]


def test_a_person_may_ask_for_everything(theirs, address, ours):
    ours.add_source(f"{address}/sdmx/v2")
    ours.harvest()
    theirs.publish(SECOND)
    assert told(ours.harvest(full=True)) == ("succeeded", 1, 1, 1, 2)


def test_a_changed_source_asks_for_everything_again(theirs, address, ours):
    ours.add_source(f"{address}/sdmx/v2")
    ours.harvest()
    ours.add_source(f"{address}/sdmx/v2", format="json-2.0")
    assert ours.harvest().full


def test_a_dry_run_loads_nothing_and_counts_for_nothing(theirs, address, ours):
    ours.add_source(f"{address}/sdmx/v2")
    dry = ours.harvest(dry_run=True)
    assert told(dry) == ("succeeded", 4, 0, 0, 0)
    assert dry.outcome.release_id is None
    assert ours.held() == []
    assert told(ours.harvest()) == ("succeeded", 4, 0, 0, 0)


FILTER = "    filters: {REF_AREA: [SEN, MLI]}\n"
KEY = "    key: A.SEN+MLI.\n"


@pytest.mark.usefixtures("parse_here")
@pytest.mark.parametrize("bounds", [FILTER, KEY])
@pytest.mark.parametrize(("api", "form"), [("v1", "specific-2.1"), ("v2", "csv-2.0")])
def test_a_bounded_flow_takes_and_deletes_within_its_bounds(theirs, address, ours, *, api, form, bounds):
    ours.publish([observation("GHA", "1999", "5"), observation("SEN", "1999", "6")])
    ours.add_source(
        f"{address}/sdmx/{api}",
        api=api,
        format=form,
        mechanism="pull",
        flow=bounds,
        limits="{most_deleted_percent: 100}",
    )
    run = ours.harvest()
    assert told(run) == ("succeeded", 3, 0, 1, 0), run.outcome
    assert [(row["REF_AREA"], row["TIME_PERIOD"]) for row in ours.held()] == [
        ("GHA", "1999"),
        ("MLI", "2020"),
        ("SEN", "2020"),
        ("SEN", "2021"),
    ]


def test_an_open_flow_deletes_only_what_it_brought(theirs, address, ours):
    ours.publish([observation("GHA", "1999", "5"), observation("SEN", "2020", "6")])
    ours.add_source(f"{address}/sdmx/v2", mechanism="pull")
    assert told(ours.harvest()) == ("succeeded", 3, 1, 0, 0)
    theirs.publish(SECOND)
    assert told(ours.harvest()) == ("succeeded", 1, 1, 1, 2)
    assert [row["TIME_PERIOD"] for row in ours.held() if row["REF_AREA"] == "GHA"] == ["1999"]


def test_structures_are_adopted_where_we_hold_none(tmp_path, time, theirs, address):
    hub = Hub(tmp_path / "empty", time, artefacts=())
    hub.add_source(f"{address}/sdmx/v2")
    refused = hub.harvest()
    assert (refused.state, refused.outcome.verdict.key) == (State.FAILED, "harvest-structure-unknown")
    hub.add_source(f"{address}/sdmx/v2", structures="adopt")
    run = hub.harvest()
    assert told(run) == ("succeeded", 4, 0, 0, 0), run.outcome
    assert hub.held() == theirs.held()
    assert {artefact.urn for artefact in make_artefacts()} <= {artefact.urn for artefact in hub.registry.snapshot()}
    hub.close()


@pytest.mark.parametrize(
    ("artefacts", "code"),
    [
        (make_artefacts(extra=["COUNTERPART_AREA"]), "STRUCT-DIMENSIONS"),
    ],
)
def test_a_structure_that_does_not_fit_stops_the_run(tmp_path, time, address, artefacts, code):
    hub = Hub(tmp_path / "other", time, artefacts=artefacts)
    hub.add_source(f"{address}/sdmx/v2")
    run = hub.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "STRUCT-MISMATCH")
    assert [finding.code for finding in run.outcome.findings] == ["STRUCT-MISMATCH", code]
    hub.close()


def test_codes_we_do_not_have_are_told_and_their_observations_refused(tmp_path, time, theirs, address):
    hub = Hub(tmp_path / "narrow", time, artefacts=make_artefacts(areas="SEN MLI"))
    hub.add_source(f"{address}/sdmx/v2")
    run = hub.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-rejected")
    assert "harvest-structure-codes" in {finding.code for finding in run.outcome.findings}
    assert hub.held() == []
    hub.close()


def test_what_a_partner_published_in_error_can_be_answered_for(theirs, address, ours):
    wrong = [observation("SEN", "2020", value, sex=sex) for sex, value in (("F", "1"), ("M", "2"), ("_T", "9"))]
    theirs.publish(wrong)
    ours.add_source(f"{address}/sdmx/v2")
    refused = ours.harvest()
    assert (refused.state, {finding.code for finding in refused.outcome.findings}) == (State.FAILED, {"SUM-01"})
    rounded = "    totals: [{component: SEX, total: _T, parts: [F, M], tolerance: 6.5}]\n"
    ours.add_source(f"{address}/sdmx/v2", flow=rounded)
    assert told(ours.harvest(dry_run=True))[:2] == ("succeeded", 3)
    ours.add_source(f"{address}/sdmx/v2", flow="    accept: [SUM-01]\n")
    run = ours.harvest()
    assert told(run)[:2] == ("succeeded", 3)
    assert {row["OBS_STATUS"] for row in ours.held()} == {"V"}
