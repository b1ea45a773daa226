"""What is called after a run has ended."""

import dataclasses

from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.run_rows import Slot, State
from tests.harvest.hubs import Hub
from tests.harvest.partner import Reply
from tests.harvest.virtual import VirtualTime


def test_whatever_is_registered_is_told_of_a_run_and_cannot_change_it(tmp_path, partner, caplog):
    time = VirtualTime()
    ours = Hub(tmp_path, time)
    partner.on("/", Reply(204))
    ours.add_source(f"{partner.url}/sdmx/v2")
    told = []

    def broken(parts, run):
        raise ZeroDivisionError

    def listener(parts, run):
        told.append((parts.runs.get(run.id).state, run.state))

    time.pass_by(60)
    ours.runs.queue(Slot(source="P", flow="DF", slot=time.at, host="p"), now=time.at)
    done = Worker(parts=dataclasses.replace(ours.parts(), after=(broken, listener))).work_off()
    ours.close()
    assert [run.state for run in done] == [State.UNCHANGED]
    assert told == [(State.UNCHANGED, State.UNCHANGED)]
    assert "broken" in caplog.text
