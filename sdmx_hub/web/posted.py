"""Queries too long for an address, sent by POST: an extension that the standard leaves to services (REST v2.2, 414).

A POST to the address of a data or availability query carries parameters, and the key, in its body; it is answered as
the GET it stands for, to the same bytes, statuses and validators. Two differences, which HTTP makes (RFC 9110): where
a GET would be 304 a POST is 412, and the answer is only cached by clients that do so knowingly. The body is
``application/x-www-form-urlencoded``, read as a query string is (a ``+`` joins conditions, it is no blank),
``multipart/form-data``, or a JSON object, whose lists are alternatives and whose ``c`` holds the component filters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote

import orjson
from flask import request

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.parameters import LONGEST_QUERY
from sdmx_hub.query.text import is_wildcard, shown
from sdmx_hub.web.errors import refuse_large_body
from sdmx_hub.web.limits import LONGEST_URL
from sdmx_hub.web.negotiation import raw_parts, raw_query

FORM, MULTIPART, JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
BODY = "body"
"""What stands in an address in the place of a key that is in the body, as other services have it."""
_KEPT_RAW = "+*,:.-~"


def become_get(prefix: str, key_slot: int) -> str | None:
    """Make the request the GET it stands for; gives its address where it is short enough to be one.

    ``key_slot`` is the place of the key among the parts behind ``prefix``. Raises BadRequest.
    """
    pairs = list(_read_body())
    key = ",".join(value for name, value in pairs if name == "key")
    parts = _with_key(raw_parts(prefix), key, key_slot)
    found = [raw_query(), *(f"{name}={value}" for name, value in pairs if name != "key")]
    query = "&".join(part for part in found if part)
    address = f"{prefix}/{'/'.join(parts)}" + (f"?{query}" if query else "")
    request.environ["RAW_URI"] = address
    request.environ["QUERY_STRING"] = query
    request.query_string = query.encode("latin-1", "replace")
    request.__dict__.pop("args", None)  # read again from the new query string
    return address if len(address) <= LONGEST_URL else None


def _with_key(parts: list[str], key: str, slot: int) -> list[str]:
    while parts and not parts[-1]:
        parts = parts[:-1]
    there = parts[slot] if len(parts) > slot else ""
    if there.lower() == BODY and key:
        there = ""
    if not key:
        return parts
    if not is_wildcard(there) and there != key:
        raise BadRequest("query-twice", part="key")
    return [*parts[:slot], *[""] * (slot - len(parts)), key, *parts[slot + 1 :]]


def _read_body() -> Iterator[tuple[str, str]]:
    """Read names and values, percent-encoded as in a query string."""
    if (request.content_length or 0) > LONGEST_QUERY:
        refuse_large_body(LONGEST_QUERY)
    request.max_content_length = LONGEST_QUERY
    if request.mimetype == JSON:
        yield from _read_json(request.get_data(cache=False))
    elif request.mimetype == MULTIPART:
        yield from ((_encoded(name), _encoded(value)) for name, value in request.form.items(multi=True))
    elif request.mimetype in {FORM, ""}:
        text = request.get_data(cache=False).decode("latin-1").strip()
        for name, _, value in (pair.partition("=") for pair in text.split("&")):
            if name:
                yield _encoded(_decoded(name)), _encoded(_decoded(value))
    else:
        raise BadRequest("web-post-type", found=shown(request.mimetype), allowed=", ".join((FORM, JSON, MULTIPART)))


def _read_json(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadRequest("web-post-json", part=BODY) from error
    if not isinstance(document, dict):
        raise BadRequest("web-post-json", part=BODY)
    filters = document.pop("c", {})
    if not isinstance(filters, Mapping):
        raise BadRequest("web-post-json", part="c")
    for name, value in (*document.items(), *((f"c[{name}]", value) for name, value in filters.items())):
        yield _encoded(name), _encoded(_text(name, value))


def _text(name: str, value: Any) -> str:
    """Write a value as a query string has it; the items of a list are alternatives."""
    if isinstance(value, list):
        return ",".join(_text(name, one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise BadRequest("web-post-json", part=shown(name))


def _encoded(text: str) -> str:
    """Encode a text as it stands in the address that is told; what is no UTF-8 stays for the parser to refuse."""
    return quote(text, safe=_KEPT_RAW, errors="surrogateescape")


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape")
