"""Where a hub keeps its files, as its settings say: the home directory, or an object store with a cache."""

from __future__ import annotations

import configparser
import importlib
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.store.blobs import Blobs, local_blobs

_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_KEYS = ("access_key_id", "secret_access_key", "session_token")


def open_blobs(home: Path, settings: Settings, environment: Mapping[str, str] | None = None) -> Blobs:
    """Open the files of a hub. Raises ConfigurationError; nothing is asked of an object store yet."""
    if not settings.storage_url:
        return local_blobs(home)
    return open_remote(home, settings, settings.storage_url, environment)


def open_remote(home: Path, settings: Settings, url: str, environment: Mapping[str, str] | None = None) -> Blobs:
    """Open the object store at ``url``, whatever ``storage_url`` says. Raises ConfigurationError."""
    found = os.environ if environment is None else environment
    parts = _split(url)
    try:
        store = importlib.import_module("sdmx_hub.store.object_store")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "obstore":
            raise
        raise ConfigurationError("storage-extra") from error
    from_environment = found.get("AWS_ENDPOINT_URL_S3") or found.get("AWS_ENDPOINT_URL") or ""
    address = store.Address(
        bucket=parts.netloc,
        prefix=parts.path.strip("/"),
        endpoint=_check_endpoint(settings.storage_endpoint or from_environment, allow_http=settings.storage_allow_http),
        region=settings.storage_region or found.get("AWS_REGION") or found.get("AWS_DEFAULT_REGION") or "",
    )
    # Imported here: locks of files are not on every system that can run a hub of one machine.
    cache = importlib.import_module("sdmx_hub.store.blob_cache")
    remote = importlib.import_module("sdmx_hub.store.blobs_remote")
    folder = Path(settings.cache_directory) if settings.cache_directory else home / "cache"
    blobs: Blobs = remote.RemoteBlobs(
        store.ObjectStore(address, read_credentials(settings, found)), cache.Cache(folder, settings.cache_bytes)
    )
    return blobs


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ConfigurationError("storage-url", why=str(error)) from error
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise ConfigurationError("storage-url", why="")
    return parts


def _check_endpoint(endpoint: str, *, allow_http: bool) -> str:
    parts = urlsplit(endpoint)
    if not endpoint:
        return ""
    is_plain = parts.scheme == "http" and (allow_http or _is_loopback(parts.hostname or ""))
    if not parts.hostname or "@" in parts.netloc or parts.query or not (is_plain or parts.scheme == "https"):
        raise ConfigurationError("storage-endpoint")
    return endpoint.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_credentials(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Read the key to an object store from its file or the environment; none where the machine itself has a role.

    Raises ConfigurationError for a file that cannot be read or lacks the key.
    """
    file = settings.storage_credentials_file
    if not file and environment.get("AWS_ACCESS_KEY_ID"):
        return {name: value for name in _KEYS if (value := environment.get(f"AWS_{name.upper()}"))}
    file = file or environment.get("AWS_SHARED_CREDENTIALS_FILE", "")
    if not file:
        return {}
    profile = environment.get("AWS_PROFILE") or "default"
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        why = type(error).__name__  # the text of the error may quote a line of the file
        raise ConfigurationError("configuration", where=file, why=why) from error
    told = ((name, parser.get(profile, f"aws_{name}", fallback="")) for name in _KEYS)
    found = {name: value for name, value in told if value}
    if not set(_KEYS[:2]) <= found.keys():
        raise ConfigurationError("storage-credentials", file=file, profile=profile)
    return found
