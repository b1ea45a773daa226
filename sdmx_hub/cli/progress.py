"""A bar for whoever waits."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click


@contextlib.contextmanager
def progress(size: int, label: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while a person watches; what is given is told of each step towards ``size``."""
    if not (size and sys.stderr.isatty()):
        yield lambda _: None
        return
    with click.progressbar(length=size, label=label, file=sys.stderr) as bar:
        yield bar.update
