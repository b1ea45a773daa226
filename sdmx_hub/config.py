"""Settings: read once at the door, from ``hub.toml`` and the environment; nothing below the door reads either.

Each setting is one row of ``Settings``: name, default, and the sentence that explains it. Order of authority: defaults,
then the file, then ``SDMX_HUB_<NAME>``, then the command line. Unknown keys are refused, with the nearest known one.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.language import LANGUAGES

PREFIX = "SDMX_HUB_"
NOT_SETTINGS = {"HOME", "CONFIG", "KEY"}
"""Names behind the prefix that the door itself reads."""


class Form(NamedTuple):
    """How the value of a setting is written; ``told`` says it in a way that needs no translation."""

    pattern: str
    told: str


_COUNT = Form(r"[1-9]\d*", "1, 2, 3 …")
_PORT = Form(r"0|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]", "0 … 65535")
_FORMS = {
    "hub_id": Form(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z][A-Za-z0-9_-]*)*", "ILMH, SEN_ANSD, INT.ILO"),
    "language": Form("|".join(LANGUAGES), " | ".join(LANGUAGES)),
    "base_url": Form(r"(https?://[^\s/]+.*)?", "https://hub.example"),
    "memory_limit": Form(r"\d+(\.\d+)? ?([KMGT]i?B|%)", "192MB, 2GB"),
    "port": _PORT,
    "smtp_port": _PORT,
    **dict.fromkeys(("workers", "threads", "engine_threads"), _COUNT),
    **dict.fromkeys(("max_upload_bytes", "max_compression_ratio", "max_observations", "cache_bytes"), _COUNT),
    "smtp_security": Form("starttls|tls|none", "starttls | tls | none"),
}
_WORDS = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off", ""), False)}


class Secret:
    """A text that prints as stars; ``reveal`` gives it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)


def _setting(default: Any, explained: str) -> Any:
    return field(default=default, metadata={"explained": explained})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a hub."""

    hub_id: str = _setting("ILMH", "Id of the hub as sender of messages; also its agency.")
    hub_name: str = _setting("Labour-migration data hub", "Name shown on pages and in message headers.")
    language: str = _setting("en", "Language of commands and reports where none is asked for: en, fr or es.")
    base_url: str = _setting("", "Public address of the hub, used in links; empty: the address of the request.")
    database_url: str = _setting("", "Control database, as a SQLAlchemy URL; empty: control.db in the home directory.")
    storage_url: str = _setting(
        "",
        "Where observations and received bytes are kept: s3://bucket/folder of an object store; empty: the home.",
    )
    storage_endpoint: str = _setting(
        "", "Address of the object store where it is not Amazon's; else AWS_ENDPOINT_URL of the environment."
    )
    storage_region: str = _setting("", "Region of the object store; else AWS_REGION of the environment, or us-east-1.")
    storage_credentials_file: str = _setting(
        "",
        "File with the key to the object store, as [default] aws_access_key_id = …; else AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY of the environment.",
    )
    storage_allow_http: bool = _setting(
        default=False, explained="Let the object store be asked without encryption on another machine than this."
    )
    cache_directory: str = _setting(
        "", "Where this machine keeps files of the object store that it uses; empty: cache in the home directory."
    )
    cache_bytes: int = _setting(20_000_000_000, "Most bytes of that cache; files being read may be more.")
    host: str = _setting("127.0.0.1", "Address the server binds; loopback unless told otherwise.")
    port: int = _setting(8000, "Port the server binds.")
    workers: int = _setting(2, "Web worker processes.")
    threads: int = _setting(4, "Threads in each web worker.")
    memory_limit: str = _setting("192MB", "Memory the query engine of one process may use.")
    engine_threads: int = _setting(2, "Threads of the query engine in one process.")
    max_upload_bytes: int = _setting(1_000_000_000, "Largest file accepted, after decompression, in bytes.")
    max_compression_ratio: int = _setting(200, "Largest ratio of decompressed to compressed bytes accepted.")
    max_observations: int = _setting(50_000_000, "Most observations one answer may hold.")
    allow_loopback: bool = _setting(
        default=False, explained="Development only: let harvests reach this machine and private networks."
    )
    drop_root: str = _setting("", "Folder below which sources may have folders that files are dropped in; empty: none.")
    notify_hosts: str = _setting(
        "", "Hosts that subscriptions may notify by HTTP, between commas, each with its port if not 443."
    )
    alerts_webhooks: str = _setting("", "Addresses that alerts on the health of sources are posted to, between commas.")
    alerts_mail: str = _setting("", "E-mail addresses that such alerts are sent to, between commas.")
    alerts_secret_file: str = _setting("", "File with the secret by which posted alerts are signed (HMAC-SHA256).")
    smtp_host: str = _setting("", "Mail server that takes e-mails; empty: they are written as files to HOME/outbox.")
    smtp_port: int = _setting(587, "Port of the mail server.")
    smtp_security: str = _setting("starttls", "How the mail server is spoken to: starttls, tls or none.")
    smtp_ca_file: str = _setting(
        "", "File with the authorities (PEM) the mail server's certificate is checked by; empty: those of the system."
    )
    smtp_user: str = _setting("", "User name at the mail server; empty: none.")
    smtp_password_file: str = _setting("", "File with the password of that user.")
    smtp_from: str = _setting("", "Sender of e-mails; empty: no-reply at the host of base_url.")
    licence: str = _setting("CC BY 4.0", "Licence of what the hub publishes, shown where a dataset names none.")
    jobs: str = _setting(
        "",
        "Where jobs are done; empty: in the scheduler. Else processes:N, or tcp://HOST:PORT or tls://… of Dask.",
    )
    jobs_ca_file: str = _setting("", "File with the authority that everybody on a tls:// cluster is certified by.")
    jobs_certificate_file: str = _setting("", "File with the certificate of this machine on that cluster.")
    jobs_key_file: str = _setting("", "File with the key of that certificate.")
    jobs_open: bool = _setting(
        default=False,
        explained="Let jobs go to other machines by tcp://: whoever reaches a worker can make it do anything.",
    )
    contact: str = _setting("", "Contact sent in the User-Agent of harvests and shown on the page about the hub.")

    def with_values(self, values: Mapping[str, object], origin: str) -> Settings:
        """Replace some settings, each converted to its type. Raises ConfigurationError naming ``origin``."""
        known = {item.name: item for item in dataclasses.fields(self)}
        changed: dict[str, object] = {}
        for name, value in values.items():
            if name not in known:
                near = "".join(difflib.get_close_matches(name, known, 1))
                key = "setting-near" if near else "setting-unknown"
                raise ConfigurationError(key, where=origin, name=name, **({"near": near} if near else {}))
            changed[name] = _converted(name, value, getattr(self, name), origin)
        return dataclasses.replace(self, **changed)  # type: ignore[arg-type] # each value was converted to its type


def _converted(name: str, value: object, default: object, origin: str) -> object:
    kind = type(default)
    converted: object = value
    if isinstance(value, str) and kind is bool:
        converted = _WORDS.get(value.strip().lower(), value)
    elif isinstance(value, str) and kind is int and value.strip().lstrip("-").isdecimal():
        converted = int(value)
    if type(converted) is not kind:
        raise ConfigurationError(f"setting-{kind.__name__}", where=origin, name=name, value=repr(value))
    form = _FORMS.get(name)
    if form and not re.fullmatch(form.pattern, str(converted)):
        raise ConfigurationError("setting-form", where=origin, name=name, value=repr(value), form=form.told)
    return converted


def read_settings(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings file, if any, then the environment. Raises ConfigurationError."""
    settings = Settings()
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError("settings-unreadable", where=path, why=error.strerror) from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError("settings-broken", where=path, why=error) from error
        settings = settings.with_values(_flat(values), str(path))
    found = os.environ if environment is None else environment
    overrides = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in found.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in NOT_SETTINGS
    }
    return settings.with_values(overrides, "environment")


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a table, as ``[alerts] mail``, by their whole name: ``alerts_mail``."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = value if isinstance(value, dict) else None
        found |= {f"{name}_{key}": one for key, one in inner.items()} if inner is not None else {name: value}
    return found
