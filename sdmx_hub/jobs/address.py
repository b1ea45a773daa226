"""Where jobs are done, as the setting ``jobs`` says it, and whether that is safe."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError

MOST_PROCESSES = 64
_PROCESSES = re.compile(r"processes:([0-9]{1,2})")


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The certificates by which everybody on a cluster knows everybody else."""

    ca_file: str
    certificate_file: str
    key_file: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where jobs are done: in ``processes`` of this machine, at a ``cluster``, or, with neither, in this process."""

    processes: int = 0
    cluster: str = ""
    tls: Tls | None = None

    @property
    def host(self) -> str:
        """The host of the cluster."""
        return urlsplit(self.cluster).hostname or ""

    @property
    def port(self) -> int:
        """The port of the cluster."""
        return urlsplit(self.cluster).port or 0


def parse_place(settings: Settings, jobs: str | None = None) -> Place:
    """Read where jobs are done; ``jobs`` stands in for the setting of that name.

    Raises ConfigurationError for what cannot be read, for TLS without its three files, and for a cluster that whoever
    reaches its port could send anything to, unless ``jobs_open`` says that this is meant.
    """
    text = settings.jobs if jobs is None else jobs
    if not text:
        return Place()
    if match := _PROCESSES.fullmatch(text):
        if not 1 <= int(match[1]) <= MOST_PROCESSES:
            raise ConfigurationError("jobs-setting", jobs=text)
        return Place(processes=int(match[1]))
    try:
        parts = urlsplit(text)
        is_address = (
            parts.scheme in {"tcp", "tls"} and parts.hostname and parts.port and not (parts.path or parts.query)
        )
    except ValueError:  # a port that is no number
        is_address = False
    if not is_address:
        raise ConfigurationError("jobs-setting", jobs=text)
    if parts.scheme == "tls":
        return Place(cluster=text, tls=_read_tls(settings))
    if not is_loopback(parts.hostname or "") and not settings.jobs_open:
        raise ConfigurationError("jobs-open", jobs=text)
    return Place(cluster=text)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_tls(settings: Settings) -> Tls:
    files = {
        "jobs_ca_file": settings.jobs_ca_file,
        "jobs_certificate_file": settings.jobs_certificate_file,
        "jobs_key_file": settings.jobs_key_file,
    }
    for name, file in files.items():
        if not file or not Path(file).is_file():
            raise ConfigurationError("jobs-tls", setting=name, file=file or "-")
    return Tls(
        ca_file=settings.jobs_ca_file,
        certificate_file=settings.jobs_certificate_file,
        key_file=settings.jobs_key_file,
    )
