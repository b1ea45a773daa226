"""Alerts: told with the change of health, once however many look, signed, tried again, by mail server or as files."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.harvest.alerts import SIGNATURE, TIMESTAMP, AlertDeliverer, Watch, sign
from sdmx_hub.harvest.failures import read_failure
from sdmx_hub.harvest.health_facts import HealthReader
from sdmx_hub.store.alerts import Alerts
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.run_rows import Outcome, Slot, State, Verdict
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from tests.harvest.conftest import database, database_url, postgres_server
from tests.harvest.test_notify import listener

__all__ = ["database", "database_url", "listener", "postgres_server"]

BEGIN = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
DOCUMENT = {
    "id": "P",
    "title": {"en": "The partner", "fr": "Le partenaire"},
    "endpoint": "https://partner.example/sdmx/v2",
    "api": "v2",
    "schedule": {"every": "365 days"},
    "flows": [{"dataflow": "TEST:DF(1.0.0)"}],
}
FAILED = Verdict("harvest-failed", {"why": "x"})


@pytest.fixture
def made(database, tmp_path):
    """What watches and delivers, over the database of each kind; gives a function that makes it with settings."""
    observations = Observations(database, tmp_path / "observations")
    reader = HealthReader(database=database, registry=Registry(database), observations=observations)

    def make(alerts=None, **settings):
        text = json.dumps({**DOCUMENT, "alerts": alerts or {}})
        Sources(database).save("P", text, "0" * 64, origin="x", actor="test", now=BEGIN)
        chosen = Settings(allow_loopback=True, base_url="https://hub.example", **settings)
        deliverer = AlertDeliverer(alerts=Alerts(database), folder=tmp_path / "outbox", settings=chosen)
        return Watch(reader=reader, settings=chosen), deliverer

    yield make
    observations.close()


def end(database, state, hours, verdict=FAILED):
    """A run ends so many hours after the beginning."""
    at = BEGIN + dt.timedelta(hours=hours)
    Runs(database).queue(Slot(source="P", flow="DF", slot=at, host="h"), now=at)
    held = Runs(database).claim("test", now=at, lease=dt.timedelta(minutes=1))
    Runs(database).finish(held, Outcome(state=state, verdict=verdict), now=at)
    return at


def test_a_change_is_told_once_however_many_look(database, made):
    watch, _ = made(alerts_mail="ana@office.example, ben@office.example")
    assert watch.look(now=BEGIN) == 0
    at = end(database, State.FAILED, 1)
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: watch.look(now=at), range(8)))
    assert sum(counts) == 2
    assert len(Alerts(database).select()) == 2


def test_each_change_is_told_and_the_same_cause_once_a_day(database, made):
    watch, _ = made(alerts={"mail": ["ana@office.example"]})
    steps = [
        (State.UNCHANGED, 1, Verdict("harvest-unchanged"), 0),
        (State.FAILED, 2, FAILED, 1),
        (State.FAILED, 3, FAILED, 0),
        (State.UNCHANGED, 4, Verdict("harvest-unchanged"), 1),
        (State.FAILED, 5, FAILED, 0),
        (State.FAILED, 6, Verdict("harvest-stopped"), 1),
        (State.HELD, 7, Verdict("harvest-empty", {"held": 3}), 1),
        (State.SUCCEEDED, 8, Verdict("harvest-unchanged"), 0),
        (State.FAILED, 30, FAILED, 1),
    ]
    for state, hours, verdict, expected in steps:
        at = end(database, state, hours, verdict)
        assert (watch.look(now=at), watch.look(now=at)) == (expected, 0), (state, hours)
    causes = [one["cause"] for one in Alerts(database).select()][::-1]
    assert causes == [
        "failing:harvest-failed",
        "well",
        "failing:harvest-stopped",
        "held:harvest-empty",
        "failing:harvest-failed",
    ]


def test_an_alert_is_posted_signed_and_tried_again(database, made, listener, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    watch, deliverer = made(alerts_webhooks=f"{listener.url}hook", alerts_secret_file=str(secret))
    at = end(database, State.FAILED, 1)
    assert watch.look(now=at) == 1
    listener.statuses.append(503)
    assert deliverer.deliver_due(lambda: at) == (0, 1)
    assert "503" in Alerts(database).select()[0]["failure"]
    assert deliverer.deliver_due(lambda: at) == (0, 0)
    later = at + dt.timedelta(minutes=1)
    assert deliverer.deliver_due(lambda: later) == (1, 0)
    assert deliverer.deliver_due(lambda: later + dt.timedelta(days=1)) == (0, 0)
    assert [one["state"] for one in Alerts(database).select()] == ["sent"]
    (_, first), (headers, body) = listener.seen
    assert first == body
    assert headers[SIGNATURE] == sign("s3cret", headers[TIMESTAMP], body)
    told = json.loads(body)
    assert (told["source"], told["health"], told["before"], told["flow"]) == ("P", "failing", "never", "DF")
    assert told["url"] == "https://hub.example/harvest?source=P"
    assert told["subjects"]["fr"] == "Labour-migration data hub : Le partenaire – en échec"
    assert set(told["texts"]) == {"en", "fr", "es"}


def test_an_alert_is_written_as_an_email_in_three_languages(database, made, tmp_path):
    watch, deliverer = made(alerts_mail="ana@office.example", language="es")
    at = end(database, State.FAILED, 1)
    watch.look(now=at)
    assert deliverer.deliver_due(lambda: at) == (1, 0)
    (path,) = (tmp_path / "outbox").iterdir()
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "ana@office.example"
    assert mail["Subject"] == "Labour-migration data hub: The partner – con fallos"
    text = mail.get_content()
    assert "Le partenaire (DF) : en échec" in text
    assert "The partner (DF) is failing" in text


@contextmanager
def mail_server(answer=b"250 ok"):
    """A mail server on loopback that takes what it is given, or not; gives its port and what it took."""
    taken = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 test\r\n")
            for line in self.rfile:
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go\r\n")
                    taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"250 ok\r\n")
                elif word == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write((answer if word == b"RCPT" else b"250 ok") + b"\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1], taken
        server.shutdown()
        thread.join(10)


@pytest.mark.parametrize(("answer", "expected"), [(b"250 ok", (1, 0)), (b"550 nobody here", (0, 1))])
def test_an_alert_is_given_to_the_mail_server(database, made, tmp_path, answer, expected):
    with mail_server(answer) as (port, taken):
        watch, deliverer = made(
            alerts_mail="ana@office.example",
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
            smtp_from="hub@office.example",
        )
        at = end(database, State.FAILED, 1)
        watch.look(now=at)
        assert deliverer.deliver_due(lambda: at) == expected
    assert not (tmp_path / "outbox").exists()
    if expected == (1, 0):
        assert b"hub@office.example" in taken[0]
    else:
        failure = Alerts(database).select()[0]["failure"]
        said = [read_failure(failure, language) for language in ("en", "fr", "es")]
        assert [words[:11] for words in said] == ["The mail se", "Le serveur ", "El servidor"]
        assert all("550" in words for words in said)
        assert read_failure("OSError: an older line", "fr") == "OSError: an older line"


def test_what_is_switched_off_is_no_trouble(database, made):
    watch, _ = made(alerts_mail="ana@office.example")
    at = end(database, State.FAILED, 1)
    Alerts(database).switch("P", on=False, actor="ana", now=at)
    assert watch.look(now=at) == 0
    Alerts(database).switch("P", on=True, actor="ana", now=at)
    assert watch.look(now=at) == 1
