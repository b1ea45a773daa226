"""Messages that break the schema of their format are refused with the place and the reason, unless that is allowed."""

from __future__ import annotations

import json

import pytest

from sdmx_hub.formats import structure_json_v2_0, structure_xml_v2_1, structure_xml_v3_0
from sdmx_hub.formats.message_schema import check_message_schema
from sdmx_hub.load.artefacts import check_messages
from sdmx_hub.model.finding import Severity
from sdmx_hub.model.message import StructureMessage
from tests.data_factories import make_specimen
from tests.formats.test_structure_formats import HEADER

MESSAGE = StructureMessage(HEADER, make_specimen().artefacts)
RIGHT = {
    "ml-2.1.xml": structure_xml_v2_1.write(MESSAGE),
    "ml-3.0.xml": structure_xml_v3_0.write(MESSAGE),
    "json-2.0.json": structure_json_v2_0.write(MESSAGE),
}


def broken(name: str) -> bytes:
    """The message with a fault its schema knows: an attribute too many, or an id of the wrong kind."""
    if name.endswith(".json"):
        message = json.loads(RIGHT[name])
        message["data"]["codelists"][0]["isPartial"] = "colour"
        return json.dumps(message).encode()
    return RIGHT[name].replace(b"<str:Code ", b'<str:Code colour="red" ', 1)


@pytest.mark.parametrize("name", RIGHT)
def test_a_valid_message_has_no_fault(name):
    assert check_message_schema(RIGHT[name]) == ()


@pytest.mark.parametrize("name", RIGHT)
def test_a_fault_is_told_with_its_place(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(broken(name))
    (finding, *_) = check_messages([file])
    assert (finding.code, finding.severity, finding.where.file) == ("ART-MESSAGE", Severity.ERROR, str(file))
    assert "colour" in str(finding.params["why"])
    assert finding.where.row or finding.where.path


@pytest.mark.parametrize("name", RIGHT)
def test_a_fault_may_be_allowed(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(broken(name))
    assert {one.severity for one in check_messages([file], lenient=True)} == {Severity.WARNING}


def test_what_is_no_message_is_left_to_its_reader():
    assert check_message_schema(b"nothing of the kind") == ()
    assert check_message_schema(b"<a") == ()
