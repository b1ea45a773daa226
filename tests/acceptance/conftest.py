"""Homes made once by the commands a user types; tests copy them or serve them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.hubs import Server, load_sample, run_well, serving
from tests.acceptance.playing import Demo, find_two_ports, start_demo

LOADED = [
    ("SEN_ANSD", "emigrants_rgph5"),
    ("ILO_STAT", "nationals_abroad"),
]


@pytest.fixture(scope="session")
def bare_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the structures of the pack and no observation. Copy it before it is changed."""
    home = tmp_path_factory.mktemp("bare") / "home"
    run_well(home, "init")
    run_well(home, "structures", "load", "--pack")
    return home


@pytest.fixture
def new_home(bare_home: Path, tmp_path: Path) -> Callable[[], Path]:
    """Make a home of its own with the structures of the pack."""

    def make() -> Path:
        return Path(shutil.copytree(bare_home, tmp_path / "home"))

    return make


@pytest.fixture(scope="session")
def home(bare_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with shipped samples; nobody changes it."""
    home = Path(shutil.copytree(bare_home, tmp_path_factory.mktemp("loaded") / "home"))
    for provider, name in LOADED:
        load_sample(home, provider, name)
    return home


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    """That home, served."""
    with serving(home) as running:
        yield running


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration in a home of its own."""
    running = start_demo(tmp_path_factory.mktemp("demo") / "home", find_two_ports())
    yield running
    running.kill()


@pytest.fixture(scope="session", autouse=True)
def _demo_begins_early(request: pytest.FixtureRequest) -> None:
    """Prepare the demonstration while other tests run, where it will be asked for: not in each of many processes."""
    is_alone = not hasattr(request.config, "workerinput")
    if is_alone and any(item.path.name == "test_demo.py" for item in request.session.items):
        request.getfixturevalue("demo")
