"""Requests as clients in use send them (recorded against a logging server): each is understood as it is meant."""

import pytest

from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.query.request import Context, Detail, References
from sdmx_hub.query.text import LONGEST_PART


def split(url):
    path, _, query = url.partition("?")
    return path.split("/"), query


DATA_V1 = [
    ("sdmx1", "DF/A.FR..?startPeriod=2021&endPeriod=2022", "A.FR", 1),
    ("sdmx1", "DF/.ES+FR..F", ".ES+FR..F", 0),
    ("sdmx1", "DF?detail=serieskeysonly", "", 0),
    ("pysdmx", "ILMS%2CDF%2C1.0/A.FR../", "A.FR", 0),
    ("rsdmx", "DF/A.FR..F+M/all/?startPeriod=2021&endPeriod=2022", "A.FR..F+M", 1),
    ("sdmx-rest", "ILMS,DF,1.0/A.FR../all?detail=full&includeHistory=false&startPeriod=2021", "A.FR", 1),
    ("sdmx-json-parser", "DF/A.FR../all?dimensionAtObservation=AllDimensions&format=jsondata", "A.FR", 0),
    ("sdmx-json-parser", "DF/A.FR../all&format=jsondata", "A.FR", 0),
    ("opensdmx", "DF/...F?lastNObservations=1", "...F", 0),
    ("connectors", "ILMS,DF,1.0/ALL?startPeriod=2021&endPeriod=2023", "", 1),
    ("TCK", "ILMS,DF,1.0/A.FR+ES../all?updatedAfter=2020-01-01T00:00:00%2B01:00&detail=nodata", "A.ES+FR", 0),
]


@pytest.mark.parametrize(("client", "url", "key", "filters"), DATA_V1)
def test_data_of_rest_v1(client, url, key, filters):
    query = urls_v1.parse_data(*split(url))
    assert query.resource_ids == ("DF",)
    assert [written(pattern) for pattern in query.keys] == ([key] if key else [])
    assert len(query.filters) == filters


def written(pattern):
    return ".".join("" if part is None else "+".join(sorted(part)) for part in pattern)


DATA_V2 = [
    ("sdmx1", "*/ILMS/DF/+/A.FR.*.*", (Context.ANY, "+"), "A.FR", {}),
    ("sdmx1", "dataflow/ILMS/DF/+", (Context.DATAFLOW, "+"), "", {}),
    ("sdmx1", "dataflow/ILMS/DF/1.0/*?firstNObservations=1", (Context.DATAFLOW, "1.0"), "", {}),
    (
        "pysdmx",
        "dataflow/ILMS/DF/1.0?c%5BREF_AREA%5D=FR&c%5BTIME_PERIOD%5D=ge%3A2022&c%5BSEX%5D=F%2CM&dimensionAtObservation=AllDimensions",
        (Context.DATAFLOW, "1.0"),
        "",
        {"REF_AREA": 1, "SEX": 2, "TIME_PERIOD": 1},
    ),
    ("pysdmx", "dataflow/ILMS/DF/1.0/A.FR.%2A.%2A?firstNObservations=1", (Context.DATAFLOW, "1.0"), "A.FR", {}),
    (
        "sdmx-rest",
        "dataflow/ILMS/DF/1.0/A.FR..?c[TIME_PERIOD]=ge:2021&attributes=dsd&measures=all&includeHistory=false",
        (Context.DATAFLOW, "1.0"),
        "A.FR",
        {"TIME_PERIOD": 1},
    ),
    (
        "connectors",
        "dataflow/ILMS/DF/1.0/A.FR.*.*?c[SEX]=F&c[TIME_PERIOD]=ge:2021+le:2023&attributes=all&measures=all",
        (Context.DATAFLOW, "1.0"),
        "A.FR",
        {"SEX": 1, "TIME_PERIOD": 1},
    ),
]


@pytest.mark.parametrize(("client", "url", "named", "key", "filters"), DATA_V2)
def test_data_of_rest_v2(client, url, named, key, filters):
    query = urls_v2.parse_data(*split(url))
    assert query.resource_ids == ("DF",)
    assert (query.context, *query.versions) == named
    assert [written(pattern) for pattern in query.keys] == ([key] if key else [])
    assert {one.component_id: len(one.any_of) for one in query.filters} == filters
    assert not query.is_partial


STRUCTURES_V1 = [
    ("sdmx1", "dataflow/ILMS/all/latest", "none", "full"),
    ("sdmx1", "categoryscheme/ILMS/all/latest?references=parentsandsiblings", "parentsandsiblings", "full"),
    ("rsdmx", "dataflow/all/all/latest/", "none", "full"),
    ("rsdmx", "datastructure/all/DSD/latest/?references=children", "children", "full"),
    ("sdmx-rest", "codelist/ILMS/CL/latest/all?detail=full&references=none", "none", "full"),
    ("opensdmx", "dataflow/ILMS", "none", "full"),
    ("opensdmx", "datastructure/ALL/DSD", "none", "full"),
    ("opensdmx", "categorisation/ILMS/ALL/latest", "none", "full"),
    ("connectors", "datastructure/ILMS/DSD/1.0?references=descendants", "descendants", "full"),
    ("pandaSDMX", "dataflow/ILMS/latest", "none", "full"),
    ("sdmxdata", "dataflow?detail=allcompletestubs", "none", "allcompletestubs"),
    ("sdmxdata", "dataflow/ILMS/DF/latest?detail=referencepartial&references=all", "all", "referencepartial"),
    ("TCK", "conceptscheme/ILMS/CS/1.0/FREQ+REF_AREA", "none", "full"),
    ("TCK", "organisationscheme/all/all/all?detail=allstubs", "none", "allstubs"),
]


@pytest.mark.parametrize(("client", "url", "references", "detail"), STRUCTURES_V1)
def test_structures_of_rest_v1(client, url, references, detail):
    query = urls_v1.parse_structure(*split(url))
    assert query.references == {References(references)}
    assert query.detail == Detail(detail)
    assert set(query.agency_ids) <= {"*", "ILMS"}
    assert set(query.versions) <= {"~", "*", "1.0"}


STRUCTURES_V2 = [
    ("sdmx1", "dataflow/ILMS/*/+", "none", ()),
    ("sdmx1", "dataflow/ILMS/DF/+?references=descendants", "descendants", ()),
    ("pysdmx", "agencyscheme/SDMX/", "none", ()),
    ("pysdmx", "dataproviderscheme/ILMS?references=provisionagreement", "", ("ProvisionAgreement",)),
    (
        "pysdmx",
        "categoryscheme/ILMS/CS/1.0?detail=referencepartial&references=parentsandsiblings",
        "parentsandsiblings",
        (),
    ),
    ("pysdmx", "codelist/ILMS/CL/1.0/", "none", ()),
    ("pysdmx", "hierarchy/ILMS/H/1.0?detail=referencepartial&references=codelist", "", ("Codelist",)),
    ("pysdmx", "dataflow?detail=allcompletestubs", "none", ()),
    ("connectors", "dataflow/*/*/+", "none", ()),
    ("sdmx-rest", "codelist/ILMS/CL/~/*?detail=full&references=none", "none", ()),
]


@pytest.mark.parametrize(("client", "url", "references", "classes"), STRUCTURES_V2)
def test_structures_of_rest_v2(client, url, references, classes):
    query = urls_v2.parse_structure(*split(url))
    assert query.references == ({References(references)} if references else set())
    assert tuple(row.name for row in query.reference_classes) == classes
    assert query.item_ids == ()


AVAILABILITY = [
    ("sdmx1", urls_v1, "DF/A.FR.."),
    ("sdmx-rest", urls_v1, "ILMS,DF,1.0/A.FR../all/SEX?mode=available&references=none"),
    ("opensdmx", urls_v1, "DF?references=none"),
    ("sdmx1", urls_v2, "dataflow/ILMS/DF/+/*/*"),
    ("pysdmx", urls_v2, "dataflow/ILMS/DF/1.0?references=all"),
    ("connectors", urls_v2, "dataflow/ILMS/DF/1.0?A.FR..&mode=exact"),
    ("sdmx-rest", urls_v2, "dataflow/ILMS/DF/1.0/A.FR../SEX?mode=available&references=none"),
]


@pytest.mark.parametrize(("client", "family", "url"), AVAILABILITY)
def test_availability_of_both(client, family, url):
    assert family.parse_availability(*split(url)).data.resource_ids == ("DF",)


@pytest.mark.parametrize(
    "url", ["dataflow/ILMS/DF/latest", "dataflow/ILMS/DF/latest?explicitMeasure=false", "dataflow/ILMS/DF"]
)
def test_schemas_of_both(url):
    assert urls_v1.parse_schema(*split(url)) == urls_v2.parse_schema(*split(url))


def test_a_key_of_every_country_of_the_world_is_short_enough():
    assert 250 * len("XXX+") * 8 < LONGEST_PART
