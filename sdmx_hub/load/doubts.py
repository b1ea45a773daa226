"""Doubts: what a partner sent passes every check, and yet somebody should look before it is published.

Each doubt is an error with a code of its own; a load against which nothing but doubts stand is held, with what it
would change. ``guards`` of a source sets the thresholds or switches a doubt off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.flows import Flow
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.message import Action
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.rows import ACTION, Rows, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.history import CHANGE_KIND
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.staging import Staged

SHRINKS = "SHRINK-01"
LABEL, JUMP, UNIT, OLDER, UPDATED, MODIFIED, DELETED, REVISED = (
    "HOLD-LABEL",
    "HOLD-JUMP",
    "HOLD-UNIT",
    "HOLD-OLDER",
    "HOLD-UPDATED",
    "HOLD-MODIFIED",
    "HOLD-DELETED",
    "HOLD-REVISED",
)
DOUBTS = (LABEL, JUMP, UNIT, OLDER, UPDATED, MODIFIED, DELETED, REVISED)
"""All doubts, in the order in which they are told."""
HOLDING = frozenset({SHRINKS, *DOUBTS})
"""What holds a load rather than failing it."""
_NEAR = 0.02
"""How far the logarithm of a ratio may lie from a whole number: 4.7 % of the value, for figures that were rounded."""
_VALUE, _MULTIPLIER, _UNIT, _UPDATE = "OBS_VALUE", "UNIT_MULT", "UNIT_MEASURE", "LAST_UPDATE"


@dataclass(frozen=True, kw_only=True)
class Guards:
    """Thresholds: from so many labels or cells on, above such a share. Shares count from ``least`` cells on."""

    labels: int = 1
    unit_cells: int = 3
    most_deleted: int | None = None
    most_revised_percent: int = 50
    least: int = 20
    off: frozenset[str] = frozenset()


def read_guards(document: Mapping[str, Any]) -> Guards:
    """Read the ``guards`` of a source."""
    return Guards(**{**document, "off": frozenset(document.get("off", ()))})


@dataclass(frozen=True, kw_only=True)
class Doubter:
    """Looks at a staged load. ``found`` are doubts from elsewhere, ``accepted`` those a person has answered for."""

    observations: Observations
    guards: Guards
    most_deleted_percent: int
    found: tuple[Finding, ...] = ()
    accepted: frozenset[str] = frozenset()
    announced: int | None = None

    def __call__(self, flows: Sequence[Flow], staged: Sequence[Staged]) -> list[Finding]:
        """Give the doubts: errors, or warnings where accepted. Data that change nothing raise none."""
        received = sum(flow.count for flow in flows)
        if self.announced is not None and received < self.announced:
            params = {"received": received, "announced": self.announced}
            return [Finding(code="harvest-parts-less", params=params)]
        changed = not all(one.is_empty for one in staged)
        findings = [finding for finding in self.found if changed or finding.code == LABEL]
        for flow, one in zip(flows, staged, strict=True):
            findings += self._of(flow, one)
        kept = [finding for finding in findings if finding.code not in self.guards.off]
        kept.sort(key=lambda finding: DOUBTS.index(finding.code))
        return [self._accept(finding) for finding in kept]

    def _accept(self, finding: Finding) -> Finding:
        mild = finding.code in self.accepted
        return dataclasses.replace(finding, severity=Severity.WARNING) if mild else finding

    def _of(self, flow: Flow, staged: Staged) -> Iterator[Finding]:
        yield from self._shares(staged)
        audience = INTERNAL if INTERNAL in staged.views else next(iter(staged.views))
        if not staged.revised and not staged.deleted:
            return
        changes = self.observations.open_staged_changes(staged, audience)
        try:
            yield from _jumps(changes, staged.structure, self.guards.unit_cells)
            yield from _units(changes, staged.structure, self.guards.unit_cells)
            yield from _updates(changes, staged.structure)
            if staged.action is Action.REPLACE and staged.deleted:
                yield from _older(flow, changes)
        finally:
            changes.close()

    def _shares(self, staged: Staged) -> Iterator[Finding]:
        rows = max(view.rows for view in staged.views.values())
        held = rows - staged.added + staged.deleted
        most = self.guards.most_deleted
        share = f"{self.most_deleted_percent}%"
        if most is not None and staged.deleted > most:
            yield _doubt(DELETED, deleted=staged.deleted, held=held, most=most)
        elif (
            staged.action is not Action.REPLACE
            and staged.deleted >= self.guards.least
            and staged.deleted * 100 > self.most_deleted_percent * held
        ):
            yield _doubt(DELETED, deleted=staged.deleted, held=held, most=share)
        percent = self.guards.most_revised_percent
        if staged.revised >= self.guards.least and staged.revised * 100 > percent * held:
            yield _doubt(REVISED, revised=staged.revised, held=held, most=f"{percent}%")


def _doubt(code: str, **params: object) -> Finding:
    return Finding(code=code, params=params)


def _text(side: str, name: str) -> str:
    return f"CAST({quoted(f'{side}.{name}')} AS VARCHAR)"


def _scaled(side: str, structure: DataStructure) -> str:
    """The number a value and its multiplier stand for."""
    number = f"TRY_CAST({_text(side, _VALUE)} AS DOUBLE)"
    if _MULTIPLIER not in structure.components or _MULTIPLIER in structure.key_ids:
        return number
    return f"{number} * pow(10, coalesce(TRY_CAST({_text(side, _MULTIPLIER)} AS INTEGER), 0))"


def _jumps(changes: Rows, structure: DataStructure, least: int) -> Iterator[Finding]:
    """HOLD-JUMP: most of what is revised, in all or in one series, is a power of ten times what was held."""
    if _VALUE not in structure.components:
        return
    time = structure.time_dimension.id if structure.time_dimension else ""
    series = [quoted(key) for key in structure.key_ids if key != time]
    key = f"concat_ws('.', {', '.join(f'CAST({one} AS VARCHAR)' for one in series)})" if series else "''"
    numbers = (
        f"SELECT {key} AS series, {_scaled('old', structure)} AS was, {_scaled('new', structure)} AS becomes "
        f"FROM ({changes.sql}) WHERE {CHANGE_KIND} = 'R'"
    )
    ratios = (
        f"SELECT series, log10(becomes / was) AS place FROM ({numbers}) "
        "WHERE was <> 0 AND becomes <> 0 AND sign(was) = sign(becomes) AND was <> becomes"
    )
    powers = (
        f"SELECT series, if(abs(place - round(place)) < {_NEAR}, CAST(round(place) AS INTEGER), 0) AS power "
        f"FROM ({ratios})"
    )
    counted = (
        "SELECT grouping(series) AS whole, series, power, count(*) AS cells, "
        "sum(count(*)) OVER (PARTITION BY grouping(series), series) AS of_cells "
        f"FROM ({powers}) GROUP BY GROUPING SETS ((power), (series, power))"
    )
    found = changes.connection.execute(
        f"SELECT power, cells, of_cells, series FROM ({counted}) WHERE power <> 0 AND cells >= {least} "
        "AND cells * 2 >= of_cells ORDER BY whole DESC, cells DESC, series LIMIT 1",
        list(changes.params),
    ).fetchone()
    if found:
        power, cells, whole, place = found
        factor = f"{10**power}" if power > 0 else f"1/{10**-power}"
        yield _doubt(JUMP, count=int(cells), revised=int(whole), factor=factor, series=place or "*")


def _units(changes: Rows, structure: DataStructure, least: int) -> Iterator[Finding]:
    """HOLD-UNIT: another unit with the same values."""
    if _VALUE not in structure.components or _UNIT not in structure.components or _UNIT in structure.key_ids:
        return
    old, new = _text("old", _UNIT), _text("new", _UNIT)
    found = changes.connection.execute(
        f"SELECT {old}, {new}, count(*) FROM ({changes.sql}) WHERE {CHANGE_KIND} = 'R' AND {old} <> {new} "
        f"AND {_text('old', _VALUE)} = {_text('new', _VALUE)} GROUP BY ALL HAVING count(*) >= {least} "
        "ORDER BY 3 DESC, 1, 2 LIMIT 1",
        list(changes.params),
    ).fetchone()
    if found:
        yield _doubt(UNIT, was=found[0], becomes=found[1], count=int(found[2]))


def _updates(changes: Rows, structure: DataStructure) -> Iterator[Finding]:
    """HOLD-UPDATED: LAST_UPDATE of revised observations is earlier than what was held."""
    if _UPDATE not in structure.components or _UPDATE in structure.key_ids:
        return
    old, new = _text("old", _UPDATE), _text("new", _UPDATE)
    found = changes.connection.execute(
        f"SELECT count(*), max({old}), max({new}) FROM ({changes.sql}) WHERE {CHANGE_KIND} = 'R' AND {new} < {old}",
        list(changes.params),
    ).fetchone()
    if found and found[0]:
        yield _doubt(UPDATED, count=int(found[0]), was=found[1], becomes=found[2])


def _older(flow: Flow, changes: Rows) -> Iterator[Finding]:
    """HOLD-OLDER: the newest period of a full answer is earlier than the newest of what it would delete."""
    time = flow.structure.time_dimension
    if time is None:
        return
    name = f"CAST({quoted(time.id)} AS VARCHAR)"
    live = f"WHERE {ACTION} IS DISTINCT FROM 'D'" if ACTION in flow.rows.columns else ""
    sent = flow.rows.connection.execute(f"SELECT DISTINCT {name} FROM ({flow.rows.sql}) {live}", list(flow.rows.params))
    newest = _newest(row[0] for row in sent.fetchall())
    gone = changes.connection.execute(
        f"SELECT DISTINCT {name} FROM ({changes.sql}) WHERE {CHANGE_KIND} = 'D'", list(changes.params)
    )
    lost = _newest(row[0] for row in gone.fetchall())
    if newest and lost and lost[0] > newest[0]:
        yield _doubt(OLDER, was=lost[1], becomes=newest[1])


def _newest(texts: Iterable[str | None]) -> tuple[Any, str] | None:
    found = []
    for text in texts:
        try:
            found.append((parse_period(text or "").end, text or ""))
        except BadRequest:
            continue
    return max(found, default=None)
