"""Commands as they are typed, run in this process: starting another takes longer than most commands."""

from __future__ import annotations

import contextlib
import io
import subprocess
from pathlib import Path

from sdmx_hub.cli import main


def type_command(home: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, refusals told and all; gives its exit code and what it said on both outputs."""
    arguments = ["--home", str(home), *map(str, words)]
    out, err = io.StringIO(), io.StringIO()
    code: int | str | None = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code
    return subprocess.CompletedProcess(arguments, int(code or 0), out.getvalue(), err.getvalue())
