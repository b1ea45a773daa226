"""From a guarded file to the rows of each dataflow: by the reader of its format, by a mapping, or as a template."""

from __future__ import annotations

import duckdb

from sdmx_hub.formats.readers import read_data
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.load.flows import Incoming
from sdmx_hub.load.guard import Guarded
from sdmx_hub.load.incoming_messages import join_messages, read_message
from sdmx_hub.load.incoming_tables import read_filled, read_mapped
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.load.template.reading import read_template
from sdmx_hub.store.artefacts import Artefacts

_WORKBOOKS = frozenset({Kind.XLSX, Kind.XLS})


def open_incoming(
    guarded: Guarded, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> Incoming:
    """Read or map a file. Raises what readers raise, and NotFound for a structure or dataflow that is not here."""
    if order.mapping is not None:
        return read_mapped(guarded, order, artefacts, connection)
    if guarded.kind in _WORKBOOKS:
        filled = read_template(guarded.path, artefacts, connection)
        if filled is not None:
            return read_filled(filled, order, artefacts)
    paths = [one.path for one in order.tables] or [guarded.path]
    messages = [
        read_data(
            path,
            lambda urn: artefacts.structure_of(urn) if artefacts.find(urn) else None,
            connection if len(paths) == 1 else connection.cursor(),
        )
        for path in paths
    ]
    joined = join_messages(messages, connection if order.overlapping else None)
    return read_message(joined, order, artefacts, connection)
