"""A child process in which bytes from outside are parsed: limited in memory, time and file size, without network.

Parsers of Excel and XML are large and have had their share of crashes, bombs and leaks. They run here, never in a
process that serves: what goes in is a function of ours and JSON values (paths of files to read and write among them),
what comes out is a JSON value; large results travel as files. A child that breaks a limit, dies or hangs becomes a
refusal, and nobody else notices.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import IO, Any, TypeVar

from sdmx_hub import errors
from sdmx_hub.errors import HubError, Malformed, TooLarge

MEBIBYTE = 1 << 20
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "urllib.")
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one parse may use: wall-clock and processor seconds, bytes of memory, bytes of any one file it writes."""

    seconds: int = 300
    cpu_seconds: int = 600
    memory: int = 3072 * MEBIBYTE
    file_size: int = 8192 * MEBIBYTE


DEFAULT_LIMITS = Limits()


def run_limited(function: Callable[..., _Result], /, *arguments: object, limits: Limits = DEFAULT_LIMITS) -> _Result:
    """Call ``function(*arguments)`` in a limited child process and return its result.

    ``function`` is a function at the top of an importable module; arguments and result are JSON values (a path becomes
    text). A HubError raised there is raised here again. Raises TooLarge when a limit is broken, Malformed when the
    parser dies of the input.
    """
    order = {
        "module": function.__module__,
        "name": function.__name__,
        "arguments": [os.fspath(value) if isinstance(value, os.PathLike) else value for value in arguments],
        "limits": asdict(limits),
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", __spec__.name],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooLarge("sandbox-time", seconds=limits.seconds) from error
    return _result(done)  # type: ignore[no-any-return] # JSON knows no types


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR", "TZ") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


def _result(done: subprocess.CompletedProcess[bytes]) -> Any:
    if done.returncode != 0 or not done.stdout:
        raise Malformed("sandbox-died", status=done.returncode)
    answer = json.loads(done.stdout)
    if "refusal" in answer:
        refusal = getattr(errors, answer["refusal"])
        raise refusal(answer["key"], **answer["params"])
    if "failure" in answer:
        raise Malformed("sandbox-failed", why=answer["failure"])
    return answer["result"]


def _serve(orders: IO[str], answers: int) -> None:
    """Be the child: read one order, obey the limits, write one answer."""
    order = json.load(orders)
    _leave_network()
    function = getattr(importlib.import_module(order["module"]), order["name"])
    _limit(Limits(**order["limits"]))
    sys.addaudithook(_refuse)
    try:
        answer = {"result": function(*order["arguments"])}
    except HubError as error:
        answer = {"refusal": type(error).__name__, "key": error.key, "params": _plain(error.params)}
    except MemoryError:
        memory = order["limits"]["memory"] // MEBIBYTE
        answer = {"refusal": "TooLarge", "key": "sandbox-memory", "params": {"megabytes": memory}}
    except Exception as error:  # noqa: BLE001 - whatever a parser throws at bad bytes is told by its class, not its text
        answer = {"failure": type(error).__name__}
    with os.fdopen(answers, "wb") as stream:
        stream.write(json.dumps(answer).encode())


def _plain(params: dict[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, int | float | str) else str(value) for key, value in params.items()}


def _limit(limits: Limits) -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - exists on POSIX only

    for kind, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a system that knows a tighter or no such limit
            resource.setrlimit(kind, (most, most))


def _leave_network() -> None:
    """Enter an empty network namespace where the system lets us (Linux); before any thread is started."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            if library.unshare(CLONE_NEWNET) != 0:
                library.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    """Refuse, inside the interpreter, sockets and other programs: the second line, and the only one off Linux."""
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)


if __name__ == "__main__":
    channel = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is nobody's answer
    _serve(sys.stdin, channel)
