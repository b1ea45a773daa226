"""Small random cubes of two dataflows, and random questions about them as texts."""

from __future__ import annotations

import itertools
import random

from sdmx_hub.model.cells import write_cell
from tests.factories import (
    OBSERVATION,
    component,
    make_artefact,
    make_codelist,
    make_concepts,
    make_dataflow,
    make_dsd,
    series,
    urn_of,
)
from tests.publish.naive import DIMENSIONS, KEYS, START_DAY, Row

AREAS = {"SEN": None, "MLI": "--01-01", "TUN": "--07-01", "GHA": "--10-15"}
PERIODS = {
    "A": ["2020", "2021", "2021-A1", "2022-A1"],
    "Q": ["2020-Q4", "2021-Q1", "2021-Q3", "2022-Q2"],
    "M": ["2021-01", "2021-M02", "2021-12", "2022-06"],
    "W": ["2020-W53", "2021-W01", "2021-W26", "2022-D181"],
}
CODES = {
    "FREQ": [*PERIODS],
    "REF_AREA": [*AREAS],
    "SEX": ["F", "M"],
    "OBS_STATUS": ["A", "E"],
    "METHODS": ["R", "S", "T"],
}
COLUMNS = (*KEYS, "OBS_VALUE", START_DAY, "OBS_STATUS", "SAMPLE", "METHODS", "TITLE")
SEVERAL_CODES = {"enumeration": urn_of("Codelist", "CL_METHODS"), "maxOccurs": 3}
TEXTS = {"format": {"dataType": "String", "isMultiLingual": True}}


def make_agreement(provider: str, dataflow: str):
    provider_urn = urn_of("DataProvider", "DATA_PROVIDERS", "1.0", provider)
    return make_artefact(
        "ProvisionAgreement", f"PA_{provider}", dataflow=urn_of("Dataflow", dataflow), dataProvider=provider_urn
    )


ARTEFACTS = (
    make_concepts([*COLUMNS]),
    *(make_codelist(f"CL_{name}", codes) for name, codes in CODES.items()),
    make_dsd(
        [component(name, f"CL_{name}") for name in DIMENSIONS],
        attributes=[
            component(START_DAY, data_type="MonthDay", **series(*DIMENSIONS)),
            component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
            component("SAMPLE", data_type="Integer", **OBSERVATION),
            component("METHODS", **OBSERVATION, localRepresentation=SEVERAL_CODES),
            component("TITLE", **OBSERVATION, localRepresentation=TEXTS),
        ],
    ),
    make_dataflow("DF"),
    make_dataflow("DF", version="1.1.0"),
    make_dataflow("DG"),
    make_agreement("ONE", "DF"),
    make_agreement("TWO", "DG"),
)


def make_chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, not secret


def make_cube(chance: random.Random, share: float = 0.5) -> list[Row]:
    """Make some of the observations there can be."""
    return [
        dict(zip(KEYS, (freq, area, sex, period), strict=True)) | {START_DAY: AREAS[area]} | make_values(chance)
        for freq, area, sex in itertools.product(PERIODS, AREAS, CODES["SEX"])
        for period in PERIODS[freq]
        if chance.random() < share
    ]


def make_values(chance: random.Random) -> Row:
    methods = chance.sample(CODES["METHODS"], chance.choice([0, 1, 2, 3]))
    title = chance.choice([None, {"en": "work", "fr": "travail"}, {"en": "a"}, {"fr": "a & b", "en": "b"}])
    return {
        "OBS_VALUE": chance.choice(["1", "1.0", "10", "9.5", "-3", "2e1", None]),
        "OBS_STATUS": chance.choice([*CODES["OBS_STATUS"], None]),
        "SAMPLE": chance.choice(["5", "30", "100", None]),
        "METHODS": write_cell(methods) if methods else None,
        "TITLE": write_cell([title]) if title else None,
    }


ASKED = {
    **CODES,
    "REF_AREA": [*AREAS, "XXX"],
    "TIME_PERIOD": [
        "2020", "2021", "2022", "2021-A1", "2021-S2", "2021-T1", "2021-Q1", "2021-Q3", "2021-M07", "2021-07",
        "2021-W01", "2021-W40", "2021-D185", "2021-06-30", "2021-07-01", "2021-12-31T23:59:59",
    ],
    "OBS_VALUE": ["1", "1.00", "9", "10", "20", "-3.0"],
    "SAMPLE": ["5", "29", "30", "1e2"],
    "TITLE": ["work", "a", "b", "travail", "en"],
    "METHODS": [*CODES["METHODS"], "X"],
    START_DAY: ["--07-01", "--10-15"],
}  # fmt: skip
LOOKED = {"TIME_PERIOD": ["2021", "-Q", "1"], "OBS_VALUE": ["1", ".", "e"], "TITLE": ["or", " ", "a"]}


def make_key(chance: random.Random) -> str:
    """Write a key segment: some keys, each with codes, several codes or none in a part, and parts left out."""

    def part(name: str) -> str:
        return "+".join(chance.sample(ASKED[name], chance.choice([0, 0, 1, 1, 2]))) or chance.choice(["*", ""])

    keys = [
        ".".join(map(part, DIMENSIONS[: chance.choice([1, 2, 3, 3])])) or "*"
        for _ in range(chance.choice([1, 1, 2, 3]))
    ]
    return ",".join(key or "*" for key in keys) if chance.random() < 0.6 else "*"


def make_filters(chance: random.Random, names: list[str] | None = None) -> list[str]:
    """Write filters on some components."""
    chosen = chance.sample(names or sorted(ASKED), chance.choice([0, 1, 1, 2, 3]))
    return [
        f"c[{name}]=" + ",".join(
            "+".join(make_condition(chance, name) for _ in range(chance.choice([1, 1, 2])))
            for _ in range(chance.choice([1, 1, 2, 3]))
        )
        for name in chosen
    ]  # fmt: skip


def make_condition(chance: random.Random, name: str) -> str:
    if chance.random() < 0.2:
        return f"{chance.choice(['co', 'nc', 'sw', 'ew'])}:{chance.choice(LOOKED.get(name, ASKED[name]))}"
    operator = chance.choice(["", "", "eq:", "ne:", "lt:", "le:", "gt:", "ge:"])
    return operator + chance.choice(ASKED[name])


def make_limits(chance: random.Random) -> list[str]:
    """Write what bounds and orders an answer."""
    found = [f"{end}NObservations={chance.choice([1, 2])}" for end in ("first", "last") if chance.random() < 0.2]
    found += [f"offset={chance.choice([1, 5, 40])}"] * (chance.random() < 0.4)
    found += [f"limit={chance.choice([1, 3, 10, 60])}"] * (chance.random() < 0.5)
    return found


def make_sort(chance: random.Random, names: tuple[str, ...] = KEYS) -> list[str]:
    chosen = chance.sample(names, chance.choice([0, 1, 2, len(names)]))
    terms = [name + chance.choice(["", ":asc", ":desc"]) for name in chosen]
    return [f"sort={'+'.join(terms)}"] if terms else []


def make_start_day(chance: random.Random) -> list[str]:
    return [f"reportingYearStartDay={chance.choice(['--07-01', '--04-05'])}"] * (chance.random() < 0.3)
