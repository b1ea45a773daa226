"""Tables for people and their tools: one line per observation, one column per component, nothing of SDMX around it.

Workbooks, Parquet files and plain CSV share the columns. ``labels`` says what stands for codes: their ids, their names,
or (``both``) a column of each. What several datasets of one message differ in gets a column before the others, and only
then: the dataflow, the action, since and until when it was valid. A text in several languages is given in the one asked
for, the values of an array with ``; `` between them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Cells, Escape, Part, Text, fetch, series_starts, source, with_dictionaries
from sdmx_hub.formats.render_csv import heading, name_of, needed, normalized, union
from sdmx_hub.formats.several import plain_sql
from sdmx_hub.model.cells import ITEM
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.message import Action, DataMessage, Dataset
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import DataStructure

BETWEEN = "; "
"""Stands between the values of an array."""
NUMBER = r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: of a component (its values or, with ``is_name``, their names), or a fact about the dataset."""

    heading: str
    component_id: str = ""
    is_name: bool = False
    fact: Callable[[Dataset], str] | None = None


def choose_columns(message: DataMessage, labels: str) -> tuple[Column, ...]:
    """Choose the columns of a message, each with a heading of its own."""
    columns = [*_facts(message)]
    for identifier in _component_ids(message.datasets):
        name = heading(identifier, message.datasets, message.language) or identifier
        is_coded = any(_codes(each, identifier) for each in message.datasets)
        is_named = labels == "name"
        if not (is_coded and is_named):
            columns.append(Column(heading=name if is_named else identifier, component_id=identifier))
        if is_coded and labels != "id":
            columns.append(Column(heading=name, component_id=identifier, is_name=True))
    return tuple(_with_own_headings(columns))


def _component_ids(datasets: Sequence[Dataset]) -> list[str]:
    return [
        *union(dataset.structure.key_ids for dataset in datasets),
        *union(dataset.measure_ids for dataset in datasets),
        *union(dataset.attribute_ids for dataset in datasets),
    ]


def _codes(dataset: Dataset, identifier: str) -> Codelist | None:
    return dataset.codelist(identifier) if identifier in dataset.structure.components else None


def _facts(message: DataMessage) -> Iterator[Column]:
    datasets = message.datasets
    if len({str(each.dataflow.urn) for each in datasets}) > 1:
        yield Column(heading="DATAFLOW", fact=lambda dataset: str(dataset.dataflow.ref))
    if len({each.action for each in datasets}) > 1 or any(each.action is Action.DELETE for each in datasets):
        yield Column(heading="ACTION", fact=lambda dataset: dataset.action.name)
    if any(each.valid_from for each in datasets):
        yield Column(heading="VALID_FROM", fact=lambda dataset: _moment(dataset.valid_from))
    if any(each.valid_to for each in datasets):
        yield Column(heading="VALID_TO", fact=lambda dataset: _moment(dataset.valid_to))


def _moment(moment: dt.datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _with_own_headings(columns: Iterable[Column]) -> Iterator[Column]:
    seen: set[str] = set()
    for column in columns:
        is_taken = column.heading in seen
        seen.add(column.heading)
        yield replace(column, heading=f"{column.heading} ({column.component_id})") if is_taken else column


@dataclass(frozen=True, kw_only=True)
class Table:
    """The lines of one dataset: its rows with the dictionaries names and times need, and how text is protected."""

    dataset: Dataset
    rows: Rows
    layout: Layout
    language: str
    is_normalized: bool
    escape: Escape

    @property
    def structure(self) -> DataStructure:
        """The structure of the dataset."""
        return self.dataset.structure

    @property
    def cells(self) -> Cells:
        """The cells of the rows, protected."""
        return Cells(structure=self.structure, coded=self.rows.coded, escape=self.escape)

    def holds(self, column: Column) -> bool:
        """Tell whether the dataset has anything to write there."""
        identifier = column.component_id
        if identifier in self.layout.observation_ids and not self.layout.has_observations:
            return False
        return identifier in self.rows.columns and identifier in self.structure.components

    def part(self, column: Column) -> Part | None:
        """The text of a cell, protected; None where this dataset has nothing of the kind."""
        if column.fact is not None:
            return Text(self.escape.text(column.fact(self.dataset)))
        if not self.holds(column):
            return None
        identifier, time = column.component_id, self.structure.time_dimension
        if column.is_name:
            return self._names(identifier)
        if time and identifier == time.id and self.is_normalized:
            return self.cells.looked_up(identifier, normalized(self.rows.coded[identifier]))
        component = self.structure.components[identifier]
        if component.representation.is_plain:
            return self.cells.cell(identifier)
        column_sql = f"{self.cells.column(identifier)}::VARCHAR"
        return self.escape.sql(plain_sql(component, column_sql, self.language, BETWEEN))

    def _names(self, identifier: str) -> Part | None:
        codelist = self.dataset.codelist(identifier)
        if codelist is None:
            return None
        named = (
            BETWEEN.join(name_of(codelist, code, self.language) or code for code in cell.split(ITEM))
            for cell in self.rows.coded[identifier]
        )
        return self.cells.looked_up(identifier, [self.escape.text(each) for each in named])

    def select(self, what: str) -> str:
        """Write the query that gives ``what`` of every line; ``r`` are the rows."""
        if self.layout.has_observations:
            return f"SELECT {what} FROM ({self.rows.sql}) AS r"
        key_ids = (*self.layout.series_ids, *self.layout.observation_ids)
        where = f" QUALIFY {series_starts(self.layout.series_ids)}" if self.layout.series_ids else " LIMIT 1"
        return f"SELECT {what} FROM {source(self.rows, self.structure, key_ids)} AS r{where}"

    def count(self) -> int:
        """Count the rows."""
        return int(str(fetch(self.rows, f"SELECT count(*) FROM ({self.rows.sql})")[0][0]))


def open_table(dataset: Dataset, message: DataMessage, params: Mapping[str, str], escape: Escape) -> Table:
    """Prepare one dataset; distinct codes or periods are read first where names or times need them."""
    layout = choose_layout(dataset)
    is_normalized = params.get("timeFormat") == "normalized"
    ids = needed(dataset, layout, params.get("labels", "id"), is_normalized=is_normalized)
    return Table(
        dataset=dataset,
        rows=with_dictionaries(dataset.rows, ids),
        layout=layout,
        language=message.language,
        is_normalized=is_normalized,
        escape=escape,
    )
