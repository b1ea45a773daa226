import datetime as dt

import pytest

from sdmx_hub.errors import BadRequest, NoResults, NotFound, TooLarge
from sdmx_hub.model.message import Action
from sdmx_hub.publish.data import count_data, data_version, open_data
from sdmx_hub.publish.size import choose_split
from sdmx_hub.query import urls_v2
from sdmx_hub.query.request import ALL_DIMENSIONS
from tests.publish.cube import COLUMNS
from tests.publish.hub import DAY, HEADER, NOW, Hub, day

FLOW = "dataflow/TEST/DF/1.0.0"


def row(area, period, value, **more):
    made = dict.fromkeys(COLUMNS)
    return made | {"FREQ": "A", "REF_AREA": area, "SEX": "F", "TIME_PERIOD": period, "OBS_VALUE": value} | more


FIRST = [row("SEN", "2020", "1.10"), row("SEN", "2021", "2", COMMENT="provisional"), row("MLI", "2020", "3", UNIT="PS")]
SECOND = [row("SEN", "2020", "1.10"), row("SEN", "2021", "2.5"), row("TUN", "2020", "4", SAMPLE="9")]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    hub = Hub(tmp_path_factory.mktemp("answers"))
    hub.release(FIRST, day(1))
    hub.release(SECOND, day(2))
    yield hub
    hub.close()


def told(rows, *names):
    return [tuple(one[name] for name in names) for one in rows]


def test_an_answer_replaces_what_a_receiver_has(hub):
    [(action, rows)] = hub.ask(FLOW)
    assert action is Action.REPLACE
    assert told(rows, "REF_AREA", "TIME_PERIOD", "OBS_VALUE") == [
        ("SEN", "2020", "1.10"),
        ("SEN", "2021", "2.5"),
        ("TUN", "2020", "4"),
    ]
    assert tuple(rows[0]) == COLUMNS


def test_an_answer_without_all_attributes_is_to_be_merged(hub):
    [(action, rows)] = hub.ask(f"{FLOW}?attributes=none")
    assert action is Action.MERGE
    assert tuple(rows[0]) == ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")


def test_series_keys_come_once_each_without_time(hub):
    message = hub.open(f"{FLOW}?attributes=none&measures=none")
    assert message.datasets[0].series_keys_only
    message.datasets[0].rows.close()
    [(_, rows)] = hub.ask(f"{FLOW}?attributes=none&measures=none")
    assert rows == [{"FREQ": "A", "REF_AREA": area, "SEX": "F"} for area in ("SEN", "TUN")]
    [(_, second)] = hub.ask(f"{FLOW}?attributes=none&measures=none&offset=1&limit=1")
    assert second == rows[1:]


def test_series_come_with_their_attributes_when_asked(hub):
    [(_, rows)] = hub.ask(f"{FLOW}/A.MLI?attributes=series,dataset&measures=none&asOf={day(1):%Y-%m-%d}")
    assert rows == [{"FREQ": "A", "REF_AREA": "MLI", "SEX": "F", "UNIT": "PS", "REPORTING_YEAR_START_DAY": None}]


def test_changes_are_what_went_and_what_came(hub):
    (deleted, gone), (action, rows) = hub.ask(f"{FLOW}?updatedAfter={day(1):%Y-%m-%d}")
    assert (deleted, action) == (Action.DELETE, Action.REPLACE)
    assert gone == [{"FREQ": "A", "REF_AREA": "MLI", "SEX": "F", "TIME_PERIOD": "2020"}]
    assert told(rows, "REF_AREA", "TIME_PERIOD", "OBS_VALUE") == [("SEN", "2021", "2.5"), ("TUN", "2020", "4")]


def test_a_deletion_tells_keys_only(hub):
    dataset = hub.open(f"{FLOW}?updatedAfter={day(1):%Y-%m-%d}").datasets[0]
    assert (dataset.measure_ids, dataset.attribute_ids, dataset.series_keys_only) == ((), (), False)


KEYS_ONLY = "attributes=none&measures=none"
PAGED = [
    (f"updatedAfter={day(1):%Y-%m-%d}", 3),
    ("includeHistory=true", 6),
    (f"includeHistory=true&updatedAfter={day(1):%Y-%m-%d}", 3),
]


@pytest.mark.parametrize(("query", "count"), PAGED)
def test_pages_go_through_the_whole_answer_once(hub, query, count):
    def told_with_action(found):
        return [(action, tuple(row.values())) for action, rows in found for row in rows]

    whole = told_with_action(hub.ask(f"{FLOW}?{query}"))
    assert len(whole) == count
    for size in (1, 2, 4):
        pages = [
            told_with_action(hub.ask(f"{FLOW}?{query}&offset={offset}&limit={size}"))
            for offset in range(0, len(whole), size)
        ]
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert [row for page in pages for row in page] == whole
    with pytest.raises(NoResults):
        hub.ask(f"{FLOW}?{query}&offset={count}")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        *PAGED,
        ("", 3),
        ("offset=1", 2),
        ("limit=2", 2),
        ("attributes=none&measures=none", 2),
        ("lastNObservations=1", 2),
    ],
)
def test_an_answer_is_counted_without_drawing_it(hub, query, count):
    asked = urls_v2.parse_data(FLOW.split("/"), query)
    version = data_version(asked, hub.artefacts, hub.observations, audience="public", now=NOW)
    assert count_data(asked, version, hub.observations) == count


def test_too_much_is_refused_with_how_to_split_it(hub):
    def ask(url, most):
        asked = urls_v2.parse_data(FLOW.split("/"), url)
        options = {"audience": "public", "now": NOW, "header": HEADER, "most": most}
        return open_data(asked, hub.artefacts, hub.observations, **options)

    with pytest.raises(TooLarge) as refusal:
        ask("", 2)
    assert refusal.value.params == {
        "count": 3,
        "most": 2,
        "dimension": "REF_AREA",
        "parts": "SEN 2, TUN 1",
        "codes": 2,
    }
    for url in ("limit=2", "c[REF_AREA]=SEN", "attributes=none&measures=none"):
        for dataset in ask(url, 2).datasets:
            dataset.rows.close()
    with pytest.raises(TooLarge, match="3 observations"):
        ask(f"updatedAfter={day(1):%Y-%m-%d}", 2)
    with pytest.raises(TooLarge, match="6 observations"):
        ask("includeHistory=true", 5)
    with pytest.raises(TooLarge) as refusal:
        ask("c[REF_AREA]=SEN&c[TIME_PERIOD]=2020", 0)
    assert "dimension" not in refusal.value.params, "one observation cannot be split"


SPLITS = [
    ({"A": {"x": 5, "y": 5}, "B": {"p": 4, "q": 3, "r": 3}}, 5, "A"),
    ({"A": {"x": 6, "y": 4}, "B": {"p": 4, "q": 3, "r": 3}}, 5, "B"),
    ({"A": {"x": 6, "y": 4}, "B": {"p": 4, "q": 3, "r": 3}}, 1, "B"),
    ({"A": {"x": 10}, "B": {"p": 10}}, 5, ""),
]


@pytest.mark.parametrize(("found", "most", "expected"), SPLITS)
def test_the_split_with_the_fewest_allowed_parts_is_told(found, most, expected):
    assert choose_split(found, most)[0] == expected


def test_nothing_changed_since_has_no_results(hub):
    with pytest.raises(NoResults):
        hub.ask(f"{FLOW}?updatedAfter={day(3):%Y-%m-%d}")


def test_history_tells_releases_with_their_validity(hub):
    datasets = hub.open(f"{FLOW}?includeHistory=true").datasets
    assert [(one.action, one.valid_from, one.valid_to) for one in datasets] == [
        (Action.REPLACE, day(1), None),
        (Action.REPLACE, day(2), None),
        (Action.DELETE, None, day(2)),
    ]
    later = hub.open(f"{FLOW}?includeHistory=true&updatedAfter={day(1):%Y-%m-%d}").datasets
    assert [(one.action, one.valid_from) for one in later] == [(Action.REPLACE, day(2)), (Action.DELETE, None)]


def test_a_dataset_knows_its_structure_codelists_and_names(hub):
    [dataset] = hub.open(f"{FLOW}?dimensionAtObservation=AllDimensions").datasets
    assert dataset.dataflow.ref.id == "DF"
    assert dataset.structure_artefact.ref.id == "DSD"
    assert dataset.dimension_at_observation == ALL_DIMENSIONS
    assert list(dataset.codelist("SEX").codes) == ["F", "M", "_T"]
    assert dataset.codelist("OBS_VALUE") is None
    assert dataset.names("REF_AREA")["es"] == "REF_AREA es"
    dataset.rows.close()


def test_what_has_no_name_is_not_found_and_what_does_not_match_has_no_results(hub):
    with pytest.raises(NotFound) as refusal:
        hub.ask("dataflow/TEST/NONE")
    assert not isinstance(refusal.value, NoResults)
    for url in (
        f"{FLOW}/A.GHA",
        f"{FLOW}/X",
        f"{FLOW}?c[OBS_VALUE]=gt:1000",
        f"{FLOW}?asOf=2020-01-01",
        f"{FLOW}?offset=9",
    ):
        with pytest.raises(NoResults):
            hub.ask(url)
    with pytest.raises(BadRequest):
        hub.ask(f"{FLOW}?c[TIME_PERIOD]=ge:soon")


def version_of(hub, url, *, now=NOW, audience="public"):
    path, _, query = url.partition("?")
    asked = urls_v2.parse_data(path.split("/"), query)
    return data_version(asked, hub.artefacts, hub.observations, audience=audience, now=now)


def test_the_version_of_an_answer_changes_with_the_question_and_with_releases(hub):
    assert version_of(hub, FLOW) == version_of(hub, FLOW)
    assert version_of(hub, FLOW).last_modified == day(2)
    assert version_of(hub, f"{FLOW}?asOf={day(1):%Y-%m-%d}").last_modified == day(1)
    assert len({version_of(hub, url).etag for url in (FLOW, f"{FLOW}/A", f"{FLOW}?asOf={day(1):%Y-%m-%d}")}) == 3
    with pytest.raises(NoResults):
        version_of(hub, FLOW, now=day(0))


HIDDEN = [row("GHA", "2021", "777", OBS_STATUS="A"), row("SEN", "1999", "41")]
QUESTIONS = [
    "",
    "?c[OBS_VALUE]=ge:40",
    "?sort=OBS_VALUE:desc&limit=1",
    "?lastNObservations=1",
    "?firstNObservations=1",
    "?offset=1",
    "?includeHistory=true",
    f"?updatedAfter={day(0):%Y-%m-%d}",
    "?attributes=none&measures=none",
    "/A.GHA",
    f"?asOf={day(2):%Y-%m-%d}",
]


@pytest.fixture(scope="module")
def two_worlds(tmp_path_factory):
    """The same public observations, beside hidden ones that changed in the second world."""
    plain, secretive = (Hub(tmp_path_factory.mktemp(name)) for name in ("plain", "secretive"))
    for number, rows in enumerate([FIRST, SECOND], start=1):
        plain.release(rows, day(number))
        secretive.release(rows, day(number), internal=[*rows, *HIDDEN[:number]])
    secretive.release(SECOND, day(5), internal=[*SECOND, HIDDEN[1]])
    yield plain, secretive
    plain.close()
    secretive.close()


def answer(hub, url):
    try:
        message = hub.open(url)
    except NotFound as refusal:
        return type(refusal), str(refusal)
    shown = [(one.action, one.valid_from, one.valid_to) for one in message.datasets]
    for one in message.datasets:
        one.rows.close()
    return shown, hub.ask(url), version_of(hub, url)


@pytest.mark.parametrize("question", QUESTIONS)
def test_hidden_rows_change_nothing_the_public_is_told(two_worlds, question):
    plain, secretive = two_worlds
    assert answer(plain, FLOW + question) == answer(secretive, FLOW + question)


def test_those_inside_see_hidden_rows(two_worlds):
    _, secretive = two_worlds
    [(_, rows)] = secretive.ask(f"{FLOW}?c[OBS_VALUE]=41", audience="internal")
    assert told(rows, "REF_AREA", "TIME_PERIOD") == [("SEN", "1999")]
    assert version_of(secretive, FLOW, audience="internal").last_modified == day(5)


def test_a_release_held_back_becomes_visible_at_its_moment(tmp_path):
    hub = Hub(tmp_path)
    hub.release(FIRST, day(1))
    hub.release(SECOND, day(2), internal=SECOND, visible_from=day(4))
    [(_, before)] = hub.ask(FLOW, now=day(4) - dt.timedelta(seconds=1))
    [(_, after)] = hub.ask(FLOW, now=day(4))
    assert told(before, "OBS_VALUE") == [("3",), ("1.10",), ("2",)]
    assert told(after, "OBS_VALUE") == [("1.10",), ("2.5",), ("4",)]
    assert version_of(hub, FLOW, now=day(4) - DAY).last_modified == day(1)
    hub.close()


def test_a_message_carries_the_header_and_language_it_was_given(hub):
    message = hub.open(FLOW)
    assert (message.header, message.language) == (HEADER, "en")
    message.datasets[0].rows.close()


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("?dimensionAtObservation=REF_AREA", [("2020", "SEN"), ("2020", "TUN"), ("2021", "SEN")]),
        ("?sort=TIME_PERIOD:desc", [("2021", "SEN"), ("2020", "SEN"), ("2020", "TUN")]),
        ("?sort=OBS_VALUE:desc", [("2020", "TUN"), ("2021", "SEN"), ("2020", "SEN")]),
        (
            "?sort=TIME_PERIOD:desc&dimensionAtObservation=TIME_PERIOD",
            [("2021", "SEN"), ("2020", "SEN"), ("2020", "TUN")],
        ),
    ],
)
def test_rows_come_in_the_order_of_the_view(hub, question, expected):
    [(_, rows)] = hub.ask(FLOW + question)
    assert told(rows, "TIME_PERIOD", "REF_AREA") == expected
