"""The indicators against evaluators that count one cell after the other: twelve periods of figures drawn by chance."""

from __future__ import annotations

import random
from collections import defaultdict
from types import SimpleNamespace

import pytest

from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.quality.indicators import measure_flow
from sdmx_hub.quality.pilot import read_plan
from sdmx_hub.quality.pilot_cells import open_cells
from sdmx_hub.quality.pilot_content import count_names
from sdmx_hub.quality.pilot_runs import Attempt, Ledger
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.run_rows import Outcome, State, Verdict
from tests.quality.cells import write_cells
from tests.quality.pilots import FLOW, permits

PERIODS = [f"2025-{month:02}" for month in range(1, 13)]
PARTNERS = ["AGO", "BWA", "MOZ", "NAM"]
INDICATORS = ("PERMIT_FIRST", "PERMIT_RENEW")
METHOD = {"PERMIT_FIRST": {"RES_CRITERION": "R12", "METHOD_URL": "https://stats.example/permits"}, "PERMIT_RENEW": {}}
PLAN = read_plan(
    {
        "id": "TRY",
        "title": {"en": "A try"},
        "participants": [{"source": "LSO_MOLE", "area": "LSO"}],
        "flows": [{"dataflow": FLOW, "required": [{"codes": {"COUNTERPART_AREA": PARTNERS, "SEX": ["F", "M", "_T"]}}]}],
        "calendar": [{"period": period, "due": "2026-12-31"} for period in PERIODS],
    }
)
(FLOW_OF,) = PLAN.flows
WHO = PLAN.participants[0]


def drawn(chance):
    """Cells of all periods: some withheld, some totals wrong, some partners and indicators not told at all."""
    cells = []
    for period in PERIODS:
        indicators = [one for one in INDICATORS if chance.random() < 0.8] or ["PERMIT_FIRST"]
        partners = [one for one in PARTNERS if chance.random() < 0.8] or ["AGO"]
        for indicator in indicators:
            for partner in partners:
                women, men = chance.randint(20, 90), chance.randint(20, 90)
                values = {"F": women, "M": men, "_T": women + men + (chance.random() < 0.3)}
                hidden = chance.random() < 0.25
                for row in permits("LSO", "LSO_MOLE", period, [partner], indicators=[indicator]):
                    withheld = hidden and row["SEX"] != "_T"
                    value = {"OBS_VALUE": "", "OBS_STATUS": "Q", "CONF_STATUS": "A"} if withheld else {}
                    cells.append(row | {"OBS_VALUE": str(values[row["SEX"]])} | METHOD[indicator] | value)
    return cells


@pytest.fixture
def measured(desk, tmp_path):
    """Two vintages of what was drawn, and what was measured of them by the engine: period → indicator → figure."""
    chance = random.Random(1)  # noqa: S311 - drawn again the same
    first = drawn(chance)
    second = [row if row["OBS_VALUE"] == "" else row | {"OBS_VALUE": str(int(row["OBS_VALUE"]) + chance.randint(0, 9))}
              for row in first if chance.random() < 0.5]  # fmt: skip
    late = [row | {"COUNTERPART_AREA": "ZWE"} for row in second if chance.random() < 0.2]
    late = list({tuple(row[name] for name in ("INDICATOR", "SEX", "TIME_PERIOD")): row for row in late}.values())
    for number, cells in enumerate((first, [*second, *late])):
        report = desk.load(write_cells(tmp_path / f"{number}.csv", "DF_FLOW_PERMIT", cells), overrides={"SUM-01"})
        assert not [one.text() for one in report.findings if one.severity is Severity.ERROR and one.code != "SUM-01"]
    names = ("TIME_PERIOD", "INDICATOR", "COUNTERPART_AREA", "SEX", "OBS_VALUE")
    held = {row[:4]: row[4] for row in desk.rows(FLOW, *names)}
    earliest = {tuple(row[name] for name in names[:4]): row["OBS_VALUE"] or None for row in first}
    found = measure_flow(FLOW_OF, Ledger(plan=PLAN, attempts=(), sources={}), desk.artefacts, desk.observations,
                         now=desk.now.replace(year=2026))  # fmt: skip
    told = {(one.entry.period, one.indicator): one for one in found.figures}
    return SimpleNamespace(held=held, first=earliest, told=told)


def of_period(cells, period):
    return {key[1:]: None if value is None else float(value) for key, value in cells.items() if key[0] == period}


def assert_same(figure, part, whole, remark=None):
    if whole == 0:
        assert figure is None
        return
    assert (figure.count, round(figure.value, 9)) == (whole, round(100 * part / whole, 9))
    if remark is not None:
        assert figure.remark == remark


def test_shares_are_as_counted_cell_by_cell(measured):
    for period in PERIODS:
        held, first = of_period(measured.held, period), of_period(measured.first, period)
        told = {name: one for (at, name), one in measured.told.items() if at == period}
        by_sex = {sex: [value for key, value in held.items() if key[2] == sex] for sex in ("F", "M", "_T")}
        shares = {sex: 100 * found.count(None) / len(found) for sex, found in by_sex.items() if found}
        hidden = sum(value is None for value in held.values())
        remark = ", ".join(f"{sex} {share:.1f}" for sex, share in sorted(shares.items()))
        assert_same(told.get("SUPPR_RT"), hidden, len(held), remark)
        changes = [abs(held[key] - old) / old for key, old in first.items() if old and held[key] is not None]
        assert_same(told.get("REV_MAR"), sum(changes), len(changes))
        totals = [(held[key], held.get((*key[:2], "F")), held.get((*key[:2], "M"))) for key in held if key[2] == "_T"]
        complete = [one for one in totals if None not in one]
        good = sum(total == women + men for total, women, men in complete)
        assert_same(told.get("SUMS_RT"), good, len(complete), f"{good} / {len(complete)}")
        sources = {key[0] for key in held}
        filled = sum(len(METHOD[one]) for one in sources)
        assert_same(told.get("METHOD_RT"), filled, 3 * len(sources))
    both = next(p for p in PERIODS if {key[1] for key in measured.held if key[0] == p} == set(INDICATORS))
    assert measured.told[both, "METHOD_RT"].remark == "RES_CRITERION 1 / 2, COVERAGE_POP 0 / 2, METHOD_URL 1 / 2"


class Unspoken(Artefacts):
    """Artefacts of which the names of Angola and Botswana are not in Spanish."""

    def codelist(self, urn):
        found = super().codelist(urn)
        if urn.ref.id != "CL_AREA":
            return found
        codes = {
            name: SimpleNamespace(names={k: v for k, v in code.names.items() if k != "es"})
            if name in {"AGO", "BWA"} else code for name, code in found.codes.items()
        }  # fmt: skip
        return SimpleNamespace(codes=codes)


def test_names_are_counted_in_each_language(desk, tmp_path):
    cells = permits("LSO", "LSO_MOLE", "2025-01", ["AGO", "BWA"]) + permits("LSO", "LSO_MOLE", "2025-02", ["MOZ"])
    desk.load(write_cells(tmp_path / "a.csv", "DF_FLOW_PERMIT", cells))
    dimensions = desk.artefacts.structure_of(FLOW_OF.urn).dimension_ids
    used = defaultdict(set)
    for row in cells:
        used[row["TIME_PERIOD"]] |= {(name, row[name]) for name in dimensions}
    with open_cells(FLOW_OF, desk.artefacts, desk.observations, now=desk.now) as found:
        whole = count_names(found, desk.artefacts)
        lacking = count_names(found, Unspoken(desk.artefacts))
    names = {period: len(codes) + 1 for period, codes in used.items()}  # the name of the dataflow too
    assert {period: (one.percent, one.count) for (_, period), one in whole.items()} == {
        period: (100.0, 3 * count) for period, count in names.items()
    }
    january, count = lacking["LSO", "2025-01"], names["2025-01"]
    assert january.percent == pytest.approx(100 * (3 * count - 2) / (3 * count))
    assert january.remark == f"en {count} / {count}, fr {count} / {count}, es {count - 2} / {count}"
    assert lacking["LSO", "2025-02"].percent == 100.0


def error(code, row=None, count=1, severity=Severity.ERROR):
    return Finding(code=code, severity=severity, where=Where(row=row), count=count)


VALID = {
    "nothing is wrong": ([], 10, 0),
    "two errors of one row": ([error("V01", 3), error("V04", 3), error("V01", 4)], 10, 2),
    "an error told of many rows": ([error("V01", 3, 4), error("V04", 5)], 10, 5),
    "of no row in particular": ([error("V05-REFAREA")], 10, 1),
    "never more than were received": ([error("V01", 3, 40)], 10, 10),
    "warnings and doubts are no errors": (
        [error("V15", 1, severity=Severity.WARNING), error("HOLD-JUMP", 1, 9), error("SHRINK-01", None, 9)], 10, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("findings", "received", "errors"), VALID.values(), ids=VALID)
def test_valid_are_the_observations_without_a_blocking_error(findings, received, errors):
    outcome = Outcome(
        state=State.FAILED, verdict=Verdict("harvest-rejected"), received=received, findings=tuple(findings)
    )
    run = SimpleNamespace(outcome=outcome, state=State.FAILED)
    one = Attempt(run=run, participant=WHO, flow=FLOW_OF, period="2025-01", mechanism="pull", requests=())
    assert one.errors == errors
