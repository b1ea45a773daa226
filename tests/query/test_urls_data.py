import datetime as dt
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.query.request import (
    ALL_DIMENSIONS,
    TIME,
    ComponentFilter,
    Condition,
    Context,
    DataQuery,
    Operator,
    SortTerm,
)

FLOW = {"agency_ids": ("ILMH",), "resource_ids": ("DF",), "versions": ("1.0.0",)}


def v1(url: str) -> DataQuery:
    path, _, query = url.partition("?")
    return urls_v1.parse_data(path.split("/"), query)


def v2(url: str) -> DataQuery:
    path, _, query = url.partition("?")
    return urls_v2.parse_data(path.split("/"), query)


def codes(*texts: str) -> frozenset[str]:
    return frozenset(texts)


def filtered(component_id: str, *any_of: tuple[tuple[str, str], ...]) -> ComponentFilter:
    return ComponentFilter.of(
        component_id, tuple(tuple(Condition(Operator(name), value) for name, value in all_of) for all_of in any_of)
    )


# One row, one question: the URL of REST v1, of REST v2, and the value both give.
BOTH = [
    ("ILMH,DF,1.0.0", "dataflow/ILMH/DF/1.0.0", {}),
    ("ILMH,DF,1.0.0/", "dataflow/ILMH/DF/1.0.0/", {}),
    ("ILMH,DF,1.0.0/all", "dataflow/ILMH/DF/1.0.0/*", {}),
    ("ILMH,DF,1.0.0/ALL/ALL", "dataflow/ILMH/DF/1.0.0/all", {}),
    ("ILMH%2CDF%2C1.0.0/...", "dataflow/ILMH/DF/1.0.0/*.*.*", {}),
    ("ILMH,DF,1.0.0/A.FR..", "dataflow/ILMH/DF/1.0.0/A.FR.*.*", {"keys": ((codes("A"), codes("FR")),)}),
    ("ILMH,DF,1.0.0/A.FR", "dataflow/ILMH/DF/1.0.0/A.FR..", {"keys": ((codes("A"), codes("FR")),)}),
    (
        "ILMH,DF,1.0.0/.ES+FR..F",
        "dataflow/ILMH/DF/1.0.0/*.ES%2BFR.%2A.F",
        {"keys": ((None, codes("ES", "FR"), None, codes("F")),)},
    ),
    (
        "ILMH,DF,1.0.0?startPeriod=2021&endPeriod=2022",
        "dataflow/ILMH/DF/1.0.0?c[TIME_PERIOD]=ge:2021+le:2022",
        {"filters": (filtered(TIME, (("ge", "2021"), ("le", "2022"))),)},
    ),
    (
        "ILMH,DF,1.0.0?startPeriod=2010-Q3",
        "dataflow/ILMH/DF/1.0.0?c%5BTIME_PERIOD%5D=ge%3A2010-Q3",
        {"filters": (filtered(TIME, (("ge", "2010-Q3"),)),)},
    ),
    ("ILMH,DF,1.0.0?detail=dataonly", "dataflow/ILMH/DF/1.0.0?attributes=none", {"attributes": ("none",)}),
    (
        "ILMH,DF,1.0.0?detail=serieskeysonly",
        "dataflow/ILMH/DF/1.0.0?attributes=none&measures=none",
        {"attributes": ("none",), "measures": ("none",)},
    ),
    (
        "ILMH,DF,1.0.0?detail=serieskeyonly",
        "dataflow/ILMH/DF/1.0.0?measures=NONE&attributes=none",
        {"attributes": ("none",), "measures": ("none",)},
    ),
    (
        "ILMH,DF,1.0.0?detail=nodata",
        "dataflow/ILMH/DF/1.0.0?attributes=series,dataset&measures=none",
        {"attributes": ("dataset", "series"), "measures": ("none",)},
    ),
    ("ILMH,DF,1.0.0?detail=full", "dataflow/ILMH/DF/1.0.0?attributes=dsd&measures=all", {}),
    (
        "ILMH,DF,1.0.0?firstNObservations=2&lastNObservations=3",
        "dataflow/ILMH/DF/1.0.0?lastNObservations=3&firstNObservations=2",
        {"first_n": 2, "last_n": 3},
    ),
    (
        "ILMH,DF,1.0.0?dimensionAtObservation=AllDimensions",
        "dataflow/ILMH/DF/1.0.0?dimensionAtObservation=alldimensions",
        {"dimension_at_observation": ALL_DIMENSIONS},
    ),
    (
        "ILMH,DF,1.0.0?updatedAfter=2009-05-15T14:15:00%2B01:00",
        "dataflow/ILMH/DF/1.0.0?updatedAfter=2009-05-15T14%3A15%3A00+01%3A00",
        {"updated_after": dt.datetime(2009, 5, 15, 13, 15, tzinfo=dt.UTC)},
    ),
    ("ILMH,DF,1.0.0?includeHistory=true", "dataflow/ILMH/DF/1.0.0?includeHistory=1", {"include_history": True}),
    ("ILMH,DF,1.0.0&format=csv", "dataflow/ILMH/DF/1.0.0&format=csv", {}),
    ("ILMH,DF,1.0.0/all&detail=dataonly", "dataflow/ILMH/DF/1.0.0/*&attributes=none", {"attributes": ("none",)}),
    ("ILMH,DF,1.0.0?startPeriod=&detail=&what=ever", "dataflow/ILMH/DF/1.0.0?limit=&unknown", {}),
]


@pytest.mark.parametrize(("first", "second", "expected"), BOTH)
def test_both_url_families_give_the_same_query(first, second, expected):
    query = DataQuery(**(FLOW | expected))
    assert v1(first) == query
    assert v2(second) == query


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("DF", (("*",), ("DF",), ("~",))),
        ("ILMH,DF", (("ILMH",), ("DF",), ("~",))),
        ("ILMH,DF,latest", (("ILMH",), ("DF",), ("~",))),
        ("all,DF,all", (("*",), ("DF",), ("*",))),
        ("A.B+C,DF,1.0", (("A.B", "C"), ("DF",), ("1.0",))),
        ("all", (("*",), ("*",), ("~",))),
    ],
)
def test_a_flow_reference_of_rest_v1_has_one_to_three_parts(url, expected):
    query = v1(url)
    assert (query.agency_ids, query.resource_ids, query.versions) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("DF/all/all", ()),
        ("DF/all/ILMH,SEN_ANSD", (("ILMH", "SEN_ANSD"),)),
        ("DF/all/CH2+NO2", (("*", "CH2"), ("*", "NO2"))),
        ("DF/all/all,CH2", (("*", "CH2"),)),
        ("DF//CH2", (("*", "CH2"),)),
    ],
)
def test_a_provider_of_rest_v1_has_an_agency_or_not(url, expected):
    assert v1(url).providers == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", DataQuery(context=Context.ANY)),
        ("*", DataQuery(context=Context.ANY)),
        (
            "*/ILMH/DF/+/A.FR.*.*",
            DataQuery(
                context=Context.ANY,
                agency_ids=("ILMH",),
                resource_ids=("DF",),
                versions=("+",),
                keys=((codes("A"), codes("FR")),),
            ),
        ),
        ("dataflow/ILMH/DF", DataQuery(agency_ids=("ILMH",), resource_ids=("DF",))),
        (
            "dataflow/ILMH,OECD/DF,DG/1.0,2.0.0",
            DataQuery(agency_ids=("ILMH", "OECD"), resource_ids=("DF", "DG"), versions=("1.0", "2.0.0")),
        ),
        (
            "datastructure/all/DSD/latest",
            DataQuery(context=Context.DATASTRUCTURE, resource_ids=("DSD",), versions=("~",)),
        ),
        ("provisionagreement//PA", DataQuery(context=Context.PROVISION_AGREEMENT, resource_ids=("PA",))),
        (
            "dataflow/OECD.SDD.TPS/DSD@DF/1.0",
            DataQuery(agency_ids=("OECD.SDD.TPS",), resource_ids=("DSD@DF",), versions=("1.0",)),
        ),
    ],
)
def test_the_path_of_rest_v2_may_stop_anywhere(url, expected):
    assert v2(url) == expected


def test_several_keys_of_rest_v2_are_alternatives():
    assert v2("dataflow/A/B/1.0/M.USD,A.CHF.*").keys == ((codes("A"), codes("CHF")), (codes("M"), codes("USD")))
    assert v2("dataflow/A/B/1.0/M.USD,*").keys == ()


FILTERS = [
    ("A", ((("eq", "A"),),)),
    ("A,B", ((("eq", "A"),), (("eq", "B"),))),
    ("ge:A", ((("ge", "A"),),)),
    ("ge:A+le:B", ((("ge", "A"), ("le", "B")),)),
    ("A,B+C", ((("eq", "A"),), (("eq", "B"), ("eq", "C")))),
    ("ge:A+le:B,ge:C+le:D", ((("ge", "A"), ("le", "B")), (("ge", "C"), ("le", "D")))),
    ("ne:A,B", ((("ne", "A"),), (("eq", "B"),))),
    ("ne:A+B", ((("ne", "A"), ("eq", "B")),)),
    ("ne:A,ne:B", ((("ne", "A"),), (("ne", "B"),))),
    ("ne:A+ne:B", ((("ne", "A"), ("ne", "B")),)),
    ("co:euro", ((("co", "euro"),),)),
    ("nc:x+sw:y+ew:z+lt:1+gt:0", ((("nc", "x"), ("sw", "y"), ("ew", "z"), ("lt", "1"), ("gt", "0")),)),
    ("ge:2020-01-01T00:00:00+01:00+lt:2021", ((("ge", "2020-01-01T00:00:00+01:00"), ("lt", "2021")),)),
    ("x:y", ((("eq", "x:y"),),)),
]


@pytest.mark.parametrize(("text", "expected"), FILTERS)
@pytest.mark.parametrize("encode", [str, lambda text: quote(text, safe="")], ids=["raw", "encoded"])
def test_a_filter_joins_with_plus_before_comma(text, expected, encode):
    assert v2(f"dataflow/A/B?{encode('c[X]')}={encode(text)}").filters == (filtered("X", *expected),)


def test_filters_on_several_components_are_sorted():
    query = v2("dataflow/A/B?c[SEX]=F,M&c[REF_AREA]=FR&c[AGE]=*")
    assert query.filters == (
        filtered("REF_AREA", (("eq", "FR"),)),
        filtered("SEX", (("eq", "F"),), (("eq", "M"),)),
    )


def test_a_period_parameter_and_a_filter_on_time_hold_together():
    query = v2("dataflow/A/B?c[TIME_PERIOD]=ge:2020,le:2010&endPeriod=2022")
    assert query.filters == (filtered(TIME, (("ge", "2020"), ("le", "2022")), (("le", "2010"), ("le", "2022"))),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", (SortTerm("*"),)),
        ("*:asc", (SortTerm("*"),)),
        ("series_key+TIME_PERIOD:desc", (SortTerm("series_key"), SortTerm("TIME_PERIOD", descending=True))),
        ("CURRENCY+TIME_PERIOD", (SortTerm("CURRENCY"), SortTerm("TIME_PERIOD"))),
    ],
)
def test_sort_terms_are_read(text, expected):
    assert v2(f"dataflow/A/B?sort={text}").sort == expected


def test_paging_and_time_travel_are_read():
    query = v2("dataflow/A/B?offset=0&limit=100&asOf=2024-01-01&reportingYearStartDay=--07-01")
    assert (query.offset, query.limit, query.reporting_year_start_day) == (0, 100, "--07-01")
    assert query.as_of == dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


REFUSALS = [
    ("v1", "A,B,1.0,x", "flowRef", "AGENCY,ID,VERSION"),
    ("v1", "DF/A B", "key", "A B"),
    ("v1", "DF/all/all/x/y", "flowRef/key/providerRef", "too many"),
    ("v1", "DF?startPeriod=20x1", "startPeriod", "20x1"),
    ("v1", "DF?detail=some", "detail", "serieskeysonly"),
    ("v1", "DF?firstNObservations=0", "firstNObservations", "0"),
    ("v1", "D F", "flowRef", "D F"),
    ("v2", "codelist/A/B", "context", "provisionagreement"),
    ("v2", "dataflow/A/B/+.2.3", "version", "+.2.3"),
    ("v2", "dataflow/1A/B", "agencyID", "1A"),
    ("v2", "dataflow/A/B/1.0/*/X/Y", "resourceID/version/key", "too many"),
    ("v2", "dataflow/A/B?c[X]=A&c[X]=B", "c[X]", "twice"),
    ("v2", "dataflow/A/B?c[X]=", "c[X]", "operator:value"),
    ("v2", "dataflow/A/B?c[X]=A,,B", "c[X]", "operator:value"),
    ("v2", "dataflow/A/B?c[X]=ge:", "c[X]", "ge"),
    ("v2", "dataflow/A/B?limit=-1", "limit", "-1"),
    ("v2", "dataflow/A/B?limit=1e3", "limit", "1e3"),
    ("v2", "dataflow/A/B?offset=x", "offset", "x"),
    ("v2", "dataflow/A/B?sort=A:up", "sort", "desc"),
    ("v2", "dataflow/A/B?attributes=none,dsd", "attributes", "none,dsd"),
    ("v2", "dataflow/A/B?includeHistory=maybe", "includeHistory", "true"),
    ("v2", "dataflow/A/B?asOf=yesterday", "asOf", "yesterday"),
    ("v2", "dataflow/A/B?asOf=2024-02-30", "asOf", "2024-02-30"),
    ("v2", "dataflow/A/B?updatedAfter=2024-02-01&asOf=2024-01-01", "updatedAfter", "asOf"),
    ("v2", "dataflow/A/B?reportingYearStartDay=07-01", "reportingYearStartDay", "--MM-DD"),
    ("v2", "dataflow/A/B?strict=1&startPeriod=2020", "startPeriod", "strict"),
    ("v1", "DF?strict=1&limit=3", "limit", "strict"),
    ("v2", "dataflow/A/B?c%5BX%5D=%00", "c[X]", "%00"),
    ("v2", "dataflow/A/B%FF", "path", "UTF-8"),
]


@pytest.mark.parametrize(("family", "url", "part", "told"), REFUSALS)
def test_a_refusal_names_the_part_and_what_is_allowed(family, url, part, told):
    with pytest.raises(BadRequest) as refusal:
        {"v1": v1, "v2": v2}[family](url)
    for language in ("en", "fr", "es"):
        assert part in refusal.value.text(language)
    assert told in str(refusal.value)


def test_strict_takes_the_parameters_of_its_family_and_those_of_the_answer():
    assert v1("DF?strict=1&startPeriod=2020&format=csv") == v1("DF?startPeriod=2020")
    assert v2("dataflow/A/B?strict=true&limit=3&c[X]=A&lang=fr") == v2("dataflow/A/B?limit=3&c[X]=A")


def test_too_long_a_request_is_refused_before_it_is_read():
    for url in ("DF?" + "x" * 1_100_000, "DF/" + "A." * 600_000, "DF?startPeriod=" + "2" * 300_000, "DF/" + "." * 300):
        with pytest.raises(BadRequest):
            v1(url)


def read_or_refuse(parse, path, query):
    try:
        return parse(path.split("/"), query)
    except HubError as refusal:
        return refusal.text("es")


def test_long_lists_of_codes_are_read_and_longer_ones_refused():
    codes_wanted = ",".join(f"C{number}" for number in range(5_000))
    assert len(v2(f"dataflow/A/B?c[X]={codes_wanted[:16_000]}").filters[0].any_of) > 2_000
    for url in (
        "dataflow/A/B?c[X]=" + ",".join(f"ne:{number}" for number in range(600)),
        "dataflow/A/B?c[X]=" + "+".join(f"ge:{number}" for number in range(600)),
        "dataflow/A/B/1.0/" + ",".join(f"A.{number}" for number in range(1_100)),
    ):
        with pytest.raises(BadRequest) as refusal:
            v2(url)
        assert "too long" in str(refusal.value)


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_gives_a_query_or_a_refusal(path, query):
    for parse in (urls_v1.parse_data, urls_v2.parse_data):
        assert isinstance(read_or_refuse(parse, path, query), DataQuery | str)


URL_TEXT = st.text("AB01.,+*/&=?%[]:~-c", max_size=60)


@settings(deadline=None)
@given(URL_TEXT, URL_TEXT)
def test_any_text_of_url_characters_gives_a_query_or_a_refusal(path, query):
    for parse in (urls_v1.parse_data, urls_v2.parse_data):
        assert isinstance(read_or_refuse(parse, path, query), DataQuery | str)


CODE = st.text("ABC_019@$-", min_size=1, max_size=4)
PART = st.one_of(st.none(), st.frozensets(CODE, min_size=1, max_size=3))


@settings(deadline=None)
@given(st.lists(PART, min_size=4, max_size=8))
def test_a_written_key_reads_back_in_both_families(parts):
    while parts and parts[-1] is None:
        parts.pop()
    text = ".".join("" if part is None else "+".join(sorted(part)) for part in parts)
    expected = (tuple(parts),) if parts else ()
    if text.lower() != "all":
        assert v1(f"DF/{quote(text)}").keys == v2(f"dataflow/A/DF/1.0/{quote(text)}").keys == expected
