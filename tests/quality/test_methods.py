"""Correction factors (MR3): laws, and the countries that can be told."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.quality.methods import complete_countries, correction_factors

COUNTRIES = ("COL", "ESP", "ITA", "SEN", "TUN")
factors = st.dictionaries(st.sampled_from(COUNTRIES), st.floats(0.2, 5), min_size=5, max_size=5)


@given(alpha=factors, beta=factors, flows=st.lists(st.floats(1, 1e5), min_size=20, max_size=20))
def test_true_flows_are_found_when_each_country_errs_by_a_factor_of_its_own(alpha, beta, flows):
    alpha = {country: factor / alpha["ESP"] for country, factor in alpha.items()}
    true = dict(zip(permutations(COUNTRIES, 2), flows, strict=True))
    told = {(i, j): (flow / beta[i], flow / alpha[j]) for (i, j), flow in true.items()}
    received, sent = correction_factors(COUNTRIES, told, "ESP")
    for (i, j), flow in true.items():
        assert received[j] * told[i, j][1] == pytest.approx(flow, rel=1e-6)
        assert sent[i] * told[i, j][0] == pytest.approx(flow, rel=1e-6)
    assert received["ESP"] == 1


def cost(received, sent, told):
    return sum((received[j] * i_ - sent[i] * e) ** 2 / (i_ + e) for (i, j), (e, i_) in told.items())


@given(
    flows=st.lists(st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)), min_size=20, max_size=20),
    country=st.sampled_from(COUNTRIES),
    change=st.sampled_from([0.9, 0.99, 1.01, 1.1]),
    at_destination=st.booleans(),
)
def test_no_other_factors_do_better(flows, country, change, at_destination):
    told = dict(zip(permutations(COUNTRIES, 2), flows, strict=True))
    received, sent = correction_factors(COUNTRIES, told, "COL")
    best = cost(received, sent, told)
    if at_destination and country != "COL":
        received = {**received, country: received[country] * change}
    else:
        sent = {**sent, country: sent[country] * change}
    assert cost(received, sent, told) >= best * (1 - 1e-9)


def test_countries_that_do_not_tell_of_each_other_are_left_out():
    pairs = set(permutations(COUNTRIES, 2)) - {("TUN", "COL")} | {("COL", "USA")}
    found = complete_countries(pairs)
    assert len(found) == 4
    assert all(pair in pairs for pair in permutations(found, 2))
    assert complete_countries([("SEN", "ESP")]) == ()
