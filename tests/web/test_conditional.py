from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from sdmx_hub.web.conditional import is_unchanged, make_validators, parse_moment

CHANGED = dt.datetime(2026, 3, 1, 12, 0, 0, 500, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({}, False),
        ({"If-None-Match": "{etag}"}, True),
        ({"If-None-Match": 'W/{etag}, "other"'}, True),
        ({"If-None-Match": "*"}, True),
        ({"If-None-Match": '"other"'}, False),
        ({"If-None-Match": '"other"', "If-Modified-Since": "Mon, 02 Mar 2026 00:00:00 GMT"}, False),
        ({"If-Modified-Since": "Sun, 01 Mar 2026 12:00:00 GMT"}, True),
        ({"If-Modified-Since": "Sun, 01 Mar 2026 11:59:59 GMT"}, False),
        ({"If-Modified-Since": "2026-03-01T12:00:00Z"}, True),
        ({"If-Modified-Since": "2026-03-01T12:59:59+01:00"}, False),
        ({"If-Modified-Since": "yesterday"}, False),
    ],
)
def test_a_client_that_has_the_answer_is_told_so(headers: dict[str, str], unchanged: bool) -> None:
    validators = make_validators(["data", 7], CHANGED)
    sent = {name: value.format(etag=validators.etag) for name, value in headers.items()}
    with Flask("test").test_request_context(headers=sent):
        assert is_unchanged(validators) is unchanged


def test_whatever_differs_gives_another_etag() -> None:
    tags = {make_validators(parts, None).etag for parts in (["a", "b"], ["a", "c"], ["ab", ""], ["a", "b", None])}
    assert len(tags) == 4


def test_an_instant_without_zone_is_utc() -> None:
    assert parse_moment("2026-03-01T12:00:00") == dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
