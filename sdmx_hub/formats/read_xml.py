"""What the readers of SDMX-ML data share: head and extraction in the sandbox, then rows put together by the engine.

The sandbox leaves Arrow files of series, observations and groups; here each observation gets the values of its own
element, else of its series, else of a group (or ``Atts``) whose dimensions it shares, else of the data set.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats import read_xml_arrow, read_xml_expat
from sdmx_hub.formats.read_data import PRIMARY_MEASURE, FindStructure, ReadData, resolve_structure
from sdmx_hub.formats.read_rows import assemble, check_cells, describe_dataset
from sdmx_hub.formats.read_spool import DATASET
from sdmx_hub.formats.read_xml_head import read_head
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Header
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.sandbox import run_limited

_CLASSES = {
    "StructureUsage": "Dataflow",
    "Structure": "DataStructure",
    "ProvisionAgrement": "ProvisionAgreement",
    "ProvisionAgreement": "ProvisionAgreement",
}
_TRUE = frozenset({"true", "1"})


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a head says a data set follows."""

    urn: Urn
    structure: DataStructure
    at_observation: str
    explicit_measures: bool


Extract = Callable[[Path, list[str], Path, Described], Mapping[str, Any]]
"""How a file becomes Arrow files: path, component ids, folder, what it follows → what was found."""


def extract_specific(path: Path, names: list[str], folder: Path, described: Described) -> Mapping[str, Any]:
    """Extract by the fast reader where it can, by the reference reader where it cannot."""
    if not described.explicit_measures:
        fast = run_limited(read_xml_arrow.extract, path, names, folder)
        if fast is not None:
            return fast
    return extract_carefully(path, names, folder, described)


def extract_carefully(path: Path, names: list[str], folder: Path, described: Described) -> Mapping[str, Any]:
    """Extract by the reference reader."""
    at_observation = described.at_observation if described.explicit_measures else None
    return run_limited(read_xml_expat.extract, path, names, folder, at_observation)


def read_message(
    path: Path,
    find: FindStructure,
    connection: duckdb.DuckDBPyConnection,
    extract: Extract = extract_specific,
    *,
    has_primary: bool = False,
) -> ReadData:
    """Read a message; ``has_primary`` says that it calls the measure as SDMX 2.1 does.

    Raises Malformed with line and column, NotFound for an unknown structure, TooLarge.
    """
    head = run_limited(read_head, path)
    if not head["datasets"]:
        return ReadData(datasets=(), header=_header(head), findings=_notes(head))
    described = _described(head, find)
    first = next(iter(described.values()))
    names = list(dict.fromkeys(name for item in described.values() for name in item.structure.components))
    if has_primary and PRIMARY_MEASURE not in names:
        names.append(PRIMARY_MEASURE)
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-") as folder:
        found = dict(extract(path, names, Path(folder), first))
        found.setdefault("datasets", [_plain_dataset(head["datasets"][0], names)])
        keys = frozenset(key for item in described.values() for key in item.structure.key_ids)
        table = assemble(connection, Path(folder), names, keys, found)
    datasets = []
    for number, given in enumerate(found["datasets"]):
        item = described.get(given.get("structureRef", ""), first)
        datasets.append(
            describe_dataset(
                connection,
                f"{table} WHERE {DATASET} = {number}",
                urn=item.urn,
                structure=item.structure,
                held=frozenset(names),
                given=given,
                action=given.get("action") or head["header"].get("DataSetAction"),
                packed=found.get("packed", ()),
                has_primary=has_primary,
            )
        )
    return ReadData(
        datasets=tuple(dataset for dataset in datasets if dataset.count or dataset.actions),
        header=_header(head),
        findings=(*_notes(head), *_oddities(found, first.structure)),
    )


def _described(head: Mapping[str, Any], find: FindStructure) -> dict[str, Described]:
    described: dict[str, Described] = {}
    for item in head["structures"] or [_from_namespace(head)]:
        urn = _urn_of(item)
        described[item.get("structureID", "")] = Described(
            urn=urn,
            structure=resolve_structure(urn, find),
            at_observation=item.get("dimensionAtObservation", ""),
            explicit_measures=item.get("explicitMeasures") in _TRUE,
        )
    return described


def _from_namespace(head: Mapping[str, Any]) -> dict[str, str]:
    """A message without ``Structure`` in its header still names it in the namespace of its data set."""
    urn = next((value for value in head["names"].values() if value.startswith("urn:sdmx:")), "")
    return {"urn": urn.partition(":ObsLevelDim:")[0]}


def _urn_of(item: Mapping[str, str]) -> Urn:
    try:
        if item.get("urn"):
            return parse_urn(item["urn"])
        return Urn(_CLASSES[item["class"]], Ref(item["agency"], item["id"], item["version"]))
    except (BadRequest, KeyError) as error:
        raise Malformed("xml-structure-unnamed") from error


def _header(head: Mapping[str, Any]) -> Header:
    given = head["header"]
    return Header(
        id=given.get("ID", ""),
        prepared=parse_instant(given.get("Prepared", "")),
        sender_id=given.get("sender", ""),
        test=given.get("Test", "") in _TRUE,
    )


def parse_instant(text: str) -> dt.datetime:
    """Read the moment a message was prepared; UTC where no zone is given, the epoch where nothing can be read."""
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return dt.datetime.fromtimestamp(0, dt.UTC)
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _notes(head: Mapping[str, Any]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code="READ-NOTE",
            severity=Severity.WARNING if head["datasets"] else Severity.ERROR,
            params={"number": note["code"] or "-", "text": note["text"]},
        )
        for note in head["notes"]
    )


def _plain_dataset(given: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Shape the attributes of a data set as the reference reader does."""
    reserved = {name.rpartition(":")[2]: value for name, value in given.items() if name not in names}
    return reserved | {f"@{name}": value for name, value in given.items() if name in names}


def _oddities(found: Mapping[str, Any], structure: DataStructure) -> list[Finding]:
    unknown = [("READ-COMPONENT", name, told) for name, told in found.get("unknown", {}).items()]
    findings = [
        Finding(
            code=code,
            where=Where(row=row, column=name),
            params={"name": name, "structure": structure.ref},
            count=count,
        )
        for code, name, (count, row, _) in unknown
    ]
    findings += check_cells(found, structure)
    return findings
