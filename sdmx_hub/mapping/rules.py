"""What a mapping file says, as values: one frozen class for each object of ``mapping.schema.json``."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as Folder

from sdmx_hub.mapping.declared import DatedCode, GroupRule, SplitRule
from sdmx_hub.mapping.document import Path, shown_path
from sdmx_hub.mapping.value_rules import DateRule, ValueRule
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Ref, Urn

SKIP = "$skip"
"""In place of a code: rows with this text are left out, and counted as such."""
VALUE = "$value"
"""The column an unpivot makes of the cells it turns into rows."""


class NamedBy(enum.StrEnum):
    """Which calendar year an office names its own year after."""

    START = "start"
    END = "end"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A test on one column.

    Its text is (or, ``negated``, is not) one of ``any_of``, ``matches`` is found in it, it is that of ``same_as``.
    """

    column: str
    any_of: tuple[str, ...] | None = None
    matches: str | None = None
    same_as: str | None = None
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class FixedColumn:
    """A column of a file of fixed width: the first character from 1, and how many there are."""

    start: int
    width: int
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceRule:
    """Where the table stands in the file, and how its text is written. Rows count from 1, as people see them."""

    line: str
    licence: str
    format: str
    url: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    decimal: str | None = None
    thousands: tuple[str, ...] = ()
    sheet: str | int | None = None
    range: str | None = None
    header_row: int | None = None
    header_rows: int = 1
    last_row: int | None = None
    footer_rows: int = 0
    until: Condition | None = None
    columns: tuple[FixedColumn, ...] = ()
    url_env: str | None = None
    query: str | None = None
    labels: bool = False
    records: str | None = None
    structure: str | None = None
    files: str | None = None


@dataclass(frozen=True, kw_only=True)
class RowRule:
    """Which rows are the table: those that pass every ``keep`` and no ``drop``."""

    keep: tuple[Condition, ...] = ()
    drop: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FillRule:
    """Columns whose blank cells (and ``marks``) repeat the cell above."""

    columns: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    blanks: bool = True


@dataclass(frozen=True, kw_only=True)
class UnpivotRule:
    """Columns that become rows. ``names``: one name for the whole heading, or one for each heading row, top first.

    Columns are those listed, or from ``first`` to ``last``, or those whose heading ``pattern`` is found in, or all but
    ``others_than``.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    pattern: str | None = None
    others_than: tuple[str, ...] = ()
    fill_right: bool = True


@dataclass(frozen=True, kw_only=True)
class TimeRule:
    """How a time is written (``pattern``, see ``times``) and, for years of an office's own, when they begin."""

    pattern: str
    year_start: str | None = None
    named_by: NamedBy = NamedBy.START


@dataclass(frozen=True, kw_only=True)
class FootnoteRule:
    """Marks taken off a number: group 1 of ``pattern`` is the mark, ``texts`` say what marks mean."""

    pattern: str
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NumberRule:
    """How numbers are written. ``tokens`` are texts in place of a number: OBS_STATUS, ``0`` for nil, or SKIP.

    ``cumulative`` says that they are running totals of the year, and what becomes of one without the period before:
    ``refuse`` or ``missing``.
    """

    decimal: str | None = None
    thousands: tuple[str, ...] = ()
    percent: bool = False
    missing: Mapping[str, str] = field(default_factory=dict)
    nil: tuple[str, ...] = ()
    suppressed: tuple[str, ...] = ()
    footnotes: FootnoteRule | None = None
    cumulative: str | None = None


@dataclass(frozen=True, kw_only=True)
class ComponentRule:
    """How one component is filled: by a ``constant``, or from the text of ``columns`` (joined by `` | ``)."""

    constant: str | None = None
    columns: tuple[str, ...] = ()
    strip: str | None = None
    extract: str | None = None
    case: str | None = None
    prefix: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    dated: Mapping[str, tuple[DatedCode, ...]] = field(default_factory=dict)
    splits: Mapping[str, SplitRule] = field(default_factory=dict)
    groups: Mapping[str, GroupRule] = field(default_factory=dict)
    map: Urn | None = None
    areas: tuple[str, ...] = ()
    age: bool = False
    time: TimeRule | None = None
    number: NumberRule | None = None
    rules: tuple[ValueRule, ...] = ()
    date: DateRule | None = None

    @property
    def is_lookup(self) -> bool:
        """Tell whether the text is looked up, and not taken as it stands."""
        tables = self.codes or self.dated or self.rules or self.map
        return bool(tables or self.areas or self.age or self.time or self.date)


@dataclass(frozen=True, kw_only=True)
class TotalRule:
    """A published total and its parts along one component; ``parts`` empty means every other code sent with it.

    ``tolerance`` None is what the rounding of the source allows.
    """

    component_id: str
    total: str
    parts: tuple[str, ...] = ()
    residual: str | None = None
    derive_residual: bool = False
    tolerance: str | None = "0"


@dataclass(frozen=True, kw_only=True)
class PercentageRule:
    """Values that are percentages of a total: that of a code of one component, or a number ``of``."""

    component_id: str | None = None
    total: str | None = None
    parts: tuple[str, ...] = ()
    of: str | None = None
    decimals: int = 0
    signed: bool = False


@dataclass(frozen=True, kw_only=True)
class Redenomination:
    """From ``since`` on, ``divide_by`` of the money ``old`` are one of ``new``."""

    old: str
    new: str
    since: str
    divide_by: str
    convert: bool = True


@dataclass(frozen=True, kw_only=True)
class UnitRule:
    """The multiplier values are brought to, and the redenominations they cross."""

    common_mult: int | None = None
    redenominations: tuple[Redenomination, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CheckRule:
    """Thresholds of the checks of a load, those left to the hub None; ``off`` are warnings not to be told."""

    jump: str | None = None
    jump_from: str | None = None
    rate_tolerance: str | None = None
    services: int | None = None
    sexes: bool = False
    off: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AggregateRule:
    """Rows with one key are added up; a missing part makes the sum missing, unless ``partial``."""

    partial: bool = False


@dataclass(frozen=True, kw_only=True)
class TableMapping:
    """A whole mapping file: ``file`` is its name, ``folder`` where it lies, ``lines`` where each thing stands in it."""

    id: str
    version: str
    titles: Mapping[str, str]
    provider: str
    dataflow: Ref
    language: str
    action: Action
    source: SourceRule
    components: Mapping[str, ComponentRule]
    rows: RowRule = field(default_factory=RowRule)
    fill_down: FillRule = field(default_factory=FillRule)
    unpivot: UnpivotRule | None = None
    rest: str | None = None
    totals: tuple[TotalRule, ...] = ()
    aggregate: AggregateRule | None = None
    percentages: PercentageRule | None = None
    units: UnitRule | None = None
    rounding: str | None = None
    checks: CheckRule = field(default_factory=CheckRule)
    scope: tuple[str, ...] = ()
    file: str | None = None
    folder: Folder | None = None
    text: str = field(default="", repr=False)
    lines: Mapping[Path, int] = field(default_factory=dict, repr=False)

    def finding(
        self,
        code: str,
        /,
        *path: str | int,
        severity: Severity = Severity.ERROR,
        suggestion: str | None = None,
        **params: object,
    ) -> Finding:
        """Make a finding about this file, at the line of ``path``."""
        where = Where(file=self.file, row=self.line(*path), path=shown_path(path) or None)
        return Finding(code=code, severity=severity, where=where, params=params, suggestion=suggestion)

    def line(self, *path: str | int) -> int | None:
        """The line of ``path`` in the file, or of the nearest thing above it."""
        place: Path = path
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place)
