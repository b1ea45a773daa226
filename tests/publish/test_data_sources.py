import pytest

from sdmx_hub.errors import BadQuery, BadRequest, NoResults, NotFound
from sdmx_hub.model.structure import CubeRegion
from sdmx_hub.publish.sources import find_sources, narrow
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.store.artefacts import Artefacts
from tests.factories import component, make_artefact, make_dataflow, make_dsd, make_structure, urn_of

PROVIDER = "urn:sdmx:org.sdmx.infomodel.base.DataProvider=TEST:DP(1.0)."


def make_agreement(artefact_id, provider, dataflow="DF"):
    return make_artefact(
        "ProvisionAgreement", artefact_id, dataflow=urn_of("Dataflow", dataflow), dataProvider=PROVIDER + provider
    )


def make_constraint(artefact_id, agreement, *regions):
    return make_artefact(
        "DataConstraint",
        artefact_id,
        constraintAttachment={"provisionAgreements": [urn_of("ProvisionAgreement", agreement)]},
        cubeRegions=[
            {
                "include": True,
                "keyValues": [
                    {"id": one, "values": [{"value": code} for code in codes]} for one, codes in region.items()
                ],
            }
            for region in regions
        ],
    )


ARTEFACTS = Artefacts(
    [
        make_dsd([component("FREQ", "CL_FREQ"), component("REF_AREA", "CL_AREA")]),
        make_dsd([component("SEX", "CL_SEX")], artefact_id="OTHER", time=False),
        make_dataflow("DF"),
        make_dataflow("DF", version="1.1.0"),
        make_dataflow("DG"),
        make_dataflow("DH", dsd="OTHER"),
        make_artefact("Dataflow", "STUB", isExternalReference=True),
        make_agreement("PA_SEN", "SEN_ANSD"),
        make_agreement("PA_MLI", "MLI_ANPE"),
        make_agreement("PA_ALL", "ILO"),
        make_constraint("CON_SEN", "PA_SEN", {"REF_AREA": ["SEN"]}),
        make_constraint("CON_MLI", "PA_MLI", {"REF_AREA": ["MLI"], "FREQ": ["A"]}, {"REF_AREA": ["BFA"]}),
    ]
)


def v2(url):
    path, _, query = url.partition("?")
    return [shown(source) for source in find_sources(urls_v2.parse_data(path.split("/"), query), ARTEFACTS)]


def v1(url):
    path, _, query = url.partition("?")
    return [shown(source) for source in find_sources(urls_v1.parse_data(path.split("/"), query), ARTEFACTS)]


def shown(source):
    agreement = f" by {source.agreement.ref.id}" if source.agreement else ""
    return f"{source.dataflow.ref.id} {source.dataflow.ref.version}{agreement}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("dataflow/TEST/DF/1.0.0", ["DF 1.0.0"]),
        ("dataflow/TEST/DF", ["DF 1.0.0", "DF 1.1.0"]),
        ("dataflow/TEST/DF/+", ["DF 1.1.0"]),
        ("dataflow/*/DF,DG/~", ["DF 1.1.0", "DG 1.0.0"]),
        ("datastructure/TEST/DSD/1.0.0", ["DF 1.0.0", "DF 1.1.0", "DG 1.0.0"]),
        ("provisionagreement/TEST/PA_SEN", ["DF 1.0.0 by PA_SEN"]),
        ("*/TEST/DG/+", ["DG 1.0.0"]),
        ("*/TEST/OTHER", ["DH 1.0.0"]),
        ("*/TEST/PA_MLI", ["DF 1.0.0 by PA_MLI"]),
        ("*/*/*/+", ["DF 1.1.0", "DG 1.0.0", "DH 1.0.0"]),
    ],
)
def test_a_context_stands_for_dataflows(url, expected):
    assert v2(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("DF", ["DF 1.1.0"]),
        ("TEST,DF,1.0.0/all/SEN_ANSD", ["DF 1.0.0 by PA_SEN"]),
        ("TEST,DF,1.0.0/all/TEST,MLI_ANPE+ILO", ["DF 1.0.0 by PA_ALL", "DF 1.0.0 by PA_MLI"]),
    ],
)
def test_a_provider_of_rest_v1_stands_for_its_agreements(url, expected):
    assert v1(url) == expected


@pytest.mark.parametrize(
    "url", ["dataflow/TEST/NONE", "dataflow/ELSE/DF", "dataflow/TEST/DF/9.9", "dataflow/TEST/STUB", "*/X"]
)
def test_a_name_nothing_has_is_not_found(url):
    with pytest.raises(NotFound) as refusal:
        v2(url)
    assert not isinstance(refusal.value, NoResults)
    assert "allstubs" in refusal.value.text("es")


@pytest.mark.parametrize(
    "url", ["DF,TEST", "TEST,DF,1.0.0/all/NOBODY", "TEST,DF,1.0.0/all/ELSE,SEN_ANSD", "TEST,DG,1.0.0/all/SEN_ANSD"]
)
def test_a_provider_that_promised_nothing_has_no_results(url):
    with pytest.raises(NotFound):
        v1(url)


def test_of_several_dataflows_those_without_the_component_give_nothing():
    assert v2("dataflow/TEST/*/~?c[SEX]=F") == ["DH 1.0.0"]
    with pytest.raises(BadQuery):
        v2("dataflow/TEST/*/~?c[NOBODY]=F")


def test_a_refusal_of_the_only_dataflow_is_told():
    with pytest.raises(BadQuery):
        v2("dataflow/TEST/DF/1.0.0?c[SEX]=F")
    with pytest.raises(BadRequest):
        v2("dataflow/TEST/DF/1.0.0/A.SEN.F")


def keys_of(url):
    return [source.plan.keys for source in find_sources(urls_v2.parse_data(url.split("/"), ""), ARTEFACTS)]


def codes(*texts):
    return frozenset(texts)


def test_an_agreement_is_what_its_constraint_allows():
    assert keys_of("provisionagreement/TEST/PA_SEN") == [((None, codes("SEN")),)]
    assert keys_of("provisionagreement/TEST/PA_MLI") == [((codes("A"), codes("MLI")), (None, codes("BFA")))]
    assert keys_of("provisionagreement/TEST/PA_ALL") == [()]
    assert keys_of("provisionagreement/TEST/PA_MLI/1.0.0/M+A.BFA+MLI") == [
        ((codes("A"), codes("MLI")), (codes("A", "M"), codes("BFA"))),
    ]


def test_a_key_outside_an_agreement_has_no_results():
    with pytest.raises(NoResults):
        keys_of("provisionagreement/TEST/PA_SEN/1.0.0/A.MLI")


def test_a_plan_is_narrowed_and_never_widened():
    structure = make_structure("FREQ.REF_AREA.SEX.TIME_PERIOD")
    plan = plan_data(DataQuery(keys=((codes("A", "M"), codes("SEN")), (codes("Q"),))), structure)
    region = CubeRegion(include=True, values={"FREQ": codes("A", "Q"), "SEX": codes("F"), "TIME_PERIOD": codes("2020")})
    assert narrow(plan, [region]).keys == (
        (codes("A"), codes("SEN"), codes("F")),
        (codes("Q"), None, codes("F")),
    )
    assert narrow(plan, [CubeRegion(include=True, values={"FREQ": codes("W")})]) is None
    assert narrow(plan, []) == plan
