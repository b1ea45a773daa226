"""Changes one row of a code table that is a CSV file beside the mapping; other rows stay byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from sdmx_hub.errors import Conflict
from sdmx_hub.mapping.reading import clean


def write_row(text: str, source: str, code: str | None) -> str:
    """Give the table ``text`` with ``source`` → ``code``; None takes the row out. Raises Conflict if it is no table."""
    lines = text.splitlines(keepends=True)
    fields = next(csv.reader(lines[:1]), []) if lines else []
    names = [name.lstrip("\ufeff").strip() for name in fields]
    if not {"source", "code"} <= set(names) or len(list(csv.reader(io.StringIO(text, newline="")))) != len(lines):
        raise Conflict("decision-codes-file", value=source)
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    found = [place for place, line in enumerate(lines) if place and _source(line, names) == source]
    at = next(iter(found), None)
    if len(found) > 1 or (at is not None and _is_dated(lines[at], names)):
        raise Conflict("decision-dated", value=source)
    if at is None:
        if code is not None:
            lines[-1] = lines[-1].rstrip("\r\n") + end
            lines.append(_row(["" for _ in names], names, source, code, end))
    elif code is None:
        del lines[at]
    else:
        lines[at] = _row(next(csv.reader([lines[at]])), names, None, code, end)
    return "".join(lines)


def _source(line: str, names: Sequence[str]) -> str | None:
    row = next(csv.reader([line]), [])
    return clean(row[names.index("source")]) if len(row) > names.index("source") else None


def _is_dated(line: str, names: Sequence[str]) -> bool:
    row = next(csv.reader([line]), [])
    return any(cell for name, cell in zip(names, row, strict=False) if name in {"valid_from", "valid_to"})


def _row(cells: list[str], names: Sequence[str], source: str | None, code: str, end: str) -> str:
    filled = [*cells, *[""] * (len(names) - len(cells))]
    if source is not None:
        filled[names.index("source")] = source
    filled[names.index("code")] = code
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator=end).writerow(filled)
    return written.getvalue()
