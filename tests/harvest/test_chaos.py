"""Partners in trouble: each fault alone, and seeded sequences of faults, changes and crashes in virtual time.

The law: whatever comes, our hub holds what it held or what the partner holds, never something between; what calls
itself a success is one; and when the faults stop, two slots later the hub equals the partner and nothing is left
running. Only ``lies``, which no receiver can tell from the truth, may pass for a success; the next full comparison ends
them, or, where it looks like the lie itself (all values a thousandth of what is held), holds the truth for a person.

To stay within seconds, every tenth failure is followed by the two slots of recovery (every run that was good or put off
is, always), and six of the 300 sequences are run. ``CHAOS=all`` runs all: each fault with its recovery, each sequence.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from sdmx_hub.model.finding import has_errors
from sdmx_hub.store.run_rows import Run, State
from tests.harvest.chaos import Asked, World, is_good, run_world
from tests.harvest.faults import FAULTS, docs_table
from tests.harvest.hubs import Row, observation

ALL = os.environ.get("CHAOS") == "all"
SEQUENCES = range(300) if ALL else (0, 1, 2, 30, 61, 92)
MECHANISMS = ("pull", "conditional", "delta")
STEPS = ("harvest-step-data", "harvest-step-structures", "harvest-step-load")
AREAS = ("SEN", "MLI", "GHA", "TUN")
DOCS = Path(__file__).parents[2] / "docs" / "harvest.md"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with run_world(tmp_path_factory.mktemp("chaos")) as running:
        yield running


def prepare(world: World, mechanism: str) -> None:
    """Bring our hub to a good state, by this mechanism, and let the partner move on."""
    described = world.used
    world.use(mechanism)
    runs = world.ours.runs
    if not world.ours.held() or (mechanism != "pull" and (world.used != described or runs.good_since_full("P", "DF"))):
        assert is_good(world.ours.harvest(full=True))
    if world.ours.held() == world.truth:
        world.change()


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_ends_the_run_as_it_should_and_passes(world, fault):
    prepare(world, fault.mechanism)
    before, truth = world.ours.held(), world.truth
    run = visit(world, fault)
    assert world.spoilt
    assert (run.state in fault.states, run.outcome.verdict.key in fault.verdicts) == (True, True), run.outcome
    assert all(run.outcome.verdict.text(language) for language in ("en", "fr", "es"))
    assert str(world.ours.home) not in f"{run.outcome}"  # what is told to others has no path of ours
    if is_good(run):
        assert fault.lies or world.ours.held() == truth
    else:
        assert run.outcome.release_id is None
        assert world.ours.held() == before
    if ALL or run.state not in {State.FAILED, State.HELD} or FAULTS.index(fault) % 10 == 0 or fault is FAULTS[-1]:
        assert world.settle()


def visit(world: World, fault) -> Run:
    world.fault, world.spoilt = fault, 0
    try:
        return world.ours.harvest()
    finally:
        world.fault = None


def test_there_are_enough_faults_and_each_has_a_name():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 60


def test_the_table_of_the_docs_is_that_of_the_faults():
    assert docs_table() in DOCS.read_text(encoding="utf-8")


def next_rows(chance: random.Random, rows: list[Row]) -> list[Row]:
    """Revise, add and delete a few; never so many that a person would have to look."""
    fixed, moving = rows[:12], rows[12:]
    fixed = [{**row, "OBS_VALUE": f"{chance.randint(1, 9999) / 10}"} if chance.random() < 0.2 else row for row in fixed]
    moving = [row for row in moving if chance.random() < 0.7]
    free = [
        (area, str(year))
        for area in AREAS[1:]
        for year in range(2000, 2005)
        if (area, str(year)) not in _places(moving)
    ]
    added = chance.sample(free, min(len(free), chance.randint(0, 2)))
    return [*fixed, *moving[:5], *(observation(area, year, "7", COMMENT="été") for area, year in added)][:18]


def _places(rows: list[Row]) -> set[tuple[str | None, str | None]]:
    return {(row["REF_AREA"], row["TIME_PERIOD"]) for row in rows}


FIRST = [observation("SEN", str(year), f"{year - 2000}.50", COMMENT="été") for year in range(2009, 2021)]


class Sequence:
    """One seeded sequence: what has been believed wrongly, and the rows the partner holds.

    ``deceived``: the last answer could be taken for an honest one; ``in_part``: one of the step could that told but a
    part, where a slot that was taken over is followed by its own.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed, self.chance = world, seed, random.Random(seed)  # noqa: S311 - chance that can be repeated
        self.rows, self.misled, self.deceived, self.in_part = FIRST, False, False, False

    def run(self) -> None:
        world, chance = self.world, self.chance
        world.fault = None
        world.publish(self.rows)
        world.use(MECHANISMS[self.seed % 3], days=self.seed + 2)
        self.step()
        assert not self.misled
        faults = [fault for fault in FAULTS if not fault.slow]
        for fault in chance.sample(faults, chance.randint(0, 4)):
            for _ in range(chance.choice((0, 1, 1, 2))):
                self.rows = next_rows(chance, self.rows)
                world.publish(self.rows)
            world.fault = replace(fault, spoil=self.watched(fault))
            self.step(crash=chance.choice((*STEPS, "release", "finish")) if chance.random() < 0.2 else None)
        believed = self.misled
        assert world.settle() or (believed and world.approve("HOLD-JUMP")), self.seed
        assert world.ours.held("internal") == world.truth
        assert world.open_runs == ()
        ended = {run.outcome.release_id for run in world.ours.runs.select(limit=10_000)} - {None}
        assert ended == {release.id for release in world.ours.observations.releases(limit=10_000)}

    def watched(self, fault):
        """The fault, and a note whether the last answer about the data could be taken for an honest one."""

        def spoil(asked: Asked):
            reply = fault.spoil(asked)
            if "/data/" in asked.seen.path:
                partly = asked.is_delta or "if-none-match" in asked.seen.headers
                other = (reply.status, reply.body, reply.raw) != (asked.good.status, asked.good.body, asked.good.raw)
                self.in_part = self.in_part or (partly and other)
                self.deceived = fault.lies or (partly and other)
            return reply

        return spoil

    def step(self, crash: str | None = None) -> None:
        """One slot, perhaps with a worker that dies in it, and what must hold after it."""
        world = self.world
        self.deceived, self.in_part, world.spoilt = False, False, 0
        before, truth = world.ours.held(), world.truth
        runs = world.slot(crash)
        held = world.ours.held()
        if held == truth:
            self.misled = False
            return
        good = [run for run in runs if is_good(run)]
        if not good and not self.deceived:
            assert held == before, self.seed
        if good:
            believed = self.deceived or ((self.misled or self.in_part) and not good[0].full)
            assert believed, (self.seed, good[0].outcome, held, truth)
            self.misled = True
        elif held != before:
            self.misled = True


@pytest.mark.parametrize("seed", SEQUENCES)
def test_after_the_faults_the_hub_equals_the_partner(world, seed):
    Sequence(world, seed).run()


def test_a_worker_that_dies_leaves_its_run_to_the_next(world):
    world.use("pull")
    for at in (*STEPS, "release", "finish"):
        world.change()
        world.slot(at)
        assert [run.state for run in world.open_runs] == [State.RUNNING], at
        assert world.settle(), at


def test_nothing_of_the_store_is_broken_after_all_that(world):
    for hub in (world.ours, world.theirs):
        assert not has_errors(hub.observations.check())
