"""What the SDMX-ML data formats share: escaping, the header, and the actions of 2.1 and 3.0."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sdmx_hub.formats.layout import Layout, choose_layout
from sdmx_hub.formats.render import Cells, Escape, Part, Text
from sdmx_hub.model.message import Action, DataMessage, Dataset
from sdmx_hub.model.rows import Rows, literal

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ACTIONS: Mapping[Action, str] = {
    Action.INFORMATION: "Information",
    Action.APPEND: "Append",
    Action.REPLACE: "Replace",
    Action.DELETE: "Delete",
    Action.MERGE: "Append",
}
"""Merge came with 3.1; to earlier readers it is an append."""

_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_SPECIAL = re.compile("[" + "".join(_REPLACED) + "]")
_TRANSLATION = str.maketrans(_REPLACED)
_XML_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def escape(text: str) -> str:
    """Escape text for content and for attribute values in double quotes, where white space would be lost."""
    return text.translate(_TRANSLATION)


def escape_sql(expression: str) -> str:
    """Escape text in SQL, as ``escape`` does."""
    replaced = expression
    for special, entity in _REPLACED.items():
        replaced = f"replace({replaced}, {literal(special)}, {literal(entity)})"
    return f"CASE WHEN regexp_matches({expression}, {literal(_SPECIAL.pattern)}) THEN {replaced} ELSE {expression} END"


XML = Escape(text=escape, sql=escape_sql)


@dataclass(frozen=True, kw_only=True)
class Described:
    """A dataset with its layout and the id of what the header says about it."""

    dataset: Dataset
    layout: Layout
    structure_id: str
    number: int

    @property
    def rows(self) -> Rows:
        """The rows of the dataset."""
        return self.dataset.rows

    @property
    def cells(self) -> Cells:
        """The cells of the rows, escaped for XML."""
        return Cells(structure=self.dataset.structure, coded=self.rows.coded, escape=XML)

    @property
    def namespace(self) -> str:
        """The namespace of structure-specific content: dataflow and dimension at the observation."""
        return f"{self.dataset.dataflow.urn}:ObsLevelDim:{self.layout.dimension_at_observation}"


def describe(message: DataMessage, dimension_at_observation: str | None = None) -> list[Described]:
    """Lay out the datasets; those of one dataflow, agreement and layout share one description in the header."""
    ids: dict[tuple[str, ...], str] = {}
    found = []
    for dataset in message.datasets:
        layout = choose_layout(dataset, dimension_at_observation)
        asked_by = dataset.agreement or dataset.dataflow
        key = (str(dataset.dataflow.urn), str(asked_by.urn), layout.dimension_at_observation)
        if key not in ids:
            ids[key] = _structure_id(dataset, ids.values())
        number = list(ids).index(key) + 1
        found.append(Described(dataset=dataset, layout=layout, structure_id=ids[key], number=number))
    return found


def _structure_id(dataset: Dataset, taken: Collection[str]) -> str:
    """Call the description as its data structure where that is an XML id: clients look for the structure by it."""
    wanted = dataset.structure.ref.id
    named = [wanted] if _XML_ID.fullmatch(wanted) else []
    numbered = (f"S{number}" for number in itertools.count(1))
    return next(each for each in itertools.chain(named, numbered) if each not in taken)


def once_each(described: Iterable[Described]) -> list[Described]:
    """The first dataset of each description."""
    return list({each.structure_id: each for each in reversed(list(described))}.values())[::-1]


def instant(moment: dt.datetime) -> str:
    """Write an instant in UTC."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def write_header(message: DataMessage, structures: Iterable[str], actions_by: Mapping[Action, str] = ACTIONS) -> str:
    """Write the header around the ``Structure`` elements; ``actions_by`` is how the edition calls actions."""
    header = message.header
    names = "".join(
        f'<common:Name xml:lang="{language}">{escape(name)}</common:Name>'
        for language, name in header.sender_names.items()
    )
    sender = f'<message:Sender id="{escape(header.sender_id)}">{names}</message:Sender>'
    actions = {actions_by[dataset.action] for dataset in message.datasets}
    action = f"<message:DataSetAction>{actions.pop()}</message:DataSetAction>" if len(actions) == 1 else ""
    return (
        f"<message:Header><message:ID>{escape(header.id)}</message:ID>"
        f"<message:Test>{str(header.test).lower()}</message:Test>"
        f"<message:Prepared>{instant(header.prepared)}</message:Prepared>"
        f"{sender}{''.join(structures)}{action}</message:Header>\n"
    )


def validity(dataset: Dataset, prefix: str = "") -> str:
    """The XML attributes that say since when and until when the dataset was valid."""
    moments = (("validFromDate", dataset.valid_from), ("validToDate", dataset.valid_to))
    return "".join(f' {prefix}{name}="{instant(moment)}"' for name, moment in moments if moment)


def primary_measure(dataset: Dataset) -> str | None:
    """The one measure of SDMX 2.1, there called OBS_VALUE: that of this name, else the first of the structure."""
    ids = [measure.id for measure in dataset.structure.measures]
    return "OBS_VALUE" if "OBS_VALUE" in ids else next(iter(ids), None)


def xml_attributes(described: Described, pairs: Iterable[tuple[str, str]], *, nullable: bool) -> Iterator[Part]:
    """Components as XML attributes: pairs of component id and attribute name; ``nullable`` ones may be absent."""
    cells = described.cells
    for identifier, name in pairs:
        if nullable:
            yield cells.wrapped(identifier, f' {name}="', '"')
        else:
            yield from (Text(f' {name}="'), cells.cell(identifier), Text('"'))
