"""A hub that publishes tells a hub that subscribed, and that one visits at once: both then hold the same."""

import dataclasses
import datetime as dt
from urllib.parse import urlsplit

from sdmx_hub.harvest.notices import concerned
from sdmx_hub.harvest.notify import Deliverer
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.subscription import DataEvents, Subscription
from sdmx_hub.store.outbox import Outbox
from sdmx_hub.store.subscriptions import Subscriptions
from tests.harvest.hubs import observation, told
from tests.harvest.test_visit import ROWS, ours, theirs, time

__all__ = ["ours", "theirs", "time"]
TOKEN = "-".join(["token", "of", "the", "partner"])
ORGANISATION = "urn:sdmx:org.sdmx.infomodel.base.Agency=SDMX:AGENCIES(1.0).OURS"


def test_a_release_of_one_hub_is_in_the_other_as_soon_as_it_was_told(ours, theirs, time, monkeypatch, tmp_path):
    monkeypatch.setenv("PARTNER_NOTICES", TOKEN)
    with theirs.serving() as partner, ours.serving() as own:
        ours.add_source(f"{partner}/sdmx/v2", mechanism="subscription", notices="{environment: PARTNER_NOTICES}")
        assert told(ours.harvest()) == ("succeeded", 10, 0, 0, 0)
        Subscriptions(theirs.database).add(
            Subscription(
                organisation=ORGANISATION,
                http=(f"{own}/api/notify/P?token={TOKEN}",),
                valid_from=time.now().date(),
                valid_to=time.now().date() + dt.timedelta(days=30),
                data=DataEvents(),
            ),
            actor="test",
            now=time.now(),
        )
        theirs.publish([*ROWS, observation("SEN", "2025", "31")])
        time.pass_by(60)
        settings = dataclasses.replace(theirs.settings, notify_hosts=urlsplit(own).netloc)
        deliverer = Deliverer(outbox=Outbox(theirs.database), folder=tmp_path, settings=settings)
        assert deliverer.deliver_due(time.now) == (1, 0)
        run = Worker(parts=ours.parts()).work_off()[0]
    assert (run.trigger.value, told(run)) == ("notice", ("succeeded", 1, 0, 0, 0))
    assert ours.held() == theirs.held()


def test_a_notice_is_about_the_flows_it_names_else_about_all(ours):
    flow = "  - dataflow: TEST:DF(1.0.0)\n    id: OTHER\n    partner: TEST:DF_OTHER(1.0.0)\n"
    ours.add_source("http://partner.example/sdmx/v2", flow=flow)
    stored = ours.parts().sources.get("P")
    source = parse_stored(stored.document, stored.sha256)
    named = b"<ObjectURN>urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF_OTHER(1.0.0)</ObjectURN>"
    assert [one.id for one in concerned(source, named)] == ["OTHER"]
    assert [one.id for one in concerned(source, b"")] == ["DF", "OTHER"]
    assert [one.id for one in concerned(source, b"Dataflow=NOT:OURS(1.0)")] == ["DF", "OTHER"]
