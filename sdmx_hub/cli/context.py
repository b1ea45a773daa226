"""What every command gets: the hub put together from its home directory, and how answers are shown.

With ``web.app`` this is the only place where the hub is assembled. Parts are made, and what they are made of imported,
when first used: a command that needs no database opens none, and one that reads the ledger knows no engine.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdmx_hub import errors
from sdmx_hub.config import Settings
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.blobs import Blobs
from sdmx_hub.store.database import Database, open_database
from sdmx_hub.store.storage import open_blobs

if TYPE_CHECKING:
    from sdmx_hub.store.metadata_sets import MetadataSets
    from sdmx_hub.store.observations import Observations
    from sdmx_hub.store.registry import Registry

DONE, FAILED, USAGE, FINDINGS, PARTIAL, NOT_FOUND = 0, 1, 2, 3, 4, 5
UNAVAILABLE, TRY_AGAIN, NOT_ALLOWED, CONFIGURATION = 69, 75, 77, 78

EXIT_CODES: tuple[tuple[type[errors.HubError], int], ...] = (
    (errors.NotFound, NOT_FOUND),
    (errors.PartnerUnavailable, UNAVAILABLE),
    (errors.TryAgain, TRY_AGAIN),
    (errors.NotAuthenticated, NOT_ALLOWED),
    (errors.NotAllowed, NOT_ALLOWED),
    (errors.ConfigurationError, CONFIGURATION),
    (errors.Malformed, FINDINGS),
    (errors.BadRequest, USAGE),
    (errors.BadQuery, USAGE),
    (errors.NotAcceptable, USAGE),
    (errors.HubError, FAILED),
)
"""The first class that fits decides."""


@dataclass(frozen=True, kw_only=True)
class HubContext:
    """A hub in its home directory."""

    home: Path
    settings: Settings

    @property
    def language(self) -> str:
        """The language of messages."""
        return self.settings.language

    @functools.cached_property
    def database(self) -> Database:
        """The control database, migrated. Raises ConfigurationError when the home was never initialised."""
        if not self.is_initialised:
            raise errors.ConfigurationError("home-missing", home=self.home)
        database = open_database(self.database_url)
        database.migrate()
        return database

    @functools.cached_property
    def registry(self) -> Registry:
        """The registry of artefacts."""
        from sdmx_hub.store.registry import Registry  # noqa: PLC0415 - heavy, and few commands need it

        return Registry(self.database)

    def artefacts(self) -> Artefacts:
        """The structures as they are now; outside a hub those that come with it."""
        from sdmx_hub.load.artefact_pack import pack_root, read_pack  # noqa: PLC0415 - heavy, and few commands need it

        return self.registry.snapshot() if self.is_initialised else Artefacts(read_pack(pack_root()))

    @functools.cached_property
    def metadata(self) -> MetadataSets:
        """The metadata sets."""
        from sdmx_hub.store.metadata_sets import MetadataSets  # noqa: PLC0415 - heavy, and few commands need it

        return MetadataSets(self.database)

    @functools.cached_property
    def blobs(self) -> Blobs:
        """The stored files."""
        return open_blobs(self.home, self.settings)

    @functools.cached_property
    def observations(self) -> Observations:
        """The store of observations."""
        from sdmx_hub.store.observations import Observations  # noqa: PLC0415 - heavy, and few commands need it

        return Observations(
            self.database,
            self.home / "observations",
            blobs=self.blobs,
            keep_bytes=max(1, self.settings.cache_bytes // 2) if self.blobs.is_remote else 0,
            memory_limit=self.settings.memory_limit,
            threads=self.settings.engine_threads,
        )

    def close(self) -> None:
        """Give back what was opened."""
        opened = vars(self)
        if "observations" in opened:
            self.observations.close()
        if "blobs" in opened:
            self.blobs.close()
        if "database" in opened:
            self.database.close()

    @property
    def database_url(self) -> str:
        """Where the control database is."""
        return self.settings.database_url or f"sqlite:///{self.home.resolve() / 'control.db'}"

    @property
    def is_initialised(self) -> bool:
        """Tell whether ``sdmx-hub init`` has made this home."""
        return (self.home / "hub.toml").is_file()


pass_hub = click.make_pass_decorator(HubContext)


def exit_code(error: errors.HubError) -> int:
    """The exit code a refusal becomes."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def show(value: Any, *, as_json: bool, text: Callable[[], str] | str) -> None:
    """Print an answer on standard output: ``value`` as JSON, or ``text`` for people."""
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
    else:
        click.echo(text() if callable(text) else text)


def tell(message: str) -> None:
    """Say something on the way, on standard error, when a person is there to read it."""
    if sys.stderr.isatty():
        click.echo(message, err=True)


json_option = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
