"""Rows that come series by series, each from its first period to its last, as in nearly every message and table.

Where they do, a repeated key, another value of an attribute of the series and the period before stand in the row just
before: one pass that keeps nothing finds them. Where they do not, the checks group and join.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.checks.terms import VIEW, Checking, key_hash
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.structure import Attachment

_ORDER = "order"
_A_YEAR = {"A": 1, "S": 2, "T": 3, "Q": 4, "M": 12}


@dataclass(frozen=True, kw_only=True)
class SeriesOrder:
    """Rows are in order; ``constant`` are the attributes of series that nowhere change within one.

    ``following`` are the numbers of those codes of the time dimension that are the period after the code before them;
    None where the codes are not in the order of time, or no codes.
    """

    constant: frozenset[str]
    following: tuple[int, ...] | None


def find_order(checking: Checking) -> SeriesOrder | None:
    """Look whether the rows that are more than deletions are in order; None when not. Looked up once."""
    if _ORDER not in checking.found:
        checking.found[_ORDER] = _find(checking)
    found = checking.found[_ORDER]
    return found if isinstance(found, SeriesOrder) else None


def _find(checking: Checking) -> SeriesOrder | None:
    time, keys = checking.structure.time_dimension, checking.structure.key_ids
    if time is None or not checking.has(*keys) or any(None in checking.values(key) for key in keys):
        return None
    constant = _of_series(checking)
    columns = "".join(f", {quoted(one)}" for one in constant)
    new = "".join(
        f", {quoted(one)} IS DISTINCT FROM lag({quoted(one)}) OVER () AS _new{n}" for n, one in enumerate(constant)
    )
    counts = "".join(f", count(*) FILTER (NOT _first AND _new{n})" for n, _ in enumerate(constant))
    begun, series, back, *changes = checking.one(
        f"SELECT count(*) FILTER (_first), count(DISTINCT _place), count(*) FILTER (NOT _first AND _turn <= _earlier)"
        f"{counts} FROM (SELECT _place, _turn, _place IS DISTINCT FROM lag(_place) OVER () AS _first, "
        f"lag(_turn) OVER () AS _earlier{new} FROM (SELECT {key_hash(series_ids(checking))} AS _place, "
        f"{quoted(time.id)} AS _turn{columns} FROM {VIEW} WHERE {checking.live}))"
    )
    if begun != series or back:
        return None
    pairs = zip(constant, changes, strict=True)
    return SeriesOrder(
        constant=frozenset(one for one, changed in pairs if not changed), following=_following(checking, time.id)
    )


def series_ids(checking: Checking) -> list[str]:
    """The parts of the key without time."""
    time = checking.structure.time_dimension
    return [key for key in checking.structure.key_ids if time is None or key != time.id]


def _of_series(checking: Checking) -> list[str]:
    """The attributes that describe one series each."""
    series = {*series_ids(checking)}
    return [
        one.id
        for one in checking.structure.attributes
        if one.attached_to is Attachment.DIMENSIONS
        and one.id in checking.rows.columns
        and {*one.dimension_ids} == series
    ]


def _following(checking: Checking, time_id: str) -> tuple[int, ...] | None:
    column = quoted(time_id)
    kinds = checking.all(f"SELECT typeof({column}) FROM {VIEW} LIMIT 1")
    if not kinds or not str(kinds[0][0]).startswith("ENUM"):
        return None
    codes = checking.connection.execute(
        f"SELECT enum_code(t), CAST(t AS VARCHAR) FROM (SELECT DISTINCT {column} AS t FROM {VIEW} "
        f"WHERE {checking.live}) ORDER BY 1"
    ).fetchall()
    orders = [(int(number), order_of_period(text)) for number, text in codes]
    following = []
    for (before, earlier), (number, order) in itertools.pairwise(orders):
        if earlier is None or order is None or order <= earlier or number != before + 1:
            return None
        if order == earlier + 1:
            following.append(number)
    return tuple(following)


def order_of_period(text: str) -> int | None:
    """The place of a period among those of its frequency; None where that is not told by its name."""
    try:
        period = parse_period(text)
    except BadRequest:
        return None
    many = _A_YEAR.get(period.frequency)
    return None if many is None else period.start.year * many + (period.start.month - 1) * many // 12
