"""Several commands in one process, so that the program starts once for all of them (``sdmx_hub.cli.commands``).

The commands come on standard input, as a JSON array of arrays of words. The first that fails is the last.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import click

from sdmx_hub.cli import main


def run_commands(commands: Sequence[Sequence[str]]) -> None:
    """Run commands one after the other; one that fails is named, and ends all with its exit code."""
    for words in commands:
        try:
            main(list(words))
        except SystemExit as ended:
            if ended.code:
                click.echo(f"sdmx-hub {' '.join(words)} → {ended.code}", err=True)
                raise


if __name__ == "__main__":
    run_commands(json.load(sys.stdin))
