"""A few tries with growing waits; the partner's wishes; the stop that a person asked for."""

import datetime as dt
import email.utils

import pytest

from sdmx_hub.errors import Malformed, NotAllowed, PartnerUnavailable
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.asking import Asker, Postponed
from sdmx_hub.harvest.fetch import Visitor
from sdmx_hub.harvest.guard import Policy, parse_place
from sdmx_hub.harvest.lease import Hold, Stopped
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.store.run_rows import Slot
from sdmx_hub.store.runs import LeaseLost, Runs
from tests.harvest.partner import Reply
from tests.harvest.virtual import BEGIN, VirtualTime

OK = Reply(body=b"fine")
BUSY = Reply(503, headers={"Retry-After": "2"})


@pytest.fixture
def time():
    return VirtualTime()


@pytest.fixture
def runs(database):
    return Runs(database)


@pytest.fixture
def asker(tmp_path, partner, time, runs):
    runs.queue(Slot(source="S", flow="F", slot=BEGIN, host="h"), now=BEGIN)
    run = runs.claim("one", now=BEGIN, lease=dt.timedelta(hours=9))
    home = parse_place(partner.url)
    visitor = Visitor(
        policy=Policy(hosts=frozenset({(home.host, home.port)}), allow_local=True),
        limits=Limits(seconds=1, idle_seconds=0.2),
        raw=raw_store_in(tmp_path / "raw"),
        home=home,
    )
    hold = Hold(runs, run, time.clock, lease=dt.timedelta(hours=9))
    return Asker(visitor=visitor, runs=runs, hold=hold, clock=time.clock, tries=3)


def test_a_busy_partner_is_asked_again_after_the_wait_it_asked_for(partner, time, runs, asker):
    partner.on("/", BUSY, BUSY, OK)
    answer = asker.ask("data", f"{partner.url}/data", {})
    assert answer.status == 200
    assert time.waited == 2 + 4
    entry = runs.requests(asker.hold.run.id)[0]
    assert (entry.tries, entry.status, entry.purpose, entry.bytes) == (3, 200, "data", 4)
    assert entry.milliseconds >= 6000
    assert entry.raw_sha256 == answer.kept.sha256


def test_after_the_last_try_the_answer_stands(partner, time, runs, asker):
    partner.on("/", Reply(502, b"no"))
    assert asker.ask("data", partner.url, {}).status == 502
    assert len(partner.seen) == 3
    assert time.waited == 2 + 4
    assert runs.requests(asker.hold.run.id)[0].tries == 3


@pytest.mark.parametrize("status", [304, 400, 401, 403, 404, 406, 413, 422, 501, 505])
def test_what_does_not_pass_by_itself_is_not_tried_again(partner, time, asker, status):
    partner.on("/", Reply(status))
    assert asker.ask("data", partner.url, {}).status == status
    assert len(partner.seen) == 1
    assert time.waits == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(partner, asker, status):
    partner.on("/", Reply(status), OK)
    assert asker.ask("data", partner.url, {}).status == 200


def test_a_partner_that_does_not_answer_is_asked_three_times(partner, time, runs, asker):
    partner.on("/", Reply(raw=b""))
    with pytest.raises(PartnerUnavailable):
        asker.ask("data", partner.url, {})
    assert len(partner.seen) == 3
    entry = runs.requests(asker.hold.run.id)[0]
    assert (entry.tries, entry.status, entry.failure) == (3, None, "fetch-broken")


def test_a_bad_body_is_not_asked_for_again(partner, asker):
    partner.on("/", Reply(body=b"this is no gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Malformed):
        asker.ask("data", partner.url, {})
    assert len(partner.seen) == 1


def test_a_redirect_elsewhere_is_not_asked_for_again(partner, asker):
    partner.on("/", Reply(302, headers={"Location": "http://127.0.0.1:1/"}))
    with pytest.raises(NotAllowed):
        asker.ask("data", partner.url, {})
    assert len(partner.seen) == 1


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [("600", 600), ("999999999999", 3600), (email.utils.format_datetime(BEGIN + dt.timedelta(minutes=5)), 300)],
)
def test_a_long_wait_puts_the_run_back(partner, time, asker, wish, seconds):
    partner.on("/", Reply(429, headers={"Retry-After": wish}))
    with pytest.raises(Postponed) as raised:
        asker.ask("data", partner.url, {})
    assert raised.value.until == BEGIN + dt.timedelta(seconds=seconds)
    assert time.waits == []


@pytest.mark.parametrize("wish", ["soon", "-5", "", "1e9", "Mon, 99 Foo 2026", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_wish_that_makes_no_sense_is_left_aside(partner, time, asker, wish):
    partner.on("/", Reply(503, headers={"Retry-After": wish}), OK)
    assert asker.ask("data", partner.url, {}).status == 200
    assert time.waited == 2


def test_a_person_can_stop_a_run_that_waits(partner, time, runs, asker):
    partner.on("/", BUSY)
    runs.stop(asker.hold.run.id, now=BEGIN)
    with pytest.raises(Stopped):
        asker.ask("data", partner.url, {})
    assert len(partner.seen) == 1


def test_a_run_that_was_taken_over_asks_no_more(partner, time, runs, asker):
    partner.on("/", BUSY)
    runs.claim("two", now=BEGIN + dt.timedelta(hours=10), lease=dt.timedelta(hours=9))
    with pytest.raises(LeaseLost):
        asker.ask("data", partner.url, {})
    assert len(partner.seen) == 1
