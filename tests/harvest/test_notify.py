"""Deliveries: through the guard or not at all, tried again after a failure, and as files a mail system can send."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import ipaddress
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lxml import etree

from sdmx_hub.config import Settings
from sdmx_hub.harvest.failures import read_failure
from sdmx_hub.harvest.notify import Deliverer
from sdmx_hub.model.message import Action
from sdmx_hub.model.subscription import Event, StructureEvents, Subscription
from sdmx_hub.store.database import Database
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.subscriptions import Subscriptions
from tests.formats.judges import assert_valid_xml, message_schema
from tests.support.homes import make_database

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ORGANISATION = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OFFICE"
URN = "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=TEST:CL(1.0.0)"


@dataclass
class Listener:
    """Who is notified: what it answers next, and what it was sent."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def listener() -> Iterator[Listener]:
    told = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.seen.append((dict(self.headers), body))
            status = told.statuses.pop(0) if told.statuses else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{told.url}elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/"
    yield told
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make_database(tmp_path / "control.db")
    yield made
    made.close()


def subscribe(database: Database, *, http: tuple[str, ...] = (), mail_to: tuple[str, ...] = ()) -> Subscription:
    asked = Subscription(
        organisation=ORGANISATION,
        http=http,
        mail_to=mail_to,
        valid_from=NOW.date(),
        valid_to=NOW.date() + dt.timedelta(days=9),
        structures=StructureEvents(),
    )
    added = Subscriptions(database).add(asked, actor="ana", now=NOW)
    Outbox(database).put(added, Event(at=NOW, action=Action.REPLACE, urn=URN), now=NOW)
    return added


def deliverer(
    database: Database, tmp_path: Path, listener: Listener, *, local: bool = True, **settings: str
) -> Deliverer:
    allowed = {"notify_hosts": listener.url.removeprefix("http://").strip("/"), **settings}
    made = Settings(allow_loopback=local, **allowed)  # type: ignore[arg-type] # texts all
    return Deliverer(outbox=Outbox(database), folder=tmp_path / "outbox", settings=made)


def test_a_notification_is_posted_as_the_standard_writes_it(
    database: Database, tmp_path: Path, listener: Listener
) -> None:
    added = subscribe(database, http=(f"{listener.url}events",))
    assert deliverer(database, tmp_path, listener).deliver_due(lambda: NOW) == (1, 0)
    ((headers, body),) = listener.seen
    assert headers["Content-Type"] == "application/vnd.sdmx.registry+xml;version=3.1.0"
    assert_valid_xml(body, message_schema("v3_1"))
    assert etree.fromstring(body).find(".//{*}ObjectURN").text == URN
    assert Outbox(database).counts([added.id])[added.id] == {"sent": 1}
    assert deliverer(database, tmp_path, listener).deliver_due(lambda: NOW + dt.timedelta(days=1)) == (0, 0)
    assert len(listener.seen) == 1


@pytest.mark.parametrize("status", [400, 404, 500, 503, 302])
def test_what_was_not_taken_is_tried_again_later(
    database: Database, tmp_path: Path, listener: Listener, status: int
) -> None:
    added = subscribe(database, http=(listener.url,))
    listener.statuses.append(status)
    made = deliverer(database, tmp_path, listener)
    assert made.deliver_due(lambda: NOW) == (0, 1)
    assert f"HTTP {status}" in read_failure(made.outbox.last_failure(added.id), "en")
    assert made.deliver_due(lambda: NOW) == (0, 0)
    assert made.deliver_due(lambda: NOW + dt.timedelta(minutes=1)) == (1, 0)
    assert len(listener.seen) == 2, "redirects are not followed"
    assert read_failure(made.outbox.last_failure(added.id), "en") == ""


@pytest.mark.parametrize(
    ("local", "settings", "why"),
    [
        (False, {}, "127.0.0.1"),
        (True, {"notify_hosts": ""}, "127.0.0.1"),
        (True, {"notify_hosts": "other.example"}, "127.0.0.1"),
    ],
)
def test_nobody_is_reached_whom_the_operator_does_not_allow(
    database: Database, tmp_path: Path, listener: Listener, *, local: bool, settings: dict[str, str], why: str
) -> None:
    added = subscribe(database, http=(listener.url,))
    made = deliverer(database, tmp_path, listener, local=local, **settings)
    assert made.deliver_due(lambda: NOW) == (0, 1)
    assert why in read_failure(made.outbox.last_failure(added.id), "en")
    assert listener.seen == []


def test_a_name_that_leads_to_this_machine_is_not_dialled(
    database: Database, tmp_path: Path, listener: Listener
) -> None:
    subscribe(database, http=("https://office.example/",))
    made = deliverer(database, tmp_path, listener, local=False, notify_hosts="office.example")
    lying = Deliverer(
        outbox=made.outbox,
        folder=made.folder,
        settings=made.settings,
        resolve=lambda _host, _port: [ipaddress.ip_address("127.0.0.1")],
    )
    assert lying.deliver_due(lambda: NOW) == (0, 1)


def test_who_is_not_there_costs_one_try_and_others_are_told(
    database: Database, tmp_path: Path, listener: Listener
) -> None:
    nobody = "http://127.0.0.1:9/"
    subscribe(database, http=(nobody, listener.url))
    made = deliverer(database, tmp_path, listener, notify_hosts=f"127.0.0.1:9,{listener.url[7:-1]}")
    assert made.deliver_due(lambda: NOW) == (1, 1)
    assert len(listener.seen) == 1


def test_an_e_mail_is_a_file_a_mail_system_can_send(database: Database, tmp_path: Path, listener: Listener) -> None:
    subscribe(database, mail_to=("data@office.example",))
    made = deliverer(database, tmp_path, listener, hub_name="Hub “of” offices", base_url="https://hub.example/x")
    assert made.deliver_due(lambda: NOW) == (1, 0)
    (path,) = (tmp_path / "outbox").iterdir()
    assert path.suffix == ".eml"
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "data@office.example"
    assert mail["From"] == "Hub “of” offices <no-reply@hub.example>"
    assert URN in mail["Subject"]
    assert mail["Date"].datetime == NOW
    assert mail["Message-ID"].endswith("@hub.example>")
    body = mail.get_body().get_content()  # type: ignore[union-attr] # there is one
    assert "tells you" in body
    assert "vous annonce" in body
    assert "le comunica" in body
    (attached,) = mail.iter_attachments()  # type: ignore[attr-defined] # an EmailMessage
    assert attached.get_content_type() == "application/vnd.sdmx.registry+xml"
    assert_valid_xml(attached.get_content(), message_schema("v3_1"))


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(
    database: Database, tmp_path: Path, listener: Listener
) -> None:
    added = subscribe(database, mail_to=("data@office.example",))
    made = deliverer(database, tmp_path, listener)
    made.folder.write_text("in the way", encoding="utf-8")
    assert made.deliver_due(lambda: NOW) == (0, 1)
    assert "File" in read_failure(made.outbox.last_failure(added.id), "en")
    made.folder.unlink()
    assert made.deliver_due(lambda: NOW + dt.timedelta(minutes=1)) == (1, 0)
