"""What grows with a table is bounded: texts looked up, texts told, memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping import lookups, telling
from sdmx_hub.mapping.apply import Mapped
from tests.mapping.tables import codes, observations


def test_a_column_with_too_many_texts_to_be_codes_is_told(
    apply_text: Callable[..., Mapped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "MOST_TEXTS", 3)
    mapped = apply_text("area,n\nFRA,1\nITA,2\nESP,3\nDEU,4\n")
    [finding] = mapped.findings
    assert (finding.code, finding.where.column, finding.params["most"]) == ("MAP-TEXTS", "area", 3)
    assert mapped.mapped == 0
    assert apply_text("area,n\nFRA,1\nITA,2\nESP,3\nESP,4\n").mapped == 4


def test_cells_that_hold_no_number_are_told_up_to_a_limit_and_counted_beyond(
    apply_text: Callable[..., Mapped], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "MOST", 3)
    mapped = apply_text("area,n\n" + "".join(f"FRA,x{number}\n" for number in range(10)))
    assert codes(mapped) == ["MAP-MORE", "NUM-PARSE", "NUM-PARSE", "NUM-PARSE"]
    assert mapped.findings[0].params["count"] == 7
    assert mapped.rejected == 10


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", "12"), ("0", "0"), ("-3", "-3"), ("-0", "-0"), ("1,5", "1.5"), ("007", "7"), ("+4", "4"), (",5", "0.5")],
)
def test_the_plainest_numbers_and_all_others_come_out_alike(
    apply_text: Callable[..., Mapped], text: str, number: str
) -> None:
    table = f"area;n\nFRA;{text}\n"
    mapped = apply_text(table, {"format: csv": "format: csv, delimiter: ';', decimal: ','"})
    assert observations(mapped, "OBS_VALUE") == [(number,)]


def test_a_number_that_is_declared_a_mark_is_no_number(apply_text: Callable[..., Mapped]) -> None:
    mapped = apply_text(
        "area,n\nFRA,-9\nITA,9\n", {"OBS_VALUE: {column: n}": 'OBS_VALUE: {column: n, missing: {"-9": L}}'}
    )
    assert observations(mapped, "OBS_VALUE", "OBS_STATUS") == [(None, "L"), ("9", "A")]
