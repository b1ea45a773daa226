"""What every way to have jobs done offers. It knows neither jobs nor hubs, so that Dask's scheduler starts quickly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sdmx_hub.jobs.job import Condition, Planned, Result

Do = Callable[[str, str, str], dict[str, object]]
"""Does the job of a kind, subject and version wherever it is called, and gives its result as JSON."""


class Runner(Protocol):
    """Where jobs are done."""

    def connect(self, seconds: float) -> None:
        """Wait until jobs can be handed out. Raises TryAgain when that takes too long."""

    def is_ready(self) -> bool:
        """Tell whether jobs can be handed out now."""

    def submit(self, planned: Planned) -> bool:
        """Have a job done; False when that cannot be now. Never waits for it."""

    def collect(self) -> Sequence[tuple[str, Result]]:
        """Give, once each, the keys of the jobs that ended and how they went; those that got lost included."""

    def wait(self, seconds: float) -> None:
        """Wait until a job has ended, so many seconds at most."""

    def condition(self) -> Condition:
        """Tell how whoever does the jobs is."""

    def close(self) -> None:
        """Leave: what is done in this process or beside it ends its step, what is done elsewhere goes on."""
