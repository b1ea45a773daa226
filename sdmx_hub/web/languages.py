"""The language of an answer: ``?lang=`` (or ``locale=``), else ``Accept-Language``; nothing is kept in a cookie."""

from __future__ import annotations

from flask import request

from sdmx_hub.errors import NotAcceptable
from sdmx_hub.language import LANGUAGES, choose_language

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español"}
ALL = "all"
_PARAMETERS = ("lang", "locale")


def explicit_language() -> str | None:
    """The language the URL names, if it is one of ours."""
    asked = _asked()
    return asked if asked in LANGUAGES else None


def asked_language() -> str:
    """The language to answer in; never a refusal."""
    return explicit_language() or choose_language(request.headers.get("Accept-Language"))


def check_language() -> str:
    """The language to answer in; raises NotAcceptable for a ``lang`` that is not offered (REST v2.2, extensions)."""
    asked = _asked()
    if asked not in {None, "", ALL, *LANGUAGES}:
        raise NotAcceptable("web-language", asked=(asked or "")[:20], offered=", ".join((*LANGUAGES, ALL)))
    return asked_language()


def _asked() -> str | None:
    for name in _PARAMETERS:
        value = request.args.get(name)
        if value is not None:
            return value.strip().lower().partition("-")[0]
    return None
