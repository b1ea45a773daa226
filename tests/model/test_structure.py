import pytest

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import read_codelist
from sdmx_hub.model.structure import (
    Attachment,
    BrokenStructure,
    read_constraint,
    read_data_structure,
    read_dataflow,
    read_provision_agreement,
)
from sdmx_hub.model.urn import parse_urn
from tests.factories import (
    DATASET,
    OBSERVATION,
    component,
    make_artefact,
    make_codelist,
    make_concepts,
    make_dataflow,
    make_dsd,
    series,
    urn_of,
)


def finder(*artefacts):
    by_urn = {artefact.urn: artefact for artefact in artefacts}
    return by_urn.get


def view(**parts):
    dimensions = [component("FREQ", "CL_FREQ"), component("REF_AREA", "CL_AREA"), component("SEX", "CL_SEX")]
    return read_data_structure(make_dsd(dimensions, **parts), finder())


def test_dimensions_are_in_order_and_time_stands_apart():
    structure = view()
    assert structure.dimension_ids == ("FREQ", "REF_AREA", "SEX")
    assert structure.key_ids == ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD")
    assert structure.time_dimension.is_time
    assert [dimension.position for dimension in structure.dimensions] == [1, 2, 3]
    assert structure.time_dimension.position == 4


def test_a_structure_may_have_no_time():
    structure = view(time=False)
    assert structure.time_dimension is None
    assert structure.key_ids == structure.dimension_ids


@pytest.mark.parametrize(
    ("shape", "attached", "dimension_ids"),
    [
        (DATASET, Attachment.DATASET, ()),
        ({"attributeRelationship": {}}, Attachment.DATASET, ()),
        (series("SEX", "FREQ"), Attachment.DIMENSIONS, ("FREQ", "SEX")),
        ({"attributeRelationship": {"group": "SIBLINGS"}}, Attachment.GROUP, ("REF_AREA",)),
        (OBSERVATION, Attachment.OBSERVATION, ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD")),
        (
            {"attributeRelationship": {"primaryMeasure": "OBS_VALUE"}},
            Attachment.OBSERVATION,
            ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD"),
        ),
    ],
)
def test_an_attribute_describes_what_its_relationship_says(shape, attached, dimension_ids):
    groups = [{"id": "SIBLINGS", "groupDimensions": ["REF_AREA"]}]
    attribute = view(attributes=[component("A", **shape)], groups=groups).attributes[0]
    assert (attribute.attached_to, attribute.dimension_ids) == (attached, dimension_ids)


def test_mandatory_components_are_known():
    structure = view(
        attributes=[component("A", usage="mandatory", **OBSERVATION), component("B", **OBSERVATION)],
        measures=[component("OBS_VALUE", usage="mandatory"), component("SHARE")],
    )
    assert [attribute.is_mandatory for attribute in structure.attributes] == [True, False]
    assert [measure.is_mandatory for measure in structure.measures] == [True, False]


def test_components_are_found_by_id_and_attributes_by_attachment():
    structure = view(
        attributes=[component("A", **OBSERVATION), component("B", **DATASET), component("C", **series("SEX"))]
    )
    assert tuple(structure.components) == ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "A", "B", "C")
    assert [one.id for one in structure.attributes_of(Attachment.DATASET, Attachment.DIMENSIONS)] == ["B", "C"]


def test_a_representation_missing_locally_is_that_of_the_concept():
    concepts = make_concepts(["FREQ", "NOTE"])
    items = [dict(item) for item in concepts.document["concepts"]]
    items[0]["coreRepresentation"] = {"enumeration": urn_of("Codelist", "CL_FREQ")}
    items[1]["coreRepresentation"] = {"format": {"dataType": "String", "maxLength": 20}, "maxOccurs": "unbounded"}
    concepts = Artefact(concepts.artefact_class, {**concepts.document, "concepts": items})
    dsd = make_dsd([component("FREQ")], attributes=[component("NOTE", **OBSERVATION)])
    structure = read_data_structure(dsd, finder(concepts))
    assert structure.dimensions[0].representation.codelist == parse_urn(urn_of("Codelist", "CL_FREQ"))
    note = structure.attributes[0].representation
    assert (note.text_type, note.facets, note.max_occurs, note.is_coded) == ("String", {"maxLength": 20}, None, False)


def test_a_structure_without_components_is_refused():
    with pytest.raises(BrokenStructure) as refusal:
        read_data_structure(make_artefact("DataStructure", "STUB"), finder())
    assert "STUB" in refusal.value.text("es")


def test_a_codelist_lists_its_codes_with_parents():
    codes = read_codelist(make_codelist("CL", ["W", "SEN", "MLI"], {"SEN": "W", "MLI": "W"}), finder()).codes
    assert list(codes) == ["W", "SEN", "MLI"]
    assert codes["SEN"].parent == "W"
    assert codes["SEN"].names == {"en": "Code SEN", "fr": "Le code SEN"}


def extended(*extensions, own=()):
    base = make_codelist(
        "BASE", ["W", "AF", "SEN", "MLI", "EU", "FRA"], {"AF": "W", "EU": "W", "SEN": "AF", "MLI": "AF", "FRA": "EU"}
    )
    listed = [{"codelist": urn_of("Codelist", "BASE"), **extension} for extension in extensions]
    artefact = make_codelist("CL", own)
    artefact = Artefact(artefact.artefact_class, {**artefact.document, "codelistExtensions": listed})
    return read_codelist(artefact, finder(base)).codes


def member(value, cascade=False):
    return {"value": value, "cascadeValues": cascade}


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ({}, "W AF SEN MLI EU FRA"),
        ({"prefix": "X_"}, "X_W X_AF X_SEN X_MLI X_EU X_FRA"),
        ({"inclusiveCodeSelection": {"memberValues": [member("SEN"), member("FRA")]}}, "SEN FRA"),
        ({"inclusiveCodeSelection": {"memberValues": [member("AF", True)]}}, "AF SEN MLI"),
        ({"inclusiveCodeSelection": {"memberValues": [member("AF", "excluderoot")]}}, "SEN MLI"),
        ({"exclusiveCodeSelection": {"memberValues": [member("AF", True)]}}, "W EU FRA"),
        ({"inclusiveCodeSelection": {"memberValues": [member("S%")]}}, "SEN"),
    ],
)
def test_a_codelist_inherits_what_its_extension_selects(extension, expected):
    assert " ".join(extended(extension)) == expected


def test_own_codes_follow_inherited_ones_and_win():
    codes = extended({}, own=["ZZ", "SEN"])
    assert list(codes) == ["W", "AF", "SEN", "MLI", "EU", "FRA", "ZZ"]
    assert codes["SEN"].parent is None


def test_an_inherited_parent_that_was_left_out_is_forgotten():
    codes = extended({"prefix": "X_", "inclusiveCodeSelection": {"memberValues": [member("AF", True)]}})
    assert codes["X_AF"].parent is None
    assert codes["X_SEN"].parent == "X_AF"


def test_an_extension_of_a_missing_codelist_is_refused():
    artefact = make_codelist("CL", [])
    artefact = Artefact(
        artefact.artefact_class, {**artefact.document, "codelistExtensions": [{"codelist": urn_of("Codelist", "BASE")}]}
    )
    with pytest.raises(BrokenStructure) as refusal:
        read_codelist(artefact, finder())
    assert "BASE" in str(refusal.value)


def test_a_dataflow_knows_its_structure():
    dataflow = read_dataflow(make_dataflow())
    assert dataflow.structure == parse_urn(urn_of("DataStructure", "DSD"))
    with pytest.raises(BrokenStructure):
        read_dataflow(make_artefact("Dataflow", "STUB"))


def test_a_constraint_holds_regions_and_what_it_is_attached_to():
    artefact = make_artefact(
        "DataConstraint",
        "CON",
        role="Allowed",
        constraintAttachment={
            "dataflows": [urn_of("Dataflow", "DF")],
            "provisionAgreements": [urn_of("ProvisionAgreement", "PA")],
        },
        cubeRegions=[
            {"keyValues": [{"id": "REF_AREA", "values": [{"value": "SEN"}, "MLI"]}, {"id": "FREQ", "values": []}]},
            {"include": False, "components": [{"id": "OBS_STATUS", "values": ["M"]}]},
        ],
    )
    constraint = read_constraint(artefact)
    assert [urn.class_name for urn in constraint.attached_to] == ["Dataflow", "ProvisionAgreement"]
    assert [(region.include, dict(region.values)) for region in constraint.regions] == [
        (True, {"REF_AREA": frozenset({"SEN", "MLI"})}),
        (False, {"OBS_STATUS": frozenset({"M"})}),
    ]


def test_a_provision_agreement_joins_provider_and_dataflow():
    provider = "urn:sdmx:org.sdmx.infomodel.base.DataProvider=TEST:DP(1.0).SEN_ANSD"
    artefact = make_artefact("ProvisionAgreement", "PA", dataflow=urn_of("Dataflow", "DF"), dataProvider=provider)
    agreement = read_provision_agreement(artefact)
    assert agreement.dataflow == parse_urn(urn_of("Dataflow", "DF"))
    assert agreement.data_provider.item_id == "SEN_ANSD"
