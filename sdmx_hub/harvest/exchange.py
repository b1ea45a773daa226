"""One request through the guard and the stream of its answer; what goes wrong on the way is told in the hub's words."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import httpcore2
import httpx2

from sdmx_hub.errors import NotAllowed, PartnerUnavailable
from sdmx_hub.harvest import dial
from sdmx_hub.harvest.guard import Place, Policy, shown


@dataclass(frozen=True, kw_only=True)
class Line:
    """How others are reached: what the guard allows, by when they must have answered, and the network itself."""

    policy: Policy
    deadline: dial.Deadline
    connect_seconds: float
    idle_seconds: float
    resolve: dial.Resolve = dial.resolve
    connect: dial.Connect = dial.connect
    verify: ssl.SSLContext | None = None


@contextlib.contextmanager
def exchange(
    line: Line, method: str, url: str, place: Place, *, headers: Mapping[str, str], content: bytes | None = None
) -> Iterator[httpx2.Response]:
    """Send one request to ``url`` at ``place`` and give the answer as it begins to come; redirects are not followed.

    Raises NotAllowed for an address that may not be reached, PartnerUnavailable for no or half an answer.
    """
    transport = dial.GuardedTransport(
        line.policy, line.deadline, resolve=line.resolve, connect=line.connect, verify=line.verify
    )
    timeout = httpx2.Timeout(line.idle_seconds, connect=line.connect_seconds)
    client = httpx2.Client(transport=transport, trust_env=False, follow_redirects=False, timeout=timeout)
    try:
        with client, client.stream(method, url, headers=headers, content=content) as response:
            yield response
    except (httpcore2.TimeoutException, httpx2.TimeoutException) as error:
        raise PartnerUnavailable("fetch-timeout", host=place.authority) from error
    except (httpcore2.ProtocolError, httpcore2.ReadError, httpx2.ProtocolError) as error:
        raise PartnerUnavailable("fetch-broken", host=place.authority, why=str(error)[:200]) from error
    except (httpcore2.NetworkError, httpx2.NetworkError, ssl.SSLError) as error:
        raise PartnerUnavailable("fetch-no-connection", host=place.authority) from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise NotAllowed("guard-url", url=shown(url)) from error
