"""What every page shares: the words of its language, links that keep it, and one way to answer as HTML or as JSON."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Flask, Response, render_template, request
from werkzeug.datastructures import MultiDict

from sdmx_hub.language import sentence
from sdmx_hub.web.conditional import answer_unchanged, is_unchanged, make_validators
from sdmx_hub.web.hub import base_url, current_hub
from sdmx_hub.web.languages import LANGUAGE_NAMES, asked_language, explicit_language
from sdmx_hub.web.numbers import format_count, format_day, format_moment, format_value
from sdmx_hub.web.stream import asked_encoding, stream

JSON_SUFFIX = ".json"
LARGEST_NUMBER = 2**63 - 1
"""The largest number the control database counts to."""
_LONGEST_NUMBER = 40
_STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Entry:
    """An entry of the main navigation: a path, and the key of its words."""

    path: str
    key: str


NAVIGATION = (
    Entry("/", "page-nav-data"),
    Entry("/releases", "page-nav-releases"),
    Entry("/harvest", "page-nav-harvest"),
    Entry("/mirror", "page-nav-mirror"),
    Entry("/pilots", "page-nav-pilots"),
    Entry("/about", "page-nav-about"),
)


def show(template: str, content: Mapping[str, Any], *, status: int = 200, **extras: object) -> Response:
    """Answer ``content`` as the page ``template`` (which sees it as ``page``), or as JSON under a ``.json`` address.

    ``extras`` are for the page alone: drawn charts, ready-made links. The answer carries a validator over its bytes.
    """
    if request.path.endswith(JSON_SUFFIX):
        body, content_type = dump_json(content), "application/json"
    else:
        body, content_type = render_template(template, page=content, **extras).encode(), "text/html; charset=utf-8"
    return answer_bytes(body, content_type, status)


def dump_json(content: Mapping[str, Any]) -> bytes:
    """Write JSON for programs and curious people."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2, default=str)


def answer_bytes(body: bytes, content_type: str, status: int = 200) -> Response:
    """Answer a body that is all there: compressed as asked, with a validator; 304 when the client has it."""
    encoding, language = asked_encoding(), asked_language()
    validators = make_validators((body.hex() if len(body) < 64 else hashlib.sha256(body).hexdigest(), encoding), None)
    if status == 200 and is_unchanged(validators):
        return answer_unchanged(validators)
    response = stream([body], content_type=content_type, encoding=encoding)
    response.status_code = status
    response.headers["Content-Language"] = language
    return validators.add_to(response) if status == 200 else response


def register_site(app: Flask) -> None:
    """Give templates their words, links and formats."""

    @app.context_processor
    def words() -> dict[str, Any]:
        language, settings = asked_language(), current_hub().settings
        return {
            "language": language,
            "languages": LANGUAGE_NAMES,
            "t": functools.partial(_say, language),
            "href": link,
            "in_language": _in_language,
            "json_url": _json_url(),
            "static_url": static_url,
            "here": request.path,
            "root": request.script_root,
            "navigation": [entry for entry in NAVIGATION if _is_served(app, entry.path)],
            "hub_name": settings.hub_name,
            "licence": settings.licence,
            "contact": settings.contact,
            "base_url": base_url(),
            "value": functools.partial(_formatted, format_value, language),
            "count": functools.partial(_formatted, format_count, language),
            "day": functools.partial(_formatted, format_day, language),
            "moment": functools.partial(_formatted, format_moment, language),
        }


def _is_served(app: Flask, path: str) -> bool:
    return any(rule.rule == path for rule in app.url_map.iter_rules())


def _say(language: str, key: str, /, **params: object) -> str:
    return sentence(key, language, **params)


def _formatted(write: Any, language: str, subject: Any) -> str:
    text: str = write(subject, language)
    return text


def asked_number(name: str, *, least: int = 1, most: int = LARGEST_NUMBER) -> int | None:
    """A whole number of the address, brought within bounds; None when it is not there or is none."""
    text = request.args.get(name, "").strip()
    if not (text.isascii() and text.removeprefix("-").isdecimal() and len(text) <= _LONGEST_NUMBER):
        return None
    return max(least, min(int(text), most))


def link(path: str, **parameters: object) -> str:
    """Link to a page of the hub: the language stays when the address named it, empty parameters are left out."""
    query = {name: value for name, value in parameters.items() if value not in {None, ""}}
    chosen = explicit_language()
    if chosen and "lang" not in query:
        query["lang"] = chosen
    return request.script_root + path + (f"?{urlencode(query)}" if query else "")


def with_parameters(changed: Mapping[str, str | None]) -> str:
    """The address of this page with some parameters changed (None: taken away)."""
    parameters: MultiDict[str, str] = MultiDict(request.args)
    for name, value in changed.items():
        parameters.poplist(name)
        if value is not None:
            parameters.add(name, value)
    query = urlencode(list(parameters.items(multi=True)))
    return request.script_root + request.path + (f"?{query}" if query else "")


def _in_language(code: str) -> str:
    return with_parameters({"lang": code})


def _json_url() -> str | None:
    """The address of the JSON twin of this page, where it has one."""
    if request.endpoint is None or not request.endpoint.startswith("pages"):
        return None
    page = with_parameters({})
    path, mark, query = page.partition("?")
    if path.endswith("/"):
        path += "index"
    return f"{path}{JSON_SUFFIX}{mark}{query}"


@functools.cache
def _version(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


def static_url(name: str) -> str:
    """The address of a static file; it changes with the content, so that caches may keep it."""
    return f"{request.script_root}/static/{name}?v={_version(name)}"
