"""A part of an answer by ``Range: values=0-999``: 206 with ``Content-Range: values 0-999/TOTAL``.

The standard has no ranges (only ``offset`` and ``limit``); this is the extension of the .Stat Suite, with the rules of
RFC 9110 §14: what cannot be read, or names another unit, is passed over, and a range behind the end is 416. The values
are observations, or series where only their keys are asked for, counted over the whole answer. ``X-Range`` is
understood too, for ways on which ``Range`` is dropped.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from sdmx_hub.query.request import DataQuery
from sdmx_hub.web.conditional import Validators

UNIT = "values"
_RANGE = re.compile(rf"\s*{UNIT}\s*=\s*(?:([0-9]{{1,12}})\s*-\s*([0-9]{{1,12}})?|-\s*([0-9]{{1,12}}))\s*")


@dataclass(frozen=True)
class Portion:
    """The values ``first`` to ``last`` of ``total``, counted from 0, last included."""

    first: int
    last: int
    total: int

    def of(self, query: DataQuery) -> DataQuery:
        """Narrow a query to this part of its answer."""
        return dataclasses.replace(query, offset=query.offset + self.first, limit=self.last - self.first + 1)

    def mark(self, response: Response) -> Response:
        """Say on an answer which part it is."""
        response.status_code = 206
        response.headers["Content-Range"] = f"{UNIT} {self.first}-{self.last}/{self.total}"
        return response


def is_asked(validators: Validators) -> bool:
    """Tell whether a part is asked for: a range of values, of the version that ``If-Range`` names if any."""
    match = _RANGE.fullmatch(_text())
    if match is None or (match[1] and match[2] and int(match[1]) > int(match[2])):
        return False
    known = request.headers.get("If-Range")
    return known is None or known.strip() == validators.etag


def read_portion(total: int) -> Portion:
    """Read the part asked for of ``total`` values. Raises RequestedRangeNotSatisfiable."""
    match = _RANGE.fullmatch(_text())
    first, last, ending = match.groups() if match else ("0", None, None)
    begin = max(0, total - int(ending)) if ending else int(first or 0)
    if begin >= total or ending == "0":
        raise RequestedRangeNotSatisfiable(total, UNIT)
    return Portion(begin, min(int(last), total - 1) if last else total - 1, total)


def _text() -> str:
    return request.headers.get("Range") or request.headers.get("X-Range") or ""
