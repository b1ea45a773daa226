"""Codelists as spreadsheets: what translators save is what the hub reads, and a damaged file says where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats.codelist_csv import CodelistHeading, read, read_index, write
from sdmx_hub.load.artefact_pack import pack_root
from sdmx_hub.model.urn import Ref
from tests.factories import make_codelist
from tests.formats.structure_strategies import IDS, NCNAMES, WORDS

HEADING = CodelistHeading(Ref("A", "CL", "1.0"), {"en": "List"}, {})


def test_every_list_of_the_pack_is_written_as_it_was_read() -> None:
    for folder in sorted((pack_root() / "codelists").iterdir()):
        headings = read_index((folder / "index.csv").read_bytes(), folder.name)
        assert headings
        for heading in headings:
            data = (folder / f"{heading.ref.id}-{heading.ref.version}.csv").read_bytes()
            codelist = read(data, heading)
            assert read(write(codelist), heading).document == codelist.document


ROW = st.fixed_dictionaries({"id": IDS, "en": WORDS, "fr": WORDS | st.just(""), "note": WORDS | st.just("")})


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=5, unique_by=lambda row: row["id"]), kind=NCNAMES)
def test_what_is_written_is_what_is_read(rows: list[dict[str, str]], kind: str) -> None:
    codelist = make_codelist(
        "CL", [row["id"] for row in rows], {rows[-1]["id"]: rows[0]["id"]} if len(rows) > 1 else {}
    )
    for code, row in zip(codelist.items, rows, strict=True):
        code["names"] = {"en": row["en"]} | ({"fr": row["fr"]} if row["fr"] else {})  # type: ignore[index]
        if row["note"]:
            code["annotations"] = [{"type": kind, "title": row["note"]}]  # type: ignore[index]
    first = read(write(codelist), HEADING)
    assert [code["names"] for code in first.items] == [code["names"] for code in codelist.items]
    assert read(write(first), HEADING).document == first.document


def test_validity_becomes_annotations_and_comes_back() -> None:
    data = b"id,name.en,valid_from,valid_to\nYUG,Yugoslavia,1945,1992\nSRB,Serbia,2006,\n"
    codelist = read(data, HEADING)
    assert codelist.items[0]["annotations"] == [
        {"type": "VALID_FROM", "title": "1945"},
        {"type": "VALID_TO", "title": "1992"},
    ]
    assert b"valid_from,valid_to\n" in write(codelist)
    assert read(write(codelist), HEADING).document == codelist.document


def test_a_byte_order_mark_and_quoted_line_breaks_are_read() -> None:
    codelist = read('\ufeffid,name.en\nA,"two\nlines"\n'.encode(), HEADING)
    assert codelist.items[0]["names"] == {"en": "two\nlines"}


DAMAGED = {
    "no id column": (b"code,name.en\nA,B\n", "structures-csv-header"),
    "an unknown column": (b"id,colour\nA,B\n", "structures-csv-unknown"),
    "a language without a name": (b"id,name.\nA,B\n", "structures-csv-unknown"),
    "a short row": (b"id,name.en\nA\n", "structures-csv-cells"),
    "an open quote": (b'id,name.en\nA,"B\n', "structures-csv"),
    "no UTF-8": (b"id,name.en\nA,\xff\n", "structures-csv"),
    "nothing": (b"", "structures-csv-header"),
}


@pytest.mark.parametrize("case", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_with_its_reason(case: tuple[bytes, str]) -> None:
    data, key = case
    with pytest.raises(Malformed) as refusal:
        read(data, HEADING)
    assert refusal.value.key == key


def test_a_short_row_is_told_with_its_line() -> None:
    with pytest.raises(Malformed, match="Line 3 has 1 cell,"):
        read(b"id,name.en\nA,B\nC\n", HEADING)


def test_an_index_names_what_is_extended() -> None:
    (heading,) = read_index(b"id,version,name.en,extends,source\nCL,1.0,List,SDMX:CL_SEX(2.1),us\n", "A")
    assert heading.extends == (Ref("SDMX", "CL_SEX", "2.1"),)
    with pytest.raises(BadRequest):
        read_index(b"id,version,name.en,extends\nCL,1.0,List,CL_SEX\n", "A")
