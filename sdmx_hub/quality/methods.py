"""Reconciled values: one figure where two ends tell two. Published beside what was reported, never instead of it.

| method | value |
|---|---|
| MR1 | that of the end that counts the indicator better (``PairRule.better``) |
| MR2 | the mean of both ends, arithmetic or geometric |
| MR3 | correction factors α (of a country as destination) and β (as origin) that minimise |
|     | Σ (α_j I_ij − β_i E_ij)² / (I_ij + E_ij), α of one country of reference being 1; |
|     | the mean of α_j I_ij and β_i E_ij |

MR3 is M. Poulain, "Confrontation des statistiques de migrations intra-européennes", European Journal of Population 9
(1993). It needs four countries at least of which every one reports to and from every other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.rows import literal
from sdmx_hub.quality.mirror import Mirror, dicts_of
from sdmx_hub.quality.pair_rules import RULES

METHODS = ("MR1", "MR2", "MR2G", "MR3")
"""MR2G is the geometric mean."""
FEWEST = 4
"""Countries that MR3 needs."""
_GROUP = ("rule", "frequency", "period", "split")
_VALUES = {
    "MR1": "CASE WHEN rule IN ({origin}) THEN origin_value ELSE destination_value END",
    "MR2": "(origin_value + destination_value) / 2",
    "MR2G": "sqrt(origin_value * destination_value)",
}


@dataclass(frozen=True, kw_only=True)
class Factors:
    """The correction factors of one system of flows: α by destination, β by origin."""

    rule: str
    frequency: str
    period: str
    split: str
    reference: str
    received: dict[str, float]
    sent: dict[str, float]


def reconcile(mirror: Mirror, method: str, reference: str | None = None) -> tuple[Factors, ...]:
    """Make the table ``reconciled``: the compared pairs with a ``reconciled_value``. Gives the factors of MR3.

    Raises BadRequest for an unknown method, and for MR3 without a reference or where no system of flows is complete.
    """
    if method not in METHODS:
        raise BadRequest("mirror-method", method=method, known=", ".join(METHODS))
    if method == "MR3":
        return _correct(mirror, reference)
    origin = ", ".join(literal(rule.id) for rule in RULES if rule.better == "origin")
    value = _VALUES[method].format(origin=origin)
    mirror.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE reconciled AS SELECT *, {value} AS reconciled_value FROM pairs "
        "WHERE state = 'compared' AND detail = ''"
    )
    return ()


def reconciled_values(mirror: Mirror) -> list[dict[str, Any]]:
    """What ``reconcile`` made: the two values of each pair and the one made of them."""
    told = (*_GROUP, "origin", "destination", "origin_value", "destination_value", "reconciled_value")
    return dicts_of(mirror.connection.execute(f"SELECT {', '.join(told)} FROM reconciled ORDER BY ALL"))


def _correct(mirror: Mirror, reference: str | None) -> tuple[Factors, ...]:
    found = tuple(_systems(mirror, reference))
    if not found:
        raise BadRequest("mirror-no-system", fewest=FEWEST, reference=reference or "–")
    columns: dict[str, list[object]] = {name: [] for name in (*_GROUP, "country", "received", "sent")}
    for factors in found:
        for country in factors.received:
            told = (
                *(getattr(factors, name) for name in _GROUP),
                country,
                factors.received[country],
                factors.sent[country],
            )
            for name, value in zip(columns, told, strict=True):
                columns[name].append(value)
    mirror.connection.register("factors", pa.table(columns))
    keys = " AND ".join(f"a.{name} = p.{name} AND b.{name} = p.{name}" for name in _GROUP)
    mirror.connection.execute(
        "CREATE OR REPLACE TEMP TABLE reconciled AS SELECT p.*, "
        "(a.received * p.destination_value + b.sent * p.origin_value) / 2 AS reconciled_value "
        "FROM pairs AS p JOIN factors AS a ON a.country = p.destination "
        f"JOIN factors AS b ON b.country = p.origin AND {keys} "
        "WHERE p.state = 'compared' AND p.detail = ''"
    )
    return found


def _systems(mirror: Mirror, reference: str | None) -> Iterator[Factors]:
    """The factors of every rule, period and split that has a complete system of flows."""
    query = (
        f"SELECT {', '.join(_GROUP)}, list(origin), list(destination), list(origin_value), list(destination_value) "
        "FROM pairs WHERE state = 'compared' AND detail = '' GROUP BY ALL ORDER BY ALL"
    )
    for *group, origins, destinations, sent, received in mirror.connection.execute(query).fetchall():
        flows = {
            (origin, destination): (e, i)
            for origin, destination, e, i in zip(origins, destinations, sent, received, strict=True)
        }
        countries = complete_countries(flows)
        if len(countries) < FEWEST or (reference is not None and reference not in countries):
            continue
        chosen = reference or countries[0]
        alpha, beta = correction_factors(countries, flows, chosen)
        rule, frequency, period, split = group
        yield Factors(
            rule=rule, frequency=frequency, period=period, split=split, reference=chosen, received=alpha, sent=beta
        )


def complete_countries(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The countries of which every one has a pair with every other, both ways: the worst are left out one by one."""
    known = set(pairs)
    left = sorted({one for one, _ in known} & {one for _, one in known})
    while left:
        missing = {one: sum((one, other) not in known for other in left if other != one) for one in left}
        for one, other in permutations(left, 2):
            missing[other] += (one, other) not in known
        worst = max(left, key=lambda one: (missing[one], one))
        if not missing[worst]:
            break
        left.remove(worst)
    return tuple(left)


def correction_factors(
    countries: Sequence[str], flows: dict[tuple[str, str], tuple[float, float]], reference: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Solve MR3 for the flows (sent, received) among ``countries``: α by destination and β by origin."""
    place = {country: number for number, country in enumerate(countries)}
    count, lines, wanted = len(countries), [], []
    for origin, destination in permutations(countries, 2):
        sent, received = flows[origin, destination]
        if sent + received <= 0:
            continue
        weight = (sent + received) ** -0.5
        line = np.zeros(2 * count)
        line[place[destination]] = received * weight
        line[count + place[origin]] = -sent * weight
        wanted.append(-line[place[reference]])
        line[place[reference]] = 0.0
        lines.append(line)
    solved, *_ = np.linalg.lstsq(np.array(lines), np.array(wanted), rcond=None)
    solved[place[reference]] = 1.0
    alpha = {country: float(solved[number]) for country, number in place.items()}
    beta = {country: float(solved[count + number]) for country, number in place.items()}
    return alpha, beta
