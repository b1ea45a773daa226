"""What others need to harvest this hub: sdmx1 takes an entry as it is and reads by it, all else stands beside."""

from __future__ import annotations

import json
import warnings
from urllib.request import urlopen

import pytest

with warnings.catch_warnings():  # what this library does while it is imported is its own
    warnings.simplefilter("ignore")
    import sdmx
    import sdmx.reader.xml.v30

from tests.web.conftest import COUNT


@pytest.fixture(scope="module")
def told(live_url):
    with urlopen(f"{live_url}/sources.json") as answer:  # noqa: S310 - our own server
        return json.load(answer)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", [0, 1])
def test_sdmx1_takes_an_entry_and_reads_by_it(told, number):
    entry = told["sources"][number]
    sdmx.add_source(dict(entry), override=True)
    try:
        client = sdmx.Client(entry["id"])
        flow = told["hub"]["dataflows"][0]["dataflow"]
        agency, dataflow = flow.split(":")[0], flow.split(":")[1].partition("(")[0]
        context = {"context": "dataflow"} if number else {}
        assert len(sdmx.to_pandas(client.data(dataflow, agency_id=agency, **context))) == COUNT
    finally:
        sdmx.source.sources.pop(entry["id"])


def test_all_else_stands_beside(told, live_url, client):
    hub = told["hub"]
    assert [(one["api"], one["url"]) for one in hub["apis"]] == [
        ("v1", f"{live_url}/sdmx/v1"),
        ("v2", f"{live_url}/sdmx/v2"),
    ]
    assert "application/vnd.sdmx.data+csv;version=2.0.0" in hub["apis"][1]["formats"]["data"]
    assert (hub["licence"], hub["languages"]) == ("CC BY 4.0", ["en", "fr", "es"])
    (flow,) = hub["dataflows"]
    assert (flow["dataflow"], flow["observations"], flow["last_period"]) == ("ILMH:DF_STOCK_POP(1.0.0)", COUNT, "2023")
    assert set(flow["names"]) == {"en", "fr", "es"}
    for one in hub["provision_agreements"]:
        assert one["registration"].startswith("hub-")
        assert one["dataflow"] == "ILMH:DF_STOCK_POP(1.0.0)"
    page = client.get("/about").text
    assert 'href="/sources.json"' in page
    assert '<link rel="service-meta" type="application/json" href="/sources.json">' in page
