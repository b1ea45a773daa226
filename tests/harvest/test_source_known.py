"""What a source file names and the hub does not hold: told at its line, and never a reason to refuse it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdmx_hub.harvest.source_file import read_source_text
from sdmx_hub.harvest.source_known import check_known
from sdmx_hub.load.artefact_pack import pack_root, read_pack
from sdmx_hub.model.finding import Severity
from sdmx_hub.store.artefacts import Artefacts

SOURCE = """\
id: P
title: {en: The partner}
endpoint: https://stats.example.org/sdmx
api: v2
schedule: {every: 1 day}
flows:
  - dataflow: ILMH:DF_STOCK_POP(1.0.0)
    filters: {REF_AREA: [SEN], SEX: [F, M]}
    totals: [{component: SEX, total: _T, parts: [F, M]}]
"""


@pytest.fixture(scope="module")
def artefacts() -> Artefacts:
    return Artefacts(read_pack(pack_root()))


def find(text: str, artefacts: Artefacts) -> list[tuple[str, int | None, str | None, str | None]]:
    file = read_source_text(text, Path("P.yaml"))
    assert file.source is not None, file.findings
    found = check_known(file, artefacts, name="P.yaml")
    assert all(one.severity is Severity.WARNING and one.text("fr") != one.text("es") for one in found)
    return [(one.code, one.where.row, one.where.path, one.suggestion) for one in found]


def test_what_is_held_is_not_told(artefacts: Artefacts) -> None:
    assert find(SOURCE, artefacts) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "DF_STOCK_POP(",
            "DF_STOK_POP(",
            ("SOURCE-DATAFLOW", 7, "flows[1].dataflow", "ILMH:DF_STOCK_POP(1.0.0)"),
        ),
        ("REF_AREA: [SEN]", "REF_ARE: [SEN]", ("SOURCE-DIMENSION", 8, "flows[1].filters.REF_ARE", "REF_AREA")),
        ("SEX: [F, M]}\n", "SEX: [F, X9]}\n", ("SOURCE-CODE", 8, "flows[1].filters.SEX", None)),
        ("component: SEX", "component: GENDER", ("SOURCE-DIMENSION", 9, "flows[1].totals[1]", None)),
        ("total: _T", "total: _TT", ("SOURCE-CODE", 9, "flows[1].totals[1]", "_T")),
    ],
)
def test_what_is_not_held_is_told_where_it_stands(
    artefacts: Artefacts, old: str, new: str, told: tuple[str, int, str, str | None]
) -> None:
    found = find(SOURCE.replace(old, new), artefacts)
    assert (found[0][:3], len(found)) == (told[:3], 1)
    assert told[3] in {None, found[0][3]}


def test_a_key_has_at_most_the_dimensions_of_the_structure(artefacts: Artefacts) -> None:
    keyed = SOURCE.replace("filters: {REF_AREA: [SEN], SEX: [F, M]}", f"key: {'.' * 30}")
    assert [one[0] for one in find(keyed, artefacts)] == ["SOURCE-KEY-LONG"]
    assert find(keyed.replace("." * 30, "A.XYZ"), artefacts)[0][:3] == ("SOURCE-CODE", 8, "flows[1].key")


def test_a_source_whose_structures_are_adopted_is_not_held_against_ours(artefacts: Artefacts) -> None:
    assert (
        find(SOURCE.replace("DF_STOCK_POP", "DF_OTHER").replace("api: v2", "api: v2\nstructures: adopt"), artefacts)
        == []
    )
