"""The table of a mapping as a structure of its own: what each column is called, and the artefacts that describe it.

In the source structure the table has its final layout: rows chosen, blanks filled, columns turned into rows, numbers as
SDMX writes them. Every other text stands as in the file. ``table_mapping`` is the mapping that makes it so.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.mapping.binding import PLACES
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.rules import VALUE, ComponentRule, NumberRule, TableMapping
from sdmx_hub.mapping.times import ISO
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref, Urn

Node = dict[str, Any]
TIME = "TIME_PERIOD"
STATUS, CONFIDENTIALITY, COMMENT = "OBS_STATUS", "CONF_STATUS", "COMMENT_OBS"
_TEXT = {"format": {"dataType": "String"}}


@dataclass(frozen=True, kw_only=True)
class SourceColumn:
    """A column of the table: its component id, its heading, and how the table gives it."""

    id: str
    heading: str
    kind: str
    rule: ComponentRule


class SourceTable:
    """The columns a mapping reads, by component id, and the id of each heading and number."""

    def __init__(self, mapping: TableMapping, structure: DataStructure) -> None:
        self.mapping = mapping
        self.structure = structure
        self.columns: dict[str, SourceColumn] = {}
        self._ids: dict[str, str] = {}
        for component_id, rule in mapping.components.items():
            if component_id in structure.components and rule.columns:
                self._add(component_id, rule)
        self._add_told()

    def ids(self, component_id: str) -> list[str]:
        """The ids of the columns a component is read from."""
        rule = self.mapping.components[component_id]
        if component_id == MEASURE:
            return [MEASURE]
        if rule.number is not None:
            return [component_id]
        return [self._ids[heading] for heading in rule.columns]

    def _add(self, component_id: str, rule: ComponentRule) -> None:
        kind = "dimension" if component_id in self.structure.key_ids else "attribute"
        if rule.number is not None:
            shown = " | ".join(rule.columns)
            kind = "measure" if component_id == MEASURE else "attribute"
            self._put(component_id, shown, kind, rule)
            return
        is_time = self.structure.time_dimension is not None and component_id == self.structure.time_dimension.id
        for heading in rule.columns:
            taken = self._ids.get(heading)
            wanted = TIME if is_time and is_iso(rule) and len(rule.columns) == 1 else None
            identifier = taken or self._free(wanted or self._slug(component_id, rule, heading))
            self._ids[heading] = identifier
            was = self.columns.get(identifier)
            given = "time" if identifier == TIME else "dimension" if was and was.kind == "dimension" else kind
            self._put(identifier, heading, given, ComponentRule(columns=(heading,)))

    def _slug(self, component_id: str, rule: ComponentRule, heading: str) -> str:
        if component_id == STATUS and len(rule.columns) == 1 and self._tells_status():
            return STATUS
        return slug(heading)

    def _put(self, identifier: str, heading: str, kind: str, rule: ComponentRule) -> None:
        self.columns[identifier] = SourceColumn(id=identifier, heading=heading, kind=kind, rule=rule)

    def _free(self, wanted: str) -> str:
        reserved = {MEASURE} | ({TIME} if wanted != TIME else set())
        numbers = {key for key, rule in self.mapping.components.items() if rule.number is not None}
        names = [wanted, *(f"{wanted}_{number}" for number in range(2, 10_000))]
        taken = {*self._ids.values(), *reserved, *numbers}
        if wanted == TIME and TIME in self._ids.values():
            return TIME
        return next(name for name in names if name not in taken or name == TIME == wanted)

    @property
    def number(self) -> NumberRule | None:
        """How the measure is written."""
        rule = self.mapping.components.get(MEASURE)
        return rule.number if rule else None

    def _tells_status(self) -> bool:
        return self.number is not None and bool(self.number.missing or self.number.suppressed)

    def _add_told(self) -> None:
        """What the text of a number tells beside it: its status, that it is hidden, a note."""
        number = self.number
        if number is None:
            return
        told = {STATUS: self._tells_status(), CONFIDENTIALITY: bool(number.suppressed), COMMENT: bool(number.footnotes)}
        for identifier, is_told in told.items():
            own = self.mapping.components.get(identifier)
            if is_told and identifier in self.structure.components and (own is None or own.constant is not None):
                constant = own.constant if own else None
                self._put(identifier, identifier, "attribute", ComponentRule(constant=constant))

    @property
    def told(self) -> list[str]:
        """Components that are told by the text of the number, and by nothing else."""
        return [key for key, column in self.columns.items() if not column.rule.columns]


def is_iso(rule: ComponentRule) -> bool:
    """Tell whether a time is a period as SDMX writes it, as it stands."""
    own = rule.strip or rule.extract or rule.case or rule.prefix or rule.codes or rule.dated or rule.map
    return not own and not rule.rules and not rule.date and (rule.time is None or rule.time.pattern == ISO)


def slug(heading: str) -> str:
    """An id of a heading: Latin capitals, digits and underscores."""
    if heading.startswith(PLACES):
        return heading.strip("$").replace(":", "_").upper()
    if heading == VALUE:
        return "CELL"
    if heading.startswith("#"):
        return f"COLUMN_{heading[1:].upper()}"
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    found = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").upper()[:60]
    if not found:
        return "COLUMN"
    return found if found[0].isalpha() else f"C_{found}"


def table_mapping(table: SourceTable, dataflow: Ref) -> TableMapping:
    """The mapping of the file onto its own structure: the layout, and numbers; texts as they stand."""
    number = table.number
    bare = dataclasses.replace(number, cumulative=None) if number else None
    components: dict[str, ComponentRule] = {}
    for key, column in table.columns.items():
        if key == MEASURE and bare is not None:
            components[key] = dataclasses.replace(column.rule, number=bare)
        elif column.rule.columns or column.rule.constant is not None:
            components[key] = column.rule
    return dataclasses.replace(
        table.mapping, dataflow=dataflow, components=components, action=Action.APPEND, scope=(), rest=None, totals=(),
        aggregate=None, percentages=None, units=None, rounding=None,
    )  # fmt: skip


def describe_table(table: SourceTable, agency: str) -> tuple[Artefact, ...]:
    """Concept scheme, data structure and dataflow of the table."""
    mapping = table.mapping
    concepts, structure, dataflow = (_node(mapping, agency, f"{kind}_{mapping.id}") for kind in ("CS", "DSD", "DF"))
    concepts["concepts"] = [
        {"id": key, "name": column.heading, "names": {"en": column.heading}} for key, column in table.columns.items()
    ]
    scheme = Urn("ConceptScheme", ref_of(concepts))
    structure["dataStructureComponents"] = _components(table, scheme)
    dataflow["structure"] = str(Urn("DataStructure", ref_of(structure)))
    made = (("ConceptScheme", concepts), ("DataStructure", structure), ("Dataflow", dataflow))
    return tuple(Artefact(CLASS_BY_NAME[name], node) for name, node in made)


def ref_of(node: Mapping[str, Any]) -> Ref:
    """The reference of a document."""
    return Ref(node["agencyID"], node["id"], node["version"])


def _node(mapping: TableMapping, agency: str, identifier: str) -> Node:
    return artefact_node(mapping, agency, identifier)


def artefact_node(mapping: TableMapping, agency: str, identifier: str) -> Node:
    """What every artefact made of a mapping begins with."""
    names = {key: mapping.titles[key] for key in ("en", "fr", "es") if key in mapping.titles}
    return {
        "id": identifier,
        "agencyID": agency,
        "version": mapping.version,
        "isExternalReference": False,
        "name": names["en"],
        "names": names,
    }


def _components(table: SourceTable, scheme: Urn) -> Node:
    listed: dict[str, list[Node]] = {kind: [] for kind in ("dimension", "time", "attribute", "measure")}
    for key, column in table.columns.items():
        one: Node = {"id": key, "conceptIdentity": f"{_concepts(scheme)}.{key}", "localRepresentation": _TEXT}
        listed[column.kind].append(one)
    dimensions: Node = {"id": "DimensionDescriptor"}
    if listed["dimension"]:
        numbered = enumerate(listed["dimension"], start=1)
        dimensions["dimensions"] = [one | {"position": place} for place, one in numbered]
    for one in listed["time"]:
        dimensions["timeDimension"] = one | {"localRepresentation": {"format": {"dataType": "ObservationalTimePeriod"}}}
    found: Node = {"dimensionList": dimensions}
    if listed["measure"]:
        measures = [one | {"usage": "optional"} for one in listed["measure"]]
        found["measureList"] = {"id": "MeasureDescriptor", "measures": measures}
    if listed["attribute"]:
        place = {"usage": "optional", "attributeRelationship": {"observation": {}}}
        found["attributeList"] = {
            "id": "AttributeDescriptor",
            "attributes": [one | place for one in listed["attribute"]],
        }
    return found


def _concepts(scheme: Urn) -> str:
    return str(scheme).replace("ConceptScheme=", "Concept=")
