"""Drafts of the shipped samples: each is a mapping the reader takes, and says what it is not sure of."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sdmx_hub.errors import BadRequest
from sdmx_hub.language import LANGUAGES
from sdmx_hub.mapping.apply import Mapped, apply_mapping
from sdmx_hub.mapping.guess.draft import Draft, draft_mapping
from sdmx_hub.mapping.reading import parse_mapping, read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.suggest import Confirmation
from sdmx_hub.model.rows import quoted
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.artefacts import Artefacts
from tests.mapping.tables import MAPPINGS
from tests.support.engine import connect

pytestmark = pytest.mark.usefixtures("parse_here")

SAMPLED = (
    "COL_UAEMC/entries_foreigners",
    "ESP_INE/emigration_destination",
    "EUR_ESTAT/immigration_citizenship",
    "GHA_LD/placements_agencies",
    "HTI_ONM/returns_fiscal_year",
    "HTI_ONM/returns_months_2021",
    "ILO_STAT/employed_foreign_born",
    "ILO_STAT/nationals_abroad",
    "ILO_STAT/returns",
    "ITA_ISTAT/immigration_citizenship",
    "OECD_IMD/immigration_citizenship",
    "SEN_ANSD/emigrants_rgph5",
    "TUN_ATCT/recruitments_2019",
    "UNSD/fatal_injuries",
    "UNSD/nonfatal_injuries",
    "UN_DESA/migrant_stock_2019",
    "USA_DOS/work_visas",
    "WB/remittances_received",
)
WELL_GUESSED = (
    "COL_UAEMC/entries_foreigners",
    "ESP_INE/emigration_destination",
    "EUR_ESTAT/immigration_citizenship",
    "HTI_ONM/returns_fiscal_year",
    "ILO_STAT/nationals_abroad",
    "ILO_STAT/returns",
    "ITA_ISTAT/immigration_citizenship",
    "OECD_IMD/immigration_citizenship",
    "UNSD/fatal_injuries",
    "UNSD/nonfatal_injuries",
    "UN_DESA/migrant_stock_2019",
    "WB/remittances_received",
)
Drafted = Callable[..., Draft]


def sample(name: str) -> Path:
    place = MAPPINGS / name
    [found] = (place.parent / "samples").glob(f"{place.name}.*")
    return found


def flow(name: str) -> Urn:
    return Urn("Dataflow", Ref("ILMH", name, "1.0.0"))


@pytest.fixture
def drafted(artefacts: Artefacts) -> Drafted:
    def draft(file: Path, dataflow: Urn, provider: str | None = None, language: str = "en", **more: Any) -> Draft:
        return draft_mapping(file, dataflow, artefacts, provider=provider, language=language, **more)

    return draft


@pytest.fixture
def table(tmp_path: Path, drafted: Drafted) -> Callable[..., Draft]:
    """Draft a table given as text for a dataflow of the pack."""

    def draft(text: str | bytes, dataflow: str, provider: str | None, name: str = "table.csv", **more: Any) -> Draft:
        file = tmp_path / name
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return drafted(file, flow(dataflow), provider, **more)

    return draft


def values(mapped: Mapped, ids: tuple[str, ...]) -> dict[tuple[Any, ...], float]:
    """Observations with values by key; a key met twice has none."""
    columns = ", ".join(map(quoted, (*ids, "OBS_VALUE")))
    query = f"SELECT {columns} FROM ({mapped.rows.sql}) WHERE OBS_VALUE IS NOT NULL"  # noqa: S608 - quoted ids
    rows = mapped.rows.connection.execute(query).fetchall()
    times = Counter(row[:-1] for row in rows)
    return {row[:-1]: float(row[-1]) for row in rows if times[row[:-1]] == 1}


@pytest.mark.parametrize(("name", "language"), [*zip(SAMPLED, LANGUAGES * 6, strict=True)])
def test_a_draft_is_a_mapping_the_reader_takes(name: str, language: str, drafted: Drafted) -> None:
    mapping = read_mapping(MAPPINGS / f"{name}.yaml")
    draft = drafted(sample(name), Urn("Dataflow", mapping.dataflow), mapping.provider, language)
    read = parse_mapping(draft.text)
    assert read.provider == mapping.provider
    assert draft.text.count("# CHECK:") >= len(draft.doubts) - 1
    assert all(doubt.text(language) for doubt in draft.doubts)


@pytest.mark.parametrize("name", WELL_GUESSED)
def test_a_draft_maps_most_of_a_sample_as_its_author_does(
    name: str, drafted: Drafted, apply: Callable[..., Mapped], artefacts: Artefacts
) -> None:
    mapping = read_mapping(MAPPINGS / f"{name}.yaml")
    ids = artefacts.structure_of(Urn("Dataflow", mapping.dataflow)).key_ids
    draft = drafted(sample(name), Urn("Dataflow", mapping.dataflow), mapping.provider)
    wanted = values(apply(mapping, sample(name)), ids)
    given = values(_applied(parse_mapping(draft.text), sample(name), artefacts), ids)
    right = sum(1 for key, value in wanted.items() if given.get(key) == value)
    assert right >= 0.8 * len(wanted) > 0


def _applied(mapping: TableMapping, file: Path, artefacts: Artefacts) -> Mapped:
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    return apply_mapping(mapping, file, structure, artefacts, connect())


def test_signs_encoding_and_delimiter_are_those_of_the_file(table: Callable[..., Draft]) -> None:
    text = "Pays de destination;Année;Effectif\nFrance;2022;34 434\nSénégal;2022;1 204\nEspagne;2022;12,5\n"
    read = parse_mapping(table(text.encode("cp1252"), "DF_FLOW_POP", "SEN_ANSD").text)
    assert (read.source.encoding, read.source.delimiter, read.source.decimal) == ("cp1252", ";", ",")
    assert " " in read.source.thousands
    assert read.components["COUNTERPART_TYPE"].constant == "CDS"
    assert read.components["INDICATOR"].constant == "OUTFLOW_POP"


def test_titles_above_and_notes_below_are_no_table(table: Callable[..., Draft]) -> None:
    text = "Inmigrantes 2022,,\n,,\nNacionalidad,Hombres,Mujeres\nFrancia,1,2\nItalia,3,4\n,,\nFuente: registro,,\n"
    draft = table(text, "DF_FLOW_POP", "ESP_INE")
    read = parse_mapping(draft.text)
    assert (read.source.header_row, read.source.footer_rows) == (3, 1)
    assert read.unpivot is not None
    assert read.unpivot.columns == ("Hombres", "Mujeres")
    assert read.components["SEX"].codes == {"Hombres": "M", "Mujeres": "F"}
    assert read.components["TIME_PERIOD"].constant == "2022"
    assert "guess-year" in {doubt.key for doubt in draft.doubts}


def test_two_rows_of_headings_become_two_dimensions(table: Callable[..., Draft]) -> None:
    text = "Nationality,Men,,Women,\n,2021,2022,2021,2022\nFrance,1,2,3,4\nItaly,5,6,7,8\n"
    read = parse_mapping(table(text, "DF_FLOW_POP", "ESP_INE").text)
    assert read.source.header_rows == 2
    assert read.components["SEX"].columns == ("heading_1",)
    assert read.components["TIME_PERIOD"].columns == ("heading_2",)


def test_an_ambiguous_name_is_left_out_and_its_meanings_are_told(table: Callable[..., Draft]) -> None:
    text = "Pays de destination,Année,Effectif\nFrance,2022,1\nCongo,2022,2\nItalie,2022,3\n"
    draft = table(text, "DF_FLOW_POP", "SEN_ANSD")
    [doubt] = [doubt for doubt in draft.doubts if doubt.key == "guess-unmapped"]
    assert [text[:3] for text in doubt.texts["Congo"]] == ["COD", "COG"]
    assert "Congo" not in parse_mapping(draft.text).components["COUNTERPART_AREA"].codes


def test_a_name_is_told_by_the_other_names_of_the_table(table: Callable[..., Draft]) -> None:
    text = "Destination,Year,Number\nFrance,2022,1\nCongo,2022,2\nDR Congo,2022,3\nItaly,2022,3\n"
    draft = table(text, "DF_FLOW_POP", "SEN_ANSD")
    assert parse_mapping(draft.text).components["COUNTERPART_AREA"].codes["Congo"] == "COG"
    assert "guess-eliminated" in {doubt.key for doubt in draft.doubts}


def test_a_code_that_is_the_sum_of_the_others_is_the_total(table: Callable[..., Draft]) -> None:
    rows = [
        f"{area},{sex},2022,{n * k}"
        for k, area in enumerate(("FR", "IT", "DE", "PT"), 1)
        for sex, n in ((1, 3), (2, 4), (9, 7))
    ]
    draft = table("citizenship,sex,year,value\n" + "\n".join(rows) + "\n", "DF_FLOW_POP", "ESP_INE")
    assert parse_mapping(draft.text).components["SEX"].codes == {"1": "M", "2": "F", "9": "_T"}
    assert "guess-proven" in {doubt.key for doubt in draft.doubts}


def test_without_a_provider_one_with_an_agreement_is_taken_and_told(table: Callable[..., Draft]) -> None:
    draft = table("Destination,Year,Number\nFrance,2022,1\nItaly,2022,2\n", "DF_FLOW_POP", None)
    assert "guess-provider" in {doubt.key for doubt in draft.doubts}
    assert "SEN_ANSD" in next(doubt for doubt in draft.doubts if doubt.key == "guess-provider").alternatives


def test_a_file_without_figures_is_refused(table: Callable[..., Draft]) -> None:
    with pytest.raises(BadRequest):
        table("only,words\nand,more words\n", "DF_FLOW_POP", "SEN_ANSD")


def test_headings_that_repeat_are_told_apart_by_the_titles_above_them(table: Callable[..., Draft]) -> None:
    text = "Country of birth,Stock of males,,Stock of females,\n,,,,\n,2021,2022,2021,2022\n"
    text += "France,1,2,3,4\nItaly,5,6,7,8\n"
    read = parse_mapping(table(text, "DF_STOCK_POP", "ESP_INE").text)
    assert (read.source.header_row, read.source.header_rows) == (1, 3)
    assert read.components["SEX"].codes == {"Stock of males": "M", "Stock of females": "F"}
    assert read.components["TIME_PERIOD"].columns == ("heading_3",)


def test_boys_and_girls_beside_men_and_women_are_ages_too(table: Callable[..., Draft]) -> None:
    text = "Mois;Hommes;Femmes;Garçons;Filles;Total\nOctobre 2021;1;2;3;4;10\nNovembre 2021;5;6;7;8;26\n"
    read = parse_mapping(table(text, "DF_RET_ARR", "HTI_ONM").text)
    assert read.components["SEX"].codes["Filles"] == "F"
    assert read.components["AGE"].codes == {
        "Hommes": "Y_GE18",
        "Femmes": "Y_GE18",
        "Garçons": "Y_LT18",
        "Filles": "Y_LT18",
        "Total": "_T",
    }
    assert read.components["FREQ"].constant == "M"


def test_a_draft_of_ten_thousand_columns_of_words_ends_soon(table: Callable[..., Draft]) -> None:
    heading = ",".join(["Destination", "Year", "Number", *(f"x{n}" for n in range(10_000))])
    rows = [",".join(["France", "2020", "5", *(f"w{row}v{n}" for n in range(10_000))]) for row in range(30)]
    began = time.monotonic()
    draft = table("\n".join([heading, *rows]) + "\n", "DF_FLOW_POP", "SEN_ANSD")
    assert time.monotonic() - began < 60
    assert parse_mapping(draft.text).components["OBS_VALUE"].columns == ("Number",)


def decision(code: str, provider: str, text: str = "Congo", *, accepted: bool = True) -> Confirmation:
    return Confirmation(codelist="ILMH:CL_AREA", text=text, code=code, provider=provider, accepted=accepted)


CONGO = "Pays;Effectif\nFrance;34\nItalie;25\nEspagne;24\nMali;13\nTchad;11\nCongo;8\nPays lointains;2\n"


@pytest.mark.parametrize(
    ("confirmed", "codes", "unsure"),
    [
        ([], {}, {"Congo", "Pays lointains"}),
        ([decision("COG", "SEN_ANSD")], {"Congo": "COG"}, {"Pays lointains"}),
        ([decision("G_OTH", "SEN_ANSD", "Pays lointains")], {"Pays lointains": "G_OTH"}, {"Congo"}),
        ([decision("COG", "MLI_INSTAT")], {}, {"Congo", "Pays lointains"}),
        ([decision("COG", "SEN_ANSD"), decision("COD", "SEN_ANSD")], {}, {"Congo", "Pays lointains"}),
        ([decision("COG", "SEN_ANSD", accepted=False)], {}, {"Congo", "Pays lointains"}),
    ],
)
def test_a_draft_takes_what_the_office_decided_before_and_nobody_elses_word(
    drafted: Drafted, tmp_path: Path, confirmed: list[Confirmation], codes: dict[str, str], unsure: set[str]
) -> None:
    file = tmp_path / "emigrants.csv"
    file.write_text(CONGO, encoding="utf-8")
    draft = drafted(file, flow("DF_FLOW_POP"), "SEN_ANSD", "fr", confirmed=confirmed)
    rule = parse_mapping(draft.text).components["COUNTERPART_AREA"]
    assert {text: code for text, code in rule.codes.items() if code != "$skip"} == codes
    told = [check for check in draft.doubts if check.path == "components.COUNTERPART_AREA"]
    assert {text for check in told for text in check.texts} == unsure
