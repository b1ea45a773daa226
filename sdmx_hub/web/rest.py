"""SDMX REST: what both editions share. Each answer is five steps: parse, choose the format, open, write, stream.

A ``Family`` is one edition as a value; the views never ask which one they serve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from sdmx_hub.errors import NotBuilt, NotFound
from sdmx_hub.formats.table import Api
from sdmx_hub.query.request import AvailabilityQuery, DataQuery, SchemaQuery, StructureQuery
from sdmx_hub.web.headers import answer_options
from sdmx_hub.web.negotiation import raw_parts
from sdmx_hub.web.posted import become_get

Parts = Sequence[str]
View = Callable[["Family", Parts], Response]
SAFE = ("GET", "HEAD", "OPTIONS")
UNSAFE = ("POST", "PUT", "DELETE", "PATCH")
WRITING = frozenset({"POST", "PUT", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Family:
    """One edition of the API.

    Its parsers; its resources with the view that serves each (``keeps_resource``: those whose parser reads the resource
    too); the view that ``writes`` a resource; the view that answers a query sent by POST, which ``asks``, and the place
    of the key among its parts, the resource included; what the standard has and the hub has not: ``unbuilt``.
    """

    api: Api
    prefix: str
    parse_data: Callable[[Parts, str], DataQuery]
    parse_structure: Callable[[Parts, str], StructureQuery]
    parse_availability: Callable[[Parts, str], AvailabilityQuery]
    parse_schema: Callable[[Parts, str], SchemaQuery]
    views: Mapping[str, View]
    keeps_resource: frozenset[str]
    unbuilt: frozenset[str]
    writes: Mapping[str, View]
    asks: Mapping[str, View]
    key_slot: int


def make_blueprint(family: Family) -> Blueprint:
    """Make the routes of one edition: one rule for all resources, because every slot of a path may be left out."""
    blueprint = Blueprint(f"sdmx_{family.api}", __name__, url_prefix=family.prefix)

    def answer(rest: str) -> Response:
        parts = raw_parts(family.prefix)
        resource = parts[0].partition("&")[0].lower()
        view = family.views.get(resource)
        if request.method == "OPTIONS":
            return answer_options()
        if resource in family.unbuilt:
            raise NotBuilt("web-not-built", resource=resource)
        if view is None:
            known = ", ".join(sorted(family.views))
            raise NotFound("web-unknown-resource", resource=resource[:100], known=known)
        return view(family, parts if resource in family.keeps_resource else parts[1:])

    def write(rest: str) -> Response:
        parts = raw_parts(family.prefix)
        resource = parts[0].partition("&")[0].lower()
        if request.method == "POST" and resource in family.asks:
            return _answer_posted(family, family.asks[resource])
        view = family.writes.get(resource)
        if view is not None and request.method in WRITING:
            return view(family, parts if resource in family.keeps_resource else parts[1:])
        if resource in family.unbuilt:
            raise NotBuilt("web-not-built", resource=f"{request.method} {resource}")
        raise MethodNotAllowed(valid_methods=(*SAFE, "POST") if resource in family.asks else SAFE)

    rule = "/<path:rest>"
    blueprint.add_url_rule(rule, "answer", answer, methods=SAFE, provide_automatic_options=False)
    blueprint.add_url_rule(rule, "write", write, methods=UNSAFE, provide_automatic_options=False)
    return blueprint


def _answer_posted(family: Family, view: View) -> Response:
    """Answer a query sent by POST as the GET it stands for, and say its address where it is short enough."""
    address = become_get(family.prefix, family.key_slot)
    response = view(family, raw_parts(family.prefix)[1:])
    if address is not None and response.status_code == HTTPStatus.OK:
        response.headers["Content-Location"] = address
    return response
