"""Commands in processes of their own that start at once: forked from one that has imported the whole program.

Importing the program takes longer than most commands. A command is still a process of its own, with its own arguments,
environment, folder, streams and end. ``run_forked`` runs one; ``write_program`` makes a program for the shell whose
commands begin so. A process that gets signals is better started as usual.

Run as a module with the path of a socket, this is the process that commands are forked from. An order is the length of
a JSON text, sent together with the three streams, and the text; the answer is the exit code in one byte.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import pkgutil
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from sdmx_hub import cli, language
from tests.support import ordering

START_SECONDS = 60
STARTED = ("serve", "scheduler", "worker", "demo")
"""Commands that run until they get a signal."""
LATE = ("alembic.command", "alembic.config", "logging.config", "openpyxl", "xlsxwriter", "python_calamine")
"""What commands import when they come to it."""
PROGRAM = """#!/bin/sh
case " $* " in {started}) exec {python} -m sdmx_hub "$@" ;; esac
exec {python} -I -S {client} {address} "$@"
"""


def run_forked(
    words: Iterable[object], *, environment: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with nothing to read on its standard input. Raises TimeoutError."""
    said = [str(word) for word in words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), out.fileno(), err.fileno()]
        code = ordering.order(_address(), said, dict(environment), streams, seconds=seconds)
        told = []
        for stream in (out, err):
            stream.seek(0)
            told.append(stream.read().decode("utf-8"))
    return subprocess.CompletedProcess(said, code, *told)


def write_program(file: Path) -> None:
    """Write a program that is ``sdmx-hub``."""
    quoted = {
        name: shlex.quote(str(value))
        for name, value in {"python": sys.executable, "client": ordering.__file__, "address": _address()}.items()
    }
    started = "|".join(f'*" {word} "*' for word in STARTED)
    file.write_text(PROGRAM.format(started=started, **quoted), encoding="utf-8")
    file.chmod(0o755)


@functools.cache
def _address() -> str:
    """The socket of the process that commands are forked from; it is started when first needed."""
    folder = tempfile.TemporaryDirectory(prefix="forking-")
    address = Path(folder.name) / "socket"
    process = subprocess.Popen([sys.executable, "-m", __name__, str(address)], cwd=Path(__file__).parents[2])

    def end() -> None:
        process.terminate()
        process.wait()
        folder.cleanup()

    atexit.register(end)
    until = time.monotonic() + START_SECONDS
    while not address.exists():
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    return str(address)


def _serve(address: Path) -> None:
    """Fork a command for every order, until ended."""
    for module in pkgutil.iter_modules(cli.__path__):
        importlib.import_module(f"{cli.__name__}.{module.name}")
    for name in LATE:
        importlib.import_module(name)
    language.catalogue()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, _reap)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{address}.new")
        listening.listen(16)
        Path(f"{address}.new").rename(address)
        while True:
            asked, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _run(asked)
            asked.close()


def _reap(*_: object) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _run(asked: socket.socket) -> None:
    """Be the command that was ordered, and end as it does."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(asked, 4, 3)
    with asked.makefile("rb") as file:
        told = json.loads(file.read(int.from_bytes(length, "big")))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.stdin, sys.stdout, sys.stderr = (_text(number, mode) for number, mode in enumerate("rww"))
    code = _end_of(told["words"])
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    sys.stdout.flush()
    sys.stderr.flush()
    asked.sendall(bytes([code]))
    os._exit(code)


def _text(number: int, mode: str) -> TextIO:
    return os.fdopen(number, mode, encoding="utf-8", closefd=False)


def _end_of(words: list[str]) -> int:
    code: object = 0
    try:
        cli.main(words)
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - told as Python tells it
        traceback.print_exc()
        code = 1
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
