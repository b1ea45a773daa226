"""What a partner said when it refused: the few words a person can use, and the verdict they are part of."""

from __future__ import annotations

import html
import re

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.dialect.answers import error_code, error_style, is_strange, json_errors
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect
from sdmx_hub.harvest.guard import shown
from sdmx_hub.store.run_rows import Verdict

_LONGEST = 300
_TEXT = re.compile(r"<(?:[A-Za-z]+:)?(?:Text|faultstring|Reason)\b[^<>]{0,200}>([^<]{1,1000})<")
_TITLE = re.compile(r"<(title|h1|h2)\b[^<>]{0,200}>([^<]{1,1000})<", re.IGNORECASE)
_WORDS = ("title", "detail", "message", "text", "error_description")


def told(excerpt: str) -> str:
    """Take the sentence out of an error message, a footer, JSON, the title of a page, or text; its code first."""
    text = excerpt.strip().lstrip("\ufeff")
    style = error_style(text)
    if style == "html":
        return _plain(" – ".join(dict.fromkeys(words.strip() for _, words in _TITLE.findall(text))))
    found = _TEXT.findall(text)
    if found:
        words = " ".join(found)
    elif text.startswith("{"):
        words = " ".join(str(one[key]) for one in json_errors(text) for key in _WORDS if one.get(key))
    else:
        words = "" if text.startswith("<") else text
    code = error_code(text)
    return _plain(f"{code}: {words}" if code and words and code not in words else words or code)


def refusal(answer: Answer, dialect: Dialect = STANDARD, *, is_file: bool = False) -> Verdict:
    """Say what came instead of what was asked for: a status, an error under the status 200, or somebody else's page.

    Of a plain file a page is how any web server says that it is not there.
    """
    params = {"status": answer.status, "url": shown(answer.url), "excerpt": told(answer.excerpt)}
    if not is_file and is_strange(answer.excerpt, dialect):
        return Verdict("harvest-page", params)
    return Verdict("harvest-told" if answer.status == 200 else "harvest-status", params)


def _plain(text: str) -> str:
    words = "".join(character if character.isprintable() else " " for character in html.unescape(text))
    return " ".join(words.split())[:_LONGEST]
