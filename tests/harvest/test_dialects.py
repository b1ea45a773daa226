"""Built-in profiles against services that answer as the providers do: whole visits, and each oddity by itself."""

import datetime as dt

import pytest

from sdmx_hub.harvest.addresses import data_url
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.answering import ask_data
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.dialect.answers import error_code, error_style, says_no_results
from sdmx_hub.harvest.dialect.pace import wait_of
from sdmx_hub.harvest.dialect.profiles import get_profile, known_to_sdmx1, profiles, read_dialect
from sdmx_hub.harvest.dialect.record import STANDARD, Rate, deviations
from sdmx_hub.harvest.lease import Hold
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.run_rows import GOOD, Slot, State
from tests.harvest.hubs import Hub, observation, told
from tests.harvest.partner import Reply
from tests.harvest.replies import SERVICES, Library, announcement, gzipped, marked, paged, soap, zipped
from tests.harvest.virtual import BEGIN, VirtualTime

ROWS = [observation("SEN", str(year), str(year - 2000)) for year in range(2015, 2025)]
HTML = b"<!DOCTYPE html><html><body>Sorry, something went wrong</body></html>"
SDMX = '<m:Error xmlns:m="x"><m:ErrorMessage code="{}"><c:Text xmlns:c="y">No</c:Text></m:ErrorMessage></m:Error>'

pytestmark = pytest.mark.usefixtures("parse_here")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("theirs") / "hub", VirtualTime())
    hub.publish(ROWS)
    yield Library(hub)
    hub.close()


@pytest.fixture
def time():
    return VirtualTime()


@pytest.fixture
def ours(tmp_path, time):
    hub = Hub(tmp_path / "ours", time)
    yield hub
    hub.close()


@pytest.fixture
def visited(partner, ours, library):
    """Set up a partner of a profile; gives a function that visits it."""

    def begin(name, *, dialect=None, **keys):
        service = SERVICES[name]
        service.imitate(partner, library)
        ours.add_source(f"{partner.url}/rest", api=service.api, mechanism="pull", dialect=dialect or name, **keys)
        return partner.live

    return begin


def also(partner, part, *replies):
    """Give other replies to addresses with ``part``, one after the other, the last one for ever."""
    usual, queue = partner.live, list(replies)

    def live(seen):
        if part not in seen.path:
            return usual(seen)
        return queue.pop(0) if len(queue) > 1 else queue[0]

    partner.live = live


@pytest.fixture(scope="module")
def one_hub(tmp_path_factory):
    """A hub that many partners bring the same data: what each brings is compared with what the first brought."""
    hub = Hub(tmp_path_factory.mktemp("ours") / "hub", VirtualTime())
    hub.publish(ROWS[:1])
    yield hub
    hub.close()


@pytest.mark.parametrize("name", SERVICES)
def test_a_visit_speaks_the_dialect_of_the_service(partner, library, one_hub, name):
    service = SERVICES[name]
    service.imitate(partner, library)
    one_hub.add_source(f"{partner.url}/rest", api=service.api, mechanism="pull", dialect=name)
    run = one_hub.harvest()
    assert run.state in GOOD, (run.outcome.verdict, [seen.path for seen in partner.seen])
    assert (run.outcome.received, len(one_hub.held()), run.outcome.findings) == (10, 10, ())
    assert {seen.path for seen in partner.seen} == {f"/rest/{SERVICES[name].data}", f"/rest/{SERVICES[name].structure}"}


# Eurostat


def test_a_large_extract_is_waited_for_and_unpacked(visited, partner, ours, library, time):
    visited("EUROSTAT")
    address = f"{partner.url}/rest/file/abc"
    also(partner, "/data/", announcement("It will be written to a file.", address))
    also(partner, "/file/abc", Reply(404), Reply(404), zipped(library.data("specific-2.1")))
    run = ours.harvest()
    assert told(run) == ("succeeded", 10, 0, 0, 0), run.outcome.verdict
    assert run.outcome.findings == ()
    assert [request.purpose for request in ours.runs.requests(run.id)].count("file") == 3
    assert time.waited == 3 * 30


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(404), "harvest-file-late"),
        (zipped(Reply(200, HTML)), "harvest-rejected"),
        (Reply(200, b"PK\x03\x04 broken"), "harvest-rejected"),
        (Reply(500), "harvest-status"),
    ],
    ids=["never there", "a page", "a broken ZIP", "an error"],
)
def test_an_extract_that_does_not_come_fails_the_run(visited, partner, ours, reply, verdict):
    visited("EUROSTAT", dialect="{profile: ESTAT, polling: {times: 3}}")
    also(partner, "/data/", announcement(f"{partner.url}/rest/file/abc"))
    also(partner, "/file/abc", reply)
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, verdict), run.outcome
    assert ours.held() == []


def test_an_extract_elsewhere_is_not_asked_for(visited, partner, ours):
    visited("EUROSTAT")
    also(partner, "/data/", announcement("http://169.254.169.254/latest"))
    assert ours.harvest().outcome.verdict.key == "guard-host"


@pytest.mark.parametrize(
    ("reply", "state", "verdict"),
    [
        (soap(100, "No results found"), State.UNCHANGED, "harvest-nothing"),
        (soap(100, "No results found", 404), State.UNCHANGED, "harvest-nothing"),
        (soap(140, "Syntax error"), State.FAILED, "harvest-status"),
        (soap(150, "Unknown code"), State.FAILED, "harvest-status"),
    ],
    ids=["100", "100 as 404", "140", "150"],
)
def test_faults_of_eurostat_are_understood(visited, partner, ours, *, reply, state, verdict):
    visited("EUROSTAT")
    also(partner, "/data/", reply)
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (state, verdict), run.outcome


@pytest.mark.parametrize(
    "reply",
    [
        soap(413, "EXTRACTION_TOO_BIG", 413),
        soap(130, "Too large", 400),
        announcement("The extraction is too big: EXTRACTION_TOO_BIG"),
    ],
    ids=["413", "130", "a footer without address"],
)
def test_what_is_too_large_has_one_status_however_it_is_said(visited, partner, ours, time, reply):
    visited("EUROSTAT")
    also(partner, "/data/", reply)
    source = parse_stored(ours.parts().sources.get("P").document, "")
    queued = ours.runs.queue(Slot(source="P", flow="DF", slot=time.at, host="p"), now=time.at)
    run = ours.runs.claim("one", now=time.at, lease=dt.timedelta(hours=1), run_id=queued.id)
    hold = Hold(ours.runs, run, time.clock)
    asker = Asker(visitor=ours.parts().visitor(source), runs=ours.runs, hold=hold, clock=time.clock, tries=1)
    answer = ask_data(asker, source, data_url(source, source.flows[0], ("FREQ",)), {})
    assert (answer.status, answer.kept) == (413, None)


# Others


def test_a_page_with_200_is_never_nothing(visited, partner, ours, library):
    visited("ABS")
    also(partner, "/data/", Reply(200, HTML, {"Content-Type": "text/html"}))
    assert (ours.harvest().state, ours.held()) == (State.FAILED, [])
    heading = library.data("csv-1.0").body.splitlines(keepends=True)[0]
    also(partner, "/data/", Reply(200, heading, {"Content-Type": "text/csv"}))
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-empty-message")


def test_any_404_of_the_ecb_is_nothing_while_the_dataflow_is_there(visited, partner, ours):
    usual = visited("ECB")
    also(partner, "/data/", Reply(404, b"No results found."))
    assert ours.harvest().outcome.verdict.key == "harvest-nothing"
    partner.live = lambda seen: Reply(404) if "/dataflow/" in seen.path else Reply(404, b"No results found.")
    assert ours.harvest().state is State.FAILED
    partner.live = usual
    assert ours.harvest().state is State.SUCCEEDED


@pytest.mark.parametrize("packed", [gzipped, zipped, marked])
def test_bodies_are_read_as_what_they_are(partner, one_hub, library, packed):
    service = SERVICES["FMR3"]
    service.imitate(partner, library)
    one_hub.add_source(f"{partner.url}/rest", api="v2", mechanism="pull", dialect="FMR3")
    also(partner, "/data/", packed(library.data(service.data_format)))
    also(partner, "/structure/", packed(library.structure(service.structure_format)))
    run = one_hub.harvest()
    assert run.state in GOOD, run.outcome
    assert (run.outcome.received, len(one_hub.held())) == (10, 10)


def test_a_structure_that_is_left_out_is_asked_for_by_itself(visited, partner, ours, library):
    visited("STANDARD")
    also(partner, "/dataflow/", library.structure("xml-2.1", "none"))
    also(partner, "/datastructure/TEST/DSD/1.0.0?references=descendants", library.structure("xml-2.1"))
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)


# Pages of values


def test_values_are_asked_for_page_by_page(visited, partner, ours, library):
    usual = visited("DOTSTAT", dialect="{profile: DOTSTAT, page_values: 4}")
    partner.live = lambda seen: paged(usual(seen), seen) if "/data/" in seen.path else usual(seen)
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
    wanted = [seen.headers.get("range") for seen in partner.asked("/data/")]
    assert wanted == ["values=0-3", "values=4-7", "values=8-11"]
    assert ours.harvest().state is State.UNCHANGED


def test_a_service_without_pages_gives_everything_at_once(visited, partner, ours):
    visited("DOTSTAT", dialect="{profile: DOTSTAT, page_values: 4}")
    assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
    assert len(partner.asked("/data/")) == 1


def other_heading(reply):
    return Reply(206, reply.body.replace(b"OBS_VALUE", b"VALUE"), reply.headers)


def other_total(reply):
    return Reply(206, reply.body, {**reply.headers, "Content-Range": "values 4-7/11"})


def from_the_beginning(reply):
    return Reply(206, reply.body, {**reply.headers, "Content-Range": "values 0-3/10"})


def without_place(reply):
    return Reply(206, reply.body, {"Content-Type": "text/csv"})


def everything(reply):
    return Reply(200, reply.body, reply.headers)


@pytest.mark.parametrize("spoilt", [other_heading, other_total, from_the_beginning, without_place, everything])
def test_pages_that_do_not_fit_together_are_no_answer(visited, partner, ours, spoilt):
    usual = visited("DOTSTAT", dialect="{profile: DOTSTAT, page_values: 4}")

    def live(seen):
        if "/data/" not in seen.path:
            return usual(seen)
        page = paged(usual(seen), seen)
        return spoilt(page) if seen.headers["range"].startswith("values=4") else page

    partner.live = live
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-pages"), run.outcome
    assert ours.held() == []


# The pace of requests


@pytest.mark.parametrize(
    ("rate", "ago", "wait"),
    [
        (Rate(), [0, 0, 0], 0),
        (Rate(seconds=15), [], 0),
        (Rate(seconds=15), [40, 5], 10),
        (Rate(minute=2), [90, 50], 0),
        (Rate(minute=2), [90, 50, 10], 10),
        (Rate(hour=2), [3000, 600], 600),
        (Rate(seconds=3, minute=3, hour=4), [100, 20, 10, 1], 3500),
    ],
)
def test_the_wait_is_that_of_the_strictest_limit(rate, ago, wait):
    sent = [BEGIN - dt.timedelta(seconds=seconds) for seconds in ago]
    assert wait_of(rate, sent, BEGIN) == wait


def test_a_service_is_asked_no_more_often_than_it_wants(visited, partner, ours, time):
    visited("ISTAT")
    moments = []
    usual = partner.live
    partner.live = lambda seen: moments.append(time.now()) or usual(seen)
    ours.harvest()
    assert len(moments) == 2
    assert moments[1] - moments[0] >= dt.timedelta(seconds=15)


def test_workers_share_the_limits_of_an_hour(visited, partner, ours, time):
    visited("OECD", dialect="{profile: OECD, data_rate: {hour: 2}}")
    assert [ours.harvest().state for _ in range(3)] == [State.SUCCEEDED, State.UNCHANGED, State.QUEUED]
    assert len(partner.asked("/data/")) == 2
    time.pass_by(3600)
    assert [run.state for run in Worker(parts=ours.parts(), name="another").work_off()] == [State.UNCHANGED]


# Records


def test_every_deviation_of_a_profile_has_its_reason():
    silent = {
        (name, key) for name, profile in profiles().items() for key in deviations(profile) if key not in profile.remarks
    }
    assert silent == set()


def test_addresses_are_those_sdmx1_knows_unless_a_reason_is_given():
    ids = {"ESTAT", "ECB", "ILO", "OECD", "SPC", "ABS", "ISTAT", "INSEE", "BBK", "BIS", "WB_WDI", "INEGI", "NB", "UNSD"}
    for name in ids:
        profile = get_profile(name)
        assert profile.endpoint == known_to_sdmx1()[name]["url"].rstrip("/") or "endpoint" in profile.remarks
        assert set(profile.missing) or "structure" in known_to_sdmx1()[name]["supports"]


def test_a_mapping_refines_a_profile():
    refined = read_dialect({"profile": "OECD", "data_rate": {"hour": 5}, "key_all": "dots"})
    assert (refined.data_rate, refined.key_all) == (Rate(seconds=3, minute=20, hour=5), "dots")
    assert refined.structure_rate == get_profile("OECD").structure_rate
    assert read_dialect(None) is STANDARD


@pytest.mark.parametrize(
    ("body", "code", "style"),
    [
        (SDMX.format(100), "100", "sdmx"),
        (soap(150, "Unknown").body.decode(), "150", "soap"),
        ("<env:Fault><env:Code><env:Value>env:140</env:Value></env:Code></env:Fault>", "140", "soap"),
        ('{"errors": [{"code": 150, "title": "x"}]}', "150", "sdmx"),
        ('{"message": "no"}', "", "json"),
        (HTML.decode(), "", "html"),
        ("No results found.", "", "text"),
        ("", "", "none"),
    ],
)
def test_errors_are_told_apart(body, code, style):
    assert (error_code(body), error_style(body)) == (code, style)


@pytest.mark.parametrize(
    ("status", "body", "nothing", "is_nothing"),
    [
        (204, "", STANDARD.nothing, True),
        (404, SDMX.format(100), STANDARD.nothing, True),
        (404, SDMX.format(150), STANDARD.nothing, False),
        (404, "No results", STANDARD.nothing, False),
        (404, "No results", ("404",), True),
        (400, SDMX.format(100), STANDARD.nothing, True),
        (400, SDMX.format(100), ("204", "404"), False),
        (500, SDMX.format(100), STANDARD.nothing, False),
    ],
)
def test_nothing_is_said_as_the_dialect_says(status, body, nothing, is_nothing):
    answer = Answer(url="", status=status, headers={}, bytes=0, milliseconds=0, excerpt=body)
    assert says_no_results(answer, read_dialect({"nothing": list(nothing)})) is is_nothing
