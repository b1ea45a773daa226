"""Ids that must differ are told where they do not: what is stored can be written in SDMX-ML."""

from __future__ import annotations

from typing import Any

import pytest

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefact_ids import check_ids
from sdmx_hub.load.artefact_rules import RULES
from sdmx_hub.model.artefact import Artefact
from tests.formats.every_class import ARTEFACTS, find


def changed(artefact: Artefact, **content: Any) -> Artefact:
    return make_artefact(artefact.artefact_class, {**artefact.document, **content})


def structure() -> Artefact:
    plain = find("DataStructure", "DSD_PLAIN")
    components = dict(plain.document["dataStructureComponents"])
    components["groups"] = [components["groups"][0] | {"id": "SEX"}]
    return changed(plain, dataStructureComponents=components)


def metadata_structure() -> Artefact:
    plain = find("MetadataStructure", "MSD_TEST")
    components = plain.document["metadataStructureComponents"]
    contact, *others = components["metadataAttributeList"]["metadataAttributes"]
    twice = contact | {"metadataAttributes": [*contact["metadataAttributes"], contact["metadataAttributes"][0]]}
    listed = components["metadataAttributeList"] | {"metadataAttributes": [twice, *others]}
    return changed(plain, metadataStructureComponents={"metadataAttributeList": listed})


def hierarchy() -> Artefact:
    plain = find("Hierarchy", "H_AREA")
    level = plain.document["level"]
    return changed(plain, level=level | {"level": level["level"] | {"id": level["id"]}})


def structure_map() -> Artefact:
    plain = find("StructureMap", "SM_RICH")
    return changed(plain, epochMaps=plain.document["epochMaps"] * 2)


def process() -> Artefact:
    plain = find("Process", "PR_TEST")
    step = plain.items[0]
    transition = {"id": "GO", "targetStep": step["id"], "conditions": {"en": "Always"}}
    return changed(plain, processSteps=[step | {"transitions": [transition, transition]}])


def vtl_mappings() -> Artefact:
    plain = find("VtlMappingScheme", "VMS_TEST")
    first, second, *others = plain.items
    return changed(plain, vtlMappings=[first, second | {"alias": first["alias"]}, *others])


TWICE = {
    "TST:DSD_PLAIN(1.0.0)/SEX": structure,
    "/metadataStructureComponents/CONTACT/CONTACT_NAME": metadata_structure,
    "/level/ALL": hierarchy,
    "/epochMaps/EPOCH": structure_map,
    "/GO": process,
    "/vtlMappings/DS_1": vtl_mappings,
}


@pytest.mark.parametrize("place", TWICE)
def test_an_id_that_stands_twice_is_told_with_its_place(place: str) -> None:
    (finding,) = check_ids([Located(TWICE[place]())], lambda _: None)
    assert finding.code == "ART-ITEM-TWICE"
    assert (finding.where.path or "").endswith(place)


def test_the_set_of_every_class_has_no_id_twice() -> None:
    assert list(check_ids([Located(artefact) for artefact in ARTEFACTS], lambda _: None)) == []
    assert check_ids in RULES
