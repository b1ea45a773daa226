"""Order a command of the process that forks them (``tests.support.forking``), and wait for its end.

Run as a program, it passes its own streams, folder and environment on; so it imports next to nothing.
"""

from __future__ import annotations

import json
import os
import socket
import sys

KILLED = -9


def order(
    address: str,
    words: list[str],
    environment: dict[str, str],
    streams: list[int],
    *,
    seconds: float | None = None,
) -> int:
    """Have one command run in this folder; gives its exit code, ``KILLED`` where it told none. Raises TimeoutError."""
    folder = os.getcwd()  # noqa: PTH109 - starts sooner
    text = json.dumps({"words": words, "environment": environment, "folder": folder}).encode()
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(seconds)
        asked.connect(address)
        socket.send_fds(asked, [len(text).to_bytes(4, "big")], streams)
        asked.sendall(text)
        code = asked.recv(1)
        asked.recv(1)  # nothing more comes when the process has ended
        return code[0] if code else KILLED


if __name__ == "__main__":
    sys.exit(order(sys.argv[1], sys.argv[2:], dict(os.environ), [0, 1, 2]))
