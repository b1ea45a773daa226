"""Which verdict follows from what, and that the indicators are counted as the pages say."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from sdmx_hub.quality.indicators import Figure, Measured
from sdmx_hub.quality.pilot import read_plan
from sdmx_hub.quality.pilot_runs import Ledger
from sdmx_hub.quality.verdict import judge_flow

PLAN = {
    "id": "TRY",
    "title": {"en": "A try"},
    "participants": [{"source": "P", "area": "LSO"}],
    "flows": [{"dataflow": "ILMH:DF_FLOW_PERMIT(1.0.0)", "required": [{"codes": {"SEX": ["F"]}}]}],
    "calendar": [{"period": f"2026-0{month}", "due": f"2026-0{month + 1}-15"} for month in (1, 2, 3)],
}
OVER = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
GOOD = {"UPTIME": 100, "R1_COMPL": 95, "VALID_RT": 99, "PUNCT_DAYS": 3}
PAIR = {
    "origin": "NIC",
    "destination": "CRI",
    "period": "2026-01",
    "verdict": "exceeds",
    "cc1": -0.5,
    "confirmed": None,
}


def judged(*, now=OVER, pairs=(), disclosed=0, visited=3, received=True, plan=PLAN, **figures):
    """The verdict, and the codes of its reasons, when every period has the same figures."""
    read = read_plan(plan)
    flow, who = read.flows[0], read.participants[0]
    told = tuple(
        Figure(flow=flow, participant=None if name == "UPTIME" else who, entry=entry, indicator=name, value=value)
        for entry in read.begun(now)
        for name, value in (GOOD | figures).items()
        if value is not None
    )
    held = {("LSO", entry.period): now for entry in read.begun(now)} if received else {}
    ledger = Ledger(
        plan=read, attempts=tuple(visit(flow, who, one.period) for one in read.calendar[:visited]), sources={}
    )
    measured = Measured(flow=flow, figures=told, received=held, completeness={}, disclosed=disclosed)
    verdict = judge_flow(measured, ledger, pairs, now=now)
    assert all(reason.text(language) for reason in verdict.reasons for language in ("en", "fr", "es"))
    return verdict.verdict, {reason.code for reason in verdict.reasons}


def visit(flow, who, period):
    return SimpleNamespace(flow=flow, participant=who, period=period, is_good=True)


INCIDENT = {"dataflow": "DF_FLOW_PERMIT", "date": "2026-02-01", "what": "a table by mail"}
CASES = {
    "everything is kept": ({}, "adopt", set()),
    "exactly at the thresholds": ({"UPTIME": 95, "R1_COMPL": 90, "VALID_RT": 98, "PUNCT_DAYS": 5}, "adopt", set()),
    "visits fail": ({"UPTIME": 94.9}, "extend", {"below"}),
    "cells are missing": ({"R1_COMPL": 89.9}, "extend", {"below"}),
    "figures are wrong": ({"VALID_RT": 97.9}, "extend", {"below"}),
    "figures are late": ({"PUNCT_DAYS": 6}, "extend", {"above"}),
    "nothing came": ({"received": False}, "stop", {"nothing", "not-received"}),
    "the calendar goes on": ({"now": dt.datetime(2026, 3, 10, tzinfo=dt.UTC), "visited": 2}, "extend", {"going-on"}),
    "nothing came yet": (
        {"now": dt.datetime(2026, 2, 20, tzinfo=dt.UTC), "received": False, "visited": 1},
        "extend",
        {"not-received", "going-on"},
    ),
    "a period was never visited": ({"visited": 2}, "extend", {"going-on"}),
    "visits hardly ever succeed": ({"UPTIME": 47}, "stop", {"collapse", "below"}),
    "half of the cells never come": ({"R1_COMPL": 44.9}, "stop", {"collapse", "below"}),
    "an asymmetry nobody explains": ({"pairs": [PAIR]}, "extend", {"mirror"}),
    "an asymmetry somebody explained": ({"pairs": [PAIR | {"confirmed": {"id": "TIME"}}]}, "adopt", set()),
    "a small asymmetry": ({"pairs": [PAIR | {"verdict": "ok"}]}, "adopt", set()),
    "a disclosure the hub found": ({"disclosed": 1}, "stop", {"disclosure"}),
    "a disclosure people noted": ({"plan": PLAN | {"incidents": [INCIDENT]}}, "stop", {"disclosure"}),
    "other thresholds": ({"UPTIME": 80, "plan": PLAN | {"thresholds": {"UPTIME": 75}}}, "adopt", set()),
}


@pytest.mark.parametrize(("figures", "verdict", "reasons"), CASES.values(), ids=CASES)
def test_a_verdict_follows_from_the_rules(figures, verdict, reasons):
    assert judged(**figures) == (verdict, reasons)
