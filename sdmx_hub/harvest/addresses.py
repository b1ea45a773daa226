"""The URLs a harvest asks for, by edition of the API: data of a flow, and the structures behind it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from sdmx_hub.formats.table import FORMAT_BY_ID
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.run_rows import short_instant

_SAFE_V1 = ",+.:"
_SAFE_V2 = ",:*.~"


def data_url(
    source: Source, flow: Flow, dimension_ids: Sequence[str], *, updated_after: dt.datetime | None = None
) -> str:
    """Where the data of a flow are; with ``updated_after``, what changed since.

    ``dimension_ids`` are those of the series key, in order: v1 knows no filters by name, they become parts of the key.
    """
    v1 = source.api == "v1"
    url = _data_v1(source, flow, dimension_ids) if v1 else _data_v2(source, flow)
    parameters = {} if v1 else _parameters_v2(flow)
    if updated_after is not None:
        parameters["updatedAfter"] = quote(short_instant(updated_after), safe="")
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"{url}?{query}" if query else url


def _data_v1(source: Source, flow: Flow, dimension_ids: Sequence[str]) -> str:
    ref = flow.partner
    wanted = scope_of(flow, dimension_ids)
    parts = ("+".join(sorted(wanted.get(name, ()))) for name in dimension_ids)
    key = ".".join(parts) if wanted else "all"
    url = f"{source.endpoint}/data/{ref.agency_id},{ref.id},{ref.version}/{quote(key, safe=_SAFE_V1)}"
    return f"{url}/{quote(flow.provider, safe=',')}" if flow.provider else url


def _data_v2(source: Source, flow: Flow) -> str:
    """Several codes in one part of the key become several keys: v2 documents no OR inside one."""
    ref = flow.partner
    parts = [("*",) if part is None else sorted(part) for part in flow.key]
    keys = ",".join(".".join(combination) for combination in itertools.product(*parts)) if parts else "*"
    return f"{source.endpoint}/data/dataflow/{ref.agency_id}/{ref.id}/{ref.version}/{quote(keys, safe=_SAFE_V2)}"


def _parameters_v2(flow: Flow) -> dict[str, str]:
    return {
        f"c[{name}]": ",".join(quote(code, safe="") for code in sorted(codes)) for name, codes in flow.filters.items()
    }


def structure_url(source: Source, flow: Flow) -> str:
    """Where the dataflow and everything it stands on are."""
    ref = flow.partner
    if source.api == "v1":
        return f"{source.endpoint}/dataflow/{ref.agency_id}/{ref.id}/{ref.version}?references=descendants"
    return f"{source.endpoint}/structure/dataflow/{ref.agency_id}/{ref.id}/{ref.version}?references=descendants"


def accept_data(source: Source) -> str:
    """The Accept header of data requests."""
    return FORMAT_BY_ID[_DATA[source.format]].content_type


def accept_structure(source: Source) -> str:
    """The Accept header of structure requests."""
    return FORMAT_BY_ID[f"structure-{source.structure_format}"].content_type


_DATA = {
    "generic-2.1": "data-xml-2.1-generic",
    "specific-2.1": "data-xml-2.1-specific",
    "xml-3.0": "data-xml-3.0",
    "csv-1.0": "data-csv-1.0",
    "csv-2.0": "data-csv-2.0",
    "json-1.0": "data-json-1.0",
    "json-2.0": "data-json-2.0",
}


def scope_of(flow: Flow, dimension_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """What a full pull of the flow may add to or delete from: codes by dimension, none for everything."""
    scope: dict[str, frozenset[str]] = dict(flow.filters)
    for name, codes in zip(dimension_ids, flow.key, strict=False):
        if codes is not None:
            scope[name] = codes & scope[name] if name in scope else codes
    return scope


def same_ref(left: Ref, right: Ref) -> bool:
    """Tell whether two references mean the same artefact, whatever its version."""
    return (left.agency_id, left.id) == (right.agency_id, right.id)
