"""Suggestions of codes: what is known by name, id or confirmation first, then what is like it; several where meant."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from sdmx_hub.language import LANGUAGES
from sdmx_hub.mapping.naming import Origin
from sdmx_hub.mapping.suggest import SURE, Confirmation, Suggestion, suggest
from sdmx_hub.model.urn import Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts

LISTS = {
    "AREA": "ILMH:CL_AREA(1.0.0)",
    "SEX": "SDMX:CL_SEX(2.1)",
    "AGE": "ILMH:CL_AGE(1.0.0)",
    "REASON": "ILMH:CL_MIG_REASON(1.0.0)",
    "EDUCATION": "ILMH:CL_EDUCATION_LEV(1.0.0)",
    "OCCUPATION": "ILMH:CL_OCCUPATION(1.0.0)",
    "ACTIVITY": "ILMH:CL_ACTIVITY(1.0.0)",
}


def ranked(
    artefacts: Artefacts,
    which: str,
    text: str,
    language: str | None = None,
    *,
    confirmed: Sequence[Confirmation] = (),
    provider: str | None = None,
) -> tuple[Suggestion, ...]:
    codelist = artefacts.codelist(Urn("Codelist", parse_ref(LISTS[which])))
    found = suggest(
        [text],
        codelist,
        component=which,
        language=language,
        artefacts=artefacts,
        confirmed=confirmed,
        provider=provider,
    )
    return found[text]


@pytest.mark.parametrize(
    ("which", "text", "code", "reason"),
    [
        ("AREA", "COTE D IVOIRE", "CIV", Origin.NAME),
        ("AREA", "sénégalaise", "SEN", Origin.ALIAS),
        ("AREA", "Costa d'Avorio", "CIV", Origin.ALIAS),
        ("AREA", "السنغال", "SEN", Origin.ALIAS),
        ("AREA", "Ägypten", "EGY", Origin.ALIAS),
        ("AREA", "sen", "SEN", Origin.ID),
        ("AREA", "SN", "SEN", Origin.CROSSWALK),
        ("AREA", "EL", "GRC", Origin.CROSSWALK),
        ("AREA", "188", "CRI", Origin.CROSSWALK),
        ("SEX", "Ambos sexos", "_T", Origin.ALIAS),
        ("SEX", "Femminile", "F", Origin.ALIAS),
        ("AGE", "15-24 ans", "Y15T24", Origin.CROSSWALK),
        ("REASON", "Motif professionnel", "WRK", Origin.WORD),
        ("EDUCATION", "ISCED 3", "ISCED11_3", Origin.CROSSWALK),
        ("EDUCATION", "ED5-8", "EDU_ADV", Origin.CROSSWALK),
        ("EDUCATION", "Licenza media", "ISCED11_2", Origin.WORD),
        ("OCCUPATION", "ISCO-08 9211", "OC9211", Origin.CROSSWALK),
        ("OCCUPATION", "92119", None, None),
        ("OCCUPATION", "7. Métiers qualifiés de l'industrie et de l'artisanat", "OC7", Origin.NAME),
        ("ACTIVITY", "NACE 86", "Q86", Origin.CROSSWALK),
        ("ACTIVITY", "BTP", "F", Origin.WORD),
    ],
)
def test_what_is_known_comes_first(
    artefacts: Artefacts, which: str, text: str, code: str | None, reason: Origin | None
) -> None:
    found = ranked(artefacts, which, text)
    if code is None:
        assert found == ()
    else:
        assert (found[0].code, found[0].reason) == (code, reason)


@pytest.mark.parametrize(
    ("text", "codes"),
    [("Congo", {"COG", "COD"}), ("Corée", {"KOR", "PRK"}), ("Guinea", {"GIN", "GNB", "GNQ"})],
)
def test_a_name_of_several_gives_several_and_is_sure_of_none(artefacts: Artefacts, text: str, codes: set[str]) -> None:
    found = [one for one in ranked(artefacts, "AREA", text) if one.ambiguous]
    assert {one.code for one in found} == codes
    assert all(one.score < SURE for one in found)


@pytest.mark.parametrize(("language", "first"), [("en", "M"), ("fr", "M"), ("es", "F")])
def test_the_language_says_what_a_letter_means(artefacts: Artefacts, language: str, first: str) -> None:
    found = ranked(artefacts, "SEX", "M", language)
    assert found[0].code == first
    assert found[0].ambiguous == (language == "es")


@pytest.mark.parametrize(
    ("which", "text", "code"),
    [
        ("AREA", "Guinée-Équatorial", "GNQ"),
        ("AREA", "Mauretania", "MRT"),
        ("AREA", "Korea, People's Democratic Republic of", "PRK"),
        ("AREA", "Santa Sede - El Vaticano", "VAT"),
        ("REASON", "Spouses of students", "FAM"),
        ("OCCUPATION", "FARMWROKER, FRUIT II", "OC9"),
        ("OCCUPATION", "BEE KEEPER", "OC6"),
    ],
)
def test_words_and_spelling_find_what_is_not_a_name(artefacts: Artefacts, which: str, text: str, code: str) -> None:
    found = ranked(artefacts, which, text)
    assert (found[0].code, found[0].reason) == (code, Origin.SPELLING)
    assert found[0].score < SURE


@pytest.mark.parametrize("text", ["", "   ", "?!", "zzzzqqqq", "§" * 500])
def test_what_nothing_is_like_has_no_suggestion(artefacts: Artefacts, text: str) -> None:
    assert ranked(artefacts, "AREA", text) == ()


def test_scores_fall_and_every_reason_is_told_in_every_language(artefacts: Artefacts) -> None:
    for which, text in (("AREA", "Congo"), ("AREA", "Republica Arabe Siria"), ("OCCUPATION", "cook helper")):
        found = ranked(artefacts, which, text)
        assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
        assert all(0 < one.score <= 1 and one.text(language) for one in found for language in LANGUAGES)


def test_what_another_office_confirmed_is_suggested_and_says_who(artefacts: Artefacts) -> None:
    confirmed = [Confirmation(codelist="ILMH:CL_AREA", text="Outre-mer", code="REU", provider="FRA_X")]
    found = ranked(artefacts, "AREA", "outre mer", confirmed=confirmed)
    assert (found[0].code, found[0].reason, found[0].providers) == ("REU", Origin.CONFIRMED, ("FRA_X",))
    other = [Confirmation(codelist="ILMH:CL_OTHER", text="Outre-mer", code="REU", provider="FRA_X")]
    assert ranked(artefacts, "AREA", "outre mer", confirmed=other) == ranked(artefacts, "AREA", "outre mer")


def test_offices_that_disagree_are_both_suggested(artefacts: Artefacts) -> None:
    confirmed = [
        Confirmation(codelist="ILMH:CL_AREA", text="Outre-mer", code="REU", provider="A"),
        Confirmation(codelist="ILMH:CL_AREA", text="Outre-mer", code="MYT", provider="B"),
        Confirmation(codelist="ILMH:CL_AREA", text="Outre-mer", code="MYT", provider="C"),
    ]
    found = ranked(artefacts, "AREA", "Outre-mer", confirmed=confirmed)
    assert [(one.code, one.ambiguous) for one in found[:2]] == [("MYT", True), ("REU", True)]


def test_a_confirmed_text_puts_the_ambiguous_in_order(artefacts: Artefacts) -> None:
    assert ranked(artefacts, "AREA", "Corée")[0].code == "KOR"
    confirmed = [Confirmation(codelist="ILMH:CL_AREA", text="Corée", code="PRK", provider="A")]
    assert ranked(artefacts, "AREA", "Corée", confirmed=confirmed)[0].code == "PRK"


def test_what_an_office_rejected_is_gone_for_it_and_less_for_others(artefacts: Artefacts) -> None:
    rejected = [Confirmation(codelist="ILMH:CL_AREA", text="Congo", code="COG", provider="A", accepted=False)]
    before = {one.code: one.score for one in ranked(artefacts, "AREA", "Congo")}
    own = ranked(artefacts, "AREA", "Congo", confirmed=rejected, provider="A")
    others = {one.code: one.score for one in ranked(artefacts, "AREA", "Congo", confirmed=rejected, provider="B")}
    assert "COG" not in {one.code for one in own}
    assert 0 < others["COG"] < before["COG"]
    assert others["COD"] == before["COD"]


def test_a_cell_that_holds_a_page_takes_no_longer_than_a_name(artefacts: Artefacts) -> None:
    page = " ".join(f"word{number} république" for number in range(5_000))
    begun = time.monotonic()
    ranked(artefacts, "AREA", page)
    assert time.monotonic() - begun < 5
