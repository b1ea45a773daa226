"""What is found in rows does not depend on how they come: in order or not, as texts or as codes."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from sdmx_hub.load.checks import Terms, Total, check_rows
from sdmx_hub.load.checks.order import SeriesOrder, find_order
from sdmx_hub.load.checks.terms import Checking
from sdmx_hub.load.coding import code_rows
from sdmx_hub.model.rows import Rows
from tests.data_factories import make_specimen
from tests.support.engine import connect

SPECIMEN = make_specimen(
    "FREQ.COUNTERPART_AREA.SEX.AGE.UNIT_MEASURE.TIME_PERIOD",
    attributes={"OBS_STATUS": "obs", "UNIT_MULT": "series", "TITLE": "series"},
    codes={
        "FREQ": "A M", "COUNTERPART_AREA": "W0 W1 W2 FR", "SEX": "_T F M _U", "AGE": "_T Y_LT15 Y_GE15 _U",
        "UNIT_MEASURE": "PS PT USD", "OBS_STATUS": "A B M", "UNIT_MULT": "0 3",
    },
    types={"TITLE": "String"},
)  # fmt: skip
PLAIN = Terms(
    dataflow=SPECIMEN.dataflow.ref,
    structure=SPECIMEN.structure,
    codelists={one: found for one in SPECIMEN.structure.components if (found := SPECIMEN.codelist(one)) is not None},
)
DECLARED = dataclasses.replace(
    PLAIN,
    rounding=Decimal(5),
    totals=(
        Total(component_id="SEX", total="_T", tolerance=None),
        Total(component_id="AGE", total="_T", tolerance="1"),
    ),
)
COLUMNS = (*SPECIMEN.structure.components, "_row")
Row = Mapping[str, str | None]


def rows_of(given: Sequence[tuple[int, Row]], *, coded: bool = False) -> Rows:
    connection = connect()
    listed = ", ".join(f'"{one}" {"BIGINT" if one == "_row" else "VARCHAR"}' for one in COLUMNS)
    connection.execute(f"CREATE TEMP TABLE given ({listed})")
    cells = [[*(row.get(one) for one in COLUMNS[:-1]), number] for number, row in given]
    connection.executemany(f"INSERT INTO given VALUES ({', '.join('?' for _ in COLUMNS)})", cells)  # noqa: S608
    rows = Rows(connection=connection, sql="SELECT * FROM given", columns=COLUMNS, is_sorted=False)
    return code_rows(rows, SPECIMEN.structure) if coded else rows


def drawn(chance: random.Random, faults: float) -> list[Row]:
    """Rows series by series: totals and parts that mostly add up, and here and there something wrong."""
    rows: list[Row] = []
    unit, digits = chance.choice((("PS", 0), ("USD", 1), ("USD", 2)))
    for area in chance.sample(["W0", "W1", "W2", "FR"], 2):
        for sex in ("F", "M", "_T"):
            for age in ("Y_GE15", "Y_LT15", "_T"):
                multiplier = chance.choice("03")
                for year in range(2018, 2018 + chance.randint(2, 5)):
                    value = 60 * (2 if sex == "_T" else 1) * (2 if age == "_T" else 1) * (chance.choice((1, 1, 9)))
                    wrong = chance.random() < faults
                    unsure = chance.randint(-2, 2) / 10**digits if digits else 0
                    rows.append({
                        "FREQ": "A", "COUNTERPART_AREA": area, "SEX": sex, "AGE": age,
                        "UNIT_MEASURE": "PT" if wrong and chance.random() < 0.2 else unit, "TIME_PERIOD": str(year),
                        "OBS_VALUE": None if chance.random() < faults / 2 else f"{value + unsure:.{digits}f}",
                        "OBS_STATUS": chance.choice("AAAB"), "UNIT_MULT": multiplier,
                        "TITLE": chance.choice((None, "x", "y")) if wrong else None,
                    })  # fmt: skip
                    if wrong and chance.random() < 0.3:
                        rows.append(rows[-1])
    return rows


@pytest.mark.parametrize("terms", [PLAIN, DECLARED], ids=["as known", "as declared"])
@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_does_not_matter(seed: int, terms: Terms) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same rows every time
    given = list(enumerate(drawn(chance, 0.05 if seed % 2 else 0), start=2))
    mixed = chance.sample(given, len(given))
    found = [
        check_rows(rows_of(rows, coded=coded), terms).findings for rows in (given, mixed) for coded in (False, True)
    ]
    assert found[0] == found[1] == found[2] == found[3]
    assert {one.code for one in found[0]} >= {"V15"}


def test_rows_series_by_series_are_in_order_and_others_are_not() -> None:
    given = list(enumerate(drawn(random.Random(1), 0), start=2))  # noqa: S311 - the same rows every time

    def order_of(rows: Sequence[tuple[int, Row]], *, coded: bool = False) -> SeriesOrder | None:
        return find_order(Checking(rows_of(rows, coded=coded), PLAIN))

    whole = SeriesOrder(constant=frozenset({"UNIT_MULT", "TITLE"}), following=(1, 2, 3, 4))
    assert order_of(given, coded=True) == whole
    assert order_of(given) == dataclasses.replace(whole, following=None), "texts have no numbers"
    changed = [(given[0][0], {**given[0][1], "TITLE": "x"}), *given[1:]]
    assert order_of(changed, coded=True) == dataclasses.replace(whole, constant=frozenset({"UNIT_MULT"}))
    for rows in ([*given[1:], given[0]], [given[1], given[0], *given[2:]], [given[0], *given]):
        assert order_of(rows) is None


def test_periods_of_several_frequencies_are_in_no_order_of_time() -> None:
    base = {"COUNTERPART_AREA": "W0", "SEX": "_T", "AGE": "_T", "UNIT_MEASURE": "PS", "OBS_VALUE": "60"}
    pairs = [("A", "2019"), ("A", "2020"), ("M", "2019-01"), ("M", "2019-02")]
    rows = [{**base, "FREQ": letter, "TIME_PERIOD": period} for letter, period in pairs]
    order = find_order(Checking(rows_of(list(enumerate(rows)), coded=True), PLAIN))
    assert order is not None
    assert order.following is None
