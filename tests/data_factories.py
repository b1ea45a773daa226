"""Small artefacts, rows and messages for tests: as little as the test needs, everything else by default.

``make_specimen("FREQ.REF_AREA.TIME_PERIOD")`` makes a data structure with its concepts, codelists and dataflow;
``make_rows``, ``make_dataset`` and ``make_message`` put observations into it.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.codelist import Codelist, read_codelist
from sdmx_hub.model.message import Action, DataMessage, Dataset, Header
from sdmx_hub.model.rows import Rows, literal, quoted
from sdmx_hub.model.structure import DataStructure, read_data_structure
from sdmx_hub.model.urn import Urn
from tests.support.engine import connect

TIME = "TIME_PERIOD"
CODES = {
    "FREQ": "A Q M",
    "REF_AREA": "ES FR SN",
    "SEX": "F M _T",
    "OBS_STATUS": "A E M",
    "CONF_STATUS": "F N",
    "UNIT_MULT": "0 3",
}
"""Codes of well-known components; any other coded one has A, B and C."""
_NUMBERS = itertools.count()
UNCODED = {"TITLE", "COMMENT_OBS", "SOURCE_DETAIL"}
PREPARED = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A structure and everything it refers to."""

    structure: DataStructure
    artefact: Artefact
    dataflow: Artefact
    artefacts: tuple[Artefact, ...]

    def find(self, urn: Urn) -> Artefact | None:
        return next((each for each in self.artefacts if each.urn == urn), None)

    def codelist(self, component_id: str) -> Codelist | None:
        urn = self.structure.components[component_id].representation.codelist
        found = self.find(urn) if urn else None
        return read_codelist(found, self.find) if found else None

    def names(self, component_id: str) -> Mapping[str, str]:
        return _names(component_id)


def _names(text: str) -> dict[str, str]:
    return {"en": f"{text} in English", "fr": f"{text} en français", "es": f"{text} en español"}


def _artefact(class_name: str, ref: tuple[str, str, str], **content: Any) -> Artefact:
    agency, identifier, version = ref
    document = {"id": identifier, "agencyID": agency, "version": version}
    document |= {"name": _names(identifier)["en"], "names": _names(identifier)} | content
    return Artefact(CLASS_BY_NAME[class_name], document)


def make_codelist(
    identifier: str, codes: str | Sequence[str], *, agency: str = "TEST", version: str = "1.0.0"
) -> Artefact:
    """Make a codelist of ``codes`` (a text of several, or a list), named in three languages."""
    items = codes.split() if isinstance(codes, str) else codes
    ref = (agency, identifier, version)
    listed = [{"id": code, "name": f"{code} in English", "names": _names(code)} for code in items]
    return _artefact("Codelist", ref, codes=listed)


def make_specimen(
    dimensions: str = "FREQ.REF_AREA.TIME_PERIOD",
    *,
    attributes: Mapping[str, str] | None = None,
    groups: Mapping[str, str] | None = None,
    measures: str = "OBS_VALUE",
    codes: Mapping[str, str | Sequence[str]] | None = None,
    types: Mapping[str, str] | None = None,
    mandatory: Iterable[str] = (),
    occurs: Mapping[str, int | str] | None = None,
    multilingual: Iterable[str] = (),
    identifier: str = "DSD",
    dataflow: str = "DF",
    agency: str = "TEST",
    version: str = "1.0.0",
) -> Specimen:
    """Make a data structure with what it refers to.

    ``attributes`` says what each describes: ``obs``, ``dataset``, ``group:ID`` or dimensions joined by dots (``series``
    for all but time). ``groups`` are dimensions joined by dots. A component is coded unless ``types`` names its text
    type; ``codes`` replaces the usual codes. ``occurs`` says how many values an array holds (a number, or
    ``unbounded``), ``multilingual`` which texts have languages.
    """
    attributes = {"OBS_STATUS": "obs"} if attributes is None else attributes
    ref = (agency, identifier, version)
    all_codes: dict[str, str | Sequence[str]] = {**CODES, **(codes or {})}
    text_types = dict.fromkeys(UNCODED, "String") | dict(types or {})
    component_ids = [*dimensions.split("."), *measures.split(), *attributes]
    scheme = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={agency}:CS_{identifier}({version})"
    codelists: dict[str, Artefact] = {}
    several = frozenset(multilingual)

    def component(component_id: str, **more: Any) -> dict[str, Any]:
        shape: dict[str, Any] = {"id": component_id, "conceptIdentity": f"{scheme}.{component_id}"}
        if component_id == TIME:
            shape["localRepresentation"] = {"format": {"dataType": "ObservationalTimePeriod"}}
        elif component_id in text_types or component_id in measures.split():
            text_format: dict[str, Any] = {"dataType": text_types.get(component_id, "Decimal")}
            text_format |= {"isMultiLingual": True} if component_id in several else {}
            shape["localRepresentation"] = {"format": text_format}
        else:
            codelist = make_codelist(f"CL_{component_id}", all_codes.get(component_id, "A B C"), agency=agency)
            codelists[component_id] = codelist
            shape["localRepresentation"] = {"enumeration": str(codelist.urn)}
        if component_id in (occurs or {}):
            shape["localRepresentation"] |= {"maxOccurs": (occurs or {})[component_id]}
        return shape | more

    keys = [each for each in dimensions.split(".") if each != TIME]
    listed: dict[str, Any] = {
        "id": "DimensionDescriptor",
        "dimensions": [component(each, position=number) for number, each in enumerate(keys)],
    }
    if TIME in dimensions.split("."):
        listed["timeDimension"] = component(TIME)
    usage = {each: "mandatory" if each in set(mandatory) else "optional" for each in component_ids}
    parts: dict[str, Any] = {
        "dimensionList": listed,
        "measureList": {
            "id": "MeasureDescriptor",
            "measures": [component(each, usage=usage[each]) for each in measures.split()],
        },
    }
    if groups:
        parts["groups"] = [{"id": key, "groupDimensions": ids.split(".")} for key, ids in groups.items()]
    if attributes:
        parts["attributeList"] = {
            "id": "AttributeDescriptor",
            "attributes": [
                component(each, usage=usage[each], attributeRelationship=_relationship(place, keys))
                for each, place in attributes.items()
            ],
        }
    artefact = _artefact("DataStructure", ref, dataStructureComponents=parts)
    flow = _artefact("Dataflow", (agency, dataflow, version), structure=str(artefact.urn))
    concepts = [{"id": each, "name": _names(each)["en"], "names": _names(each)} for each in component_ids]
    concept_scheme = _artefact("ConceptScheme", (agency, f"CS_{identifier}", version), concepts=concepts)
    artefacts = (concept_scheme, *codelists.values(), artefact, flow)
    by_urn = {each.urn: each for each in artefacts}
    structure = read_data_structure(artefact, by_urn.get)
    return Specimen(structure=structure, artefact=artefact, dataflow=flow, artefacts=artefacts)


def _relationship(place: str, keys: Sequence[str]) -> dict[str, Any]:
    if place == "obs":
        return {"observation": {}}
    if place == "dataset":
        return {"dataflow": {}}
    if place.startswith("group:"):
        return {"group": place.removeprefix("group:")}
    return {"dimensions": list(keys) if place == "series" else place.split(".")}


Observation = Mapping[str, str | None]


def make_rows(
    specimen: Specimen,
    observations: Iterable[Observation],
    *,
    coded: bool = False,
    connection: duckdb.DuckDBPyConnection | None = None,
    columns: Sequence[str] | None = None,
) -> Rows:
    """Put observations into rows, sorted by their key; ``coded`` makes ENUM columns of all but measures and texts."""
    structure = specimen.structure
    columns = tuple(columns or structure.components)
    listed = list(observations)
    dictionaries = _dictionaries(specimen, listed, columns) if coded else {}
    listed.sort(key=lambda each: [_rank(each.get(key), dictionaries.get(key)) for key in structure.key_ids])
    connection = connection or connect()
    types = ", ".join(f"{quoted(column)} {_type(dictionaries.get(column))}" for column in columns)
    name = f"made_{next(_NUMBERS)}"
    connection.execute(f"CREATE TEMP TABLE {name} ({types})")
    if listed:
        places = ", ".join("?" for _ in columns)
        values = [[each.get(column) for column in columns] for each in listed]
        connection.executemany(f"INSERT INTO {name} VALUES ({places})", values)  # noqa: S608 - a name made here
    return Rows(connection=connection, sql=f"FROM {name}", columns=columns, coded=dictionaries)


def _dictionaries(
    specimen: Specimen, observations: Sequence[Observation], columns: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for column in columns:
        codelist = specimen.codelist(column)
        if codelist is not None and specimen.structure.components[column].representation.is_plain:
            found[column] = tuple(codelist.codes)
        elif column == TIME:
            used = {each.get(column) for each in observations} - {None}
            found[column] = tuple(sorted(str(period) for period in used)) or ("2020",)
    return found


def _rank(value: str | None, dictionary: Sequence[str] | None) -> tuple[bool, int, str]:
    position = dictionary.index(value) if dictionary and value is not None else 0
    return (value is None, position, value or "")


def _type(dictionary: Sequence[str] | None) -> str:
    return f"ENUM({', '.join(map(literal, dictionary))})" if dictionary else "VARCHAR"


def make_header(identifier: str = "TEST1", *, test: bool = True) -> Header:
    """Make a header that is the same every time."""
    return Header(
        id=identifier, prepared=PREPARED, sender_id="ILMH", test=test, sender_names={"en": "Hub", "fr": "Le hub"}
    )


def make_dataset(
    specimen: Specimen,
    rows: Rows | Iterable[Observation],
    *,
    at: str | None = None,
    action: Action = Action.REPLACE,
    measures: Sequence[str] | None = None,
    attributes: Sequence[str] | None = None,
    keys_only: bool = False,
    coded: bool = False,
) -> Dataset:
    """Make a dataset of rows (or of observations); ``at`` is the dimension at the observation, time by default."""
    structure = specimen.structure
    held = rows if isinstance(rows, Rows) else make_rows(specimen, rows, coded=coded)
    return Dataset(
        dataflow=specimen.dataflow,
        structure=structure,
        structure_artefact=specimen.artefact,
        rows=held,
        action=action,
        dimension_at_observation=at or (TIME if structure.time_dimension else "AllDimensions"),
        measure_ids=tuple(measure.id for measure in structure.measures) if measures is None else tuple(measures),
        attribute_ids=tuple(each.id for each in structure.attributes) if attributes is None else tuple(attributes),
        codelist=specimen.codelist,
        names=specimen.names,
        series_keys_only=keys_only,
    )


def make_message(
    *datasets: Dataset, language: str = "en", base_url: str = "https://hub.example/sdmx/v2"
) -> DataMessage:
    """Make a message of datasets."""
    return DataMessage(header=make_header(), datasets=datasets, language=language, base_url=base_url)
