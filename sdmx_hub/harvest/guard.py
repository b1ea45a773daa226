"""What a harvest may connect to: decided on the URL, then on every address the name stands for. Pure decisions.

Only ``http`` and ``https``; no user information; hosts named by the source alone; names in one spelling (no numbers in
disguise); addresses by our own deny list. ``ipaddress.is_global`` is not used: it lets pass what embeds another address
(NAT64, 6to4, IPv4-compatible) and what is no host (multicast).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sdmx_hub.errors import NotAllowed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
LONGEST_URL = 16_384
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRINTABLE = re.compile(r"[!-~]+")

_LOOPBACK = ("127.0.0.0/8", "::1/128")
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_DENIED = (
    # IANA special-purpose registries for IPv4 and IPv6, and multicast; of IPv6 only 2000::/3 is unicast on the internet
    "0.0.0.0/8",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "3ffe::/16",
)
_INTERNET_6 = ipaddress.ip_network("2000::/3")


def _networks(*texts: str) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_LOCAL_NETWORKS = _networks(*_LOOPBACK, *_PRIVATE)
_DENIED_NETWORKS = _networks(*_DENIED)


@dataclass(frozen=True)
class Place:
    """Where a URL leads: scheme, host as it is dialled, port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as one text."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What one source may reach: its hosts (with ports), and whether this machine and private networks count."""

    hosts: frozenset[tuple[str, int]]
    allow_local: bool = False


def check_url(url: str, policy: Policy) -> Place:
    """Read a URL and make sure the source may ask it. Raises NotAllowed, naming why."""
    place = parse_place(url)
    if (place.host, place.port) not in policy.hosts:
        raise NotAllowed("guard-host", host=place.authority)
    literal = _address(place.host)
    if literal is not None:
        check_address(literal, policy)
    return place


def parse_place(url: str) -> Place:
    """Read scheme, host and port of a URL in one strict spelling. Raises NotAllowed."""
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise NotAllowed("guard-url", url=shown(url))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed("guard-url", url=shown(url)) from error
    if parts.scheme not in PORTS:
        raise NotAllowed("guard-scheme", scheme=parts.scheme[:20])
    if "@" in parts.netloc:
        raise NotAllowed("guard-userinfo", url=shown(url))
    host = _strict_host(parts.netloc, parts.hostname or "")
    if host is None or port == 0 or parts.netloc.endswith(":"):
        raise NotAllowed("guard-url", url=shown(url))
    return Place(parts.scheme, host, port or PORTS[parts.scheme])


def _strict_host(netloc: str, hostname: str) -> str | None:
    host = hostname.lower()
    if netloc.startswith("["):
        address = _address(host)
        return str(address) if isinstance(address, ipaddress.IPv6Address) and "%" not in host else None
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]):  # an IPv4 address, or a number some resolver takes for one
        return host if isinstance(_address(host), ipaddress.IPv4Address) else None
    return host.removesuffix(".")


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def check_address(address: Address, policy: Policy) -> None:
    """Make sure an address may be dialled. Raises NotAllowed."""
    if not may_dial(address, allow_local=policy.allow_local):
        raise NotAllowed("guard-address", address=address)


def may_dial(address: Address, *, allow_local: bool) -> bool:
    """Tell whether an address is a host of the internet (or, when allowed, of this machine or a private network)."""
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return False
    if any(address in network for network in _LOCAL_NETWORKS if network.version == address.version):
        return allow_local
    if isinstance(address, ipaddress.IPv6Address) and address not in _INTERNET_6:
        return False
    return not any(address in network for network in _DENIED_NETWORKS if network.version == address.version)


def shown(url: str) -> str:
    """Cut a URL for a message, user information and control characters left out."""
    cleaned = "".join(character if character.isprintable() else "?" for character in url[:200])
    scheme, slashes, rest = cleaned.partition("//")
    authority, slash, path = rest.partition("/")
    return scheme + slashes + authority.rpartition("@")[2] + slash + path
