"""Reference metadata through every format: valid by the official schemas, and back as they were."""

from __future__ import annotations

import contextlib
import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import HubError, Malformed, NotBuilt
from sdmx_hub.formats import metadata_xml_v2_1_generic
from sdmx_hub.formats.metadata_canonical import make_metadata_set
from sdmx_hub.formats.metadata_reading import read_metadata
from sdmx_hub.formats.metadata_writers import METADATA_WRITERS
from sdmx_hub.formats.xhtml import tidy_xhtml
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.metadata import MetadataMessage
from tests.formats import metadata_judges
from tests.formats.metadata_specimens import (
    ATTRIBUTES,
    DATAFLOW,
    OTHER_FLOW,
    find,
    make_set,
    message,
    metadata_sets,
    structures,
)

FORMATS = tuple(METADATA_WRITERS)
RICH = [
    {"id": "TITLE", "value": {"en": "Jobs", "fr": "Emplois"}},
    {"id": "TEXT", "value": {"en": "<p>All <em>jobs</em></p>"}},
    {"id": "KIND", "value": "A"},
    {"id": "KIND", "value": "B"},
    {
        "id": "CONTACT",
        "attributes": [{"id": "NAME", "value": "Ana"}, {"id": "PHONE", "value": "1"}, {"id": "PHONE", "value": "2;3"}],
    },
    {"id": "CONTACT", "attributes": [{"id": "NAME", "value": "Bo"}, {"id": "NOTE", "value": {"en": "at noon"}}]},
    {"id": "SIZE", "value": "3"},
    {"id": "OPEN", "value": "true"},
]


def written(name: str, *sets: object, **params: str) -> bytes:
    return METADATA_WRITERS[name](message(*sets), {"labels": "id", **params})


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(one=metadata_sets(), other=metadata_sets(identifier="MDS_OTHER"))
def test_what_is_written_is_valid_and_read_back_the_same(name, one, other):
    text = written(name, one, other)
    metadata_judges.assert_valid(name, text)
    back = read_metadata(text)
    assert [set_.document for set_ in back] == [one.document, other.document]


@pytest.mark.parametrize("labels", ["id", "both", "name"])
@pytest.mark.parametrize("name", ["metadata-csv-2.0", "metadata-csv-2.1"])
def test_csv_with_names_is_read_back_too(name, labels):
    one = make_set([part for part in RICH if part["id"] != "KIND"])
    (back,) = read_metadata(written(name, one, labels=labels))
    assert back.document == one.document


def test_json_tells_numbers_and_flags_as_such():
    told = json.loads(written("metadata-json-2.1", make_set(RICH)))["data"]["metadataSets"][0]["attributes"]
    values = {part["id"]: part.get("value") for part in told}
    assert values["SIZE"] == 3
    assert values["OPEN"] is True


def test_json_keeps_a_number_as_it_was_sent():
    sent = b'{"data": {"metadataSets": [{"id": "M", "agencyID": "A", "attributes": [{"id": "SHARE", "value": 1.10}]}]}}'
    (one,) = read_metadata(sent)
    assert one.document["attributes"][0]["value"] == "1.10"


def test_csv_follows_the_guide():
    rows = list(csv.reader(io.StringIO(written("metadata-csv-2.1", make_set(RICH)).decode())))
    cells = dict(zip(*rows, strict=True))
    assert rows[0][:6] == [
        "MDSTRUCTURE[;]", "MDSTRUCTURE_ID", "METADATASET_ID", "IS_PARTIAL_LANGUAGE", "TARGET_TYPES", "TARGET_IDS",
    ]  # fmt: skip
    assert cells["METADATASET_ID"] == "OFFICE:MDS_JOBS(1.0.0)"
    assert (cells["TARGET_TYPES"], cells["TARGET_IDS"]) == ("dataflow", "LAB:DF_JOBS(1.0.0)")
    assert cells["TITLE[en;fr]"] == "en:Jobs;fr:Emplois"
    assert cells["KIND[]"] == "A;B"
    assert cells["CONTACT[].NAME"] == "Ana;Bo"
    assert cells["CONTACT[].PHONE[]"] == '"1;""2;3""";'


def test_csv_of_the_guide_is_read():
    sent = (
        "MDSTRUCTURE[;],MDSTRUCTURE_ID,METADATASET_ID,TARGET_TYPES,TARGET_IDS,ATTRIBUTE_1,"
        "ATTRIBUTE_1.ATTRIBUTE_1_2[][en;fr],ATTRIBUTE_2[],ATTRIBUTE_3[]\r\n"
        "metadataflow,OECD:MDF(1.0.0),OECD:MDS(1.0.0),dataflow,OECD:DF(1.0.0),CODE_ID,"
        '"""en:""""<p>An XHTML text</p>"""";fr:""""<p>Un texte XHTML</p>"""""";""en:""""<p>Another</p>""""""",'
        '"""Text with """"quotes"""""";""Another text""",123;456\r\n'
    )
    (one,) = read_metadata(sent.encode())
    assert one.document["attributes"] == [
        {
            "id": "ATTRIBUTE_1",
            "value": "CODE_ID",
            "attributes": [
                {"id": "ATTRIBUTE_1_2", "value": {"en": "<p>An XHTML text</p>", "fr": "<p>Un texte XHTML</p>"}},
                {"id": "ATTRIBUTE_1_2", "value": {"en": "<p>Another</p>"}},
            ],
        },
        {"id": "ATTRIBUTE_2", "value": 'Text with "quotes"'},
        {"id": "ATTRIBUTE_2", "value": "Another text"},
        {"id": "ATTRIBUTE_3", "value": "123"},
        {"id": "ATTRIBUTE_3", "value": "456"},
    ]


def test_targets_inside_artefacts_survive_every_format():
    targets = [
        DATAFLOW,
        "urn:sdmx:org.sdmx.infomodel.codelist.Code=LAB:CL_KIND(1.0.0).A",
        "urn:sdmx:org.sdmx.infomodel.datastructure.Dimension=LAB:DSD_JOBS(1.0.0).SEX",
        "urn:sdmx:org.sdmx.infomodel.categoryscheme.Category=LAB:CAS(1.0.0).A.B",
    ]
    one = make_set(RICH, targets=targets)
    for name in FORMATS:
        text = written(name, one)
        metadata_judges.assert_valid(name, text)
        assert read_metadata(text)[0].document["targets"] == targets, name


def test_reports_of_2_1_that_say_the_same_are_one_set():
    text = written("metadata-xml-2.1-generic", make_set(RICH, targets=[DATAFLOW, OTHER_FLOW]))
    assert text.count(b"<gen:Report ") == 2
    assert len(read_metadata(text)) == 1


def test_reports_of_2_1_are_called_as_the_structure_calls_them():
    (msd,) = [one for one in structures() if one.ref.id == "MSD_NOTES"]
    listed = [dict(one) for one in ATTRIBUTES]
    listed[0]["annotations"] = [{"type": "REPORT_STRUCTURE", "title": "FIRST"}]
    document = {
        **msd.document,
        "annotations": [{"type": "METADATA_TARGET", "title": "FLOWS IdentifiableObjectTarget/FLOW/Dataflow"}],
        "metadataStructureComponents": {"metadataAttributeList": {"metadataAttributes": listed}},
    }
    noted = Artefact(msd.artefact_class, document)
    one = make_set(RICH)
    asked = MetadataMessage(
        header=message().header, sets=(one,), find=lambda urn: noted if urn.artefact == msd.urn else find(urn)
    )
    text = METADATA_WRITERS["metadata-xml-2.1-generic"](asked, {})
    metadata_judges.assert_valid("metadata-xml-2.1-generic", text)
    assert b'<gen:Report id="FIRST">' in text
    assert b'<gen:Report id="REPORT">' in text
    assert text.count(b'<gen:Target id="FLOWS"><gen:ReferenceValue id="FLOW">') == 2
    (back,) = read_metadata(text)
    assert back.document == one.document


GENERIC = """<message:GenericMetadata xmlns:message="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
 xmlns:common="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
 xmlns:generic="http://www.sdmx.org/resources/sdmxml/schemas/v2_1/metadata/generic"><message:Header>
 <message:ID>X</message:ID><message:Test>false</message:Test><message:Prepared>2020-01-01</message:Prepared>
 <message:Sender id="LAB"/><message:Structure structureID="S"><common:Structure>
 <Ref agencyID="LAB" id="MSD_NOTES" version="1.0.0"/></common:Structure></message:Structure></message:Header>
 <message:MetadataSet structureRef="S"><generic:Report id="R"><generic:Target id="T">
 <generic:ReferenceValue id="P"><generic:ReportPeriod>2010</generic:ReportPeriod></generic:ReferenceValue>
 <generic:ReferenceValue id="O">{target}</generic:ReferenceValue></generic:Target><generic:AttributeSet>
 <generic:ReportedAttribute id="TITLE"><common:Text>Plain</common:Text></generic:ReportedAttribute>
 </generic:AttributeSet></generic:Report></message:MetadataSet></message:GenericMetadata>"""


def test_generic_metadata_of_others_are_read():
    reference = (
        '<generic:ObjectReference><Ref id="DF_JOBS" agencyID="LAB" version="1.0.0" class="Dataflow"'
        ' package="datastructure"/></generic:ObjectReference>'
    )
    (one,) = read_metadata(GENERIC.format(target=reference).encode())
    assert one.document["targets"] == [DATAFLOW]
    assert one.document["reportingBegin"] == one.document["reportingEnd"] == "2010"
    assert one.document[metadata_xml_v2_1_generic.STRUCTURE].endswith("MetadataStructure=LAB:MSD_NOTES(1.0.0)")
    assert (one.ref.agency_id, one.ref.id) == ("LAB", "SET1")
    assert one.document["attributes"] == [{"id": "TITLE", "value": {"en": "Plain"}}]


def test_reports_about_keys_are_refused():
    with pytest.raises(NotBuilt):
        read_metadata(GENERIC.format(target="<generic:DataKey/>").encode())


def test_several_values_of_sdmx_ml_3_0_are_several_attributes():
    text = written("metadata-xml-3.0", make_set([{"id": "KIND", "value": "A"}]))
    text = text.replace(b"<gen:Value>A</gen:Value>", b"<gen:Value>A</gen:Value><gen:Value>B</gen:Value>")
    assert read_metadata(text)[0].document["attributes"] == [{"id": "KIND", "value": "A"}, {"id": "KIND", "value": "B"}]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (b"", "metadata-unknown"),
        (b"hello", "metadata-unknown"),
        (b"{", "structures-json"),
        (b"{}", "structures-json-data"),
        (b'{"data": {"metadataSets": [{"id": "M"}]}}', "structures-json-artefact"),
        (b'{"data": {"metadataSets": [{"id": "M", "agencyID": "A", "attributes": [{}]}]}}', "structures-json-artefact"),
        (b"<a xmlns='http://www.sdmx.org/resources/sdmxml/schemas/v3_1/message'/>", "metadata-xml-root"),
        (
            b"<m:StructureSpecificMetadata xmlns:m='http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message'/>",
            "metadata-specific",
        ),
        (b"<a/>", "metadata-unknown"),
        (b"MDSTRUCTURE,MDSTRUCTURE_ID\r\n", "metadata-csv-missing"),
        (b"MDSTRUCTURE,A B\r\n", "metadata-csv-heading"),
        (
            b"MDSTRUCTURE,MDSTRUCTURE_ID,METADATASET_ID,TARGET_TYPES,TARGET_IDS\r\nflow,A:B(1.0),A:C(1.0),x,y\r\n",
            "metadata-csv-kind",
        ),
        (
            b"MDSTRUCTURE,MDSTRUCTURE_ID,METADATASET_ID,TARGET_TYPES,TARGET_IDS\r\n"
            b"metadataflow,A:B(1.0),A:C(1.0),nonsense,A:D(1.0)\r\n",
            "metadata-target-type",
        ),
    ],
)
def test_what_cannot_be_read_says_why(sent, key):
    with pytest.raises(HubError) as told:
        read_metadata(sent)
    assert told.value.key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("<p>open", "metadata-xhtml-syntax"),
        ("<script>x</script>", "metadata-xhtml-element"),
        ("<p><p>in</p></p>", "metadata-xhtml-element"),
        ('<p onclick="x">a</p>', "metadata-xhtml-attribute"),
        ('<a href="javascript:x">a</a>', "metadata-xhtml-link"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "metadata-xhtml-element"),
        ("<ul>loose</ul>", "metadata-xhtml-text"),
    ],
)
def test_structured_text_takes_nothing_but_shape(text, key):
    with pytest.raises(Malformed) as told:
        tidy_xhtml(text)
    assert told.value.key == key


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>', "<p>a</p>"),
        (" plain &lt;text&gt; ", "plain &lt;text&gt;"),
        ('<p>a<br/>b <a href="mailto:x@example.org">c</a></p>', '<p>a<br/>b <a href="mailto:x@example.org">c</a></p>'),
    ],
)
def test_structured_text_is_tidied(text, tidied):
    assert tidy_xhtml(text) == tidied
    assert tidy_xhtml(tidied) == tidied


def test_the_version_1_0_is_not_said():
    one = make_metadata_set({"id": "M", "agencyID": "A", "version": "1.0", "name": "m", "attributes": []})
    assert "version" not in one.document
    assert one.ref.version == "1.0"


def test_attributes_nested_too_deep_are_refused():
    text = b'{"data": {"metadataSets": [{"id": "M", "agencyID": "A", "attributes": ['
    text += b'{"id": "X", "attributes": [' * 200 + b"]}" * 200 + b"]}]}}"
    with pytest.raises(Malformed) as told:
        read_metadata(text)
    assert told.value.key == "metadata-depth"


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_message_with_a_hole_is_read_or_refused(name, data):
    text = written(name, make_set(RICH))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    other = data.draw(st.sampled_from([b"", b"[]", b'"', b"<", b";", b"null", b"\x00", b"[en]", b"xmlns='u'"]))
    with contextlib.suppress(HubError):
        read_metadata(text[:start] + other + text[end:])
