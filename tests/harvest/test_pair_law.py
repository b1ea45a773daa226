"""Whatever one hub publishes, revises, deletes or takes back, the hub that harvests it by delta tells the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmx_hub.harvest.schedule import queue_due
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.store.run_rows import State
from tests.harvest.hubs import FLOW, Hub, observation
from tests.harvest.virtual import VirtualTime

AREAS, PERIODS = ("SEN", "MLI", "GHA"), ("2020", "2021")
CELLS = [(area, period, sex) for area in AREAS for period in PERIODS for sex in ("F", "M")]
STATES = st.dictionaries(
    st.sampled_from(CELLS),
    st.tuples(st.sampled_from(["1", "1.10", "-3", "1e6"]), st.sampled_from("AEV"), st.sampled_from([None, "à, “b”"])),
    min_size=1,
    max_size=8,
)
STEPS = st.lists(st.one_of(STATES, st.sampled_from(["roll back", "nothing"])), min_size=2, max_size=4)


def rows_of(state):
    return [
        observation(area, period, value, sex=sex, status=status, COMMENT=comment)
        for (area, period, sex), (value, status, comment) in state.items()
    ]


def roll_back(hub: Hub) -> None:
    """Publish the state before the last release again, if there is one."""
    releases = hub.observations.releases(FLOW)
    hub.time.pass_by(1)
    if len(releases) > 1:
        hub.observations.rollback(releases[1].id, FLOW, hub.structure, actor="test", now=hub.time.now(), reason="test")
    hub.time.pass_by(1)


def visit(hub: Hub):
    """The next slot is due and worked off, as scheduler and worker do it."""
    hub.time.pass_by(3600)
    parts = hub.parts()
    queue_due(parts.sources, parts.runs, now=hub.time.now())
    return Worker(parts=parts).work_off()


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    counter = iter(range(1000))
    return lambda: tmp_path_factory.mktemp(f"pair{next(counter)}")


@settings(max_examples=3, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_after_each_visit_both_tell_the_same(homes, steps):
    time, home = VirtualTime(), homes()
    theirs, ours = Hub(home / "theirs", time), Hub(home / "ours", time)
    try:
        theirs.publish(rows_of({CELLS[0]: ("7", "A", None), CELLS[5]: ("8", "E", "x")}))
        with theirs.serving() as url:
            ours.add_source(f"{url}/sdmx/v2", limits="{most_deleted_percent: 100}", guards=f"{{off: [{OFF}]}}")
            assert [run.state for run in visit(ours)] == [State.SUCCEEDED]
            for step in steps:
                if step == "roll back":
                    roll_back(theirs)
                elif step != "nothing":
                    theirs.publish(rows_of(step))
                (run,) = visit(ours)
                assert run.state in {State.SUCCEEDED, State.UNCHANGED}, (step, run.outcome)
                assert ours.held() == theirs.held(), step
                assert not run.full
                changes = [(run.outcome.added, run.outcome.revised, run.outcome.deleted)]
                assert step != "nothing" or changes == [(0, 0, 0)]
    finally:
        theirs.close()
        ours.close()


OFF = "HOLD-LABEL, HOLD-JUMP, HOLD-UNIT, HOLD-OLDER, HOLD-UPDATED, HOLD-MODIFIED, HOLD-DELETED, HOLD-REVISED"
"""Guards that would hold a random change for a person, as they should."""
