"""``scheduler`` as a process: what it does beside visiting partners."""

import datetime as dt
import json

from click.testing import CliRunner

from sdmx_hub.cli import cli
from tests.support.homes import make_office

HEADING = (
    "DATAFLOW,FREQ,REF_AREA,INDICATOR,COUNTERPART_TYPE,COUNTERPART_AREA,MIG_REASON,MIG_TYPE,DURATION,SEX,AGE,"
    "EDUCATION_LEV,ACTIVITY,OCCUPATION,SOURCE_TYPE,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS,"
    "EMBARGO_TIME,UNIT_MULT,DECIMALS,TIME_PER_COLLECT,DATA_PROVIDER"
)
ROW = (
    "ILMH:DF_FLOW_POP(1.0.0),A,SEN,OUTFLOW_POP,CDS,FRA,_T,_T,_T,_T,_T,_T,_T,_T,CEN,PS,2023,34434,A,E,{end},0,0,S,"
    "SEN_ANSD"
)


def test_the_scheduler_releases_what_an_embargo_held_back(tmp_path):
    home = make_office(tmp_path / "home")

    def run(*words):
        done = CliRunner().invoke(cli, ["--home", str(home), *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=60)
    file = tmp_path / "held.csv"
    file.write_text(f"{HEADING}\n{ROW.format(end=soon.isoformat(timespec='seconds'))}\n", encoding="utf-8")
    run("load", str(file), "--yes")
    before = json.loads(run("release", "list", "--json"))["releases"]
    run("scheduler", "--once", "--json")
    after = json.loads(run("release", "list", "--json"))["releases"]
    assert len(after) == len(before) + 1
    run("scheduler", "--once", "--json")
    assert json.loads(run("release", "list", "--json"))["releases"] == after
