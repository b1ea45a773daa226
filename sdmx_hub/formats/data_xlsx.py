"""A workbook (Office Open XML, ECMA-376): the observations on the first sheet, their source and licence on the second.

The sheet is rendered in the engine as the messages are, and packed while it is drawn. Values of measures and numeric
attributes are numbers where a spreadsheet keeps all their digits, and text else; text is never a formula. Parameters:
``labels`` (id, name, both) and ``timeFormat`` (original, normalized).
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import quoteattr

from sdmx_hub.errors import TooLarge
from sdmx_hub.formats.flat import NUMBER, Column, Table, choose_columns, open_table
from sdmx_hub.formats.pieces import Pieces
from sdmx_hub.formats.render import Escape, Text, draw, fetch, is_number, joined
from sdmx_hub.formats.render_xml import DECLARATION, escape, escape_sql
from sdmx_hub.language import localised, sentence
from sdmx_hub.model.message import DataMessage
from sdmx_hub.model.rows import FEW_ROWS, literal
from sdmx_hub.model.structure import Measure

MOST_LINES = 1_048_576
"""What a worksheet holds, its heading included."""
_MOST_CHARACTERS = 32_767
_DIGITS = 15
"""Digits a number of a spreadsheet has."""
_LARGE = 8_000_000
"""Cells up to which nobody asks how many bytes a sheet has."""
_MOST_BYTES = 2**31 - 2**20
"""Bytes of an entry the classic format of archives can say."""
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_CODED = re.compile("(_x[0-9A-Fa-f]{4}_)")
_OPEN, _CLOSE = '<c t="inlineStr"><is><t xml:space="preserve">', "</t></is></c>"
_OPEN_CODE, _CLOSE_CODE = '<c t="str"><v>', "</v></c>"
"""What holds no blanks at its ends needs less around it, which is most of a sheet."""
_SHEETS = ("sheet1", "sheet2")


def _text(text: str) -> str:
    """Protect text; ``_x0041_`` would be read as the character of that number."""
    return escape(_CODED.sub(r"_x005F\1", text[:_MOST_CHARACTERS]))


def _sql(expression: str) -> str:
    cut = f"left({expression}, {_MOST_CHARACTERS})"
    kept = f"regexp_replace({cut}, {literal(_CODED.pattern)}, '_x005F\\1', 'g')"
    return f"CASE WHEN contains({expression}, '_x') THEN {escape_sql(kept)} ELSE {escape_sql(cut)} END"


_CELLS = Escape(text=_text, sql=_sql)


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the workbook; rows are drawn while the pieces are taken.

    Raises TooLarge for more observations than a worksheet has lines, BadRequest for a period not of SDMX.
    """
    columns = choose_columns(message, params.get("labels", "id"))
    tables = [open_table(dataset, message, params, _CELLS) for dataset in message.datasets]
    count = sum(FEW_ROWS if table.dataset.rows.is_few else table.count() for table in tables)
    if count >= MOST_LINES:
        raise TooLarge("xlsx-too-large", count=count, most=MOST_LINES - 1)
    pieces = Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:  # type: ignore[call-overload] # written only
        for name, text in _frame(message.language).items():
            archive.writestr(_entry(name, message), text)
        is_large = count * len(columns) > _LARGE and sum(_bytes(table, columns) for table in tables) > _MOST_BYTES
        with archive.open(_entry("xl/worksheets/sheet1.xml", message), "w", force_zip64=is_large) as sheet:
            for chunk in _sheet(tables, columns):
                sheet.write(chunk)
                yield from pieces.take()
        archive.writestr(_entry("xl/worksheets/sheet2.xml", message), _source(message))
    yield from pieces.take()


def _entry(name: str, message: DataMessage) -> zipfile.ZipInfo:
    """An entry of the archive, as old as the message: equal data are equal bytes."""
    prepared = message.header.prepared.astimezone(dt.UTC)
    entry = zipfile.ZipInfo(name, (prepared.year, *prepared.timetuple()[1:6]))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _sheet(tables: Iterable[Table], columns: tuple[Column, ...]) -> Iterator[bytes | memoryview]:
    yield (
        f'{DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<cols><col min="1" max="{len(columns)}" width="18" customWidth="1"/></cols><sheetData>'
        f"{_line([column.heading for column in columns], is_heading=True)}"
    ).encode()
    for table in tables:
        yield from draw(table.rows, table.select(_row(table, columns)))
    yield b"</sheetData></worksheet>"


def _row(table: Table, columns: Iterable[Column]) -> str:
    return joined([Text("<row>"), *(_cell(table, column) for column in columns), Text("</row>")])


def _bytes(table: Table, columns: Iterable[Column]) -> int:
    """Count the bytes of the lines: the archive wants to know beforehand whether there are more than it can say."""
    line = table.select(f"strlen({_row(table, columns)}) AS line")
    return int(str(fetch(table.rows, f"SELECT coalesce(sum(line), 0) FROM ({line})")[0][0]))


def _cell(table: Table, column: Column) -> str:
    part = table.part(column)
    if part is None:
        return Text("<c/>")
    if isinstance(part, Text):
        return Text(f"{_OPEN}{part}{_CLOSE}")
    component = table.structure.components[column.component_id]
    cells, identifier = table.cells, column.component_id
    if not column.is_name and part == cells.column(identifier):
        text = f"coalesce({cells.wrapped(identifier, _OPEN_CODE, _CLOSE_CODE)}, '<c/>')"
    else:
        text = f"coalesce({literal(_OPEN)} || {part} || {literal(_CLOSE)}, '<c/>')"
    may_count = isinstance(component, Measure) or is_number(component)
    if column.is_name or not may_count or component.representation.is_coded or component.representation.is_array:
        return text
    value = f"{cells.column(identifier)}::VARCHAR"
    is_exact = f"length({value}) <= {_DIGITS} AND regexp_full_match({value}, {literal(NUMBER)})"
    return f"CASE WHEN {is_exact} THEN '<c><v>' || {value} || '</v></c>' ELSE {text} END"


def _line(cells: Iterable[str], *, is_heading: bool = False) -> str:
    opened = _OPEN.replace("<c ", '<c s="1" ') if is_heading else _OPEN
    return f"<row>{''.join(f'{opened}{_text(cell)}{_CLOSE}' for cell in cells)}</row>"


def _source(message: DataMessage) -> str:
    """The second sheet: what the data are, where they come from, under which licence, and of which day."""
    header, language = message.header, message.language
    lines = [
        [sentence("xlsx-source", language), localised(header.sender_names, language) or header.sender_id],
        [sentence("xlsx-licence", language), header.licence],
        [sentence("xlsx-date", language), header.prepared.astimezone(dt.UTC).isoformat(timespec="seconds")],
        [sentence("xlsx-address", language), message.base_url],
    ]
    for urn, artefact in {str(each.dataflow.urn): each.dataflow for each in message.datasets}.items():
        lines.append([sentence("xlsx-dataflow", language), localised(artefact.names, language), urn])
    structures = dict.fromkeys(str(each.structure_artefact.urn) for each in message.datasets)
    lines += [[sentence("xlsx-structure", language), urn] for urn in structures]
    told = "".join(_line(line) for line in lines if line[1])
    widths = '<cols><col min="1" max="1" width="18" customWidth="1"/><col min="2" max="3" width="60" customWidth="1"/>'
    return f'{DECLARATION}<worksheet xmlns="{_MAIN}">{widths}</cols><sheetData>{told}</sheetData></worksheet>'


def _frame(language: str) -> dict[str, str]:
    """The parts of the archive beside the sheets."""
    names = [sentence(f"xlsx-{sheet}", language) for sheet in _SHEETS]
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(names, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/{sheet}.xml"/>'
        for number, sheet in enumerate(_SHEETS, 1)
    )
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{_TYPE}.{kind}+xml"/>'
        for part, kind in (
            ("workbook", "sheet.main"),
            ("styles", "styles"),
            *((f"worksheets/{sheet}", "worksheet") for sheet in _SHEETS),
        )
    )
    return {
        "[Content_Types].xml": f'{DECLARATION}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        "_rels/.rels": f'{DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'{DECLARATION}<styleSheet xmlns="{_MAIN}"><fonts count="2">'
        '<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
        '</fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>',
    }
