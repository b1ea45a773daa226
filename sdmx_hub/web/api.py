"""Administration under ``/api``: what an operator's scripts do. Nothing that writes is reachable without a key."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.utils import secure_filename

from sdmx_hub.config import Settings
from sdmx_hub.errors import BadRequest
from sdmx_hub.load.artefacts import check_messages, load_artefacts, locate_files
from sdmx_hub.load.guard import GuardLimits
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.model.finding import has_errors
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.query.text import choose
from sdmx_hub.store.keys import LOAD, OPERATE, STRUCTURES
from sdmx_hub.store.ledger import list_runs
from sdmx_hub.web.access import find_key, require_key
from sdmx_hub.web.hub import current_visit
from sdmx_hub.web.metadata import load_received, remove_named
from sdmx_hub.web.published import list_releases
from sdmx_hub.web.reports import answer_report, chosen_report
from sdmx_hub.web.run_changes import send_changes
from sdmx_hub.web.site import answer_bytes, asked_number, dump_json

MOST_RUNS = 500
_PIECE = 1 << 20
_DEEPEST = 3
_ACTIONS = {action.name.lower(): action for action in Action}

api = Blueprint("api", __name__, url_prefix="/api")


@api.get("/releases")
def releases() -> Response:
    """Give what was published when, newest first."""
    return _json({"releases": list_releases(current_visit())})


@api.get("/harvest/runs")
def harvest_runs() -> Response:
    """Give the runs of the harvester, newest first; ``source``, ``before`` and ``limit`` narrow.

    Who has a key to operate sees all of each run; others what the public may know.
    """
    visit, key = current_visit(), find_key()
    runs = list_runs(
        visit.hub.database,
        source=request.args.get("source"),
        limit=asked_number("limit", most=MOST_RUNS) or 100,
        before=asked_number("before"),
        language=visit.language,
        audience=None if key and OPERATE in key.scopes else visit.audience,
    )
    return _json(runs)


@api.get("/harvest/runs/<int(max=9223372036854775807):run_id>/changes")
def run_changes(run_id: int) -> Response:
    """Give what a run changed, as SDMX-CSV with ``ACTION`` and ``OLD_…`` columns, or (``format=json``) as JSON.

    Who has a key to operate gets all of it; others what they saw change.
    """
    return send_changes(run_id)


@api.post("/load")
def load() -> Response:
    """Check and load a data file: an SDMX message, or a table with its ``mapping``. All of it, or nothing.

    The file is the body (``?name=`` is what reports call it) or the field ``file`` of a form, beside it ``mapping``
    and, as often as needed, ``codes`` with the code tables the mapping names. ``dry_run=1`` stops before anything is
    stored; ``dataflow``, ``provider``, ``action``, ``override`` and ``reason`` say what the message does not. Answers
    200 with the report, or 422 when a finding is an error and nothing was stored. ``report`` (json, html, xlsx), or the
    header Accept, chooses how the report is written: a page, or a copy of the file whose cells say what is wrong.
    """
    return _loaded(dry_run=_flag("dry_run"))


@api.post("/check")
def check() -> Response:
    """Check a data file as ``POST /api/load`` would, and compare it with what is held; nothing is ever stored."""
    return _loaded(dry_run=True)


def _loaded(*, dry_run: bool) -> Response:
    key, visit = require_key(LOAD), current_visit()
    kind = chosen_report(_asked("report"))
    with _received() as (path, mapping):
        order = _order(path, mapping, visit.hub.settings)
        report = load_file(
            order,
            visit.artefacts,
            visit.hub.observations,
            actor=key.actor,
            now=visit.now,
            raw=visit.hub.raw,
            reason=_asked("reason"),
            dry_run=dry_run,
        )
        return _private(answer_report(order, report, visit.language, kind, dry_run=dry_run))


@api.post("/structures")
def structures() -> Response:
    """Check and store structures of any SDMX format, or a codelist as CSV. All of them, or none.

    Answers 200 with the report, or 422 when a finding is an error and nothing was stored.
    """
    key, visit = require_key(STRUCTURES), current_visit()
    with _received() as (path, _):
        located = locate_files([path])
        report = load_artefacts(
            located,
            visit.hub.registry,
            actor=key.actor,
            now=visit.now,
            dry_run=_flag("dry_run"),
            found=check_messages([path], lenient=_flag("lenient")),
        )
    return _json(report.as_json(visit.language), 422 if has_errors(report.findings) else 200)


@api.post("/metadata")
def metadata() -> Response:
    """Check and store metadata sets of any SDMX format of reference metadata. All of them, or none.

    Answers 200 with the report, or 422 when a finding is an error and nothing was stored.
    """
    key, visit = require_key(STRUCTURES), current_visit()
    with _received() as (path, _):
        report = load_received(path, visit, actor=key.actor, dry_run=_flag("dry_run"))
    return _json(report.as_json(visit.language), 422 if has_errors(report.findings) else 200)


@api.delete("/metadata/<path:name>")
def remove_metadata(name: str) -> Response:
    """Remove the metadata set named ``PROVIDER/ID/VERSION`` or ``PROVIDER:ID(VERSION)``; its history stays."""
    key, visit = require_key(STRUCTURES), current_visit()
    return _json({"removed": [str(remove_named(name, visit, actor=key.actor))]})


def _order(path: Path, mapping: Path | None, settings: Settings) -> LoadOrder:
    dataflow, action = _asked("dataflow"), _asked("action")
    return LoadOrder(
        path=path,
        mapping=mapping,
        dataflow=Urn("Dataflow", parse_ref(dataflow)) if dataflow else None,
        provider=_asked("provider"),
        action=_ACTIONS[choose(action.lower(), "action", tuple(_ACTIONS))] if action else None,
        overrides=frozenset(code for code in (_asked("override") or "").split(",") if code),
        name=path.name,
        limits=GuardLimits(
            sent=settings.max_upload_bytes, unpacked=settings.max_upload_bytes, ratio=settings.max_compression_ratio
        ),
    )


@contextmanager
def _received() -> Iterator[tuple[Path, Path | None]]:
    """Write what was sent into a folder of its own: the file, and the mapping if there is one. Raises BadRequest."""
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-received-") as folder:
        sent = request.files.get("file") if _is_form() else None
        if sent is not None:
            path = Path(folder) / _file_name(sent.filename)
            sent.save(path)
            yield path, _mapping(Path(folder))
            return
        path = Path(folder) / _file_name(request.args.get("name"))
        if _write(path, request.stream.read) == 0:
            raise BadRequest("web-file-missing")
        yield path, None


def _mapping(folder: Path) -> Path | None:
    """Write the mapping and the code tables it names, which lie beside it or in folders beside it."""
    sent = request.files.get("mapping")
    if sent is None:
        return None
    for table in request.files.getlist("codes"):
        names = [_file_name(part) for part in PurePosixPath(table.filename or "").parts if part not in {"/", ".", ".."}]
        target = folder.joinpath(*names[-_DEEPEST:])
        target.parent.mkdir(parents=True, exist_ok=True)
        table.save(target)
    path = folder / "mapping.yaml"
    sent.save(path)
    return path


def _write(path: Path, read: Callable[[int], bytes]) -> int:
    size = 0
    with path.open("wb") as file:
        while piece := read(_PIECE):
            size += file.write(piece)
    return size


def _file_name(name: str | None) -> str:
    return secure_filename(name or "")[:100] or "received"


def _is_form() -> bool:
    """Tell whether the body is a form with files; what curl sends as a form without parts is the file itself."""
    return request.mimetype == "multipart/form-data"


def _asked(name: str) -> str | None:
    return (request.form.get(name) if _is_form() else None) or request.args.get(name) or None


def _flag(name: str) -> bool:
    return (_asked(name) or "").lower() in {"1", "true", "yes"}


def _json(content: dict[str, Any], status: int = 200) -> Response:
    return _private(answer_bytes(dump_json(content), "application/json", status))


def _private(response: Response) -> Response:
    response.headers["Vary"] = "Authorization, Accept-Language, Accept-Encoding"
    if "Authorization" in request.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response
