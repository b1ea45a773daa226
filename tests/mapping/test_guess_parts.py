"""Each question a draft asks of a table, asked alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.mapping.document import parse_document
from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.guess.delimited import guess_delimiter
from sdmx_hub.mapping.guess.encoding import guess_encoding
from sdmx_hub.mapping.guess.extent import guess_extent
from sdmx_hub.mapping.guess.periods import guess_times
from sdmx_hub.mapping.guess.sample import MOST_CELLS, MOST_ROWS, read_samples
from sdmx_hub.mapping.guess.signs import guess_signs
from sdmx_hub.mapping.guess.writing import flow
from sdmx_hub.store.artefacts import Artefacts

BOUND = 60
"""Seconds a hostile table may take on a busy machine; unbounded work on these tables takes many minutes."""


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("Sénégal;Côte d'Ivoire".encode(), "utf-8"),
        ("\ufeffSénégal".encode(), "utf-8"),
        ("Sénégal;Côte d'Ivoire;Tchécoslovaquie".encode("cp1252"), "cp1252"),
        ("Curaçao;Côte d'Ivoire;Réunion;São Tomé".encode("cp850"), "cp850"),
        ("España;México;año".encode("utf-16"), "utf-16"),
        (b"plain", "utf-8"),
    ],
)
def test_the_encoding_is_the_one_that_gives_letters(data: bytes, name: str) -> None:
    assert guess_encoding(data).name == name


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b,c\n1,2,3\n", ","),
        ("Pays;Effectif;%\nFrance;34 434;20,7\nItalie;25 442;15,3\n", ";"),
        ("a\tb\n1,5\t2\n3,5\t4\n", "\t"),
        ("MES|SEXO|ENTRADAS\nMARZO|F|1.204\n", "|"),
        ('"a, b",1\n"c, d",2\n', ","),
        ("one column\n1\n2\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_cuts_evenly(text: str, delimiter: str) -> None:
    assert guess_delimiter(text) == delimiter


@pytest.mark.parametrize(
    ("texts", "decimal", "thousands"),
    [
        (["1 204", "12"], None, " "),
        (["1\u202f204", "12,5"], ",", " "),
        (["1.204,5", "3"], ",", "."),
        (["1,204.5", "3"], ".", ","),
        (["1.234.567"], None, "."),
        (["12,5", "3,25"], ",", None),
        (["0.125", "12"], ".", None),
        (["47.867", "2379.704"], ".", None),
        (["12", "13"], None, None),
        (["1,204", "12,5 %"], ",", None),
    ],
)
def test_signs_are_those_all_numbers_agree_with(texts: list[str], decimal: str | None, thousands: str | None) -> None:
    signs = guess_signs(texts)
    assert (signs.decimal, signs.thousands) == (decimal, thousands)


def test_a_sign_before_three_digits_only_is_told_to_be_doubtful() -> None:
    assert guess_signs(["1.204", "998"]).others == ("decimal: .",)


def test_words_in_place_of_numbers_keep_their_meaning() -> None:
    signs = guess_signs(["1", "n.d.", "-", "*", "what"])
    assert (signs.missing, signs.nil, signs.suppressed, signs.unread) == ({"n.d.": "O"}, ("-",), ("*",), ("what",))


@pytest.mark.parametrize(
    ("texts", "pattern", "frequencies"),
    [
        (["2019", "2020"], "{yyyy}", ("A",)),
        (["2019-Q1", "2019-Q2"], "iso", ("Q",)),
        (["2019", "2019-Q1"], "iso", ("A", "Q")),
        (["2025T4", "2025T3"], "{yyyy}T{q}", ("Q",)),
        (["Octobre 2021", "Novembre 2021"], "{month} {yyyy}", ("M",)),
        (["exercice 2022-2023"], "exercice {yyyy}-{yyyy_end}", ("A",)),
        (["03/2020", "04/2020"], "{mm}/{yyyy}", ("M",)),
    ],
)
def test_times_are_read_by_the_plainest_pattern(texts: list[str], pattern: str, frequencies: tuple[str, ...]) -> None:
    times = guess_times(texts)
    assert times is not None
    assert (times.pattern, times.frequencies) == (pattern, frequencies)


def test_words_are_no_times() -> None:
    assert guess_times(["France", "Italy"]) is None


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.text(st.characters(codec="utf-8"), max_size=12),
        lambda inner: st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), inner, max_size=3),
        max_leaves=6,
    )
)
def test_what_is_written_is_read_again(value: object) -> None:
    document = parse_document(f"key: {flow(value)}\n")
    assert document.findings == []
    assert document.value == {"key": value}


def test_every_code_of_the_vocabulary_is_a_code_of_its_list(artefacts: Artefacts) -> None:
    lists = {artefact.ref.id: artefact for artefact in artefacts if artefact.urn.class_name == "Codelist"}
    areas = {"REF_AREA": "CL_AREA", "COUNTERPART_AREA": "CL_AREA", "SEX+AGE": "CL_AGE"}
    for component_id in (
        "SEX",
        "AGE",
        "MIG_REASON",
        "MIG_TYPE",
        "MIG_STATUS",
        "COUNTERPART_AREA",
        "UNIT_MEASURE",
        "FREQ",
        "OBS_STATUS",
    ):
        known = {item["id"] for item in lists[areas.get(component_id, f"CL_{component_id}")].items}
        general = set() if component_id == "COUNTERPART_AREA" else {"_T", "_U"}
        assert set(vocabulary.words(component_id).values()) - general <= known, component_id
    indicators = {
        item["id"] for name, artefact in lists.items() if name.startswith("CL_IND_") for item in artefact.items
    }
    assert vocabulary.indicators().keys() <= indicators
    sources = {item["id"] for item in lists["CL_SOURCE_TYPE"].items}
    assert {code for _, _, code in vocabulary.sources()} <= sources


def test_a_million_rows_are_looked_at_from_the_beginning_only(tmp_path: Path, timed: Callable[[], float]) -> None:
    file = tmp_path / "long.csv"
    file.write_text("Year,Destination,Number\n" + "2020,France,12\n" * 1_000_000, encoding="utf-8")
    [sample] = read_samples(file, None)
    extent = guess_extent(sample)
    assert timed() < BOUND
    assert not sample.is_whole
    assert len(sample.rows) <= MOST_ROWS + 100
    assert extent is not None


def test_ten_thousand_columns_are_looked_at_in_few_rows(tmp_path: Path, timed: Callable[[], float]) -> None:
    file = tmp_path / "wide.csv"
    heading = ",".join(["Destination", *(f"x{n}" for n in range(10_000))])
    rows = "\n".join("France," + ",".join(["1"] * 10_000) for _ in range(300))
    file.write_text(f"{heading}\n{rows}\n", encoding="utf-8")
    [sample] = read_samples(file, None)
    assert guess_extent(sample) is not None
    assert timed() < BOUND
    assert sum(len(cells) for _, cells in sample.rows) <= MOST_CELLS + 100 * 10_001


@pytest.fixture
def timed() -> Callable[[], float]:
    """Seconds since the test began."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
