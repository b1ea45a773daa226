import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadQuery, BadRequest
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.query.conditions import Kind
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import ALL_DIMENSIONS, SortTerm
from tests.factories import DATASET, OBSERVATION, component, make_structure, series

STRUCTURE = make_structure(
    "FREQ.REF_AREA.SEX.TIME_PERIOD",
    attributes=[
        component("TITLE", **DATASET),
        component("UNIT", "CL_UNIT", **series("FREQ", "REF_AREA")),
        component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
        component("SAMPLE", data_type="Integer", **OBSERVATION),
        component("EMBARGO_TIME", data_type="DateTime", **OBSERVATION),
        component("REPORTING_YEAR_START_DAY", **series("FREQ", "REF_AREA", "SEX")),
    ],
)
TIMELESS = make_structure("REF_AREA.SEX", measures=[component("OBS_VALUE"), component("SHARE", data_type="Decimal")])


def plan(query="", *, key="", structure=STRUCTURE):
    return plan_data(urls_v2.parse_data(["dataflow", "TEST", "DF", "1.0", key], query), structure)


def terms(*texts):
    return tuple(SortTerm(text.removeprefix("-"), text.startswith("-")) for text in texts)


def codes(*texts):
    return frozenset(texts)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("*", ()),
        ("A", ((codes("A"), None, None),)),
        ("A.SEN+MLI", ((codes("A"), codes("SEN", "MLI"), None),)),
        ("..F", ((None, None, codes("F")),)),
        ("A.*.*.*", ((codes("A"), None, None),)),
        ("A.UNHEARD_OF.M", ((codes("A"), codes("UNHEARD_OF"), codes("M")),)),
    ],
)
def test_a_key_gets_one_part_per_dimension(key, expected):
    assert plan(key=key).keys == expected


def test_a_key_with_more_parts_than_dimensions_is_refused():
    with pytest.raises(BadRequest) as refusal:
        plan(key="A.SEN.F.2020")
    assert "FREQ, REF_AREA, SEX" in str(refusal.value)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("c[COUNTRY]=SEN", "REF_AREA"),
        ("attributes=NOTE", "OBS_STATUS"),
        ("measures=RATE", "OBS_VALUE"),
        ("sort=COUNTRY", "series_key"),
        ("dimensionAtObservation=COUNTRY", "AllDimensions"),
        ("dimensionAtObservation=OBS_VALUE", "AllDimensions"),
    ],
)
def test_an_unknown_component_is_refused_with_those_there_are(query, told):
    with pytest.raises(BadQuery) as refusal:
        plan(query)
    assert told in str(refusal.value)


def test_time_cannot_be_filtered_where_there_is_none():
    with pytest.raises(BadQuery):
        plan("c[TIME_PERIOD]=2020", structure=TIMELESS)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("c[REF_AREA]=ge:A", Kind.TEXT),
        ("c[OBS_STATUS]=A", Kind.TEXT),
        ("c[TITLE]=co:x", Kind.TEXT),
        ("c[OBS_VALUE]=ge:10.0", Kind.NUMBER),
        ("c[SAMPLE]=1e3", Kind.NUMBER),
        ("c[EMBARGO_TIME]=ge:2024-01-01T00:00:00", Kind.PERIOD),
    ],
)
def test_a_filter_knows_how_its_component_compares(query, kind):
    assert [one.kind for one in plan(query).filters] == [kind]


def test_a_measure_without_representation_compares_as_it_is_asked():
    assert plan("c[OBS_VALUE]=gt:5", structure=TIMELESS).filters[0].kind is Kind.NUMBER
    assert plan("c[OBS_VALUE]=gt:five", structure=TIMELESS).filters[0].kind is Kind.TEXT


@pytest.mark.parametrize("value", ["x", "1,5x", "NaN", "0x10", " 1", "1_0"])
def test_a_number_must_be_compared_with_a_number(value):
    with pytest.raises(BadQuery) as refusal:
        plan(f"c[OBS_VALUE]=ge:{value}")
    assert "OBS_VALUE" in refusal.value.text("es")


@pytest.mark.parametrize("query", ["c[TIME_PERIOD]=ge:20x", "c[EMBARGO_TIME]=lt:soon"])
def test_time_must_be_compared_with_a_period(query):
    with pytest.raises(BadRequest):
        plan(query)


@pytest.mark.parametrize(
    ("query", "attributes", "measures", "series_only"),
    [
        ("", "TITLE UNIT OBS_STATUS SAMPLE EMBARGO_TIME REPORTING_YEAR_START_DAY", "OBS_VALUE", False),
        ("attributes=all", "TITLE UNIT OBS_STATUS SAMPLE EMBARGO_TIME REPORTING_YEAR_START_DAY", "OBS_VALUE", False),
        ("attributes=msd", "", "OBS_VALUE", False),
        ("attributes=dataset", "TITLE", "OBS_VALUE", False),
        ("attributes=series", "UNIT REPORTING_YEAR_START_DAY", "OBS_VALUE", False),
        ("attributes=obs", "OBS_STATUS SAMPLE EMBARGO_TIME", "OBS_VALUE", False),
        ("attributes=SAMPLE,UNIT", "UNIT SAMPLE", "OBS_VALUE", False),
        ("attributes=none", "", "OBS_VALUE", False),
        ("attributes=none&measures=none", "", "", True),
        ("attributes=dataset,series&measures=none", "TITLE UNIT REPORTING_YEAR_START_DAY", "", True),
        (
            "attributes=dsd&measures=none",
            "TITLE UNIT OBS_STATUS SAMPLE EMBARGO_TIME REPORTING_YEAR_START_DAY",
            "",
            False,
        ),
        ("measures=OBS_VALUE&attributes=none", "", "OBS_VALUE", False),
    ],
)
def test_attributes_and_measures_become_ids_in_the_order_of_the_structure(query, attributes, measures, series_only):
    found = plan(query)
    assert found.attribute_ids == tuple(attributes.split())
    assert found.measure_ids == tuple(measures.split())
    assert found.series_keys_only is series_only


@pytest.mark.parametrize(
    ("structure", "query", "expected"),
    [
        (STRUCTURE, "", "TIME_PERIOD"),
        (TIMELESS, "", ALL_DIMENSIONS),
        (STRUCTURE, "dimensionAtObservation=AllDimensions", ALL_DIMENSIONS),
        (STRUCTURE, "dimensionAtObservation=SEX", "SEX"),
        (STRUCTURE, "sort=TIME_PERIOD:desc", ALL_DIMENSIONS),
        (STRUCTURE, "sort=series_key+TIME_PERIOD:desc", "TIME_PERIOD"),
        (STRUCTURE, "sort=REF_AREA+TIME_PERIOD", ALL_DIMENSIONS),
        (STRUCTURE, "sort=*:desc", "TIME_PERIOD"),
        (STRUCTURE, "sort=TIME_PERIOD:desc&dimensionAtObservation=TIME_PERIOD", "TIME_PERIOD"),
    ],
)
def test_the_view_is_by_time_where_there_is_time_and_flat_where_the_order_tears_series(structure, query, expected):
    assert plan(query, structure=structure).dimension_at_observation == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "FREQ REF_AREA SEX TIME_PERIOD"),
        ("sort=*:desc", "-FREQ -REF_AREA -SEX -TIME_PERIOD"),
        ("sort=series_key:desc", "-FREQ -REF_AREA -SEX TIME_PERIOD"),
        ("sort=SEX", "SEX FREQ REF_AREA TIME_PERIOD"),
        ("sort=TIME_PERIOD:desc", "-TIME_PERIOD FREQ REF_AREA SEX"),
        ("sort=TIME_PERIOD:desc+SEX&dimensionAtObservation=TIME_PERIOD", "SEX FREQ REF_AREA -TIME_PERIOD"),
        ("sort=OBS_VALUE:desc", "-OBS_VALUE FREQ REF_AREA SEX TIME_PERIOD"),
        ("sort=OBS_VALUE&dimensionAtObservation=TIME_PERIOD", "FREQ REF_AREA SEX OBS_VALUE TIME_PERIOD"),
        ("dimensionAtObservation=REF_AREA", "FREQ SEX TIME_PERIOD REF_AREA"),
        ("sort=series_key:desc&dimensionAtObservation=SEX", "-FREQ -REF_AREA -TIME_PERIOD SEX"),
        ("attributes=none&measures=none&sort=SEX:desc+TIME_PERIOD", "-SEX FREQ REF_AREA"),
    ],
)
def test_rows_have_a_total_order_that_keeps_series_together(query, expected):
    assert plan(query).order == terms(*expected.split())


def test_the_first_mention_of_a_component_decides_its_order():
    assert plan("sort=SEX:desc+*").sort == terms("-SEX", "FREQ", "REF_AREA", "TIME_PERIOD")


@pytest.mark.parametrize(
    ("key", "query", "expected"),
    [
        ("*", "", ""),
        ("A.*.F", "", "FREQ SEX"),
        ("*", "c[SEX]=F&c[OBS_STATUS]=A", "SEX"),
        ("A", "c[TIME_PERIOD]=2020", "FREQ TIME_PERIOD"),
    ],
)
def test_the_dimensions_a_query_narrows_are_known(key, query, expected):
    assert plan(query, key=key).selected_ids == tuple(expected.split())


def test_one_dimension_can_be_left_out():
    found = plan("c[SEX]=ne:F&c[REF_AREA]=MLI&c[TIME_PERIOD]=2020", key="A.SEN.M,A.MLI.M")
    without_area = found.without("REF_AREA")
    assert without_area.keys == ((codes("A"), None, codes("M")),)
    assert [one.component_id for one in without_area.filters] == ["SEX"]
    assert without_area.periods == found.periods
    assert found.without("TIME_PERIOD").periods is None
    assert found.without("TIME_PERIOD").keys == found.keys


def test_the_periods_of_a_plan_take_the_start_day_of_the_data():
    found = plan("c[TIME_PERIOD]=ge:2022-10-01")
    assert found.start_day_id == "REPORTING_YEAR_START_DAY"
    assert found.period_matches("2022-A1", "--10-01")
    assert not found.period_matches("2022-A1")
    assert plan(structure=TIMELESS).start_day_id is None


def test_the_start_day_of_the_query_reads_its_own_periods():
    found = plan("c[TIME_PERIOD]=ge:2010-Q3&reportingYearStartDay=--07-01")
    assert found.period_matches("2011-01")
    assert not found.period_matches("2010-12")


def test_rest_v1_gives_the_same_plan():
    first = plan_data(urls_v1.parse_data(["TEST,DF,1.0", "A.SEN."], "startPeriod=2020&detail=dataonly"), STRUCTURE)
    assert first == plan("c[TIME_PERIOD]=ge:2020&attributes=none", key="A.SEN.*")


PART = st.one_of(st.none(), st.frozensets(st.sampled_from("ABC"), min_size=1))
KEYS = st.lists(st.lists(PART, min_size=1, max_size=3), min_size=1, max_size=3)


def key_text(keys):
    return ",".join(".".join("*" if part is None else "+".join(sorted(part)) for part in parts) for parts in keys)


@settings(deadline=None)
@given(KEYS)
def test_the_plan_never_widens_the_query(keys):
    planned = plan(key=key_text(keys)).keys

    def wanted(patterns, series_key):
        return any(
            all(part is None or code in part for part, code in zip(pattern, series_key, strict=False))
            for pattern in patterns
        )

    for series_key in itertools.product("ABCD", repeat=3):
        assert wanted(keys, series_key) == (not planned or wanted(planned, series_key))
