"""Cells with several values or languages."""

from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.model.cells import read_cell, write_cell

PLAIN = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)
LANGUAGES = st.sampled_from(["en", "fr", "es", "pt-BR"])
VALUES = st.one_of(PLAIN, st.dictionaries(LANGUAGES, PLAIN, min_size=1))


@given(st.lists(VALUES, min_size=1))
def test_what_is_written_into_a_cell_is_read_from_it(values):
    assert list(read_cell(write_cell(values))) == values


def test_a_plain_text_is_its_own_cell():
    assert write_cell(["1.10"]) == "1.10"
