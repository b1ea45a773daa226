"""Source files: faults told with line and path, URLs asked, secrets named and never held."""

import datetime as dt
import re

import pytest

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.harvest.addresses import accept_data, data_url, scope_of, structure_url
from sdmx_hub.harvest.source import parse_stored, read_credentials
from sdmx_hub.harvest.source_file import check_overlap, read_source_file
from sdmx_hub.model.finding import Severity

SOURCE = """\
id: SEN_ANSD
title: {en: Statistics office of Senegal, fr: Agence de la statistique du Sénégal}
endpoint: https://stats.example.org/sdmx/v2/
api: v2
mechanism: delta
schedule:
  cron: 30 6 * * mon-fri
  zone: Africa/Dakar
flows:
  - dataflow: ILMH:DF_STOCK_POP(1.0.0)
    key: A.SEN+MLI..
    filters:
      SEX: [F, M]
"""
BOUNDS = "    key: A.SEN+MLI..\n    filters:\n      SEX: [F, M]"
DIMENSIONS = ("FREQ", "REF_AREA", "SEX", "AGE")


def read(tmp_path, text):
    path = tmp_path / "SEN_ANSD.yaml"
    path.write_text(text, encoding="utf-8")
    return read_source_file(path)


def test_a_source_is_read_with_its_defaults(tmp_path):
    file = read(tmp_path, SOURCE)
    assert file.findings == ()
    source = file.source
    assert (source.id, source.api, source.format, source.mechanism, source.tries) == (
        "SEN_ANSD",
        "v2",
        "csv-2.0",
        "delta",
        3,
    )
    assert source.flows[0].id == "DF_STOCK_POP"
    assert parse_stored(file.text, file.sha256) == source


@pytest.mark.parametrize(
    ("old", "new", "code", "row", "path"),
    [
        ("api: v2", "api: v3", "SOURCE-VALUE", 4, "api"),
        ("api: v2\n", "", "SOURCE-REQUIRED", 1, None),
        ("mechanism: delta", "mechanisms: delta", "SOURCE-KEY", 5, "mechanisms"),
        ("endpoint: https:", "endpoint: ftp:", "SOURCE-FORM", 3, "endpoint"),
        ("https://stats", "https://user:secret@stats", "guard-userinfo", 3, "endpoint"),
        ("30 6 * * mon-fri", "30 25 * * mon-fri", "source-cron", 6, "schedule"),
        ("Africa/Dakar", "Africa/Atlantis", "source-zone", 6, "schedule"),
        ("ILMH:DF_STOCK_POP(1.0.0)", "DF_STOCK_POP", "SOURCE-FORM", 10, "flows[1].dataflow"),
        ("SEX: [F, M]", "SEX: []", "SOURCE-FORM", 13, "flows[1].filters.SEX"),
        ("30 6 * * mon-fri", "30 6 * * mon-fri\n  every: 1 day", "SOURCE-FORM", 6, "schedule"),
        ("SEX: [F, M]", "SEX: [F, M]\n  - dataflow: X:DF_STOCK_POP(1.0)", "source-duplicate-flow", 14, "flows[2]"),
        ("SEX: [F, M]", "SEX: [F, M]\n    mapping: none.yaml", "source-mapping", 14, "flows[1].mapping"),
        ("api: v2", "api: v1\nformat: json-2.0", "source-format", 5, "format"),
        ("id: SEN_ANSD", "id: [", "MAP-YAML", 3, None),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_and_path(tmp_path, *, old, new, code, row, path):
    file = read(tmp_path, SOURCE.replace(old, new))
    assert file.source is None
    finding = file.findings[0]
    assert (finding.code, finding.where.row, finding.where.path) == (code, row, path)
    assert all(finding.text(language) for language in ("en", "fr", "es"))


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_a_wrong_form_is_told_by_an_example_and_without_a_password(tmp_path, language):
    text = SOURCE.replace("https://stats", "ftp://ana:hidden-word@stats")
    told = read(tmp_path, text).findings[0].text(language)
    assert "https://stats.example.org/sdmx/v2" in told
    assert "ftp://…@" in told
    assert "hidden-word" not in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("full_every: often", ("a whole number", "un nombre entier", "un número entero")),
        ("full_every: -1", ("0 or more", "0 ou plus", "0 o más")),
        ("full_every: 10001", ("10000 or less", "10000 ou moins", "10000 o menos")),
        ("limits: [1]", ("keys with their values", "des clés avec leurs valeurs", "claves con sus valores")),
        ("folder: in", ("does not go with", "ne va pas avec", "no es compatible con")),
    ],
)
def test_a_limit_is_told_as_people_read_it(tmp_path, line, told):
    (finding,) = read(tmp_path, f"{SOURCE}{line}\n").findings
    for language, words in zip(("en", "fr", "es"), told, strict=True):
        said = finding.text(language)
        assert words in said
        assert not re.search(r'type "|minimum|maximum|None|null', said)


def test_a_secret_written_into_the_file_is_not_told_again(tmp_path):
    file = read(tmp_path, SOURCE + "credentials: {kind: bearer, secret: hidden-word}\n")
    assert {finding.code for finding in file.findings} == {"SOURCE-FORM", "SOURCE-KEY"}
    assert not any("hidden-word" in finding.text("en") for finding in file.findings)


def test_a_misspelt_key_gets_a_suggestion(tmp_path):
    file = read(tmp_path, SOURCE.replace("mechanism:", "mecanism:"))
    assert file.findings[0].suggestion == "mechanism"


def test_v2_asks_by_keys_and_filters(tmp_path):
    source = read(tmp_path, SOURCE).source
    flow = source.flows[0]
    since = dt.datetime(2026, 1, 31, 9, 30, tzinfo=dt.UTC)
    assert data_url(source, flow, DIMENSIONS, updated_after=since) == (
        "https://stats.example.org/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0/A.MLI.*.*,A.SEN.*.*"
        "?c[SEX]=F,M&updatedAfter=2026-01-31T09%3A30%3A00Z"
    )
    assert structure_url(source, flow) == (
        "https://stats.example.org/sdmx/v2/structure/dataflow/ILMH/DF_STOCK_POP/1.0.0?references=descendants"
    )
    assert accept_data(source) == "application/vnd.sdmx.data+csv;version=2.0.0"


def test_v1_turns_filters_into_the_key(tmp_path):
    text = SOURCE.replace("api: v2", "api: v1").replace("sdmx/v2/", "sdmx/v1")
    source = read(tmp_path, text + "    provider: ILMH,SEN_ANSD\n").source
    flow = source.flows[0]
    assert data_url(source, flow, DIMENSIONS) == (
        "https://stats.example.org/sdmx/v1/data/ILMH,DF_STOCK_POP,1.0.0/A.MLI+SEN.F+M./ILMH,SEN_ANSD"
    )
    assert structure_url(source, flow).endswith("/dataflow/ILMH/DF_STOCK_POP/1.0.0?references=descendants")


def test_the_scope_of_a_flow_is_its_key_and_its_filters(tmp_path):
    flow = read(tmp_path, SOURCE).source.flows[0]
    assert scope_of(flow, DIMENSIONS) == {
        "FREQ": frozenset({"A"}),
        "REF_AREA": frozenset({"SEN", "MLI"}),
        "SEX": frozenset({"F", "M"}),
    }


def test_two_sources_of_one_dataflow_must_keep_apart(tmp_path):
    one = read(tmp_path, SOURCE).source
    other = read(tmp_path, SOURCE.replace("id: SEN_ANSD", "id: OTHER")).source
    apart = read(tmp_path, SOURCE.replace("id: SEN_ANSD", "id: OTHER").replace("SEN+MLI", "GHA")).source
    assert [finding.code for finding in check_overlap(one, [one, other])] == ["source-overlap"]
    assert check_overlap(one, [one, apart]) == []


@pytest.mark.parametrize(
    ("lines", "header"),
    [
        ("{kind: bearer, environment: TOKEN}", {"Authorization": "Bearer s3cret"}),
        ("{kind: basic, environment: TOKEN}", {"Authorization": "Basic czNjcmV0"}),
        ("{kind: header, header: X-Key, environment: TOKEN}", {"X-Key": "s3cret"}),
    ],
)
def test_a_secret_is_read_from_where_the_source_says(tmp_path, lines, header):
    source = read(tmp_path, SOURCE + f"credentials: {lines}\n").source
    found = read_credentials(source, {"TOKEN": "s3cret"})
    assert {name: secret.reveal() for name, secret in found.items()} == header
    assert "s3cret" not in repr(found)


def test_a_secret_may_be_in_a_file_and_must_be_there(tmp_path):
    (tmp_path / "token").write_text("s3cret\n", encoding="utf-8")
    source = read(tmp_path, SOURCE + f"credentials: {{kind: bearer, file: {tmp_path}/token}}\n").source
    assert read_credentials(source)["Authorization"].reveal() == "Bearer s3cret"
    (tmp_path / "token").unlink()
    with pytest.raises(ConfigurationError, match="token"):
        read_credentials(source)


def test_by_v1_a_provider_alone_bounds_nothing(tmp_path):
    text = SOURCE.replace(BOUNDS, "    provider: ILMH,SEN_ANSD")
    assert read(tmp_path, text).findings == ()
    findings = read(tmp_path, text.replace("api: v2", "api: v1")).findings
    assert [(finding.code, finding.where.path) for finding in findings] == [("source-provider", "flows[1].provider")]


@pytest.mark.parametrize(
    ("old", "new", "code", "row", "path"),
    [
        ("api: v2", "api: v2\ndialect: NOBODY", "source-profile-unknown", 5, "dialect"),
        ("api: v2", "api: v2\ndialect: {comma: raw}", "SOURCE-KEY", 5, "dialect.comma"),
        ("api: v2", "api: v2\ndialect: {profile: ECB, nothing: ['500']}", "SOURCE-VALUE", 5, "dialect.nothing[1]"),
        ("api: v2", "api: v2\ndialect: ECB", "source-dialect-api", 4, "api"),
        ("api: v2", "api: v2\ndialect: {delta: none}", "source-dialect-delta", 6, "mechanism"),
        ("api: v2", "api: v2\nformat: xml-3.0\ndialect: {page_values: 9}", "source-dialect-pages", 5, "format"),
        (
            "api: v2", "api: v2\nstructures: adopt\ndialect: {missing: [dataflow, datastructure]}",
            "source-dialect-structures", 5, "structures",
        ),
        ("api: v2", "api: v2\nlimits: {observations: 9}\ndialect: {split: none}", "source-dialect-split", 5, "limits"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_dialect_is_told(tmp_path, *, old, new, code, row, path):
    file = read(tmp_path, SOURCE.replace(old, new))
    finding = next(finding for finding in file.findings if finding.code == code)
    assert (finding.where.row, finding.where.path) == (row, path)
    assert (file.source is not None) is (finding.severity is Severity.WARNING)
    assert all(finding.text(language) for language in ("en", "fr", "es"))


def test_a_dialect_makes_the_addresses(tmp_path):
    text = SOURCE.replace("api: v2", "api: v1\ndialect: {structure_path: metadata, data_agency: omit, version: omit}")
    source = read(tmp_path, text.replace("sdmx/v2/", "rest").replace(BOUNDS, "    periods_back: 0")).source
    assert data_url(source, source.flows[0], DIMENSIONS) == "https://stats.example.org/rest/data/DF_STOCK_POP/all"
    assert structure_url(source, source.flows[0]) == (
        "https://stats.example.org/rest/metadata/dataflow/ILMH/DF_STOCK_POP?references=descendants"
    )
    encoded = read(tmp_path, text.replace("version: omit", "encode_comma: true, key_all: dots")).source
    assert "/data/DF_STOCK_POP%2C1.0.0/A.MLI+SEN.F+M." in data_url(encoded, encoded.flows[0], DIMENSIONS)
