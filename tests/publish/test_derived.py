"""What follows from published figures, and what must not be worked out of them."""

from __future__ import annotations

from typing import Any

import pytest

from sdmx_hub.publish.derived import Cell, DerivedValue, Row, derive_shares, derive_totals
from sdmx_hub.store.artefacts import Artefacts
from tests.factories import component, make_artefact, make_codelist, make_concepts, make_dsd, urn_of

IDS = ["COUNTERPART_AREA", "SEX", "UNIT_MEASURE"]
DSD = make_dsd([component(one, f"CL_{one}") for one in IDS])
ARTEFACTS = Artefacts(
    [
        DSD,
        make_artefact("Dataflow", "DF", structure=urn_of("DataStructure", "DSD")),
        make_concepts([*IDS, "TIME_PERIOD", "OBS_VALUE"]),
        make_codelist("CL_COUNTERPART_AREA", ["W0", "W1", "W2"]),
        make_codelist("CL_SEX", ["_T", "F", "M", "_U"]),
        make_codelist("CL_UNIT_MEASURE", ["PS", "PT"]),
    ]
)
STRUCTURE = ARTEFACTS.structure_of(DSD.urn)


def table(unit: str = "PS", **values: Any) -> dict[Cell, Row]:
    """Cells of one period, named ``W0_F``; a value is a text, or a row."""
    cells: dict[Cell, Row] = {}
    for name, value in values.items():
        area, _, sex = name.partition("_")
        told = value if isinstance(value, dict) else {"OBS_VALUE": value}
        cells[(area, "_T" if sex == "T" else sex, unit), "2014"] = {"UNIT_MEASURE": unit, "OBS_STATUS": "A", **told}
    return cells


HIDDEN = {"OBS_VALUE": None, "OBS_STATUS": "Q", "CONF_STATUS": "A"}
MISSING = {"OBS_VALUE": None, "OBS_STATUS": "L"}


def named(found: dict[Cell, DerivedValue]) -> dict[str, tuple[str, str]]:
    return {f"{key[0]}_{key[1].strip('_')}": (one.value, one.formula) for (key, _), one in found.items()}


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (table(W1_T="396", W2_T="5637"), {"W0_T": ("6033", "W1 + W2")}),
        (table(W0_T="4702", W1_T="494"), {"W2_T": ("4208", "W0 − W1")}),
        (table(W0_T="4702", W1_T="494", W2_T=MISSING), {"W2_T": ("4208", "W0 − W1")}),
        (table(W0_F="1142", W0_M="3560"), {"W0_T": ("4702", "F + M")}),
        (table(W0_F="1", W0_M="2", W0__U="4"), {"W0_T": ("7", "F + M + _U")}),
        (table(W0_T="7", W0_M="2", W0__U="4"), {"W0_F": ("1", "_T − M − _U")}),
        (table(W0_T="7.5", W0_M="2"), {"W0_F": ("5.5", "_T − M")}),
        (table(W0_T="4702", W1_T="494", W2_T=HIDDEN), {}),
        (table(W1_T="3", W2_T=HIDDEN), {}),
        (table(W0_F="1", W0_M="2", W0__U=HIDDEN), {}),
        (table(W0_F="1", W0_M="2", W0__U=MISSING), {}),
        (table(W0_T="1", W1_T="2"), {}),
        (table(W1_T="396"), {}),
        (table("PT", W1_T="39", W2_T="61"), {}),
        (table(W1_T={"OBS_VALUE": "1", "UNIT_MULT": "3"}, W2_T={"OBS_VALUE": "1", "UNIT_MULT": "0"}), {}),
        (table(W1_T="NaN", W2_T="1"), {}),
    ],
)
def test_what_is_not_stated_follows_in_one_step_or_not_at_all(
    cells: dict[Cell, Row], expected: dict[str, tuple[str, str]]
) -> None:
    assert named(derive_totals(cells, STRUCTURE)) == expected


def test_shares_are_of_stated_and_of_derived_wholes_and_never_of_what_is_hidden() -> None:
    cells = table(W1_T="396", W2_T="5637", W1_F="5", W1_M=HIDDEN)
    shares = derive_shares(cells, derive_totals(cells, STRUCTURE), STRUCTURE)
    found = {(component_id, *key[:2]): one.value for (component_id, (key, _)), one in shares.items()}
    assert found == {
        ("COUNTERPART_AREA", "W1", "_T"): "6.56",
        ("COUNTERPART_AREA", "W2", "_T"): "93.44",
        ("SEX", "W1", "F"): "1.26",
    }


def test_nothing_is_a_share_of_nought() -> None:
    assert derive_shares(table(W0_T="0", W1_T="0"), {}, STRUCTURE) == {}
