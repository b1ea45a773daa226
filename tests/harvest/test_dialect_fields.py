"""What each of these fields of a dialect does to a harvest: errors, missing, references, availability and split."""

from dataclasses import replace

import pytest

from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.dialect.answers import says_no_results, says_too_large
from sdmx_hub.harvest.dialect.masked import find_error
from sdmx_hub.harvest.dialect.profiles import get_profile, read_dialect
from sdmx_hub.harvest.excerpt import refusal, told
from sdmx_hub.harvest.parted import in_order
from sdmx_hub.harvest.raw import raw_store_in
from sdmx_hub.harvest.splitting import Cut, Part, Splitter, split_part
from sdmx_hub.store.run_rows import GOOD, State
from sdmx_hub.web.app import create_app
from tests.harvest.hubs import Hub, observation
from tests.harvest.hubs import told as counts
from tests.harvest.partner import Reply
from tests.harvest.replies import announcement, footed
from tests.harvest.test_dialects import SDMX, time
from tests.harvest.virtual import VirtualTime

__all__ = ["time"]
OLD = [observation("SEN", "2018", "1")]
ROWS = [observation(area, str(year), f"{year}") for area in ("SEN", "TUN") for year in range(2016, 2020)]
PAGE = (
    "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>Back at&nbsp;six</h1></body></html>"
)
XML = {"Content-Type": "application/vnd.sdmx.structurespecificdata+xml;version=2.1"}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """What a partner holds; ``theirs.get`` answers as it would."""
    hub = Hub(tmp_path_factory.mktemp("theirs") / "hub", VirtualTime())
    hub.publish(ROWS)
    app = create_app(
        database=hub.database,
        registry=hub.registry,
        observations=hub.observations,
        settings=hub.settings,
        now=hub.time.now,
    )
    hub.client = app.test_client()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A hub that many partners bring the same data; it begins with one of them, which the first good visit revises."""
    hub = Hub(tmp_path_factory.mktemp("ours") / "hub", VirtualTime())
    hub.publish(OLD)
    yield hub
    hub.close()


@pytest.fixture
def behind(partner, theirs, ours):
    """A partner in front of their hub; ``rules`` give the reply to what begins with a path, None for the hub's own."""

    def begin(dialect, rules=None, **keys):
        def live(seen):
            for begins, reply in (rules or {}).items():
                if seen.path.startswith(f"/rest/{begins}"):
                    return reply(seen) if callable(reply) else reply
            return theirs_to(seen)

        def theirs_to(seen):
            wanted = {"Accept": seen.headers["accept"]}
            answer = theirs.client.get("/sdmx/v1" + seen.path.removeprefix("/rest"), headers=wanted)
            return Reply(answer.status_code, answer.data, {"Content-Type": answer.content_type})

        partner.live = live
        values = {"api": "v1", "mechanism": "pull", "limits": "{tries: 1}", **keys}
        ours.add_source(f"{partner.url}/rest", dialect=dialect, **values)
        return theirs_to

    begin.theirs = theirs
    return begin


def paths(partner, purpose=""):
    return [seen.path.removeprefix("/rest/") for seen in partner.seen if purpose in seen.path]


# errors


@pytest.mark.parametrize(
    ("body", "errors", "is_error"),
    [
        (PAGE, ["sdmx"], True),
        (SDMX.format(150), [], True),
        ('{"errors": [{"code": 404, "title": "No"}]}', [], True),
        ('{"message": "Endpoint request timed out"}', [], True),
        ('{"some": "table"}', ["json"], False),
        ("No results found.", ["text"], True),
        ("No results found.", ["sdmx"], False),
        ("DATAFLOW,FREQ,TIME_PERIOD,OBS_VALUE\nTEST:DF(1.0.0),A,2019,1\n", ["text"], False),
        ("a line\nand another", ["text"], False),
        (footed("413", "Information", "later"), ["footer"], True),
        (footed("413", "Information", "later"), ["sdmx"], False),
        (footed("100", "Warning", "none"), ["footer"], True),
        (footed("100", "Warning", "none", rows=1), ["footer"], False),
        (footed("900", "Warning", "provisional", rows=1), ["footer"], False),
        (footed("900", "Error", "cut", rows=4000), ["footer"], True),
        (footed("510", "Warning", "only the first 1000", rows=3), ["footer"], True),
    ],
)
def test_what_comes_with_200_is_told_from_data(tmp_path, body, errors, is_error):
    path = tmp_path / "body"
    path.write_text(body, encoding="utf-8")
    assert (find_error(path, read_dialect({"errors": errors})) is not None) is is_error


@pytest.mark.parametrize(
    ("status", "body", "errors", "key", "words"),
    [
        (400, SDMX.format(150), ["sdmx"], "harvest-status", "150: No"),
        (200, SDMX.format(500), ["sdmx"], "harvest-told", "500: No"),
        (403, PAGE, ["sdmx"], "harvest-page", "Service unavailable – Back at six"),
        (200, PAGE, ["sdmx"], "harvest-page", "Service unavailable – Back at six"),
        (500, PAGE, ["html"], "harvest-status", "Service unavailable – Back at six"),
        (404, '{"title": "Not Found", "detail": "no such flow"}', ["json"], "harvest-status", "Not Found no such flow"),
        (200, '{"errors": [{"code": 150, "title": "no"}]}', ["sdmx"], "harvest-told", "150: no"),
        (200, footed("510", "Error", "too many"), ["footer"], "harvest-told", "510: too many"),
        (501, "", ["sdmx"], "harvest-status", ""),
    ],
)
def test_the_verdict_tells_what_the_partner_said(status, body, errors, key, words):
    answer = Answer(url="https://stats.example.org/x", status=status, headers={}, bytes=0, milliseconds=0, excerpt=body)
    verdict = refusal(answer, read_dialect({"errors": errors}))
    assert (verdict.key, verdict.params["excerpt"]) == (key, words)
    assert refusal(answer, is_file=True).key != "harvest-page"
    assert all("stats.example.org" in verdict.text(language) for language in ("en", "fr", "es"))


@pytest.mark.parametrize(
    ("status", "body", "profile", "is_nothing", "is_too_large"),
    [
        (200, footed("100", "Information", "none"), "STANDARD", True, False),
        (200, SDMX.format(100), "STANDARD", True, False),
        (200, SDMX.format(100), "ECB", False, False),
        (404, "No results found.", "ECB", True, False),
        (404, PAGE, "ECB", False, False),
        (200, footed("413", "Information", "later"), "ILO", False, True),
        (200, SDMX.format(130), "STANDARD", False, True),
        (200, SDMX.format(140), "STANDARD", False, False),
    ],
)
def test_codes_mean_the_same_under_200(status, body, profile, is_nothing, is_too_large):
    answer = Answer(url="", status=status, headers={}, bytes=0, milliseconds=0, excerpt=body)
    dialect = get_profile(profile)
    assert (says_no_results(answer, dialect), says_too_large(answer, dialect)) == (is_nothing, is_too_large)


def test_a_problem_without_words_of_sdmx_is_told_all_the_same():
    assert told('{"error": {"message": "Rate exceeded"}}') == "Rate exceeded"
    assert told("<env:Fault><env:Reason>down</env:Reason></env:Fault>") == "down"
    assert told(announcement("Wait for it").body.decode()) == "413: Wait for it"


def test_data_whose_footer_says_they_are_not_whole_are_not_loaded(partner, behind, ours):
    usual = behind("STANDARD")

    def cut_short(seen):
        good = usual(seen)
        foot = b'<footer:Footer xmlns:footer="f"><footer:Message code="900" severity="Error"><c:Text xmlns:c="c">cut'
        body = good.body.replace(b"</message:Str", foot + b"</c:Text></footer:Message></footer:Footer></message:Str")
        assert body != good.body
        return Reply(200, body, good.headers)

    live = partner.live
    partner.live = lambda seen: cut_short(seen) if "/data/" in seen.path else live(seen)
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-told"), run.outcome
    assert "900: cut" in run.outcome.verdict.text("fr")


# too large, availability, split

WHOLE = "data/TEST,DF,1.0.0/all"
TOO_LARGE = {WHOLE: Reply(413, b"estimated 40000 rows, max authorised is 12500")}


def test_where_nothing_tells_what_there_is_the_codes_of_the_lists_are_asked_for_at_once(partner, behind, ours, theirs):
    behind("ILO", {WHOLE: announcement("The query is too large")})
    run = ours.harvest()
    assert (run.state in GOOD, run.outcome.received) == (True, 8), run.outcome
    assert ours.held() == theirs.held()
    assert paths(partner, "constraint") == []
    assert {request.purpose for request in ours.runs.requests(run.id)} == {"data", "structure"}


@pytest.mark.parametrize(
    ("availability", "address"),
    [
        ("contentconstraint", "contentconstraint/TEST/DF"),
        ("references", "dataflow/TEST/DF/1.0.0?references=contentconstraint"),
    ],
)
def test_what_there_is_is_asked_where_the_dialect_says(partner, behind, ours, *, availability, address):
    constraint = behind.theirs.client.get("/sdmx/v1/availableconstraint/TEST,DF,1.0.0/all?mode=exact")
    found = Reply(200, constraint.data, {"Content-Type": constraint.content_type})
    behind(f"{{availability: {availability}}}", {address: found}, limits="{tries: 1, observations: 3}")
    run = ours.harvest()
    assert (run.state in GOOD, run.outcome.received) == (True, 8), run.outcome
    assert paths(partner)[0] == address
    assert (len(run.plan["parts"]), run.plan["count"]) == (4, None)


def test_codes_that_are_known_to_have_data_come_first():
    assert in_order(("A", "B", "C", "D"), {"C", "D"}) == ("C", "D", "A", "B")


def test_a_question_that_may_not_be_divided_is_refused_with_what_to_do(behind, ours):
    behind("{split: none}", TOO_LARGE, limits="{tries: 1, observations: 3}")
    run = ours.harvest()
    assert (run.state, run.outcome.verdict.key) == (State.FAILED, "harvest-undivided")
    assert "max authorised is 12500" in run.outcome.verdict.text("es")


CODES = {"SEX": ("F", "M"), "REF_AREA": ("SEN", "MLI", "GHA")}
ONE = Part({"SEX": ("F",), "REF_AREA": ("SEN",)})


@pytest.mark.parametrize(
    ("rule", "part", "expected"),
    [
        ("key", Part({}), [{"SEX": ("F",)}, {"SEX": ("M",)}]),
        ("key", ONE, [(None, 2019), (2020, None)]),
        ("period", Part({}), [(None, 2019), (2020, None)]),
        ("period", Part({}, 2019, 2019), [{"SEX": ("F",)}, {"SEX": ("M",)}]),
        ("dimensions", Part({}), [{"SEX": ("F",)}, {"SEX": ("M",)}]),
        ("dimensions", ONE, []),
    ],
)
def test_questions_are_divided_by_the_rule(rule, part, expected):
    found = split_part(part, Cut(codes=CODES, years=(2018, 2021), rule=rule), 2, 2026)
    shown = [one.codes if one.codes != part.codes else (one.since, one.until) for one in found]
    assert (shown if len(found) > 1 else []) == expected


def test_an_address_that_is_too_long_is_divided_too(tmp_path):
    asked = []

    def ask(part):
        asked.append(len(part.codes["REF_AREA"]))
        return Answer(url="", status=414 if asked[-1] > 1 else 204, headers={}, bytes=0, milliseconds=0)

    cut = Cut(codes={"REF_AREA": ("GHA", "MLI", "SEN", "TUN")}, rule="dimensions")
    splitter = Splitter(
        ask=ask,
        is_empty=lambda answer: answer.status == 204,
        keep=lambda _: None,
        raw=raw_store_in(tmp_path),
        cut=cut,
        now=VirtualTime().now,
    )
    assert splitter.collect(split_part(Part({}), cut, 2, 2026)).status == 204
    assert asked == [2, 1, 1, 2, 1, 1]


# missing, references


def test_lists_are_asked_for_one_by_one_where_references_are_not_followed(partner, behind, ours):
    behind("{references: [none], missing: [conceptscheme]}", structures="adopt")
    run = ours.harvest()
    assert (run.state in GOOD, run.outcome.received) == (True, 8), run.outcome
    asked = [path.partition("?")[0] for path in paths(partner, "references=")]
    assert asked[:2] == ["dataflow/TEST/DF/1.0.0", "datastructure/TEST/DSD/1.0.0"]
    assert sorted(asked[2:]) == [
        f"codelist/TEST/CL_{name}/1.0.0" for name in ("FREQ", "OBS_STATUS", "REF_AREA", "SEX", "UNIT")
    ]


def test_names_of_lists_that_came_by_themselves_are_watched(partner, behind, ours):
    usual = behind("{references: [none], missing: [conceptscheme]}")
    assert ours.harvest().state in GOOD

    def renamed(seen):
        good = usual(seen)
        return Reply(200, good.body.replace(b"Code SEN", b"Senegambia"), good.headers)

    live = partner.live
    partner.live = lambda seen: renamed(seen) if "CL_REF_AREA" in seen.path else live(seen)
    run = ours.harvest()
    assert "HOLD-LABEL" in {finding.code for finding in run.outcome.findings}, run.outcome


def test_without_dataflows_the_structure_is_asked_for_and_the_dataflow_made_of_it(partner, behind, tmp_path, time):
    bare = Hub(tmp_path / "bare", time, artefacts=[])
    usual = behind("STANDARD")

    def live(seen):
        if "/rest/dataflow" in seen.path:
            return Reply(501)
        return usual(replace(seen, path=seen.path.replace("datastructure/TEST/DF/", "datastructure/TEST/DSD/")))

    partner.live = live
    keys = {"api": "v1", "mechanism": "pull", "structures": "adopt"}
    bare.add_source(f"{partner.url}/rest", dialect="{missing: [dataflow]}", **keys)
    assert counts(bare.harvest()) == ("succeeded", 8, 0, 0, 0)
    assert len(bare.held()) == 8
    bare.close()


def test_a_partner_without_structures_is_read_by_ours(partner, behind, ours):
    behind("{missing: [dataflow, datastructure]}")
    run = ours.harvest()
    assert (run.state in GOOD, run.outcome.received) == (True, 8), run.outcome
    assert [finding.code for finding in run.outcome.findings] == ["harvest-structures-none"]
    assert {request.purpose for request in ours.runs.requests(run.id)} == {"data"}
