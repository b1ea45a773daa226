"""Whatever is loaded in whatever portions, what is public stays the public view of all that is inside."""

import datetime as dt

import pytest

from sdmx_hub.load.audiences import stage_rows
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.sharing.visibility import public_view_sql
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.releases import Lineage
from tests.factories import OBSERVATION, component, make_structure, series
from tests.publish.cube import make_chance
from tests.support.engine import connect
from tests.support.homes import make_database

DATAFLOW = Ref("TEST", "DF", "1.0.0")
STRUCTURE = make_structure(
    "REF_AREA.SEX.TIME_PERIOD",
    attributes=[
        component("UNIT", "CL_UNIT", **series("REF_AREA", "SEX")),
        component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
        component("CONF_STATUS", "CL_CONF_STATUS", **OBSERVATION),
        component("EMBARGO_TIME", data_type="DateTime", **OBSERVATION),
        component("COMMENT_OBS", **OBSERVATION),
    ],
)
COLUMNS = tuple(STRUCTURE.components)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Loads:
    """A store that is loaded as files are."""

    def __init__(self, folder):
        self.database = make_database(folder / "control.db")
        self.now = START
        self.observations = Observations(self.database, folder / "data", clock=lambda: self.now, small=4)

    def load(self, rows, action):
        self.now += dt.timedelta(hours=1)
        with connect() as connection:
            staged = stage_rows(
                table(connection, "sent", rows),
                self.observations,
                DATAFLOW,
                STRUCTURE,
                now=self.now,
                action=action,
                scope=None,
                holder="test",
                rehearse=False,
            )
            self.observations.release([staged], Lineage(source="test"), actor="test", now=self.now)

    def seen(self, audience):
        plan = plan_data(DataQuery(), STRUCTURE)
        rows = self.observations.open_rows(DATAFLOW, STRUCTURE, plan, audience=audience)
        found = [tuple(map(text, row)) for row in rows.connection.execute(rows.sql, list(rows.params)).fetchall()]
        rows.close()
        return [dict(zip(rows.columns, row, strict=True)) for row in found]

    def close(self):
        self.observations.close()
        self.database.close()


def text(value):
    return None if value is None else str(value)


def table(connection, name, rows):
    columns = ", ".join(f'"{column}" VARCHAR' for column in COLUMNS)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
    if rows:
        values = [[row.get(column) for column in COLUMNS] for row in rows]
        connection.executemany(" ".join(("INSERT INTO", name, "VALUES (", ", ".join("?" * len(COLUMNS)), ")")), values)
    return Rows(connection=connection, sql=f"FROM {name}", columns=COLUMNS, is_sorted=False)


def public_view(rows, now):
    with connect() as connection:
        table(connection, "t", rows)
        found = connection.execute(public_view_sql(STRUCTURE, "t", COLUMNS, now)).fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


@pytest.fixture
def loads(tmp_path):
    loads = Loads(tmp_path)
    yield loads
    loads.close()


def row(**values):
    return {"REF_AREA": "SEN", "SEX": "F", "TIME_PERIOD": "2024", **values}


def test_a_value_that_is_withheld_later_is_taken_back(loads):
    loads.load([row(OBS_VALUE="3", CONF_STATUS="F", COMMENT_OBS="three")], Action.APPEND)
    loads.load([row(CONF_STATUS="A")], Action.MERGE)
    [found] = loads.seen(PUBLIC)
    assert (found["OBS_VALUE"], found["COMMENT_OBS"], found["OBS_STATUS"]) == (None, None, "Q")
    assert loads.seen(INTERNAL)[0]["OBS_VALUE"] == "3"


def test_free_rows_share_their_files(loads):
    loads.load([row(OBS_VALUE="3", CONF_STATUS="F")], Action.APPEND)
    public, internal = (loads.observations.version(DATAFLOW, audience) for audience in (PUBLIC, INTERNAL))
    assert public.links == internal.links


def test_a_new_value_of_a_withheld_row_stays_withheld(loads):
    loads.load([row(OBS_VALUE="3", CONF_STATUS="N")], Action.APPEND)
    loads.load([row(OBS_VALUE="7")], Action.MERGE)
    assert loads.seen(PUBLIC) == []
    loads.load([row(CONF_STATUS="F")], Action.MERGE)
    assert loads.seen(PUBLIC)[0]["OBS_VALUE"] == "7"


@pytest.mark.parametrize("seed", range(4))
def test_what_is_public_is_the_public_view_of_what_is_inside(loads, seed):
    chance = make_chance(seed)
    for _ in range(6):
        action = chance.choice([Action.APPEND, Action.MERGE, Action.MERGE, Action.REPLACE, Action.DELETE])
        rows = [make_row(chance, key, action) for key in chance.sample(KEYS, chance.randrange(1, 7))]
        units = {(one["REF_AREA"], one["SEX"]): one.get("UNIT") for one in rows}
        loads.load([one | {"UNIT": units[one["REF_AREA"], one["SEX"]]} for one in rows], action)
        assert loads.seen(PUBLIC) == public_view(loads.seen(INTERNAL), loads.now), action


KEYS = [(area, sex, year) for area in ("SEN", "MLI") for sex in "FM" for year in ("2023", "2024", "2025")]


def make_row(chance, key, action):
    made = dict(zip(STRUCTURE.key_ids, key, strict=True))
    if action is Action.DELETE:
        return made
    values = {
        "OBS_VALUE": str(chance.randrange(100)),
        "UNIT": chance.choice(["PS", "HH"]),
        "OBS_STATUS": chance.choice(["A", "E", "Q"]),
        "CONF_STATUS": chance.choice("FFNACE"),
        "EMBARGO_TIME": chance.choice(["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"]),
        "COMMENT_OBS": chance.choice(["some", "words"]),
    }
    return made | {name: value for name, value in values.items() if chance.random() < 0.6}
