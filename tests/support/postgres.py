"""A PostgreSQL server of its own for the tests: temporary, on a Unix socket only, never as root."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_NOBODY = "postgres"


def find_binaries() -> Path | None:
    """Find the folder of ``initdb`` and ``postgres``: the newest of the system's, or what is on the path."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Start a server and stop it in the end; gives the folder of its socket."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed here; tests/provide.sh installs it")
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        as_nobody = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"] if not os.getuid() else []
        if as_nobody:
            shutil.chown(folder, _NOBODY, _NOBODY)
        data = f"{folder}/data"
        subprocess.run(
            [*as_nobody, f"{binaries}/initdb", "-D", data, "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd="/",
        )
        control = [*as_nobody, f"{binaries}/pg_ctl", "-D", data, "-w", "-s"]
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        subprocess.run([*control, "-l", f"{folder}/log", "-o", options, "start"], check=True, cwd="/")
        try:
            yield folder
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, cwd="/")


def new_database(folder: str) -> str:
    """Create an empty database on the server with its socket in ``folder``; returns its URL."""
    name = f"hub_{uuid.uuid4().hex}"
    with psycopg.connect(host=folder, user="hub", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://hub@/{name}?host={folder}"
