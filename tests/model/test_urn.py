import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import BadRequest
from sdmx_hub.model.classes import CLASSES
from sdmx_hub.model.urn import LONGEST, Ref, Urn, parse_ref, parse_urn

PREFIX = "urn:sdmx:org.sdmx.infomodel."

READ = [
    ("codelist.Codelist=ILMH:CL_AREA(1.0.0)", Urn("Codelist", Ref("ILMH", "CL_AREA", "1.0.0"))),
    ("codelist.Code=ILMH:CL_AREA(1.0).SEN", Urn("Code", Ref("ILMH", "CL_AREA", "1.0"), "SEN")),
    ("categoryscheme.Category=A.B:CS(1.0).X.Y.Z", Urn("Category", Ref("A.B", "CS", "1.0"), "X.Y.Z")),
    ("datastructure.Dataflow=OECD.SDD:DSD@DF(2+.0.0)", Urn("Dataflow", Ref("OECD.SDD", "DSD@DF", "2+.0.0"))),
    (
        "base.DataProvider=ILMH:DATA_PROVIDERS(1.0).SEN",
        Urn("DataProvider", Ref("ILMH", "DATA_PROVIDERS", "1.0"), "SEN"),
    ),
]


@pytest.mark.parametrize(("text", "expected"), READ)
def test_a_urn_reads_and_writes(text, expected):
    assert parse_urn(PREFIX + text) == expected
    assert str(expected) == PREFIX + text


@pytest.mark.parametrize(
    ("text", "class_name"),
    [
        ("datastructure.DataStructureDefinition=A:B(1.0)", "DataStructure"),
        ("datastructure.DataflowDefinition=A:B(1.0)", "Dataflow"),
        ("registry.ContentConstraint=A:B(1.0)", "DataConstraint"),
    ],
)
def test_class_names_of_earlier_editions_become_those_of_today(text, class_name):
    assert parse_urn(PREFIX + text).class_name == class_name


def test_the_urn_of_an_item_knows_its_artefact():
    urn = parse_urn(PREFIX + "codelist.Code=ILMH:CL_AREA(1.0).SEN")
    assert urn.artefact == Urn("Codelist", Ref("ILMH", "CL_AREA", "1.0"))
    assert urn.artefact_class.name == "Codelist"


def test_the_urn_of_a_component_names_no_artefact():
    urn = parse_urn(PREFIX + "datastructure.Dimension=A:B(1.0).FREQ")
    assert str(urn) == PREFIX + "datastructure.Dimension=A:B(1.0).FREQ"
    with pytest.raises(BadRequest):
        urn.artefact  # noqa: B018 - reading it is what is refused


@pytest.mark.parametrize(
    "text",
    [
        "",
        "codelist.Codelist",
        "codelist.Codelist=A(1.0)",
        "codelist.Codelist=A:B",
        "codelist.Codelist=1A:B(1.0)",
        "codelist.Codelist=A:B(1.0) ",
    ],
)
def test_what_is_no_urn_is_refused(text):
    with pytest.raises(BadRequest):
        parse_urn(PREFIX + text)


def test_an_endless_text_is_refused_unread():
    with pytest.raises(BadRequest):
        parse_urn(PREFIX + "codelist.Codelist=A:" + "B" * LONGEST + "(1.0)")
    with pytest.raises(BadRequest):
        parse_ref("A:" + "B" * LONGEST + "(1.0)")


@pytest.mark.parametrize("text", ["ILMH:CL_AREA(1.0.0)", "A.B:C(1)", "A:B@C$D-E(1.0.0-draft.1)"])
def test_a_ref_reads_and_writes(text):
    assert str(parse_ref(text)) == text


@pytest.mark.parametrize("text", ["CL_AREA", "A:B", "A:B(latest)", "A:B(1.0.0.0)", "A:B(1.0)x", "A,B,1.0", "A:B(~)"])
def test_what_is_no_ref_is_refused_with_an_example(text):
    with pytest.raises(BadRequest) as refusal:
        parse_ref(text)
    assert "ILMH:DF_FLOW_POP(1.0.0)" in refusal.value.text("fr")


def test_every_class_has_a_urn_of_its_own():
    urns = {str(Urn(row.name, Ref("A", "B", "1.0"))) for row in CLASSES}
    assert len(urns) == len(CLASSES)
    assert len({row.collection for row in CLASSES}) == len(CLASSES)
    for text in urns:
        assert str(parse_urn(text)) == text


IDS = st.from_regex(r"[A-Z][A-Z0-9_]{0,10}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}", fullmatch=True)


@settings(deadline=None)
@given(st.sampled_from(CLASSES), st.builds(Ref, IDS, IDS, VERSIONS))
def test_a_written_urn_reads_back(row, ref):
    assert parse_urn(str(Urn(row.name, ref))) == Urn(row.name, ref)
    assert parse_ref(str(ref)) == ref
