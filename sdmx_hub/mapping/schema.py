"""Checks a mapping document against ``mapping.schema.json``; each fault becomes a finding at its line."""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, cast

import duckdb
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from sdmx_hub.mapping.document import Document, Path, shown_path
from sdmx_hub.model.finding import Finding, Where

FORMATS = FormatChecker(formats=())


@FORMATS.checks("regex", raises=duckdb.Error)
def _is_pattern(value: object) -> bool:
    """Let the engine compile the pattern: its patterns (RE2) take linear time whatever the text."""
    if isinstance(value, str):
        _compile(value)
    return True


@functools.lru_cache(4096)
def _compile(pattern: str) -> None:
    _engine().cursor().execute("SELECT regexp_matches('', ?)", [pattern]).fetchall()


@functools.cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One engine for all patterns: opening it takes longer than to compile hundreds."""
    return duckdb.connect(config={"threads": 1})


@functools.cache
def schema() -> Mapping[str, Any]:
    """Read the published schema."""
    text = (resources.files(__package__) / "mapping.schema.json").read_text(encoding="utf-8")
    read: Mapping[str, Any] = json.loads(text)
    return read


@functools.cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=FORMATS)


def check_document(document: Document, file: str | None) -> list[Finding]:
    """Find everything in ``document`` the schema does not allow, in the order of the file."""
    faults = [fault for error in _validator().iter_errors(document.value) for fault in _faults(error)]
    findings = [_placed(document, file, fault) for fault in faults]
    return sorted(findings, key=lambda finding: finding.where.row or 0)


Fault = tuple[str, Path, dict[str, object], str | None]


def _faults(error: ValidationError) -> Iterator[Fault]:
    """Tell one error of the validator in our words: code, path, parameters, suggestion."""
    path: Path = tuple(error.absolute_path)
    kind, wanted, value = str(error.validator), cast("Any", error.validator_value), cast("Any", error.instance)
    if kind == "additionalProperties":
        yield from _unknown_keys(error, path)
    elif kind in {"required", "dependentRequired"}:
        yield "MAP-REQUIRED", path, {"key": error.message.split("'")[1]}, None
    elif kind == "enum":
        allowed = [str(one) for one in wanted]
        yield "MAP-VALUE", path, {"value": _short(value), "allowed": ", ".join(allowed)}, nearest(str(value), allowed)
    elif kind == "not":
        yield "MAP-ONE-OF", path, {"keys": "constant, column"}, None
    elif kind == "type":
        types = wanted if isinstance(wanted, str) else ", ".join(wanted)
        yield "MAP-TYPE", path, {"value": _short(value), "types": types}, None
    elif kind in {"pattern", "format"}:
        yield "MAP-PATTERN", path, {"value": _short(value), "pattern": str(wanted)}, None
    else:
        yield "MAP-LIMIT", path, {"value": _short(value), "limit": f"{kind} {wanted}"}, None


def _unknown_keys(error: ValidationError, path: Path) -> Iterator[Fault]:
    known = list(cast("Any", error.schema).get("properties", ()))
    for key in cast("Any", error.instance):
        if key not in known:
            yield "MAP-KEY", (*path, key), {"key": key, "known": ", ".join(known)}, nearest(key, known)


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Find the known word that ``text`` most likely means."""
    return next(iter(difflib.get_close_matches(text, list(known), n=1, cutoff=0.6)), None)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _placed(document: Document, file: str | None, fault: Fault) -> Finding:
    code, path, params, suggestion = fault
    where = Where(file=file, row=document.line(path), path=shown_path(path) or None)
    return Finding(code=code, where=where, params=params, suggestion=suggestion)
