"""``sdmx-hub serve``: the web server. Gunicorn workers, each with its own hub; werkzeug only to develop with."""

from __future__ import annotations

import errno
import importlib
import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import click
from gunicorn.app.base import BaseApplication
from werkzeug.serving import make_server

from sdmx_hub.cli.context import HubContext, pass_hub
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.language import sentence

GRACE_SECONDS = 25
IDLE_SECONDS = 75
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"


class Server(BaseApplication):  # type: ignore[misc] # gunicorn is untyped
    """Gunicorn, configured by values. The master holds no hub: each worker makes its own after the fork."""

    def __init__(self, make_app: Callable[[], WSGIApplication], options: Mapping[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; no file and no environment is read."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Make the application, inside the worker."""
        return self._make_app()


@click.command()
@click.option("--host", help="Address to bind; the setting host (127.0.0.1) unless told otherwise.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Port to bind; the setting port (8000) unless told otherwise."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--threads", type=click.IntRange(1, 64), help="Threads in each worker.")
@click.option("--access-log", is_flag=True, help="Write one line a request on standard output.")
@click.option("--debug", is_flag=True, help="Development only: one process, without gunicorn.")
@pass_hub
def serve(
    hub: HubContext,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    threads: int | None,
    access_log: bool,
    debug: bool,
) -> None:
    r"""Serve pages, SDMX REST and administration over HTTP, until interrupted.

    \b
    Examples:
      sdmx-hub --home office serve
      sdmx-hub --home office serve --port 9000 --workers 4 --access-log
    """
    settings = hub.settings
    host = host or settings.host
    port = settings.port if port is None else port
    hub.database.close()  # migrated by now; each worker opens its own
    listener = _bind(host, port)
    announce(hub.language, host, listener.getsockname()[1])
    if debug:
        _serve_for_development(hub, listener)
        return
    _serve(hub, listener, workers or settings.workers, threads or settings.threads, access_log=access_log)


def _serve(hub: HubContext, listener: socket.socket, workers: int, threads: int, *, access_log: bool) -> None:
    """Run gunicorn until it is told to stop; it exits the process.

    Workers leave through this frame too, so nothing here may be cleaned up but by the hooks of the master.
    """
    metrics = tempfile.mkdtemp(prefix="sdmx-hub-metrics-")
    os.environ[MULTIPROCESS] = metrics
    options = {
        "bind": [f"fd://{listener.detach()}"],
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "keepalive": IDLE_SECONDS,
        "graceful_timeout": GRACE_SECONDS,
        "timeout": 60,
        "accesslog": "-" if access_log else None,
        "loglevel": "warning",
        "proc_name": "sdmx-hub",
        "control_socket_disable": True,
        "worker_tmp_dir": metrics,
        "child_exit": _forget_worker,
        "on_exit": lambda _server: shutil.rmtree(metrics, ignore_errors=True),
    }
    Server(lambda: make_app(hub), options).run()


def make_app(hub: HubContext) -> WSGIApplication:
    """Put the application together over a hub of this process alone."""
    web = importlib.import_module("sdmx_hub.web.app")  # in the worker: metrics read their environment when imported
    mine = HubContext(home=hub.home, settings=hub.settings)
    app: WSGIApplication = web.create_app(
        database=mine.database,
        registry=mine.registry,
        observations=mine.observations,
        settings=mine.settings,
        raw=mine.blobs,
    )
    return app


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError("web-port-in-use", host=host, port=port, other=port + 1) from error
        raise ConfigurationError("web-port-taken", host=host, port=port, why=error.strerror or str(error)) from error
    listener.listen(512)
    listener.set_inheritable(True)
    return listener


def announce(language: str, host: str, port: int) -> None:
    """Say where the server answers, and warn when others can reach it."""
    shown = f"[{host}]" if ":" in host else host
    click.echo(sentence("web-listening", language, url=f"http://{shown}:{port}"))
    if not _is_loopback(host):
        click.echo(sentence("web-bound-elsewhere", language, host=host), err=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _serve_for_development(hub: HubContext, listener: socket.socket) -> None:
    app = make_app(hub)
    host, port = listener.getsockname()[:2]
    server = make_server(host, port, app, threaded=True, fd=listener.fileno())
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _forget_worker(_server: object, worker: Any) -> None:
    """Let the metrics of a worker that ended stop counting as alive."""
    multiprocess = importlib.import_module("prometheus_client.multiprocess")
    if Path(os.environ[MULTIPROCESS]).is_dir():
        multiprocess.mark_process_dead(worker.pid)
