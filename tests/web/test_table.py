from __future__ import annotations

from typing import Any

import pytest

from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.web.labels import Labels
from sdmx_hub.web.table import Table, read_table
from tests.factories import (
    OBSERVATION,
    component,
    make_artefact,
    make_codelist,
    make_concepts,
    make_dsd,
    series,
    urn_of,
)

DSD = make_dsd(
    [component("FREQ", "CL_FREQ"), component("REF_AREA", "CL_AREA"), component("SEX", "CL_SEX")],
    attributes=[
        component("OBS_STATUS", "CL_STATUS", **OBSERVATION),
        component("TITLE", **series("REF_AREA")),
    ],
)
ARTEFACTS = Artefacts(
    [
        DSD,
        make_artefact("Dataflow", "DF", structure=urn_of("DataStructure", "DSD")),
        make_concepts(["FREQ", "REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "TITLE"]),
        make_codelist("CL_FREQ", ["A", "M"]),
        make_codelist("CL_AREA", ["W", "FR", "ES"], parents={"FR": "W", "ES": "W"}),
        make_codelist("CL_SEX", ["T", "F"]),
        make_codelist("CL_STATUS", ["A", "E"]),
    ]
)
FR, ES = ("A", "FR", "T"), ("A", "ES", "T")


def labels(language: str = "en") -> Labels:
    return Labels(ARTEFACTS, ARTEFACTS.structure_of(DSD.urn), language)


def row(key: tuple[str, str, str], period: str, value: str | None, **more: Any) -> dict[str, Any]:
    return {"FREQ": key[0], "REF_AREA": key[1], "SEX": key[2], "TIME_PERIOD": period, "OBS_VALUE": value, **more}


@pytest.fixture
def table() -> Table:
    rows = [
        row(FR, "2020", "1.10", OBS_STATUS="A", TITLE="France in all"),
        row(FR, "2019", "2", OBS_STATUS="E", TITLE="France in all"),
        row(ES, "2020", None, OBS_STATUS="A"),
    ]
    return read_table(labels(), [ES, FR], rows, first=1, total=2)


def test_rows_are_named_by_the_dimensions_that_tell_them_apart(table: Table) -> None:
    shown = table.as_json(8)
    assert shown["heads"] == [{"id": "REF_AREA", "name": "Ref_Area"}]
    assert [one["labels"] for one in shown["rows"]] == [["Code ES"], ["Code FR"]]
    assert [(one["id"], one["value"]) for one in shown["common"]] == [("FREQ", "Code A"), ("SEX", "Code T")]


def test_periods_are_columns_in_the_order_of_time_and_values_keep_their_text(table: Table) -> None:
    shown = table.as_json(8)
    assert shown["periods"] == ["2019", "2020"]
    assert [cell["value"] for cell in shown["rows"][1]["cells"]] == ["2", "1.10"]
    assert shown["has_gaps"]


def test_only_flags_that_say_something_are_shown_with_their_meaning(table: Table) -> None:
    shown = table.as_json(8)
    assert shown["rows"][1]["cells"][0]["flags"] == ["E"]
    assert shown["flags"] == {"E": "Code E"}


def test_attributes_of_series_are_notes(table: Table) -> None:
    assert table.as_json(8)["notes"] == [{"id": "TITLE", "name": "Title", "value": "France in all"}]


def test_only_the_latest_periods_are_columns(table: Table) -> None:
    assert table.as_json(1)["periods"] == ["2020"]


def test_a_single_series_is_still_named() -> None:
    alone = read_table(labels("fr"), [FR], [row(FR, "2020", "1")], first=26, total=26)
    shown = alone.as_json(8)
    assert shown["rows"][0]["labels"] == ["Le code FR"]
    assert (shown["first"], shown["last"], shown["total"]) == (26, 26, 26)


def test_periods_of_different_frequencies_are_ordered_by_when_they_begin() -> None:
    rows = [row(FR, period, "1") for period in ("2020-Q3", "2021", "2020-01", "2020", "what")]
    assert read_table(labels(), [FR], rows, first=1, total=1).periods == ("2020-01", "2020", "2020-Q3", "2021", "what")


def test_codes_know_how_deep_they_lie_and_unknown_ones_stay_as_they_are() -> None:
    assert labels().depth("REF_AREA", "FR") == 1
    assert labels().depth("REF_AREA", "W") == 0
    assert labels().code("REF_AREA", "XX") == "XX"
    assert labels().code("TITLE", "some text") == "some text"
