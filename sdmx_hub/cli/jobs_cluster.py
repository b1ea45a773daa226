"""Which Dask cluster is meant, and the one module that knows Dask, imported only when it is."""

from __future__ import annotations

import importlib
from types import ModuleType

from sdmx_hub.cli.context import HubContext
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.jobs.address import Place, parse_place


def import_cluster() -> ModuleType:
    """Import what knows Dask. Raises ConfigurationError when its library is not installed."""
    try:
        return importlib.import_module("sdmx_hub.jobs.cluster")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in {"distributed", "dask"}:
            raise
        raise ConfigurationError("jobs-library") from error


def require_cluster(hub: HubContext, address: str = "") -> Place:
    """Read which cluster is meant: ``address``, else that of the setting. Raises ConfigurationError for none."""
    place = parse_place(hub.settings, address or None)
    if not place.cluster:
        raise ConfigurationError("jobs-no-cluster")
    return place
