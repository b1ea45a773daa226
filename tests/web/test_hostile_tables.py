"""Broken and hostile tables that are posted: the same finding as at the command line, nothing stored, the hub alive."""

from __future__ import annotations

import io
from pathlib import PurePath

import pytest

from tests.mapping.tables import changed
from tests.mapping.test_hostile import CASES, FORMATS
from tests.web.conftest import Parts
from tests.web.test_api import bearer

LARGE = {"bomb in a sheet", "quote never closed, megabytes", "one line", "zip in a zip", "a cell of ten megabytes"}
"""Megabytes: the command line meets them in its own tests."""


@pytest.fixture(scope="module")
def door(parts: Parts):
    """A client that may load, and its key."""
    return parts.app().test_client(), bearer(parts, "load")


@pytest.mark.parametrize("name", [name for name in CASES if name not in LARGE])
def test_a_hostile_table_is_told_and_the_hub_goes_on(door, name):
    client, key = door
    case = CASES[name]
    mapping = changed({"format: csv": f"format: {FORMATS[PurePath(case.name).suffix]}"}).encode()
    form = {"file": (io.BytesIO(case.make()), case.name), "mapping": (io.BytesIO(mapping), "m.yaml")}
    answer = client.post("/api/load", data=form, headers=key)
    report = answer.get_json()
    assert (answer.status_code, report["stored"], report["release"]) in {(422, False, None), (200, True, None)}
    found = [one for one in report["findings"] if one["code"] == case.code]
    assert found, report["findings"]
    assert case.said in found[0]["message"]
    assert client.get("/livez").status_code == 200
