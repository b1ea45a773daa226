"""Origin against destination: AS-06, the rules one by one, and a brute-force evaluator."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from typing import Any

import pytest

from sdmx_hub.quality.methods import reconcile
from sdmx_hub.quality.mirror import Mirror, MirrorQuery, open_mirror
from sdmx_hub.quality.mirror_release import release_mirror, release_reconciled
from tests.quality.cells import cell, seasonal_work, write_cells

SEASONAL = {"MIG_TYPE": "SEAS"}


@pytest.fixture
def spain(desk, tmp_path):
    """The figures of AS-06."""
    for file, _ in seasonal_work(tmp_path):
        report = desk.load(file)
        assert not report.has_errors, report.findings
    return desk


def opened(desk, **query: Any):
    return open_mirror(MirrorQuery(**query), desk.artefacts, desk.observations, audience="public", now=desk.now)


def by_origin(mirror: Mirror) -> dict[str, dict[str, Any]]:
    return {pair["origin"]: pair for pair in mirror.pairs()}


def test_a_mirror_report_for_seasonal_work_to_spain(spain):
    with opened(spain) as mirror:
        pairs = by_origin(mirror)
        (summary,) = mirror.summaries()
    told = {
        area: (pair["origin_value"], pair["destination_value"], pair["difference"], pair["verdict"], pair["state"])
        for area, pair in pairs.items()
    }
    assert told == {
        "SEN": (352, 401, -49, "ok", "compared"),
        "COL": (2810, 2690, 120, "ok", "compared"),
        "GHA": (905, 905, 0, "ok", "compared"),
        "MRT": (41, 0, 41, "exceeds", "compared"),
        "ECU": (None, 300, None, None, "no-origin"),
    }
    asymmetries = {area: pair["cc1"] for area, pair in pairs.items()}
    assert asymmetries.pop("ECU") is None
    assert {area: round(value, 4) for area, value in asymmetries.items()} == {
        "SEN": -0.1301,
        "COL": 0.0436,
        "GHA": 0,
        "MRT": 2,
    }
    ratios = {area: pair["ratio"] and round(pair["ratio"], 4) for area, pair in pairs.items()}
    assert ratios == {"SEN": 0.8778, "COL": 1.0446, "GHA": 1, "MRT": None, "ECU": None}
    assert all("UNIT" in pair["causes"] for pair in pairs.values())
    assert (summary["total_difference"], summary["total_mean"], summary["compared"]) == (210, 4052, 4)
    assert round(summary["multilateral"], 4) == 0.0518
    assert summary["coverage"] == 4 / 5


def test_a_withheld_value_is_not_compared(spain, tmp_path):
    withheld = cell("DF_REC_CHAIN", "COL", "DEPLOYED", "ESP", "", provider="COL_MINTRABAJO", **SEASONAL)
    hidden = {**withheld, "OBS_STATUS": "Q", "CONF_STATUS": "A"}
    assert not spain.load(write_cells(tmp_path / "q.csv", "DF_REC_CHAIN", [hidden])).has_errors
    with opened(spain) as mirror:
        pair = by_origin(mirror)["COL"]
        (summary,) = mirror.summaries()
    assert (pair["state"], pair["cc1"], pair["origin_status"], pair["causes"][0]) == ("no-value", None, "Q", "CONF")
    assert (summary["total_difference"], summary["total_mean"], summary["compared"]) == (90, 1302, 3)
    assert round(summary["multilateral"], 4) == 0.0691


def test_the_comparison_is_published_and_nothing_reported_is_changed(spain):
    reported = ("ILMH:DF_REC_CHAIN(1.0.0)", "ILMH:DF_FLOW_PERMIT(1.0.0)")
    before = [spain.rows(flow, "REF_AREA", "COUNTERPART_AREA", "OBS_VALUE") for flow in reported]
    with opened(spain) as mirror:
        report = release_mirror(mirror, spain.artefacts, spain.observations, now=spain.now)
        again = release_mirror(mirror, spain.artefacts, spain.observations, now=spain.now)
    assert not report.has_errors, report.findings
    assert (report.added, again.added, again.unchanged, again.release_id) == (12, 0, 12, None)
    columns = ("REF_AREA", "COUNTERPART_AREA", "INDICATOR", "OBS_VALUE", "DISC_CAUSE", "SAMPLE_SIZE")
    found = spain.rows("ILMH:DF_Q_MIRROR(1.0.0)", *columns, audience="public")
    assert ("SEN", "ESP", "CC1", "-0.1301", "UNIT", None) in found
    assert ("COL", "ESP", "MIRROR_RATIO", "1.0446", "UNIT", None) in found
    assert ("MRT", "ESP", "CC1_ABS", "2.0000", "UNIT", None) in found
    assert ("W1", "ESP", "CC1_ABS", "0.0518", None, "4") in found
    assert [spain.rows(flow, "REF_AREA", "COUNTERPART_AREA", "OBS_VALUE") for flow in reported] == before


@pytest.mark.parametrize(("method", "value"), [("MR1", "401"), ("MR2", "377"), ("MR2G", "376")])
def test_a_reconciled_value_stands_beside_what_was_reported(spain, method, value):
    spain.now += dt.timedelta(minutes=1)
    with opened(spain) as mirror:
        reconcile(mirror, method)
        (report,) = release_reconciled(mirror, method, spain.artefacts, spain.observations, now=spain.now)
    assert not report.has_errors, report.findings
    found = spain.rows(
        "ILMH:DF_FLOW_PERMIT(1.0.0)", "COUNTERPART_AREA", "SOURCE_TYPE", "OBS_VALUE", "OBS_STATUS", "COMMENT_OBS"
    )
    assert ("SEN", "MIR", value, "E", f"{method}: 352 / 401") in found
    assert ("SEN", "PMT", "401", "A", None) in found
    assert len(found) == 5 + 4


AREAS = ("COL", "ESP", "ITA", "SEN", "TUN")
SOURCES = ("PRG", "BRD", "CEN", "HHS")


def random_cells(seed):
    """Emigration and immigration as five countries tell it, with gaps, several sources, sexes and missing values."""
    chance = random.Random(seed)  # noqa: S311 - cells, not secrets
    for area, partner in itertools.permutations(AREAS, 2):
        for indicator, basis in (("OUTFLOW_POP", "CDS"), ("INFLOW_POP", "CPR")):
            for period, source, sex in itertools.product(("2022", "2023"), SOURCES, ("_T", "F")):
                if chance.random() < 0.3:
                    missing = chance.random() < 0.15
                    yield cell(
                        "DF_FLOW_POP",
                        area,
                        indicator,
                        partner,
                        "" if missing else str(chance.choice([0, 0, chance.randrange(10_000)])),
                        COUNTERPART_TYPE=basis,
                        TIME_PERIOD=period,
                        SOURCE_TYPE=source,
                        SEX=sex,
                        OBS_STATUS="Q" if missing else "A",
                        CONF_STATUS="A" if missing else "F",
                        UNIT_MULT="3" if source == "HHS" else "0",
                        provider="ITA_ISTAT",
                    )


def naive(cells):
    """The pairs of the rule MIGRATION, by plain loops."""
    sides = {"OUTFLOW_POP": {}, "INFLOW_POP": {}}
    for one in sorted(cells, key=lambda one: SOURCES.index(one["SOURCE_TYPE"])):
        ends = (one["REF_AREA"], one["COUNTERPART_AREA"])
        way = ends if one["INDICATOR"] == "OUTFLOW_POP" else ends[::-1]
        value = None if one["OBS_VALUE"] == "" else int(one["OBS_VALUE"]) * 10 ** int(one["UNIT_MULT"])
        sides[one["INDICATOR"]].setdefault((*way, one["TIME_PERIOD"], one["SEX"]), value)
    told, answered = sides["OUTFLOW_POP"], sides["INFLOW_POP"]
    for key in told.keys() | answered.keys():
        if key[3] == "_T" or (key in told and key in answered):
            yield (*key, told.get(key), answered.get(key))


@pytest.mark.parametrize("seed", [1, 2])
def test_pairs_are_those_of_plain_loops(desk, tmp_path, seed):
    cells = list(random_cells(seed))
    report = desk.load(
        write_cells(tmp_path / "cells.csv", "DF_FLOW_POP", cells), overrides=frozenset({"SUM-01", "V11"})
    )
    assert not report.has_errors, report.findings
    with opened(desk, rules=frozenset({"MIGRATION"}), details=True) as mirror:
        pairs, summaries = mirror.pairs(), mirror.summaries()
    found = {
        (
            *(pair[name] for name in ("origin", "destination", "period")),
            "F" if pair["detail"] == "SEX=F" else "_T",
            pair["origin_value"],
            pair["destination_value"],
        )
        for pair in pairs
    }
    expected = set(naive(cells))
    assert found == expected
    for summary in summaries:
        both = [
            (o, m)
            for *_, period, sex, o, m in expected
            if (period, sex) == (summary["period"], "_T") and None not in (o, m)
        ]
        assert summary["compared"] == len(both)
        mean = sum(o + m for o, m in both) / 2
        assert summary["multilateral"] == pytest.approx(sum(abs(o - m) for o, m in both) / mean if mean else 0)
    for pair in pairs:
        o, m = pair["origin_value"], pair["destination_value"]
        if o is None or m is None:
            assert pair["cc1"] is None
        else:
            assert pair["cc1"] == pytest.approx((o - m) / ((o + m) / 2) if o + m else 0)
            assert pair["ratio"] == (pytest.approx(o / m) if m else None)
