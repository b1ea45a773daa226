"""A small hub with a few artefacts of the test agency, to be maintained; and what sends it messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from sdmx_hub.config import Settings
from sdmx_hub.formats import structure_json_v2_1
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.message import Header, StructureMessage
from sdmx_hub.store.observations import Observations
from sdmx_hub.store.registry import Registry
from tests.factories import component, make_codelist, make_concepts, make_dataflow, make_dsd
from tests.formats.judges import assert_valid_xml, message_schema
from tests.support.homes import CONTROL, make_database
from tests.web.conftest import NOW, RELEASED, Parts, make_clock

EDITIONS = {"2.1": "v2_1", "3.0.0": "v3_0", "3.1.0": "v3_1"}


def drafted(artefact: Artefact, version: str = "0.1.0", **changes: Any) -> Artefact:
    """The same artefact under another version, that of a draft unless told."""
    return Artefact(artefact.artefact_class, {**artefact.document, "version": version, **changes}, artefact.final)


def draft_list(codes: str = "ABC", version: str = "0.1.0") -> Artefact:
    return drafted(make_codelist("CL_DRAFT", codes), version)


def basis() -> tuple[Artefact, ...]:
    return (
        make_codelist("CL_SEX", ["F", "M"]),
        make_concepts(["SEX", "TIME_PERIOD", "OBS_VALUE"]),
        make_dsd([component("SEX", "CL_SEX")]),
        make_dataflow(),
        draft_list(),
    )


def make_small_hub(home: Path) -> Parts:
    database = make_database(home / CONTROL)
    registry = Registry(database)
    registry.save(basis(), actor="test", now=RELEASED)
    clock = make_clock()
    observations = Observations(database, home / "observations", clock=clock)
    return Parts(database, registry, observations, Settings(base_url=""), home, clock)


def small_hub(home: Path) -> Iterator[Parts]:
    made = make_small_hub(home)
    yield made
    made.close()


def message(*artefacts: Artefact, write: Any = structure_json_v2_1.write) -> bytes:
    header = Header(id="TEST", prepared=NOW, sender_id="TEST")
    content: bytes = write(StructureMessage(header, artefacts))
    return content


def read_valid(answer: Any, version: str = "3.1.0") -> etree._Element:
    """Validate a registry message against the official schema and give its root."""
    assert answer.headers["Content-Type"] == f"application/vnd.sdmx.registry+xml;version={version}"
    assert_valid_xml(answer.data, message_schema(EDITIONS[version]))
    return etree.fromstring(answer.data)


def told(answer: Any, version: str = "3.1.0") -> dict[str, tuple[str, str, int, str]]:
    """What an answer says: action, status, code and English text by the name of the artefact."""
    found = {}
    for result in read_valid(answer, version).iterfind(".//{*}SubmissionResult"):
        structure, status = result.find("{*}SubmittedStructure"), result.find("{*}StatusMessage")
        urn = "".join(structure.find("{*}MaintainableObject").itertext())
        texts = [text for text in status.iterfind(".//{*}Text") if text.get(f"{{{XML}}}lang") == "en"]
        codes = {int(one.get("code")) for one in status.iterfind("{*}MessageText")}
        (code,) = codes
        found[urn.rpartition("=")[2]] = (
            structure.get("action"),
            status.get("status"),
            code,
            " ".join(text.text for text in texts),
        )
    return found


XML = "http://www.w3.org/XML/1998/namespace"
