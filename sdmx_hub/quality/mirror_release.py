"""What was compared becomes observations of DF_Q_MIRROR: CC1, CC1_ABS and MIRROR_RATIO of each corridor.

Only pairs both ends of which report anything are told; where one of them has no value, neither has the comparison, and
the status is carried. Of several rules, sources or splits under one key the best basis is taken (``pair_rules``), the
total before its parts. The multilateral measure of a destination stands under REF_AREA W1, with the number of its pairs
in SAMPLE_SIZE. A load replaces all of them, so a comparison whose basis is gone is deleted with it.
"""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path

from sdmx_hub.load.report import LoadReport
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.causes import ORDER
from sdmx_hub.quality.mirror import Mirror
from sdmx_hub.quality.own_load import ACTOR, PROVIDER, load_own
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.quality.sides import MIRROR_ESTIMATE
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.observations import Observations

DATAFLOW = Urn("Dataflow", Ref("ILMH", "DF_Q_MIRROR", "1.0+.0"))
DECIMALS = 4


def release_mirror(
    mirror: Mirror,
    artefacts: Artefacts,
    observations: Observations,
    *,
    now: dt.datetime,
    actor: str = ACTOR,
    dry_run: bool = False,
) -> LoadReport:
    """Load what was compared, in one release or none. The mirror must be of everything the public may see.

    Raises NotFound when the hub does not hold DF_Q_MIRROR, TryAgain when somebody else is loading it.
    """
    dataflow = artefacts.get(DATAFLOW).urn
    return load_own(
        lambda path: _write(mirror, _observations(dataflow), path),
        dataflow,
        artefacts,
        observations,
        name="mirror",
        scope={"COUNTERPART_TYPE": frozenset({"CTP"})},
        now=now,
        actor=actor,
        dry_run=dry_run,
    )


def release_reconciled(
    mirror: Mirror,
    method: str,
    artefacts: Artefacts,
    observations: Observations,
    *,
    now: dt.datetime,
    actor: str = ACTOR,
    dry_run: bool = False,
) -> tuple[LoadReport, ...]:
    """Load what ``methods.reconcile`` made: into the dataflow of the destination, SOURCE_TYPE MIR, OBS_STATUS E.

    The method is told in COMMENT_OBS with the two values it is made of. One report a dataflow.
    """
    reports = []
    rules = {rule.id: rule for rule in RULES}
    found = mirror.connection.execute("SELECT DISTINCT rule FROM reconciled").fetchall()
    for dataflow_id in sorted({rules[rule].destination.dataflow for (rule,) in found}):
        urn = artefacts.get(Urn("Dataflow", Ref("ILMH", dataflow_id, "1.0+.0"))).urn
        dimensions = artefacts.structure_of(urn).dimension_ids
        chosen = tuple(rule.id for rule in RULES if rule.destination.dataflow == dataflow_id)
        write = functools.partial(_write, mirror, _reconciled(urn, method, dimensions, chosen))
        report = load_own(write, urn, artefacts, observations, name=method, now=now, actor=actor, dry_run=dry_run)
        reports.append(report)
    return tuple(reports)


def _reconciled(dataflow: Urn, method: str, dimensions: tuple[str, ...], rules: tuple[str, ...]) -> str:
    """SQL: one row a reconciled value; its key is the destination's, from another source."""
    codes = ", ".join(
        f"{literal(MIRROR_ESTIMATE)} AS {quoted(name)}"
        if name == "SOURCE_TYPE"
        else f"split_part(destination_series, '.', {place}) AS {quoted(name)}"
        for place, name in enumerate(dimensions, 1)
    )
    basis = " ".join(f"WHEN {literal(rule)} THEN {place}" for place, rule in enumerate(rules))
    return f"""
SELECT 'dataflow' AS "STRUCTURE", {literal(str(dataflow.ref))} AS "STRUCTURE_ID", 'M' AS "ACTION", {codes},
  period AS "TIME_PERIOD", CAST(round(reconciled_value) AS BIGINT) AS "OBS_VALUE",
  'E' AS "OBS_STATUS", 'F' AS "CONF_STATUS",
  {literal(method)} || ': ' || {_shown("origin")} || ' / ' || {_shown("destination")} AS "COMMENT_OBS",
  0 AS "UNIT_MULT", 0 AS "DECIMALS", {_COLLECTED} AS "TIME_PER_COLLECT",
  {literal(PROVIDER)} AS "DATA_PROVIDER", {literal(f"Mirror estimate, method {method}")} AS "SOURCE_DETAIL"
FROM reconciled WHERE rule IN ({", ".join(map(literal, rules))})
QUALIFY row_number() OVER (PARTITION BY destination_series, period ORDER BY CASE rule {basis} END) = 1
ORDER BY ALL
"""


def _shown(end: str) -> str:
    """SQL: the value of one end as a person writes it; NULL for none."""
    return f"format('{{:.15g}}', {end}_value)"


_COLLECTED = "CASE WHEN dataflow_ref LIKE 'DF_STOCK%' THEN 'E' ELSE 'S' END"
"""SQL: TIME_PER_COLLECT, end of period of stocks and sum of flows."""


def _write(mirror: Mirror, query: str, path: Path) -> None:
    """Write what a query of the comparison gives as SDMX-CSV 2.0."""
    mirror.connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT csv, HEADER, QUOTE '\"', NULLSTR '')")


def _observations(dataflow: Urn) -> str:
    """SQL: one row an observation, with the columns of SDMX-CSV 2.0."""
    basis = " ".join(f"WHEN {literal(rule.id)} THEN {place}" for place, rule in enumerate(RULES))
    cause = " ".join(f"WHEN list_contains(causes, {literal(code)}) THEN {literal(code)}" for code in ORDER)
    columns = {
        "STRUCTURE": "'dataflow'",
        "STRUCTURE_ID": literal(str(dataflow.ref)),
        "ACTION": "'R'",
        "FREQ": "frequency",
        "REF_AREA": "area",
        "INDICATOR": "indicator",
        "COUNTERPART_TYPE": "'CTP'",
        "COUNTERPART_AREA": "destination",
        "DATAFLOW_REF": "dataflow_ref",
        "UNIT_MEASURE": "'IX1'",
        "TIME_PERIOD": "period",
        "OBS_VALUE": f"round(value, {DECIMALS})::DECIMAL(18, {DECIMALS})",
        "OBS_STATUS": "status",
        "CONF_STATUS": "'F'",
        "COMMENT_OBS": "remark",
        "SAMPLE_SIZE": "pairs",
        "DISC_CAUSE": "cause",
        "UNIT_MULT": "0",
        "DECIMALS": str(DECIMALS),
        "TIME_PER_COLLECT": _COLLECTED,
        "DATA_PROVIDER": literal(PROVIDER),
    }
    shown = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in columns.items())
    return f"""
WITH told AS (
  SELECT *, CASE WHEN state = 'compared' THEN 'A'
      WHEN origin_status = 'Q' OR destination_status = 'Q' THEN 'Q' ELSE 'O' END AS status,
    coalesce(confirmed_cause, CASE {cause} END) AS cause,
    concat_ws(' ', rule, nullif(split, '')) || ': ' || coalesce({_shown("origin")}, '–') || ' / '
      || coalesce({_shown("destination")}, '–') AS remark
  FROM pairs WHERE state IN ('compared', 'no-value') AND detail = ''
), best AS (
  SELECT * FROM told QUALIFY row_number() OVER (
    PARTITION BY dataflow_ref, frequency, period, origin, destination
    ORDER BY state, CASE rule {basis} END, split <> '', split) = 1
), measured AS (
  SELECT frequency, origin AS area, destination, dataflow_ref, period, status, remark, cause, NULL::BIGINT AS pairs,
    unnest(['CC1', 'CC1_ABS', 'MIRROR_RATIO']) AS indicator, unnest([cc1, abs(cc1), ratio]) AS value
  FROM best
  UNION ALL BY NAME
  SELECT frequency, 'W1' AS area, destination, dataflow_ref, period, 'A' AS status, count(*) AS pairs,
    'CC1_ABS' AS indicator,
    coalesce(sum(abs(difference)) / nullif(sum((origin_value + destination_value) / 2), 0), 0) AS value
  FROM best WHERE state = 'compared' GROUP BY ALL
)
SELECT {shown} FROM measured WHERE NOT (indicator = 'MIRROR_RATIO' AND value IS NULL AND status = 'A') ORDER BY ALL
"""
