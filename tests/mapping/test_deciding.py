"""Decisions: written into the code table and recorded beside it, shown before, taken back, and learnt from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from sdmx_hub.errors import BadQuery, Conflict, NotFound
from sdmx_hub.mapping.deciding import Plan
from sdmx_hub.mapping.decisions import Choice, in_force, read_confirmations, read_decisions
from sdmx_hub.mapping.reading import read_mapping
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import MAPPINGS, changed

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
Planned = Callable[[], Plan]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "SEN_ANSD" / "table.yaml"
    path.parent.mkdir()
    path.write_text(changed({"{column: area}": "{column: area, areas: [fr]}   # as printed"}), encoding="utf-8")
    return path


@pytest.fixture
def plan(mapping: Path, artefacts: Artefacts) -> Planned:
    return lambda: Plan(mapping, artefacts, actor="cli:awa", now=NOW)


def test_an_accepted_code_stands_in_the_mapping_with_who_and_when(plan: Planned, mapping: Path) -> None:
    before = mapping.read_text(encoding="utf-8")
    planned = plan()
    assert planned.accept("COUNTERPART_AREA", " Congo ", "COG")
    assert mapping.read_text(encoding="utf-8") == before
    planned.write()
    assert read_mapping(mapping).components["COUNTERPART_AREA"].codes == {"Congo": "COG"}
    assert mapping.read_text(encoding="utf-8") == before.replace("areas: [fr]}", "areas: [fr], codes: {Congo: COG}}")
    [decision] = read_decisions(mapping.parent / "decisions.csv")
    assert (decision.decided_at, decision.decided_by) == ("2026-01-02T03:04:05Z", "cli:awa")
    assert (decision.choice, decision.provider, decision.codelist) == (Choice.ACCEPTED, "SEN_ANSD", "ILMH:CL_AREA")


def test_accepting_twice_changes_nothing(plan: Planned) -> None:
    first = plan()
    first.accept("COUNTERPART_AREA", "Congo", "COG")
    first.write()
    again = plan()
    assert not again.accept("COUNTERPART_AREA", "Congo", "COG")
    assert (again.decisions, again.difference()) == ([], "")


def test_undoing_gives_back_what_was_there(plan: Planned, mapping: Path) -> None:
    texts = [mapping.read_bytes()]
    for code in ("COG", "COD"):
        planned = plan()
        planned.accept("COUNTERPART_AREA", "Congo", code)
        planned.write()
        texts.append(mapping.read_bytes())
    for wanted in reversed(texts[:-1]):
        planned = plan()
        planned.undo()
        planned.write()
        assert mapping.read_bytes() == wanted
    with pytest.raises(NotFound):
        plan().undo()
    assert in_force(read_decisions(mapping.parent / "decisions.csv")) == ()


def test_undoing_one_text_leaves_the_others(plan: Planned, mapping: Path) -> None:
    planned = plan()
    planned.accept("COUNTERPART_AREA", "Congo", "COG")
    planned.accept("COUNTERPART_AREA", "Corée", "KOR")
    planned.write()
    planned = plan()
    assert planned.undo("COUNTERPART_AREA", "Congo").code == "COG"
    planned.write()
    assert read_mapping(mapping).components["COUNTERPART_AREA"].codes == {"Corée": "KOR"}


def test_what_was_changed_by_hand_is_not_undone(plan: Planned, mapping: Path) -> None:
    planned = plan()
    planned.accept("COUNTERPART_AREA", "Congo", "COG")
    planned.write()
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("Congo: COG", "Congo: COD"), encoding="utf-8")
    with pytest.raises(Conflict):
        plan().undo()


def test_a_rejection_is_recorded_and_the_mapping_left_alone(plan: Planned, mapping: Path) -> None:
    before = mapping.read_bytes()
    planned = plan()
    assert planned.reject("COUNTERPART_AREA", "Congo", "COD")
    planned.write()
    assert mapping.read_bytes() == before
    assert not plan().reject("COUNTERPART_AREA", "Congo", "COD")
    planned = plan()
    planned.undo()
    planned.write()
    assert plan().reject("COUNTERPART_AREA", "Congo", "COD")


def test_what_the_mapping_says_cannot_be_rejected(plan: Planned) -> None:
    planned = plan()
    planned.accept("COUNTERPART_AREA", "Congo", "COG")
    with pytest.raises(Conflict):
        planned.reject("COUNTERPART_AREA", "Congo", "COG")


@pytest.mark.parametrize(
    ("component", "code"), [("COUNTERPART_AREA", "XYZ"), ("FREQ", "A"), ("NOTHING", "A"), ("OBS_VALUE", "1")]
)
def test_what_cannot_be_is_refused(plan: Planned, component: str, code: str) -> None:
    with pytest.raises(BadQuery):
        plan().accept(component, "Congo", code)


def test_a_first_code_table_keeps_texts_that_are_codes(artefacts: Artefacts, tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(changed({}), encoding="utf-8")
    planned = Plan(path, artefacts, actor="cli:awa", now=NOW)
    with pytest.raises(Conflict):
        planned.accept("COUNTERPART_AREA", "Congo", "COG")
    planned.accept("COUNTERPART_AREA", "Congo", "COG", keep={"SEN": "SEN"})
    planned.accept("COUNTERPART_AREA", "Corée", "KOR", keep={"SEN": "SEN"})
    planned.write()
    codes = read_mapping(path).components["COUNTERPART_AREA"].codes
    assert codes == {"SEN": "SEN", "Congo": "COG", "Corée": "KOR"}


def test_a_code_table_beside_the_mapping_gets_the_row(artefacts: Artefacts, tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    table = tmp_path / "codes" / "areas.csv"
    table.write_bytes(b"source,code\r\nGuinea,GIN\r\n")
    path = tmp_path / "table.yaml"
    path.write_text(changed({"{column: area}": "{column: area, codes_file: codes/areas.csv}"}), encoding="utf-8")
    before = path.read_bytes()
    planned = Plan(path, artefacts, actor="cli:awa", now=NOW)
    planned.accept("COUNTERPART_AREA", "Corée", "KOR")
    planned.write()
    assert path.read_bytes() == before
    assert table.read_bytes().decode() == "source,code\r\nGuinea,GIN\r\nCorée,KOR\r\n"
    planned = Plan(path, artefacts, actor="cli:awa", now=NOW)
    planned.undo()
    planned.write()
    assert table.read_bytes() == b"source,code\r\nGuinea,GIN\r\n"


def test_offices_learn_from_decisions_and_code_tables(plan: Planned, mapping: Path, artefacts: Artefacts) -> None:
    planned = plan()
    planned.accept("COUNTERPART_AREA", "Congo", "COG")
    planned.reject("COUNTERPART_AREA", "Congo", "COD")
    planned.write()
    (mapping.parent / "broken.yaml").write_text("id: [", encoding="utf-8")
    learnt = list(read_confirmations([mapping.parents[1]], artefacts))
    assert {(one.text, one.code, one.provider, one.accepted) for one in learnt} == {
        ("Congo", "COG", "SEN_ANSD", True),
        ("Congo", "COD", "SEN_ANSD", False),
    }


def test_the_mappings_shipped_teach_their_code_tables(artefacts: Artefacts) -> None:
    learnt = {(one.codelist, one.text, one.code, one.provider) for one in read_confirmations([MAPPINGS], artefacts)}
    assert ("ILMH:CL_MIG_REASON", "H-2A", "WRK_SEA", "USA_DOS") in learnt
    assert ("ILMH:CL_AREA", "Isla Wake", "UMI", "COL_UAEMC") in learnt
    assert not any(code == "$skip" for _, _, code, _ in learnt)
    without = read_confirmations([MAPPINGS], artefacts, but="USA_DOS_NIV_DETAIL")
    assert not any(one.text == "H-2A" for one in without)


def test_the_lines_of_two_people_may_stand_in_any_order(tmp_path: Path) -> None:
    row = "{},{},{},P,T,AREA,ILMH:CL_AREA,Congo,{},"
    lines = [
        "decided_at,decided_by,choice,provider,mapping,component,codelist,text,code,before",
        row.format("2026-01-03T00:00:00Z", "b", "accepted", "COD"),
        row.format("2026-01-02T00:00:00Z", "a", "accepted", "COG"),
        row.format("2026-01-02T00:00:01Z", "a", "undone", "COG"),
        "something else",
    ]
    file = tmp_path / "decisions.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert [(one.decided_by, one.code) for one in in_force(read_decisions(file))] == [("b", "COD")]
