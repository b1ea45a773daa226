"""Reads ``source`` of a mapping file: which keys go with which format, and what a schema cannot tell of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdmx_hub.mapping.rules import FixedColumn

WORKBOOKS = frozenset({"xlsx", "xls", "ods"})
BROUGHT = frozenset({"sql", "sdmx"})
"""Formats whose rows are brought into a file of ours before they are mapped."""
_GOES_WITH: Mapping[str, frozenset[str]] = {
    "columns": frozenset({"fixed"}),
    "widths": frozenset({"fixed"}),
    "url_env": frozenset({"sql"}),
    "query": frozenset({"sql"}),
    "labels": frozenset({"sav", "dta"}),
    "records": frozenset({"json"}),
    "structure": frozenset({"sdmx"}),
}
_NEEDS = {"fixed": (("columns", "widths"),), "sql": (("url_env",), ("query",))}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"://[^/@\s]*:[^/@\s]*@")

Find = Callable[..., None]


def plain_keys(node: Mapping[str, Any], find: Find) -> dict[str, Any]:
    """Give the keys of ``source`` as a rule has them, without ``thousands`` and ``until``; tell what is wrong."""
    _check_keys(node, find)
    _check_secrets(node, find)
    left_out = {"thousands", "until", "columns", "widths"}
    plain = {key: value for key, value in node.items() if key not in left_out}
    if node["format"] == "tsv":
        plain["delimiter"] = "\t"
    return plain | {"columns": tuple(_columns(node))}


def _check_keys(node: Mapping[str, Any], find: Find) -> None:
    kind = node["format"]
    for key, kinds in _GOES_WITH.items():
        if key in node and kind not in kinds:
            find("MAP-FORMAT-KEY", "source", key, key=key, format=kind, formats=", ".join(sorted(kinds)))
    for either in _NEEDS.get(kind, ()):
        if not any(key in node for key in either):
            find("MAP-FORMAT-NEEDS", "source", "format", format=kind, key=", ".join(either))
    if kind == "tsv" and node.get("delimiter", "\t") != "\t":
        find("MAP-FORMAT-KEY", "source", "delimiter", key="delimiter", format=kind, formats="csv")
    if kind == "sql" and "files" in node:
        find("MAP-FORMAT-KEY", "source", "files", key="files", format=kind, formats="csv, xlsx, …")


def _check_secrets(node: Mapping[str, Any], find: Find) -> None:
    """Addresses of databases stand in the environment: neither they nor passwords are told back."""
    if "url_env" in node and not _VARIABLE.fullmatch(node["url_env"]):
        find("MAP-URL-ENV", "source", "url_env")
    if _SECRET.search(node.get("url", "")):
        find("MAP-URL-SECRET", "source", "url")


def _columns(node: Mapping[str, Any]) -> Iterator[FixedColumn]:
    """Columns of fixed width: one that says no start follows the one before."""
    next_start = 1
    for given in node.get("columns") or [{"width": width} for width in node.get("widths", ())]:
        start = given.get("start", next_start)
        yield FixedColumn(start=start, width=given["width"], name=str(given.get("name", "")))
        next_start = start + given["width"]
