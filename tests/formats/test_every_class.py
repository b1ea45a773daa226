"""The fixture of every class is what it says: complete, valid by the official schema, closed."""

from __future__ import annotations

import pytest

from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASSES
from tests.formats.every_class import ARTEFACTS, class_names


def test_there_is_an_artefact_of_every_class() -> None:
    assert set(class_names()) == {row.name for row in CLASSES} - {"AvailabilityConstraint"}


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: str(artefact.urn).rpartition(".")[2])
def test_every_artefact_keeps_to_the_official_schema(artefact: Artefact) -> None:
    assert check_artefact(artefact) == ()


def test_every_reference_is_found_in_the_set() -> None:
    known = {artefact.urn for artefact in ARTEFACTS}
    assert len(known) == len(ARTEFACTS)
    meant = {str(urn) for artefact in ARTEFACTS for urn in artefact.references}
    assert {urn for urn in meant if "*" not in urn} - set(map(str, known)) == set()
