"""Headers every answer carries: what a browser may do with a page, and what other origins may read of the API."""

from __future__ import annotations

from flask import Flask, Response, request

PAGE_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'"
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
EXPOSED = (
    "ETag, Last-Modified, Link, Content-Disposition, Content-Language, Content-Location, Retry-After, Accept-Ranges, "
    "Content-Range, X-SDMX-Observation-Count, X-SDMX-Series-Count"
)
ALLOWED = "Accept, Accept-Language, Content-Type, If-None-Match, If-Modified-Since, If-Range, Range, X-Range"
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
VARY = "Accept, Accept-Language, Accept-Encoding"
OPEN_PREFIXES = ("/sdmx/", "/openapi.json")
"""Paths any origin may read; nothing there depends on who asks by cookie, and there are no cookies."""


def register_headers(app: Flask) -> None:
    """Add the headers to every answer, refusals included."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        is_page = response.mimetype == "text/html"
        headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else API_POLICY)
        if is_page:
            headers["X-Frame-Options"] = "DENY"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if request.path.startswith(OPEN_PREFIXES):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = EXPOSED
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if not request.path.startswith("/static/"):
            headers["Vary"] = VARY
        return response


def answer_options() -> Response:
    """Answer OPTIONS: what may be asked, for LibreOffice and for the preflight of browsers."""
    response = Response(status=204)
    response.headers["Allow"] = ", ".join(METHODS)
    response.headers["Access-Control-Allow-Methods"] = ", ".join(METHODS)
    response.headers["Access-Control-Allow-Headers"] = ALLOWED
    response.headers["Access-Control-Max-Age"] = "86400"
    return response
