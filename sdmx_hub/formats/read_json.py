"""What the readers of SDMX-JSON data share: extraction in the sandbox, then rows put together by the engine."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats import read_json_extract
from sdmx_hub.formats.read_data import PRIMARY_MEASURE, FindStructure, ReadData, resolve_structure
from sdmx_hub.formats.read_json_extract import Layout
from sdmx_hub.formats.read_rows import assemble, check_cells, describe_dataset
from sdmx_hub.formats.read_spool import DATASET
from sdmx_hub.formats.read_xml import parse_instant
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.message import Header
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.sandbox import run_limited

_ORDER = ("Dataflow", "ProvisionAgreement", "DataStructure")
_HREF = re.compile(
    r"/(dataflow|datastructure|provisionagreement)/([\w.-]{1,100})/([\w@$-]{1,100})/([\w.+-]{1,40})", re.ASCII
)
_HREF_CLASSES = {"dataflow": "Dataflow", "datastructure": "DataStructure", "provisionagreement": "ProvisionAgreement"}


def read_message(path: Path, find: FindStructure, connection: duckdb.DuckDBPyConnection, layout: Layout) -> ReadData:
    """Read a message. Raises Malformed with line and column, NotFound for an unknown structure, TooLarge."""
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-") as folder:
        found = run_limited(read_json_extract.extract, path, folder, dataclasses.asdict(layout))
        described = [_describe(links, found) for links in found["structures"]]
        structures = [resolve_structure(urn, find) for urn in described]
        keys = frozenset(key for structure in structures for key in structure.key_ids)
        table = assemble(connection, Path(folder), found["names"], keys, found)
    datasets = [
        describe_dataset(
            connection,
            f"{table} WHERE {DATASET} = {number}",
            urn=described[given["structure"]],
            structure=structures[given["structure"]],
            held=frozenset(found["names"]),
            given=given,
            action=given.get("action"),
            packed=found["packed"],
            has_primary=found["has_primary"],
        )
        for number, given in enumerate(found["datasets"])
    ]
    return ReadData(
        datasets=tuple(dataset for dataset in datasets if dataset.count),
        header=_header(found["header"]),
        findings=tuple(_oddities(found, structures)),
    )


def _describe(links: Iterable[Mapping[str, Any]], found: Mapping[str, Any]) -> Urn:
    """The dataflow if named, else the provision agreement, else the data structure."""
    everywhere = [*links, *(link for dataset in found["datasets"] for link in dataset.get("links", ()))]
    named = {urn.class_name: urn for link in reversed(everywhere) if (urn := _urn(link))}
    chosen = next((named[name] for name in _ORDER if name in named), None)
    if chosen is None:
        raise Malformed("json-structure-unnamed")
    return chosen


def _urn(link: Mapping[str, Any]) -> Urn | None:
    try:
        return parse_urn(str(link.get("urn", "")))
    except BadRequest:
        match = _HREF.search(str(link.get("href", ""))[:1000])
        return Urn(_HREF_CLASSES[match[1]], Ref(match[2], match[3], match[4])) if match else None


def _header(given: Mapping[str, Any]) -> Header:
    sender = given.get("sender") or {}
    return Header(
        id=str(given.get("id") or ""),
        prepared=parse_instant(str(given.get("prepared") or "")),
        sender_id=str(sender.get("id", "")) if isinstance(sender, dict) else "",
        test=bool(given.get("test")),
    )


def _oddities(found: Mapping[str, Any], structures: list[DataStructure]) -> Iterable[Finding]:
    known = frozenset(name for structure in structures for name in structure.components)
    for name in found["names"]:
        if name not in known and not (name == PRIMARY_MEASURE and found["has_primary"]):
            yield Finding(
                code="READ-COMPONENT", where=Where(column=name), params={"name": name, "structure": structures[0].ref}
            )
    for structure in structures:
        yield from check_cells(found, structure)
