"""Suggestions measured over labels of published tables: how often the right code is first, or among the first five."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from sdmx_hub.mapping.suggest import SURE, Suggestion, suggest
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts

LABELS = Path(__file__).parent / "labels" / "labels.csv"
AREA = "COUNTERPART_AREA"


@dataclass(frozen=True, kw_only=True)
class Label:
    component: str
    codelist: str
    language: str
    text: str
    code: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    labels: int
    first: float
    among_five: float
    sure: int
    sure_wrong: tuple[str, ...]


def read_labels() -> list[Label]:
    with LABELS.open(encoding="utf-8", newline="") as stream:
        return [Label(**row) for row in csv.DictReader(stream)]


def answers(artefacts: Artefacts, *, tell_language: bool = True) -> Iterator[tuple[Label, tuple[Suggestion, ...]]]:
    groups: dict[tuple[str, str, str], list[Label]] = defaultdict(list)
    for label in read_labels():
        groups[label.component, label.codelist, label.language].append(label)
    for (component, codelist, language), labels in groups.items():
        found = suggest(
            [label.text for label in labels],
            artefacts.codelist(Urn("Codelist", parse_ref(codelist))),
            component=component,
            language=language if tell_language else None,
            artefacts=artefacts,
        )
        yield from ((label, found[label.text]) for label in labels)


def measure(artefacts: Artefacts, *, tell_language: bool = True) -> Mapping[tuple[str, str], Measured]:
    groups: dict[tuple[str, str], list[tuple[Label, list[str], float]]] = defaultdict(list)
    for label, found in answers(artefacts, tell_language=tell_language):
        top = found[0].score if found else 0.0
        groups[label.component, label.language].append((label, [one.code for one in found], top))
    return {key: _measured(rows) for key, rows in groups.items()}


def _measured(rows: list[tuple[Label, list[str], float]]) -> Measured:
    sure = [(label, codes[0]) for label, codes, top in rows if top >= SURE]
    return Measured(
        labels=len(rows),
        first=sum(codes[:1] == [label.code] for label, codes, _ in rows) / len(rows),
        among_five=sum(label.code in codes[:5] for label, codes, _ in rows) / len(rows),
        sure=len(sure),
        sure_wrong=tuple(f"{label.text} → {code}, not {label.code}" for label, code in sure if code != label.code),
    )


@pytest.fixture(scope="module")
def measured(artefacts: Artefacts) -> Mapping[tuple[str, str], Measured]:
    return measure(artefacts)


@pytest.mark.parametrize("language", ["en", "fr", "es", "it"])
def test_countries_come_first_nine_times_in_ten(measured: Mapping[tuple[str, str], Measured], language: str) -> None:
    found = measured[AREA, language]
    assert found.first >= 0.9
    assert found.among_five >= 0.97


@pytest.mark.parametrize(
    ("component", "language", "first", "among_five"),
    [
        ("SEX", "en", 0.95, 1.0),
        ("SEX", "fr", 1.0, 1.0),
        ("SEX", "es", 1.0, 1.0),
        ("SEX", "it", 1.0, 1.0),
        ("MIG_REASON", "en", 0.9, 0.95),
        ("EDUCATION_LEV", "en", 0.95, 1.0),
        ("EMP_STATUS", "en", 0.95, 1.0),
        ("OCCUPATION", "en", 0.85, 0.85),
        ("OCCUPATION", "fr", 0.95, 1.0),
        ("ACTIVITY", "fr", 0.5, 0.6),
    ],
)
def test_other_components_keep_their_floors(
    measured: Mapping[tuple[str, str], Measured], component: str, language: str, first: float, among_five: float
) -> None:
    found = measured[component, language]
    assert found.first >= first
    assert found.among_five >= among_five


def test_nothing_that_is_called_sure_is_wrong(measured: Mapping[tuple[str, str], Measured]) -> None:
    assert [wrong for found in measured.values() for wrong in found.sure_wrong] == []
    assert sum(found.sure for found in measured.values()) >= 800


def test_the_language_of_the_table_need_not_be_known(artefacts: Artefacts) -> None:
    for (component, _), found in measure(artefacts, tell_language=False).items():
        if component == AREA:
            assert found.first >= 0.9
            assert found.among_five >= 0.97
        assert found.sure_wrong == ()


def test_every_label_names_a_code_of_its_list_and_its_source(artefacts: Artefacts) -> None:
    for label in read_labels():
        assert label.code in artefacts.codelist(Urn("Codelist", parse_ref(label.codelist))).codes
        assert label.source
