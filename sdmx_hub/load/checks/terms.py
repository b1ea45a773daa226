"""What rows are checked against, and the table they are checked in."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import duckdb

from sdmx_hub.load.checks.thresholds import Thresholds
from sdmx_hub.model.cells import ITEM
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import ACTION, SOURCE_ROW, Rows, literal, quoted
from sdmx_hub.model.structure import Attachment, Component, Constraint, DataStructure
from sdmx_hub.model.urn import Ref

VIEW = "_checked"
_ITEM = "_item"
MOST = 200
"""Different faults of one kind told one by one; the rest are counted."""
VALUE = "OBS_VALUE"
STATUS = "OBS_STATUS"
UNIT = "UNIT_MEASURE"
_FEW = 16
NUMBER = r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?"
"""The numbers the hub takes: digits 0 to 9, a point, a short exponent; nothing that some library happens to accept."""


@dataclass(frozen=True, kw_only=True)
class Total:
    """A total declared by the provider; ``parts`` empty means every other code sent with it.

    ``tolerance`` None is what the rounding of the source allows.
    """

    component_id: str
    total: str
    parts: tuple[str, ...] = ()
    tolerance: str | None = "0"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Everything a file is held to.

    ``codelists`` are those of coded components by component id; ``constraints`` those of the dataflow and its
    structure; ``provider_constraints`` those of the provider's provision agreement. ``action`` is what rows do that do
    not say so themselves. ``overrides`` are codes of findings that somebody accepts.
    ``rounding`` is what the source rounds figures to.
    """

    dataflow: Ref
    structure: DataStructure
    codelists: Mapping[str, Codelist] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    provider: str | None = None
    provider_constraints: tuple[Constraint, ...] = ()
    totals: tuple[Total, ...] = ()
    rounding: Decimal | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    action: Action = Action.APPEND
    file: str | None = None
    overrides: frozenset[str] = frozenset()


class Checking:
    """One check of one set of rows: the view of them, what is known of their columns, and how findings are made."""

    def __init__(self, rows: Rows, terms: Terms) -> None:
        self.rows = rows
        self.terms = terms
        self.structure = terms.structure
        self.connection: duckdb.DuckDBPyConnection = rows.connection
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {VIEW} AS {rows.sql}")
        self.found: dict[str, object] = {}  # what checks keep for each other, by name

    @functools.cached_property
    def live(self) -> str:
        """SQL: the row is more than a deletion."""
        if ACTION not in self.rows.columns:
            return "false" if self.terms.action is Action.DELETE else "true"
        return f"coalesce({ACTION}, {literal(self.terms.action.value)}) <> 'D'"

    @functools.cached_property
    def whole(self) -> str:
        """SQL: the row says all there is to say of its observation (it neither deletes nor merges)."""
        if ACTION not in self.rows.columns:
            return "false" if self.terms.action in {Action.DELETE, Action.MERGE} else "true"
        return f"coalesce({ACTION}, {literal(self.terms.action.value)}) NOT IN ('D', 'M')"

    @functools.cached_property
    def partial(self) -> str:
        """SQL: the row only states attributes of series, groups or the dataset, by the keys they describe."""
        keys = self.structure.key_ids
        if not self.has(*keys) or not any(None in self.values(key) for key in keys):
            return "false"
        attributes = [one for one in self.structure.attributes if one.id in self.rows.columns]
        above = [one for one in attributes if one.attached_to is not Attachment.OBSERVATION]
        below = [one.id for one in attributes if one.attached_to is Attachment.OBSERVATION]
        below += [one.id for one in self.structure.measures if one.id in self.rows.columns]
        stated = " OR ".join(f"{quoted(one.id)} IS NOT NULL" for one in above) or "false"
        tests = [f"({' OR '.join(f'{quoted(key)} IS NULL' for key in keys)})", f"({stated})"]
        tests += [f"{quoted(one)} IS NULL" for one in below]
        for one in above:
            known = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in one.dimension_ids) or "true"
            tests.append(f"({quoted(one.id)} IS NULL OR ({known}))")
        return f"({' AND '.join(tests)})"

    @functools.cached_property
    def count(self) -> int:
        """Number of rows."""
        return int(self.one(f"SELECT count(*) FROM {VIEW}")[0])

    def all(self, sql: str) -> list[tuple[object, ...]]:
        """Draw a small answer."""
        return self.connection.execute(sql).fetchall()

    def one(self, sql: str) -> tuple[int, ...]:
        """Draw one row of numbers."""
        return self.connection.execute(sql).fetchone() or ()

    def has(self, *component_ids: str) -> bool:
        """Tell whether the rows have columns for all of some components of the structure."""
        return all(one in self.structure.components and one in self.rows.columns for one in component_ids)

    @functools.cache  # noqa: B019 - lives as long as one check
    def values(self, component_id: str) -> frozenset[str | None]:
        """Distinct values of a column, the absent one included."""
        found = self.connection.execute(
            f"SELECT CAST(v AS VARCHAR) FROM (SELECT DISTINCT {quoted(component_id)} AS v FROM {VIEW} "
            f"WHERE {self.live})"
        ).fetchall()
        return frozenset(value for (value,) in found)

    def codes(self, component_id: str) -> frozenset[str]:
        """Distinct values of a column, without the absent one; of an array, the distinct items."""
        found = frozenset(value for value in self.values(component_id) if value is not None)
        if self.is_array(component_id):
            return frozenset(item for value in found for item in value.split(ITEM))
        return found

    def is_array(self, component_id: str) -> bool:
        """Tell whether cells of a component may hold several values."""
        component = self.structure.components.get(component_id)
        return component is not None and component.representation.is_array

    def places(self, component_id: str, values: Collection[str]) -> list[tuple[str, int, int | None]]:
        """Where some values of a column stand: value, how many rows have it, the first of them; by first row."""
        if not values:
            return []
        column, listed = f"CAST({quoted(component_id)} AS VARCHAR)", ", ".join(map(literal, sorted(values)))
        source = VIEW
        if self.is_array(component_id):
            source = f"(SELECT *, unnest(string_split({column}, {literal(ITEM)})) AS {_ITEM} FROM {VIEW})"
            column = _ITEM
        return self.connection.execute(
            f"SELECT {column} AS value, count(*), min({SOURCE_ROW}) AS first FROM {source} "
            f"WHERE {self.live} AND {column} IN ({listed}) GROUP BY value ORDER BY first, value"
        ).fetchall()

    def find(
        self, code: str, condition: str, value: str, *, component_id: str | None = None, **params: object
    ) -> Iterator[Finding]:
        """Find the rows of a condition: one finding for each different ``value`` (SQL), with its first row."""
        found = self.connection.execute(
            f"SELECT CAST({value} AS VARCHAR) AS told, count(*), min({SOURCE_ROW}) AS first FROM {VIEW} "
            f"WHERE {condition} GROUP BY told ORDER BY first, told LIMIT {MOST}"
        ).fetchall()
        for told, count, row in found:
            given = {"component": component_id, **params}
            yield self.finding(code, row=row, column=component_id, value=told, count=count, params=given)

    def finding(
        self,
        code: str,
        *,
        row: int | None = None,
        column: str | None = None,
        value: str | None = None,
        count: int = 1,
        severity: Severity = Severity.ERROR,
        params: Mapping[str, object] | None = None,
        **more: object,
    ) -> Finding:
        """Make a finding with its place; ``value`` also fills the sentence, as do ``params`` and what is named."""
        return Finding(
            code=code,
            severity=severity,
            where=Where(file=self.terms.file, row=row, column=column),
            source_value=value,
            params={"value": _short(value), **(params or {}), **more},
            count=count,
        )


def _short(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= 80 else f"{text[:79]}…"


def key_text(ids: Sequence[str]) -> str:
    """Write SQL that shows a key: values joined by dots."""
    return "concat_ws('.', " + ", ".join(f"coalesce(CAST({quoted(one)} AS VARCHAR), '')" for one in ids) + ")"


def key_hash(ids: Sequence[str]) -> str:
    """Write SQL that gives one number for a key; different keys share one about never, and whoever uses it checks."""
    return f"hash({', '.join(quoted(one) for one in ids)})" if ids else "0"


def is_number(component: Component) -> bool:
    """Tell whether values of a component are numbers."""
    return component.representation.text_type in NUMERIC_TYPES and not component.representation.is_coded


NUMERIC_TYPES = frozenset({"Decimal", "Double", "Float", "Integer", "Long", "Short", "BigInteger", "Count"})
FLOATING = frozenset({"Double", "Float"})
"""Types in which ``NaN`` is the way to say that a value is missing on purpose."""


def number_of(column: str) -> str:
    """Write SQL for the number in a column, NULL where there is none or one without end."""
    number = f"TRY_CAST(CAST({quoted(column)} AS VARCHAR) AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def scaled_number(checking: Checking, *, elsewhere: bool = False) -> str:
    """Write SQL for the value with its multiplier, NULL where there is none.

    ``elsewhere`` is for rows that are not those checked: their multipliers may be others, of another type.
    """
    number = number_of(VALUE)
    if not checking.has("UNIT_MULT") or checking.codes("UNIT_MULT") <= {"0"}:
        return number
    column, text = quoted("UNIT_MULT"), f"CAST({quoted('UNIT_MULT')} AS VARCHAR)"
    power = "pow(10, coalesce(TRY_CAST({} AS INTEGER), 0))".format
    if elsewhere:
        return f"{number} * {power(text)}"
    few = sorted(checking.codes("UNIT_MULT"))[:_FEW]  # a constant for each is quicker than one computed for each row
    known = " ".join(f"WHEN {column} = {literal(code)} THEN {power(literal(code))}" for code in few)
    return f"{number} * CASE {known} ELSE {power(text)} END"
