"""The conformance set: an artefact of every class in several versions and of several agencies, and a flow with figures.

It is what a compliance kit needs to find something of everything. ``python -m tests.conformance FOLDER`` writes it as
two files that any hub takes: ``sdmx-hub structures load FOLDER/structures.json`` (beside the shipped structures), then
``sdmx-hub load FOLDER/fruit.csv``.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sdmx_hub.formats import structure_json_v2_1
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.publish.structure_edges import VTL_CLASSES
from tests.conformance import flow_set
from tests.formats import every_class
from tests.formats.class_parts import artefact, described, item

_AGENCIES = artefact(
    "AgencyScheme",
    "AGENCIES",
    "Maintenance agencies",
    "Organismes de maintenance",
    agency="SDMX",
    v="1.0",
    agencies=[
        item("SDMX", "SDMX"),
        item("ILMH", "Agency of the shipped structures"),
        item(flow_set.AGENCY, "Agency of the conformance set", "Agence du jeu de conformité"),
        item("TST", "Test agency", "Agence de test"),
        item("TSX", "Other test agency", "Autre agence de test"),
    ],
)
"""One scheme for the agencies of both sets and of the structures that come with the hub."""

_LEFT_OUT = {"SM_RICH"} | {one.ref.id for one in every_class.of_class(*VTL_CLASSES)}
"""A map of which SDMX 2.1 can say no more than which structures it relates; and what came with REST 1.5 only."""


def _described(artefact: Artefact) -> Artefact:
    """Give an artefact a description, by which a complete stub is told from a bare one."""
    said = described(f"{artefact.artefact_class.name} of the conformance set.", "Du jeu de conformité.")
    return make_artefact(artefact.artefact_class, said | dict(artefact.document))


ARTEFACTS: tuple[Artefact, ...] = tuple(
    _described(one)
    for one in (
        *(make_artefact(CLASS_BY_NAME[name], document) for name, document in (_AGENCIES, *flow_set.ARTEFACTS)),
        *(one for one in every_class.ARTEFACTS if one.ref.agency_id != "SDMX" and one.ref.id not in _LEFT_OUT),
    )
)


def write_material(folder: Path) -> tuple[Path, Path]:
    """Write the structures and the figures; gives the two files."""
    folder.mkdir(parents=True, exist_ok=True)
    header = Header(id="CONFORMANCE", prepared=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), sender_id=flow_set.AGENCY)
    structures, figures = folder / "structures.json", folder / "fruit.csv"
    structures.write_bytes(structure_json_v2_1.write(StructureMessage(header, ARTEFACTS)))
    figures.write_text(flow_set.data(), encoding="utf-8")
    return structures, figures
