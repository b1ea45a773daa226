import datetime as dt

import orjson
import pytest

from sdmx_hub.errors import BadQuery, NoResults, NotFound
from sdmx_hub.formats import structure_json_v2_1, structure_xml_v2_1
from sdmx_hub.formats.structure_schema import check_message
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import StructureMessage
from sdmx_hub.model.period import parse_period
from sdmx_hub.publish.availability import open_availability
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.store.artefacts import Artefacts
from tests.factories import make_artefact, make_codelist, urn_of
from tests.publish.cube import ARTEFACTS, COLUMNS, KEYS, SERIES, key_of, make_chance, make_cube, make_question
from tests.publish.hub import HEADER, NOW, Hub, day

FLOW = "dataflow/TEST/DF/1.0.0"
PROVIDERS = make_artefact(
    "DataProviderScheme",
    "DATA_PROVIDERS",
    version="1.0",
    dataProviders=[{"id": one, "name": one, "names": {"en": one}} for one in ("SEN_ANSD", "MLI_ANPE", "OTHER")],
)
WORLD = make_codelist(
    "CL_REF_AREA", ["W", "AF", "SEN", "MLI", "BFA", "TUN", "GHA", "FRA"], {"AF": "W", "SEN": "AF", "MLI": "AF"}
)


def make_agreement(provider):
    return make_artefact(
        "ProvisionAgreement",
        f"PA_{provider}",
        dataflow=urn_of("Dataflow", "DF"),
        dataProvider=urn_of("DataProvider", "DATA_PROVIDERS", "1.0", provider),
    )


CONSTRAINT = make_artefact(
    "DataConstraint",
    "CON",
    constraintAttachment={"provisionAgreements": [urn_of("ProvisionAgreement", "PA_SEN_ANSD")]},
    cubeRegions=[{"include": True, "keyValues": [{"id": "REF_AREA", "values": [{"value": "SEN"}]}]}],
)


@pytest.fixture(scope="module")
def rows():
    return make_cube(11)


@pytest.fixture(scope="module")
def hub(rows, tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("availability"))
    hub.release(rows[::2], day(1))
    hub.release(rows, day(2))
    more = [WORLD, PROVIDERS, make_agreement("SEN_ANSD"), make_agreement("MLI_ANPE"), CONSTRAINT]
    others = [one for one in ARTEFACTS if one.urn != WORLD.urn]
    hub.artefacts = Artefacts([*others, *more])
    yield hub
    hub.close()


def ask(hub, url, *, parse=urls_v2.parse_availability, audience="public", now=NOW):
    path, _, query = url.partition("?")
    asked = parse(path.split("/"), query)
    return open_availability(asked, hub.artefacts, hub.observations, audience=audience, now=now)


def values_of(constraint):
    """The values, or the range of periods, of each component of a constraint."""
    return {
        one["id"]: [value["value"] for value in one["values"]] if "values" in one else period_range(one["timeRange"])
        for one in constraint.document.get("cubeRegion", {}).get("keyValues", ())
    }


def period_range(shape):
    return [shape["startPeriod"]["period"], shape["endPeriod"]["period"]]


def distinct(rows):
    """What a constraint should tell of some rows."""
    found = {name: sorted({row[name] for row in rows}) for name in SERIES}
    periods = {row["TIME_PERIOD"] for row in rows}
    if periods:
        start = min(parse_period(one).start for one in periods)
        end = max(parse_period(one).end for one in periods)
        found["TIME_PERIOD"] = (start, end)
    return {name: values for name, values in found.items() if values}


def shown(constraint):
    found = values_of(constraint)
    if "TIME_PERIOD" in found:
        first, last = map(parse_period, found["TIME_PERIOD"])
        found["TIME_PERIOD"] = (first.start, last.end)
    return found


@pytest.mark.parametrize("seed", range(10))
def test_exact_tells_the_values_and_counts_of_the_result(hub, rows, seed):
    chance = make_chance(seed)
    for _ in range(15):
        question = make_question(chance, limits=False)
        matching = question.answer(rows)
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}"
        if not matching:
            with pytest.raises(NoResults):
                ask(hub, url)
            continue
        [constraint] = ask(hub, url)
        assert shown(constraint) == distinct(matching), url
        assert constraint.document["obsCount"] == len(matching)
        assert constraint.document["seriesCount"] == len({key_of(row)[:3] for row in matching})


@pytest.mark.parametrize("seed", range(10))
def test_available_leaves_out_each_dimension_in_turn(hub, rows, seed):
    chance = make_chance(50 + seed)
    for _ in range(10):
        question = make_question(chance, limits=False)
        expected = {}
        for name in KEYS:
            expected |= {
                one: found for one, found in distinct(freed(question, name).answer(rows)).items() if one == name
            }
        url = f"{FLOW}/{question.key_text()}?{question.query_text()}&mode=available"
        if not expected:
            with pytest.raises(NoResults):
                ask(hub, url)
            continue
        [constraint] = ask(hub, url)
        assert shown(constraint) == expected, url


def freed(question, name):
    keys = [[[] if one == name else part for one, part in zip(SERIES, key, strict=False)] for key in question.keys]
    filters = {one: any_of for one, any_of in question.filters.items() if one != name}
    return type(question)(keys=keys, filters=filters, start_day=question.start_day)


def small(tmp_path):
    """The example of the standard: three series of employment."""
    hub = Hub(tmp_path)
    facts = [("SEN", "A", "M"), ("MLI", "A", "M"), ("MLI", "Q", "F")]
    made = [
        dict.fromkeys(COLUMNS) | {"REF_AREA": area, "FREQ": freq, "SEX": sex, "TIME_PERIOD": "2020"}
        for area, freq, sex in facts
    ]
    hub.release(made, day(1))
    return hub


def test_the_example_of_the_standard_gives_its_answers(tmp_path):
    hub = small(tmp_path)
    one, two = f"{FLOW}/*.MLI.F", f"{FLOW}/*.MLI.F+M"
    assert values_of(ask(hub, one)[0]) == {
        "FREQ": ["Q"],
        "REF_AREA": ["MLI"],
        "SEX": ["F"],
        "TIME_PERIOD": ["2020", "2020"],
    }
    assert values_of(ask(hub, f"{one}?mode=available")[0])["SEX"] == ["F", "M"]
    assert values_of(ask(hub, f"{one}?mode=available")[0])["REF_AREA"] == ["MLI"]
    assert values_of(ask(hub, two)[0])["FREQ"] == ["A", "Q"]
    assert values_of(ask(hub, f"{two}?mode=available")[0])["REF_AREA"] == ["MLI", "SEN"]
    hub.close()


def test_a_constraint_tells_what_it_is_about(hub):
    [constraint] = ask(hub, FLOW)
    assert constraint.artefact_class.name == "AvailabilityConstraint"
    assert constraint.document["constraintAttachment"] == {"dataflow": urn_of("Dataflow", "DF")}
    assert constraint.names["fr"] == "Données disponibles : DF fr"
    [constraint] = ask(hub, "provisionagreement/TEST/PA_SEN_ANSD")
    assert constraint.document["constraintAttachment"] == {
        "provisionAgreement": urn_of("ProvisionAgreement", "PA_SEN_ANSD")
    }
    assert values_of(constraint)["REF_AREA"] == ["SEN"]


@pytest.mark.parametrize(
    ("components", "expected"),
    [("*", list(KEYS)), ("SEX", ["SEX"]), ("TIME_PERIOD,FREQ", ["FREQ", "TIME_PERIOD"])],
)
def test_an_answer_can_be_about_some_dimensions(hub, components, expected):
    [constraint] = ask(hub, f"{FLOW}/*/{components}")
    assert list(values_of(constraint)) == expected
    assert constraint.document["obsCount"] == ask(hub, FLOW)[0].document["obsCount"]


def test_only_dimensions_can_be_asked_for(hub):
    with pytest.raises(BadQuery) as refusal:
        ask(hub, f"{FLOW}/*/OBS_STATUS")
    assert "REF_AREA" in str(refusal.value)


def items(artefact):
    return [item["id"] for item in artefact.items]


REFERENCES = [
    ("none", []),
    ("dataflow", ["Dataflow DF"]),
    ("datastructure", ["DataStructure DSD"]),
    ("codelist", ["Codelist CL_FREQ", "Codelist CL_REF_AREA", "Codelist CL_SEX"]),
    ("valuelist", []),
    ("conceptscheme", ["ConceptScheme CS"]),
    ("dataproviderscheme", ["DataProviderScheme DATA_PROVIDERS"]),
    (
        "all",
        [
            "Dataflow DF",
            "DataStructure DSD",
            "ConceptScheme CS",
            "Codelist CL_FREQ",
            "Codelist CL_REF_AREA",
            "Codelist CL_SEX",
            "DataProviderScheme DATA_PROVIDERS",
        ],
    ),
]


@pytest.mark.parametrize(("references", "expected"), REFERENCES)
def test_what_a_constraint_refers_to_comes_when_asked(hub, references, expected):
    _, *rest = ask(hub, f"{FLOW}?references={references}")
    assert [f"{one.artefact_class.name} {one.ref.id}" for one in rest] == expected


def test_item_schemes_hold_what_is_in_use_and_the_parents_of_codes(hub):
    found = {one.ref.id: one for one in ask(hub, f"{FLOW}/A.SEN+TUN/REF_AREA,TIME_PERIOD?references=all")}
    assert items(found["CL_REF_AREA"]) == ["W", "AF", "SEN", "TUN"]
    assert found["CL_REF_AREA"].document["isPartial"]
    assert items(found["CS"]) == ["REF_AREA", "TIME_PERIOD"]
    assert items(found["DATA_PROVIDERS"]) == ["SEN_ANSD", "MLI_ANPE"]
    assert "CL_SEX" not in found


def test_a_whole_codelist_is_not_called_partial(hub):
    found = {one.ref.id: one for one in ask(hub, f"{FLOW}?references=codelist")}
    assert items(found["CL_SEX"]) == ["F", "M", "_T"]
    assert "isPartial" not in found["CL_SEX"].document


def test_inherited_codes_are_resolved(hub):
    child = Artefact(
        WORLD.artefact_class,
        {**WORLD.document, "codes": [], "codelistExtensions": [{"codelist": urn_of("Codelist", "CL_BASE")}]},
    )
    base = Artefact(WORLD.artefact_class, {**WORLD.document, "id": "CL_BASE"})
    kept = hub.artefacts
    hub.artefacts = Artefacts([*(one for one in kept if one.urn != WORLD.urn), child, base])
    [_, codelist] = ask(hub, f"{FLOW}/*.SEN/REF_AREA?references=codelist")
    hub.artefacts = kept
    assert items(codelist) == ["W", "AF", "SEN"]
    assert codelist.items[2] == {
        "id": "SEN",
        "name": "Code SEN",
        "names": {"en": "Code SEN", "fr": "Le code SEN"},
        "parent": "AF",
    }
    assert "codelistExtensions" not in codelist.document


def test_rest_v1_asks_by_flow_key_provider_and_component(hub):
    first = ask(hub, "TEST,DF,1.0.0/A.SEN./all/SEX?mode=available", parse=urls_v1.parse_availability)
    second = ask(hub, f"{FLOW}/A.SEN.*/SEX?mode=available")
    assert [one.document for one in first] == [one.document for one in second]
    [constraint] = ask(hub, "DF/all/SEN_ANSD", parse=urls_v1.parse_availability)
    assert values_of(constraint)["REF_AREA"] == ["SEN"]


def test_the_state_of_an_earlier_moment_can_be_asked(hub, rows):
    [constraint] = ask(hub, f"{FLOW}?asOf={day(1):%Y-%m-%d}")
    assert constraint.document["obsCount"] == len(rows[::2])
    [constraint] = ask(hub, f"{FLOW}?updatedAfter={day(1):%Y-%m-%d}")
    assert constraint.document["obsCount"] == len(rows) - len(rows[::2])


def test_what_is_not_there_is_refused(hub):
    with pytest.raises(NotFound):
        ask(hub, "dataflow/TEST/NONE")
    with pytest.raises(NoResults):
        ask(hub, f"{FLOW}/A.FRA")
    with pytest.raises(NoResults):
        ask(hub, FLOW, now=day(0))


def test_hidden_rows_are_not_counted(tmp_path, rows):
    hub = Hub(tmp_path)
    hidden = [dict(row) | {"REF_AREA": "GHA"} for row in rows if row["REF_AREA"] == "SEN"]
    public = [row for row in rows if row["REF_AREA"] != "GHA"]
    hub.release(public, day(1), internal=[*public, *hidden])
    [outside], [inside] = ask(hub, FLOW), ask(hub, FLOW, audience="internal")
    assert "GHA" not in values_of(outside)["REF_AREA"]
    assert (outside.document["obsCount"], inside.document["obsCount"]) == (len(public), len(public) + len(hidden))
    assert "GHA" in values_of(inside)["REF_AREA"]
    hub.close()


def test_an_answer_is_valid_sdmx_json_and_sdmx_ml(hub):
    message = StructureMessage(HEADER, ask(hub, f"{FLOW}?references=all"))
    written = structure_json_v2_1.write(message)
    assert check_message(orjson.loads(written)) == ()
    assert b"ContentConstraint" in structure_xml_v2_1.write(message)


def test_the_moment_of_asking_decides(hub):
    [before] = ask(hub, FLOW, now=day(2) - dt.timedelta(seconds=1))
    [after] = ask(hub, FLOW, now=day(2))
    assert before.document["obsCount"] < after.document["obsCount"]
