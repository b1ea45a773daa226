"""Small artefacts for tests: ``make_structure("FREQ.REF_AREA.TIME_PERIOD")`` and what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.structure import DataStructure, read_data_structure
from sdmx_hub.model.urn import Ref, Urn

AGENCY = "TEST"
VERSION = "1.0.0"


def make_artefact(
    class_name: str, artefact_id: str, version: str = VERSION, agency: str = AGENCY, **content: Any
) -> Artefact:
    """Make any artefact with English and French names."""
    document = {
        "id": artefact_id,
        "agencyID": agency,
        "version": version,
        "name": artefact_id.capitalize(),
        "names": {"en": artefact_id.capitalize(), "fr": f"{artefact_id} fr"},
        **content,
    }
    return Artefact(CLASS_BY_NAME[class_name], document)


def urn_of(class_name: str, artefact_id: str, version: str = VERSION, item: str | None = None) -> str:
    """Write the URN of an artefact of the test agency."""
    return str(Urn(class_name, Ref(AGENCY, artefact_id, version), item))


def make_codelist(artefact_id: str, codes: Iterable[str], parents: Mapping[str, str] | None = None) -> Artefact:
    """Make a codelist; ``parents`` gives the parent of a code."""
    parents = parents or {}
    items = [
        {"id": code, "name": f"Code {code}", "names": {"en": f"Code {code}", "fr": f"Le code {code}"}}
        | ({"parent": parents[code]} if code in parents else {})
        for code in codes
    ]
    return make_artefact("Codelist", artefact_id, codes=items)


def make_concepts(ids: Iterable[str], artefact_id: str = "CS") -> Artefact:
    """Make a concept scheme."""
    items = [{"id": one, "name": one.title(), "names": {"en": one.title(), "es": f"{one} es"}} for one in ids]
    return make_artefact("ConceptScheme", artefact_id, concepts=items)


def component(
    component_id: str, codelist: str | None = None, data_type: str | None = None, **more: Any
) -> dict[str, Any]:
    """Make a component of a data structure: coded by a list of the test agency, typed, or neither."""
    shape: dict[str, Any] = {"id": component_id, "conceptIdentity": urn_of("Concept", "CS", "1.0.0", component_id)}
    if codelist:
        shape["localRepresentation"] = {"enumeration": urn_of("Codelist", codelist)}
    elif data_type:
        shape["localRepresentation"] = {"format": {"dataType": data_type}}
    return shape | more


OBSERVATION = {"attributeRelationship": {"observation": {}}}
DATASET = {"attributeRelationship": {"dataflow": {}}}


def series(*dimension_ids: str) -> dict[str, Any]:
    """Say that an attribute depends on dimensions."""
    return {"attributeRelationship": {"dimensions": list(dimension_ids)}}


def make_dsd(
    dimensions: Iterable[dict[str, Any]],
    *,
    time: bool = True,
    measures: Iterable[dict[str, Any]] = (),
    attributes: Iterable[dict[str, Any]] = (),
    groups: Iterable[dict[str, Any]] = (),
    artefact_id: str = "DSD",
    version: str = VERSION,
) -> Artefact:
    """Make a data structure definition; without ``measures`` it measures OBS_VALUE, a Double."""
    listed: dict[str, Any] = {"id": "DimensionDescriptor", "dimensions": list(dimensions)}
    if time:
        listed["timeDimension"] = component("TIME_PERIOD", data_type="ObservationalTimePeriod")
    components: dict[str, Any] = {
        "dimensionList": listed,
        "measureList": {
            "id": "MeasureDescriptor",
            "measures": list(measures) or [component("OBS_VALUE", data_type="Double")],
        },
    }
    if attributes := list(attributes):
        components["attributeList"] = {"id": "AttributeDescriptor", "attributes": attributes}
    if groups := list(groups):
        components["groups"] = groups
    return make_artefact("DataStructure", artefact_id, version, dataStructureComponents=components)


def make_structure(
    key: str, *, attributes: Iterable[dict[str, Any]] = (), measures: Iterable[dict[str, Any]] = ()
) -> DataStructure:
    """Make the view of a structure from its dimensions; each but time is coded by ``CL_<id>``."""
    ids = key.split(".")
    dsd = make_dsd(
        [component(one, f"CL_{one}") for one in ids if one != "TIME_PERIOD"],
        time="TIME_PERIOD" in ids,
        measures=measures,
        attributes=attributes,
    )
    return read_data_structure(dsd, lambda urn: None)


def make_dataflow(artefact_id: str = "DF", dsd: str = "DSD", version: str = VERSION) -> Artefact:
    """Make a dataflow of a structure of the test agency."""
    return make_artefact("Dataflow", artefact_id, version, structure=urn_of("DataStructure", dsd))
