"""What other writers of SDMX 2.1 say, and the hub does not: structure sets of several maps, reports, attachments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from sdmx_hub.errors import Malformed
from sdmx_hub.formats import structure_json_v1_0, structure_xml_v2_1
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.model.artefact import Artefact
from tests.formats.test_structure_formats import judges, message, read_v2_1

__all__ = ["judges"]
Judges = dict[str, Callable[[bytes], list[str]]]


def ref(tag: str, identifier: str, class_name: str, package: str) -> str:
    given = f'id="{identifier}" agencyID="A" version="1.0" class="{class_name}" package="{package}"'
    return f"<str:{tag}><Ref {given}/></str:{tag}>"


def local(tag: str, identifier: str) -> str:
    return f'<str:{tag}><Ref id="{identifier}"/></str:{tag}>'


def placed(tag: str, identifier: str) -> str:
    said = 'containerID="DimensionDescriptor" class="Dimension" package="datastructure"'
    return f'<str:{tag}><Ref id="{identifier}" {said}/></str:{tag}>'


def named(tag: str, identifier: str, body: str, attributes: str = "") -> str:
    return f'<str:{tag} id="{identifier}" {attributes}><com:Name>{identifier}</com:Name>{body}</str:{tag}>'


def element(tag: str, body: str, attributes: str = "") -> str:
    return f"<str:{tag} {attributes}>{body}</str:{tag}>"


def artefact(container: str, tag: str, identifier: str, body: str, attributes: str = "") -> str:
    return element(container, named(tag, identifier, body, f"agencyID='A' version='1.0' {attributes}"))


def both_ways(found: tuple[Artefact, ...], judges: Judges) -> bytes:
    """Write in both formats what was read, judge it and read it again; give the SDMX-ML."""
    meant = {one.urn: one.document for one in found}
    for one in found:
        assert check_artefact(one) == ()
    xml = structure_xml_v2_1.write(message(*found))
    json = structure_json_v1_0.write(message(*found))
    assert judges["structure-xml-2.1"](xml) == judges["structure-json-1.0"](json) == []
    assert {one.urn: one.document for one in structure_xml_v2_1.read(xml)} == meant
    assert {one.urn: one.document for one in structure_json_v1_0.read(json)} == meant
    return xml


def mapped(source: str, target: str, mapping: str = "") -> str:
    inner = f"<str:RepresentationMapping>{mapping}</str:RepresentationMapping>" if mapping else ""
    return f"<str:ComponentMap>{placed('Source', source)}{placed('Target', target)}{inner}</str:ComponentMap>"


CODELISTS = ref("Source", "CL_A", "Codelist", "codelist") + ref("Target", "CL_B", "Codelist", "codelist")
FLOWS = ref("Source", "DF", "Dataflow", "datastructure") + ref("Target", "DSD", "DataStructure", "datastructure")
CODES = f"<str:CodeMap>{local('Source', 'X')}{local('Target', 'Y')}</str:CodeMap>"
VALUES = (
    '<str:ValueMap><str:ValueMapping source="m" target="M"/><str:ValueMapping source="f" target="F"/></str:ValueMap>'
)


def test_a_structure_set_of_several_maps_is_put_together_again(judges: Judges) -> None:
    maps = (
        mapped("SEX", "GENDER", local("CodelistMap", "CLM")) + mapped("AREA", "PLACE", VALUES) + mapped("FREQ", "FREQ")
    )
    body = named("CodelistMap", "CLM", CODELISTS + CODES) + named("StructureMap", "SM", FLOWS + maps)
    found = read_v2_1(artefact("StructureSets", "StructureSet", "SET", body))
    by_id = {one.ref.id: one for one in found}
    assert [(one.artefact_class.name, one.ref.id) for one in found] == [
        ("RepresentationMap", "CLM"),
        ("StructureMap", "SM"),
        ("RepresentationMap", "SM_AREA_PLACE"),
    ]
    head = "urn:sdmx:org.sdmx.infomodel.structuremapping.RepresentationMap=A:"
    assert [one.get("representationMap") for one in by_id["SM"].document["componentMaps"]] == [
        f"{head}CLM(1.0)",
        f"{head}SM_AREA_PLACE(1.0)",
        None,
    ]
    assert by_id["CLM"].document["representationMappings"] == [
        {"sourceValues": [{"value": "X"}], "targetValues": ["Y"]}
    ]
    assert by_id["SM_AREA_PLACE"].document["source"] == [{"dataType": "String"}]
    xml = both_ways(found, judges)
    assert xml.count(b"<str:StructureSet ") == 2  # the set, and an empty one for the map of texts
    assert b"<str:ValueMap>" in xml
    assert b'<str:StructureSet id="SET"' in xml


def test_a_single_map_has_the_id_of_its_set(judges: Judges) -> None:
    body = artefact("StructureSets", "StructureSet", "SET", named("CodelistMap", "INSIDE", CODELISTS + CODES))
    (found,) = read_v2_1(body)
    assert (found.artefact_class.name, str(found.ref)) == ("RepresentationMap", "A:SET(1.0)")
    assert found.document["annotations"][0]["title"] == "INSIDE"
    assert b'<str:CodelistMap id="INSIDE">' in both_ways((found,), judges)


def test_codes_of_hierarchical_codelists_are_mapped_as_texts() -> None:
    source = ref("Source", "HCL", "HierarchicalCodelist", "codelist")
    pair = f"<str:HybridCodeMap>{local('Source', 'X')}{local('Target', 'Y')}</str:HybridCodeMap>"
    target = ref("Target", "CL_B", "Codelist", "codelist")
    body = named("HybridCodelistMap", "HM", source + target + pair)
    (found,) = read_v2_1(artefact("StructureSets", "StructureSet", "HM", body))
    assert found.document["source"] == [{"dataType": "String"}]
    assert found.document["target"] == [{"codelist": "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=A:CL_B(1.0)"}]
    assert check_artefact(found) == ()


def test_an_empty_structure_set_maps_nothing() -> None:
    related = ref("RelatedStructure", "DF", "Dataflow", "datastructure")
    assert read_v2_1(artefact("StructureSets", "StructureSet", "SET", related)) == ()


def test_hierarchies_of_one_codelist_are_put_together_again(judges: Judges) -> None:
    listed = "<Ref id='{0}' maintainableParentID='CL' agencyID='A'/>"
    code = element("HierarchicalCode", element("Code", listed), "id='{0}'")
    body = "".join(named("Hierarchy", one, code.format("X") + code.format("Y")) for one in ("H1", "H2"))
    found = read_v2_1(artefact("HierarchicalCodelists", "HierarchicalCodelist", "HCL", body))
    assert [one.ref.id for one in found] == ["H1", "H2"]
    xml = both_ways(found, judges)
    assert xml.count(b"<str:HierarchicalCodelist ") == 1
    (alone,) = read_v2_1(
        artefact("HierarchicalCodelists", "HierarchicalCodelist", "HCL", named("Hierarchy", "H", code.format("X")))
    )
    assert alone.ref.id == "HCL"
    assert b'<str:Hierarchy id="H"' in both_ways((alone,), judges)


IDENTITY = "<str:ConceptIdentity><Ref id='C' maintainableParentID='CS' agencyID='A'/></str:ConceptIdentity>"


def report(identifier: str, *attributes: str) -> str:
    listed = "".join(f'<str:MetadataAttribute id="{one}">{IDENTITY}</str:MetadataAttribute>' for one in attributes)
    return f'<str:ReportStructure id="{identifier}">{listed}{local("MetadataTarget", "T")}</str:ReportStructure>'


def test_reports_and_targets_of_a_metadata_structure_come_back(judges: Judges) -> None:
    reference, time = (
        element("LocalRepresentation", element("TextFormat", "", f"textType='{one}'"))
        for one in ("IdentifiableReference", "ObservationalTimePeriod")
    )
    object_ = element("IdentifiableObjectTarget", reference, "id='O' objectType='Dataflow'")
    target = element("MetadataTarget", object_ + element("ReportPeriodTarget", time), "id='T'")
    reports = report("R1", "P", "Q") + report("R2", "R")
    components = element("MetadataStructureComponents", target + reports)
    structure = artefact("MetadataStructures", "MetadataStructure", "MSD", components)
    flow = artefact(
        "Metadataflows", "Metadataflow", "MDF", ref("Structure", "MSD", "MetadataStructure", "metadatastructure")
    )
    found = {one.ref.id: one for one in read_v2_1(flow + structure)}
    listed = found["MSD"].document["metadataStructureComponents"]["metadataAttributeList"]["metadataAttributes"]
    assert [(one["id"], one["annotations"][0]["title"]) for one in listed] == [("P", "R1"), ("Q", "R1"), ("R", "R2")]
    assert found["MDF"].document["targets"] == ["urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=*:*(*)"]
    xml = both_ways(tuple(found.values()), judges)
    assert xml.count(b"<str:ReportStructure ") == 2
    assert b'objectType="Dataflow"' in xml


def test_a_metadataflow_of_an_unknown_structure_is_about_anything() -> None:
    structure = ref("Structure", "MSD", "MetadataStructure", "metadatastructure")
    (found,) = read_v2_1(artefact("Metadataflows", "Metadataflow", "MDF", structure))
    assert found.document["targets"] == ["urn:sdmx:org.sdmx.infomodel.base.Any=*:*(*)"]
    assert check_artefact(found) == ()


VALUE = '<com:KeyValue id="FREQ"><com:Value>{}</com:Value></com:KeyValue>'
KEYS = element("DataKeySet", element("Key", VALUE.format("A")), "isIncluded='true'")


def attached(tag: str, identifier: str, class_name: str, package: str) -> str:
    return f"<str:ConstraintAttachment>{ref(tag, identifier, class_name, package)}</str:ConstraintAttachment>"


def test_an_attachment_constraint_comes_back_as_one(judges: Judges) -> None:
    body = attached("DataStructure", "DSD", "DataStructure", "datastructure") + KEYS
    found = read_v2_1(artefact("Constraints", "AttachmentConstraint", "AC", body))
    assert [one.artefact_class.name for one in found] == ["DataConstraint"]
    assert b"<str:AttachmentConstraint " in both_ways(found, judges)
    json = orjson.loads(structure_json_v1_0.write(message(*found)))
    assert list(json["data"]) == ["attachmentConstraints"]


def test_a_constraint_of_metadata_is_one_of_its_own(judges: Judges) -> None:
    values = "<com:Attribute id='P'><com:Value>1</com:Value></com:Attribute>"
    region = f'<str:MetadataTargetRegion report="R1" metadataTarget="T">{values}</str:MetadataTargetRegion>'
    body = attached("Metadataflow", "MDF", "Metadataflow", "metadatastructure") + region
    (found,) = read_v2_1(artefact("Constraints", "ContentConstraint", "MC", body, "type='Allowed'"))
    assert found.artefact_class.name == "MetadataConstraint"
    assert found.document["metadataTargetRegions"][0]["components"] == [{"id": "P", "values": [{"value": "1"}]}]
    both_ways((found,), judges)


def test_more_regions_than_today_has_become_one_that_holds_them() -> None:
    region = element("CubeRegion", VALUE, "include='true'")
    body = attached("Dataflow", "DF", "Dataflow", "datastructure") + "".join(map(region.format, "AQM"))
    (found,) = read_v2_1(artefact("Constraints", "ContentConstraint", "CC", body, "type='Allowed'"))
    values = [{"value": one} for one in "AQM"]
    assert found.document["cubeRegions"] == [{"include": True, "keyValues": [{"id": "FREQ", "values": values}]}]
    assert check_artefact(found) == ()


def test_an_agreement_about_metadata_is_one_of_its_own() -> None:
    provider = '<str:DataProvider><Ref id="P1" agencyID="A" class="DataProvider" package="base"/></str:DataProvider>'
    flow = ref("StructureUsage", "MDF", "Metadataflow", "metadatastructure")
    (found,) = read_v2_1(artefact("ProvisionAgreements", "ProvisionAgreement", "PA", flow + provider))
    assert found.artefact_class.name == "MetadataProvisionAgreement"
    head = "urn:sdmx:org.sdmx.infomodel.base.MetadataProvider=A:METADATA_PROVIDERS(1.0)"
    assert found.document["metadataProvider"] == f"{head}.P1"
    assert check_artefact(found) == ()


def test_a_provider_is_found_in_the_one_scheme_of_providers() -> None:
    provider = '<str:DataProvider><Ref id="P1" agencyID="A" class="DataProvider" package="base"/></str:DataProvider>'
    flow = ref("StructureUsage", "DF", "Dataflow", "datastructure")
    (found,) = read_v2_1(artefact("ProvisionAgreements", "ProvisionAgreement", "PA", flow + provider))
    assert found.document["dataProvider"] == "urn:sdmx:org.sdmx.infomodel.base.DataProvider=A:DATA_PROVIDERS(1.0).P1"


COMPONENTS = {
    "Dimension": "Dimension",
    "MeasureDimension": "Dimension",
    "TimeDimension": "TimeDimension",
    "Attribute": "DataAttribute",
    "PrimaryMeasure": "Measure",
}


@pytest.mark.parametrize(("old", "today"), COMPONENTS.items())
def test_a_component_may_be_referred_to(old: str, today: str, judges: Judges) -> None:
    said = f'maintainableParentID="DSD" agencyID="A" containerID="X" class="{old}" package="datastructure"'
    step = f'<str:Input><str:ObjectReference><Ref id="C" {said}/></str:ObjectReference></str:Input>'
    found = read_v2_1(artefact("Processes", "Process", "PR", named("ProcessStep", "S", step)))
    urn = found[0].document["processSteps"][0]["inputs"][0]["objectReference"]
    assert urn == f"urn:sdmx:org.sdmx.infomodel.datastructure.{today}=A:DSD(1.0).C"
    assert b"<URN>" not in both_ways(found, judges)


URNS = {
    "codelist.HierarchicalCodelist=A:H(1.0)": "codelist.Hierarchy=A:H(1.0)",
    "mapping.StructureSet=A:S(1.0)": "structuremapping.StructureMap=A:S(1.0)",
    "mapping.CodelistMap=A:S(1.0).M": "structuremapping.RepresentationMap=A:M(1.0)",
    "registry.ContentConstraint=A:C(1.0)": "registry.DataConstraint=A:C(1.0)",
    "datastructure.PrimaryMeasure=A:D(1.0).OBS_VALUE": "datastructure.Measure=A:D(1.0).OBS_VALUE",
    "codelist.Code=A:C(1.0).X": "codelist.Code=A:C(1.0).X",
}


@pytest.mark.parametrize(("old", "today"), URNS.items())
def test_urns_are_read_with_the_classes_of_today(old: str, today: str) -> None:
    head = "urn:sdmx:org.sdmx.infomodel."
    step = f"<str:Input><str:ObjectReference><URN> {head}{old}</URN></str:ObjectReference></str:Input>"
    (found,) = read_v2_1(artefact("Processes", "Process", "PR", named("ProcessStep", "S", step)))
    assert found.document["processSteps"][0]["inputs"][0]["objectReference"] == f"{head}{today}"


def test_a_group_of_an_attachment_constraint_has_all_dimensions(judges: Judges) -> None:
    dimensions = "".join(f'<str:Dimension id="{one}">{IDENTITY}</str:Dimension>' for one in ("P", "Q"))
    group = f'<str:Group id="G">{ref("AttachmentConstraint", "AC", "AttachmentConstraint", "registry")}</str:Group>'
    measure = f"<str:MeasureList><str:PrimaryMeasure>{IDENTITY}</str:PrimaryMeasure></str:MeasureList>"
    components = f"<str:DimensionList>{dimensions}</str:DimensionList>{group}{measure}"
    body = f"<str:DataStructureComponents>{components}</str:DataStructureComponents>"
    found = read_v2_1(artefact("DataStructures", "DataStructure", "DSD", body))
    (read,) = found[0].document["dataStructureComponents"]["groups"]
    assert read["groupDimensions"] == ["P", "Q"]
    assert b"<str:AttachmentConstraint>" in structure_xml_v2_1.write(message(*found))
    both_ways(found, judges)


def test_an_iso_concept_is_read_from_its_urn() -> None:
    urn = "urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept=SDMX:CROSS(1.0).FREQ"
    concept = {"id": "F", "name": "F", "isoConceptReference": urn}
    document = {"id": "CS", "agencyID": "A", "name": "CS", "isFinal": False, "concepts": [concept]}
    (found,) = structure_json_v1_0.read(orjson.dumps({"data": {"conceptSchemes": [document]}}))
    said = {"conceptAgency": "SDMX", "conceptSchemeID": "CROSS", "conceptID": "FREQ"}
    assert found.items[0]["isoConceptReference"] == said


WRONG: dict[str, dict[str, Any]] = {
    "a collection of today": {"metadataProvisionAgreements": []},
    "a collection nobody knows": {"keyFamilies": []},
    "no list": {"structureSets": {"id": "S"}},
    "a set without agency": {"structureSets": [{"id": "S"}]},
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_what_is_no_message_of_json_1_0_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        structure_json_v1_0.read(orjson.dumps({"data": data}))
