"""Where the jobs of a hub are done, put together as its settings say."""

from __future__ import annotations

import threading

from sdmx_hub.cli.context import HubContext
from sdmx_hub.cli.jobs_cluster import import_cluster
from sdmx_hub.cli.node import begin, do, open_node
from sdmx_hub.jobs.address import parse_place
from sdmx_hub.jobs.doer import Doer
from sdmx_hub.jobs.here import Processes, Threads
from sdmx_hub.jobs.runner import Runner
from sdmx_hub.store.identity import read_identity


def make_runner(hub: HubContext, closing: threading.Event) -> tuple[Doer, Runner]:
    """Put together what does the jobs of a hub, and the hub as jobs of this process see it.

    Raises ConfigurationError when the setting cannot be.
    """
    place = parse_place(hub.settings)
    doer = open_node(hub, closing)
    if place.cluster:
        return doer, import_cluster().Cluster(place, do, hub=read_identity(hub.database))
    if place.processes:
        return doer, Processes(do, closing, place.processes, begin, hub.home.resolve(), hub.settings)
    return doer, Threads(do, closing)
