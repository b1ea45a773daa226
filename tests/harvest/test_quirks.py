"""Each known deviation of a public service and the test that shows what becomes of it; what no other test shows."""

import importlib
import re

import pytest

from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.harvest.addresses import accept_data, data_url, structure_url
from sdmx_hub.harvest.dialect.profiles import aliases, get_profile, profiles
from sdmx_hub.harvest.source import read_source
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.store.run_rows import GOOD, State
from tests.harvest.hubs import Hub
from tests.harvest.partner import Reply
from tests.harvest.quirks import QUIRKS
from tests.harvest.replies import SERVICES
from tests.harvest.test_dialects import library, one_hub
from tests.harvest.virtual import VirtualTime

__all__ = ["library", "one_hub"]


@pytest.mark.parametrize("quirk", QUIRKS, ids=[f"{one.services}: {one.what}" for one in QUIRKS])
def test_each_deviation_has_its_test(quirk):
    module, _, name = quirk.test.partition("::")
    assert callable(getattr(importlib.import_module(f"tests.harvest.{module}"), name))
    unknown = set(quirk.services.split(", ")) - {*profiles(), *aliases(), "any"}
    assert unknown == set()


def test_each_profile_has_a_deviation_or_is_like_one_that_has():
    told = {name for quirk in QUIRKS for name in quirk.services.split(", ")}
    assert set(profiles()) - told == {"STANDARD"}


def source_of(dialect, api, **keys):
    flow = {"dataflow": "OECD.ELS.IMD:DSD_MIG@DF_MIG(1.0)", "key": "SEN+MLI.A", **keys.pop("flow", {})}
    document = {
        "id": "P",
        "title": {"en": "P"},
        "endpoint": "https://stats.example.org/rest",
        "api": api,
        "dialect": dialect,
        "schedule": {"every": "1 day"},
        "flows": [flow],
        **keys,
    }
    return read_source(document, "0" * 64)


@pytest.mark.parametrize(
    ("dialect", "api", "told", "expected"),
    [
        ("OECD", "v1", "data", "data/OECD.ELS.IMD,DSD_MIG@DF_MIG,1.0/SEN+MLI.A"),
        ("OECD", "v1", "structure", "dataflow/OECD.ELS.IMD/DSD_MIG@DF_MIG/1.0?references=descendants"),
        ("OECD3", "v2", "data", "data/dataflow/OECD.ELS.IMD/DSD_MIG@DF_MIG/1.0/MLI.A,SEN.A"),
        ("INSEE", "v1", "data", "data/DSD_MIG@DF_MIG/SEN+MLI.A"),
        ({"encode_comma": False}, "v1", "data", "data/OECD.ELS.IMD,DSD_MIG@DF_MIG,1.0/SEN+MLI.A"),
        ({"encode_comma": True}, "v1", "data", "data/OECD.ELS.IMD%2CDSD_MIG@DF_MIG%2C1.0/SEN+MLI.A"),
        ("UNICEF", "v1", "data", "data/OECD.ELS.IMD,DSD_MIG@DF_MIG,1.0/SEN+MLI.A?format=csvdata"),
        ({"key_all": "dots"}, "v1", "everything", "data/OECD.ELS.IMD,DSD_MIG@DF_MIG,1.0/."),
        ("ECB", "v1", "accept", "application/vnd.sdmx.data+json;version=1.0.0-wd"),
        ("WB_WDI", "v1", "accept", "application/vnd.sdmx.data+json;version=1.0.0-wd"),
        ({"user_agent": "R/4.3"}, "v1", "agent", "R/4.3"),
    ],
)
def test_addresses_and_headers_are_those_the_service_wants(dialect, api, told, expected):
    formats = {"accept": {"format": "json-1.0"}}.get(told, {"format": "csv-1.0"} if api == "v1" else {})
    flow = {"key": ""} if told == "everything" else {}
    source = source_of(dialect, api, flow=flow, **formats)
    only = source.flows[0]
    data = data_url(source, only, ("REF_AREA", "FREQ")).removeprefix("https://stats.example.org/rest/")
    if "+" not in expected or told != "data":
        found = {
            "structure": structure_url(source, only).removeprefix("https://stats.example.org/rest/"),
            "accept": accept_data(source),
            "agent": source.dialect.user_agent,
        }.get(told, data)
    else:
        found = data.replace("MLI+SEN", "SEN+MLI")
    assert found == expected


@pytest.fixture
def visited(partner, library, one_hub):
    """A visit to a partner whose answers are edited."""

    def visit(name="STANDARD", *, hub=one_hub, data=None, structure=None, later=False, **keys):
        service = SERVICES[name]
        service.imitate(partner, library)
        usual = partner.live

        def live(seen):
            edit = structure if "/data/" not in seen.path else data
            own = Reply(404) if edit is None and "datastructure" in seen.path else usual(seen)
            return edit(seen, own) if edit else own

        partner.live = live
        hub.add_source(f"{partner.url}/rest", api=service.api, mechanism="pull", dialect=name, **keys)
        return None if later else hub.harvest()

    return visit


def edited(reply, *changes):
    body = reply.body.decode()
    for old, new in changes:
        changed = re.sub(old, new, body, flags=re.DOTALL)
        assert changed != body, old
        body = changed
    return Reply(reply.status, body.encode(), reply.headers)


def stub_of_the_structure(library):
    stub = (
        r'(<str:DataStructure\b[^>]*id="DSD"[^>]*?)>.*?(<com:Name.*?</com:Name>).*?</str:DataStructure>',
        r'\1 isExternalReference="true" structureURL="https://x.example/dsd">\2</str:DataStructure>',
    )
    return lambda seen, own: library.structure("xml-2.1") if "datastructure" in seen.path else edited(own, stub)


def two_versions_of_a_list(library):
    found = re.search(
        r'<str:Codelist\b[^>]*id="CL_SEX".*?</str:Codelist>', library.structure("xml-2.1").body.decode(), re.DOTALL
    )
    older = re.sub(r'version="1.0.0"', 'version="0.9.0"', found[0]).replace("CL_SEX(1.0.0)", "CL_SEX(0.9.0)")
    return lambda _, own: edited(own, (r"<str:Codelists>", "<str:Codelists>" + older.replace("\\", "")))


def a_concept_missing(_):
    return lambda _, own: edited(own, (r'<str:Concept\b[^>]*id="SEX".*?</str:Concept>', ""))


def urns_that_are_none(_):
    return lambda _, own: edited(
        own, (r'urn="urn:sdmx:org.sdmx.infomodel.codelist[^"]*"', 'urn="urn:sdmx:codelist.CL_SEX"')
    )


@pytest.mark.parametrize("odd", [stub_of_the_structure, two_versions_of_a_list, a_concept_missing, urns_that_are_none])
def test_odd_structures_do_not_end_a_visit(visited, library, odd):
    run = visited(structure=odd(library))
    assert (run.state in GOOD, run.outcome.received) == (True, 10), run.outcome
    assert run.outcome.findings == ()


def test_small_letters_stay(visited, tmp_path):
    bare = Hub(tmp_path / "bare", VirtualTime(), artefacts=[])

    def small(_, own):
        return Reply(own.status, own.body.replace(b'"FREQ"', b'"freq"').replace(b" FREQ=", b" freq="), own.headers)

    run = visited(hub=bare, data=small, structure=small, structures="adopt")
    assert (run.state, run.outcome.added) == (State.SUCCEEDED, 10), run.outcome
    assert bare.structure.dimension_ids == ("freq", "REF_AREA", "SEX")
    bare.close()


def test_a_message_may_name_the_dataflow_alone(visited):
    plain = (r' namespace="[^"]*"', ' namespace="urn:x:TEST"')
    run = visited(data=lambda _, own: edited(own, ("<common:Structure>.*?</common:Structure>", NAMED), plain))
    assert (run.state in GOOD, run.outcome.received) == (True, 10), run.outcome


NAMED = '<common:StructureUsage><Ref agencyID="TEST" id="DF" version="1.0.0"/></common:StructureUsage>'


def test_periods_of_two_months_are_told(visited):
    run = visited(data=lambda _, own: edited(own, ('TIME_PERIOD="2016"', 'TIME_PERIOD="2016-B1"')))
    assert run.state is State.FAILED
    assert any(finding.source_value == "2016-B1" for finding in run.outcome.findings), run.outcome


def test_where_no_differences_are_told_everything_is_asked_for(visited, partner, one_hub):
    visited("EUROSTAT", later=True)
    path = one_hub.home / "P.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("mechanism: pull", "mechanism: delta"), encoding="utf-8")
    file = read_source_file(path)
    assert [finding.code for finding in file.findings] == ["source-dialect-delta"]
    at = one_hub.time.now()
    one_hub.parts().sources.save("P", file.text, file.sha256, origin="test", actor="test", now=at)
    assert [one_hub.harvest().state in GOOD for _ in range(2)] == [True, True]
    assert not [seen for seen in partner.seen if "updatedAfter" in seen.path]


def test_no_harvest_asks_for_what_services_lack():
    asked = {name: service.structure.partition("/")[0] for name, service in SERVICES.items()}
    odd = {"FMR3", "DOTSTAT3", "ESTAT3", "IMF3", "OECD3", "BUNDESBANK"}
    assert {name for name, resource in asked.items() if resource not in {"dataflow", "datastructure"}} == odd
    assert not [name for name, resource in asked.items() if resource in get_profile(name).missing and name not in odd]


def test_keys_of_json_nobody_knows_are_left_aside(library):
    body = library.structure("json-2.0").body
    odd = body.replace(b'"meta":{', b'"meta":{"content-languages":["en"],', 1)
    assert odd != body
    assert len(read_structures(odd)) == len(read_structures(body))
