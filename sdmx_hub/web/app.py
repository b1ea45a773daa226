"""The application: with the command line the only place where the hub is put together. Nothing is global."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from flask import Flask, request

from sdmx_hub.config import Settings
from sdmx_hub.store.blobs import Blobs
from sdmx_hub.store.database import Database
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from sdmx_hub.web.api import api
from sdmx_hub.web.errors import refuse_long_url, register_errors
from sdmx_hub.web.headers import register_headers
from sdmx_hub.web.health import health, register_metrics
from sdmx_hub.web.hub import EXTENSION, Hub, utc_now
from sdmx_hub.web.limits import LONGEST_URL
from sdmx_hub.web.maintenance import fmr
from sdmx_hub.web.manners import MANNERS
from sdmx_hub.web.offer import offer
from sdmx_hub.web.openapi import description
from sdmx_hub.web.pages import pages
from sdmx_hub.web.pages_harvest import pages_harvest
from sdmx_hub.web.pages_mirror import pages_mirror
from sdmx_hub.web.pages_pilot import pages_pilot
from sdmx_hub.web.rest import make_blueprint
from sdmx_hub.web.rest_v1 import V1
from sdmx_hub.web.rest_v2 import V2
from sdmx_hub.web.runs import runs
from sdmx_hub.web.site import register_site
from sdmx_hub.web.sources import sources


def create_app(
    *,
    database: Database,
    registry: Registry,
    observations: Observations,
    settings: Settings,
    raw: Blobs | None = None,
    now: Callable[[], dt.datetime] = utc_now,
) -> Flask:
    """Make the application over the parts of one hub; ``raw`` keeps the bytes of loads."""
    app = Flask("sdmx_hub.web", static_folder="static", template_folder="templates")
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = False
    app.jinja_env.trim_blocks = True
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_bytes
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = dt.timedelta(days=365)
    app.extensions[EXTENSION] = Hub(
        database=database, registry=registry, observations=observations, settings=settings, raw=raw, now=now
    )
    register_metrics(app)
    register_headers(app)
    register_errors(app, MANNERS)
    register_site(app)
    for blueprint in (
        make_blueprint(V1),
        make_blueprint(V2),
        pages,
        pages_harvest,
        pages_mirror,
        pages_pilot,
        api,
        sources,
        runs,
        fmr,
        health,
        description,
        offer,
    ):
        app.register_blueprint(blueprint)
    app.before_request(_check_url)
    app.teardown_request(_close_files)
    return app


def _close_files(_: BaseException | None) -> None:
    """Give back the files of an upload; large ones lie on disk."""
    request.close()


def _check_url() -> None:
    raw = request.environ.get("RAW_URI") or request.full_path
    if len(raw) > LONGEST_URL:
        refuse_long_url(LONGEST_URL)
