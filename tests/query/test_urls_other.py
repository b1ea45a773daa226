import datetime as dt

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import CLASS_BY_NAME, CLASS_BY_RESOURCE
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.query.request import (
    AVAILABILITY_REFERENCES,
    AvailabilityQuery,
    Context,
    DataQuery,
    Detail,
    Mode,
    References,
    SchemaQuery,
    StructureQuery,
)

CODELIST = (CLASS_BY_NAME["Codelist"],)
DATAFLOW = (CLASS_BY_NAME["Dataflow"],)
EVERYTHING = tuple(CLASS_BY_RESOURCE.values())


def ask(parse, url):
    path, _, query = url.partition("?")
    return parse(path.split("/"), query)


def structure(classes, *, references="none", named=(), **rest):
    return StructureQuery(
        artefact_classes=classes,
        references=frozenset(References(word) for word in references.split()),
        reference_classes=tuple(CLASS_BY_NAME[name] for name in named),
        **rest,
    )


ONE = {"agency_ids": ("ILMH",), "ids": ("CL",)}
STRUCTURES = [
    ("codelist", "codelist", structure(CODELIST)),
    ("codelist/all/all/latest", "codelist/*/*/~", structure(CODELIST)),
    ("codelist/ALL/CL", "codelist/all/CL", structure(CODELIST, ids=("CL",))),
    ("codelist/ILMH/CL/1.0/all", "codelist/ILMH/CL/1.0/*", structure(CODELIST, versions=("1.0",), **ONE)),
    (
        "codelist/ILMH/CL/all/FR+ES",
        "codelist/ILMH/CL/*/FR,ES",
        structure(CODELIST, versions=("*",), item_ids=("ES", "FR"), **ONE),
    ),
    ("codelist/ILMH/CL/latest/A.B.C", "codelist/ILMH/CL//A.B.C", structure(CODELIST, item_ids=("A.B.C",), **ONE)),
    (
        "dataflow/A+B/X+Y/1.0+2.0",
        "dataflow/A,B/X,Y/1.0,2.0",
        structure(DATAFLOW, agency_ids=("A", "B"), ids=("X", "Y"), versions=("1.0", "2.0")),
    ),
    ("dataflow/ILMH/latest", "dataflow/ILMH/*/latest", structure(DATAFLOW, agency_ids=("ILMH",))),
    (
        "dataflow/ILMH/all/latest/?references=all",
        "dataflow/ILMH//?references=all",
        structure(DATAFLOW, agency_ids=("ILMH",), references="all"),
    ),
    ("structure/all/all/all", "*/*/*/*", structure(EVERYTHING, versions=("*",))),
    ("codelist?detail=allstubs", "codelist?detail=ALLSTUBS", structure(CODELIST, detail=Detail.ALL_STUBS)),
    (
        "codelist?references=parentsandsiblings&detail=referencepartial",
        "codelist?detail=referencepartial&references=parentsandsiblings",
        structure(CODELIST, references="parentsandsiblings", detail=Detail.REFERENCE_PARTIAL),
    ),
    (
        "dataflow?references=codelist",
        "dataflow?references=codelist",
        structure(DATAFLOW, references="", named=("Codelist",)),
    ),
    (
        "dataflow?references=children+datastructure",
        "dataflow?references=children,datastructure",
        structure(DATAFLOW, references="children", named=("DataStructure",)),
    ),
    ("dataflow?references=none,parents", "dataflow?references=parents", structure(DATAFLOW, references="parents")),
]


@pytest.mark.parametrize(("first", "second", "expected"), STRUCTURES)
def test_both_url_families_give_the_same_structure_query(first, second, expected):
    assert ask(urls_v1.parse_structure, first) == expected
    assert ask(urls_v2.parse_structure, second) == expected


@pytest.mark.parametrize("resource", urls_v1.RESOURCES)
def test_every_resource_of_rest_v1_is_understood(resource):
    assert ask(urls_v1.parse_structure, f"{resource}/all/all/all").artefact_classes


@pytest.mark.parametrize("resource", CLASS_BY_RESOURCE)
def test_every_artefact_type_of_rest_v2_is_understood(resource):
    assert ask(urls_v2.parse_structure, f"{resource}/*/*/*").artefact_classes == (CLASS_BY_RESOURCE[resource],)


@pytest.mark.parametrize("direction", list(References))
def test_every_direction_of_references_is_understood(direction):
    assert ask(urls_v2.parse_structure, f"dataflow?references={direction}").references == {direction}


@pytest.mark.parametrize(
    ("resource", "classes", "roles"),
    [
        ("contentconstraint", ("DataConstraint", "MetadataConstraint"), {"Allowed", "Actual"}),
        ("allowedconstraint", ("DataConstraint", "MetadataConstraint"), {"Allowed"}),
        ("actualconstraint", ("DataConstraint",), {"Actual"}),
        ("attachmentconstraint", ("DataConstraint",), {"Attachment"}),
    ],
)
def test_the_constraint_resources_of_rest_v1_differ_by_role(resource, classes, roles):
    query = ask(urls_v1.parse_structure, resource)
    assert query.artefact_classes == tuple(CLASS_BY_NAME[name] for name in classes)
    assert query.roles == roles
    beside = ask(urls_v1.parse_structure, f"dataflow?references={resource}")
    assert (beside.reference_classes, beside.reference_roles) == (query.artefact_classes, roles)


@pytest.mark.parametrize(("text", "month"), [("2024", 1), ("2024-05", 5)])
def test_a_year_or_a_month_is_its_first_instant(text, month):
    query = ask(urls_v1.parse_data, f"DF?updatedAfter={text}")
    assert query.updated_after == dt.datetime(2024, month, 1, tzinfo=dt.UTC)


def test_structures_can_be_asked_as_of_a_moment():
    query = ask(urls_v2.parse_structure, "codelist?asOf=2024-05-15T14:15:00Z")
    assert query.as_of == dt.datetime(2024, 5, 15, 14, 15, tzinfo=dt.UTC)


def test_a_query_is_exact_when_agency_and_id_are_named():
    assert ask(urls_v2.parse_structure, "codelist/ILMH/CL").is_exact
    assert not ask(urls_v2.parse_structure, "codelist/ILMH/CL,CM").is_exact
    assert not ask(urls_v2.parse_structure, "codelist/ILMH").is_exact


FLOW = DataQuery(agency_ids=("ILMH",), resource_ids=("DF",), versions=("1.0.0",))
AVAILABILITY = [
    ("ILMH,DF,1.0.0", "dataflow/ILMH/DF/1.0.0", AvailabilityQuery(data=FLOW)),
    ("ILMH,DF,1.0.0/all/all/all", "dataflow/ILMH/DF/1.0.0/*/*", AvailabilityQuery(data=FLOW)),
    (
        "ILMH,DF,1.0.0/A.FR../all/SEX?mode=available&references=none",
        "dataflow/ILMH/DF/1.0.0/A.FR.*.*/SEX?mode=available&references=none",
        AvailabilityQuery(
            data=DataQuery(
                agency_ids=("ILMH",),
                resource_ids=("DF",),
                versions=("1.0.0",),
                keys=((frozenset("A"), frozenset({"FR"})),),
            ),
            component_ids=("SEX",),
            mode=Mode.AVAILABLE,
        ),
    ),
    (
        "ILMH,DF,1.0.0?references=all",
        "dataflow/ILMH/DF/1.0.0?references=all",
        AvailabilityQuery(data=FLOW, references=frozenset(AVAILABILITY_REFERENCES)),
    ),
    (
        "ILMH,DF,1.0.0?references=codelist",
        "dataflow/ILMH/DF/1.0.0?references=codelist,none",
        AvailabilityQuery(data=FLOW, references=frozenset({"codelist"})),
    ),
    (
        "ILMH,DF,1.0.0/all/all/SEX+AGE",
        "dataflow/ILMH/DF/1.0.0//AGE,SEX",
        AvailabilityQuery(data=FLOW, component_ids=("AGE", "SEX")),
    ),
]


@pytest.mark.parametrize(("first", "second", "expected"), AVAILABILITY)
def test_both_url_families_give_the_same_availability_query(first, second, expected):
    assert ask(urls_v1.parse_availability, first) == expected
    assert ask(urls_v2.parse_availability, second) == expected


def test_a_key_written_into_the_query_string_of_an_availability_url_is_passed_over():
    assert ask(urls_v2.parse_availability, "dataflow/ILMH/DF/1.0.0?A.FR..&mode=exact").data == FLOW


SCHEMAS = [
    ("dataflow/ILMH/DF", "dataflow/ILMH/DF", SchemaQuery(context=Context.DATAFLOW, agency_id="ILMH", resource_id="DF")),
    (
        "dataflow/ILMH/DF/latest",
        "dataflow/ILMH/DF/~",
        SchemaQuery(context=Context.DATAFLOW, agency_id="ILMH", resource_id="DF"),
    ),
    (
        "provisionagreement/ILMH/PA/1.0/",
        "provisionagreement/ILMH/PA/1.0/",
        SchemaQuery(context=Context.PROVISION_AGREEMENT, agency_id="ILMH", resource_id="PA", version="1.0"),
    ),
    (
        "datastructure/ILMH/DSD/1.0?explicitMeasure=false&dimensionAtObservation=TIME_PERIOD",
        "datastructure/ILMH/DSD/1.0?dimensionAtObservation=TIME_PERIOD",
        SchemaQuery(
            context=Context.DATASTRUCTURE,
            agency_id="ILMH",
            resource_id="DSD",
            version="1.0",
            dimension_at_observation="TIME_PERIOD",
        ),
    ),
    (
        "dataflow/ILMH/DF/1.0?deletion=true",
        "dataflow/ILMH/DF/1.0?deletion=true",
        SchemaQuery(context=Context.DATAFLOW, agency_id="ILMH", resource_id="DF", version="1.0", deletion=True),
    ),
]


@pytest.mark.parametrize(("first", "second", "expected"), SCHEMAS)
def test_both_url_families_give_the_same_schema_query(first, second, expected):
    assert ask(urls_v1.parse_schema, first) == expected
    assert ask(urls_v2.parse_schema, second) == expected


def test_a_schema_of_the_latest_stable_version_may_be_asked():
    assert ask(urls_v2.parse_schema, "dataflow/ILMH/DF/+").version == "+"


@pytest.mark.parametrize(
    ("parse", "url", "part"),
    [
        (urls_v1.parse_structure, "flows/all", "resource"),
        (urls_v1.parse_structure, "", "resource"),
        (urls_v2.parse_structure, "flows/all", "artefactType"),
        (urls_v2.parse_structure, "dataflow/A/B/1.0/ITEM", "itemID"),
        (urls_v2.parse_structure, "dataflow?detail=much", "detail"),
        (urls_v2.parse_structure, "dataflow?references=friends", "references"),
        (urls_v2.parse_structure, "codelist/A/B/1.0/C/D", "itemID"),
        (urls_v2.parse_structure, "codelist/A/B/1.0/C,,D", "itemID"),
        (urls_v2.parse_availability, "dataflow/A/B?mode=maybe", "mode"),
        (urls_v2.parse_availability, "dataflow/A/B?references=hierarchy", "references"),
        (urls_v2.parse_schema, "dataflow/ILMH", "resourceID"),
        (urls_v2.parse_schema, "dataflow/*/DF", "agencyID"),
        (urls_v2.parse_schema, "dataflow/ILMH/DF/*", "version"),
        (urls_v2.parse_schema, "dataflow/ILMH/DF/1.0,2.0", "version"),
        (urls_v2.parse_schema, "codelist/ILMH/CL", "context"),
        (urls_v1.parse_schema, "dataflow/A+B/DF", "agencyID"),
    ],
)
def test_a_refusal_names_the_part(parse, url, part):
    with pytest.raises(BadRequest) as refusal:
        ask(parse, url)
    for language in ("en", "fr", "es"):
        assert part in refusal.value.text(language)
