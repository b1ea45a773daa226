"""The mapping as SQL: which rows of the source table count, which cells become rows, and what each component gets.

Steps, each a table or a query over the one before: ``_source`` (rows as read) → ``_filled`` (cells above repeated) →
``_cells`` (rows chosen, columns turned into rows) → ``_lookup_<n>`` (each distinct text of a component with its code) →
``_mapped`` (one row for each observation, with what is wrong with it; see ``compile_mapped``). Where no test looks at
cells, columns become rows last of all: ``_rows`` takes the place of ``_cells``, and texts are looked up once for a row
and once for a heading.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.binding import CELL_COLUMN, CELL_VALUE, Binding, Bound
from sdmx_hub.mapping.rules import ComponentRule, Condition, NumberRule
from sdmx_hub.mapping.table import SHIFT
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted

SOURCE, ROWS, CELLS, MAPPED = "_source", "_rows", "_cells", "_mapped"
JOIN = " | "
"""Between the texts of several columns."""
GOOD_TEXT, SKIPPED_TEXT, BAD_TEXT = 0, 1, 2
"""What a look-up table says of a text."""
STATUS, CONFIDENTIALITY, COMMENT = "OBS_STATUS", "CONF_STATUS", "COMMENT_OBS"
FILE = f"{SOURCE_ROW} >> {SHIFT}"
"""The number of the file a row stands in, where a table stands in several."""
FAULTS = (numbers.UNREADABLE, numbers.AMBIGUOUS, numbers.BLANK)
SIGNED = "_signed"
"""Whether a % sign stood behind the measure, where one may."""


class Level(enum.Enum):
    """What has one text of a component: a row, the heading of a column, or each cell its own."""

    ROW = enum.auto()
    HEADING = enum.auto()
    CELL = enum.auto()


_RUNS_OF_BLANKS = r"[\s\x{00A0}\x{202F}\x{2007}\x{2009}\x{3000}\x{FEFF}]+"


def evened(expression: str) -> str:
    """Even out blanks as ``reading.clean`` does."""
    return f"trim(regexp_replace({expression}, {literal(_RUNS_OF_BLANKS)}, ' ', 'g'))"


def transformed(expression: str, rule: ComponentRule) -> str:
    """Apply ``strip``, ``extract`` and ``case``; a text ``extract`` does not fit becomes empty."""
    text = expression
    if rule.strip:
        text = f"trim(regexp_replace({text}, {literal(rule.strip)}, '', 'g'))"
    if rule.extract:
        text = f"trim(regexp_extract({text}, {literal(rule.extract)}, 1))"
    return f"{rule.case}({text})" if rule.case else text


def joined(bounds: Iterable[Bound]) -> str:
    """The text of one component: that of its column, or of its columns joined."""
    expressions = [bound.expression for bound in bounds]
    return expressions[0] if len(expressions) == 1 else f"concat_ws({literal(JOIN)}, {', '.join(expressions)})"


def test(condition: Condition, bounds: tuple[Bound, ...]) -> str:
    """A condition as a truth value over its column, and the one it is compared with."""
    text = evened(bounds[0].expression)
    tests = []
    if condition.any_of is not None:
        tests.append(f"{text} {'NOT IN' if condition.negated else 'IN'} ({', '.join(map(literal, condition.any_of))})")
    if condition.matches is not None:
        tests.append(f"regexp_matches({text}, {literal(condition.matches)})")
    tests += [f"{text} = {evened(other.expression)}" for other in bounds[1:]]
    return f"({' AND '.join(tests)})"


def filled(binding: Binding) -> str:
    """Repeat the cell above in blank cells and ditto marks of the columns to be filled down."""
    rule = binding.mapping.fill_down
    if not binding.filled:
        return SOURCE
    above = [*rule.marks, *([""] if rule.blanks else [])]
    listed = ", ".join(map(literal, above))
    files = f"PARTITION BY {FILE} " if binding.table.parts else ""
    columns = []
    for column in binding.columns:
        name = quoted(column.name)
        own = f"CASE WHEN {evened(name)} IN ({listed}) THEN NULL ELSE {name} END"
        down = f"coalesce(last_value({own} IGNORE NULLS) OVER ({files}ORDER BY {SOURCE_ROW}), '') AS {name}"
        columns.append(down if column in binding.filled and above else name)
    return f"(SELECT {SOURCE_ROW}, {', '.join(columns)} FROM {SOURCE})"


def chosen(binding: Binding) -> str:
    """Choose the rows of the table: above the footer, above ``until``, and by the tests of ``rows``."""
    source, rows = binding.mapping.source, binding.mapping.rows
    tests = ["true"]
    if source.footer_rows:
        files = f"PARTITION BY {FILE} " if binding.table.parts else ""
        last = f"row_number() OVER ({files}ORDER BY {SOURCE_ROW} DESC) <= {source.footer_rows}"
        tests.append(f"{SOURCE_ROW} NOT IN (SELECT {SOURCE_ROW} FROM {SOURCE} QUALIFY {last})")
    if source.until and id(source.until) in binding.conditions:
        passes = test(source.until, binding.conditions[id(source.until)])
        same = f" AND s.{FILE} = f.{FILE}" if binding.table.parts else ""
        found = f"SELECT min({SOURCE_ROW}) FROM {SOURCE} AS s WHERE {passes}{same}"
        tests.append(f"{SOURCE_ROW} < coalesce(({found}), 9223372036854775807)")
    tests += _row_tests(binding, rows.keep, rows.drop, in_heading=False)
    return f"SELECT * FROM {filled(binding)} AS f WHERE {' AND '.join(tests)}"


def _row_tests(
    binding: Binding, keep: Iterable[Condition], drop: Iterable[Condition], *, in_heading: bool
) -> list[str]:
    """The tests of ``rows`` that can be made before columns become rows, or only after."""

    def tests(conditions: Iterable[Condition]) -> Iterator[str]:
        for condition in conditions:
            bounds = binding.conditions.get(id(condition), ())
            if bounds and any(bound.in_heading for bound in bounds) is in_heading:
                yield test(condition, bounds)

    return [*tests(keep), *(f"NOT {one}" for one in tests(drop))]


def cells(binding: Binding, rows: str = "") -> str:
    """Turn columns into rows where the mapping says so; ``_col`` is the position of the column a cell stood in.

    ``rows`` is the table of rows already chosen, where they are.
    """
    if not binding.cells:
        return f"SELECT *, 0 AS {CELL_COLUMN} FROM ({chosen(binding)})"
    beside = "".join(f", {quoted(column.name)}" for column in binding.kept)
    unpivoted = f"SELECT {SOURCE_ROW}{beside}, {unnested(binding)} FROM {rows or f'({chosen(binding)})'}"
    names = binding.mapping.unpivot.names if binding.mapping.unpivot else ()
    rule = binding.mapping.rows
    tests = _row_tests(binding, rule.keep, rule.drop, in_heading=True)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    named = ", ".join(f"h.{quoted(name)}" for name in names)
    return f"SELECT u.*, {named} FROM ({unpivoted}) AS u JOIN {headings(binding)} ON h._at = u.{CELL_COLUMN}{where}"


def unnested(binding: Binding) -> str:
    """The position and the text of each cell of a row."""
    values = ", ".join(quoted(column.name) for column in binding.cells)
    positions = ", ".join(str(column.position) for column in binding.cells)
    return f"unnest([{positions}]) AS {CELL_COLUMN}, unnest([{values}]) AS {CELL_VALUE}"


def headings(binding: Binding) -> str:
    """The headings of the cells as a table ``h``: position, and the texts under the names of the unpivot."""
    names = binding.mapping.unpivot.names if binding.mapping.unpivot else ()
    rows = ", ".join(f"({position}, {', '.join(map(literal, texts))})" for position, texts in binding.headings())
    return f"(VALUES {rows}) AS h(_at, {', '.join(map(quoted, names))})"


def is_late(binding: Binding) -> bool:
    """Tell whether columns can become rows last of all: they do, and no test of rows looks at cells or headings."""
    rule = binding.mapping.rows
    return bool(binding.cells) and not _row_tests(binding, rule.keep, rule.drop, in_heading=True)


def level(binding: Binding, bounds: Sequence[Bound]) -> Level:
    """Tell what has one text of a component."""
    if not is_late(binding) or any(bound.expression == CELL_VALUE for bound in bounds):
        return Level.CELL
    inside = {bound.in_heading for bound in bounds}
    if len(inside) > 1:
        return Level.CELL
    return Level.HEADING if inside == {True} else Level.ROW


def is_chosen(binding: Binding) -> bool:
    """Tell whether rows have to be chosen or filled down."""
    return bool(binding.filled or binding.mapping.source.footer_rows or binding.conditions)


def distinct_texts(text: str, rule: ComponentRule, binding: Binding, at: Level = Level.CELL) -> str:
    """Each distinct text of a component: as it stands, evened out, transformed, its cells, its first row and column."""
    return (
        f"SELECT raw, {evened('raw')} AS text, {transformed(evened('raw'), rule)} AS changed, n, first_row, first_col "
        f"FROM ({_counted(text, binding, at)}) ORDER BY first_row, first_col, raw"
    )


def distinct_pairs(text: str, rule: ComponentRule, time: str, binding: Binding) -> str:
    """Each distinct text of a component with the text of its time, as ``paired`` joins them; else as above."""
    own = f"split_part(raw, {BETWEEN}, 1)"
    return (
        f"SELECT raw, {evened(own)} AS text, {transformed(evened(own), rule)} AS changed, n, first_row, first_col, "
        f"split_part(raw, {BETWEEN}, 2) AS time FROM ({_counted(paired(text, time), binding, Level.CELL)}) "
        "ORDER BY first_row, first_col, raw"
    )


def _counted(text: str, binding: Binding, at: Level) -> str:
    """Each distinct text with its cells, first row and first column: of the rows or headings where these tell all."""
    first = f"min({SOURCE_ROW}) AS first_row"
    if at is Level.ROW:
        column = min(column.position for column in binding.cells)
        return (
            f"SELECT {text} AS raw, count(*) * {len(binding.cells)} AS n, {first}, {column} AS first_col "
            f"FROM {ROWS} GROUP BY 1"
        )
    if at is Level.HEADING:
        return (
            f"SELECT {text} AS raw, count(*) * any_value(r.met) AS n, any_value(r.first_row) AS first_row, "
            f"min(h._at) AS first_col FROM {headings(binding)}, (SELECT count(*) AS met, {first} FROM {ROWS}) AS r "
            "WHERE r.met > 0 GROUP BY 1"
        )
    source = f"({cells(binding, ROWS)})" if is_late(binding) else CELLS
    return f"SELECT {text} AS raw, count(*) AS n, {first}, min({CELL_COLUMN}) AS first_col FROM {source} GROUP BY 1"


def paired(text: str, time: str) -> str:
    """A text and the text of its time, as one."""
    return f"concat({text}, {BETWEEN}, {time})"


BETWEEN = "chr(31)"
"""Sign between a text and its time; no text has it."""


@dataclass(frozen=True, kw_only=True)
class Coded:
    """A component filled by look-up: the expression of its text, and the table of its codes.

    ``tells`` says that codes of the table tell OBS_STATUS and COMMENT_OBS too, ``splits`` that some divide a value,
    ``level`` what has one text.
    """

    component_id: str
    text: str
    table: str
    tells: bool = False
    splits: bool = False
    level: Level = Level.CELL

    @property
    def code(self) -> str:
        """The code."""
        return self.column("code")

    def column(self, name: str) -> str:
        """A column of the table of codes, as it stands beside the mapped cell ``x``."""
        return f"{self.table}.{name}" if self.level is Level.CELL else f"x._{name}_{self.table}"

    @property
    def carried(self) -> list[str]:
        """The columns of the table of codes that are needed."""
        return ["code", "flag", *(["status", "comment"] if self.tells else []), *(["split"] if self.splits else [])]


@dataclass(frozen=True, kw_only=True)
class Numeric:
    """A component that is a number."""

    component_id: str
    text: str
    rule: NumberRule
