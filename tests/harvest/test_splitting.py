"""How a question is split: every code and every year in one part and in one alone, whatever is too large."""

from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.harvest.splitting import Cut, Part, enough_parts, pieces_of, plan_parts, read_part, shown_part, split_part

CUT = Cut(codes={"FREQ": ("A",), "SEX": ("F", "M", "_T"), "REF_AREA": tuple("ABCDEFGHIJ")}, years=(2000, 2009))


def test_the_dimension_with_the_fewest_codes_that_suffice_is_split():
    assert [part.codes for part in plan_parts(CUT, 3, 2026)] == [{"SEX": ("F",)}, {"SEX": ("M",)}, {"SEX": ("_T",)}]
    assert [len(part.codes["REF_AREA"]) for part in plan_parts(CUT, 4, 2026)] == [3, 3, 3, 1]
    assert len(plan_parts(CUT, 500, 2026)) == 10


def test_time_is_split_when_nothing_else_is_left_and_stays_open_at_both_ends():
    parts = plan_parts(Cut(codes={"FREQ": ("A",)}, years=(2000, 2009)), 2, 2026)
    assert [(part.since, part.until) for part in parts] == [(None, 2004), (2005, None)]
    assert [shown_part(part) for part in parts] == ["…–2004", "2005–…"]
    only = Part({}, since=2004, until=2004)
    assert split_part(only, Cut(codes={}), 2, 2026) == [only]


def test_a_refusal_that_tells_its_numbers_says_into_how_many_parts():
    assert pieces_of("estimated 420709314 rows, max authorised is 5000000") == enough_parts(420_709_314, 5_000_000)
    assert pieces_of("The answer would hold 12,000 observations; at most 4,000 are given") == 4
    assert pieces_of("too large") == pieces_of("") == 2


@given(
    st.dictionaries(st.sampled_from("XYZ"), st.integers(1, 7), max_size=3),
    st.integers(1, 6),
    st.integers(2, 9),
)
def test_parts_of_parts_cover_everything_once(sizes, years, pieces):
    codes = {name: tuple(f"{name}{number}" for number in range(count)) for name, count in sizes.items()}
    cut = Cut(codes=codes, years=(2000, 1999 + years))
    done, waiting = [], [Part({})]
    while waiting:
        part = waiting.pop()
        smaller = split_part(part, cut, pieces, 2026)
        waiting += smaller if len(smaller) > 1 else []
        done += [] if len(smaller) > 1 else [part]
    cells = [_cell(part, cut) for part in done]
    assert len(cells) == len(set(cells))
    expected = years
    for count in sizes.values():
        expected *= count
    assert len(cells) == expected
    assert [read_part(part.as_json()) for part in done] == done


def _cell(part, cut):
    since, until = part.since or cut.years[0], part.until or cut.years[1]
    chosen = tuple(part.codes.get(name, codes) for name, codes in cut.codes.items())
    assert since == until
    assert all(len(codes) == 1 for codes in chosen)
    return (*chosen, since)
