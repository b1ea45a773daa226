"""How commands name artefacts: as in REST v2, by URN, or by a file that holds them."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from pathlib import Path

from sdmx_hub.load.artefacts import locate_files
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.publish.structure import open_structures
from sdmx_hub.query.request import Detail
from sdmx_hub.query.urls_v2 import parse_structure
from sdmx_hub.store.artefacts import Artefacts


def select_named(artefacts: Artefacts, what: Iterable[str], references: str, detail: Detail) -> tuple[Artefact, ...]:
    """The artefacts named, each once, in order. Raises NotFound, BadRequest."""
    found: dict[Urn, Artefact] = {}
    for name in what:
        query = parse_structure(_path(name), f"references={references}&detail={detail.value}")
        found |= {artefact.urn: artefact for artefact in open_structures(query, artefacts) if artefact.urn not in found}
    return tuple(found.values())


def _path(name: str) -> list[str]:
    if not name.startswith("urn:"):
        return name.strip("/").split("/")
    urn = parse_urn(name)
    row = urn.artefact_class
    return [row.resource or row.name.lower(), urn.ref.agency_id, urn.ref.id, urn.ref.version]


def select_side(artefacts: Artefacts, name: str) -> tuple[Artefact, ...]:
    """The artefacts of a file or folder, if there is one of that name, else those of the registry."""
    if Path(name).exists():
        return tuple(located.artefact for located in locate_files([Path(name)]))
    return select_named(artefacts, [name], "none", Detail.RAW)


def acting_person() -> str:
    """How the audit log names who acts at the command line."""
    return f"cli:{getpass.getuser()}"
