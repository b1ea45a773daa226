"""The report of an upload as it is asked for: JSON, a page, or a copy of the file whose cells say what is wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flask import Response, request

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.page_html import style_source
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.load.report_html import write_html
from sdmx_hub.load.report_workbook import annotate_file
from sdmx_hub.query.text import shown
from sdmx_hub.web.headers import API_POLICY
from sdmx_hub.web.site import answer_bytes, dump_json

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {"json": "application/json", "html": "text/html", "xlsx": WORKBOOK}


def chosen_report(asked: str | None) -> str:
    """Choose how the report is written: by ``report``, else by Accept, else JSON. Raises BadRequest."""
    if asked is not None:
        if asked.lower() not in KINDS:
            raise BadRequest("report-unknown", asked=shown(asked))
        return asked.lower()
    found = request.accept_mimetypes.best_match(list(KINDS.values()), default=KINDS["json"])
    return next(name for name, kind in KINDS.items() if kind == found)


def answer_report(order: LoadOrder, report: LoadReport, language: str, kind: str, *, dry_run: bool) -> Response:
    """Answer a report: 200, or 422 when a finding is an error."""
    status = 422 if report.has_errors else 200
    if kind == "json":
        return answer_bytes(dump_json(report.as_json(language)), KINDS[kind], status)
    if kind == "html":
        page = write_html(report, language, is_check=False, dry_run=dry_run).encode()
        response = answer_bytes(page, "text/html; charset=utf-8", status)
        response.headers["Content-Security-Policy"] = f"{API_POLICY}; style-src '{style_source()}'"
        return response
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-report-") as folder:
        target = Path(folder) / "report.xlsx"
        annotate_file(order, report, target, language)
        response = answer_bytes(target.read_bytes(), KINDS[kind], status)
    name = f"{Path(order.shown).stem or 'report'}.{language}.xlsx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
