import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.model.cells import write_cell
from sdmx_hub.query.conditions import Kind, PlannedFilter, is_number
from sdmx_hub.query.filters import parse_filter

TABLE = [
    (Kind.TEXT, "A", "A", True),
    (Kind.TEXT, "A", "a", False),
    (Kind.TEXT, "ge:B", "A", False),
    (Kind.TEXT, "ge:B", "BA", True),
    (Kind.TEXT, "lt:10", "9", False),
    (Kind.NUMBER, "lt:10", "9", True),
    (Kind.NUMBER, "1.1", "1.10", True),
    (Kind.NUMBER, "1000", "1e3", True),
    (Kind.NUMBER, "ne:1.1", "1.10", False),
    (Kind.NUMBER, "ge:10+le:20", "15", True),
    (Kind.NUMBER, "ge:10+le:20,50", "50.0", True),
    (Kind.NUMBER, "ge:0", "NaN", False),
    (Kind.NUMBER, "le:0", "NaN", False),
    (Kind.NUMBER, "ne:0", "NaN", True),
    (Kind.NUMBER, "ge:0", "n.d.", False),
    (Kind.NUMBER, "sw:1.1", "1.10", True),
    (Kind.PERIOD, "ge:2024", "2024-03-01T09:00:00Z", True),
    (Kind.PERIOD, "lt:2024", "2024-03-01", False),
    (Kind.TEXT, "co:euro", "in euros", True),
    (Kind.TEXT, "nc:euro", "in euros", False),
    (Kind.TEXT, "sw:in", "in euros", True),
    (Kind.TEXT, "ew:as", "in euros", False),
    (Kind.TEXT, "ne:A,B", "B", True),
    (Kind.TEXT, "ne:A+ne:B", "B", False),
]


@pytest.mark.parametrize(("kind", "condition", "text", "expected"), TABLE)
def test_a_value_is_compared_by_the_kind_of_its_component(kind, condition, text, expected):
    assert PlannedFilter("X", parse_filter("X", condition).any_of, kind).matches(text) is expected


CELLS = [
    ("A", ["A", "B"], True),
    ("A", ["AB", "B"], False),
    ("A+B", ["A", "B", "C"], True),
    ("A+D", ["A", "B"], False),
    ("A,D", ["A", "B"], True),
    ("ne:A", ["A", "B"], False),
    ("ne:C", ["A", "B"], True),
    ("ne:A,B", ["A", "B"], True),
    ("ge:B", ["A", "B"], True),
    ("gt:B", ["A", "B"], False),
    ("co:work", [{"en": "work permit", "fr": "permis"}], True),
    ("sw:permis", [{"en": "work permit", "fr": "permis"}], True),
    ("sw:fr", [{"en": "work permit", "fr": "permis"}], False),
    ("nc:permi", [{"en": "visa", "fr": "permis"}], False),
    ("nc:titre", [{"en": "visa", "fr": "permis"}], True),
    ("ew:permis", [{"en": "visa", "fr": "permis"}, {"en": "none"}], True),
]


@pytest.mark.parametrize(("condition", "values", "expected"), CELLS)
def test_a_cell_of_several_texts_is_wanted_for_one_of_them(condition, values, expected):
    asked = PlannedFilter("X", parse_filter("X", condition).any_of, is_plain=False)
    assert asked.matches(write_cell(values)) is expected


def test_numbers_of_an_array_compare_as_numbers():
    asked = PlannedFilter("X", parse_filter("X", "gt:9+lt:11").any_of, Kind.NUMBER, is_plain=False)
    assert asked.matches(write_cell(["1", "10"]))
    assert asked.matches(write_cell(["10.0"]))
    assert asked.matches(write_cell(["011.5", "9"])), "each condition looks for a value of its own"
    assert not asked.matches(write_cell(["9", "8e0"]))


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(
    ("condition", "expected"),
    [("2020", False), ("ne:2020", True), ("lt:2020", False), ("ge:2020", False), ("co:2", False), ("nc:2", True)],
)
def test_an_absent_value_satisfies_only_what_is_negative(kind, condition, expected):
    assert PlannedFilter("X", parse_filter("X", condition).any_of, kind).matches(None) is expected


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_are_numbers(number):
    assert is_number(str(number))


@settings(deadline=None)
@given(st.text("0123456789.eE+-_ xNan", max_size=12))
def test_what_is_a_number_converts(text):
    if is_number(text):
        float(text)
