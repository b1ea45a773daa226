"""Texts encoded twice, and texts of which letters were lost: a warning, with what was probably meant."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sdmx_hub.load.checks.encoding import decoded
from sdmx_hub.model.finding import Severity
from sdmx_hub.store.artefacts import Artefacts
from tests.load.test_checks import found_in

LETTERS = "éèàçñóíúüœ’–«»°É"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["Enquête auprès des ménages", "Año móvil", "n° 5", "l’émigration – totale", "œuvre"])
def test_a_text_encoded_twice_is_told_with_what_was_meant(pack: Artefacts, text: str, encoding: str) -> None:
    twice = text.encode().decode(encoding, "replace" if encoding == "cp1252" else "strict")
    [finding] = found_in(pack, {"COMMENT_OBS": twice})
    expected = "TEXT-LOST" if "\N{REPLACEMENT CHARACTER}" in twice else "TEXT-TWICE"
    assert (finding.code, finding.severity) == (expected, Severity.WARNING)
    assert finding.suggestion == (text if expected == "TEXT-TWICE" else None)
    assert len({finding.text(language) for language in ("en", "fr", "es")}) == 3


def test_lost_letters_are_told(pack: Artefacts) -> None:
    [finding] = found_in(pack, {"COMMENT_OBS": "Enqu\N{REPLACEMENT CHARACTER}te"})
    assert (finding.code, finding.severity, finding.suggestion) == ("TEXT-LOST", Severity.WARNING, None)


@pytest.mark.parametrize("text", ["Âge légal", "São Tomé, NÃO", "pâté, âge", "Ça – « ici »", "Â, Ã, â", "Tâche n° 3"])
def test_texts_as_people_write_them_are_left_alone(pack: Artefacts, text: str) -> None:
    assert found_in(pack, {"COMMENT_OBS": text}) == []


@given(st.text(alphabet="abc " + LETTERS, min_size=1))
def test_decoding_undoes_encoding_twice(text: str) -> None:
    assume(not text.isascii())
    assert decoded(text.encode().decode("latin-1")) == text
