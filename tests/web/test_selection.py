from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from sdmx_hub.model.urn import Ref
from sdmx_hub.query import urls_v2
from sdmx_hub.web.downloads import data_path
from sdmx_hub.web.selection import read_selection
from tests.factories import make_structure

STRUCTURE = make_structure("FREQ.REF_AREA.SEX.TIME_PERIOD")
PERIODS = ("2019", "2020", "2021")
REF = Ref("TEST", "DF", "1.0.0")


@pytest.mark.parametrize(
    ("address", "filters", "page"),
    [
        ([], {}, 1),
        ([("c[REF_AREA]", "FR"), ("c[REF_AREA]", "ES")], {"REF_AREA": "FR,ES"}, 1),
        ([("c[REF_AREA]", "FR,ES"), ("c[REF_AREA]", "FR")], {"REF_AREA": "FR,ES"}, 1),
        ([("start", "2020"), ("end", "2021")], {"TIME_PERIOD": "ge:2020+le:2021"}, 1),
        ([("start", "1900"), ("end", "x' OR 1=1")], {}, 1),
        ([("c[OTHER]", "FR"), ("c[SEX]", "")], {}, 1),
        ([("page", "3")], {}, 3),
        ([("page", "-1")], {}, 1),
        ([("page", "0")], {}, 1),
        ([("page", "many")], {}, 1),
        ([("page", "99999999999999")], {}, 1),
    ],
)
def test_an_address_says_what_is_shown(address: list[tuple[str, str]], filters: dict[str, str], page: int) -> None:
    selection = read_selection(MultiDict(address), STRUCTURE, PERIODS)
    assert selection.filters() == filters
    assert selection.page == page


@pytest.mark.parametrize(
    "address",
    [
        [],
        [("c[REF_AREA]", "FR"), ("c[REF_AREA]", "ES"), ("c[SEX]", "F")],
        [("c[SEX]", "F"), ("start", "2020"), ("end", "2021")],
        [("start", "2020")],
    ],
)
def test_the_api_address_of_a_page_asks_for_what_the_page_shows(address: list[tuple[str, str]]) -> None:
    selection = read_selection(MultiDict(address), STRUCTURE, PERIODS)
    path, _, query = data_path(REF, selection.filters()).removeprefix("/sdmx/v2/data/").partition("?")
    asked = urls_v2.parse_data(path.split("/"), query)
    shown = selection.query(REF)
    assert (asked.agency_ids, asked.resource_ids, asked.versions) == (
        shown.agency_ids,
        shown.resource_ids,
        shown.versions,
    )
    assert sorted(asked.filters) == sorted(shown.filters)
