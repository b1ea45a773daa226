"""Plain files of a partner: where the file of a visit is, and which period it is for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from urllib.parse import quote

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.harvest.source import FILES, Flow, Source
from sdmx_hub.mapping.file_pattern import parse_pattern

_HOLE = re.compile(r"\{period:([^{}]*)\}")


def file_url(source: Source, flow: Flow, at: dt.datetime) -> str:
    """Where the file of a visit ``at`` is."""
    path = _HOLE.sub(lambda hole: _written(hole[1], _month(hole[1], flow, at)), flow.path or "")
    return f"{source.endpoint}/{quote(path)}"


def file_period(flow: Flow, at: dt.datetime) -> str:
    """The period of the file of a visit, as ``$period``; empty where the path names none."""
    hole = _HOLE.search(flow.path or "")
    if hole is None:
        return ""
    month = _month(hole[1], flow, at)
    if "%d" in hole[1]:
        return month.isoformat()
    if "%q" in hole[1]:
        return f"{month.year}-Q{(month.month + 2) // 3}"
    return f"{month:%Y-%m}" if "%m" in hole[1] else f"{month.year}"


def _month(form: str, flow: Flow, at: dt.datetime) -> dt.date:
    """The day (of days) or the first day of the month, quarter or year the file is for."""
    if "%d" in form:
        return at.date() - dt.timedelta(days=flow.periods_back)
    months = 1 if "%m" in form else 3 if "%q" in form else 12
    place = (at.year * 12 + at.month - 1) // months - flow.periods_back
    year, month = divmod(place * months, 12)
    return dt.date(year, month + 1, 1)


def _written(form: str, day: dt.date) -> str:
    parts = {"%Y": f"{day.year}", "%m": f"{day.month:02}", "%d": f"{day.day:02}", "%q": f"{(day.month + 2) // 3}"}
    return re.sub("%[Ymdq]", lambda part: parts[part[0]], form)


def check_files(source: Source) -> Iterator[tuple[HubError, int]]:
    """Find flows that do not go with plain files, each with its position."""
    for position, flow in enumerate(source.flows):
        if source.api != FILES:
            if flow.path is not None:
                yield BadRequest("source-path-api", flow=flow.id), position
            continue
        if flow.path is None or flow.mapping is None:
            yield BadRequest("source-path-missing", flow=flow.id), position
            continue
        try:
            pattern = parse_pattern(flow.path)
        except BadRequest as error:
            yield error, position
            continue
        if "*" in flow.path or "{period}" in pattern.text:
            yield BadRequest("files-pattern", pattern=flow.path), position
