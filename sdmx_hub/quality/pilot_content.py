"""What figures are like that have come (§5.4): whether they add up, say how they were made, and can be read by whom.

No code of the shared lists stands for these indicators: they are in the report of a pilot, and not published.

| indicator | definition |
|---|---|
| SUMS_RT | totals that are the sum of their parts ÷ totals all parts of which are held, by the rules of all files |
| METHOD_RT | filled RES_CRITERION, COVERAGE_POP and METHOD_URL ÷ three for each indicator and type of source |
| LANG_RT | names in English, French and Spanish of the dataflow and the codes used ÷ three for each of them |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sdmx_hub.language import LANGUAGES
from sdmx_hub.load.checks.sums import count_sums
from sdmx_hub.load.checks.terms import Checking, Terms
from sdmx_hub.model.rows import SOURCE_ROW, Rows, quoted
from sdmx_hub.quality.pilot_cells import AREA, METHOD, VALUES, Cells, Key, Share
from sdmx_hub.store.artefacts import Artefacts

SUMS, METHODS, NAMES = "SUMS_RT", "METHOD_RT", "LANG_RT"


def content_of(cells: Cells, artefacts: Artefacts) -> dict[str, Mapping[Key, Share]]:
    """Compute all three, by area and period."""
    return {SUMS: check_totals(cells), METHODS: count_methods(cells), NAMES: count_names(cells, artefacts)}


def check_totals(cells: Cells) -> dict[Key, Share]:
    """SUMS_RT."""
    rows = Rows(
        connection=cells.connection,
        sql=f"SELECT *, 0 AS {SOURCE_ROW} FROM cells",
        columns=(*cells.structure.key_ids, *VALUES, SOURCE_ROW),
    )
    terms = Terms(dataflow=cells.flow.dataflow, structure=cells.structure)
    counted = count_sums(Checking(rows, terms), (AREA, cells.structure.key_ids[-1]))
    return {
        (area, period): Share(percent=100 * (told - wrong) / told, count=told, remark=f"{told - wrong} / {told}")
        for (area, period), (told, wrong) in counted.items()
    }


def count_methods(cells: Cells) -> dict[Key, Share]:
    """METHOD_RT; the remark tells it by attribute. Nothing where the structure has none of the three."""
    known = {one.id: one for one in cells.structure.attributes}
    found: dict[Key, list[tuple[str, int, int]]] = {}
    for name in METHOD:
        if name not in known:
            continue
        keys = "".join(f", {quoted(one)}" for one in known[name].dimension_ids if one != AREA)
        query = f"""
SELECT {AREA}, {cells.time}, count(*) FILTER (is_told), count(*) FROM (
  SELECT {AREA}, {cells.time}, bool_or(nullif({quoted(name)}, '') IS NOT NULL) AS is_told
  FROM cells GROUP BY {AREA}, {cells.time}{keys}) GROUP BY ALL
"""
        for area, period, told, count in cells.rows(query):
            found.setdefault((area, period), []).append((name, told, count))
    return {key: _filled(listed) for key, listed in found.items()}


def _filled(listed: Sequence[tuple[str, int, int]]) -> Share:
    told, count = sum(filled for _, filled, _ in listed), sum(all_of for *_, all_of in listed)
    remark = ", ".join(f"{name} {filled} / {all_of}" for name, filled, all_of in listed)
    return Share(percent=100 * told / count, count=count, remark=remark)


def count_names(cells: Cells, artefacts: Artefacts) -> dict[Key, Share]:
    """LANG_RT; the remark tells it by language."""
    flow = artefacts.get(cells.flow.urn).names
    found: dict[Key, list[Mapping[str, str]]] = {}
    for dimension in cells.structure.dimensions:
        codelist = dimension.representation.codelist
        if codelist is None:
            continue
        codes = artefacts.codelist(codelist).codes
        query = f"SELECT {AREA}, {cells.time}, list(DISTINCT {quoted(dimension.id)}) FROM cells GROUP BY ALL"
        for area, period, used in cells.rows(query):
            named = found.setdefault((area, period), [flow])
            named += [codes[code].names if code in codes else {} for code in used]
    return {key: _named(names) for key, names in found.items()}


def _named(names: Sequence[Mapping[str, str]]) -> Share:
    told = {language: _count(one.get(language) for one in names) for language in LANGUAGES}
    remark = ", ".join(f"{language} {count} / {len(names)}" for language, count in told.items())
    count = len(LANGUAGES) * len(names)
    return Share(percent=100 * sum(told.values()) / count, count=count, remark=remark)


def _count(texts: Iterable[str | None]) -> int:
    return sum(1 for text in texts if text)
