"""How a comparison is written for people."""

from __future__ import annotations

import pytest

from sdmx_hub.quality.mirror_report import figure_text, lines_of

PAIR = {
    "rule": "MIGRATION",
    "frequency": "A",
    "period": "2019",
    "split": "",
    "detail": "",
    "state": "compared",
    "verdict": "exceeds",
    "origin": "ESP",
    "destination": "ITA",
    "origin_value": 7915.0,
    "origin_status": "A",
    "destination_value": 2114.0,
    "destination_status": "A",
    "cc1": 1.1568,
    "ratio": 3.7441,
    "causes": [],
    "confirmed": None,
}
SUMMARY = {**PAIR, "title": "T", "expected": 1200, "compared": 1, "no_value": 0, "exceeding": 1, "multilateral": 1.1568}
REPORT = {"pairs": [PAIR], "summaries": [SUMMARY], "apart": [], "shown": 1, "found": 1200}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("7,915", "+1.1568", "3.7441", "1,200", "asymmetry 1.1568")),
        ("fr", ("7\u202f915", "+1,1568", "3,7441", "1\u202f200", "multilatérale 1,1568")),
        ("es", ("7.915", "+1,1568", "3,7441", "1.200", "multilateral 1,1568")),
    ],
)
def test_numbers_for_people_follow_the_language(language: str, words: tuple[str, ...]) -> None:
    told = "\n".join(lines_of(REPORT, language))
    assert all(word in told for word in words)


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        (None, None, "–"),
        (None, "Q", "(Q)"),
        (-1234.5, None, "-1.234,5"),
        (0.0, "A", "0"),
        (2_500_000.0, "A", "2.500.000"),
        (1e20, "A", "1e+20"),
    ],
)
def test_a_figure_has_its_decimals_or_says_why_it_is_none(value: float | None, status: str | None, text: str) -> None:
    assert figure_text(value, "es", status) == text
