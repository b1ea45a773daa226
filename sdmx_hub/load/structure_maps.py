"""Mappings that are not mapping files: a StructureMap of the registry, or of a structure message, as a mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.mapping.reading import BadMapping, parse_mapping, read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.standard.from_maps import MadeMapping, make_mapping
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.structure import FindArtefact
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.store.artefacts import Artefacts

_URN = "urn:sdmx:"
_MESSAGES = frozenset({".json", ".xml"})
_CLASS = "StructureMap"


def is_structure_map(name: Path) -> bool:
    """Tell whether what is named as a mapping is a URN, or a structure message."""
    return str(name).startswith(_URN) or name.suffix.lower() in _MESSAGES


@dataclass(frozen=True, kw_only=True)
class FoundMap:
    """A structure map, and where what it refers to is found."""

    artefact: Artefact
    find: FindArtefact


def find_structure_map(name: Path, artefacts: Artefacts, *, wanted: str | None = None) -> FoundMap:
    """Find the structure map of a URN, or the one of a message (``wanted`` names it where there are several).

    Raises NotFound, BadRequest, Malformed.
    """
    if str(name).startswith(_URN):
        urn = parse_urn(str(name))
        if urn.artefact_class.name != _CLASS:
            raise BadRequest("map-no-structure-map", name=str(name))
        return FoundMap(artefact=artefacts.get(urn), find=artefacts.find)
    if not name.is_file():
        raise NotFound("structures-no-file", file=str(name))
    read = read_structures(name.read_bytes())
    known = {one.urn: one for one in read}
    maps = [one for one in read if one.artefact_class.name == _CLASS and wanted in {None, one.ref.id, str(one.urn)}]
    if len(maps) != 1:
        listed = ", ".join(str(one.ref) for one in maps) or "-"
        raise BadRequest("map-structure-maps", name=name.name, count=len(maps), found=listed)
    return FoundMap(artefact=maps[0], find=lambda urn: known.get(urn) or artefacts.find(urn))


def make_from(
    found: FoundMap,
    artefacts: Artefacts,
    *,
    dataflow: Urn | None = None,
    provider: str | None = None,
    source_format: str = "csv",
) -> MadeMapping:
    """Make the mapping file of a structure map. What it cannot be is among its findings."""
    target = dataflow or _dataflow(found.artefact, artefacts)
    if target is None or artefacts.find(target) is None:
        where = Where(file=str(found.artefact.ref), path="/target")
        params = {"urn": target or found.artefact.document.get("target", "")}
        return MadeMapping(text="", findings=(Finding(code="STD-TARGET", where=where, params=params),))
    urn = artefacts.get(target).urn
    structure = artefacts.structure_of(urn)
    return make_mapping(
        found.artefact, found.find, dataflow=urn, structure=structure, provider=provider, source_format=source_format
    )


def _dataflow(structure_map: Artefact, artefacts: Artefacts) -> Urn | None:
    """The target, or the one dataflow of the structure it is."""
    urn = parse_urn(structure_map.document["target"]) if "target" in structure_map.document else None
    if urn is None or urn.artefact_class.name != "DataStructure":
        return urn
    flows = [one.urn for one in artefacts.parents(urn) if one.artefact_class.name == "Dataflow"]
    return flows[0] if len(flows) == 1 else None


def open_mapping(
    name: Path,
    artefacts: Artefacts,
    *,
    provider: str | None = None,
    dataflow: Urn | None = None,
    data: Path | None = None,
) -> TableMapping:
    """Read a mapping file, or make a mapping of a structure map for ``data``. Raises BadMapping with all faults."""
    if not is_structure_map(name):
        return read_mapping(name)
    found = find_structure_map(name, artefacts)
    made = make_from(found, artefacts, dataflow=dataflow, provider=provider, source_format=_format(data))
    faults = _errors(made.findings)
    if faults:
        raise BadMapping(str(found.artefact.ref), faults)
    return parse_mapping(made.text, file=str(found.artefact.ref))


def _format(data: Path | None) -> str:
    """How the data of a structure map are read: SDMX messages by their reader, any other text as CSV."""
    if data is None:
        return "csv"
    with data.open("rb") as stream:
        return "sdmx" if stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"<", b"{"} else "csv"


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.severity is Severity.ERROR]
