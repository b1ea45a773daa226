"""Takes a filled-in template apart, in the limited child process: what it says of itself, and its sheets as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from sdmx_hub.errors import Malformed, NotFound
from sdmx_hub.mapping.workbook import extract_sheet

META_SHEET = "_sdmx_hub"
"""The sheet by which a template is known."""
_LONGEST = 40
"""Rows of the hidden sheet that are looked at."""


def extract_template(path: str, folder: str) -> dict[str, Any]:
    """Write each sheet of data of a template into ``folder`` as ``sheet<n>.arrows``.

    Gives ``meta``, what the hidden sheet says, and ``sheets``, which of those it names are there (name, width, first
    column); nothing at all for a workbook that is no template. Raises Malformed, TooLarge. Runs in the child process.
    """
    try:
        workbook = CalamineWorkbook.from_path(path)
    except CalamineError as error:
        raise Malformed("workbook-unreadable", why=str(error)) from error
    if META_SHEET not in workbook.sheet_names:
        return {}
    lines = workbook.get_sheet_by_name(META_SHEET).to_python(skip_empty_area=False, nrows=_LONGEST)
    meta = {str(line[0]): str(line[1]) for line in lines if len(line) > 1 and line[0]}
    sheets = []
    for number, name in enumerate(_names(meta), start=1):
        try:
            told = extract_sheet(path, name, None, ".", str(Path(folder) / f"sheet{number}.arrows"))
        except NotFound:
            continue
        sheets.append({"number": number, "name": name, "width": told["width"]})
    return {"meta": meta, "sheets": sheets}


def _names(meta: dict[str, str]) -> list[str]:
    try:
        return [str(sheet["name"]) for sheet in json.loads(meta.get("sheets", "[]"))][:_LONGEST]
    except (ValueError, TypeError, KeyError):
        return []
