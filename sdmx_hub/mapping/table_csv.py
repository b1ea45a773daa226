"""Delimited text, read as it is: the declared encoding or an error, every cell as text, nothing taken for missing."""

from __future__ import annotations

import codecs
import csv
import dataclasses
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest
from pathlib import Path

import pyarrow as pa

from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.table import HEAD_ROWS, bad_table
from sdmx_hub.mapping.workbook_look import HEAD, kind_of
from sdmx_hub.model.finding import Where
from sdmx_hub.model.rows import SOURCE_ROW

_CHUNK = 1 << 20
_BATCH = 20_000
_LONGEST = 1 << 24
"""Signs of the longest line."""
_NO_TEXT = {"zip": "xlsx/zip", "ole": "xls", "PDF": "PDF", "gzip": "gzip", "HTML": "HTML"}
"""What a file may be that its mapping takes for text."""
_CONTROLS = re.compile("[\x80-\x9f]")


class CsvGrid:
    """A grid over a delimited file, read from the start each time it is drawn."""

    def __init__(self, path: Path, source: SourceRule) -> None:
        self.path = path
        self.source = source
        self.file = path.name
        self.sheet: str | None = None
        self.where = Where(file=self.file)
        _check_kind(path, self.where)
        self.codec = _codec(source.encoding, self.where)
        _check_encoding(path, self.codec, source.encoding, self.where)
        self.head = list(islice(self._records(), HEAD_ROWS))
        self.first_column = 1
        self.width = max((len(cells) for row, cells in self.head if self._is_heading(row)), default=0)

    def _is_heading(self, row: int) -> bool:
        """Tell whether a row says how wide the table is: those of the heading, or all where there is none."""
        first = 1 if self.source.header_row is None else self.source.header_row
        return first == 0 or first <= row < first + self.source.header_rows

    def batches(self, positions: Sequence[int], first_row: int, last_row: int | None) -> Iterator[pa.RecordBatch]:
        """Draw the rows; a row with more cells than the table has columns is refused."""
        schema = pa.schema([(SOURCE_ROW, pa.int64()), *((f"c{position}", pa.string()) for position in positions)])
        stop = None if last_row is None else last_row
        records = self._records(stop)
        while chunk := list(islice(records, _BATCH)):
            kept = [(row, cells) for row, cells in chunk if row >= first_row and any(cells)]
            if kept:
                yield self._batch(kept, positions, schema)

    def _batch(self, kept: list[tuple[int, list[str]]], positions: Sequence[int], schema: pa.Schema) -> pa.RecordBatch:
        columns = list(zip_longest(*(cells for _, cells in kept), fillvalue=""))
        if len(columns) > self.width:
            self._check_width(kept)
        blank = [""] * len(kept)
        arrays = [pa.array([row for row, _ in kept], pa.int64())]
        for position in positions:
            cells = columns[position - 1] if position <= len(columns) else blank
            arrays.append(pa.array(cells, pa.string()))
        return pa.record_batch(arrays, schema=schema)

    def _check_width(self, kept: list[tuple[int, list[str]]]) -> None:
        for row, cells in kept:
            if any(cells[self.width :]):
                where = Where(file=self.file, row=row)
                raise bad_table("TABLE-WIDE", where, row=row, cells=len(cells), width=self.width)

    def _records(self, last_row: int | None = None) -> Iterator[tuple[int, list[str]]]:
        quote = self.source.quote
        reader = csv.reader(
            self.lines(),
            delimiter=self.source.delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        )
        before = began = 0
        cells: list[str] = []
        try:
            for row, cells in enumerate(islice(reader, last_row), start=1):
                yield row, cells
                before, began = began, reader.line_num
        except csv.Error as error:
            where = dataclasses.replace(self.where, row=began + 1)
            if "field limit" in str(error):
                raise bad_table("TABLE-CELL", where, line=began + 1, most=csv.field_size_limit()) from error
            raise bad_table("TABLE-CSV", where, line=reader.line_num, why=str(error)) from error
        if cells and "\n" in cells[-1] and last_row is None:
            self._check_closed(before)

    def _check_closed(self, line: int) -> None:
        """Look again at the last record, which ends in a cell of several lines: is its quote ever closed?"""
        source = self.source
        lines = islice(self.lines(), line, None)
        reader = csv.reader(lines, delimiter=source.delimiter, quotechar=source.quote, strict=True)
        try:
            list(reader)
        except csv.Error as error:
            if "unexpected end" in str(error):
                where = dataclasses.replace(self.where, row=line + 1)
                raise bad_table("TABLE-QUOTE", where, line=line + 1) from error

    def lines(self) -> Iterator[str]:
        """Draw the lines with their ends."""
        rest = ""
        for text in self._texts():
            lines = list(io.StringIO(rest + text, newline=""))
            rest = lines.pop() if lines and not lines[-1].endswith("\n") else ""
            if len(rest) > _LONGEST:
                raise bad_table("TABLE-LINE", self.where, most=_LONGEST)
            yield from lines
        if rest:
            yield from io.StringIO(rest, newline="")

    def _texts(self) -> Iterator[str]:
        """Decode the file in chunks; the first byte that does not fit is named with its place and line."""
        decoder = self.codec.incrementaldecoder("strict")
        offset = lines = 0
        with self.path.open("rb") as stream:
            while True:
                chunk = stream.read(_CHUNK)
                waiting = len(decoder.getstate()[0])
                try:
                    text = decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    place = offset - waiting + error.start
                    line = lines + error.object[: error.start].count(b"\n") + 1
                    raise self._undecodable(error.object[error.start], place, line) from error
                self._check_controls(text, lines)
                if "\0" in text:
                    line = lines + text.count("\n", 0, text.index("\0")) + 1
                    raise bad_table("TABLE-NUL", dataclasses.replace(self.where, row=line), line=line)
                yield text
                if not chunk:
                    return
                offset += len(chunk)
                lines += chunk.count(b"\n")

    def _undecodable(self, byte: int, offset: int, line: int) -> Exception:
        where, encoding = dataclasses.replace(self.where, row=line), self.source.encoding
        return bad_table("TABLE-ENCODING", where, encoding=encoding, byte=f"{byte:02X}", offset=offset, line=line)

    def _check_controls(self, text: str, lines: int) -> None:
        """ISO 8859 decodes every byte; 80–9F are controls there, and letters in the code pages of Windows and DOS."""
        match = _CONTROLS.search(text) if self.codec.name.startswith("iso8859") else None
        if match:
            line = lines + text.count("\n", 0, match.start()) + 1
            raise self._undecodable(ord(match[0]), match.start(), line)


def _check_kind(path: Path, where: Where) -> None:
    """Refuse what is plainly no text, by its first bytes."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    kind = kind_of(head)
    if kind in _NO_TEXT:
        raise bad_table("TABLE-NOT-TEXT", where, what=_NO_TEXT[kind])


def _codec(name: str, where: Where) -> codecs.CodecInfo:
    try:
        codec = codecs.lookup("utf-8-sig" if codecs.lookup(name).name == "utf-8" else name)
        codec.incrementaldecoder("strict").decode(b"")
    except (LookupError, TypeError, AssertionError) as error:
        raise bad_table("TABLE-CODEC", where, encoding=name) from error
    if not codec._is_text_encoding:
        raise bad_table("TABLE-CODEC", where, encoding=name)
    return codec


def _check_encoding(path: Path, codec: codecs.CodecInfo, declared: str, where: Where) -> None:
    """Refuse a file declared as a code page of one byte a sign that is, beyond chance, UTF-8; and UTF-16 unsaid."""
    if not codec.name.startswith("utf-16"):
        with path.open("rb") as stream:
            if stream.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
                raise bad_table("TABLE-UTF16", where, encoding=declared)
    if codec.name.startswith("utf"):
        return
    with path.open("rb") as stream:
        start = stream.read(4 * _CHUNK)
    if start.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        decoder.decode(start)
    except UnicodeDecodeError:
        return
    raise bad_table("TABLE-UTF8", where, encoding=declared)
