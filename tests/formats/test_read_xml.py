from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.formats import read_xml, read_xml_arrow, read_xml_v2_1, read_xml_v2_1_generic, read_xml_v3_0
from sdmx_hub.formats.read_data import ReadData
from sdmx_hub.model.message import Action
from tests.data_factories import make_specimen
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

SPECIMEN = make_specimen(
    "FREQ.REF_AREA.SEX.TIME_PERIOD",
    attributes={"OBS_STATUS": "obs", "COMMENT_OBS": "obs", "TITLE": "group:Sibling", "LICENCE": "dataset"},
    groups={"Sibling": "REF_AREA.SEX"},
    types={"LICENCE": "String"},
)
V21 = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
V30 = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0"
SERIES = """
  <Series FREQ="A" REF_AREA="SN" SEX="F">
    <Obs TIME_PERIOD="2020" OBS_VALUE="1.10" OBS_STATUS="A"/>
    <Obs TIME_PERIOD="2021" OBS_STATUS="M" COMMENT_OBS="a &amp; b &lt;c&gt; &quot;d&quot; é&#10;f"/>
  </Series>
  <Series FREQ="A" REF_AREA="NA" SEX="007"><Obs TIME_PERIOD="2020" OBS_VALUE="NaN" OBS_STATUS=""/></Series>"""
FLAT = """
  <Obs FREQ="A" REF_AREA="SN" SEX="F" TIME_PERIOD="2020" OBS_VALUE="1"/>
  <Obs FREQ="A" REF_AREA="SN" SEX='M' TIME_PERIOD="2020" OBS_VALUE="2"/>"""
GROUPS = """
  <Group xsi:type="ns1:Sibling" REF_AREA="SN" SEX="F" TITLE="Women of Senegal"/>
  <Series FREQ="A" REF_AREA="SN" SEX="F"><Obs TIME_PERIOD="2020" OBS_VALUE="1"/></Series>
  <Series FREQ="A" REF_AREA="SN" SEX="M"><Obs TIME_PERIOD="2020" OBS_VALUE="2"/></Series>"""


def message(
    content: str, *, base: str = V21, dataset: str = 'action="Replace" LICENCE="CC BY"', prolog: str = ""
) -> str:
    usage = '<Ref agencyID="TEST" id="DF" version="1.0.0"/>'
    if base == V30:
        usage = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=TEST:DF(1.0.0)"
    return f"""<?xml version="1.0" encoding="UTF-8"?>{prolog}
<m:StructureSpecificData xmlns:m="{base}/message" xmlns:c="{base}/common" xmlns:ss="{base}/data/structurespecific"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ns1="urn:sdmx:x">
 <m:Header><m:ID>M1</m:ID><m:Test>true</m:Test><m:Prepared>2026-01-02T03:04:05Z</m:Prepared><m:Sender id="SN1"/>
  <m:Structure structureID="S" dimensionAtObservation="TIME_PERIOD"><c:StructureUsage>{usage}</c:StructureUsage>
  </m:Structure></m:Header>
 <m:DataSet ss:structureRef="S" xsi:type="ns1:DataSetType" {dataset}>{content}
 </m:DataSet>
</m:StructureSpecificData>"""


def saved(folder: Path, text: str | bytes) -> Path:
    file = folder / "message.xml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read(folder: Path, text: str, reader: Any = read_xml_v2_1) -> ReadData:
    return reader.read(saved(folder, text), lambda urn: SPECIMEN.structure, connect())  # type: ignore[no-any-return]


def rows(found: ReadData, place: int = 0) -> list[dict[str, object]]:
    held = found.datasets[place].rows
    drawn = held.connection.execute(f"SELECT * FROM ({held.sql}) ORDER BY _row").fetchall()  # noqa: S608
    return [{name: cell for name, cell in zip(held.columns, row, strict=True) if cell is not None} for row in drawn]


def test_series_give_rows_with_the_values_of_series_and_data_set(tmp_path: Path) -> None:
    found = read(tmp_path, message(SERIES))
    assert found.findings == ()
    assert found.header is not None
    assert (found.header.id, found.header.sender_id, found.header.test) == ("M1", "SN1", True)
    assert found.datasets[0].actions == (Action.REPLACE,)
    common = {"FREQ": "A", "LICENCE": "CC BY", "_action": "R", "SEX": "F"}
    assert rows(found) == [
        common | {"REF_AREA": "SN", "TIME_PERIOD": "2020", "OBS_VALUE": "1.10", "OBS_STATUS": "A", "_row": 1},
        common
        | {
            "REF_AREA": "SN", "SEX": "F", "TIME_PERIOD": "2021", "OBS_STATUS": "M",
            "COMMENT_OBS": 'a & b <c> "d" é\nf', "_row": 2,
        },
        common | {"REF_AREA": "NA", "SEX": "007", "TIME_PERIOD": "2020", "OBS_VALUE": "NaN", "_row": 3},
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        SERIES,
        FLAT,
        FLAT.replace('"', "'"),
        SERIES.replace("    <Obs", "    <!-- a note -->\n    <Obs"),
        SERIES.replace("\n", "\r\n"),
        SERIES.replace('OBS_STATUS="A"', 'OBS_STATUS = "A"'),
        SERIES + '<Series FREQ="A" REF_AREA="ES" SEX="F"/>',
        "",
        GROUPS,
    ],
)
def test_the_fast_reader_and_the_reference_reader_agree(tmp_path: Path, content: str) -> None:
    file = saved(tmp_path, message(content))
    find = lambda urn: SPECIMEN.structure  # noqa: E731
    fast = read_xml.read_message(file, find, connect(), read_xml.extract_specific)
    slow = read_xml.read_message(file, find, connect(), read_xml.extract_carefully)
    assert [dataset.count for dataset in fast.datasets] == [dataset.count for dataset in slow.datasets]
    assert [rows(fast, place) for place in range(len(fast.datasets))] == [
        rows(slow, place) for place in range(len(slow.datasets))
    ]


@pytest.mark.parametrize(("content", "is_plain"), [(SERIES, True), (FLAT, True), (GROUPS, False)])
def test_the_fast_reader_knows_what_it_cannot_read(tmp_path: Path, content: str, is_plain: bool) -> None:
    names = list(SPECIMEN.structure.components)
    found = read_xml_arrow.extract(str(saved(tmp_path, message(content))), names, str(tmp_path))
    assert (found is not None) is is_plain


@pytest.mark.parametrize(
    ("odd", "meant"),
    [
        (SERIES.replace('OBS_STATUS="A"', 'OBS_STATUS="A" COUNTRY="x"'), False),
        (SERIES + '<Obs FREQ="A" REF_AREA="ES" SEX="F" TIME_PERIOD="2020" OBS_VALUE="1"/>', False),
        (SERIES + '<Group xsi:type="ns1:G" SEX="F" TITLE="x"/>', False),
        (SERIES + "<!-- -->", True),
    ],
)
def test_the_fast_reader_gives_up_rather_than_lose_an_attribute(tmp_path: Path, odd: str, meant: bool) -> None:
    padding = SERIES * 16_000  # the odd part stands far behind the first block
    names = list(SPECIMEN.structure.components)
    found = read_xml_arrow.extract(str(saved(tmp_path, message(padding + odd))), names, str(tmp_path))
    assert (found is not None) is meant


def test_groups_give_their_values_to_the_rows_they_describe(tmp_path: Path) -> None:
    titles = {str(row["SEX"]): row.get("TITLE") for row in rows(read(tmp_path, message(GROUPS)))}
    assert titles == {"F": "Women of Senegal", "M": None}


def test_values_as_elements_of_version_3_are_read(tmp_path: Path) -> None:
    content = """<Atts REF_AREA="SN" TITLE="All of Senegal"/>
    <Series FREQ="A" REF_AREA="SN" SEX="F"><Obs TIME_PERIOD="2020" OBS_VALUE="1">
      <Comp id="COMMENT_OBS"><Value>Not<!-- --> for <![CDATA[<release>]]></Value></Comp></Obs></Series>"""
    (row,) = rows(read(tmp_path, message(content, base=V30), read_xml_v3_0))
    assert (row["COMMENT_OBS"], row["TITLE"]) == ("Not for <release>", "All of Senegal")


def test_several_values_at_once_and_unknown_components_are_findings(tmp_path: Path) -> None:
    content = """<Series FREQ="A" REF_AREA="SN" SEX="F" COUNTRY="x"><Obs TIME_PERIOD="2020" OBS_VALUE="1">
      <Comp id="COMMENT_OBS"><Value>a</Value><Value>b</Value></Comp></Obs></Series>"""
    found = read(tmp_path, message(content, base=V30), read_xml_v3_0)
    assert {(finding.code, finding.where.column) for finding in found.findings} == {
        ("READ-COMPONENT", "COUNTRY"),
        ("READ-VALUES", "COMMENT_OBS"),
    }


def test_each_data_set_keeps_its_own_action(tmp_path: Path) -> None:
    text = message('<Series FREQ="A" REF_AREA="SN" SEX="F"/>', dataset='action="Delete"')
    second = f'</m:DataSet><m:DataSet ss:structureRef="S" action="Append">{FLAT}</m:DataSet>'
    found = read(tmp_path, text.replace("</m:DataSet>", second))
    assert [(dataset.actions, dataset.count) for dataset in found.datasets] == [
        ((Action.DELETE,), 1),
        ((Action.APPEND,), 2),
    ]
    assert rows(found) == [{"FREQ": "A", "REF_AREA": "SN", "SEX": "F", "_action": "D"}]


def test_explicit_measures_are_told_by_the_type_of_the_observation(tmp_path: Path) -> None:
    text = message('<Series FREQ="A" REF_AREA="SN" TIME_PERIOD="2020"><Obs xsi:type="ns1:F" OBS_VALUE="1"/></Series>')
    text = text.replace('dimensionAtObservation="TIME_PERIOD"', 'dimensionAtObservation="SEX" explicitMeasures="true"')
    assert rows(read(tmp_path, text))[0]["SEX"] == "F"


def test_generic_data_are_read_by_series_and_flat(tmp_path: Path) -> None:
    value = '<g:Value id="{}" value="{}"/>'.format
    key = value("FREQ", "A") + value("REF_AREA", "SN") + value("SEX", "F")
    content = f"""<g:Group type="Sibling"><g:GroupKey>{value("REF_AREA", "SN")}{value("SEX", "F")}</g:GroupKey>
      <g:Attributes>{value("TITLE", "t")}</g:Attributes></g:Group>
     <g:Series><g:SeriesKey>{key}</g:SeriesKey><g:Obs><g:ObsDimension value="2020"/><g:ObsValue value="1.10"/>
      <g:Attributes>{value("OBS_STATUS", "A")}</g:Attributes></g:Obs></g:Series>
     <g:Obs><g:ObsKey>{key}{value("TIME_PERIOD", "2021")}</g:ObsKey><g:ObsValue value="2"/></g:Obs>"""
    text = message(content).replace("StructureSpecificData", "GenericData")
    text = text.replace("xmlns:ns1=", f'xmlns:g="{V21}/data/generic" xmlns:ns1=')
    told = [
        (row["TIME_PERIOD"], row["OBS_VALUE"], row.get("OBS_STATUS"), row["TITLE"])
        for row in rows(read(tmp_path, text, read_xml_v2_1_generic))
    ]
    assert told == [("2020", "1.10", "A", "t"), ("2021", "2", None, "t")]


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (message(SERIES)[:-60], 'SEX="007"'),
        (message(SERIES)[:900], message(SERIES)[880:900]),
        (message(SERIES.replace("</Series>", "</Serie>", 1)), "</Serie>"),
        (message(SERIES, prolog="<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>"), "<!DOCTYPE"),
        (message(SERIES.replace("1.10", "&e;")), "&e;"),
        (message(SERIES.replace('OBS_STATUS="A"', 'TIME_PERIOD="2020"')), 'TIME_PERIOD="2020"/>'),
        (message("<a>" * 100), "<a>"),
    ],
)
def test_broken_xml_is_refused_with_its_line(tmp_path: Path, text: str, near: str) -> None:
    with pytest.raises(Malformed) as caught:
        read(tmp_path, text)
    assert caught.value.params["line"] == text[: text.index(near)].count("\n") + 1
    assert f"line {caught.value.params['line']}" in caught.value.text("en")


def test_a_footer_is_told_and_a_message_without_data_is_empty(tmp_path: Path) -> None:
    text = message("")
    start, end = text.index(" <m:DataSet"), text.index("</m:StructureSpecificData>")
    footer = '<f:Footer xmlns:f="x"><f:Message code="413"><c:Text>Too large</c:Text></f:Message></f:Footer>'
    found = read(tmp_path, text[:start] + footer + text[end:])
    assert found.datasets == ()
    assert found.findings[0].params == {"number": "413", "text": "Too large"}


def test_an_unknown_structure_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="TEST:DF"):
        read_xml_v2_1.read(saved(tmp_path, message(SERIES)), lambda urn: None, connect())


def test_other_encodings_are_read_by_the_reference_reader(tmp_path: Path) -> None:
    text = message(SERIES).replace("UTF-8", "ISO-8859-1").encode("latin-1")
    found = read_xml_v2_1.read(saved(tmp_path, text), lambda urn: SPECIMEN.structure, connect())
    assert "é" in str(rows(found)[1]["COMMENT_OBS"])


MEASURED = make_specimen("REF_AREA.TIME_PERIOD", attributes={}, measures="RATE COUNT", types={"RATE": "Double"})


def test_the_measure_of_version_2_1_is_the_first_of_a_structure_without_obs_value(tmp_path: Path) -> None:
    text = message('<Obs REF_AREA="SN" TIME_PERIOD="2020" OBS_VALUE="1.5"/>', dataset='action="Replace"')
    found = read_xml_v2_1.read(saved(tmp_path, text), lambda urn: MEASURED.structure, connect())
    assert found.findings == ()
    assert [(row["REF_AREA"], row["RATE"]) for row in rows(found)] == [("SN", "1.5")]


def test_series_and_groups_without_observations_state_their_attributes(tmp_path: Path) -> None:
    content = """<Group xsi:type="ns1:Sibling" REF_AREA="SN" SEX="F" TITLE="Women of Senegal"/>
      <Group xsi:type="ns1:Sibling" REF_AREA="SN" SEX="M" TITLE="Men of Senegal"/>
      <Series FREQ="A" REF_AREA="SN" SEX="F"><Obs TIME_PERIOD="2020" OBS_VALUE="1"/></Series>
      <Series FREQ="A" REF_AREA="SN" SEX="_T"/>"""
    found = read(tmp_path, message(content, dataset='action="Merge"'), read_xml_v2_1)
    assert found.findings == ()
    assert {(row.get("_row"), row.get("FREQ"), row["SEX"], row["TITLE"]) for row in rows(found)} == {
        (1, "A", "F", "Women of Senegal"),
        (None, None, "M", "Men of Senegal"),
    }
