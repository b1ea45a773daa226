"""The report page in a real browser: accessible, and whole without any address."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from sdmx_hub.load.report_html import write_html
from tests.load.test_report_renderings import REPORT
from tests.web.browsing import RULES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("fr", "dark"), ("es", "light")])
def test_a_report_breaks_no_rule_and_fetches_nothing(
    chromium: Browser, tmp_path: Path, language: str, scheme: str
) -> None:
    file = tmp_path / "report.html"
    file.write_text(write_html(REPORT, language), encoding="utf-8")
    context = chromium.new_context(color_scheme="dark" if scheme == "dark" else "light")
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        results = Axe().run(page, options=RULES)
        assert results.violations_count == 0, results.generate_report()
        assert asked == [file.as_uri()]
        assert page.locator("svg").bounding_box() is not None
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        context.close()
