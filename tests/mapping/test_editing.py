"""Entries of code tables are written into a mapping file without touching anything else in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import Conflict
from sdmx_hub.mapping.code_files import write_row
from sdmx_hub.mapping.document import parse_document
from sdmx_hub.mapping.editing import write_code
from tests.mapping.tables import MAPPINGS

BLOCK = """# an office
components:
  FREQ: A   # yearly
  AREA:
    column: pays
    # what the table calls them
    codes:
      Ensemble: W1      # total
      "Congo": COG

      # the rest
  SEX: {column: sexe, codes: {H: M, "F": F}}   # both
  AGE: {column: age}
  EDU:
    column: niveau

  OBS_VALUE:
    missing: {"": $skip}
rest: _T
"""


@pytest.mark.parametrize(
    ("component", "source", "code", "old", "new"),
    [
        ("AREA", "Tchad", "TCD", '      "Congo": COG\n', '      "Congo": COG\n      Tchad: TCD\n'),
        ("AREA", "Congo", "COD", '"Congo": COG', '"Congo": COD'),
        ("AREA", "Ensemble", None, "      Ensemble: W1      # total\n", ""),
        ("AREA", "a: b", "TCD", '      "Congo": COG\n', '      "Congo": COG\n      "a: b": TCD\n'),
        ("AREA", "No", "NOR", '      "Congo": COG\n', '      "Congo": COG\n      "No": NOR\n'),
        ("SEX", "Total, tous", "_T", '"F": F}', '"F": F, "Total, tous": _T}'),
        ("SEX", "H", None, '{H: M, "F": F}', '{"F": F}'),
        ("SEX", "F", None, 'H: M, "F": F', "H: M"),
        ("SEX", "H", "1", "H: M", "H: 1"),
        ("AGE", "15-24", "Y15T24", "{column: age}", "{column: age, codes: {15-24: Y15T24}}"),
        ("EDU", "Licence", "ISCED11_6", "niveau\n", "niveau\n    codes:\n      Licence: ISCED11_6\n"),
    ],
)
def test_an_entry_is_written_where_it_belongs(
    component: str, source: str, code: str | None, old: str, new: str
) -> None:
    changed = write_code(BLOCK, component, source, code)
    assert changed == BLOCK.replace(old, new, 1)


def test_the_last_entry_takes_its_table_with_it() -> None:
    added = write_code(BLOCK, "EDU", "Licence", "ISCED11_6")
    assert write_code(added, "EDU", "Licence", None) == BLOCK
    added = write_code(BLOCK, "AGE", "x", "_T")
    assert write_code(added, "AGE", "x", None) == BLOCK


def test_ends_of_lines_stay_those_of_the_file() -> None:
    text = BLOCK.replace("\n", "\r\n")
    assert write_code(text, "AREA", "Tchad", "TCD") == write_code(BLOCK, "AREA", "Tchad", "TCD").replace("\n", "\r\n")


def test_a_file_may_end_without_an_end_of_line() -> None:
    text = "components:\n  AREA:\n    column: pays\n    codes:\n      a: b"
    assert write_code(text, "AREA", "c", "d") == text + "\n      c: d\n"


@pytest.mark.parametrize("component", ["FREQ", "NOTHING"])
def test_a_constant_has_no_code_table(component: str) -> None:
    with pytest.raises(Conflict):
        write_code(BLOCK, component, "x", "y")


def test_codes_with_dates_are_left_to_people() -> None:
    text = BLOCK.replace("Ensemble: W1", "Ensemble: [{code: W1, valid_from: 2018}]")
    with pytest.raises(Conflict):
        write_code(text, "AREA", "Ensemble", "W0")


@settings(deadline=None, max_examples=15)
@given(
    st.text(min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool),
    st.sampled_from(["M", "_T", "1"]),
)
@pytest.mark.parametrize("component", ["AREA", "SEX", "AGE", "EDU"])
def test_whatever_the_text_it_is_read_back_and_can_be_taken_out(component: str, source: str, code: str) -> None:
    held = parse_document(BLOCK).value["components"][component].get("codes", {})
    if source in held:
        return
    changed = write_code(BLOCK, component, source, code)
    assert str(parse_document(changed).value["components"][component]["codes"][source]) == code
    assert write_code(changed, component, source, None) == BLOCK


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_every_mapping_shipped_can_be_added_to(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    components = parse_document(text).value["components"]
    mapped = [
        component
        for component, node in components.items()
        if isinstance(node, dict) and "column" in node and "codes_file" not in node
    ]
    for component in {*mapped[:1], *mapped[-1:]}:
        changed = write_code(text, component, "Quelque chose", "_T")
        assert write_code(changed, component, "Quelque chose", None) == text


def test_a_row_of_a_code_table_is_added_changed_and_taken_out() -> None:
    table = 'source,code,note\n"a, b",X,kept\nc,Y,\n'
    added = write_row(table, "d", "Z")
    assert added == table + "d,Z,\n"
    assert write_row(added, "d", None) == table
    assert write_row(table, "a, b", "W") == table.replace(",X,", ",W,")
    assert write_row(table.replace("\n", "\r\n").rstrip(), "d", "Z") == added.replace("\n", "\r\n")


@pytest.mark.parametrize("table", ["", "a,b\n1,2\n", 'source,code\n"x\ny",Z\n'])
def test_what_is_no_plain_table_is_left_alone(table: str) -> None:
    with pytest.raises(Conflict):
        write_row(table, "d", "Z")


def test_a_dated_row_is_left_to_people() -> None:
    with pytest.raises(Conflict):
        write_row("source,code,valid_from\na,X,2018\n", "a", "Y")
