"""Clients in use are pointed at a real server; what they read is what stands in the raw file of the provider."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from lxml import etree

from tests.acceptance.hubs import (
    CSV_1,
    CSV_2,
    GENERIC,
    JSON_1,
    JSON_2,
    SPECIFIC,
    XML_3,
    Server,
    data_path,
    structure_of,
)
from tests.acceptance.raw import FLOW, KEY, RAW, STRUCTURE, Figures
from tests.formats import judges

with warnings.catch_warnings():  # what these libraries do while they are imported is theirs
    warnings.simplefilter("ignore")
    import sdmx
    import sdmx.reader.xml.v30
    from pysdmx.api.dc.pd import PandasConnector
    from pysdmx.api.fmr import RegistryClient
    from pysdmx.api.qb import (
        ApiVersion,
        DataContext,
        DataFormat,
        DataQuery,
        RestService,
        StructureFormat,
        StructureQuery,
        StructureType,
    )
    from pysdmx.io import read_sdmx

pytestmark = pytest.mark.filterwarnings("ignore")  # what they do later is theirs too

URN = f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ILMH:{FLOW}(1.0.0):ObsLevelDim:"
GENERIC_SERIES = "application/vnd.sdmx.generictimeseriesdata+xml;version=2.1"
SPECIFIC_SERIES = "application/vnd.sdmx.structurespecifictimeseriesdata+xml;version=2.1"
STRUCTURE_XML_2 = "application/vnd.sdmx.structure+xml;version=2.1"
VND = "application/vnd.sdmx."


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """These clients log what they would like to have been told."""
    logger = logging.getLogger("sdmx")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


# sdmx1


@pytest.fixture(scope="module", params=["v1", "v2"])
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[Any]:
    # The id of a source is the agency this client asks for.
    source = {"id": "ILMH", "name": "Acceptance", "url": f"{server.url}/sdmx/{request.param}"}
    sdmx.add_source(source | ({"versions": ["3.0.0"]} if request.param == "v2" else {}), override=True)
    yield sdmx.Client("ILMH")
    sdmx.source.sources.pop("ILMH")


def read_by_sdmx1(client: Any, accept: str | None, **more: Any) -> Figures:
    headers = {"headers": {"Accept": accept}} if accept else {}
    message = client.data(FLOW, agency_id="ILMH", **headers, **more)
    content_type = message.response.headers["Content-Type"]
    assert content_type == (accept or (XML_3 if "/v2/" in message.response.url else GENERIC))
    found = {}
    for dataset in message.data:
        for one in dataset.obs:
            values = (one.key + one.dimension if one.dimension else one.key).values
            found[tuple(str(values[name].value) for name in KEY)] = str(one.value)
    return found


def test_sdmx1_lists_every_dataflow(client: Any) -> None:
    flows = client.dataflow(agency_id="ILMH").dataflow
    assert len(flows) == 25
    assert FLOW in flows


def test_sdmx1_resolves_a_structure_with_its_codelists(client: Any) -> None:
    # Its reader of SDMX-ML 3.0 cannot stand attributes of groups; it reads 2.1, which either edition gives.
    message = client.datastructure(
        STRUCTURE, agency_id="ILMH", params={"references": "descendants"}, headers={"Accept": STRUCTURE_XML_2}
    )
    (structure,) = message.structure.values()
    assert [each.id for each in structure.dimensions][:5] == [
        "FREQ",
        "REF_AREA",
        "INDICATOR",
        "COUNTERPART_TYPE",
        "COUNTERPART_AREA",
    ]
    for dimension in structure.dimensions:
        if dimension.id != "TIME_PERIOD":
            assert len(dimension.local_representation.enumerated) > 0
    assert {"F", "M", "_T"} <= set(message.codelist["CL_SEX"].items)


@pytest.mark.parametrize("accept", [None, GENERIC, GENERIC_SERIES, SPECIFIC, SPECIFIC_SERIES, XML_3])
def test_sdmx1_reads_the_figures_of_the_raw_file(client: Any, accept: str | None) -> None:
    assert read_by_sdmx1(client, accept) == RAW


@pytest.mark.parametrize("client", ["v1"], indirect=True)
def test_sdmx1_reads_a_selection_by_a_key_of_names(client: Any) -> None:
    found = read_by_sdmx1(client, None, key={"REF_AREA": "ESP", "SEX": "F"}, params={"startPeriod": "2022"})
    assert found
    assert found == {key: value for key, value in RAW.items() if key[0] == "ESP" and key[2] == "F" and key[3] >= "2022"}


# pysdmx


def base(server: Server, version: ApiVersion) -> str:
    return f"{server.url}/sdmx/{'v1' if version.name.startswith('V1') else 'v2'}"


VERSIONS = [ApiVersion.V1_5_0, ApiVersion.V2_0_0, ApiVersion.V2_2_0]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("accept", [CSV_1, CSV_2, GENERIC, GENERIC_SERIES, SPECIFIC, SPECIFIC_SERIES, XML_3])
def test_pysdmx_reads_the_figures_of_the_raw_file(server: Server, version: ApiVersion, accept: str) -> None:
    service = RestService(base(server, version), version, data_format=DataFormat(accept))
    message = service.data(DataQuery(DataContext.DATAFLOW, "ILMH", FLOW, "1.0.0"))
    (dataset,) = read_sdmx(message.decode(), validate=not accept.startswith("application/vnd.sdmx.data+csv")).data
    rows = dataset.data.to_dict("records")
    found = {tuple(str(row[name]) for name in KEY): str(row["OBS_VALUE"]) for row in rows}
    if "csv" in accept:  # pandas makes numbers of the texts
        assert {key: float(value) for key, value in found.items()} == {key: float(value) for key, value in RAW.items()}
    else:
        assert found == RAW
    assert len(rows) == len(RAW)


@pytest.mark.parametrize("version", VERSIONS[:2])
@pytest.mark.parametrize(
    "form",
    [
        "structure+json;version=2.0.0",
        "structure+xml;version=2.1",
        "structure+xml;version=3.0.0",
        "structure+xml;version=3.1.0",
    ],
)
def test_pysdmx_lists_every_dataflow(server: Server, version: ApiVersion, form: str) -> None:
    service = RestService(base(server, version), version, structure_format=StructureFormat(VND + form))
    newest = "latest" if version is ApiVersion.V1_5_0 else "*"
    asked = StructureQuery(StructureType.DATAFLOW, "ILMH", "*", newest)
    flows = read_sdmx(service.structure(asked).decode()).get_dataflows()
    assert len(flows) == 25
    assert FLOW in {flow.id for flow in flows}


def test_pysdmx_resolves_a_structure_with_its_codelists(server: Server) -> None:
    registry = RegistryClient(f"{server.url}/sdmx/v2")
    assert len(registry.get_dataflows("ILMH")) == 25
    schema = registry.get_schema("dataflow", "ILMH", FLOW, "1.0.0")
    coded = [each for each in schema.components.dimensions if each.id != "TIME_PERIOD"]
    assert [each.id for each in coded if not each.local_codes] == []
    assert {"F", "M", "_T"} <= {code.id for code in schema.components["SEX"].local_codes}
    details = registry.get_dataflow_details("ILMH", FLOW, "1.0.0")
    assert details.id == FLOW


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("REF_AREA='ESP' AND TIME_PERIOD>='2022'", lambda key: key[0] == "ESP" and key[3] >= "2022"),
        ("SEX IN ('F', 'M')", lambda key: key[2] in {"F", "M"}),
        ("SEX='F' AND TIME_PERIOD BETWEEN '2014' AND '2018'", lambda key: key[2] == "F" and "2014" <= key[3] <= "2018"),
    ],
)
def test_pysdmx_selects_for_a_frame(server: Server, asked: str, expected: Any) -> None:
    connector = PandasConnector(f"{server.url}/sdmx/v2")
    # Its schema cannot stand a DateTime attribute: what it hands to pandas there, pandas refuses.
    frame = connector.data(f"ILMH:{FLOW}(1.0.0)", asked, apply_schema=False)
    rows = frame.reset_index().to_dict("records")
    found = {tuple(str(row[name]) for name in KEY): float(row["OBS_VALUE"]) for row in rows}
    assert found == {key: float(value) for key, value in RAW.items() if expected(key)}


# The official schemas


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(
    ("accept", "query"),
    [
        (GENERIC, ""),
        (GENERIC, "dimensionAtObservation=AllDimensions"),
        (GENERIC, "dimensionAtObservation=SEX"),
        (GENERIC_SERIES, ""),
        (GENERIC, "detail=serieskeysonly"),
        (GENERIC, "firstNObservations=1&detail=dataonly"),
        (XML_3, ""),
    ],
)
def test_data_in_xml_is_valid_by_the_official_schema(server: Server, api: str, accept: str, query: str) -> None:
    if api == "v2":
        query = query.replace("detail=serieskeysonly", "attributes=none&measures=none")
        query = query.replace("&detail=dataonly", "&attributes=none&measures=all")
    answer = server.get(data_path(api, FLOW, query=query), accept)
    assert (answer.status, answer.content_type) == (200, accept), answer.text[:500]
    if accept == XML_3:
        assert_valid_by_our_schema(server, "v3_0", answer.body, "TIME_PERIOD")
    else:
        judges.assert_valid_xml(answer.body, judges.message_schema("v2_1"))


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(
    ("accept", "edition", "at"),
    [
        (SPECIFIC, "v2_1", "TIME_PERIOD"),
        (SPECIFIC, "v2_1", "AllDimensions"),
        (SPECIFIC, "v2_1", "SEX"),
        (SPECIFIC_SERIES, "v2_1", "TIME_PERIOD"),
        (XML_3, "v3_0", "TIME_PERIOD"),
        (XML_3, "v3_0", "AllDimensions"),
        (XML_3, "v3_0", "COUNTERPART_AREA"),
    ],
)
def test_specific_data_is_valid_by_the_schema_the_hub_gives(
    server: Server, api: str, accept: str, edition: str, at: str
) -> None:
    answer = server.get(data_path(api, FLOW, query=f"dimensionAtObservation={at}"), accept)
    assert (answer.status, answer.content_type) == (200, accept), answer.text[:500]
    assert_valid_by_our_schema(server, edition, answer.body, at)


def assert_valid_by_our_schema(server: Server, edition: str, message: bytes, at: str) -> None:
    """Validate against the official schema with the one the hub serves for the dataflow."""
    api, version = ("v1", "latest") if edition == "v2_1" else ("v2", "+")
    accept = f"application/vnd.sdmx.schema+xml;version={'2.1' if edition == 'v2_1' else '3.0.0'}"
    schema = server.get(f"/sdmx/{api}/schema/dataflow/ILMH/{FLOW}/{version}?dimensionAtObservation={at}", accept)
    assert (schema.status, schema.content_type) == (200, accept), schema.text[:500]
    namespace = etree.fromstring(schema.body).get("targetNamespace")
    assert namespace == URN + at
    judges.assert_valid_xml(message, judges.xml_schema(edition, {namespace: schema.body}))


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(("accept", "edition"), [(JSON_1, "10"), (JSON_2, "20")])
@pytest.mark.parametrize("query", ["", "dimensionAtObservation=AllDimensions", "dimensionAtObservation=SEX"])
def test_data_in_json_is_valid_by_the_official_schema(
    server: Server, api: str, accept: str, edition: str, query: str
) -> None:
    answer = server.get(data_path(api, FLOW, query=query), accept)
    assert (answer.status, answer.content_type) == (200, accept)
    judges.assert_valid_json(answer.body, edition)


@pytest.mark.parametrize(
    ("accept", "read"),
    [(JSON_1, judges.read_json_v1), (JSON_2, judges.read_json_v2), (CSV_1, judges.read_csv), (CSV_2, judges.read_csv)],
)
def test_what_no_client_reads_holds_the_same_figures(server: Server, accept: str, read: Any) -> None:
    structure = structure_of(server, STRUCTURE)
    places = [structure.key_ids.index(name) for name in KEY]
    found = read(server.get(data_path("v2", FLOW), accept).body, structure)
    assert {tuple(key[place] for place in places): one["OBS_VALUE"] for key, one in found.items()} == RAW


STRUCTURES = [
    "/sdmx/v1/dataflow/all/all/latest",
    f"/sdmx/v1/datastructure/ILMH/{STRUCTURE}/latest?references=all",
    f"/sdmx/v1/dataflow/ILMH/{FLOW}/latest?references=all&detail=referencepartial",
    f"/sdmx/v1/availableconstraint/{FLOW}",
    f"/sdmx/v2/availability/dataflow/ILMH/{FLOW}/+/*/*?references=all",
    "/sdmx/v2/structure/*/*/*/*",
    "/sdmx/v2/structure/*/*/*/*?detail=allcompletestubs",
    f"/sdmx/v2/schema/dataflow/ILMH/{FLOW}/+",
]
VALIDATORS = {
    edition: jsonschema_rs.validator_for(
        json.loads(
            (judges.FOLDER / "json" / f"sdmx{edition}" / "sdmx-json-structure-schema.json").read_text(encoding="utf-8")
        ),
        validate_formats=True,
    )
    for edition in ("10", "20", "21")
}


@pytest.mark.parametrize("path", STRUCTURES)
@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "2.1.0"])
def test_structures_in_json_are_valid_by_the_official_schema(server: Server, path: str, version: str) -> None:
    accept = f"application/vnd.sdmx.structure+json;version={version}"
    answer = server.get(path, accept)
    assert (answer.status, answer.content_type) == (200, accept)
    errors = [str(error) for error in VALIDATORS[version[0] + version[2]].iter_errors(answer.json())]
    assert errors[:3] == []


@pytest.mark.parametrize("path", STRUCTURES)
@pytest.mark.parametrize(("version", "edition"), [("2.1", "v2_1"), ("3.0.0", "v3_0"), ("3.1.0", "v3_1")])
def test_structures_in_xml_are_valid_by_the_official_schema(
    server: Server, path: str, version: str, edition: str
) -> None:
    accept = f"application/vnd.sdmx.structure+xml;version={version}"
    answer = server.get(path, accept)
    assert (answer.status, answer.content_type) == (200, accept)
    judges.assert_valid_xml(answer.body, judges.message_schema(edition))


@pytest.mark.parametrize("edition", ["v2_1", "v3_0"])
@pytest.mark.parametrize("path", ["/sdmx/v1/data/NO_SUCH_FLOW", "/sdmx/v2/data/dataflow/ILMH/NO_SUCH_FLOW/+"])
def test_errors_in_xml_are_valid_by_the_official_schema(server: Server, path: str, edition: str) -> None:
    answer = server.get(path, SPECIFIC if edition == "v2_1" else XML_3)
    assert answer.status == 404
    root = etree.fromstring(answer.body)
    judges.message_schema("v2_1" if "v2_1" in root.tag else "v3_0").assertValid(root)


# Requests of clients as they were seen, none of them tidied up

ML, ML3 = "genericdata+xml;version=2.1", "data+xml;version=3.0.0"
S21, S30 = "structure+xml;version=2.1", "structure+xml;version=3.0.0"
SJ1, SJ2 = "structure+json;version=1.0.0", "structure+json;version=2.0.0"
DOTS = "A.ESP" + "." * 12
REQUESTS: list[tuple[str, str, str | None, int, str | None]] = [
    # client, path behind /sdmx, Accept, status, content type behind application/vnd.sdmx.
    ("sdmx1 v1", "/v1/dataflow/ILMH/all/latest", "*/*", 200, S21),
    ("sdmx1 v1", f"/v1/dataflow/ILMH/{FLOW}/latest?references=all", "*/*", 200, S21),
    ("sdmx1 v1", "/v1/conceptscheme/ILMH/all/latest", "*/*", 200, S21),
    ("sdmx1 v1", "/v1/categoryscheme/ILMH/all/latest?references=parentsandsiblings", "*/*", 200, S21),
    ("sdmx1 v1", f"/v1/schema/dataflow/ILMH/{FLOW}/latest", "*/*", 200, "schema+xml;version=2.1"),
    ("sdmx1 v1", f"/v1/data/{FLOW}/{DOTS}?startPeriod=2021&endPeriod=2022", "*/*", 200, ML),
    ("sdmx1 v1", f"/v1/data/{FLOW}/.ESP+GIN.....F.......?startPeriod=2014", SPECIFIC, 200, SPECIFIC[21:]),
    ("sdmx1 v1", f"/v1/data/{FLOW}?detail=serieskeysonly", "*/*", 200, ML),
    ("sdmx1 v1", f"/v1/availableconstraint/{FLOW}/{DOTS}", "*/*", 200, S21),
    ("sdmx1 v2", "/v2/structure/dataflow/ILMH/*/+", "*/*", 200, S30),
    ("sdmx1 v2", f"/v2/data/*/ILMH/{FLOW}/+/A.ESP.*.*", "*/*", 200, ML3),
    ("sdmx1 v2", f"/v2/data/dataflow/ILMH/{FLOW}/+", "*/*", 200, ML3),
    ("sdmx1 v2", f"/v2/data/dataflow/ILMH/{FLOW}/1.0.0/*?firstNObservations=1", "*/*", 200, ML3),
    ("sdmx1 v2", f"/v2/availability/dataflow/ILMH/{FLOW}/+/*/*", "*/*", 200, S30),
    ("pysdmx", "/v2/structure/agencyscheme/SDMX/", VND + SJ2, 200, SJ2),
    ("pysdmx", "/v2/structure/dataproviderscheme/ILMH?references=provisionagreement", VND + SJ2, 200, SJ2),
    ("pysdmx", "/v2/structure/codelist/SDMX/CL_SEX/2.1/", VND + SJ2, 200, SJ2),
    ("pysdmx", "/v2/structure/conceptscheme/ILMH/CS_ILM/1.0.0?references=codelist", VND + SJ2, 200, SJ2),
    ("pysdmx", f"/v2/schema/dataflow/ILMH/{FLOW}/1.0.0/", VND + SJ2, 200, SJ2),
    (
        "pysdmx",
        f"/v2/structure/dataflow/ILMH/{FLOW}/1.0.0?detail=referencepartial&references=all",
        VND + SJ2,
        200,
        SJ2,
    ),
    ("pysdmx", "/v2/structure/dataflow/ILMH/", VND + SJ2, 200, SJ2),
    ("pysdmx", "/v2/structure/metadataflow/ILMH/", VND + SJ2, 200, SJ2),
    ("pysdmx", "/v2/metadata/metadataset/P/R/1.0/", VND + "metadata+json;version=2.0.0", 404, None),
    ("pysdmx connector", "/v2/structure/dataflow?detail=allcompletestubs", VND + SJ2, 200, SJ2),
    ("pysdmx connector", f"/v2/availability/dataflow/ILMH/{FLOW}/1.0.0?references=all", VND + SJ2, 200, SJ2),
    (
        "pysdmx connector",
        f"/v2/data/dataflow/ILMH/{FLOW}/1.0.0?c%5BREF_AREA%5D=ESP&c%5BTIME_PERIOD%5D=ge%3A2022&c%5BSEX%5D=F%2CM"
        "&dimensionAtObservation=AllDimensions",
        CSV_1,
        200,
        CSV_1[21:],
    ),
    ("pysdmx service", f"/v1/data/ILMH%2C{FLOW}%2C1.0.0/A.ESP............/", CSV_2, 200, CSV_2[21:]),
    ("pysdmx service", f"/v2/data/dataflow/ILMH/{FLOW}/1.0.0/A.ESP.%2A.%2A?firstNObservations=1", XML_3, 200, ML3),
    ("rsdmx", "/v1/dataflow/all/all/latest/", "application/xml", 200, S21),
    ("rsdmx", f"/v1/datastructure/all/{STRUCTURE}/latest/?references=children", "application/xml", 200, S21),
    (
        "rsdmx",
        f"/v1/data/{FLOW}/A.ESP.....F+M......./all/?startPeriod=2021&endPeriod=2022",
        "application/xml",
        200,
        ML,
    ),
    (
        "sdmx-rest 1.5",
        f"/v1/data/ILMH,{FLOW},1.0.0/A.ESP............/all?detail=full&includeHistory=false&startPeriod=2021",
        "*/*",
        200,
        ML,
    ),
    ("sdmx-rest 1.5", f"/v1/data/ILMH,{FLOW},1.0.0/all", VND + "data+json;version=1.0.0-wd", 200, JSON_1[21:]),
    ("sdmx-rest 1.5", f"/v1/data/ILMH,{FLOW},1.0.0/all", "text/csv;version=1.0.0", 200, CSV_1[21:]),
    (
        "sdmx-rest 1.5",
        "/v1/codelist/SDMX/CL_SEX/latest/all?detail=full&references=none",
        "*/*",
        200,
        S21,
    ),
    (
        "sdmx-rest 1.5",
        f"/v1/availableconstraint/ILMH,{FLOW},1.0.0/A.ESP............/all/SEX?mode=available&references=none",
        "*/*",
        200,
        S21,
    ),
    (
        "sdmx-rest 1.5",
        f"/v1/schema/dataflow/ILMH/{FLOW}/latest?explicitMeasure=false",
        "*/*",
        200,
        "schema+xml;version=2.1",
    ),
    (
        "sdmx-rest 2.0",
        f"/v2/data/dataflow/ILMH/{FLOW}/1.0.0/A.ESP............?c[TIME_PERIOD]=ge:2021&attributes=dsd&measures=all"
        "&includeHistory=false",
        "*/*",
        200,
        ML3,
    ),
    ("sdmx-rest 2.0", "/v2/structure/codelist/SDMX/CL_SEX/~/*?detail=full&references=none", "*/*", 200, S30),
    (
        "sdmx-rest 2.0",
        f"/v2/availability/dataflow/ILMH/{FLOW}/1.0.0/A.ESP............/SEX?mode=available&references=none",
        "*/*",
        200,
        S30,
    ),
    ("sdmx-rest 2.0", f"/v2/schema/dataflow/ILMH/{FLOW}/~", "*/*", 200, "schema+xml;version=3.0.0"),
    (
        "sdmx-json-parser",
        f"/v1/data/{FLOW}/all?dimensionAtObservation=AllDimensions&format=jsondata",
        "*/*",
        200,
        JSON_2[21:],
    ),
    ("sdmx-json-parser", f"/v1/data/{FLOW}/all&format=jsondata", "*/*", 200, JSON_2[21:]),
    ("opensdmx", "/v1/dataflow/ILMH", VND + S21, 200, S21),
    ("opensdmx", f"/v1/datastructure/ALL/{STRUCTURE}", VND + S21, 200, S21),
    ("opensdmx", "/v1/codelist/ALL/CL_SEX", VND + S21, 200, S21),
    ("opensdmx", f"/v1/availableconstraint/{FLOW}?references=none", VND + S21, 200, S21),
    ("opensdmx", "/v1/categoryscheme/ILMH/ALL/latest", VND + S21, 200, S21),
    ("opensdmx", "/v1/categorisation/ILMH/ALL/latest", VND + S21, 200, S21),
    ("opensdmx", f"/v1/data/{FLOW}/......F.......?lastNObservations=1", "text/csv", 200, CSV_1[21:]),
    ("Java connectors 2", f"/v1/datastructure/ILMH/{STRUCTURE}/1.0.0?references=descendants", VND + S21, 200, S21),
    (
        "Java connectors 2",
        f"/v1/data/ILMH,{FLOW},1.0.0/ALL?startPeriod=2021&endPeriod=2023",
        SPECIFIC,
        200,
        SPECIFIC[21:],
    ),
    ("Java connectors 3", "/v2/structure/dataflow/*/*/+", VND + S21, 200, S21),
    (
        "Java connectors 3",
        f"/v2/structure/datastructure/ILMH/{STRUCTURE}/1.0.0?references=descendants",
        VND + S21,
        200,
        S21,
    ),
    (
        "Java connectors 3",
        f"/v2/availability/dataflow/ILMH/{FLOW}/1.0.0?A.ESP............&mode=exact",
        VND + S21,
        200,
        S21,
    ),
    (
        "Java connectors 3",
        f"/v2/data/dataflow/ILMH/{FLOW}/1.0.0/A.ESP.*.*?c[SEX]=F&c[TIME_PERIOD]=ge:2021+le:2023&attributes=all"
        "&measures=all",
        SPECIFIC,
        200,
        SPECIFIC[21:],
    ),
    ("sdmxthon", f"/v1/dataflow/all/{FLOW}/latest?references=descendants", "*/*", 200, S21),
    ("pandaSDMX", "/v1/dataflow/ILMH/latest", "*/*", 200, S21),
    ("pandaSDMX", f"/v1/data/{FLOW}/......F.......", SPECIFIC, 200, SPECIFIC[21:]),
    ("sdmxdata", "/v1/dataflow?detail=allcompletestubs", VND + "structure+json;version=1.0;", 200, SJ1),
    (
        "sdmxdata",
        f"/v1/dataflow/ILMH/{FLOW}/latest?detail=referencepartial&references=all",
        VND + "structure+json;version=1.0;urn=true",
        200,
        SJ1,
    ),
    (
        "sdmxdata",
        f"/v2/data/dataflow/ILMH/{FLOW}/+?format=csv",
        VND + "data+csv; version=2.0.0; charset=utf-8",
        200,
        CSV_2[21:],
    ),
    ("TCK", "/v1/codelist/all/all/all?detail=allstubs", "*/*", 200, S21),
    ("TCK", "/v1/codelist/SDMX/CL_SEX/2.1/F+M", "*/*", 200, S21),
    ("TCK", f"/v1/data/ILMH,{FLOW}/{DOTS}", "*/*", 200, ML),
    ("TCK", f"/v1/data/{FLOW}/all/ILO_STAT", "*/*", 200, ML),
    ("pandas, urllib", f"/v2/data/dataflow/ILMH/{FLOW}/+?format=csv", None, 200, CSV_2[21:]),
    ("nothing found, v1", f"/v1/data/{FLOW}/A.XXX............", "*/*", 404, None),
    ("nothing found, v2", f"/v2/data/dataflow/ILMH/{FLOW}/+/A.XXX............", "*/*", 204, None),
]


@pytest.mark.parametrize(
    ("path", "accept", "status", "content_type"),
    [row[1:] for row in REQUESTS],
    ids=[f"{row[0]} {row[1][:60]}" for row in REQUESTS],
)
def test_the_requests_of_clients_are_answered(
    server: Server, path: str, accept: str | None, status: int, content_type: str | None
) -> None:
    answer = server.get(f"/sdmx{path}", accept)
    assert answer.status == status, answer.text[:500]
    if content_type is not None:
        assert answer.content_type == f"application/vnd.sdmx.{content_type}"
    if status == 200 and "/data/" in path and "csv" in (content_type or ""):
        assert answer.body.count(b"\n") > 1


def test_a_raw_plus_and_an_encoded_one_both_mean_and(server: Server) -> None:
    path = f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/+/A.ESP.*.*?c[SEX]=F&c[TIME_PERIOD]=ge:2021"
    raw, encoded = (server.get(f"{path}{plus}le:2022", CSV_2) for plus in ("+", "%2B"))
    assert raw.body == encoded.body
    assert raw.body.count(b"\n") - 1 == len(
        [key for key in RAW if key[0] == "ESP" and key[2] == "F" and key[3] in {"2021", "2022"}]
    )


def test_a_spreadsheet_asks_four_times(server: Server) -> None:
    path = data_path("v1", FLOW)
    got = [server.request(verb, path, {"Accept": "*/*"}) for verb in ("OPTIONS", "HEAD", "HEAD", "GET")]
    assert [each.status for each in got] in ([200] * 4, [204, 200, 200, 200])
    assert got[1].body == b""
    for name in ("Content-Type", "ETag", "Vary", "Access-Control-Allow-Origin"):
        assert got[1].headers[name] == got[3].headers[name]
    assert "GET" in got[0].headers["Allow"]


def test_a_browser_gets_a_page_with_downloads_and_a_script_its_own_type(server: Server) -> None:
    navigation = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    page = server.get(data_path("v2", FLOW), navigation)
    assert page.status == 200
    assert page.content_type.startswith("text/html")
    assert "format=" in page.text
    fetched = server.get(data_path("v2", FLOW), JSON_2, Origin="http://example.org", Accept_Language="fr")
    assert fetched.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in fetched.headers["Access-Control-Expose-Headers"]
    preflight = server.request(
        "OPTIONS",
        data_path("v2", FLOW),
        {
            "Origin": "http://example.org",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert preflight.status in {200, 204}
    assert "if-none-match" in preflight.headers["Access-Control-Allow-Headers"].lower()


def test_what_did_not_change_is_not_sent_again(server: Server) -> None:
    for accept in (SPECIFIC, JSON_2, CSV_2):
        first = server.get(data_path("v2", FLOW), accept)
        again = server.get(data_path("v2", FLOW), accept, If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
