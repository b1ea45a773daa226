"""Probing partners: our own hub grades A by both APIs, oddities are found out and carried by the draft of a source."""

import json

import pytest

from sdmx_hub.errors import NotAllowed, PartnerUnavailable
from sdmx_hub.harvest.probing.draft import known_profile
from sdmx_hub.harvest.probing.facts import Facts
from sdmx_hub.harvest.probing.probe import Order, probe
from sdmx_hub.harvest.probing.score import AREAS, Mark, Scorecard
from sdmx_hub.harvest.source import Credentials
from sdmx_hub.harvest.source_file import read_source_file
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.run_rows import State
from tests.harvest.hubs import Hub, observation
from tests.harvest.partner import Reply, Seen, unused_port
from tests.harvest.replies import Library, soap
from tests.harvest.virtual import VirtualTime

ROWS = [observation(area, str(year), str(year - 2000)) for area in ("SEN", "MLI") for year in range(2005, 2025)]
HTML = b"<!DOCTYPE html><html><body>Sorry</body></html>"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("theirs") / "hub", VirtualTime())
    hub.publish(ROWS)
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def library(theirs):
    return Library(theirs)


@pytest.fixture
def time():
    return VirtualTime()


def ask(url, time, **more):
    return probe(Order(endpoint=url, allow_local=True, **more), time.clock)


def drafted(tmp_path, probed):
    """The draft as ``source add`` reads it."""
    path = tmp_path / "draft.yaml"
    path.write_text(probed.draft, encoding="utf-8")
    file = read_source_file(path)
    assert file.findings == (), [finding.text() for finding in file.findings]
    return file.source


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_our_own_hub_grades_a_and_its_draft_can_be_harvested(theirs, tmp_path, time, api):
    with theirs.serving() as url:
        probed = ask(f"{url}/sdmx/{api}", time)
        assert (probed.card.grade(), {area: probed.card.grade(area) for area in AREAS}) == (
            "A",
            dict.fromkeys(AREAS, "A"),
        )
        assert probed.card.failed == ()
        assert 30 <= len(probed.asked) <= 45
        assert time.waits == [1.0] * (len(probed.asked) - 1)
        source = drafted(tmp_path, probed)
        assert (source.api, source.mechanism, str(source.flows[0].dataflow)) == (api, "delta", "TEST:DF(1.0.0)")
        ours = Hub(tmp_path / "ours", time)
        text = probed.draft.replace(f'id: "{source.id}"', 'id: "P"')
        ours.parts().sources.save("P", file_text(tmp_path, text), "x", origin="test", actor="test", now=time.now())
        assert ours.harvest().state is State.SUCCEEDED
        assert len(ours.held()) == 40
        ours.close()


def file_text(tmp_path, text):
    path = tmp_path / "P.yaml"
    path.write_text(text, encoding="utf-8")
    return read_source_file(path).text


class Odd:
    """A partner that answers from a library, in its own way: ``rules`` are tried first."""

    def __init__(self, library: Library, *rules, data="specific-2.1", structure="xml-2.1") -> None:
        self.rules, self.library, self.formats = rules, library, (data, structure)

    def __call__(self, seen: Seen) -> Reply:
        for rule in self.rules:
            reply = rule(seen)
            if reply is not None:
                return reply
        data, structure = self.formats
        if "/data/TEST,DF,1.0.0" in seen.path:
            return self.library.data(data)
        return self.library.structure(structure) if seen.path.startswith("/rest/dataflow/") else Reply(404)


def without_key_all(seen):
    return soap(140, "all?") if "/data/TEST,DF,1.0.0/" in seen.path else None


def soap_errors(seen):
    if "startPeriod=2100" in seen.path:
        return soap(100, "No results")
    return soap(150, "Unknown") if "NOBODY" in seen.path or "many" in seen.path else None


def without_references(seen):
    return soap(140, "references") if "references=all" in seen.path else None


def slash_needed(seen):
    path = seen.path.partition("?")[0]
    return Reply(404, HTML) if "/data/" in path and not path.endswith("/") else None


def pages_for_errors(seen):
    odd = "NOBODY" in seen.path or "2100" in seen.path or "many" in seen.path
    return Reply(200, HTML, {"Content-Type": "text/html"}) if odd else None


def bare_404(seen):
    return Reply(404, b"No results found.") if "2100" in seen.path else None


def test_the_oddities_of_eurostat_are_found(partner, library, tmp_path, time):
    partner.live = Odd(library, without_key_all, soap_errors, without_references)
    probed = ask(f"{partner.url}/rest", time)
    facts, dialect = probed.facts, probed.as_json("en")["dialect"]
    assert (facts.api, facts.base_format, facts.nothing) == ("v1", "specific-2.1", {"400+100"})
    assert (dialect["key_all"], dialect["availability"]) == ("omit", "none")
    assert dialect["errors"] == ["sdmx", "footer", "soap"]
    source = drafted(tmp_path, probed)
    assert (source.dialect.key_all, source.mechanism, source.format) == ("omit", "pull", "specific-2.1")
    assert "A" < probed.card.grade() < "E"


def test_a_slash_that_is_needed_is_found(partner, library, tmp_path, time):
    partner.live = Odd(library, slash_needed)
    assert drafted(tmp_path, ask(f"{partner.url}/rest", time, most=9)).dialect.trailing_slash


def test_pages_with_200_are_found(partner, library, tmp_path, time):
    partner.live = Odd(library, pages_for_errors)
    probed = ask(f"{partner.url}/rest", time, most=20)
    assert probed.facts.page_with_200
    assert probed.card.grade("errors") in "CDE"
    assert "200" not in drafted(tmp_path, probed).dialect.nothing


def test_a_404_without_a_code_is_nothing_here(partner, library, tmp_path, time):
    partner.live = Odd(library, bare_404)
    assert "404" in drafted(tmp_path, ask(f"{partner.url}/rest", time, most=14)).dialect.nothing


def test_a_partner_that_limits_is_waited_for_and_asked_more_slowly(partner, library, tmp_path, time):
    answers = iter([Reply(429, headers={"Retry-After": "7"})])
    partner.live = Odd(library, lambda seen: next(answers, None) if "references" in seen.path else None)
    probed = ask(f"{partner.url}/rest", time, most=8)
    assert 7.0 in time.waits
    assert drafted(tmp_path, probed).dialect.data_rate.seconds == 5
    assert "unlimited" in {mark.id for mark in probed.card.failed}


def test_names_of_formats_are_found(partner, library, tmp_path, time):
    def by_name(seen):
        return library.data("csv-1.0") if "format=csvdata" in seen.path else None

    partner.live = Odd(library, by_name)
    probed = ask(f"{partner.url}/rest", time)
    dialect = drafted(tmp_path, probed).dialect
    assert probed.facts.named == {"csv-1.0": "csvdata"}
    assert probed.as_json("fr")["scorecard"]["areas"][2]["title"] == "Formats"
    assert dialect.format_names in ({}, {"csv-1.0": "csvdata"})


def test_no_more_is_asked_than_allowed(partner, library, time):
    partner.live = Odd(library)
    probed = ask(f"{partner.url}/rest", time, most=6, seconds=2.5)
    assert len(partner.seen) == len(probed.asked) == 6
    assert time.waited == 5 * 2.5
    assert any(mark.passed is None for mark in probed.card.marks)


def test_a_named_dataflow_is_asked_about(partner, library, time):
    partner.live = Odd(library, lambda seen: library.data("csv-1.0") if "/data/OTHER,FLOW,2.0/" in seen.path else None)
    probed = ask(f"{partner.url}/rest", time, apis=("v1",), flow=Ref("OTHER", "FLOW", "2.0"), most=3)
    assert probed.facts.ref == Ref("OTHER", "FLOW", "2.0")
    assert probed.facts.base_format == "csv-1.0"


@pytest.mark.parametrize(
    ("reply", "diagnosis", "asked"),
    [
        (Reply(200, HTML, {"Content-Type": "text/html"}), "probe-no-page", 6),
        (Reply(404, HTML), "probe-no-page", 6),
        (Reply(404, b"nothing here"), "probe-no-api", 6),
        (Reply(401, b"who are you?"), "probe-no-login", 2),
        (Reply(403, HTML), "probe-no-entry", 2),
        (Reply(429), "probe-no-patience", 2),
        (Reply(503), "probe-no-service", 2),
        (Reply(500, HTML), "probe-no-service", 6),
        (Reply(501), "probe-no-api", 6),
    ],
)
def test_what_speaks_no_sdmx_grades_e_and_why_is_said(partner, time, reply, diagnosis, asked):
    partner.live = lambda _: reply
    probed = ask(partner.url, time)
    assert (probed.facts.api, probed.card.grade(), probed.draft) == ("", "E", "")
    assert (probed.diagnosis, len(probed.asked)) == (diagnosis, asked)
    assert len({probed.as_json(language)["diagnosis"] for language in ("en", "fr", "es")}) == 3


@pytest.mark.parametrize(("alone", "missing"), [(True, ("dataflow",)), (False, ("dataflow", "datastructure"))])
def test_a_partner_without_dataflows_is_asked_for_the_structure(partner, library, tmp_path, time, *, alone, missing):
    def no_dataflows(seen):
        if "/rest/datastructure/" in seen.path and alone:
            return library.structure("xml-2.1")
        return Reply(404) if "/data/" not in seen.path else None

    partner.live = Odd(library, no_dataflows)
    probed = ask(f"{partner.url}/rest", time, apis=("v1",), flow=Ref("TEST", "DF", "1.0.0"), most=12)
    assert drafted(tmp_path, probed).dialect.missing == missing


def test_a_secret_is_sent_and_the_draft_says_where_it_is(partner, library, tmp_path, time):
    (tmp_path / "token").write_text("s3cret\n", encoding="utf-8")
    open_to = Odd(library)
    partner.live = lambda seen: open_to(seen) if seen.headers.get("x-key") == "s3cret" else Reply(401)
    place = Credentials(kind="header", header="X-Key", file=str(tmp_path / "token"))
    probed = ask(f"{partner.url}/rest", time, most=6, credentials=place)
    assert drafted(tmp_path, probed).credentials == place
    assert "s3cret" not in probed.draft + json.dumps(probed.as_json("en"))


def test_all_dataflows_are_listed_in_the_draft(partner, library, tmp_path, time):
    more = b'<str:Dataflow id="DF2" agencyID="TEST" version="1.0.0"><com:Name xml:lang="en">More</com:Name>'

    def with_another(seen):
        found = library.structure("xml-2.1", "none")
        body = found.body.replace(b"</str:Dataflows>", more + b"</str:Dataflow></str:Dataflows>")
        return Reply(200, body, found.headers) if "allstubs" in seen.path else None

    partner.live = Odd(library, with_another)
    probed = ask(f"{partner.url}/rest", time, most=9)
    assert '  # - {"dataflow": "TEST:DF2(1.0.0)"}' in probed.draft.splitlines()
    assert probed.as_json("en")["found"]["listed"] == ["TEST:DF(1.0.0)", "TEST:DF2(1.0.0)"]
    assert probed.as_json("en")["dialect"] == {}
    assert len(drafted(tmp_path, probed).flows) == 1


def test_pages_where_no_api_is_say_nothing_of_the_api(partner, library, time):
    by_v2 = lambda seen: Reply(200, HTML) if "/structure/" in seen.path else None  # noqa: E731
    partner.live = Odd(library, by_v2)
    probed = ask(f"{partner.url}/rest", time, most=12)
    assert (probed.facts.api, probed.facts.page_with_200, probed.facts.error_styles) == ("v1", False, set())
    assert "errors" not in probed.as_json("en")["dialect"]


def test_a_slash_that_lists_need_too_is_found(partner, library, time):
    def strict(seen):
        return None if seen.path.partition("?")[0].endswith("/") else Reply(404, HTML)

    partner.live = Odd(library, strict)
    probed = ask(f"{partner.url}/rest", time, most=12)
    assert (probed.facts.api, probed.facts.slash, probed.facts.flows) == ("v1", True, 1)


def test_constraints_that_come_with_the_dataflow_are_found(partner, theirs, library, tmp_path, time):
    client = library.client
    written = client.get("/sdmx/v1/availableconstraint/TEST,DF,1.0.0/all?mode=exact")
    constraint = Reply(200, written.data, {"Content-Type": written.content_type})
    by_references = lambda seen: constraint if "references=contentconstraint" in seen.path else None  # noqa: E731
    partner.live = Odd(library, by_references)
    assert drafted(tmp_path, ask(f"{partner.url}/rest", time)).dialect.availability == "references"


def test_a_partner_that_is_not_there_is_a_refusal(time):
    with pytest.raises(PartnerUnavailable):
        ask(f"http://127.0.0.1:{unused_port()}", time)


def test_this_machine_is_probed_only_where_that_is_allowed(partner, time):
    with pytest.raises(NotAllowed):
        probe(Order(endpoint=partner.url), time.clock)
    assert partner.seen == []


def test_a_service_we_know_is_named():
    facts = Facts(endpoint="https://sdmx.oecd.org/public/rest", api="v1")
    assert known_profile(facts).id == "OECD"
    assert known_profile(Facts(endpoint="https://nobody.example.org", api="v1")) is None


@pytest.mark.parametrize(("passed", "grade"), [(10, "A"), (9, "A"), (8, "B"), (5, "C"), (3, "D"), (1, "E")])
def test_grades_are_shares_of_what_was_tried(passed, grade):
    marks = tuple(Mark(area="queries", id="key", passed=number < passed) for number in range(10))
    card = Scorecard(marks=(*marks, Mark(area="queries", id="key", passed=None)))
    assert (card.grade("queries"), card.grade("errors")) == (grade, "-")
