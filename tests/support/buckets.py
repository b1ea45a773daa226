"""An object store of its own for the tests: moto's server, on this machine only, and new buckets in it."""

from __future__ import annotations

import contextlib
import logging
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

from moto.server import ThreadedMotoServer

from sdmx_hub.config import Settings

ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "hub", "AWS_SECRET_ACCESS_KEY": "of the tests"}


@dataclass(frozen=True, kw_only=True)
class BucketServer:
    """Where the server answers."""

    url: str

    def new_settings(self, **more: object) -> Settings:
        """Make a bucket; gives the settings of a hub that keeps its files in a folder of it."""
        name = f"hub-{uuid.uuid4().hex[:12]}"
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/{name}", method="PUT")):  # noqa: S310 - ours
            settings = Settings(storage_url=f"s3://{name}/office", storage_endpoint=self.url)
        return replace(settings, **more)


@contextlib.contextmanager
def running_bucket_server() -> Iterator[BucketServer]:
    """Start a server and stop it in the end."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield BucketServer(url=f"http://{host}:{port}")
    finally:
        server.stop()
