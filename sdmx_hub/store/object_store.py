"""Objects in a bucket of S3 or a service that speaks like it (MinIO, Ceph, Garage): where ``obstore`` is known.

The library signs each part with the hash of its content, so what the service took is what was sent; the size is asked
back once a file is complete. It retries a little; after that the store counts as away for a moment, in which nobody
waits for it again.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from sdmx_hub.errors import ConfigurationError, Damaged, StorageAway
from sdmx_hub.store.blobs import CHUNK, Blob

AWAY_SECONDS = 10.0
"""How long nobody asks again after the store did not answer."""
STATE_SECONDS = 10.0
"""How long an answer about its state is good for."""
_GONE = (NotFoundError, FileNotFoundError)
_MOST_PARTS = 9_000
_PARTS_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a bucket is: its name, the folder in it, and whom to ask; ``endpoint`` empty: Amazon's for the region."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""

    @property
    def where(self) -> str:
        """Say it for people."""
        return f"s3://{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


class ObjectStore:
    """A folder of a bucket. ``credentials`` are ``access_key_id``, ``secret_access_key``, ``session_token``.

    Without them the library looks where programs at Amazon find theirs: roles of machines, containers and web
    identities. Not to be used after a fork by the child.
    """

    def __init__(self, address: Address, credentials: Mapping[str, str]) -> None:
        self.where = address.where
        self._away_until = self._state_until = 0.0
        self._state, self._why = "ok", ""
        self._store = _open(address, credentials, tries=3, connect="3s", answer="30s")
        self._probe = _open(address, credentials, tries=1, connect="1s", answer="2s")

    def write(self, path: Path, name: str) -> None:
        """Store a file as an object, and see that all of it is there."""
        size = path.stat().st_size
        part = max(CHUNK, size // _MOST_PARTS + 1)
        with self._asking():
            obstore.put(self._store, name, path, chunk_size=part, max_concurrency=_PARTS_AT_ONCE)
            found = obstore.head(self._store, name)["size"]
        if found != size:
            raise Damaged("blob-damaged", file=name, where=self.where)

    def read(self, name: str) -> Iterator[bytes]:
        """Read an object in chunks, each a request of its own. Raises Damaged when there is none."""
        found = self.find(name)
        if found is None:
            raise Damaged("blob-missing", file=name, where=self.where)
        for start in range(0, found.size, CHUNK):
            length = min(CHUNK, found.size - start)
            with self._asking():
                try:
                    chunk = obstore.get_range(self._store, name, start=start, length=length)
                except _GONE as error:
                    raise Damaged("blob-missing", file=name, where=self.where) from error
            yield chunk.to_bytes()

    def find(self, name: str) -> Blob | None:
        """Find what is told of an object; None when there is none."""
        with self._asking(), contextlib.suppress(*_GONE):
            told = obstore.head(self._store, name)
            return Blob(name, told["size"], told["last_modified"])
        return None

    def names(self, prefix: str) -> Iterator[Blob]:
        """List the objects below a folder."""
        with self._asking():
            for batch in obstore.list(self._store, prefix or None, chunk_size=1000):
                yield from (Blob(told["path"], told["size"], told["last_modified"]) for told in batch)

    def remove(self, name: str) -> None:
        """Remove an object, if it is there."""
        with self._asking(), contextlib.suppress(*_GONE):
            obstore.delete(self._store, name)

    def state(self) -> str:
        """Ask whether the store answers, seldom and without patience; ``ok``, ``unreachable`` or ``refused``."""
        if time.monotonic() < self._away_until:
            return "unreachable"
        if time.monotonic() >= self._state_until:
            self._state = "ok"
            try:
                with contextlib.suppress(*_GONE):
                    obstore.head(self._probe, "state")
            except (PermissionDeniedError, UnauthenticatedError):
                self._state = "refused"
            except BaseError:
                self._state = "unreachable"
            self._state_until = time.monotonic() + STATE_SECONDS
        return self._state

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        if time.monotonic() < self._away_until:
            raise StorageAway("storage-away", where=self.where, why=self._why)
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise ConfigurationError("storage-refused", where=self.where, why=_first_line(error)) from error
        except _GONE as error:
            raise ConfigurationError("storage-no-bucket", where=self.where) from error
        except BaseError as error:
            if "NoSuchBucket" in str(error):
                raise ConfigurationError("storage-no-bucket", where=self.where) from error
            self._away_until = time.monotonic() + AWAY_SECONDS
            self._why = _first_line(error)
            raise StorageAway("storage-away", where=self.where, why=self._why) from error


def _open(address: Address, credentials: Mapping[str, str], *, tries: int, connect: str, answer: str) -> S3Store:
    config: Any = {"region": address.region or "us-east-1", "virtual_hosted_style_request": False, **credentials}
    if address.endpoint:
        config["endpoint"] = address.endpoint
    return S3Store(
        address.bucket,
        prefix=address.prefix or None,
        config=config,
        client_options={
            "allow_http": address.endpoint.startswith("http://"),
            "connect_timeout": connect,
            "timeout": answer,
        },
        retry_config={
            "max_retries": tries - 1,
            "retry_timeout": dt.timedelta(seconds=20),
            "backoff": {
                "init_backoff": dt.timedelta(milliseconds=50),
                "max_backoff": dt.timedelta(seconds=1),
                "base": 2,
            },
        },
    )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
