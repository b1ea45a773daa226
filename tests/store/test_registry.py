"""The registry: artefacts in, snapshots out, nothing final changes, nothing referenced goes."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.urn import parse_urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.audit import check_audit, select_audit
from sdmx_hub.store.difference import difference
from sdmx_hub.store.registry import Registry
from tests.factories import component, make_artefact, make_codelist, make_concepts, make_dataflow, make_dsd, urn_of

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def registry(database):
    return Registry(database)


def pack():
    return (
        make_codelist("CL_SEX", ["F", "M"]),
        make_concepts(["SEX", "TIME_PERIOD", "OBS_VALUE"]),
        make_dsd([component("SEX", "CL_SEX")]),
        make_dataflow(),
        make_artefact(
            "DataConstraint",
            "CON",
            role="Allowed",
            constraintAttachment={"dataStructures": [urn_of("DataStructure", "DSD")]},
            cubeRegions=[{"include": True, "keyValues": [{"id": "SEX", "values": ["F"]}]}],
        ),
    )


def save(registry, *artefacts, now=NOW):
    return registry.save(artefacts, actor="ana", now=now)


def test_what_is_saved_is_in_the_next_snapshot(registry):
    report = save(registry, *pack())
    assert len(report.added) == 5
    assert not report.changed
    found = registry.snapshot().get(parse_urn(urn_of("Codelist", "CL_SEX")))
    assert found.document == pack()[0].document


def test_saving_again_changes_nothing(registry):
    save(registry, *pack())
    before = registry.snapshot()
    report = save(registry, *pack(), now=NOW + DAY)
    assert len(report.unchanged) == 5
    assert registry.snapshot() is before


def test_what_another_process_saves_is_seen(registry, database):
    registry.snapshot()
    save(Registry(database), *pack())
    assert len(registry.snapshot()) == 5


def test_a_final_artefact_does_not_change_and_the_difference_is_told(registry):
    save(registry, *pack())
    changed = make_codelist("CL_SEX", ["F", "M", "_T"])
    with pytest.raises(Conflict) as refused:
        save(registry, make_dataflow("OTHER"), changed)
    assert "codes[_T]: added" in str(refused.value)
    assert len(registry.snapshot()) == 5, "all or nothing"


def test_a_draft_changes_and_its_past_is_kept(registry):
    draft = make_artefact("Codelist", "CL_X", "1.0", codes=[{"id": "A", "name": "a"}])
    later = make_artefact("Codelist", "CL_X", "1.0", codes=[{"id": "B", "name": "b"}])
    save(registry, draft)
    assert save(registry, later, now=NOW + DAY).changed == (draft.urn,)
    assert registry.snapshot().get(draft.urn).document == later.document
    assert registry.snapshot(as_of=NOW).get(draft.urn).document == draft.document
    assert registry.snapshot(as_of=NOW - DAY).find(draft.urn) is None
    assert [(since, until) for since, until, _ in registry.history(draft.urn)] == [(NOW, NOW + DAY), (NOW + DAY, None)]


def test_a_draft_declared_final_stays_so(registry):
    draft = make_artefact("Codelist", "CL_X", "1.0", codes=[])
    save(registry, draft)
    assert save(registry, dataclasses.replace(draft, final=True)).changed == (draft.urn,)
    assert save(registry, draft).unchanged == (draft.urn,)
    assert registry.snapshot().get(draft.urn).is_final


def test_one_save_may_not_contradict_itself(registry):
    with pytest.raises(Conflict):
        save(registry, make_codelist("CL", ["A"]), make_codelist("CL", ["B"]))


def test_what_is_referred_to_cannot_be_removed(registry):
    save(registry, *pack())
    with pytest.raises(Conflict) as refused:
        registry.remove(parse_urn(urn_of("DataStructure", "DSD")), actor="ana", now=NOW)
    assert "Dataflow=TEST:DF" in str(refused.value)


def test_what_nothing_refers_to_can_be_removed(registry, database):
    save(registry, *pack())
    registry.remove(pack()[3].urn, actor="ana", now=NOW + DAY)
    assert registry.snapshot().find(pack()[3].urn) is None
    assert registry.snapshot(as_of=NOW).find(pack()[3].urn) is not None
    with pytest.raises(NotFound):
        registry.remove(pack()[3].urn, actor="ana", now=NOW + DAY)
    assert select_audit(database)[0].action == "structure-remove"
    assert check_audit(database) == []


def test_the_graph_leads_down_and_up():
    artefacts = Artefacts(pack())
    dsd = parse_urn(urn_of("DataStructure", "DSD"))
    assert [child.ref.id for child in artefacts.children(dsd)] == ["CS", "CL_SEX"]
    assert {parent.ref.id for parent in artefacts.parents(dsd)} == {"DF", "CON"}


def test_views_are_made_once_and_follow_references():
    artefacts = Artefacts(pack())
    flow = pack()[3].urn
    structure = artefacts.structure_of(flow)
    assert structure.dimension_ids == ("SEX",)
    assert artefacts.structure_of(flow) is structure
    assert list(artefacts.codelist(pack()[0].urn).codes) == ["F", "M"]
    assert artefacts.constraints_of(flow)[0].regions[0].values == {"SEX": frozenset("F")}


@pytest.mark.parametrize(
    ("asked", "found"),
    [("1.0.0", "1.0.0"), ("1.0+.0", "1.2.0"), ("+", "1.2.0"), ("~", "2.0.0-draft"), ("1.0.1", None), ("3.+.0", None)],
)
def test_versions_are_found_exactly_or_by_pattern(asked, found):
    artefacts = Artefacts(make_dataflow(version=version) for version in ("1.0.0", "1.2.0", "2.0.0-draft"))
    urn = parse_urn(urn_of("Dataflow", "DF", asked))
    result = artefacts.find(urn)
    assert (result.ref.version if result else None) == found
    if found is None:
        with pytest.raises(NotFound):
            artefacts.get(urn)


def test_selecting_takes_patterns_for_each_part():
    artefacts = Artefacts(
        [make_dataflow("A"), make_dataflow("A", version="1.1.0"), make_dataflow("B"), make_codelist("A", "X")]
    )
    flows = make_dataflow().artefact_class
    assert [str(one.ref) for one in artefacts.select(flows, versions=["~"])] == ["TEST:A(1.1.0)", "TEST:B(1.0.0)"]
    assert len(artefacts.select(flows, ids=["A"])) == 2
    assert len(artefacts.select()) == 4
    assert artefacts.select(flows, agency_ids=["OTHER"]) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"name": "a"}, {"name": "b"}, ['name: "a" → "b"']),
        ({"names": {"en": "a"}}, {"names": {"en": "a", "fr": "b"}}, ['names.fr: added "b"']),
        ({"codes": [{"id": "A"}, {"id": "B"}]}, {"codes": [{"id": "B"}]}, ["codes[A]: removed …"]),
        ({"codes": [{"id": "A"}, {"id": "B"}]}, {"codes": [{"id": "B"}, {"id": "A"}]}, ["codes: order"]),
        ({"values": ["x", "y"]}, {"values": ["x", "z"]}, ['values[1]: "y" → "z"']),
        ({"links": [1]}, {"links": [2]}, []),
    ],
)
def test_differences_are_told_by_path(old, new, told):
    assert list(difference(old, new)) == told
