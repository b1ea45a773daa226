"""Refusals become answers: one table of statuses, one body per API family, and nothing about the inside of the server.

SDMX REST v1.5 (doc/status) numbers its errors and maps them to HTTP: nothing found 404, a semantic error 403. REST v2.2
answers the same with 204 and 422. Administration and pages follow RFC 9457 and plain HTTP.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from flask import Flask, Response, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestedRangeNotSatisfiable,
    RequestEntityTooLarge,
    RequestURITooLarge,
)

from sdmx_hub import errors
from sdmx_hub.language import sentence
from sdmx_hub.web.languages import asked_language

log = logging.getLogger("sdmx_hub.web")
RETRY_SECONDS = 5
OBSERVATION_COUNT = "X-SDMX-Observation-Count"
"""How many observations an answer holds: on the answer to HEAD, and where there are too many."""
SERIES_COUNT = "X-SDMX-Series-Count"
"""The same where series keys alone were asked for."""
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class TooManyTries(errors.TryAgain):
    """Somebody guesses keys; ``seconds`` says how long wrong ones are turned away."""


@dataclass(frozen=True)
class Status:
    """What a refusal becomes: the error number of SDMX, and the HTTP status in v1, in v2, and everywhere else."""

    refusal: type[errors.HubError]
    sdmx: int
    v1: int
    v2: int
    plain: int


STATUSES: tuple[Status, ...] = (
    Status(errors.NoResults, 100, 404, 204, 404),
    Status(errors.NotFound, 100, 404, 404, 404),
    Status(errors.BadRequest, 140, 400, 400, 400),
    Status(errors.BadQuery, 150, 403, 422, 422),
    Status(errors.NotAuthenticated, 110, 401, 401, 401),
    Status(errors.NotAllowed, 110, 403, 403, 403),
    Status(errors.NotAcceptable, 140, 406, 406, 406),
    Status(errors.NotBuilt, 501, 501, 501, 501),
    Status(errors.TooLarge, 510, 413, 413, 413),
    Status(errors.Conflict, 150, 409, 409, 409),
    Status(errors.Malformed, 140, 400, 400, 400),
    Status(errors.PartnerUnavailable, 503, 503, 503, 502),
    Status(TooManyTries, 503, 429, 429, 429),
    Status(errors.Damaged, 503, 503, 503, 503),
    Status(errors.TryAgain, 503, 503, 503, 503),
    Status(errors.HubError, 500, 500, 500, 500),
)
"""The first row that fits decides."""

_SAID = (errors.NotBuilt, errors.TryAgain, errors.PartnerUnavailable, errors.Damaged)
"""Refusals of 500 and more that say what is the matter; any other is a bug."""
HTTP_SENTENCES: dict[int, str] = {
    404: "web-unknown-path",
    405: "web-method",
    413: "web-body-too-large",
    414: "web-url-too-long",
    416: "web-range",
}
SDMX_CODES = {
    400: 140, 401: 110, 403: 150, 404: 100, 405: 501, 406: 140, 413: 510, 414: 140, 416: 140, 501: 501, 503: 503
}  # fmt: skip
"""The number SDMX gives to a status that HTTP itself raised."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An answer that is not what was asked for: number, status, sentence in the language of the request."""

    sdmx: int
    status: int
    text: str
    key: str
    language: str


Answer = Callable[[Failure], Response]


@dataclass(frozen=True)
class Manners:
    """How one family of paths refuses: its prefix, its column of the table, and how it writes a failure."""

    prefix: str
    column: str
    write: Answer


def status_of(error: errors.HubError) -> Status:
    """The row of the table for a refusal."""
    return next(row for row in STATUSES if isinstance(error, row.refusal))


def register_errors(app: Flask, manners: tuple[Manners, ...]) -> None:
    """Answer refusals, HTTP's own errors and bugs, each by the first of ``manners`` whose prefix fits the path."""

    def mine() -> Manners:
        return next(one for one in manners if request.path.startswith(one.prefix))

    def refuse(error: errors.HubError) -> Response:
        row, family, language = status_of(error), mine(), asked_language()
        status = getattr(row, family.column)
        if status >= 500 and not isinstance(error, _SAID):
            return fail(error)
        text = _sayable(_tell(error, language))
        failure = Failure(sdmx=row.sdmx, status=status, text=text, key=error.key, language=language)
        response = family.write(failure)
        _add_headers(response, error)
        return response

    def refuse_http(error: HTTPException) -> Response:
        if error.response is not None or error.code is None or error.code < 400:
            return Response(error.get_response().response, error.code, error.get_headers())
        language = asked_language()
        key = HTTP_SENTENCES.get(error.code, "web-bad-request")
        text = _sayable(sentence(key, language, **_params(error)))
        sdmx = SDMX_CODES.get(error.code, 140)
        response = mine().write(Failure(sdmx=sdmx, status=error.code, text=text, key=key, language=language))
        if isinstance(error, MethodNotAllowed):
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
        if isinstance(error, RequestedRangeNotSatisfiable):
            response.headers["Content-Range"] = f"{error.units} */{error.length}"
        return response

    def fail(error: Exception) -> Response:
        incident = secrets.token_hex(4)
        log.error("incident %s: %s %s", incident, request.method, _printable(request.path), exc_info=error)
        language = asked_language()
        text = sentence("web-internal", language, incident=incident)
        return mine().write(Failure(sdmx=500, status=500, text=text, key="web-internal", language=language))

    app.register_error_handler(errors.HubError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    app.register_error_handler(Exception, fail)


def _tell(error: errors.HubError, language: str) -> str:
    """Say a refusal; where this server keeps its files is for the log."""
    if not isinstance(error, errors.Damaged | errors.StorageAway):
        return error.text(language)
    log.error("%s %s: %s", request.method, _printable(request.path), error)
    return sentence("web-damaged" if isinstance(error, errors.Damaged) else "web-storage-away", language)


def _params(error: HTTPException) -> dict[str, object]:
    return {
        "path": request.path[:200],
        "method": request.method,
        "allowed": ", ".join(sorted(getattr(error, "valid_methods", None) or ())),
        "limit": getattr(error, "limit", ""),
        "length": getattr(error, "length", ""),
    }


def _sayable(text: str) -> str:
    """Replace what no message can carry: what was asked is repeated in refusals, whatever it was (XML 1.0, §2.2)."""
    return _UNSAYABLE.sub("\ufffd", text)


def _printable(text: str) -> str:
    return text[:500].encode("unicode_escape").decode("ascii")


def _add_headers(response: Response, error: errors.HubError) -> None:
    if isinstance(error, errors.NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, errors.TryAgain | errors.PartnerUnavailable):
        response.headers["Retry-After"] = str(error.params.get("seconds", RETRY_SECONDS))
    if isinstance(error, errors.TooLarge) and "count" in error.params:
        response.headers[OBSERVATION_COUNT] = str(error.params["count"])


def refuse_long_url(limit: int) -> NoReturn:
    """Answer 414, with the limit."""
    error = RequestURITooLarge()
    error.limit = limit  # type: ignore[attr-defined] # told in the sentence
    raise error


def refuse_large_body(limit: int) -> NoReturn:
    """Answer 413, with the limit."""
    error = RequestEntityTooLarge()
    error.limit = limit  # type: ignore[attr-defined] # told in the sentence
    raise error
