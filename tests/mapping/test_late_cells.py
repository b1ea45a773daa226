"""Columns become rows last of all where no test looks at cells: what comes out must be the same either way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sdmx_hub.mapping import compile as sql
from sdmx_hub.mapping.apply import Mapped
from tests.mapping.tables import observations

TABLE = (
    'ref,code,area,note,2021 F,2021 M,2022 F,2022 X,raw\nSEN,a,FRA,x,"1,5",2,,n.d.,k\nMLI,b,Nowhere,y,1e3,oops,4,5,k\n'
    "SEN,a,MLI,,7, 8 ,9,10,k\n,,,,,,,,\nSEN,c,Nowhere,z,-,x*,0,1 2,k\nTotal,a,FRA,,1,1,1,1,k\n"
)
LATE = "\nunpivot: {names: [code], columns: {pattern: '^20'}}\ncomponents:"
COMPONENTS: dict[str, dict[str, str]] = {
    "a row, a heading and both": {
        "  REF_AREA: SEN": "  REF_AREA: {column: ref, codes: {SEN: SEN}}",
        "  TIME_PERIOD: 2023": "  TIME_PERIOD: {column: code, extract: '^([0-9]{4})', time: '{yyyy}'}",
        "  SOURCE_TYPE: CEN": (
            "  SOURCE_TYPE: CEN\n  SEX: {column: [code, '#B'], codes: {2021 F | a: F, 2022 F | a: _T}}"
        ),
    },
    "codes of a time in the heading": {
        "  REF_AREA: SEN": (
            "  REF_AREA: {column: ref, codes: {SEN: [{code: SEN, valid_to: 2021}, {code: MLI, valid_from: 2022}], "
            "MLI: $skip}}"
        ),
        "  TIME_PERIOD: 2023": "  TIME_PERIOD: {column: code, extract: '^([0-9]{4})', time: '{yyyy}'}",
    },
    "weights, and a comment as it stands": {
        "COUNTERPART_AREA: {column: area}": (
            "COUNTERPART_AREA: {column: area, splits: {Nowhere: {FRA: 0.5, MLI: 0.5}}}\n  COMMENT_OBS: {column: note}"
        ),
        "  TIME_PERIOD: 2023": "  TIME_PERIOD: {column: code, extract: '^([0-9]{4})', time: '{yyyy}'}",
    },
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_columns_become_rows_early_or_late_with_one_result(
    apply_text: Callable[..., Mapped], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    changes = COMPONENTS[name] | {
        "column: n}": "column: $value, missing: {n.d.: O, '': $skip}, footnotes: {pattern: '[*]$'}}",
        "action: append": "action: append\nrows: {drop: [{column: ref, is: Total}]}",
        "\ncomponents:": LATE,
    }
    names = ("REF_AREA", "COUNTERPART_AREA", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "COMMENT_OBS")
    late = apply_text(TABLE, changes)
    drawn = sorted(observations(late, *names), key=str)
    told = [(one.code, one.where, one.source_value, one.count) for one in late.findings]
    with monkeypatch.context() as early:
        early.setattr(sql, "is_late", lambda _: False)
        early.setattr("sdmx_hub.mapping.compile_mapped.is_late", lambda _: False)
        again = apply_text(TABLE, changes)
    assert drawn
    assert told
    assert sorted(observations(again, *names), key=str) == drawn
    assert [(one.code, one.where, one.source_value, one.count) for one in again.findings] == told
    assert [one.uses for one in again.answers] == [one.uses for one in late.answers]
    assert (again.read, again.mapped, again.rejected, again.left_out, again.source_rows, again.value_mapped) == (
        late.read,
        late.mapped,
        late.rejected,
        late.left_out,
        late.source_rows,
        late.value_mapped,
    )
