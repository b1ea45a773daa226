"""What pages say, without a browser: the twins, the languages, the choices, what a stranger may do to them."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.web.limits import LONGEST_URL
from tests.factories import make_artefact
from tests.web.conftest import AREAS, COUNT, FLOW, PARTNERS, RELEASED, SEXES, YEARS, Parts

PAGE = "/dataflow/ILMH/DF_STOCK_POP"
TWINS = ["/", PAGE, "/releases", "/about", "/about/limits", "/harvest"]


def twin(path: str) -> str:
    return f"{path}index.json" if path.endswith("/") else f"{path}.json"


def content(client: FlaskClient, path: str, **parameters: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(client.get(f"{path}?{urlencode(parameters)}").data)
    return found


@pytest.mark.parametrize("language", ["en", "fr", "es"])
@pytest.mark.parametrize("path", TWINS)
def test_every_page_has_a_twin_in_json_and_says_so(client: FlaskClient, path: str, language: str) -> None:
    page = client.get(path, headers={"Accept-Language": language})
    assert page.status_code == 200
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text
    assert f'href="{twin(path)}"' in page.text
    answer = client.get(twin(path))
    assert answer.headers["Content-Type"] == "application/json"
    assert isinstance(json.loads(answer.data), dict)


@pytest.mark.parametrize("path", [*TWINS, "/nothing"])
def test_a_page_lets_nothing_foreign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in answer.headers
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", answer.text)
    foreign = re.findall(r'(?:src|href)="(https?://[^"]*)"', answer.text)
    assert [url for url in foreign if not url.startswith("http://localhost")] == []


def test_the_first_page_counts_and_sorts(client: FlaskClient) -> None:
    found = content(client, "/index.json")
    assert (found["with_data"], found["observations"]) == (1, COUNT)
    assert [scheme["id"] for scheme in found["schemes"]] == ["CAS_ILM_CYCLE", "CAS_ILM_POLICY"]  # type: ignore[attr-defined,index] # JSON
    names = [group["name"] for group in found["groups"]]  # type: ignore[attr-defined,index] # JSON
    assert names[:3] == ["Prepare", "Recruit", "Move"]
    other = content(client, "/index.json", by="CAS_ILM_POLICY", lang="fr")
    assert other["by"] == "CAS_ILM_POLICY"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("migrant population", {"DF_STOCK_POP"}),
        ("POBLACION migrante", {"DF_STOCK_POP"}),
        ("df_stock_pop", {"DF_STOCK_POP"}),
        ("zebra", set()),
    ],
)
def test_search_reads_names_in_every_language(client: FlaskClient, text: str, ids: set[str]) -> None:
    found = content(client, "/index.json", q=text)
    shown = {flow["id"] for group in found["groups"] for flow in group["dataflows"]}  # type: ignore[attr-defined] # JSON
    assert shown >= ids
    assert found["found"] == len(shown)


def test_a_dataflow_shows_its_series_and_latest_periods(client: FlaskClient) -> None:
    found = content(client, f"{PAGE}.json")
    table = found["table"]
    assert table["total"] == len(AREAS) * len(PARTNERS) * len(SEXES)  # type: ignore[index] # JSON
    assert table["periods"] == [str(year) for year in YEARS][-8:]  # type: ignore[index] # JSON
    assert table["flags"] == {"E": "Estimated value"}  # type: ignore[index] # JSON
    assert (found["observations"], found["first_period"], found["last_period"]) == (COUNT, "2015", "2023")


def test_choices_narrow_table_and_downloads_alike(client: FlaskClient) -> None:
    chosen = {"c[SEX]": "F", "c[REF_AREA]": "FRA", "start": "2020", "end": "2021"}
    found = content(client, f"{PAGE}.json", **chosen)
    assert found["table"]["total"] == len(PARTNERS)  # type: ignore[index] # JSON
    assert found["table"]["periods"] == ["2020", "2021"]  # type: ignore[index] # JSON
    path = str(found["url"]).removeprefix("http://localhost")
    lines = client.get(f"{path}&format=csv").text.splitlines()
    assert len(lines) == 1 + len(PARTNERS) * 2


@pytest.mark.parametrize("page", ["2", "99999"])
def test_a_page_beyond_the_last_says_so(client: FlaskClient, page: str) -> None:
    found = content(client, f"{PAGE}.json", page=page)
    assert found["table"]["rows"] == []  # type: ignore[index] # JSON
    assert client.get(f"{PAGE}?page={page}").status_code == 200


@pytest.mark.parametrize(
    "hostile", ['"><script>alert(1)</script>', "{{7*7}}", "%00", "' OR 1=1 --", "../../etc/passwd", "\u202e"]
)
def test_hostile_text_stays_text(client: FlaskClient, hostile: str) -> None:
    for path in (f"/?{urlencode({'q': hostile})}", f"{PAGE}?{urlencode({'c[SEX]': hostile, 'start': hostile})}"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "49" not in answer.text if hostile == "{{7*7}}" and path.startswith("/?") else True


def test_names_from_partners_are_text_too(own_parts: Parts) -> None:
    document = dict(own_parts.registry.snapshot().get(Urn("Dataflow", FLOW)).document)
    names = {"en": "<img src=x onerror=alert(1)>", "fr": "</script><script>alert(2)</script>"}
    hostile = make_artefact("Dataflow", "DF_HOSTILE", agency="ILMH", structure=document["structure"])
    hostile = type(hostile)(hostile.artefact_class, {**hostile.document, "name": names["en"], "names": names})
    own_parts.registry.save([hostile], actor="test", now=RELEASED)
    client = own_parts.app().test_client()
    for path in ("/", "/?lang=fr", "/dataflow/ILMH/DF_HOSTILE", "/dataflow/ILMH/DF_HOSTILE?lang=fr"):
        text = client.get(path).text
        assert "<img" not in text
        assert "<script>" not in text


def test_the_same_page_is_not_sent_twice(client: FlaskClient) -> None:
    first = client.get(PAGE)
    again = client.get(PAGE, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_a_language_in_the_address_wins_and_is_carried_on(client: FlaskClient) -> None:
    page = client.get(f"{PAGE}?lang=es", headers={"Accept-Language": "fr"})
    assert '<html lang="es">' in page.text
    assert 'href="/releases?lang=es"' in page.text


@pytest.mark.parametrize("path", ["/dataflow/ILMH/NO_SUCH", "/dataflow/NO/NO.json", "/nothing", "/harvest/999"])
def test_what_is_not_there_is_said_so(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_dataflow_without_data_says_so(client: FlaskClient) -> None:
    answer = client.get("/dataflow/ILMH/DF_PES_JS")
    assert answer.status_code == 200
    assert content(client, "/dataflow/ILMH/DF_PES_JS.json")["observations"] == 0


def test_releases_tell_what_changed(client: FlaskClient) -> None:
    (release,) = content(client, "/releases.json")["releases"]  # type: ignore[misc] # JSON
    assert release["visible_from"] == RELEASED.isoformat()
    assert release["dataflows"][0]["added"] == COUNT


def test_the_published_limits_are_the_enforced_ones(client: FlaskClient) -> None:
    limits = {one["name"]: one["value"] for one in content(client, "/about/limits.json")["limits"]}  # type: ignore[attr-defined] # JSON
    assert limits["url"] == LONGEST_URL
    assert client.get(f"/?{'x' * LONGEST_URL}").status_code == 414


def test_a_dataset_is_described_for_search_engines(client: FlaskClient) -> None:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(PAGE).text, re.DOTALL)
    assert found is not None
    described = json.loads(found[1])
    assert described["@type"] == "Dataset"
    assert described["temporalCoverage"] == "2015/2023"
    assert described["distribution"]


def test_the_structure_of_the_page_is_that_of_the_flow(parts: Parts) -> None:
    structure = parts.registry.snapshot().structure_of(Urn("Dataflow", FLOW))
    assert isinstance(structure, DataStructure)


def test_the_long_names_of_formats_have_the_room_they_need(client: FlaskClient) -> None:
    assert b'<th scope="row" class="whole"><code>application/vnd.sdmx.genericdata' in client.get("/about").data


def test_the_sections_of_a_dataflow_are_its_only_landmarks(client: FlaskClient) -> None:
    page = client.get("/dataflow/ILMH/DF_STOCK_POP").get_data(as_text=True)
    for place in ('class="chart-box"', 'class="scroll"'):
        assert f'{place} role="group"' in page


def test_the_country_of_the_mirror_is_asked_for_in_a_field_that_is_styled(client: FlaskClient) -> None:
    assert b'name="area" type="text"' in client.get("/mirror").data
