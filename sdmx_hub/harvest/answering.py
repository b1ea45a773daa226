"""Asking for data as the partner's dialect wants it: page by page, or by waiting for a file; its limits by one name.

A partner may give a range of values at a time (``Range: values=0-N``), or answer a large question with the address of a
file that will be there later. Either way what comes back is one answer, kept by its hash; pages that do not fit
together are none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from sdmx_hub.errors import PartnerUnavailable
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.dialect.answers import error_code, says_too_large
from sdmx_hub.harvest.dialect.masked import find_error
from sdmx_hub.harvest.dialect.record import Dialect, Polling
from sdmx_hub.harvest.fetch import EXCERPT
from sdmx_hub.harvest.guard import Place, shown
from sdmx_hub.harvest.raw import Draft
from sdmx_hub.harvest.source import Source

MOST_PAGES = 10_000
TOO_LARGE = 413
_RANGE = re.compile(r"values[ =]([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
_URL = re.compile(r"https?://[^\s<>\"']{1,1000}")
_NOT_YET = frozenset({202, 204, 404})
_BLOCK = 1 << 20
_MARK = b"\xef\xbb\xbf"


def ask_data(asker: Asker, source: Source, url: str, headers: Mapping[str, str]) -> Answer:
    """Ask for data; an answer too large for the partner has the status 413, however the partner said so.

    Raises as ``Asker.ask``, and PartnerUnavailable for pages that do not fit together and a file that never comes.
    """
    dialect = source.dialect
    if dialect.page_values and source.format.startswith("csv"):
        answer = _ask_pages(asker, dialect.page_values, url, headers)
    else:
        answer = asker.ask("data", url, headers)
    answer = _awaited(asker, dialect, answer)
    return replace(answer, status=TOO_LARGE, kept=None) if says_too_large(answer, dialect) else answer


def unmasked(answer: Answer, dialect: Dialect) -> Answer:
    """Take what comes with the status 200 for what it says: an error is then an excerpt, and no body."""
    error = find_error(answer.kept.path, dialect) if answer.status == 200 and answer.kept else None
    return answer if error is None else replace(answer, kept=None, excerpt=error[:EXCERPT])


def _awaited(asker: Asker, dialect: Dialect, answer: Answer) -> Answer:
    """Unmask an answer; a file that it announces is waited for."""
    said = unmasked(answer, dialect)
    if said is answer or dialect.polling is None or error_code(said.excerpt) != str(TOO_LARGE):
        return said
    addresses = _URL.findall(said.excerpt)
    return unmasked(_await_file(asker, dialect.polling, addresses[0]), dialect) if addresses else said


def _ask_pages(asker: Asker, size: int, url: str, headers: Mapping[str, str]) -> Answer:
    first = asker.ask("data", url, {**headers, "Range": f"values=0-{size - 1}"})
    if first.status != 206 or first.kept is None:
        return first
    pages, (_, last, total) = [first], _range_of(first, url, 0)
    plain = {name: value for name, value in headers.items() if not name.startswith("If-")}
    while last + 1 < total:
        if len(pages) >= MOST_PAGES:
            raise PartnerUnavailable("harvest-pages", url=shown(url))
        page = asker.ask("data", url, {**plain, "Range": f"values={last + 1}-{last + size}"})
        if page.status != 206 or page.kept is None:
            return page if page.status != 200 else _unfit(url)
        _, last, again = _range_of(page, url, last + 1)
        if again != total or page.headers.get("etag") != first.headers.get("etag"):
            _unfit(url)
        pages.append(page)
    return _joined(asker, url, pages)


def _unfit(url: str) -> Answer:
    raise PartnerUnavailable("harvest-pages", url=shown(url))


def _range_of(page: Answer, url: str, begin: int) -> tuple[int, int, int]:
    found = _RANGE.search(page.headers.get("content-range", ""))
    if found is None:
        raise PartnerUnavailable("harvest-pages", url=shown(url))
    first, last, total = (int(text) for text in found.groups())
    if first != begin or last < first or last >= total:
        _unfit(url)
    return first, last, total


def _joined(asker: Asker, url: str, pages: list[Answer]) -> Answer:
    """Put the tables of pages below each other, the heading once."""
    paths = [page.kept.path for page in pages if page.kept]
    headings = {_heading(path) for path in paths}
    if len(headings) != 1:
        _unfit(url)
    raw = asker.visitor.raw
    with raw.draft() as (draft, path):
        draft.write(headings.pop())
        for one in paths:
            _append(draft, one)
        kept = raw.keep(draft, path)
    return replace(pages[0], status=200, kept=kept, bytes=sum(page.bytes for page in pages))


def _heading(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.readline(_BLOCK).removeprefix(_MARK).rstrip(b"\r\n") + b"\n"


def _append(draft: Draft, path: Path) -> None:
    with path.open("rb") as stream:
        stream.readline(_BLOCK)
        last = b"\n"
        while block := stream.read(_BLOCK):
            draft.write(block)
            last = block[-1:]
        if last != b"\n":
            draft.write(b"\n")


def _await_file(asker: Asker, polling: Polling, address: str) -> Answer:
    """Wait for the file an answer announced."""
    url = _at_home(address, asker.visitor.home)
    for _ in range(polling.times):
        asker.hold.wait(polling.seconds)
        found = asker.ask("file", url, {"Accept": "*/*"})
        if found.status not in _NOT_YET:
            headers = {name: value for name, value in found.headers.items() if name != "content-type"}
            return replace(found, headers=headers)
    raise PartnerUnavailable("harvest-file-late", url=shown(url), tries=polling.times)


def _at_home(url: str, home: Place) -> str:
    """The address of the file, by https where the partner itself is asked by https but still writes http."""
    parts = urlsplit(url)
    secure = home.scheme == "https" and parts.scheme == "http" and parts.hostname == home.host and parts.port is None
    return parts._replace(scheme="https").geturl() if secure else url
