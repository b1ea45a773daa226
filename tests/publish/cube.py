"""A small cube, and what a data query must give from it, worked out row by row in plain Python."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from sdmx_hub.model.period import parse_period
from tests.factories import OBSERVATION, component, make_codelist, make_concepts, make_dataflow, make_dsd, series

Row = Mapping[str, str | None]

DIMENSIONS = {"FREQ": "A Q M", "REF_AREA": "SEN MLI BFA TUN GHA", "SEX": "F M _T"}
PERIODS = {
    "A": ["2020", "2021", "2022", "2021-A1", "2022-A1"],
    "Q": ["2020-Q4", "2021-Q1", "2021-Q2", "2022-Q3"],
    "M": ["2021-01", "2021-02", "2021-12", "2022-06", "2022-M07"],
}
START_DAYS = {"TUN": "--07-01", "GHA": "--10-01"}
KEYS = ("FREQ", "REF_AREA", "SEX", "TIME_PERIOD")
SERIES = KEYS[:3]
CODED = {"OBS_STATUS": "A E M", "UNIT": "PS HH"}
TEXTS = ("Permis de travail", "work permit", "été 2021", "100% of cases", "it's <provisional>")
ASKED_PERIODS = [
    "2020",
    "2021",
    "2022",
    "2021-Q1",
    "2021-S1",
    "2021-07",
    "2021-06-30",
    "2022-10-01",
    "2021-W05",
    "2022-A1",
    "2021-12-31T23:59:59",
]
NUMBERS = ["0", "1.10", "1.1", "7", "1e2", "100", "-3.5", "12345678901234567890", "NaN", None]

ARTEFACTS = (
    make_concepts([*KEYS, "OBS_VALUE", "OBS_STATUS", "UNIT", "COMMENT", "SAMPLE", "REPORTING_YEAR_START_DAY"]),
    *(make_codelist(f"CL_{name}", codes.split()) for name, codes in (DIMENSIONS | CODED).items()),
    make_dsd(
        [component(name, f"CL_{name}") for name in SERIES],
        attributes=[
            component("UNIT", "CL_UNIT", **series("FREQ", "REF_AREA", "SEX")),
            component("REPORTING_YEAR_START_DAY", data_type="MonthDay", **series("FREQ", "REF_AREA", "SEX")),
            component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
            component("COMMENT", data_type="String", **OBSERVATION),
            component("SAMPLE", data_type="Integer", **OBSERVATION),
        ],
    ),
    make_dataflow(),
)
COLUMNS = (*KEYS, "OBS_VALUE", "UNIT", "REPORTING_YEAR_START_DAY", "OBS_STATUS", "COMMENT", "SAMPLE")


def make_cube(seed: int) -> list[Row]:
    """Make some 200 observations, the same for the same seed."""
    chance = make_chance(seed)
    units = {
        series_key: chance.choice(["PS", "HH", None])
        for series_key in itertools.product(*map(str.split, DIMENSIONS.values()))
    }
    return [
        dict(zip(SERIES, series_key, strict=True))
        | {"TIME_PERIOD": period, "UNIT": unit, "REPORTING_YEAR_START_DAY": START_DAYS.get(series_key[1])}
        | make_values(chance)
        for series_key, unit in units.items()
        for period in PERIODS[series_key[0]]
        if chance.random() < 0.7
    ]


def make_chance(seed: int) -> random.Random:
    """Make a source of chance that repeats itself."""
    return random.Random(seed)  # noqa: S311 - repeatable, not secret


def make_values(chance: random.Random) -> dict[str, str | None]:
    """Make what a release may revise."""
    return {
        "OBS_VALUE": chance.choice(NUMBERS),
        "OBS_STATUS": chance.choice(["A", "E", "M", None]),
        "COMMENT": chance.choice([*TEXTS, None, None]),
        "SAMPLE": chance.choice(["5", "30", "200", None]),
    }


def key_of(row: Row) -> tuple[str | None, ...]:
    """The key of an observation."""
    return tuple(row[name] for name in KEYS)


Conditions = list[list[tuple[str, str]]]


@dataclass
class Question:
    """A data query as data: its URL is made from it, and so is the answer expected."""

    keys: list[list[list[str]]] = field(default_factory=list)
    filters: dict[str, Conditions] = field(default_factory=dict)
    start_day: str | None = None
    first_n: int | None = None
    last_n: int | None = None
    offset: int = 0
    limit: int | None = None
    sort: list[tuple[str, bool]] = field(default_factory=list)

    def key_text(self) -> str:
        """The key segment of REST v2."""
        return ",".join(".".join("+".join(part) or "*" for part in key) for key in self.keys) or "*"

    def query_text(self) -> str:
        """The query string of REST v2."""
        found = [f"c[{quote(name)}]={quote(conditions_text(any_of), safe='')}" for name, any_of in self.filters.items()]
        simple = {
            "reportingYearStartDay": self.start_day,
            "firstNObservations": self.first_n,
            "lastNObservations": self.last_n,
            "offset": self.offset or None,
            "limit": self.limit,
            "sort": "+".join(f"{name}:{'desc' if down else 'asc'}" for name, down in self.sort) or None,
        }
        return "&".join(found + [f"{name}={value}" for name, value in simple.items() if value is not None])

    def wants(self, row: Row) -> bool:
        """Tell whether an observation matches, limits aside."""
        if self.keys and not any(self._in_key(row, key) for key in self.keys):
            return False
        return all(
            any(all(self._holds(row, name, *condition) for condition in all_of) for all_of in any_of)
            for name, any_of in self.filters.items()
        )

    def _in_key(self, row: Row, key: Sequence[Sequence[str]]) -> bool:
        return all(not part or row[name] in part for name, part in zip(SERIES, key, strict=False))

    def _holds(self, row: Row, name: str, operator: str, value: str) -> bool:
        text = row[name]
        if text is None:
            return operator in {"ne", "nc"}
        looks = {"co": value in text, "nc": value not in text, "sw": text.startswith(value), "ew": text.endswith(value)}
        if operator in looks:
            return looks[operator]
        if name == "TIME_PERIOD":
            own = row["REPORTING_YEAR_START_DAY"] or "--01-01"
            found, asked = parse_period(text, own), parse_period(value, self.start_day or own)
            same = (found.start, found.end) == (asked.start, asked.end)
            return {
                "eq": same,
                "ne": not same,
                "ge": found.start >= asked.start,
                "gt": found.start >= asked.end,
                "le": found.end <= asked.end,
                "lt": found.end <= asked.start,
            }[operator]
        if name in {"OBS_VALUE", "SAMPLE"}:
            left, right = (float("nan") if text == "NaN" else float(text)), float(value)
        else:
            left, right = text, value
        return {
            "eq": left == right,
            "ne": left != right,
            "lt": left < right,
            "le": left <= right,
            "gt": left > right,
            "ge": left >= right,
        }[operator]

    def answer(self, rows: Sequence[Row]) -> list[Row]:
        """The observations of the answer, in order."""
        matching = [row for row in rows if self.wants(row)]
        matching = self._ends(matching)
        for name, down in reversed(self._order()):
            matching.sort(key=lambda row, name=name: rank(row, name), reverse=down)
        end = None if self.limit is None else self.offset + self.limit
        return matching[self.offset : end]

    def _ends(self, rows: list[Row]) -> list[Row]:
        if self.first_n is None and self.last_n is None:
            return rows
        kept = []
        by_series: dict[tuple[str | None, ...], list[Row]] = {}
        for row in sorted(rows, key=lambda row: rank(row, "TIME_PERIOD")):
            by_series.setdefault(key_of(row)[:3], []).append(row)
        for one in by_series.values():
            head = one[: self.first_n] if self.first_n else []
            tail = one[-self.last_n :] if self.last_n else []
            kept += head + [row for row in tail if row not in head]
        return kept

    def _order(self) -> list[tuple[str, bool]]:
        said = dict(self.sort)
        return [*self.sort, *((name, False) for name in KEYS if name not in said)]


def rank(row: Row, name: str) -> object:
    """What observations sort by: codes and texts by themselves, periods by time."""
    text = row[name]
    if name == "TIME_PERIOD":
        period = parse_period(str(text))
        return (period.start, period.end, text)
    return text


def conditions_text(any_of: Conditions) -> str:
    """Write conditions as a filter."""
    return ",".join("+".join(f"{name}:{value}" for name, value in all_of) for all_of in any_of)


COMPARE = ["eq", "ne", "lt", "le", "gt", "ge"]
LOOK = ["co", "nc", "sw", "ew"]
VALUES = {
    "FREQ": ["A", "Q", "M", "W"],
    "REF_AREA": ["SEN", "MLI", "BFA", "TUN", "GHA", "ZZZ"],
    "SEX": ["F", "M", "_T"],
    "OBS_STATUS": ["A", "E", "M", "X"],
    "UNIT": ["PS", "HH"],
    "OBS_VALUE": ["0", "1.1", "1.10", "7", "100", "1e2", "-3.5", "50.5"],
    "SAMPLE": ["5", "30", "30.0", "199"],
    "COMMENT": ["work permit", "Permis de travail", "m", "été 2021", "a"],
    "REPORTING_YEAR_START_DAY": ["--07-01", "--10-01"],
    "TIME_PERIOD": ASKED_PERIODS,
}
LOOKED = {
    "TIME_PERIOD": ["2021", "-Q", "-A1", "0"],
    "COMMENT": ["permit", "é", "<", "%", "it's"],
    "OBS_VALUE": ["1", ".", "0"],
}


def make_question(chance: random.Random, *, limits: bool = True) -> Question:
    """Ask something at random."""
    question = Question(keys=[make_key(chance) for _ in range(chance.choice([0, 0, 1, 1, 2, 3]))])
    for name in chance.sample(sorted(VALUES), chance.choice([0, 1, 1, 2, 3])):
        question.filters[name] = [
            [make_condition(chance, name) for _ in range(chance.choice([1, 1, 2]))]
            for _ in range(chance.choice([1, 1, 2]))
        ]
    if chance.random() < 0.2:
        question.start_day = chance.choice(["--07-01", "--04-05"])
    if limits:
        question.first_n, question.last_n = (chance.choice([None, None, None, 1, 2]) for _ in range(2))
        question.offset, question.limit = chance.choice([0, 0, 0, 3, 10]), chance.choice([None, None, 1, 5, 50])
        question.sort = [
            (name, chance.random() < 0.5) for name in chance.sample(KEYS, chance.choice([0, 0, 0, 1, 2, 4]))
        ]
    return question


def make_key(chance: random.Random) -> list[list[str]]:
    """Make a key: per dimension some codes, or none for all; perhaps not all dimensions."""
    parts = [chance.sample(VALUES[name], chance.choice([0, 0, 1, 2])) for name in SERIES]
    return parts[: chance.choice([1, 2, 3, 3])]


def make_condition(chance: random.Random, name: str) -> tuple[str, str]:
    """Compare a component with a value, or look into its text."""
    if chance.random() < 0.2:
        return chance.choice(LOOK), chance.choice(LOOKED.get(name, VALUES[name]))
    return chance.choice(COMPARE), chance.choice(VALUES[name])
