"""Received bytes in an object store: kept and replayed from there; while it is away, runs wait."""

import dataclasses

import pytest

from sdmx_hub.config import Settings
from sdmx_hub.harvest.raw import RawStore
from sdmx_hub.harvest.replay import replay_run
from sdmx_hub.harvest.worker import AWAY, Worker
from sdmx_hub.store.blobs import RAW
from sdmx_hub.store.run_rows import Slot, State, Trigger
from sdmx_hub.store.storage import open_remote
from tests.harvest.test_visit import DATA, STRUCTURE, data, ours, structure, theirs, time
from tests.store.conftest import bucket_server
from tests.support.buckets import ENVIRONMENT

__all__ = ["bucket_server", "data", "ours", "structure", "theirs", "time"]


@pytest.fixture
def queued(partner, ours, data, structure):
    partner.on(DATA, data)
    partner.on(STRUCTURE, structure)
    ours.add_source(f"{partner.url}/sdmx/v2", mechanism="pull")
    slot = Slot(source="P", flow="DF", slot=ours.time.now(), host="p", trigger=Trigger.MANUAL)
    return ours.runs.queue(slot, now=ours.time.now())


def worker(ours, settings: Settings) -> Worker:
    blobs = open_remote(ours.home, settings, settings.storage_url, ENVIRONMENT)
    return Worker(parts=dataclasses.replace(ours.parts(), raw=RawStore(blobs)))


def test_what_a_partner_sends_is_kept_in_the_bucket_and_replayed_from_there(ours, queued, bucket_server):
    settings = bucket_server.new_settings()
    first = worker(ours, settings)
    run = first.work_on(queued.id)
    assert run.state is State.SUCCEEDED
    kept = {one.raw_sha256 for one in ours.runs.requests(run.id) if one.raw_sha256}
    blobs = first.parts.raw._blobs
    assert {blob.name.rpartition("/")[2] for blob in blobs.names(RAW)} == kept
    blobs.close()
    elsewhere = dataclasses.replace(settings, cache_directory=str(ours.home / "elsewhere"))
    second = worker(ours, elsewhere)
    assert replay_run(second.parts, run.id).is_equal
    second.parts.raw._blobs.close()


def test_a_run_waits_for_an_object_store_that_is_away(ours, queued, bucket_server):
    nowhere = Settings(storage_url="s3://hub", storage_endpoint="http://127.0.0.1:9")
    away = worker(ours, nowhere)
    assert [one.state for one in away.work_off()] == [State.QUEUED]
    run = ours.runs.get(queued.id)
    assert (run.state, run.outcome.verdict.key) == (State.QUEUED, "storage-away")
    assert run.not_before == ours.time.now() + AWAY
    away.parts.raw._blobs.close()
    ours.time.pass_by(60)
    back = worker(ours, bucket_server.new_settings())
    assert [one.state for one in back.work_off()] == [State.SUCCEEDED]
    back.parts.raw._blobs.close()
