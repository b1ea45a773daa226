"""Plain CSV for people: a heading of component ids, one line per observation, none of the columns of SDMX.

RFC 4180. Parameters: ``labels`` (id, name, both), ``timeFormat`` (original, normalized) and ``bom`` (yes puts the mark
first by which spreadsheets know UTF-8). A text that a spreadsheet would take for a formula is led by an apostrophe,
which spreadsheets do not show; numbers stay numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sdmx_hub.formats.flat import NUMBER, choose_columns, open_table
from sdmx_hub.formats.render import Escape, Part, Text, draw, joined
from sdmx_hub.formats.render_csv import LINE_END, SEPARATOR, quote, quote_sql
from sdmx_hub.model.message import DataMessage
from sdmx_hub.model.rows import literal

_MARK = "\ufeff"
_FORMULA = re.compile("[=+@\t\r-]")
_NUMBER = re.compile(NUMBER)


def _text(text: str) -> str:
    return quote("'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text)


def _sql(expression: str) -> str:
    formula = f"regexp_matches({expression}, {literal('^' + _FORMULA.pattern)})"
    is_number = f"regexp_full_match({expression}, {literal(NUMBER)})"
    return quote_sql(f"CASE WHEN {formula} AND NOT {is_number} THEN '''' || {expression} ELSE {expression} END")


_CSV = Escape(text=_text, sql=_sql)


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the table; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    columns = choose_columns(message, params.get("labels", "id"))
    headings = SEPARATOR.join(_text(column.heading) for column in columns)
    yield ((_MARK if params.get("bom") == "yes" else "") + headings + LINE_END).encode()
    for dataset in message.datasets:
        table = open_table(dataset, message, params, _CSV)
        parts: list[Part] = []
        for number, column in enumerate(columns):
            parts += [Text(SEPARATOR)] * bool(number)
            parts.append(table.part(column) or Text(""))
        yield from draw(table.rows, table.select(joined([*parts, Text(LINE_END)])))
