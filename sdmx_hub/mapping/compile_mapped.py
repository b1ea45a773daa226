"""The mapping as SQL, second half: one row for each observation, with what is wrong with it (see ``compile``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdmx_hub.mapping import numbers
from sdmx_hub.mapping.binding import CELL_COLUMN, Binding
from sdmx_hub.mapping.compile import (
    BAD_TEXT,
    CELLS,
    COMMENT,
    CONFIDENTIALITY,
    FAULTS,
    ROWS,
    SIGNED,
    SKIPPED_TEXT,
    STATUS,
    Coded,
    Level,
    Numeric,
    headings,
    is_late,
    unnested,
)
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.model.rows import SOURCE_ROW, quoted


def mapped(
    binding: Binding,
    coded: Sequence[Coded],
    numeric: Sequence[Numeric],
    plain: Mapping[str, str],
    told: Sequence[str] = (),
) -> str:
    """One row for each cell: every component, and whether and why the row does not count.

    ``plain`` are components given as they stand, by expression. ``_bad`` tells that something is wrong with the row,
    ``_skip`` that the mapping leaves it out; of each number ``_kind_<component>`` tells what it is, and
    ``_text_<component>`` the text of one that is not of the plainest kind; of each look-up table in ``told``
    ``_k_<table>`` tells the text.
    """
    bad = [f"({one.column('flag')} = {BAD_TEXT})" for one in coded]
    bad += [f"({_kind(one)} IN ({', '.join(map(numbers.word, FAULTS))}))" for one in numeric]
    skip = [f"({one.column('flag')} = {SKIPPED_TEXT})" for one in coded]
    skip += [f"({_kind(one)} = {numbers.word(numbers.LEFT_OUT)})" for one in numeric]
    columns = [
        f"x.{SOURCE_ROW}",
        f"x.{CELL_COLUMN}",
        f"({' OR '.join(bad) or 'false'}) AS _bad",
        f"({' OR '.join(skip) or 'false'}) AS _skip",
        *(f"{_kind(one)}, CASE WHEN NOT {_quick(one)} THEN {_text(one)} END AS {_text(one)}" for one in numeric),
        *(f"x._k_{table}" for table in told),
        *(f"x.{SIGNED}" for one in numeric if one.rule.percent and one.component_id == MEASURE),
        *(f"{one.column('split')} AS {quoted('_split_' + one.component_id)}" for one in coded if one.splits),
        *_component_columns(coded, numeric, plain),
    ]
    own = [one for one in coded if one.level is Level.CELL]
    joins = " ".join(f"JOIN {one.table} ON x._k_{one.table} = {one.table}.raw" for one in own)
    return f"SELECT {', '.join(columns)} FROM ({_numbers(binding, coded, numeric, plain, told)}) AS x {joins}"


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


def _numbers(
    binding: Binding,
    coded: Sequence[Coded],
    numeric: Sequence[Numeric],
    plain: Mapping[str, str],
    told: Sequence[str],
) -> str:
    """The cells with the texts to look up, and the numbers made bare and told apart."""
    first = [SOURCE_ROW, CELL_COLUMN]
    first += [f"{one.text} AS _k_{one.table}" for one in coded if one.level is Level.CELL]
    known = [one for one in coded if one.level is not Level.CELL]
    first += [f"_{name}_{one.table}" for one in known for name in one.carried]
    first += [f"_k_{one.table}" for one in known if one.table in told]
    first += [f"{expression} AS {quoted('_p_' + key)}" for key, expression in plain.items()]
    first += [f"{one.text} AS {_raw(one)}, {numbers.quick(one.text, one.rule)} AS {_quick(one)}" for one in numeric]
    first += [
        f"suffix(trim({one.text}), '%') AS {SIGNED}"
        for one in numeric
        if one.rule.percent and one.component_id == MEASURE
    ]
    source = f"({_late_cells(binding, coded, first)})" if is_late(binding) else CELLS
    query = f"SELECT {', '.join(first)} FROM {source}"
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


def _late_cells(binding: Binding, coded: Sequence[Coded], wanted: Sequence[str]) -> str:
    """The cells of rows and headings whose texts have been looked up; of other columns those that are wanted."""
    needed = [quoted(column.name) for column in binding.kept]
    beside = "".join(f", r.{name}" for name in needed if any(name in expression for expression in wanted))
    rows = _known(ROWS, coded, Level.ROW)
    unpivoted = f"SELECT r.{SOURCE_ROW}{beside}{_given(coded, Level.ROW, wanted)}, {unnested(binding)} FROM {rows}"
    tops = _known(headings(binding), coded, Level.HEADING)
    return (
        f"SELECT u.*, t.* EXCLUDE (_at) FROM ({unpivoted}) AS u "
        f"JOIN (SELECT r.*{_given(coded, Level.HEADING, ())} FROM {tops}) AS t ON t._at = u.{CELL_COLUMN}"
    )


def _known(table: str, coded: Sequence[Coded], at: Level) -> str:
    """A table ``r`` joined to the codes of the texts it has."""
    known = [one for one in coded if one.level is at]
    texts = "".join(f", {one.text} AS _k_{one.table}" for one in known)
    joins = "".join(f" JOIN {one.table} ON r._k_{one.table} = {one.table}.raw" for one in known)
    return f"(SELECT *{texts} FROM {table}) AS r{joins}"


def _given(coded: Sequence[Coded], at: Level, wanted: Sequence[str]) -> str:
    """The codes of ``_known``, and of its texts those that are wanted."""
    known = [one for one in coded if one.level is at]
    texts = "".join(f", r._k_{one.table}" for one in known if f"_k_{one.table}" in wanted)
    return texts + "".join(f", {one.table}.{name} AS _{name}_{one.table}" for one in known for name in one.carried)


def _unless_quick(one: Numeric, expression: str, quick: str) -> str:
    """An expression for numbers that are not of the plainest kind; most are, and are done with at once."""
    return f"CASE WHEN {_quick(one)} THEN {quick} ELSE {expression} END"


def _component_columns(coded: Sequence[Coded], numeric: Sequence[Numeric], plain: Mapping[str, str]) -> list[str]:
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


def _tell_of_codes(given: dict[str, str], coded: Sequence[Coded]) -> None:
    """Let codes tell OBS_STATUS and COMMENT_OBS."""
    for one in coded:
        if one.tells:
            own = given.get(STATUS, "NULL")
            given[STATUS] = f"coalesce(nullif({own}, 'A'), {one.column('status')}, {own})"
            given[COMMENT] = f"nullif(concat_ws('; ', {given.get(COMMENT, 'NULL')}, {one.column('comment')}), '')"
