"""Outside readers find in our messages what the hub meant: sdmx1 and pysdmx, each in the formats it reads.

What they cannot read themselves is left out here and named. sdmx1 stops in SDMX-ML 3.0 at organisation schemes other
than agencies, at hierarchies, maps, constraints and agreements, and at attributes attached to a group; in SDMX-ML 2.1
at the type URI, a fax number, organisation units, reporting taxonomies, processes, levels, maps of schemes and
structures, key sets and time ranges, and drops the names of others. pysdmx stops at metadata structures, and
passes over units, taxonomies, processes and structure sets.
"""

from __future__ import annotations

import datetime as dt
import io
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sdmx
import sdmx.reader.xml.v30
from pysdmx.io import read_sdmx
from pysdmx.model import Codelist, ConceptScheme, DataConstraint, Dataflow, DataStructureDefinition, Hierarchy
from sdmx.model.common import Code

from sdmx_hub.formats import (
    structure_json_v2_0,
    structure_json_v2_1,
    structure_xml_v2_1,
    structure_xml_v3_0,
    structure_xml_v3_1,
)
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.publish.structure import open_structures
from sdmx_hub.query.urls_v2 import parse_structure
from sdmx_hub.store.artefacts import Artefacts
from tests.formats.every_class import ARTEFACTS as SPECIMENS

HEADER = Header(id="TEST", prepared=dt.datetime(2026, 11, 22, tzinfo=dt.UTC), sender_id="ILMH")
FLOW = "DF_FLOW_POP"
Write = Callable[[StructureMessage], bytes]


@pytest.fixture(scope="module")
def pack() -> Artefacts:
    return Artefacts(read_pack(pack_root()))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """The judges warn of what they leave out; that is their business."""
    logging.disable(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    logging.disable(logging.NOTSET)


def answer(pack: Artefacts, path: str, parameters: str = "") -> tuple[Artefact, ...]:
    return open_structures(parse_structure(path.split("/"), parameters), pack)


def of_class(found: tuple[Artefact, ...], *names: str) -> dict[str, Artefact]:
    return {artefact.ref.id: artefact for artefact in found if artefact.artefact_class.name in names}


def dimensions(structure: Artefact) -> list[str]:
    listed = structure.document["dataStructureComponents"]["dimensionList"]
    return [*(one["id"] for one in listed["dimensions"]), "TIME_PERIOD"]


def attributes(structure: Artefact) -> list[str]:
    return [one["id"] for one in structure.document["dataStructureComponents"]["attributeList"]["attributes"]]


def check_sdmx1(message: Any, found: tuple[Artefact, ...]) -> None:
    for identifier, artefact in of_class(found, "Codelist").items():
        read = message.codelist[identifier] if identifier in message.codelist else message.codelist[artefact.ref.id]
        assert {code.id for code in read} == {code["id"] for code in artefact.items}
        first = artefact.items[0]
        assert read[first["id"]].name.localizations == first["names"]
        parents = {code["id"]: code["parent"] for code in artefact.items if "parent" in code}
        told = {code.id: code.parent.id for code in read if isinstance(code.parent, Code)}
        assert told.items() <= parents.items()
    for identifier, artefact in of_class(found, "ConceptScheme").items():
        read = message.concept_scheme[identifier]
        assert {concept.id for concept in read} == {concept["id"] for concept in artefact.items}
    for identifier, artefact in of_class(found, "DataStructure").items():
        read = message.structure[identifier]
        assert [one.id for one in read.dimensions] == dimensions(artefact)
        assert [one.id for one in read.attributes] == attributes(artefact)
        assert [one.id for one in read.measures] == ["OBS_VALUE"]
    for identifier, artefact in of_class(found, "Dataflow").items():
        assert message.dataflow[identifier].name.localizations == artefact.names


def test_sdmx1_reads_the_whole_pack_in_2_1(pack: Artefacts) -> None:
    found = answer(pack, "*/*/*/*")
    lists = tuple(
        one
        for one in found
        if (one.ref.agency_id, one.ref.id) != ("SDMX", "CL_OCCUPATION") and "'dataType': 'URI'" not in str(one.document)
    )
    message = sdmx.read_sdmx(io.BytesIO(structure_xml_v2_1.write(StructureMessage(HEADER, lists))))
    check_sdmx1(message, lists)
    assert len(message.category_scheme) == len(of_class(found, "CategoryScheme"))
    assert len(message.provisionagreement) == len(of_class(found, "ProvisionAgreement"))


def _ungrouped(structure: Artefact) -> bool:
    listed = structure.document["dataStructureComponents"]["attributeList"]["attributes"]
    return not any("group" in one["attributeRelationship"] for one in listed)


def test_sdmx1_reads_what_it_can_of_the_pack_in_3_0(pack: Artefacts) -> None:
    names = ("Codelist", "ConceptScheme", "Dataflow", "CategoryScheme")
    found = tuple(
        one
        for one in answer(pack, "*/*/*/*")
        if one.artefact_class.name in names and (one.ref.agency_id, one.ref.id) != ("SDMX", "CL_OCCUPATION")
    )
    structures = tuple(one for one in answer(pack, "datastructure/*/*/*") if _ungrouped(one))
    message = sdmx.read_sdmx(io.BytesIO(structure_xml_v3_0.write(StructureMessage(HEADER, found + structures))))
    check_sdmx1(message, found + structures)


SDMX1_2_1 = {
    "AgencyScheme": "organisation_scheme",
    "DataProviderScheme": "organisation_scheme",
    "CategoryScheme": "category_scheme",
    "Categorisation": "categorisation",
    "Codelist": "codelist",
    "ConceptScheme": "concept_scheme",
    "DataStructure": "structure",
    "Dataflow": "dataflow",
    "Hierarchy": "hierarchical_codelist",
    "MetadataStructure": "metadatastructure",
    "Metadataflow": "metadataflow",
    "ProvisionAgreement": "provisionagreement",
    "DataConstraint": "constraint",
    "RepresentationMap": "structureset",
    "VtlMappingScheme": "vtl_mapping_scheme",
    "NamePersonalisationScheme": "name_personalisation_scheme",
    "TransformationScheme": "transformation_scheme",
}
"""Where sdmx1 keeps what it reads of SDMX-ML 2.1, by class."""
STOPS_AT = {"SDMX:AGENCIES(1.0)", "TST:DATA_PROVIDERS(1.0)", "TST:H_AREA(1.0.0)"} | {
    f"{agency}:{one}(1.0.0)" for agency in ("TST", "TSX") for one in ("DC_FLOW", "DC_KEYS", "DC_STRUCTURE")
}


WITHOUT_NAMES = {"RepresentationMap", "VtlMappingScheme", "NamePersonalisationScheme", "TransformationScheme"}


@pytest.mark.parametrize("class_name", SDMX1_2_1)
def test_sdmx1_reads_an_artefact_of_every_class_it_knows(class_name: str) -> None:
    tried = [one for one in SPECIMENS if one.artefact_class.name == class_name and str(one.ref) not in STOPS_AT]
    assert tried
    for artefact in tried:
        read = sdmx.read_sdmx(io.BytesIO(structure_xml_v2_1.write(StructureMessage(HEADER, (artefact,)))))
        found = getattr(read, SDMX1_2_1[class_name])
        (one,) = [each for each in found.values() if each.id == artefact.ref.id and each.urn == urn_of_2_1(artefact)]
        assert one.name.localizations == artefact.names or (not one.name.localizations and class_name in WITHOUT_NAMES)
        if class_name in {"Codelist", "ConceptScheme"} and "codelistExtensions" not in artefact.document:
            assert [item.id for item in one] == [item["id"] for item in artefact.items]


def urn_of_2_1(artefact: Artefact) -> str:
    names = {"Hierarchy": "HierarchicalCodelist", "DataConstraint": "ContentConstraint"}
    names |= {"RepresentationMap": "StructureSet"}
    name = names.get(artefact.artefact_class.name, artefact.artefact_class.name)
    package = artefact.artefact_class.package.removeprefix("structure") if name == "StructureSet" else None
    version = artefact.ref.version.removesuffix("-draft")
    head = f"urn:sdmx:org.sdmx.infomodel.{package or artefact.artefact_class.package}.{name}"
    return f"{head}={artefact.ref.agency_id}:{artefact.ref.id}({version})"


PYSDMX_2_1 = {name for name in SDMX1_2_1 if name not in {"MetadataStructure", "RepresentationMap"}} | {
    "DataConsumerScheme",
    "CustomTypeScheme",
    "RulesetScheme",
    "UserDefinedOperatorScheme",
}


@pytest.mark.parametrize("class_name", sorted(PYSDMX_2_1))
def test_pysdmx_reads_an_artefact_of_every_class_it_knows(class_name: str) -> None:
    for artefact in (one for one in SPECIMENS if one.artefact_class.name == class_name):
        message = structure_xml_v2_1.write(StructureMessage(HEADER, (artefact,))).decode()
        (read,) = read_sdmx(message, validate=True).structures or ()
        assert (read.id, read.name) == (artefact.ref.id, artefact.document["name"])


PYSDMX: dict[str, Write] = {
    "xml-2.1": structure_xml_v2_1.write,
    "xml-3.0": structure_xml_v3_0.write,
    "xml-3.1": structure_xml_v3_1.write,
    "json-2.0": structure_json_v2_0.write,
    "json-2.1": structure_json_v2_1.write,
}


UNREAD = {
    "OrganisationUnitScheme",
    "ReportingTaxonomy",
    "Process",
    "GeographicCodelist",
    "GeoGridCodelist",
    "MetadataConstraint",
    "ConceptSchemeMap",
    "CategorySchemeMap",
    "OrganisationSchemeMap",
    "ReportingTaxonomyMap",
}
"""Classes pysdmx passes over in every format of SDMX 3."""
STUMBLES = {
    "xml": {"CL_AREA_MORE", "MPA_TEST", "SM_RICH"},  # codelist extensions, targets, maps of dates
    "json": {"DSD_PLAIN", "DSD_TEST"},  # it wants a time facet to be a moment
}


@pytest.mark.parametrize("name", [name for name in PYSDMX if name != "xml-2.1"])
@pytest.mark.parametrize("class_name", sorted({one.artefact_class.name for one in SPECIMENS} - UNREAD))
def test_pysdmx_reads_every_class_it_knows_of_sdmx_3(class_name: str, name: str) -> None:
    stumbles = STUMBLES[name.partition("-")[0]]
    found = [one for one in SPECIMENS if one.artefact_class.name == class_name and one.ref.id not in stumbles]
    for artefact in found:
        message = PYSDMX[name](StructureMessage(HEADER, (artefact,))).decode()
        (read,) = read_sdmx(message, validate=True).structures or ()
        assert read.id == artefact.ref.id
        assert read.name in {
            artefact.document["name"],
            artefact.ref.id,
        }  # of organisation schemes it keeps the id alone
        agency = read.agency if isinstance(read.agency, str) else read.agency.id
        assert (agency, str(read.version)) == (artefact.ref.agency_id, artefact.ref.version)


@pytest.mark.parametrize("name", PYSDMX)
def test_pysdmx_reads_a_dataflow_with_all_around_it(pack: Artefacts, name: str) -> None:
    found = answer(pack, f"dataflow/ILMH/{FLOW}/1.0.0", "references=descendants,dataconstraint&detail=referencepartial")
    read = read_sdmx(PYSDMX[name](StructureMessage(HEADER, found)).decode(), validate=True).structures
    assert read is not None
    lists = {(one.agency, one.id): one for one in read if isinstance(one, Codelist)}
    for artefact in of_class(found, "Codelist").values():
        codelist = lists[artefact.ref.agency_id, artefact.ref.id]
        assert [code.id for code in codelist.items] == [code["id"] for code in artefact.items]
        assert codelist.items[0].name == artefact.items[0]["name"]
        assert codelist.is_partial == bool(artefact.document.get("isPartial"))
    (structure,) = [one for one in read if isinstance(one, DataStructureDefinition)]
    (meant,) = of_class(found, "DataStructure").values()
    assert [one.id for one in structure.components.dimensions] == dimensions(meant)
    assert [one.id for one in structure.components.attributes] == attributes(meant)
    assert [one.id for one in structure.components.measures] == ["OBS_VALUE"]
    (flow,) = [one for one in read if isinstance(one, Dataflow)]
    assert (flow.id, flow.version) == (FLOW, "1.0.0")
    (concepts,) = [one for one in read if isinstance(one, ConceptScheme)]
    assert {one.id for one in concepts.items} == {one["id"] for one in of_class(found, "ConceptScheme")["CS_ILM"].items}
    (constraint,) = [one for one in read if isinstance(one, DataConstraint)]
    assert constraint.id == next(iter(of_class(found, "DataConstraint")))


@pytest.mark.parametrize("name", PYSDMX)
def test_pysdmx_reads_a_hierarchy_with_its_codelist(pack: Artefacts, name: str) -> None:
    found = answer(pack, "hierarchy/ILMH/H_AGE/1.0.0", "references=codelist")
    read = read_sdmx(PYSDMX[name](StructureMessage(HEADER, found)).decode(), validate=True).structures
    (hierarchy,) = [one for one in read or () if isinstance(one, Hierarchy)]
    assert hierarchy.id == "H_AGE"


@pytest.mark.parametrize("name", ["xml-2.1", "xml-3.0", "json-2.0"])
def test_pysdmx_reads_stubs(pack: Artefacts, name: str) -> None:
    found = answer(pack, "dataflow/*/*/~", "detail=allcompletestubs")
    read = read_sdmx(PYSDMX[name](StructureMessage(HEADER, found)).decode(), validate=True).structures
    assert {one.id for one in read or ()} == {artefact.ref.id for artefact in found}
