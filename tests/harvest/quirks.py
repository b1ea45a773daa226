"""What public services do otherwise than the standard, what becomes of it here, and the test that shows it.

Taken from the providers' pages, the sources of sdmx1 and the drivers of sdmx-dl; drawn into docs/harvest.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.tables import table


@dataclass(frozen=True)
class Quirk:
    """One deviation; ``test`` is ``module::function`` below tests/harvest."""

    services: str
    what: str
    done: str
    test: str


_ADDRESS = "test_dialects::test_a_visit_speaks_the_dialect_of_the_service"
_URLS = "test_quirks::test_addresses_and_headers_are_those_the_service_wants"
_STRUCTURES = "test_quirks::test_odd_structures_do_not_end_a_visit"

QUIRKS = (
    Quirk("ESTAT, ESTAT3, ESTAT_COMEXT, COMP, EMPL, GROW", "the key `all` is refused", "the key is left out", _ADDRESS),
    Quirk(
        "ESTAT, COMP, EMPL, GROW, INSEE", "dataflows are named by their id", "agency and version are left out", _ADDRESS
    ),
    Quirk("ESTAT, COMP, EMPL, GROW, BBK", "few modes of references", "`references=descendants` is asked for", _ADDRESS),
    Quirk(
        "ESTAT, ESTAT3", "a format by `format=`, parameters of its own", "its names and parameters are sent", _ADDRESS
    ),
    Quirk(
        "ESTAT",
        "a large extract comes later, as a ZIP at an address in a footer",
        "it is waited for and unpacked",
        "test_dialects::test_a_large_extract_is_waited_for_and_unpacked",
    ),
    Quirk(
        "ESTAT",
        "more than five million cells: EXTRACTION_TOO_BIG, as 413, a fault or a footer",
        "the question is asked in parts",
        "test_dialects::test_what_is_too_large_has_one_status_however_it_is_said",
    ),
    Quirk(
        "ESTAT, COMP, EMPL, GROW",
        "SOAP faults with the codes 100, 140, 150 under 400 or 404",
        "100 is nothing; the words of the others are the verdict",
        "test_dialects::test_faults_of_eurostat_are_understood",
    ),
    Quirk(
        "ESTAT, BBK, LSD, WB_WDI, WB_WITS",
        "no updatedAfter",
        "`delta` asks for everything and compares",
        "test_quirks::test_where_no_differences_are_told_everything_is_asked_for",
    ),
    Quirk("ESTAT", "the data structure is a stub, whatever references say", "it is asked for by itself", _STRUCTURES),
    Quirk("ESTAT", "several versions of a codelist", "the one the structure names counts", _STRUCTURES),
    Quirk(
        "ESTAT", "dimensions in small letters", "they are adopted as they are", "test_quirks::test_small_letters_stay"
    ),
    Quirk(
        "ESTAT, ECB, ILO, IMF, UNSD, INSEE, BBK, NB, WB_WDI, LSD",
        "nothing tells which data there are",
        "nothing is asked; parts are planned from the codelists",
        "test_dialect_fields::test_where_nothing_tells_what_there_is_the_codes_of_the_lists_are_asked_for_at_once",
    ),
    Quirk(
        "ECB, BBK",
        "404 means that nothing matches",
        "so it does, while the dataflow is there, and unless a gateway says it",
        "test_dialects::test_any_404_of_the_ecb_is_nothing_while_the_dataflow_is_there",
    ),
    Quirk(
        "ECB",
        "400 for requests without meaning, 501 for what is missing",
        "the run fails with the words of the service and is not repeated",
        "test_asking::test_what_does_not_pass_by_itself_is_not_tried_again",
    ),
    Quirk("ECB, WB_WDI, WB_WITS", "SDMX-JSON of a draft, 1.0.0-wd", "its media type is asked for", _URLS),
    Quirk(
        "ECB, BIS",
        "304 for what has not changed",
        "the run is unchanged",
        "test_visit::test_a_304_is_taken_for_an_answer",
    ),
    Quirk(
        "ILO",
        "413 for whatever is large",
        "the question is asked in parts",
        "test_parted::test_without_availability_the_codes_of_the_structure_are_what_may_come",
    ),
    Quirk(
        "ILO, IMF, OECD, ABS",
        "the address moves without notice",
        "a redirect to another host is refused and told, unless `hosts` names it",
        "test_fetch::test_a_redirect_elsewhere_is_refused",
    ),
    Quirk("IMF, IMF3", "dataflows of sub-agencies", "structures of all agencies are asked for", _ADDRESS),
    Quirk(
        "IMF, WB_WDI",
        "`children` of a dataflow brings no codelists",
        "`descendants` is asked for, or the structure with its children",
        "test_dialect_fields::test_lists_are_asked_for_one_by_one_where_references_are_not_followed",
    ),
    Quirk(
        "IMF, ISTAT",
        "500 now and then",
        "it is tried again",
        "test_asking::test_what_may_pass_is_tried_again",
    ),
    Quirk("OECD, OECD3, IMF", "agencies like `OECD.X.Y`, ids with `@`", "addresses carry them as they are", _URLS),
    Quirk(
        "OECD, OECD3",
        "twenty requests a minute, twenty to sixty downloads an hour",
        "all workers together keep to it; a longer wait puts the run back",
        "test_dialects::test_workers_share_the_limits_of_an_hour",
    ),
    Quirk(
        "OECD, OECD3, ISTAT",
        "the number of observations stands in a constraint, as of the last load",
        "it says into how many parts; nothing is left out by it",
        "test_dialect_fields::test_what_there_is_is_asked_where_the_dialect_says",
    ),
    Quirk("OECD3, DOTSTAT3", "differences are told best by CSV 2.0", "CSV 2.0 is what is asked for", _ADDRESS),
    Quirk(
        "DOTSTAT, SPC, UY110, INEGI",
        "`Range: values=0-N` gives pages",
        "asked for with `page_values`, and put together",
        "test_dialects::test_values_are_asked_for_page_by_page",
    ),
    Quirk(
        "DOTSTAT",
        "pages that overlap or do not meet",
        "they are no answer",
        "test_dialects::test_pages_that_do_not_fit_together_are_no_answer",
    ),
    Quirk(
        "DOTSTAT, SPC, UNSD, ILO",
        "no agency, provider or structure-set resources (400, 501)",
        "none is asked for",
        "test_quirks::test_no_harvest_asks_for_what_services_lack",
    ),
    Quirk(
        "DOTSTAT",
        "the JSON key `content-languages`",
        "it is left aside",
        "test_quirks::test_keys_of_json_nobody_knows_are_left_aside",
    ),
    Quirk("UNSD, UNICEF, NB", "one format is written well", "that one is asked for", _ADDRESS),
    Quirk("UNICEF", "structure-specific data whatever Accept says", "an answer is read as what it is", _ADDRESS),
    Quirk(
        "UNICEF",
        "the header names a structure whose id is not the dataflow's",
        "the names of the partner are known here",
        "test_quirks::test_a_message_may_name_the_dataflow_alone",
    ),
    Quirk("FMR, FMR3, IMF_CENTRAL", "no Content-Type", "an answer is read as what it is", _ADDRESS),
    Quirk(
        "ISTAT",
        "an address that asks more than four times a minute is banned",
        "fifteen seconds lie between two requests",
        "test_dialects::test_a_service_is_asked_no_more_often_than_it_wants",
    ),
    Quirk("INSEE", "500 for a comma sent as %2C", "commas are sent as they are", _URLS),
    Quirk("INSEE", "concepts are named that no scheme has", "the structure is read without them", _STRUCTURES),
    Quirk(
        "INSEE",
        "periods of two months, `2024-B1`",
        "refused, with the line; a mapping turns them into `2024-01-01/P2M`",
        "test_quirks::test_periods_of_two_months_are_told",
    ),
    Quirk("BBK", "structures below /metadata, no agency, no version, no key", "addresses leave them out", _ADDRESS),
    Quirk("BBK", "URNs that are none", "references tell what is meant; the URN is left aside", _STRUCTURES),
    Quirk("WB_WDI, WB_WITS, INEGI", "a slash is needed at the end", "it is written", _ADDRESS),
    Quirk(
        "WB_WDI",
        "no dataflows",
        "the data structure is asked for, and the dataflow made of it",
        "test_dialect_fields::test_without_dataflows_the_structure_is_asked_for_and_the_dataflow_made_of_it",
    ),
    Quirk(
        "ABS",
        "a page of HTML with 200",
        "it is an error, and never taken for nothing",
        "test_dialects::test_a_page_with_200_is_never_nothing",
    ),
    Quirk("LSD", "Content-Type application/force-download", "an answer is read as what it is", _ADDRESS),
    Quirk(
        "any",
        "a key is required; other user agents are blocked",
        "`key_all: dots`, `user_agent`",
        _URLS,
    ),
    Quirk(
        "any",
        "ZIP, gzip or a byte order mark that nobody announced",
        "they are seen in the bytes",
        "test_dialects::test_bodies_are_read_as_what_they_are",
    ),
    Quirk(
        "any",
        "a footer says that the data are not whole",
        "they are not loaded",
        "test_dialect_fields::test_data_whose_footer_says_they_are_not_whole_are_not_loaded",
    ),
    Quirk(
        "any",
        "429 or 503 with Retry-After",
        "it is waited for, an hour at most",
        "test_asking::test_a_busy_partner_is_asked_again_after_the_wait_it_asked_for",
    ),
)


def quirks_text() -> str:
    """The table of docs/harvest.md."""
    return table(
        ("service", "what it does otherwise", "what becomes of it"),
        [(one.services, one.what, one.done) for one in QUIRKS],
    )
