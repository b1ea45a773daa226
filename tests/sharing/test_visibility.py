import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.sharing.visibility import (
    Visibility,
    embargo_is_over,
    is_restricting,
    public_view_sql,
    visibility,
    visibility_sql,
)
from tests.factories import OBSERVATION, component, make_structure, series
from tests.support.engine import connect

NOW = dt.datetime(2026, 3, 31, 9, tzinfo=dt.UTC)


def structure_with(*, mandatory):
    usage = {"usage": "mandatory"} if mandatory else {}
    return make_structure(
        "REF_AREA.SEX.TIME_PERIOD",
        attributes=[
            component("UNIT", "CL_UNIT", **series("REF_AREA", "SEX")),
            component("TITLE", **series("REF_AREA", "SEX")),
            component("OBS_STATUS", "CL_OBS_STATUS", **OBSERVATION),
            component("CONF_STATUS", "CL_CONF_STATUS", **OBSERVATION, **usage),
            component("EMBARGO_TIME", data_type="DateTime", **OBSERVATION),
            component("CONF_REDIST", **OBSERVATION),
            component("SAMPLE", data_type="Integer", **OBSERVATION),
            component("COMMENT_OBS", **OBSERVATION),
        ],
    )


FREE = structure_with(mandatory=False)
STRICT = structure_with(mandatory=True)
COLUMNS = tuple(FREE.components)

TABLE = [
    ("F", None, None, Visibility.SHOWN),
    ("F", "A", None, Visibility.SHOWN),
    ("F", "Q", None, Visibility.WITHHELD),
    ("N", None, None, Visibility.HIDDEN),
    ("N", None, "2020-01-01T00:00:00Z", Visibility.HIDDEN),
    *((code, None, None, Visibility.WITHHELD) for code in "AOTGMCDS"),
    ("E", None, "2026-03-31T09:00:00Z", Visibility.SHOWN),
    ("E", None, "2026-03-31T09:00:01Z", Visibility.HIDDEN),
    ("E", None, "2026-03-31T10:00:00+01:00", Visibility.SHOWN),
    ("E", None, "2026-03-31T09:30:00+00:30", Visibility.SHOWN),
    ("E", None, "2026-03-31T09:00:00-01:00", Visibility.HIDDEN),
    ("E", None, "2026-03-31T08:59:59.999Z", Visibility.SHOWN),
    ("E", None, "2020-01-01T00:00:00", Visibility.HIDDEN),
    ("E", None, "2020-01-01", Visibility.HIDDEN),
    ("E", None, "2020-02-30T00:00:00Z", Visibility.HIDDEN),
    ("E", None, "soon", Visibility.HIDDEN),
    ("E", None, None, Visibility.HIDDEN),
    ("E", "Q", "2020-01-01T00:00:00Z", Visibility.WITHHELD),
    ("X", None, None, Visibility.HIDDEN),
    ("f", None, None, Visibility.HIDDEN),
    ("", None, None, Visibility.HIDDEN),
]


@pytest.mark.parametrize(("conf_status", "obs_status", "embargo_time", "expected"), TABLE)
@pytest.mark.parametrize("is_mandatory", [True, False])
def test_the_public_sees_what_the_table_says(conf_status, obs_status, embargo_time, expected, is_mandatory):
    assert visibility(conf_status, obs_status, embargo_time, NOW, is_mandatory=is_mandatory) is expected


def test_an_absent_status_hides_where_the_structure_demands_one():
    assert visibility(None, None, None, NOW, is_mandatory=True) is Visibility.HIDDEN
    assert visibility(None, None, None, NOW) is Visibility.SHOWN
    assert visibility(None, "Q", None, NOW) is Visibility.WITHHELD


def test_an_embargo_ends_on_the_second():
    assert not embargo_is_over("2026-03-31T09:00:00Z", NOW - dt.timedelta(seconds=1))
    assert embargo_is_over("2026-03-31T09:00:00Z", NOW)


def make_rows(connection, rows, columns=COLUMNS):
    given = ", ".join(f'"{column}" VARCHAR' for column in columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE t ({given})")
    for row in rows:
        values = [row.get(column) for column in columns]
        connection.execute(" ".join(("INSERT INTO t VALUES (", ", ".join("?" * len(columns)), ")")), values)


def public_rows(structure, rows, *, now=NOW, columns=COLUMNS, withdraw=False):
    with connect() as connection:
        make_rows(connection, rows, columns)
        found = connection.execute(public_view_sql(structure, "t", columns, now, withdraw=withdraw)).fetchall()
        assert [column[0] for column in connection.description] == list(columns)
    return [dict(zip(columns, row, strict=True)) for row in found]


def make_row(**values):
    return {
        "REF_AREA": "SEN",
        "SEX": "F",
        "TIME_PERIOD": "2024",
        "OBS_VALUE": "3",
        "UNIT": "PS",
        "TITLE": "Workers",
        "OBS_STATUS": "A",
        "SAMPLE": "17",
        "COMMENT_OBS": "was three",
    } | values


def shown(row):
    return {key: value for key, value in row.items() if value is not None}


def test_a_free_row_is_shown_whole():
    row = make_row(CONF_STATUS="F")
    assert [shown(found) for found in public_rows(FREE, [row])] == [row]


def test_a_withheld_row_keeps_its_key_and_reason_and_nothing_that_tells_its_value():
    found = public_rows(FREE, [make_row(CONF_STATUS="A")])
    assert [shown(row) for row in found] == [
        {
            "REF_AREA": "SEN",
            "SEX": "F",
            "TIME_PERIOD": "2024",
            "UNIT": "PS",
            "TITLE": "Workers",
            "OBS_STATUS": "Q",
            "CONF_STATUS": "A",
        }
    ]


def test_a_row_past_its_embargo_is_served_as_free():
    row = make_row(CONF_STATUS="E", EMBARGO_TIME="2026-03-31T09:00:00Z", CONF_REDIST="ILO")
    assert public_rows(FREE, [row], now=NOW - dt.timedelta(seconds=1)) == []
    assert [shown(found) for found in public_rows(FREE, [row])] == [make_row(CONF_STATUS="F")]


def test_without_a_confidentiality_attribute_everything_is_public():
    structure = make_structure("REF_AREA.TIME_PERIOD")
    rows = [{"REF_AREA": "SEN", "TIME_PERIOD": "2024", "OBS_VALUE": "1.10"}]
    assert public_rows(structure, rows, columns=tuple(structure.components)) == rows
    assert not is_restricting(structure)
    assert is_restricting(FREE)


def test_a_missing_column_hides_where_the_attribute_is_mandatory():
    columns = ("REF_AREA", "SEX", "TIME_PERIOD", "OBS_VALUE")
    assert public_rows(STRICT, [make_row()], columns=columns) == []
    assert len(public_rows(FREE, [make_row()], columns=columns)) == 1


def test_deletions_pass_and_hidden_rows_can_be_withdrawn():
    columns = ("_action", *COLUMNS)
    rows = [
        {"_action": "D", "REF_AREA": "SEN", "SEX": "F", "TIME_PERIOD": "2020"},
        make_row(_action="M", CONF_STATUS="N"),
        make_row(_action="M", CONF_STATUS="F", SEX="M"),
    ]
    assert [shown(row) for row in public_rows(STRICT, rows, columns=columns)] == [rows[0], rows[2]]
    assert [shown(row) for row in public_rows(STRICT, rows, columns=columns, withdraw=True)] == [
        rows[0],
        {"_action": "D", "REF_AREA": "SEN", "SEX": "F", "TIME_PERIOD": "2024"},
        rows[2],
    ]


ZONES = st.sampled_from(["Z", "+00:00", "-00:30", "+05:45", "-11:00", "+14:00", ""])
MOMENTS = st.one_of(
    st.none(),
    st.just("2026-13-01T00:00:00Z"),
    st.just("not a time"),
    st.builds(
        lambda at, zone: at.isoformat() + zone,
        st.datetimes(NOW.replace(tzinfo=None) - dt.timedelta(days=2), NOW.replace(tzinfo=None) + dt.timedelta(days=2)),
        ZONES,
    ),
)
ROWS = st.fixed_dictionaries(
    {
        "CONF_STATUS": st.sampled_from([None, "", *"FNEAOTGMCDSX"]),
        "OBS_STATUS": st.sampled_from([None, "A", "Q", "O"]),
        "EMBARGO_TIME": MOMENTS,
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=20), st.booleans())
def test_the_database_decides_as_the_table_does(rows, is_mandatory):
    structure = STRICT if is_mandatory else FREE
    with connect() as connection:
        make_rows(connection, rows)
        found = connection.table("t").project(visibility_sql(structure, COLUMNS, NOW)).fetchall()
    assert [seen for (seen,) in found] == [
        visibility(**row_texts(row), now=NOW, is_mandatory=is_mandatory) for row in rows
    ]


def row_texts(row):
    return {name.lower(): value for name, value in row.items()}


@settings(max_examples=40, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=20), st.booleans())
def test_public_rows_are_the_same_whatever_hidden_and_withheld_rows_hold(rows, is_mandatory):
    structure = STRICT if is_mandatory else FREE

    def world(held):
        made = []
        for number, row in enumerate(rows):
            seen = visibility(**row_texts(row), now=NOW, is_mandatory=is_mandatory)
            if seen is Visibility.HIDDEN and held == "absent":
                continue
            telling = {} if seen is Visibility.SHOWN else {"OBS_VALUE": held, "COMMENT_OBS": held, "SAMPLE": held}
            made.append(make_row(TIME_PERIOD=str(1900 + number), **row) | telling)
        return public_rows(structure, made)

    assert world("41") == world("absent") == world("42")
