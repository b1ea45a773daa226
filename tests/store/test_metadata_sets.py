"""Metadata sets in the control database: states, finality, time travel."""

from __future__ import annotations

import datetime as dt

import pytest

from sdmx_hub.errors import Conflict, NotFound
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store import metadata_tables
from sdmx_hub.store.metadata_sets import MetadataSets
from sdmx_hub.store.registry import Registry
from sdmx_hub.store.tables import METADATA
from tests.formats.metadata_specimens import PREFIX, make, make_set

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CODE = f"{PREFIX}codelist.Code=LAB:CL_FREE(1.0.0).A"
TITLE = [{"id": "TITLE", "value": {"en": "a"}}]


@pytest.fixture
def sets(database):
    return MetadataSets(database)


def titled(title: str, version: str = "1.0.0"):
    return make_set([{"id": "TITLE", "value": {"en": title}}], version=version)


def save(sets, *ones, now=NOW):
    return sets.save(ones, actor="ana", now=now)


def test_the_table_is_one_of_the_control_database():
    assert metadata_tables.METADATA_SETS.metadata is METADATA


def test_what_is_saved_is_in_the_next_snapshot(sets, database):
    sets.snapshot()
    report = save(MetadataSets(database), titled("a"))
    assert [urn.ref.id for urn in report.added] == ["MDS_JOBS"]
    (found,) = sets.snapshot()
    assert found.document == titled("a").document


def test_saving_again_changes_nothing(sets):
    save(sets, titled("a"))
    before = sets.snapshot()
    assert save(sets, titled("a"), now=NOW + DAY).unchanged
    assert sets.snapshot() is before


def test_a_final_set_does_not_change_and_the_difference_is_told(sets):
    save(sets, titled("a"))
    with pytest.raises(Conflict, match="TITLE") as told:
        save(sets, titled("b", "1.0.0"), titled("c", "2.0.0"))
    assert told.value.key == "artefact-final"
    assert len(sets.snapshot()) == 1


def test_a_draft_changes_and_its_states_stay(sets):
    save(sets, titled("a", "1.0.0-draft"))
    save(sets, titled("b", "1.0.0-draft"), now=NOW + DAY)
    (found,) = sets.snapshot()
    assert found.document["attributes"][0]["value"] == {"en": "b"}
    (then,) = sets.snapshot(as_of=NOW + DAY / 2)
    assert then.document["attributes"][0]["value"] == {"en": "a"}
    assert [until for _, until, _ in sets.history(found.urn)] == [NOW + DAY, None]


def test_the_latest_version_is_found(sets):
    save(sets, titled("a"), titled("b", "1.1.0"))
    found = sets.snapshot().get(Urn("MetadataSet", Ref("OFFICE", "MDS_JOBS", "~")))
    assert found.ref.version == "1.1.0"


def test_a_removed_set_is_gone_and_was_there(sets):
    save(sets, titled("a"))
    urn = titled("a").urn
    sets.remove(urn, actor="ana", now=NOW + DAY)
    assert len(sets.snapshot()) == 0
    assert len(sets.snapshot(as_of=NOW)) == 1
    with pytest.raises(NotFound):
        sets.remove(urn, actor="ana", now=NOW + DAY)


def test_what_is_told_about_is_not_removed(sets, database):
    registry = Registry(database)
    free = (make("Dataflow", "DF_FREE"), make("Codelist", "CL_FREE", codes=[{"id": "A", "names": {"en": "A"}}]))
    registry.save(free, actor="ana", now=NOW)
    flow, codelist = (one.urn for one in free)
    save(sets, make_set(TITLE, targets=[str(flow)]), make_set(TITLE, id="B", targets=[CODE]))
    for kept in (flow, codelist):
        with pytest.raises(Conflict, match="MetadataSet OFFICE"):
            registry.remove(kept, actor="ana", now=NOW + DAY)
    for one in sets.snapshot():
        sets.remove(one.urn, actor="ana", now=NOW + DAY)
    registry.remove(flow, actor="ana", now=NOW + DAY)
