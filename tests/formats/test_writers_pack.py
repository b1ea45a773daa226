"""Every data structure that comes with the hub, in every format: schemas and independent readers agree."""

from __future__ import annotations

from functools import cache

import pytest

from sdmx_hub.formats.several import without_idle_languages
from sdmx_hub.formats.writers import WRITERS
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.structure import Component, read_data_structure, read_dataflow
from tests.data_factories import TIME, Specimen, make_dataset, make_message
from tests.formats import judges
from tests.formats.test_writers import READERS, judge, write

VALUES = {
    "Decimal": "12.50",
    "Integer": "7",
    "DateTime": "2026-01-31T10:00:00",
    "URI": "https://stats.example/a?b=1&c=2",
    "MonthDay": "--04-01",
}


@cache
def specimens() -> dict[str, Specimen]:
    """One dataflow of each data structure of the pack, by the id of the structure."""
    artefacts = read_pack(pack_root())
    by_urn = {each.urn: each for each in artefacts}
    found: dict[str, Specimen] = {}
    for artefact in artefacts:
        if artefact.artefact_class.name == "Dataflow":
            structure = by_urn[read_dataflow(artefact).structure]
            found.setdefault(structure.ref.id, _specimen(structure, artefact, artefacts))
    return found


def _specimen(structure: Artefact, dataflow: Artefact, artefacts: tuple[Artefact, ...]) -> Specimen:
    by_urn = {each.urn: each for each in artefacts}
    view = read_data_structure(structure, by_urn.get)
    return Specimen(structure=view, artefact=structure, dataflow=dataflow, artefacts=artefacts)


def make_observations(specimen: Specimen) -> list[dict[str, str | None]]:
    """Four series of two periods: codes from both ends of each list, every attribute filled."""
    structure = specimen.structure
    found = []
    for series in range(4):
        for period in ("2022", "2023"):
            observation: dict[str, str | None] = {TIME: period}
            for dimension in structure.dimensions:
                observation[dimension.id] = _value(specimen, dimension, series)
            for measure in structure.measures:
                observation[measure.id] = "1234.50" if period == "2022" else None
            for attribute in structure.attributes:
                observation[attribute.id] = _value(specimen, attribute, 0)
            found.append(observation)
    return found


def _value(specimen: Specimen, component: Component, series: int) -> str:
    codelist = specimen.codelist(component.id)
    if codelist is None:
        return VALUES.get(component.representation.text_type, 'Été & <"texte">')
    codes = list(codelist.codes)
    return codes[(series * 7) % len(codes)]


@pytest.mark.parametrize("identifier", sorted(specimens()))
def test_structures_of_the_pack_in_every_format(identifier):
    specimen = specimens()[identifier]
    key_ids = specimen.structure.key_ids
    by_key = {tuple(each[key] for key in key_ids): each for each in make_observations(specimen)}
    observations = list(by_key.values())
    wanted = judges.expected(specimen.structure, observations)
    for name in WRITERS:
        dataset = without_idle_languages(make_dataset(specimen, observations, coded=True))
        message = write(name, make_message(dataset))
        judge(name, message, specimen, TIME)
        assert READERS[name](message, specimen.structure) == wanted, name
