"""For whoever runs the hub: is it alive, is it ready, what has it been doing."""

from __future__ import annotations

import os
import shutil
import time

import orjson
from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from sdmx_hub.harvest.attendance import STATES, read_attendance
from sdmx_hub.harvest.health import HealthState
from sdmx_hub.web.hub import current_hub
from sdmx_hub.web.sources import health_reader

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Names the directory in which the workers of one server share their counts; prometheus-client reads it too."""
FREE_SHARE = 0.02
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_EXTENSION = "sdmx_hub.metrics"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

health = Blueprint("health", __name__)


@health.get("/livez")
def livez() -> Response:
    """Say that the process answers."""
    return Response("ok\n", content_type="text/plain")


@health.get("/readyz")
def readyz() -> Response:
    """Say whether requests can be served: the control database answers in this release's shape, the disk has room.

    An object store that is away is told, and makes nobody unready: all servers share it, and go on with their caches.
    """
    checks = {"database": current_hub().database.state(), "disk": _disk_state()}
    ready = all(state == "ok" for state in checks.values())
    blobs = current_hub().observations.blobs
    if blobs.is_remote:
        checks["storage"] = blobs.state()
    body = orjson.dumps({"ready": ready, "checks": checks})
    response = Response(body, 200 if ready else 503, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _disk_state() -> str:
    usage = shutil.disk_usage(current_hub().observations.root)
    return "ok" if usage.free / usage.total > FREE_SHARE else "almost full"


@health.get("/metrics")
def metrics() -> Response:
    """Give the counts of all workers, for Prometheus; never a value or a code of the data."""
    registry: CollectorRegistry = current_app.extensions[_EXTENSION]
    if os.environ.get(MULTIPROCESS):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # the library leaves it untyped
    body = generate_latest(registry) + generate_latest(_source_gauges())
    return Response(body, content_type=CONTENT_TYPE_LATEST)


def _source_gauges() -> CollectorRegistry:
    """How the sources of harvests are now, read from the ledger: the same from whichever worker answers."""
    registry, hub = CollectorRegistry(), current_hub()
    health = Gauge("sdmx_hub_source_health", "1 for the state a source is in.", ("source", "state"), registry=registry)
    last = Gauge(
        "sdmx_hub_source_last_good_timestamp_seconds", "When its last good visit ended.", ("source",), registry=registry
    )
    keeper = Gauge("sdmx_hub_scheduler", "1 for the state the scheduler is in.", ("state",), registry=registry)
    seen = Gauge(
        "sdmx_hub_scheduler_last_seen_timestamp_seconds", "When a scheduler was last heard of.", registry=registry
    )
    if hub.database.state() != "ok":
        return registry
    attendance = read_attendance(hub.database, now=hub.now())
    for state in STATES:
        keeper.labels(state).set(state == attendance.state)
    seen.set(attendance.seen_at.timestamp() if attendance.seen_at else 0)
    for one in health_reader(hub).read_all(now=hub.now()):
        for state in HealthState:
            health.labels(one.source, state.value).set(state is one.state)
        if one.last_good is not None:
            last.labels(one.source).set(one.last_good.timestamp())
    return registry


@health.get("/robots.txt")
def robots() -> Response:
    """Keep crawlers to the pages: data queries have no end."""
    rules = ("/sdmx/", "/api/", "/metrics", "/*?c%5B", "/*?c[")
    lines = ["User-agent: *", *(f"Disallow: {rule}" for rule in rules), "Allow: /"]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def register_metrics(app: Flask) -> None:
    """Count requests and measure the time until their headers are ready."""
    registry = CollectorRegistry()
    app.extensions[_EXTENSION] = registry
    names = ("endpoint", "method", "status")
    requests = Counter("sdmx_hub_requests_total", "Requests answered.", names, registry=registry)
    seconds = Histogram(
        "sdmx_hub_request_seconds", "Seconds until the headers.", names[:1], registry=registry, buckets=_BUCKETS
    )

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        method = request.method if request.method in _METHODS else "other"
        requests.labels(endpoint, method, str(response.status_code)).inc()
        if "began" in g:
            seconds.labels(endpoint).observe(time.perf_counter() - g.began)
        return response
