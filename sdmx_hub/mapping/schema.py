"""Checks a mapping document against ``mapping.schema.json``; each fault becomes a finding at its line."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, cast

import duckdb
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from sdmx_hub.mapping.document import Document, Path
from sdmx_hub.mapping.schema_faults import Fault, faults_of, place_fault, read_schema, say_limit, short
from sdmx_hub.model.finding import Finding

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


def schema() -> Mapping[str, Any]:
    """Read the published schema."""
    return read_schema(__package__, "mapping.schema.json")


@functools.cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema(), format_checker=FORMATS)


def check_document(document: Document, file: str | None) -> list[Finding]:
    """Find everything in ``document`` the schema does not allow, in the order of the file."""
    faults = [fault for error in _validator().iter_errors(document.value) for fault in _faults(error)]
    findings = [place_fault(document, file, fault) for fault in faults]
    return sorted(findings, key=lambda finding: finding.where.row or 0)


def _faults(error: ValidationError) -> Iterator[Fault]:
    """Tell one error of the validator; some kinds have words of their own in a mapping."""
    path: Path = tuple(error.absolute_path)
    kind, wanted, value = str(error.validator), cast("Any", error.validator_value), cast("Any", error.instance)
    if kind == "not":
        yield "MAP-ONE-OF", path, {"keys": "constant, column"}, None
    elif kind == "type":
        yield "MAP-TYPE", path, {"value": short(value), "types": say_limit(kind, wanted)}, None
    elif kind in {"pattern", "format"}:
        yield "MAP-PATTERN", path, {"value": short(value), "pattern": str(wanted)}, None
    else:
        yield from faults_of(error, "MAP")
