"""Content negotiation as a table: what clients send, and what they get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.errors import NotAcceptable
from sdmx_hub.formats.media_range import parse_accept, version_matches
from sdmx_hub.formats.negotiate import choose_format
from sdmx_hub.formats.table import FORMATS, formats_of

CSV = "application/vnd.sdmx.data+csv"
JSON = "application/vnd.sdmx.data+json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

BY_ACCEPT = [
    ("v1", None, "data-xml-2.1-generic"),
    ("v2", None, "data-xml-3.0"),
    ("v1", "", "data-xml-2.1-generic"),
    ("v1", "*/*", "data-xml-2.1-generic"),
    ("v2", "*/*", "data-xml-3.0"),
    ("v2", "*", "data-xml-3.0"),
    ("v1", "application/xml", "data-xml-2.1-generic"),
    ("v2", "text/xml", "data-xml-3.0"),
    ("v1", "application/json", "data-json-1.0"),
    ("v2", "application/json", "data-json-2.0"),
    ("v1", "text/csv", "data-csv-1.0"),
    ("v2", "text/csv", "data-csv-2.0"),
    ("v2", "text/*", "data-xml-3.0"),
    ("v2", "application/vnd.sdmx.structurespecificdata+xml;version=2.1", "data-xml-2.1-specific"),
    ("v2", "application/vnd.sdmx.structurespecificdata+xml", "data-xml-2.1-specific"),
    ("v2", "application/vnd.sdmx.structurespecificdata+xml;version=3.0.0", "data-xml-3.0"),
    ("v1", "application/vnd.sdmx.data+xml;version=3.0.0", "data-xml-3.0"),
    ("v1", "application/vnd.sdmx.data+xml; version=3.0.0+", "data-xml-3.0"),
    ("v2", "application/vnd.sdmx.genericdata+xml; version=2.1", "data-xml-2.1-generic"),
    ("v2", "application/vnd.sdmx.generictimeseriesdata+xml;version=2.1", "data-xml-2.1-generic-series"),
    ("v1", "application/vnd.sdmx.structurespecifictimeseriesdata+xml;version=2.1", "data-xml-2.1-specific-series"),
    ("v2", f"{CSV};version=1.0.0", "data-csv-1.0"),
    ("v2", f"{CSV};version=1.0", "data-csv-1.0"),
    ("v1", f"{CSV};labels=both;version=2.0.0", "data-csv-2.0"),
    ("v1", f"{CSV}; version=2.0.0; charset=utf-8", "data-csv-2.0"),
    ("v1", f"{CSV};labels=name", "data-csv-2.0"),
    ("v2", f"{CSV};VERSION=1.0.0;", "data-csv-1.0"),
    ("v2", f'{CSV};version="1.0.0"', "data-csv-1.0"),
    ("v1", f"{CSV};version=1+.0.0", "data-csv-2.1"),
    ("v2", f"{CSV};version=2.0+.0", "data-csv-2.1"),
    ("v2", f"{CSV};version=2.1", "data-csv-2.1"),
    ("v1", f"{CSV};version=2.1.0;labels=name;keys=both", "data-csv-2.1"),
    ("v2", f"{JSON};version=2.1.0", "data-json-2.1"),
    ("v2", f"{JSON};version=2+.0.0", "data-json-2.1"),
    ("v2", f"{JSON};version=2.0.0+", "data-json-2.0"),
    ("v1", "application/vnd.sdmx.data+xml;version=3.1.0", "data-xml-3.1"),
    ("v2", "application/vnd.sdmx.data+xml;version=3.0+.0", "data-xml-3.1"),
    ("v2", "application/vnd.sdmx.data+xml", "data-xml-3.0"),
    ("v2", XLSX, "data-xlsx"),
    ("v1", "application/vnd.apache.parquet", "data-parquet"),
    ("v1", "application/parquet;q=0.9", "data-parquet"),
    ("v2", f"{JSON};version=1.0.0-wd", "data-json-1.0"),
    ("v2", f"{JSON};version=1.0.0-cts", "data-json-1.0"),
    ("v1", f"{JSON};version=2", "data-json-2.0"),
    ("v1", f"{JSON};version=1.0;urn=true", "data-json-1.0"),
    ("v2", f"{JSON};version=9.9, {CSV}", "data-csv-2.0"),
    ("v2", f"{CSV};q=0.5, {JSON}", "data-json-2.0"),
    ("v2", f"{CSV};q=0.5, {JSON};q=0.4, */*;q=0.1", "data-csv-2.0"),
    ("v2", f"*/*, {CSV}", "data-csv-2.0"),
    ("v2", "*/*, application/vnd.sdmx.data+xml;q=0", "data-xml-2.1-specific"),
    ("v2", f"nonsense, ;;q=1, {CSV};q=best", "data-csv-2.0"),
    ("v1", BROWSER, "html"),
    ("v2", "text/html", "html"),
    ("v2", f"{CSV}, text/html;q=0.9", "data-csv-2.0"),
]


@pytest.mark.parametrize(("api", "accept", "expected"), BY_ACCEPT)
def test_accept_chooses_a_data_format(api, accept, expected):
    assert choose_format("data", accept=accept, format_param=None, api=api).format.id == expected


BY_NAME = [
    ("v1", "*/*", "csv", "data-csv-1.0"),
    ("v2", "*/*", "csv", "data-csv-2.0"),
    ("v2", None, "CSVFile", "data-csv-2.0"),
    ("v1", None, "SDMX-CSV", "data-csv-1.0"),
    ("v1", None, "jsondata", "data-json-2.0"),
    ("v1", None, "json", "data-json-1.0"),
    ("v2", None, "JSON", "data-json-2.0"),
    ("v2", None, "genericdata", "data-xml-2.1-generic"),
    ("v2", None, "structureSpecificData", "data-xml-2.1-specific"),
    ("v1", None, "xml", "data-xml-2.1-generic"),
    ("v2", BROWSER, "csvdata", "data-csv-2.0"),
    ("v1", f"{CSV}; version=2.0.0; charset=utf-8", "csv", "data-csv-2.0"),
    ("v1", f"{JSON};version=2.0.0", "csv", "data-csv-1.0"),
    ("v1", "text/csv", "json", "data-json-1.0"),
    ("v1", None, f"{CSV};version=2.0.0", "data-csv-2.0"),
    ("v1", None, f"{CSV.replace('+', ' ')};version=2.0.0", "data-csv-2.0"),
    ("v1", None, "data-csv-2.0", "data-csv-2.0"),
    ("v2", BROWSER, "data-xml-2.1-generic", "data-xml-2.1-generic"),
    ("v2", BROWSER, "data-xml-3.1", "data-xml-3.1"),
    ("v2", f"{CSV};version=2.0.0", "data-csv-1.0", "data-csv-1.0"),
    ("v2", "text/csv", "data-csv-2.1", "data-csv-2.1"),
    ("v2", "text/csv", "csv-plain", "data-csv-plain"),
    ("v2", f"{CSV};version=2.0.0", "table", "data-csv-plain"),
    ("v2", BROWSER, "xlsx", "data-xlsx"),
    ("v1", "*/*", "Excel", "data-xlsx"),
    ("v1", "*/*", "parquet", "data-parquet"),
    ("v2", "*/*", "sdmx-csv-2.1", "data-csv-2.1"),
    ("v2", "*/*", "sdmx-json-2.1", "data-json-2.1"),
    ("v2", "*/*", "sdmx-ml-3.1", "data-xml-3.1"),
    ("v1", "text/html", "html", "html"),
]


@pytest.mark.parametrize(("api", "accept", "name", "expected"), BY_NAME)
def test_the_format_parameter_wins_and_accept_fixes_its_version(api, accept, name, expected):
    assert choose_format("data", accept=accept, format_param=name, api=api).format.id == expected


OTHER_KINDS = [
    ("structure", "v1", "*/*", "structure-xml-2.1"),
    ("structure", "v2", "*/*", "structure-xml-3.0"),
    ("structure", "v2", "application/json", "structure-json-2.0"),
    ("structure", "v1", "application/vnd.sdmx.structure+json;version=1.0;urn=true", "structure-json-1.0"),
    ("structure", "v1", "application/vnd.sdmx.structure+json;version=2.0.0", "structure-json-2.0"),
    ("structure", "v1", "application/vnd.sdmx.structure+json;version=2.1.0", "structure-json-2.1"),
    ("structure", "v2", "application/vnd.sdmx.structure+xml;version=2.1", "structure-xml-2.1"),
    ("structure", "v2", "application/vnd.sdmx.structure+json;version=2+.0.0", "structure-json-2.1"),
    ("availability", "v1", None, "structure-xml-2.1"),
    ("schema", "v1", None, "schema-xml-2.1"),
    ("schema", "v2", "*/*", "schema-xml-3.0"),
    ("schema", "v2", "application/vnd.sdmx.structure+json;version=2.0.0", "structure-json-2.0"),
]


@pytest.mark.parametrize(("kind", "api", "accept", "expected"), OTHER_KINDS)
def test_structures_and_schemas_have_their_own_defaults(kind, api, accept, expected):
    assert choose_format(kind, accept=accept, format_param=None, api=api).format.id == expected


def test_parameters_are_all_there_and_only_the_asked_ones_are_echoed():
    plain = choose_format("data", accept=f"{CSV};version=2.0.0", format_param=None, api="v2")
    assert plain.params == {"labels": "id", "timeFormat": "original", "keys": "none"}
    assert plain.content_type == "application/vnd.sdmx.data+csv;version=2.0.0"
    asked = choose_format("data", accept=f"{CSV};timeformat=normalized;labels=both;x=y", format_param=None, api="v2")
    assert asked.params == {"labels": "both", "timeFormat": "normalized", "keys": "none"}
    assert asked.content_type == f"{CSV};version=2.0.0;labels=both;timeFormat=normalized"


def test_csvfilewithlabels_asks_for_labels():
    assert choose_format("data", accept=None, format_param="csvfilewithlabels", api="v1").params["labels"] == "both"


@pytest.mark.parametrize("accept", ["image/png", f"{CSV};version=7.0", "*/*;q=0", f"{CSV};labels=nothing"])
def test_what_is_not_offered_is_refused_with_what_is(accept):
    with pytest.raises(NotAcceptable, match=r"application/vnd.sdmx.data\+csv;version=2.0.0"):
        choose_format("data", accept=accept, format_param=None, api="v1")


def test_an_unknown_format_name_is_refused():
    with pytest.raises(NotAcceptable, match="pdf"):
        choose_format("data", accept="*/*", format_param="pdf", api="v2")


@pytest.mark.parametrize("kind", ["data", "structure", "metadata"])
def test_a_short_id_means_one_format(kind):
    offered = formats_of(kind, "v2")
    for row in offered:
        assert [one for one in offered if one.is_named(row.short_id) or row.short_id in one.aliases] == [row]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("generic-2.1", "data-xml-2.1-generic"),
        ("specific-2.1", "data-xml-2.1-specific"),
        ("xml-3.0", "data-xml-3.0"),
        ("csv-1.0", "data-csv-1.0"),
        ("csv-plain", "data-csv-plain"),
        ("json-2.1", "data-json-2.1"),
    ],
)
def test_short_ids_are_names_of_one_format(name, expected):
    chosen = choose_format("data", accept="application/vnd.sdmx.data+json", format_param=name, api="v1")
    assert chosen.format.id == expected


def test_who_asks_by_name_is_told_names():
    with pytest.raises(NotAcceptable) as refused:
        choose_format("data", accept=None, format_param="generic-3", api="v1")
    assert "generic-2.1, " in refused.value.text("en")
    assert "vnd.sdmx" not in refused.value.text("en")


def test_what_shares_its_media_type_with_others_is_had_by_name_only():
    chosen = choose_format("data", accept="*/*", format_param="csv-plain", api="v2")
    assert chosen.content_type == "text/csv"
    assert chosen.params == {"labels": "id", "timeFormat": "original", "bom": "no"}


@pytest.mark.parametrize("row", [row for row in FORMATS if not row.by_name], ids=lambda row: row.id)
def test_every_format_is_had_by_its_exact_type_on_both_apis(row):
    for kind in row.kinds:
        for api in ("v1", "v2"):
            chosen = choose_format(kind, accept=row.content_type, format_param=None, api=api)
            assert chosen.format is row
            assert chosen.content_type == row.content_type


@pytest.mark.parametrize("kind", ["data", "structure", "availability", "schema"])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_the_order_of_preference_is_total(kind, api):
    ranks = [row.ranks[api] for row in formats_of(kind, api)]
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    ("pattern", "version", "expected"),
    [
        ("1.0", "1.0.0", True),
        ("2.1", "2.1", True),
        ("2.1.0", "2.1", True),
        ("3.0.0+", "3.0.0", True),
        ("3.0.0+", "3.0.4", True),
        ("3.0.0+", "3.1.0", False),
        ("2.3+.1", "2.4.0", True),
        ("2.3+.1", "2.3.0", False),
        ("2+.0.1", "3.0.0", True),
        ("2+.0.1", "2.0.0", False),
        ("1.0.0-wd", "1.0.0", True),
        ("+", "9.9.9", True),
        ("two", "2.0.0", False),
        ("", "2.0.0", False),
    ],
)
def test_a_version_fits_the_patterns_it_should(pattern, version, expected):
    assert version_matches(pattern, version) is expected


@given(st.text(max_size=60))
def test_no_header_breaks_the_parser(header):
    parse_accept(header)
    parse_accept(f"{CSV};{header}")
