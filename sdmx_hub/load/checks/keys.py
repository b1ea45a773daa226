"""Codes, keys and periods: V01 to V04, and attributes that must agree or be there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from sdmx_hub.errors import BadRequest
from sdmx_hub.load.checks.cells import shown_sql
from sdmx_hub.load.checks.order import find_order
from sdmx_hub.load.checks.terms import MOST, VIEW, Checking, key_hash, key_text
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.period import Period, parse_period
from sdmx_hub.model.rows import SOURCE_ROW, literal, quoted
from sdmx_hub.model.structure import Attachment, Attribute, Component

_DAILY = frozenset("DBN")
_FREQUENCIES = {"H": "S", "B": "D", "N": "I"}
"""Codes of CL_FREQ whose periods are written as those of another: half-yearly (old), business days, minutes."""
PROVIDER = "DATA_PROVIDER"


def check_codes(checking: Checking) -> Iterator[Finding]:
    """V01: codes that are not in their list; V02: dimensions without a value."""
    structure = checking.structure
    for component in structure.components.values():
        codelist = checking.terms.codelists.get(component.id)
        if codelist is None or component.id not in checking.rows.columns:
            continue
        wrong = checking.codes(component.id) - codelist.codes.keys()
        for value, count, row in checking.places(component.id, wrong)[:MOST]:
            finding = checking.finding(
                "V01", row=row, column=component.id, value=value, count=count,
                codelist=codelist.ref, component=component.id,
            )  # fmt: skip
            yield _with_hint(finding, value, codelist.codes)
        yield from rest(checking, component.id, len(wrong))
    yield from _check_complete(checking)


def _with_hint(finding: Finding, value: str, known: Iterable[str]) -> Finding:
    near = difflib.get_close_matches(value, list(known), n=1) if len(value) <= 40 else []
    if not near:
        return finding
    return Finding(**{**vars(finding), "suggestion": near[0]})


def rest(checking: Checking, component_id: str, count: int) -> Iterator[Finding]:
    """Say how many more faults there are than are told."""
    if count > MOST:
        yield checking.finding(
            "CHECK-MORE", column=component_id, severity=Severity.INFO, count=count - MOST, more=count - MOST
        )


def _check_complete(checking: Checking) -> Iterator[Finding]:
    for key in checking.structure.key_ids:
        if key not in checking.rows.columns:
            yield checking.finding("V02", column=key, component=key)
            continue
        if None in checking.values(key):
            count, row = checking.one(
                f"SELECT count(*), min({SOURCE_ROW}) FROM {VIEW} "
                f"WHERE {quoted(key)} IS NULL AND {checking.live} AND NOT {checking.partial}"
            )
            if not count:
                continue
            yield checking.finding("V02", row=row, column=key, count=count, component=key)


def check_duplicates(checking: Checking) -> Iterator[Finding]:
    """DUP-01 (V03): a key that comes twice, told at each later row with the first."""
    keys = checking.structure.key_ids
    if not checking.has(*keys):
        return
    if find_order(checking) is not None:
        return
    live = checking.live if checking.partial == "false" else f"{checking.live} AND NOT {checking.partial}"
    total, different = checking.one(f"SELECT count(*), count(DISTINCT {key_hash(keys)}) FROM {VIEW} WHERE {live}")
    if total == different:
        return
    listed = ", ".join(quoted(key) for key in keys)
    window = f"OVER (PARTITION BY {listed} ORDER BY {SOURCE_ROW})"
    twice = (
        f"SELECT {key_text(keys)} AS key, {SOURCE_ROW} AS row, first({SOURCE_ROW}) {window} AS first, "
        f"row_number() {window} AS place FROM {VIEW} WHERE {live} AND {key_hash(keys)} IN "
        f"(SELECT {key_hash(keys)} FROM {VIEW} WHERE {live} GROUP BY 1 HAVING count(*) > 1)"
    )
    found = checking.connection.execute(
        f"SELECT key, row, first, count(*) OVER () FROM ({twice}) WHERE place > 1 ORDER BY row, key LIMIT {MOST}"
    ).fetchall()
    for key, row, first, _ in found:
        yield checking.finding("DUP-01", row=row, value=key, key=key, first=first if first is not None else "?")
    if found:
        yield from rest(checking, "", found[0][3])


def check_periods(checking: Checking) -> Iterator[Finding]:
    """V04: periods SDMX does not know, and periods that do not fit the frequency."""
    time = checking.structure.time_dimension
    if time is None or not checking.has(time.id):
        return
    has_frequency = checking.has("FREQ")
    frequency = "CAST(FREQ AS VARCHAR)" if has_frequency else "NULL"
    found = checking.connection.execute(
        f"SELECT CAST({quoted(time.id)} AS VARCHAR), {frequency}, count(*), min({SOURCE_ROW}) AS first FROM {VIEW} "
        f"WHERE {quoted(time.id)} IS NOT NULL AND {checking.live} GROUP BY 1, 2 ORDER BY first"
    ).fetchall()
    told = 0
    for text, code, count, row in found:
        problem = _period_problem(text, code)
        if problem and told < MOST:
            told += 1
            yield checking.finding(
                problem, row=row, column=time.id, value=text, count=count, frequency=code or "", component=time.id
            )


def _period_problem(text: str, frequency: str | None) -> str | None:
    try:
        period = parse_period(text)
    except BadRequest:
        return "V04"
    return None if frequency is None or _fits(period, frequency) else "V04-FREQ"


def _fits(period: Period, frequency: str) -> bool:
    letter = frequency[:1]
    wanted = _FREQUENCIES.get(letter, letter)
    if wanted not in "ASTQMWDI" or period.frequency == "I":
        return True  # a frequency of its own kind, or an instant or range that says its length itself
    return period.frequency == wanted or (letter in _DAILY and period.frequency == "D")


def check_attributes(checking: Checking) -> Iterator[Finding]:
    """Mandatory attributes without a value; attributes with two values where they can have one."""
    for attribute in checking.structure.attributes:
        if attribute.id not in checking.rows.columns:
            continue
        if attribute.is_mandatory:
            yield from _check_present(checking, attribute)
        if attribute.attached_to is not Attachment.OBSERVATION and len(checking.codes(attribute.id)) > 1:
            yield from _check_agreement(checking, attribute)
    for measure in checking.structure.measures:
        if measure.is_mandatory and not checking.has("OBS_STATUS") and measure.id in checking.rows.columns:
            yield from _check_present(checking, measure)


def _check_present(checking: Checking, component: Component) -> Iterator[Finding]:
    count, row = checking.one(
        f"SELECT count(*), min({SOURCE_ROW}) FROM {VIEW} "
        f"WHERE {quoted(component.id)} IS NULL AND {checking.whole} AND NOT {checking.partial}"
    )
    if count:
        yield checking.finding("ATT-MISSING", row=row, column=component.id, count=count, component=component.id)


def _check_agreement(checking: Checking, attribute: Attribute) -> Iterator[Finding]:
    order = find_order(checking)
    if order is not None and attribute.id in order.constant:
        return
    ids = [one for one in attribute.dimension_ids if one in checking.rows.columns]
    column, place = f"CAST({quoted(attribute.id)} AS VARCHAR)", key_text(ids) if ids else literal("")
    if not checking.all(
        f"SELECT 1 FROM (SELECT min({column}) AS low, max({column}) AS high FROM {VIEW} "
        f"WHERE {checking.live} GROUP BY {key_hash(ids)}) WHERE low <> high LIMIT 1"
    ):
        return  # nearly always so; keys that shared a number could only make it look too often
    value = column if attribute.representation.is_plain else shown_sql(column)
    found = checking.connection.execute(
        f"SELECT {place}, count(DISTINCT {column}), string_agg(DISTINCT {value}, ', ' ORDER BY {value}), count(*), "
        f"min({SOURCE_ROW}) AS first FROM {VIEW} WHERE {quoted(attribute.id)} IS NOT NULL AND {checking.live} "
        f"GROUP BY 1 HAVING count(DISTINCT {column}) > 1 ORDER BY first LIMIT {MOST}"
    ).fetchall()
    for where, different, values, _, row in found:
        code = "PROV-01" if attribute.id == PROVIDER else "ATT-CONFLICT"
        shown = ", ".join(f"{one}={part}" for one, part in zip(ids, where.split("."), strict=False)) or "dataset"
        yield checking.finding(
            code, row=row, column=attribute.id, value=values, component=attribute.id, place=shown, different=different
        )
