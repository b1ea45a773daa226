"""The URLs a harvest asks for, by edition of the API: data of a flow, and the structures behind it."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from sdmx_hub.formats.table import FORMAT_BY_ID
from sdmx_hub.harvest.dialect.record import Dialect
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.run_rows import short_instant

_SAFE_V1 = "+."
_SAFE_V2 = "*.~"


def data_url(
    source: Source, flow: Flow, dimension_ids: Sequence[str], *, updated_after: dt.datetime | None = None
) -> str:
    """Where the data of a flow are; with ``updated_after``, what changed since.

    ``dimension_ids`` are those of the series key, in order: v1 knows no filters by name, they become parts of the key.
    """
    v1 = source.api == "v1"
    path = _data_v1(source, flow, dimension_ids) if v1 else _data_v2(source, flow, len(dimension_ids))
    parameters = _span_v1(flow) if v1 else _parameters_v2(flow)
    if updated_after is not None:
        parameters["updatedAfter"] = quote(short_instant(updated_after), safe="")
    return _url(source, path, {**parameters, **_chosen(source, source.format, source.dialect.data_parameters)})


def _url(source: Source, path: str, parameters: Mapping[str, str]) -> str:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    slash = "/" if source.dialect.trailing_slash else ""
    return f"{source.endpoint}/{path}{slash}" + (f"?{query}" if query else "")


def _chosen(source: Source, wanted: str, own: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the partner's own, and the name of the format where it is chosen by ``format=``."""
    dialect = source.dialect
    named = dialect.choose_format != "accept" and wanted in dialect.format_names
    chosen = {"format": dialect.format_names[wanted]} if named else {}
    return {name: quote(value, safe=":,") for name, value in {**chosen, **own}.items()}


def _quoted(dialect: Dialect, text: str, safe: str) -> str:
    comma, colon = ("" if dialect.encode_comma else ","), ("" if dialect.encode_colon else ":")
    return quote(text, safe=safe + comma + colon)


def _agency(rule: str, agency_id: str, *, v1: bool) -> str:
    return agency_id if rule == "exact" else "all" if v1 else "*"


def _version(rule: str, version: str, *, v1: bool) -> str:
    return version if rule == "exact" else "" if rule == "omit" else "latest" if v1 else "+"


def _data_v1(source: Source, flow: Flow, dimension_ids: Sequence[str]) -> str:
    ref, dialect = flow.partner, source.dialect
    wanted = scope_of(flow, dimension_ids)
    key = ".".join("+".join(sorted(wanted.get(name, ()))) for name in dimension_ids)
    if not wanted and dialect.key_all != "dots":
        key = "" if dialect.key_all == "omit" else "all"
    agency = "" if dialect.data_agency == "omit" else _agency(dialect.data_agency, ref.agency_id, v1=True)
    version = _version(dialect.version, ref.version, v1=True)
    named = ",".join(part for part in (agency, ref.id, version) if part)
    provider = flow.provider if dialect.provider else None
    if provider and not key:  # the provider is the fourth part of the path: the key must be there
        key = "all"
    parts = [_quoted(dialect, part, _SAFE_V1 + "@$") for part in (named, key, provider or "")]
    return "/".join([dialect.data_path, *(part for part in parts if part)])


def _data_v2(source: Source, flow: Flow, length: int) -> str:
    """Several codes in one part of the key become several keys: v2 documents no OR inside one."""
    ref, dialect = flow.partner, source.dialect
    parts = [("*",) if part is None else sorted(part) for part in flow.key]
    keys = ",".join(".".join(combination) for combination in itertools.product(*parts)) if parts else ""
    if not keys:
        keys = {"omit": "", "dots": ".".join("*" * length)}.get(dialect.key_all, "*")
    agency = _agency(dialect.data_agency, ref.agency_id, v1=False)
    version = _version(dialect.version, ref.version, v1=False) or "*"
    where = f"{dialect.data_path}/dataflow/{agency}/{ref.id}/{version}"
    return f"{where}/{_quoted(dialect, keys, _SAFE_V2)}" if keys else where


def _parameters_v2(flow: Flow) -> dict[str, str]:
    return {
        f"c[{name}]": ",".join(quote(code, safe="") for code in sorted(codes)) for name, codes in flow.filters.items()
    } | _span_v2(flow)


def _span_v1(flow: Flow) -> dict[str, str]:
    ends = {"startPeriod": flow.since, "endPeriod": flow.until}
    return {name: str(year) for name, year in ends.items() if year is not None}


def _span_v2(flow: Flow) -> dict[str, str]:
    ends = [f"{sign}:{year}" for sign, year in (("ge", flow.since), ("le", flow.until)) if year is not None]
    return {"c[TIME_PERIOD]": quote("+".join(ends), safe=":+")} if ends else {}


def availability_url(source: Source, flow: Flow, dimension_ids: Sequence[str]) -> str:
    """Where the partner says which codes and periods the data of a flow have, and how many observations."""
    v1 = source.api == "v1"
    path = _data_v1(source, flow, dimension_ids) if v1 else _data_v2(source, flow, len(dimension_ids))
    place = path.removeprefix(source.dialect.data_path).removeprefix("/")
    parameters = {} if v1 else _parameters_v2(flow)
    name = "availableconstraint" if v1 else "availability"
    return _url(source, f"{name}/{place}", {**parameters, "mode": "exact"})


def constraint_url(source: Source, flow: Flow) -> str:
    """Where the constraint is that a partner wrote when it last took in data: by the dataflow's id, or beside it."""
    v1, dialect = source.api == "v1", source.dialect
    resource = "contentconstraint" if v1 else "dataconstraint"
    if dialect.availability == "references":
        return artefact_url(source, "dataflow", flow.partner, resource)
    agency = _agency(dialect.structure_agency, flow.partner.agency_id, v1=v1)
    parts = [dialect.structure_path, "" if v1 else "structure", resource, agency, flow.partner.id]
    chosen = _chosen(source, source.structure_format, dialect.structure_parameters)
    return _url(source, "/".join(part for part in parts if part), chosen)


def structure_url(source: Source, flow: Flow) -> str:
    """Where the dataflow and everything it stands on are."""
    return artefact_url(source, "dataflow", flow.partner, best_references(source.dialect))


def artefact_url(source: Source, resource: str, ref: Ref, references: str) -> str:
    """Where an artefact is, with what it refers to as far as ``references`` says."""
    v1, dialect = source.api == "v1", source.dialect
    agency = _agency(dialect.structure_agency, ref.agency_id, v1=v1)
    version = _version(dialect.version, ref.version, v1=v1)
    parts = [dialect.structure_path, "" if v1 else "structure", resource, agency, ref.id, version]
    parameters = {"references": references, **_chosen(source, source.structure_format, dialect.structure_parameters)}
    return _url(source, "/".join(part for part in parts if part), parameters)


def best_references(dialect: Dialect) -> str:
    """The mode of references that brings most of what an artefact stands on."""
    return next((mode for mode in ("descendants", "all", "children") if mode in dialect.references), "none")


def accept_data(source: Source) -> str:
    """The Accept header of data requests."""
    own = source.dialect.accepts.get(source.format)
    return own or FORMAT_BY_ID[_DATA[source.format]].content_type


def accept_structure(source: Source) -> str:
    """The Accept header of structure requests."""
    own = source.dialect.accepts.get(source.structure_format)
    return own or FORMAT_BY_ID[f"structure-{source.structure_format}"].content_type


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
