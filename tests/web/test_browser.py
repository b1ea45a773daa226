"""The pages in a real browser: accessible, small, without scripts, in three languages, under their security policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from sdmx_hub.language import sentence
from tests.web.browsing import RULES

pytestmark = pytest.mark.browser
FLOW = "/dataflow/ILMH/DF_STOCK_POP"
PAGES = [
    "/",
    "/?q=migra",
    FLOW,
    f"{FLOW}?c[SEX]=F&start=2016",
    "/releases",
    "/harvest",
    "/about",
    "/about/limits",
    "/nothing",
]
QUERY = "/sdmx/v2/data/dataflow/ILMH/DF_STOCK_POP/1.0.0"

OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, live_url: str) -> Iterator[OpenPage]:
    """Open a page; at the end nothing may have been refused by its policy, fetched from elsewhere, or gone wrong."""
    complaints: list[str] = []
    contexts = []

    def open_(path: str, *, expect: int = 200, **options: object) -> Page:
        context = chromium.new_context(base_url=live_url, **options)  # type: ignore[arg-type] # as Playwright names them
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(live_url) else complaints.append(f"from {request.url}"),
        )
        response = page.goto(path)
        assert response is not None
        assert response.status == expect
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [text for text in complaints if "404 (NOT FOUND)" not in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule_of_wcag_2_2_aa(open_page: OpenPage, path: str, scheme: str) -> None:
    page = open_page(path, expect=404 if path == "/nothing" else 200, color_scheme=scheme)
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], found.generate_report()


def test_the_page_of_an_api_address_is_accessible_too(open_page: OpenPage) -> None:
    page = open_page(QUERY)
    assert Axe().run(page, options=RULES).response["violations"] == []
    assert page.locator("table a").count() > 5


@pytest.mark.parametrize("path", [*PAGES, QUERY])
def test_a_page_fits_a_screen_of_320_pixels(open_page: OpenPage, path: str) -> None:
    page = open_page(path, expect=404 if path == "/nothing" else 200, viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize(("locale", "language"), [("en-GB", "en"), ("fr-FR", "fr"), ("es-CO", "es")])
def test_pages_speak_the_language_of_the_browser(open_page: OpenPage, locale: str, language: str) -> None:
    page = open_page(FLOW, locale=locale)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("#filters").inner_text() == sentence("page-filters", language)
    names = {"en": "Reference area", "fr": "Zone de référence", "es": "Área de referencia"}
    assert page.locator("thead th").first.inner_text().startswith(names[language])


def test_the_language_can_be_changed_on_each_page_and_stays(open_page: OpenPage) -> None:
    page = open_page(FLOW, locale="en-GB")
    page.get_by_role("link", name="Français").click()
    assert page.locator("html").get_attribute("lang") == "fr"
    page.get_by_role("link", name=sentence("page-nav-data", "fr")).first.click()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.context.cookies() == []


def test_a_chart_is_drawn_and_the_table_says_the_same(open_page: OpenPage) -> None:
    page = open_page(f"{FLOW}?c[SEX]=F")
    chart = page.get_by_role("img")
    assert chart.count() == 1
    box = chart.bounding_box()
    assert box is not None
    assert box["height"] > 100
    assert page.locator(".chart .stroke").count() == page.locator("tbody tr").count()
    stroke = page.locator(".chart .stroke").first.evaluate("line => getComputedStyle(line).stroke")
    assert stroke not in {"none", "rgb(0, 0, 0)"}


def test_one_period_is_a_ranking(open_page: OpenPage) -> None:
    page = open_page(f"{FLOW}?c[SEX]=F&start=2016&end=2016")
    assert page.locator(".chart-bars rect").count() == 6


def test_everything_works_without_scripts(open_page: OpenPage) -> None:
    page = open_page(FLOW, java_script_enabled=False)
    page.locator("summary", has_text="Sex").click()
    page.get_by_role("checkbox", name="Female").check()
    page.get_by_role("button", name=sentence("page-apply", "en")).click()
    assert "SEX" in page.url
    assert page.locator("tbody tr").count() == 6
    assert page.get_by_role("checkbox", name="Female").is_checked()


def test_every_choice_can_be_made_with_the_keyboard(open_page: OpenPage) -> None:
    page = open_page(FLOW)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator("summary", has_text="Sex").press("Enter")
    page.get_by_role("checkbox", name="Female").press("Space")
    page.get_by_role("button", name=sentence("page-apply", "en")).press("Enter")
    page.wait_for_url("**SEX**")
    assert page.locator("tbody tr").count() == 6


def test_a_download_is_the_selection(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{FLOW}?c[SEX]=F&c[REF_AREA]=FRA")
    with page.expect_download() as started:
        page.get_by_role("link", name="SDMX-CSV 2.0", exact=True).first.click()
    target = tmp_path / "data.csv"
    started.value.save_as(target)
    assert started.value.suggested_filename == "ILMH_DF_STOCK_POP.csv"
    lines = target.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 3 * 9
    assert all(",FRA," in line and ",F," in line for line in lines[1:])


def test_a_line_of_code_is_copied(open_page: OpenPage) -> None:
    page = open_page(FLOW, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=sentence("page-copy", "en")).first.click()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#snippet-1").inner_text()
