"""How each family of paths says no: an SDMX error message, problem details (RFC 9457), or a page."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from flask import Response, render_template, request

from sdmx_hub.formats import error_json, error_xml
from sdmx_hub.formats.media_range import parse_accept
from sdmx_hub.web.errors import Failure, Manners

_JSON = "application/vnd.sdmx.data+json"


def _wishes_json(default: bool) -> bool:
    """Tell whether who asked reads JSON rather than XML: by ``format=``, then by what ``Accept`` wants most."""
    wish = request.args.get("format", "").lower()
    if wish:
        return "json" in wish
    for wanted in parse_accept(request.headers.get("Accept", "")):
        if "json" in wanted.media_type:
            return True
        if "xml" in wanted.media_type and "html" not in wanted.media_type:
            return False
    return default


def _is_browser() -> bool:
    ranges = parse_accept(request.headers.get("Accept", ""))
    return bool(ranges) and ranges[0].media_type == "text/html" and "format" not in request.args


def write_v1(failure: Failure) -> Response:
    """Answer as REST v1 does: an SDMX-ML 2.1 Error message, or SDMX-JSON 1.0."""
    if _is_browser():
        return write_page(failure)
    if _wishes_json(default=False):
        body = error_json.write_v1(failure.sdmx, failure.text, language=failure.language)
        return _sent(failure, body, f"{_JSON};version=1.0.0")
    body = error_xml.write_v2_1(failure.sdmx, failure.text, language=failure.language)
    return _sent(failure, body, error_xml.CONTENT_TYPE_V2_1)


def write_v2(failure: Failure) -> Response:
    """Answer as REST v2 does: 204 without a body when nothing matched, else SDMX-JSON 2 or an SDMX-ML 3.0 Error."""
    if failure.status == HTTPStatus.NO_CONTENT:
        return Response(status=204)
    if _is_browser():
        return write_page(failure)
    if _wishes_json(default=False):
        body = error_json.write_v2(failure.status, failure.text, language=failure.language)
        return _sent(failure, body, f"{_JSON};version=2.0.0")
    body = error_xml.write_v3_0(failure.sdmx, failure.text, language=failure.language)
    return _sent(failure, body, error_xml.CONTENT_TYPE_V3_0)


def write_problem(failure: Failure) -> Response:
    """Answer with problem details, RFC 9457."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(failure.status).phrase,
        "status": failure.status,
        "detail": failure.text,
        "code": failure.key,
    }
    return _sent(failure, orjson.dumps(problem), "application/problem+json")


def write_page(failure: Failure) -> Response:
    """Answer with a page, or with problem details where the page's JSON twin was asked for."""
    if request.path.endswith(".json"):
        return write_problem(failure)
    body = render_template("error.html", page={"status": failure.status, "detail": failure.text}, json_url=None)
    return _sent(failure, body.encode(), "text/html; charset=utf-8")


def _sent(failure: Failure, body: bytes, content_type: str) -> Response:
    response = Response(body, failure.status, content_type=content_type)
    response.headers["Content-Language"] = failure.language
    response.headers["Cache-Control"] = "no-store"
    return response


MANNERS = (
    Manners("/sdmx/v1", "v1", write_v1),
    Manners("/sdmx/v2", "v2", write_v2),
    Manners("/ws", "v2", write_v2),
    Manners("/api", "plain", write_problem),
    Manners("/", "plain", write_page),
)
