"""Cells of several values or languages (``model.cells``) on their way out, in the SQL that draws them.

Only components whose representation allows more than a text come here, so that others cost nothing. A format says how
one value is written; taking cells apart and putting the values together is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from sdmx_hub.formats.render import fetch
from sdmx_hub.model.cells import ITEM, LANGUAGE, TEXT
from sdmx_hub.model.message import DataMessage, Dataset
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import Component, DataStructure, Representation

ITEM_SQL, TEXT_SQL, LANGUAGE_SQL = (f"chr({ord(mark)})" for mark in (ITEM, TEXT, LANGUAGE))
FALLBACK = "en"
"""The language of a text where that asked for is not there (and of one that does not say, SDMX-ML ``common:Text``)."""

_TAGS = literal(f"(?:^|[{ITEM}{TEXT}])([^{ITEM}{TEXT}{LANGUAGE}]*){LANGUAGE}")


def several(structure: DataStructure, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the components ``ids`` whose cells may hold more than one text."""
    return tuple(each for each in ids if not structure.components[each].representation.is_plain)


def each_value(cell: str, write: Callable[[str], str], between: str) -> str:
    """Write SQL for the values of a cell, each by ``write``, with ``between`` between them; NULL stays NULL."""
    return _each(cell, ITEM_SQL, "v", write, between)


def each_text(value: str, write: Callable[[str], str], between: str) -> str:
    """Write SQL for the languages of one value, each text (with its tag before it) by ``write``."""
    return _each(value, TEXT_SQL, "t", write, between)


def _each(cell: str, mark: str, name: str, write: Callable[[str], str], between: str) -> str:
    listed = f"list_transform(string_split({cell}, {mark}), lambda {name}: {write(name)})"
    return f"array_to_string({listed}, {literal(between)})"


def best_text(value: str, language: str) -> str:
    """Write SQL for the text of one value in ``language``, else in English, else in the language it has."""
    wanted = dict.fromkeys((language, FALLBACK))
    exact = [_text_in(value, literal(f"(?:^|{TEXT}){tag}{LANGUAGE}([^{TEXT}]*)")) for tag in wanted]
    near = [_text_in(value, literal(f"(?:^|{TEXT}){tag}-[^{LANGUAGE}]*{LANGUAGE}([^{TEXT}]*)")) for tag in wanted]
    first = _text_in(value, literal(f"{LANGUAGE}([^{TEXT}]*)"))
    pairs = (one for pair in zip(exact, near, strict=True) for one in pair)
    return f"coalesce({', '.join(pairs)}, {first}, {value})"


def _text_in(value: str, pattern: str) -> str:
    return f"nullif(regexp_extract({value}, {pattern}, 1), '')"


def plain_sql(component: Component, cell: str, language: str, between: str) -> str:
    """Write SQL for a cell as people read it: in one language, values with ``between`` between them."""
    one = (lambda value: best_text(value, language)) if component.representation.is_multilingual else str
    return each_value(cell, one, between) if component.representation.is_array else one(cell)


def languages_of(rows: Rows, identifier: str, preferred: Sequence[str]) -> tuple[str, ...]:
    """Read which languages the texts of a component are in, those ``preferred`` first; all of those where none is."""
    tags = f"SELECT DISTINCT unnest(regexp_extract_all({quoted(identifier)}::VARCHAR, {_TAGS}, 1)) FROM ({rows.sql})"
    found = {str(tag) for (tag,) in fetch(rows, tags)}
    if not found:
        return tuple(preferred)
    return (*(tag for tag in preferred if tag in found), *sorted(found.difference(preferred)))


def holds_any(rows: Rows, ids: Sequence[str], characters: Sequence[str]) -> frozenset[str]:
    """Read which of ``characters`` the cells of some components hold."""
    columns = [f"{quoted(each)}::VARCHAR" for each in ids]
    tests = [
        " OR ".join(f"coalesce(bool_or(contains({column}, {literal(each)})), false)" for column in columns)
        for each in characters
    ]
    found = fetch(rows, f"SELECT {', '.join(tests)} FROM ({rows.sql})")[0]
    return frozenset(each for each, holds in zip(characters, found, strict=True) if holds)


def without_idle_languages(dataset: Dataset) -> Dataset:
    """Treat texts that may have languages as plain ones where none of the rows says a language.

    So they are written as any other text is: no format has to make up a language, and clients that know one text to a
    value read them.
    """
    structure = dataset.structure
    found = [structure.components[each] for each in several(structure, _held(dataset))]
    ids = [each.id for each in found if not each.representation.is_array]
    if not ids:
        return dataset
    tests = (f"bool_or(contains({quoted(each)}::VARCHAR, {LANGUAGE_SQL}))" for each in ids)
    told = fetch(dataset.rows, f"SELECT {', '.join(tests)} FROM ({dataset.rows.sql})")[0]
    idle = frozenset(each for each, is_told in zip(ids, told, strict=True) if not is_told)
    return replace(dataset, structure=_as_plain(structure, idle)) if idle else dataset


def _held(dataset: Dataset) -> list[str]:
    return [each for each in dataset.rows.columns if each in dataset.structure.components]


def view_v2_1(message: DataMessage) -> DataMessage:
    """Give what the formats of SDMX 2.1 can tell of a message: one measure, and one text in one language a cell.

    A text in several languages becomes the best one for the language of the message. Arrays are left out, as they are
    left out of the data structure of 2.1, and so is every measure but the one that is OBS_VALUE there.
    """
    seen = tuple(_view(dataset, message.language) for dataset in message.datasets)
    return replace(message, datasets=seen)


def structure_v2_1(structure: DataStructure) -> DataStructure:
    """Give what SDMX 2.1 can tell of a structure: one measure, no arrays, texts in one language."""
    return _as_plain(_without_arrays(structure))


def _view(dataset: Dataset, language: str) -> Dataset:
    structure = dataset.structure
    seen = _without_arrays(structure)
    languages = several(seen, seen.components)
    if seen is structure and not languages:
        return dataset
    rows = _in_one_language(dataset.rows, languages, language)
    kept = [each for each in rows.columns if each in seen.components or each not in structure.components]
    columns = ", ".join(map(quoted, kept))
    return replace(
        dataset,
        structure=_as_plain(seen),
        rows=replace(rows, sql=f"SELECT {columns} FROM ({rows.sql})", columns=tuple(kept)),
        measure_ids=tuple(each for each in dataset.measure_ids if each in seen.components),
        attribute_ids=tuple(each for each in dataset.attribute_ids if each in seen.components),
    )


def _without_arrays(structure: DataStructure) -> DataStructure:
    measures = structure.measures
    if len(measures) > 1:
        measures = tuple(each for each in measures if each.id == "OBS_VALUE") or measures[:1]
    measures = tuple(each for each in measures if not each.representation.is_array)
    attributes = tuple(each for each in structure.attributes if not each.representation.is_array)
    if (measures, attributes) == (structure.measures, structure.attributes):
        return structure
    return replace(structure, measures=measures, attributes=attributes)


def _as_plain(structure: DataStructure, ids: Collection[str] | None = None) -> DataStructure:
    """Take the languages from all components, or from those with these ids."""

    def plain(component: Component) -> Representation:
        return _one_language(component) if ids is None or component.id in ids else component.representation

    return replace(
        structure,
        measures=tuple(replace(each, representation=plain(each)) for each in structure.measures),
        attributes=tuple(replace(each, representation=plain(each)) for each in structure.attributes),
    )


def _one_language(component: Component) -> Representation:
    representation = component.representation
    facets = {key: value for key, value in representation.facets.items() if key != "isMultiLingual"}
    return replace(representation, facets=facets)


def _in_one_language(rows: Rows, ids: Sequence[str], language: str) -> Rows:
    wanted = [each for each in ids if each in rows.columns]
    if not wanted:
        return rows
    columns = ", ".join(
        f"{best_text(f'{quoted(each)}::VARCHAR', language)} AS {quoted(each)}" if each in wanted else quoted(each)
        for each in rows.columns
    )
    coded = {key: value for key, value in rows.coded.items() if key not in wanted}
    return replace(rows, sql=f"SELECT {columns} FROM ({rows.sql})", coded=coded)
