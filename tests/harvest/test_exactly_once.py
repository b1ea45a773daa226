"""Three days of schedulers and workers that die at any moment, with clocks that jump: each slot once, to its end."""

import datetime as dt
from collections import Counter
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from sdmx_hub.config import Settings
from sdmx_hub.errors import TryAgain
from sdmx_hub.harvest.asking import Postponed
from sdmx_hub.harvest.loading import LOGS, actor_of, origin_of
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.harvest.schedule import ON_TIME, asked_slot, next_due, queue_due
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.harvest.worker import Worker
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.blobs import Stored
from sdmx_hub.store.changes import Counts
from sdmx_hub.store.fence import pass_fence
from sdmx_hub.store.lease import take_lease
from sdmx_hub.store.manifest import INTERNAL, find_newest
from sdmx_hub.store.releases import Lineage, publish
from sdmx_hub.store.run_rows import OPEN, Outcome, State, Trigger, Verdict
from sdmx_hub.store.runs import Runs
from sdmx_hub.store.sources import Sources
from sdmx_hub.store.staging import Staged, View
from sdmx_hub.store.tables import LINEAGE
from tests.harvest.test_schedule import add_source
from tests.harvest.world import Actor, World

# On 4 November 2018 New York set its clocks back, and Fiji and São Paulo, there at midnight, theirs forward.
BEGIN = dt.datetime(2018, 11, 3, 0, 7, tzinfo=dt.UTC)
HOURS = 72
LEASE = dt.timedelta(minutes=5)
STEPS = ((14, 2), (22, 0), (40, -2), (49, 0))
OUTAGE = (30, 35)
SCHEDULES = {
    "A": "every: 45 minutes",
    "B": "every: 1 hour, jitter_seconds: 900",
    "C": "every: 90 minutes, catch_up: all",
    "D": "every: 2 hours, catch_up: none",
    "E": "every: 3 hours",
    "F": "every: 4 hours, catch_up: all, jitter_seconds: 60",
    "G": "every: 6 hours",
    "H": "every: 8 hours, catch_up: none",
    "I": "every: 12 hours",
    "J": "every: 1 day",
    "K": "cron: 30 2 * * *, zone: America/New_York",
    "L": "cron: 30 1 * * *, zone: America/New_York",
    "M": "cron: 0 */4 * * *, zone: America/New_York, catch_up: all",
    "N": "cron: 15 0 * * *, zone: America/Sao_Paulo",
    "O": "cron: 0 0 4 11 *, zone: America/Sao_Paulo",
    "P": "cron: 30 2 * * *, zone: Pacific/Fiji",
    "Q": "cron: 59 23 * * *, zone: Pacific/Fiji, catch_up: all",
    "R": "cron: 0 6 * * mon-fri, zone: Europe/Paris",
    "S": "cron: 0 6 * * *, zone: Africa/Dakar, catch_up: none",
    "T": "cron: 0 3 5 * *, zone: Australia/Lord_Howe, jitter_seconds: 600",
}


class Office:
    """What one world did: every claim and publication, as they happened."""

    def __init__(self, world: World, tmp_path) -> None:
        self.world, self.path = world, tmp_path
        self.claims: list[tuple[int, int]] = []
        self.published: list[tuple[int, int]] = []
        self.refused = 0
        self.ended: list[int] = []

    def parts(self, database, clock) -> Parts:
        return Parts(
            database=database,
            registry=None,
            observations=None,
            raw=raw_store_in(self.path / "raw"),
            settings=Settings(),
            clock=clock,
            lease=LEASE,
            after=(lambda _, run: self.ended.append(run.id),),
        )

    def schedule(self, actor: Actor) -> None:
        """What ``Scheduler`` does, with naps as long as the timetable allows."""
        sources, runs = Sources(actor.database), Runs(actor.database)
        while True:
            now = self.world.now()
            queue_due(sources, runs, now=now)
            due = next_due(sources, now=now)
            actor.sleep(min((due - now).total_seconds(), 1800.0) + self.world.random.uniform(0, 8))

    def work(self, actor: Actor) -> None:
        """What ``Standing`` does; the visit is short of a partner and of files, the rest is the real thing."""
        parts = self.parts(actor.database, actor.clock)
        worker = Worker(parts=parts, name=actor.name, visit=lambda *given: self.visit(actor, *given))
        while True:
            worker.work_off(most=1)
            actor.sleep(self.world.random.uniform(60, 1100))

    def ask(self, actor: Actor) -> None:
        """What somebody does who wants a visit now, often at the very moment a slot is due."""
        while True:
            actor.sleep(3600.0 * self.world.random.randint(1, 8) - self.world.elapsed % 60)
            stored = self.world.random.choice(Sources(actor.database).select())
            source = parse_stored(stored.document, stored.sha256)
            slot = asked_slot(source, source.flows[0], self.world.now())
            run = Runs(actor.database).queue(slot, now=self.world.now())
            worker = Worker(
                parts=self.parts(actor.database, actor.clock),
                name=actor.name,
                visit=lambda *given: self.visit(actor, *given),
            )
            try:
                worker.work_on(run.id)
            except TryAgain:
                self.refused += 1

    def visit(self, actor, parts, source, flow, hold) -> Outcome:
        """Take some time, lose oneself for longer than the lease now and then, and publish as every load does."""
        run, chance = hold.run, self.world.random
        self.claims.append((run.id, run.token))
        actor.sleep(chance.uniform(5, 90))
        hold.confirm()
        if chance.random() < 0.1:
            return Outcome(state=State.UNCHANGED, verdict=Verdict("harvest-unchanged"))
        if run.token > 1:
            parts.runs.free_leases(actor_of(source), str(flow.dataflow), now=parts.clock.now())
        try:
            staged = self.stage(actor, parts, source, flow)
            actor.sleep(LEASE.total_seconds() * 3 if chance.random() < 0.05 else chance.uniform(1, 40))
            release = publish(
                parts.database,
                [staged],
                Lineage(source=origin_of(run)),
                actor=actor_of(source),
                now=parts.clock.now(),
                fence=lambda connection, number: pass_fence(connection, run, number, {LOGS: []}),
            )
        except TryAgain as error:
            raise Postponed(parts.clock.now() + dt.timedelta(seconds=30)) from error
        self.published.append((run.id, run.token))
        actor.sleep(chance.uniform(1, 10))
        return Outcome(state=State.SUCCEEDED, verdict=Verdict("harvest-succeeded"), release_id=release.id)

    def stage(self, actor, parts, source, flow) -> Staged:
        """Stage one observation more, but for the files."""
        lease = take_lease(
            parts.database,
            f"dataflow {flow.dataflow}",
            holder=f"{actor_of(source)} {actor.name}",
            now=parts.clock.now(),
            lasts=dt.timedelta(minutes=30),
        )
        with parts.database.reading() as connection:
            before = find_newest(connection, flow.dataflow, INTERNAL)
        file = Stored(sha256=f"{self.world.random.getrandbits(256):064x}", bytes=1)
        view = View(
            before=before,
            log=file,
            log_rows=1,
            counts=Counts(added=1),
            segment=file,
            segment_rows=1,
            is_base=True,
            rows=1,
        )
        structure = SimpleNamespace(ref=Ref("T", "S", "1.0"))
        return Staged(
            dataflow=flow.dataflow, structure=structure, action=Action.APPEND, views={INTERNAL: view}, lease=lease
        )


def live(tmp_path, database, seed: int) -> tuple[World, Office]:
    """Three days with deaths, five hours in which everybody is away, and one quiet day to end what was begun."""
    for name, schedule in SCHEDULES.items():
        add_source(tmp_path, database, name, schedule=schedule, flows=(f"FLOW_{name}",), now=BEGIN)
    world = World(BEGIN, seed, database, STEPS, mortality=0.008)
    office = Office(world, tmp_path)

    def begin():
        for kind, body, count in (
            ("scheduler", office.schedule, 2),
            ("worker", office.work, 3),
            ("person", office.ask, 1),
        ):
            for number in range(count):
                world.add(kind, body, after=3.0 * number)

    begin()
    world.live(OUTAGE[0] * 3600)
    world.end()
    world.live((OUTAGE[1] - OUTAGE[0]) * 3600)
    begin()
    world.live((HOURS - OUTAGE[1]) * 3600)
    world.end()
    world.mortality = 0.0
    world.add("worker", office.work)
    world.live(6 * 3600)
    world.end()
    return world, office


@pytest.fixture
def quick(database):
    """The database, which need not outlive a power cut here."""
    if database.is_sqlite:
        database.engine.dispose()
        sa.event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF").close())
    return database


@pytest.mark.parametrize("seed", [20181104])
def test_each_slot_is_carried_out_once_whoever_dies(tmp_path, quick, seed):
    world, office = live(tmp_path, quick, seed)
    runs = Runs(quick).select(limit=10_000)
    due = [run for run in runs if run.trigger is Trigger.SCHEDULE]
    _check_slots(quick, due)
    assert {run.state for run in runs} <= {State.SUCCEEDED, State.UNCHANGED, State.SUPERSEDED, State.FAILED}
    assert not [run for run in runs if run.state in OPEN]
    assert {run.outcome.verdict.key for run in runs if run.state is State.FAILED} <= {"harvest-worker-died"}
    _check_releases(quick, runs)
    _check_fence(office)
    _check_catch_up(quick, due)
    assert len(world.deaths) > 30
    assert {death.partition(" ")[0] for death in world.deaths} >= {"scheduler", "worker"}
    assert len({death for death in world.deaths if death.startswith("worker")}) == 3
    assert office.refused < len(runs)


def _check_slots(database, due) -> None:
    """Every slot of every timetable is there, once, and nothing else."""
    found = Counter((run.source, run.flow, run.slot) for run in due)
    assert max(found.values()) == 1
    last = max(run.queued_at for run in due)
    expected = set()
    for stored in Sources(database).select():
        source = parse_stored(stored.document, stored.sha256)
        expected |= {(source.id, flow.id, at) for flow in source.flows for at in source.schedule.between(BEGIN, last)}
    assert set(found) == expected


def _check_releases(database, runs) -> None:
    """A run that succeeded has one release, any other none."""
    query = sa.select(LINEAGE.c.source, LINEAGE.c.release_id)
    with database.reading() as connection:
        made = [(row.source, row.release_id) for row in connection.execute(query)]
    assert max(Counter(origin for origin, _ in made).values()) == 1
    succeeded = {(origin_of(run), run.outcome.release_id) for run in runs if run.state is State.SUCCEEDED}
    assert set(made) == succeeded
    assert len(succeeded) > 150


def _check_fence(office) -> None:
    """Tokens grow, none was given twice, and only the newest holder of a run ever published."""
    newest: dict[int, int] = {}
    for run_id, token in office.claims:
        assert token > newest.get(run_id, 0)
        newest[run_id] = token
    assert max(Counter(run_id for run_id, _ in office.published).values()) == 1
    assert max(Counter(office.ended).values()) == 1
    assert max(newest.values()) > 1


def _check_catch_up(database, due) -> None:
    """What was missed is run as the source wants it; a daily slot is one a day on the days of 25 and 23 hours too."""
    rules = {}
    for stored in Sources(database).select():
        source = parse_stored(stored.document, stored.sha256)
        rules[source.id] = source
    for run in due:
        rule = rules[run.source].catch_up
        assert rule != "all" or run.state is not State.SUPERSEDED
        assert rule != "none" or run.state is State.SUPERSEDED or run.queued_at - run.slot <= ON_TIME
    for name in "KLNP":
        zone = rules[name].schedule.zone
        days = [run.slot.astimezone(zone).date() for run in due if run.source == name]
        assert len(days) == len(set(days)) >= 3
    assert [run.slot.isoformat() for run in due if run.source == "O"] == ["2018-11-04T03:00:00+00:00"]
    assert any(run.state is State.SUPERSEDED for run in due if rules[run.source].catch_up == "none")
