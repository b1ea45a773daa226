"""Take the pictures of the documentation: ``python docs/images/take.py http://127.0.0.1:8000`` (the demonstration)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHOSEN = ("FRA", "MAR", "USA")
PICTURES = {
    "home": "/",
    "dataflow": "/dataflow/ILMH/DF_FLOW_POP?c[REF_AREA]=ESP"
    + "".join(f"&c[COUNTERPART_AREA]={area}" for area in CHOSEN),
    "dataflow-fr": "/dataflow/ILMH/DF_REC_CHAIN?lang=fr",
    "harvest": "/harvest",
}
SIZE = {"width": 1100, "height": 800}


def take(base: str, folder: Path) -> None:
    """Take every picture: the first screen of the page, as a person meets it."""
    with sync_playwright() as drive:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = drive.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)  # type: ignore[arg-type] # a ViewportSize
        for name, path in PICTURES.items():
            page.goto(base + path, wait_until="networkidle")
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), Path(__file__).parent)
