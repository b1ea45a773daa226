"""What the public sees of one observation, by its confidentiality status and embargo.

Source: SDMX *Guidelines for Confidentiality and Embargo* 2.0, codelist CL_CONF_STATUS 1.3. The table is ``RULES``; what
it leaves open is decided here: a status that the list does not have hides the row, an absent status hides it where the
structure makes the attribute mandatory and shows it elsewhere, and an embargo whose end is missing, unreadable or
without time zone has not ended.

A row that is *withheld* keeps its key, its confidentiality status and what describes its series; it loses its measures,
its OBS_STATUS becomes ``Q``, and every uncoded attribute of the observation goes as well, because a comment, a sample
size or the value before a break can tell what the measure may not.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Mapping, Sequence

from sdmx_hub.model.rows import ACTION, literal, quoted
from sdmx_hub.model.structure import Attachment, DataStructure

CONF_STATUS = "CONF_STATUS"
OBS_STATUS = "OBS_STATUS"
EMBARGO_TIME = "EMBARGO_TIME"
CONF_REDIST = "CONF_REDIST"
FREE = "F"
SUPPRESSED = "Q"
"""OBS_STATUS: the value exists and is not shown."""
_ZONED = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"


class Visibility(enum.StrEnum):
    """What is shown of a row: all of it, all but its value, or nothing."""

    SHOWN = "shown"
    WITHHELD = "withheld"
    HIDDEN = "hidden"


RULES: Mapping[str, Visibility] = {
    "F": Visibility.SHOWN,
    "N": Visibility.HIDDEN,
    **dict.fromkeys("AOTGMCDS", Visibility.WITHHELD),
}
"""By CONF_STATUS; ``E`` depends on the time."""
_EMBARGOED = "E"


def visibility(
    conf_status: str | None,
    obs_status: str | None,
    embargo_time: str | None,
    now: dt.datetime,
    *,
    is_mandatory: bool = False,
) -> Visibility:
    """Decide what the public sees; ``is_mandatory`` tells whether the structure demands a confidentiality status."""
    if conf_status is None:
        seen = Visibility.HIDDEN if is_mandatory else Visibility.SHOWN
    elif conf_status == _EMBARGOED:
        seen = Visibility.SHOWN if embargo_is_over(embargo_time, now) else Visibility.HIDDEN
    else:
        seen = RULES.get(conf_status, Visibility.HIDDEN)
    return Visibility.WITHHELD if seen is Visibility.SHOWN and obs_status == SUPPRESSED else seen


def embargo_is_over(embargo_time: str | None, now: dt.datetime) -> bool:
    """Tell whether an embargo has ended at ``now`` (aware); the moment itself is past it."""
    end = parse_embargo(embargo_time)
    return end is not None and end <= now


def parse_embargo(text: str | None) -> dt.datetime | None:
    """Read the end of an embargo; None where it is missing, unreadable or without zone."""
    if text is None or not re.fullmatch(_ZONED, text):
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def is_restricting(structure: DataStructure) -> bool:
    """Tell whether rows of a structure can be anything but public."""
    return bool({CONF_STATUS, OBS_STATUS} & structure.components.keys())


def public_view_sql(
    structure: DataStructure,
    relation: str,
    columns: Sequence[str],
    now: dt.datetime,
    *,
    withdraw: bool = False,
) -> str:
    """Write the SELECT that makes the public rows of ``relation`` (its SQL name) from all rows.

    ``columns`` are those of the relation, and of the result, in order. A row that is itself a deletion passes. With
    ``withdraw`` (the relation must have the column ``_action``) a hidden row becomes the deletion of its key, and a
    withheld one a replacement: a message that only adds or merges must take back what was public before and no longer
    is. A message that tells rows in part cannot be judged by itself: see ``public_changes_sql``.
    """
    seen = visibility_sql(structure, columns, now)
    deletion = f"coalesce({quoted(ACTION)} = 'D', false)" if ACTION in columns else "false"
    projection = ", ".join(_public_column(structure, one, withdraw=withdraw) for one in columns)
    visible = "" if withdraw else " WHERE _deleted OR _seen <> 'hidden'"
    inner = f"SELECT *, {seen} AS _seen, {deletion} AS _deleted FROM {relation}"  # noqa: S608 - quoted component ids
    return f"SELECT {projection} FROM ({inner}){visible}"  # noqa: S608 - the same


def public_changes_sql(structure: DataStructure, relation: str, now: dt.datetime) -> str:
    """Write the SELECT that makes, from what a load changes inside, the rows that change the public view alike.

    ``relation`` has ``_change`` (A, R or D), the key, and ``new.<id>`` for each measure and attribute: whole rows as
    they will be, whatever part of them was sent. The result has ``_action`` (``R``: take the row as it is; ``D``) and
    all components. Applied in order, such changes keep the public rows equal to the public view of all rows.
    """
    keys = structure.key_ids
    values = [one for one in structure.components if one not in keys]
    listed = ", ".join([*map(quoted, keys), *(f"{quoted(f'new.{one}')} AS {quoted(one)}" for one in values)])
    action = f"CASE WHEN _change = 'D' THEN 'D' ELSE 'R' END AS {quoted(ACTION)}"
    whole = f"(SELECT {action}, {listed} FROM {relation})"  # noqa: S608 - quoted component ids
    return public_view_sql(structure, whole, (ACTION, *keys, *values), now, withdraw=True)


def visibility_sql(structure: DataStructure, columns: Sequence[str], now: dt.datetime) -> str:
    """Write ``visibility`` as an expression over the columns of a row; its value is the text of a ``Visibility``."""
    component = structure.components.get(CONF_STATUS)
    if component is None or CONF_STATUS not in columns:
        absent = Visibility.HIDDEN if component is not None and _is_mandatory(structure) else Visibility.SHOWN
        return _suppressed(f"'{absent}'", columns)
    status = f"CAST({quoted(CONF_STATUS)} AS VARCHAR)"
    cases = [f"WHEN {status} = {literal(code)} THEN '{seen}'" for code, seen in RULES.items()]
    over = _over_sql(now) if EMBARGO_TIME in columns else "false"
    cases.append(f"WHEN {status} = '{_EMBARGOED}' AND {over} THEN '{Visibility.SHOWN}'")
    if not _is_mandatory(structure):
        cases.append(f"WHEN {status} IS NULL THEN '{Visibility.SHOWN}'")
    return _suppressed(f"CASE {' '.join(cases)} ELSE '{Visibility.HIDDEN}' END", columns)


def _suppressed(seen: str, columns: Sequence[str]) -> str:
    if OBS_STATUS not in columns:
        return seen
    is_suppressed = f"CAST({quoted(OBS_STATUS)} AS VARCHAR) = '{SUPPRESSED}'"
    return f"CASE WHEN {is_suppressed} AND ({seen}) = '{Visibility.SHOWN}' THEN '{Visibility.WITHHELD}' ELSE {seen} END"


def _over_sql(now: dt.datetime) -> str:
    text = f"CAST({quoted(EMBARGO_TIME)} AS VARCHAR)"
    moment = literal(now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00"))
    ended = f"TRY_CAST({text} AS TIMESTAMPTZ) <= TIMESTAMPTZ {moment}"
    return f"coalesce(regexp_full_match({text}, {literal(_ZONED)}) AND {ended}, false)"


def _is_mandatory(structure: DataStructure) -> bool:
    return any(attribute.id == CONF_STATUS and attribute.is_mandatory for attribute in structure.attributes)


def _public_column(structure: DataStructure, column: str, *, withdraw: bool) -> str:
    name = quoted(column)
    if column == ACTION:
        taken_back = "WHEN _deleted THEN 'D' WHEN _seen = 'hidden' THEN 'D' WHEN _seen = 'withheld' THEN 'R'"
        return f"CASE {taken_back} ELSE {name} END AS {name}" if withdraw else name
    if column in structure.key_ids or column not in structure.components:
        return name
    shown = _shown_column(structure, column)
    kept = f"CASE WHEN NOT _deleted AND _seen = 'hidden' THEN NULL ELSE {shown} END" if withdraw else shown
    return f"{kept} AS {name}"


def _shown_column(structure: DataStructure, column: str) -> str:
    name = quoted(column)
    text = f"CAST({name} AS VARCHAR)"
    if column == CONF_STATUS:
        return f"CASE WHEN {text} = '{_EMBARGOED}' AND _seen <> 'hidden' THEN '{FREE}' ELSE {text} END"
    if column == OBS_STATUS:
        return f"CASE WHEN _seen = 'withheld' THEN '{SUPPRESSED}' ELSE {text} END"
    if column in {EMBARGO_TIME, CONF_REDIST}:
        return "CAST(NULL AS VARCHAR)"
    return f"CASE WHEN _seen = 'withheld' THEN NULL ELSE {text} END" if _tells(structure, column) else name


def _tells(structure: DataStructure, column: str) -> bool:
    """Tell whether a column can give a withheld value away."""
    if column in {measure.id for measure in structure.measures}:
        return True
    observed = {attribute.id: attribute for attribute in structure.attributes_of(Attachment.OBSERVATION)}
    return column in observed and not observed[column].representation.is_coded
