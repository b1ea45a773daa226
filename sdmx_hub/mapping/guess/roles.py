"""What each column that stands beside the figures says: which component, and with which codes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sdmx_hub.mapping.guess.cells import is_year
from sdmx_hub.mapping.guess.codes import Coder, Coding
from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.periods import JOINED, Times, guess_times
from sdmx_hub.mapping.reading import clean
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.structure import DataStructure

TIME, VALUE, REF, PARTNER = "TIME_PERIOD", "OBS_VALUE", "REF_AREA", "COUNTERPART_AREA"
_BY_HEADING_ONLY = frozenset({"FREQ", "OBS_STATUS", "CONF_STATUS", "UNIT_MULT", "DECIMALS", "UNIT_MEASURE"})
_CODED_ATTRIBUTES = ("OBS_STATUS", "UNIT_MULT", "DECIMALS")
_NAMED = 0.5
_NOTHING = frozenset({"_T", "_Z", "_U"})
"""Codes that tell nothing of a whole column."""
_TWINS = 0.95
_ROWS = 5_000
"""Rows looked at to see whether two columns say the same."""
_ENOUGH = 0.6
"""Share of the texts that must have codes where no heading names the component."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """A component found in columns, as codes or as times."""

    component_id: str
    columns: tuple[TableColumn, ...]
    coding: Coding | None = None
    times: Times | None = None
    partner_type: str = ""
    score: float = 0.0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Want:
    component_id: str
    partner_type: str
    strength: float
    column: TableColumn = field(repr=False)


def guess_roles(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    structure: DataStructure,
    coder: Coder,
    *,
    own_area: str | None,
) -> dict[str, Role]:
    """Find what the columns say, each component in one column (a time perhaps in two), the surest first."""
    candidates = [*_times(columns, structure), *_coded(columns, structure, coder, own_area)]
    candidates.sort(key=lambda role: -role.score)
    roles: dict[str, Role] = {}
    used: set[int] = set()
    for role in candidates:
        positions = {column.position for column in role.columns}
        if role.component_id not in roles and not positions & used and not _is_twin(role, roles.values(), rows, coder):
            roles[role.component_id] = role
            used |= positions
    return roles


def _is_twin(role: Role, chosen: Iterable[Role], rows: Sequence[Sequence[str]], coder: Coder) -> bool:
    """Tell whether a column says the areas of another once more, as a name beside its code."""
    if role.coding is None or not coder.is_area(role.component_id):
        return False
    for other in chosen:
        if other.coding is None or not coder.is_area(other.component_id) or len(other.columns[0].texts) == 1:
            continue
        pairs = _pairs(role, other, rows)
        if pairs and sum(one == two for one, two in pairs) >= _TWINS * len(pairs):
            return True
    return False


def _pairs(role: Role, other: Role, rows: Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    """The codes two columns have in the same rows, where both have one."""
    first, second = role.columns[0].position - 1, other.columns[0].position - 1
    one = role.coding.resolved if role.coding else {}
    two = other.coding.resolved if other.coding else {}
    found = set()
    for row in rows[:_ROWS]:
        if max(first, second) < len(row):
            codes = one.get(clean(row[first])), two.get(clean(row[second]))
            if codes[0] is not None and codes[1] is not None:
                found.add((codes[0], codes[1]))
    return found


def _times(columns: Sequence[TableColumn], structure: DataStructure) -> Iterator[Role]:
    if structure.time_dimension is None:
        return
    for column in columns:
        strength = max((worth for word, worth in column.named().items() if word.component_id == TIME), default=0.0)
        if not strength and column.is_numeric and not all(map(is_year, column.texts[:50])):
            continue
        times = guess_times(column.texts[:2000])
        if times is None or (not strength and (times.share < 1 or times.pattern.startswith("{*}"))):
            continue
        score = strength + times.share + (0.5 if len(times.frequencies) == 1 else 0)
        if strength or not column.is_numeric or len(column.texts) < 100:
            yield Role(component_id=TIME, columns=(column,), times=times, score=score)
    yield from _joined_times(columns)


def _joined_times(columns: Sequence[TableColumn]) -> Iterator[Role]:
    """A year in one column and a month or quarter in another."""
    named = [column for column in columns if any(word.component_id == TIME for word in column.named())]
    for years in named:
        if (found := guess_times(years.texts, ("{yyyy}",))) is None or found.share < 1:
            continue
        for parts in named:
            if parts is years or len(parts.texts) > 31:
                continue
            joined = [f"{year} | {part}" for year in years.texts[:3] for part in parts.texts]
            times = guess_times(joined, JOINED)
            if times is not None:
                months = 0.2 if "{month}" in times.pattern else 0.1
                yield Role(component_id=TIME, columns=(years, parts), times=times, score=2.5 + times.share + months)


def _coded(
    columns: Sequence[TableColumn], structure: DataStructure, coder: Coder, own_area: str | None
) -> Iterator[Role]:
    for column in columns:
        if not column.texts:
            continue
        wants = list(_wants(column, structure, coder, own_area))
        for want in wants:
            coding = coder.guess(want.component_id, column.texts)
            if not _says(coding, want.strength):
                continue
            variety = 0.1 * min(len(column.texts), 10)
            score = want.strength + 2 * coding.share + variety - (0.5 if want.strength < _NAMED else 0)
            yield Role(
                component_id=want.component_id,
                columns=(column,),
                coding=coding,
                partner_type=want.partner_type,
                score=score,
                others=tuple(sorted({other.component_id for other in wants} - {want.component_id}))
                if want.strength < _NAMED
                else (),
            )


def _says(coding: Coding, strength: float) -> bool:
    """Tell whether a column says something: codes, and, where no heading names the component, several of them."""
    real = set(coding.resolved.values()) - _NOTHING
    if strength >= _NAMED:
        return bool(real) or (bool(coding.resolved or strength == 1) and len(coding.unsure) > 1)
    return len(real) > 1 and coding.share >= _ENOUGH


def _wants(column: TableColumn, structure: DataStructure, coder: Coder, own_area: str | None) -> Iterator[_Want]:
    """Components a column may hold: those its headings name, and, unless it holds numbers, all that have codes."""
    dimensions = set(structure.dimension_ids)
    known = {*dimensions, *_CODED_ATTRIBUTES} & coder.codelists.keys()
    named = {(word.component_id, word.code): worth for word, worth in column.named().items()}
    named |= {
        (key, ""): 1.0
        for key in known
        if fold(key) == fold(column.column.headings[-1] if column.column.headings else "")
    }
    named = _own(named, column, own_area, known)
    for (component_id, code), worth in named.items():
        if component_id in known:
            yield _Want(component_id=component_id, partner_type=code, strength=worth, column=column)
    if column.is_numeric:
        return
    for component_id in sorted(known - {key for key, _ in named} - _BY_HEADING_ONLY):
        prefers = 0.2 if component_id == (PARTNER if own_area else REF) else 0.1
        yield _Want(component_id=component_id, partner_type="", strength=prefers, column=column)


def _own(
    named: Mapping[tuple[str, str], float], column: TableColumn, own_area: str | None, known: Collection[str]
) -> dict[tuple[str, str], float]:
    """Where the provider reports for one area only, a column of several countries is about its partners."""
    found = dict(named)
    if own_area and len(column.texts) > 1 and PARTNER in known and (REF, "") in found:
        found.setdefault((PARTNER, ""), found.pop((REF, "")))
    return found


def unused(columns: Iterable[TableColumn], used: Collection[int]) -> list[TableColumn]:
    """Columns beside the figures that say several things and have no role."""
    return [
        column for column in columns if column.position not in used and not column.is_numeric and len(column.texts) > 1
    ]
