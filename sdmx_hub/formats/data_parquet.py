"""Parquet: a column per component, row group by row group, with the URN of the structure in the metadata of the file.

Numeric measures and attributes are numbers (64 bits) where all their texts are, else text, so that nothing is lost.
Arrays are lists, texts in several languages are maps by language. Parameters: ``labels`` (id, name, both) and
``timeFormat`` (original, normalized). Each field says in its metadata which concept and codelist stand behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet

from sdmx_hub.formats.flat import NUMBER, Column, Table, choose_columns, open_table
from sdmx_hub.formats.pieces import Told
from sdmx_hub.formats.render import Escape, Text, fetch, is_number
from sdmx_hub.formats.several import ITEM_SQL, LANGUAGE_SQL, TEXT_SQL
from sdmx_hub.language import localised
from sdmx_hub.model.message import DataMessage
from sdmx_hub.model.rows import literal, open_reader, quoted
from sdmx_hub.model.structure import Component, Measure

_AS_IT_IS = Escape(text=str, sql=str)
_WHOLE = frozenset({"Integer", "Long", "Short", "Count", "BigInteger"})
_WHOLE_NUMBER = "-?[0-9]{1,18}"


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the file; rows are drawn while the pieces are taken. Raises BadRequest for a period not of SDMX."""
    columns = choose_columns(message, params.get("labels", "id"))
    tables = [open_table(dataset, message, params, _AS_IT_IS) for dataset in message.datasets]
    types = {column.heading: _type(column, tables) for column in columns}
    readers = (
        open_reader(table.rows.connection, table.select(_projection(table, columns, types)), table.rows.params)
        for table in tables
    )
    pieces = Told()
    writer: pa.parquet.ParquetWriter | None = None
    for reader in readers:
        if writer is None:
            schema = _described(reader.schema, columns, message)
            writer = pa.parquet.ParquetWriter(pa.PythonFile(pieces, mode="w"), schema, compression="zstd")
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            yield from pieces.take()
    if writer is not None:
        writer.close()
    yield from pieces.take()


def _projection(table: Table, columns: Sequence[Column], types: Mapping[str, str]) -> str:
    return ", ".join(f"{_value(table, each, types[each.heading])} AS {quoted(each.heading)}" for each in columns)


def _value(table: Table, column: Column, kind: str) -> str:
    part = table.part(column)
    if part is None:
        return f"NULL::{kind}"
    if isinstance(part, Text):
        return f"nullif({literal(part)}, '')"
    component = table.structure.components[column.component_id]
    if column.is_name or component.representation.is_plain:
        return f"({part})::{kind}"
    return _several(component, f"{table.cells.column(column.component_id)}::VARCHAR")


def _several(component: Component, cell: str) -> str:
    one = _texts if component.representation.is_multilingual else str
    if not component.representation.is_array:
        return one(cell)
    return f"list_transform(string_split({cell}, {ITEM_SQL}), lambda v: {one('v')})"


def _texts(value: str) -> str:
    """A map by language; a text that does not say its language is under a blank one."""
    has_language = f"contains(t, {LANGUAGE_SQL})"
    key = f"CASE WHEN {has_language} THEN split_part(t, {LANGUAGE_SQL}, 1) ELSE '' END"
    text = f"CASE WHEN {has_language} THEN split_part(t, {LANGUAGE_SQL}, 2) ELSE t END"
    listed = f"list_transform(string_split({value}, {TEXT_SQL}), lambda t: struct_pack(k := {key}, v := {text}))"
    return f"map_from_entries({listed})"


def _type(column: Column, tables: Sequence[Table]) -> str:
    """The type a column has in all datasets."""
    if column.fact is not None or column.is_name:
        return "VARCHAR"
    having = [table for table in tables if column.component_id in table.structure.components]
    component = having[0].structure.components[column.component_id]
    if not component.representation.is_plain:
        inner = "MAP(VARCHAR, VARCHAR)" if component.representation.is_multilingual else "VARCHAR"
        return f"{inner}[]" if component.representation.is_array else inner
    if component.representation.is_coded or not (is_number(component) or isinstance(component, Measure)):
        return "VARCHAR"
    for kind, pattern in (("BIGINT", _WHOLE_NUMBER), ("DOUBLE", f"{NUMBER}|NaN")):
        if kind == "BIGINT" and component.representation.text_type not in _WHOLE:
            continue
        if all(_are_all(table, column, pattern) for table in having):
            return kind
    return "VARCHAR"


def _are_all(table: Table, column: Column, pattern: str) -> bool:
    if not table.holds(column):
        return True
    cell = f"{quoted(column.component_id)}::VARCHAR"
    test = f"coalesce(bool_and(regexp_full_match({cell}, {literal(pattern)})), true)"
    return bool(fetch(table.rows, f"SELECT {test} FROM ({table.rows.sql})")[0][0])


def _described(schema: pa.Schema, columns: Sequence[Column], message: DataMessage) -> pa.Schema:
    """The schema with what the columns and the whole are."""
    fields = [field.with_metadata(_of(column, message)) for field, column in zip(schema, columns, strict=True)]
    header = message.header
    flows = dict.fromkeys(str(each.dataflow.urn) for each in message.datasets)
    structures = dict.fromkeys(str(each.structure_artefact.urn) for each in message.datasets)
    whole = {
        "sdmx.dataflow": " ".join(flows),
        "sdmx.structure": " ".join(structures),
        "title": localised(message.datasets[0].dataflow.names, message.language),
        "source": localised(header.sender_names, message.language) or header.sender_id,
        "licence": header.licence,
        "prepared": header.prepared.isoformat(timespec="seconds"),
    }
    return pa.schema(fields, metadata={key: value for key, value in whole.items() if value})


def _of(column: Column, message: DataMessage) -> dict[str, str]:
    having = (each for each in message.datasets if column.component_id in each.structure.components)
    dataset = next(having, None)
    if dataset is None:
        return {}
    component = dataset.structure.components[column.component_id]
    told = {
        "sdmx.component": component.id,
        "sdmx.concept": str(component.concept),
        "sdmx.codelist": str(component.representation.codelist or ""),
        "title": localised(dataset.names(component.id), message.language),
    }
    return {key: value for key, value in told.items() if value}
