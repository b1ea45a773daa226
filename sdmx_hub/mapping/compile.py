"""The mapping as SQL: which rows of the source table count, which cells become rows, and what each component gets.

Steps, each a table or a query over the one before: ``_source`` (rows as read) → ``_filled`` (cells above repeated) →
``_cells`` (rows chosen, columns turned into rows) → ``_lookup_<n>`` (each distinct text of a component with its code) →
``_mapped`` (one row for each observation, with what is wrong with it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.binding import CELL_COLUMN, CELL_VALUE, Binding, Bound
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import ComponentRule, Condition, NumberRule
from sdmx_hub.mapping.table import SHIFT
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted

SOURCE, CELLS, MAPPED = "_source", "_cells", "_mapped"
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


def cells(binding: Binding) -> str:
    """Turn columns into rows where the mapping says so; ``_col`` is the position of the column a cell stood in."""
    if not binding.cells:
        return f"SELECT *, 0 AS {CELL_COLUMN} FROM ({chosen(binding)})"
    beside = "".join(f", {quoted(column.name)}" for column in binding.kept)
    values = ", ".join(quoted(column.name) for column in binding.cells)
    positions = ", ".join(str(column.position) for column in binding.cells)
    unpivoted = (
        f"SELECT {SOURCE_ROW}{beside}, unnest([{positions}]) AS {CELL_COLUMN}, unnest([{values}]) AS {CELL_VALUE} "
        f"FROM ({chosen(binding)})"
    )
    names = binding.mapping.unpivot.names if binding.mapping.unpivot else ()
    rows = ", ".join(f"({position}, {', '.join(map(literal, texts))})" for position, texts in binding.headings())
    heading = f"(VALUES {rows}) AS h(_at, {', '.join(map(quoted, names))})"
    rule = binding.mapping.rows
    tests = _row_tests(binding, rule.keep, rule.drop, in_heading=True)
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    named = ", ".join(f"h.{quoted(name)}" for name in names)
    return f"SELECT u.*, {named} FROM ({unpivoted}) AS u JOIN {heading} ON h._at = u.{CELL_COLUMN}{where}"


def is_as_it_stands(binding: Binding) -> bool:
    """Tell whether every row of the table is a cell, so that nothing has to be worked out once and kept."""
    if binding.cells or binding.filled:
        return False
    return not binding.mapping.source.footer_rows and not binding.conditions


def distinct_texts(text: str, rule: ComponentRule) -> str:
    """Each distinct text of a component: as it stands, evened out, transformed, its rows, its first row and column."""
    return (
        f"SELECT raw, {evened('raw')} AS text, {transformed(evened('raw'), rule)} AS changed, n, first_row, first_col "
        f"FROM (SELECT {text} AS raw, count(*) AS n, min({SOURCE_ROW}) AS first_row, min({CELL_COLUMN}) AS first_col "
        f"FROM {CELLS} GROUP BY 1) ORDER BY first_row, first_col, raw"
    )


def distinct_pairs(text: str, rule: ComponentRule, time: str) -> str:
    """Each distinct text of a component with the text of its time, as ``paired`` joins them; else as above."""
    own = f"split_part(raw, {BETWEEN}, 1)"
    return (
        f"SELECT raw, {evened(own)} AS text, {transformed(evened(own), rule)} AS changed, n, first_row, first_col, "
        f"split_part(raw, {BETWEEN}, 2) AS time FROM (SELECT {paired(text, time)} AS raw, count(*) AS n, "
        f"min({SOURCE_ROW}) AS first_row, min({CELL_COLUMN}) AS first_col FROM {CELLS} GROUP BY 1) "
        "ORDER BY first_row, first_col, raw"
    )


def paired(text: str, time: str) -> str:
    """A text and the text of its time, as one."""
    return f"concat({text}, {BETWEEN}, {time})"


BETWEEN = "chr(31)"
"""Sign between a text and its time; no text has it."""


@dataclass(frozen=True, kw_only=True)
class Coded:
    """A component filled by look-up: the expression of its text, and the table of its codes.

    ``tells`` says that codes of the table tell OBS_STATUS and COMMENT_OBS too, ``splits`` that some divide a value.
    """

    component_id: str
    text: str
    table: str
    tells: bool = False
    splits: bool = False

    @property
    def code(self) -> str:
        """The code."""
        return f"{self.table}.code"


@dataclass(frozen=True, kw_only=True)
class Numeric:
    """A component that is a number."""

    component_id: str
    text: str
    rule: NumberRule


def mapped(
    coded: Iterable[Coded], numeric: Iterable[Numeric], plain: Mapping[str, str], told: Iterable[str] = ()
) -> str:
    """One row for each cell: every component, and whether and why the row does not count.

    ``plain`` are components given as they stand, by expression. ``_bad`` tells that something is wrong with the row,
    ``_skip`` that the mapping leaves it out; of each number ``_kind_<component>`` tells what it is, and
    ``_text_<component>`` the text of one that is not of the plainest kind; of each look-up table in ``told``
    ``_k_<table>`` tells the text.
    """
    coded, numeric = list(coded), list(numeric)
    bad = [f"({one.table}.flag = {BAD_TEXT})" for one in coded]
    bad += [f"({_kind(one)} IN ({', '.join(map(numbers.word, FAULTS))}))" for one in numeric]
    skip = [f"({one.table}.flag = {SKIPPED_TEXT})" for one in coded]
    skip += [f"({_kind(one)} = {numbers.word(numbers.LEFT_OUT)})" for one in numeric]
    columns = [
        f"x.{SOURCE_ROW}",
        f"x.{CELL_COLUMN}",
        f"({' OR '.join(bad) or 'false'}) AS _bad",
        f"({' OR '.join(skip) or 'false'}) AS _skip",
        *(f"{_kind(one)}, CASE WHEN NOT {_quick(one)} THEN {_text(one)} END AS {_text(one)}" for one in numeric),
        *(f"x._k_{table}" for table in told),
        *(f"x.{SIGNED}" for one in numeric if one.rule.percent and one.component_id == MEASURE),
        *(f"{one.table}.split AS {quoted('_split_' + one.component_id)}" for one in coded if one.splits),
        *_component_columns(coded, numeric, plain),
    ]
    joins = " ".join(f"JOIN {one.table} ON x._k_{one.table} = {one.table}.raw" for one in coded)
    return f"SELECT {', '.join(columns)} FROM ({_numbers(coded, numeric, plain)}) AS x {joins}"


def _kind(one: Numeric) -> str:
    return quoted(f"_kind_{one.component_id}")


def _number(one: Numeric) -> str:
    return quoted(f"_number_{one.component_id}")


def _raw(one: Numeric) -> str:
    return quoted(f"_raw_{one.component_id}")


def _quick(one: Numeric) -> str:
    return quoted(f"_quick_{one.component_id}")


def _text(one: Numeric) -> str:
    return quoted(f"_text_{one.component_id}")


def _numbers(coded: list[Coded], numeric: list[Numeric], plain: Mapping[str, str]) -> str:
    """The cells with the texts to look up, and the numbers made bare and told apart."""
    first = [SOURCE_ROW, CELL_COLUMN]
    first += [f"{one.text} AS _k_{one.table}" for one in coded]
    first += [f"{expression} AS {quoted('_p_' + key)}" for key, expression in plain.items()]
    first += [f"{one.text} AS {_raw(one)}, {numbers.quick(one.text, one.rule)} AS {_quick(one)}" for one in numeric]
    first += [
        f"suffix(trim({one.text}), '%') AS {SIGNED}"
        for one in numeric
        if one.rule.percent and one.component_id == MEASURE
    ]
    query = f"SELECT {', '.join(first)} FROM {CELLS}"
    if not numeric:
        return query
    trimmed = ", ".join(
        f"{_unless_quick(one, numbers.trimmed(_raw(one)), _raw(one))} AS {_raw(one)}" for one in numeric
    )
    bare = ", ".join(
        f"{_unless_quick(one, numbers.bare(_raw(one), one.rule), _raw(one))} AS {_text(one)}" for one in numeric
    )
    kinds = ", ".join(
        f"{_unless_quick(one, numbers.kind(_text(one), one.rule), numbers.word(numbers.VALUE))} AS {_kind(one)}, "
        f"{numbers.plain(_text(one), one.rule)} AS {_number(one)}"
        for one in numeric
    )
    return f"SELECT *, {kinds} FROM (SELECT *, {bare} FROM (SELECT * REPLACE ({trimmed}) FROM ({query})))"


def _unless_quick(one: Numeric, expression: str, quick: str) -> str:
    """An expression for numbers that are not of the plainest kind; most are, and are done with at once."""
    return f"CASE WHEN {_quick(one)} THEN {quick} ELSE {expression} END"


def _component_columns(coded: list[Coded], numeric: list[Numeric], plain: Mapping[str, str]) -> list[str]:
    """The expression of every component, statuses and comments told by the measure included."""
    given = {one.component_id: one.code for one in coded}
    given |= {component_id: f"x.{quoted('_p_' + component_id)}" for component_id in plain}
    for one in numeric:
        given[one.component_id] = _unless_quick(
            one, numbers.value(_number(one), _kind(one)), numbers.quick_value(_raw(one), one.rule)
        )
        if one.component_id == MEASURE:
            _tell(given, one)
    _tell_of_codes(given, coded)
    return [f"{expression} AS {quoted(component_id)}" for component_id, expression in given.items()]


def _tell(given: dict[str, str], measure: Numeric) -> None:
    """Let the measure's own text tell OBS_STATUS, CONF_STATUS and COMMENT_OBS."""
    text, rule = _text(measure), measure.rule
    told = numbers.status(text, rule)
    own = given.get(STATUS, "NULL")
    given[STATUS] = f"CASE WHEN {told} IS NULL THEN {own} ELSE coalesce(nullif({own}, 'A'), {told}) END"
    if rule.suppressed:
        own = given.get(CONFIDENTIALITY, "NULL")
        given[CONFIDENTIALITY] = f"CASE WHEN {numbers.hidden(text, rule)} THEN 'A' ELSE {own} END"
    if rule.footnotes:
        mark = numbers.mark(_raw(measure), rule)
        given[COMMENT] = f"nullif(concat_ws('; ', {given.get(COMMENT, 'NULL')}, {mark}), '')"


def _tell_of_codes(given: dict[str, str], coded: list[Coded]) -> None:
    """Let codes tell OBS_STATUS and COMMENT_OBS."""
    for one in coded:
        if one.tells:
            own = given.get(STATUS, "NULL")
            given[STATUS] = f"coalesce(nullif({own}, 'A'), {one.table}.status, {own})"
            given[COMMENT] = f"nullif(concat_ws('; ', {given.get(COMMENT, 'NULL')}, {one.table}.comment), '')"
