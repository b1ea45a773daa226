"""The dialler: names are resolved once, every address is decided on, and only a checked address is connected to.

It sits below HTTP, where the socket is made, so that nothing above (a redirect, a header, a library's own idea of a
URL) can connect elsewhere. Every read and write also obeys one deadline for the whole exchange: a partner that drips a
byte now and then is cut off like one that is silent.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpcore2
import httpx2

from sdmx_hub.errors import NotAllowed, PartnerUnavailable
from sdmx_hub.harvest.guard import Address, Policy, check_address

Resolve = Callable[[str, int], list[Address]]
"""The addresses of a name, for a port."""
Connect = Callable[[Address, int, float], socket.socket]
"""Open a TCP connection to an address and port within some seconds."""


def resolve(host: str, port: int) -> list[Address]:
    """Ask the system for the addresses of a name. Raises PartnerUnavailable when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PartnerUnavailable("fetch-unknown-host", host=host) from error
    return list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))


def connect(address: Address, port: int, seconds: float) -> socket.socket:
    """Open a TCP connection to an address."""
    return socket.create_connection((str(address), port), seconds)


class Deadline:
    """A moment by which everything is over; ``left`` never exceeds ``idle`` and raises at the end."""

    def __init__(self, seconds: float, idle: float) -> None:
        self._begun = time.monotonic()
        self._end = self._begun + seconds
        self._idle = idle

    def left(self) -> float:
        """Seconds the next step may take. Raises httpcore2.ReadTimeout when none are left."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise httpcore2.ReadTimeout("deadline")
        return min(seconds, self._idle)

    @property
    def milliseconds(self) -> int:
        """How long it has taken so far."""
        return round((time.monotonic() - self._begun) * 1000)


class _Stream(httpcore2.NetworkStream):
    """A stream whose every step obeys the deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Socket(httpcore2.NetworkStream):
    """A plain TCP connection."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _socket_errors():
            self._raw.settimeout(timeout)
            return self._raw.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _socket_errors():
            self._raw.settimeout(timeout)
            self._raw.sendall(buffer)

    def close(self) -> None:
        self._raw.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        with _socket_errors():
            self._raw.settimeout(timeout)
            return _Socket(ssl_context.wrap_socket(self._raw, server_hostname=server_hostname))

    def get_extra_info(self, info: str) -> Any:
        return self._raw if info == "socket" else None


@contextlib.contextmanager
def _socket_errors() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise httpcore2.ReadTimeout(str(error)) from error
    except OSError as error:
        raise httpcore2.ReadError(str(error)) from error


class _Dialler(httpcore2.NetworkBackend):
    def __init__(self, policy: Policy, deadline: Deadline, *, resolve: Resolve, connect: Connect) -> None:
        self._policy = policy
        self._deadline = deadline
        self._resolve = resolve
        self._connect = connect

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        addresses = self._resolve(host, port)
        for address in addresses:  # one denied address condemns the name: a mixed answer is how rebinding begins
            check_address(address, self._policy)
        failure: OSError | None = None
        for address in addresses:
            try:
                raw = self._connect(address, port, min(timeout or 10.0, self._deadline.left()))
            except OSError as error:
                failure = error
                continue
            _check_peer(raw, address)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _Stream(_Socket(raw), self._deadline)
        if isinstance(failure, TimeoutError):
            raise httpcore2.ConnectTimeout(host) from failure
        raise httpcore2.ConnectError(host) from failure


def _check_peer(raw: socket.socket, address: Address) -> None:
    peer = ipaddress.ip_address(raw.getpeername()[0])
    if peer != address:
        raw.close()
        raise NotAllowed("guard-address", address=peer)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """What servers are verified by, read once: it takes longer than many an answer."""
    return httpx2.create_ssl_context(trust_env=False)


class GuardedTransport(httpx2.BaseTransport):
    """The transport of the harvest client: HTTP/1.1 over connections the dialler allowed, none of them reused."""

    def __init__(
        self,
        policy: Policy,
        deadline: Deadline,
        *,
        resolve: Resolve = resolve,
        connect: Connect = connect,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._pool = httpcore2.ConnectionPool(
            ssl_context=verify or _trusted(),
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=_Dialler(policy, deadline, resolve=resolve, connect=connect),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request. Raises NotAllowed for an address that may not be dialled, else as httpcore2 does."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx2.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
