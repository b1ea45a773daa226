import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.versions import matches, parse_pattern, parse_versions, parse_versions_v1, select_versions

THERE = (
    "1",
    "2",
    "1.0",
    "1.2",
    "1.10",
    "2.1",
    "0.9.0",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.2.3",
    "1.10.0",
    "2.0.0",
    "2.3.0",
    "2.3.4",
    "3.0.0-draft",
    "1.2.4-rc.2",
    "1.2.4-rc.10",
)

LATEST_STABLE = [
    ("+", "2.3.4"),
    ("+.0.0", "2.3.4"),
    ("1+.0.0", "2.3.4"),
    ("1.+.0", "1.10.0"),
    ("1.0+.0", "1.10.0"),
    ("1.2.+", "1.2.3"),
    ("1.2.0+", "1.2.3"),
    ("2+.3.0", "2.3.4"),
    ("1.3+.0", "1.10.0"),
    ("1.2.3+", "1.2.3"),
]
LATEST = [
    ("~", "3.0.0-draft"),
    ("~.0", "2.1"),
    ("0~.0", "2.1"),
    ("~.0.0", "3.0.0-draft"),
    ("0~.0.0", "3.0.0-draft"),
    ("1.~", "1.10"),
    ("1.0~", "1.10"),
    ("1.~.0", "1.10.0"),
    ("1.0~.0", "1.10.0"),
    ("1.2.~", "1.2.4-rc.10"),
    ("1.2.0~", "1.2.4-rc.10"),
    ("1~.5", "2.1"),
    ("2~.3.1", "3.0.0-draft"),
    ("1.2~", "1.10"),
    ("1.2~.4", "1.10.0"),
    ("1.2.4~", "1.2.4-rc.10"),
    ("0.~.0", "0.9.0"),
]
ALL = [
    ("*", set(THERE)),
    ("*.0", {"1.0", "1.2", "1.10", "2.1"}),
    ("0*.0", {"1.0", "1.2", "1.10", "2.1"}),
    ("*.0.0", {version for version in THERE if version.count(".") >= 2}),
    ("1.*", {"1.0", "1.2", "1.10"}),
    ("1.0*", {"1.0", "1.2", "1.10"}),
    ("1.*.0", {"1.0.0", "1.0.1", "1.2.0", "1.2.3", "1.10.0", "1.2.4-rc.2", "1.2.4-rc.10"}),
    ("1.0*.0", {"1.0.0", "1.0.1", "1.2.0", "1.2.3", "1.10.0", "1.2.4-rc.2", "1.2.4-rc.10"}),
    ("1.2.*", {"1.2.0", "1.2.3", "1.2.4-rc.2", "1.2.4-rc.10"}),
    ("1.2.0*", {"1.2.0", "1.2.3", "1.2.4-rc.2", "1.2.4-rc.10"}),
    ("1*.2", {"1.2", "1.10", "2.1"}),
    ("2*.3.1", {"2.3.4", "3.0.0-draft"}),
    ("1.2*", {"1.2", "1.10"}),
    ("1.2*.3", {"1.2.3", "1.10.0", "1.2.4-rc.2", "1.2.4-rc.10"}),
    ("1.2.1*", {"1.2.3", "1.2.4-rc.2", "1.2.4-rc.10"}),
]
REFUSED = [
    "+.2.3",
    "1.+.3",
    "~.2",
    "~.2.3",
    "1.~.3",
    "*.2",
    "*.2.3",
    "1.*.3",
    "+.0",
    "2.3+",
    "1.+",
    "~.0.*",
    "3.2*.1+",
    "3.2+.1+",
    "+~",
    "2+",
    "2~",
    "x",
    "1.2.3.4",
    "1.2-draft",
    "1..0",
    "1.2.3+4",
    "1.2.3-draft+",
    ".1",
    "1.",
]


@pytest.mark.parametrize(("pattern", "expected"), LATEST_STABLE + LATEST)
def test_a_latest_pattern_chooses_one_version(pattern, expected):
    assert select_versions([pattern], THERE) == (expected,)


@pytest.mark.parametrize(("pattern", "expected"), ALL)
def test_an_all_pattern_chooses_every_version_of_its_form(pattern, expected):
    assert set(select_versions([pattern], THERE)) == expected


@pytest.mark.parametrize("version", THERE)
def test_an_exact_version_chooses_itself(version):
    assert select_versions([version], THERE) == (version,)


@pytest.mark.parametrize("pattern", REFUSED)
def test_an_unsupported_pattern_is_refused(pattern):
    with pytest.raises(BadRequest) as refusal:
        parse_pattern(pattern)
    assert pattern in str(refusal.value)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("1~.2.0,1.2.0+", ("1.2.3", "3.0.0-draft")),
        ("+,1.2.1*", ("1.2.3", "1.2.4-rc.2", "1.2.4-rc.10", "2.3.4")),
    ],
)
def test_alternatives_are_joined(patterns, expected):
    assert select_versions(parse_versions(patterns, "~"), THERE) == expected


def test_a_bare_plus_finds_a_two_part_version_where_nothing_is_stable():
    assert select_versions(["+"], ["1.0", "1.1", "0.1.0", "2.0.0-draft"]) == ("1.1",)
    assert select_versions(["1+.0.0"], ["1.0", "1.1"]) == ()


def test_a_draft_comes_before_its_release():
    assert select_versions(["~"], ["2.0.0-draft", "2.0.0", "1.9.9"]) == ("2.0.0",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("~",)),
        ("latest", ("~",)),
        ("LATEST", ("~",)),
        ("all", ("*",)),
        ("ALL", ("*",)),
        ("*", ("*",)),
        ("1.0", ("1.0",)),
        ("1.0+2.0", ("1.0", "2.0")),
        ("1.0,2.0", ("1.0", "2.0")),
        ("+", ("+",)),
        ("~", ("~",)),
    ],
)
def test_the_versions_of_rest_v1_are_read(text, expected):
    assert parse_versions_v1(text) == expected


def test_matches_looks_at_the_other_versions():
    assert matches("~", "2.0", all_versions=["1.0", "2.0"])
    assert not matches("~", "1.0", all_versions=["1.0", "2.0"])


@settings(deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}", fullmatch=True), max_size=8))
def test_what_is_latest_is_among_all(versions):
    everything = set(select_versions(["*"], versions))
    assert everything == set(versions)
    for pattern in ("~", "+", "~.0", "~.0.0", "1.~", "1+.0.0", "0*.0"):
        assert set(select_versions([pattern], versions)) <= everything


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_refused(text):
    try:
        parse_pattern(text)
    except BadRequest:
        return
    assert select_versions([text], [text]) in {(text,), ()}
