"""A small load generator for a server on this machine: keep-alive connections, one thread, latencies in full.

It speaks just enough HTTP/1.1 (Content-Length and chunked bodies) to cost little beside the server it measures.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(kw_only=True)
class Outcome:
    """What the connections saw: seconds per request, and how many answers were not 200."""

    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    wall: float = 0.0

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return len(self.seconds) / self.wall if self.wall else 0.0

    def percentile(self, share: float) -> float:
        """The latency in milliseconds that ``share`` of the requests stayed under."""
        ranked = sorted(self.seconds)
        return 1000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else float("nan")


class _Connection:
    def __init__(self, port: int, paths: Sequence[str], first: int) -> None:
        self.socket = socket.create_connection((LOOPBACK, port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._paths, self._next = paths, first
        self._received = b""
        self._sent_at = 0.0

    def send(self) -> None:
        path = self._paths[self._next % len(self._paths)]
        self._next += 7919  # a prime step: neighbours do not ask for the same things at the same time
        self._received = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nAccept: */*\r\n\r\n".encode())

    def receive(self) -> tuple[float, bool] | None:
        """Take what has come; returns (seconds, is 200) once the answer is whole."""
        part = self.socket.recv(1 << 18)
        self._received += part
        head, found, body = self._received.partition(_END_OF_HEAD)
        if part and not (found and _is_whole(head, body)):
            return None
        return time.perf_counter() - self._sent_at, bool(part) and head.startswith(b"HTTP/1.1 200")


def _is_whole(head: bytes, body: bytes) -> bool:
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return body.endswith(b"0\r\n\r\n")
    _, found, rest = lowered.partition(b"content-length:")
    return bool(found) and len(body) >= int(rest.split(b"\r\n", 1)[0])


def measure(port: int, paths: Sequence[str], *, connections: int = 8, seconds: float = 5.0) -> Outcome:
    """Ask for ``paths`` over ``connections`` keep-alive connections for ``seconds``; the server is on this machine."""
    outcome = Outcome()
    with selectors.DefaultSelector() as selector:
        opened = [_Connection(port, paths, number * 101) for number in range(connections)]
        for connection in opened:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            for key, _ in selector.select(timeout=1):
                answered = key.data.receive()
                if answered:
                    outcome.seconds.append(answered[0])
                    outcome.failures += not answered[1]
                    key.data.send()
        outcome.wall = time.perf_counter() - began
        for connection in opened:
            connection.socket.close()
    return outcome
