"""What is left of paths of this machine in sentences for others."""

import pytest

from sdmx_hub.model.paths import hide_paths

SENTENCES = {
    "FileNotFoundError: [Errno 2] No such file or directory: '/srv/hub/raw/ab/cd12'": "FileNotFoundError: [Errno 2] "
    "No such file or directory: '…/cd12'",
    'IO Error: Cannot open file "/srv/hub/observations/segments/1.duckdb"': 'IO Error: Cannot open file "…/1.duckdb"',
    "credentials of file ~/secrets/partner.token are missing": "credentials of file …/partner.token are missing",
    "The partner answered 404 to http://partner.example/sdmx/v2/data/dataflow/A/B/1.0": None,
    "/data/dataflow is no path of the partner": "…/dataflow is no path of the partner",
    "5 / 12 of DF_FLOW_PERMIT and/or 3/4": None,
    "": None,
}


@pytest.mark.parametrize(("text", "left"), SENTENCES.items())
def test_the_last_name_of_a_path_is_left(text, left):
    assert hide_paths(text) == (text if left is None else left)
