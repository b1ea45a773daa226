"""A scripted partner on loopback: each path has a list of answers, given one after the other, the last one for ever."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO


@dataclass(frozen=True)
class Reply:
    """One answer. ``raw`` replaces everything after the request line, bytes as they go over the wire."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    drip: float = 0.0
    """Seconds between single bytes of ``raw``."""
    endless: bytes = b""
    """What follows ``raw`` again and again, until the hub hangs up."""
    reset: bool = False
    """The connection is not closed but broken off."""

    def zipped(self) -> Reply:
        return Reply(self.status, gzip.compress(self.body), {**self.headers, "Content-Encoding": "gzip"})


@dataclass
class Seen:
    """One request as the partner got it."""

    path: str
    headers: dict[str, str]


@dataclass
class Partner:
    """What a running partner is asked and told."""

    port: int
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    live: Callable[[Seen], Reply] | None = None
    """Answers every request instead of the script."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def on(self, prefix: str, *replies: Reply) -> None:
        """Answer every path that begins with ``prefix``; the longest prefix wins."""
        self.replies[prefix] = list(replies)

    def answer(self, path: str) -> Reply:
        fitting = [prefix for prefix in self.replies if path.startswith(prefix)]
        if not fitting:
            return Reply(404, b"nothing here")
        queue = self.replies[max(fitting, key=len)]
        return queue.pop(0) if len(queue) > 1 else queue[0]

    def asked(self, part: str) -> list[Seen]:
        return [seen for seen in self.seen if part in seen.path]


def _give_raw(out: IO[bytes], reply: Reply, raw: bytes, stop: threading.Event) -> None:
    for part in (bytes([byte]) for byte in raw) if reply.drip else (raw,):
        out.write(part)
        if reply.drip and stop.wait(reply.drip):
            return
    while reply.endless and not stop.is_set():
        out.write(reply.endless)


@contextmanager
def run_partner() -> Iterator[Partner]:
    """Run a partner until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen = Seen(self.path, {name.lower(): value for name, value in self.headers.items()})
            partner.seen.append(seen)
            reply = partner.live(seen) if partner.live else partner.answer(self.path)
            self.close_connection = True
            try:
                self._give(reply)
            except OSError:  # the hub hung up, as some scripts want it to
                self.connection.close()

        def _give(self, reply: Reply) -> None:
            if reply.raw is not None:
                _give_raw(self.wfile, reply, reply.raw, partner.stop)
            else:
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    partner = Partner(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield partner
    finally:
        partner.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def unused_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
