"""Source files: what is wrong with one, told all at once, each fault with its line and path."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from sdmx_hub.errors import ConfigurationError, HubError, NotFound
from sdmx_hub.harvest.files import check_files
from sdmx_hub.harvest.guard import parse_place
from sdmx_hub.harvest.resolving import can_be_asked
from sdmx_hub.harvest.source import Flow, Source, read_source, text_hash
from sdmx_hub.mapping.document import Document, parse_document, shown_path
from sdmx_hub.mapping.reading import BadMapping, read_mapping
from sdmx_hub.mapping.schema_faults import Fault, faults_of, place_fault, read_schema, read_written, short
from sdmx_hub.model.finding import Finding, Severity, Where, has_errors

_Path = tuple[str | int, ...]
Checker = Callable[[Mapping[str, Any]], Iterable[Finding]]
_FORMS = {"pattern", "type", "oneOf", "minItems"}
"""Where a form is wanted, its examples are told and not its pattern."""
_SECRET = {("credentials",), ("notices",)}
"""Where somebody may have written a secret itself, what stands there is not told again."""
_V2_ONLY = {"csv-2.0", "json-2.0", "xml-3.0"}


@dataclass(frozen=True)
class SourceFile:
    """A source file as it was read; ``source`` is None when ``findings`` hold errors, ``written`` knows the lines."""

    document: Mapping[str, Any]
    source: Source | None
    sha256: str
    findings: tuple[Finding, ...]
    written: Document | None = None

    @property
    def text(self) -> str:
        """The document as the control database keeps it."""
        return json.dumps(self.document, ensure_ascii=False, sort_keys=True)


def schema() -> Mapping[str, Any]:
    """Read the published schema."""
    return read_schema(__package__, "source.schema.json")


def read_source_file(path: Path) -> SourceFile:
    """Read a source file. Raises ConfigurationError when it cannot be opened; all else is a finding."""
    return read_source_text(read_written(path), path)


def read_source_text(text: str, path: Path, *, first: Checker | None = None) -> SourceFile:
    """Read a source; ``path`` is what findings call it, and where mappings are looked for.

    ``first`` may refuse a well-formed document before any file it names is opened.
    """
    document = parse_document(text, path.name)
    findings = list(document.findings) or _check_schema(document, path.name)
    if not findings and first is not None:
        findings = list(first(document.value))
    source = None
    if not findings:
        findings, source = _read_checked(document, path, text_hash(text))
    shown = document.value if isinstance(document.value, dict) else {}
    if source is not None and source.flows:
        shown = _with_mapping_paths(shown, path)
    return SourceFile(shown, source, text_hash(text), tuple(findings), document)


def _with_mapping_paths(document: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Make mapping paths absolute, so that a worker started elsewhere finds them."""
    flows = [
        {**flow, "mapping": str((path.parent / flow["mapping"]).resolve())} if "mapping" in flow else flow
        for flow in document["flows"]
    ]
    return {**document, "flows": flows}


def _check_schema(document: Document, file: str) -> list[Finding]:
    errors = Draft202012Validator(schema()).iter_errors(document.value)
    found = [place_fault(document, file, fault) for error in errors for fault in _faults(error)]
    return sorted(found, key=lambda finding: finding.where.row or 0)


def _faults(error: ValidationError) -> Iterator[Fault]:
    """Tell one error of the validator; where one of several forms is wanted, what each of them lacks."""
    said = error.schema if isinstance(error.schema, Mapping) else {}  # a schema may also be plain "false"
    kind, written = str(error.validator), said.get("examples")
    if kind == "anyOf" and isinstance(error.instance, dict) and error.context:
        for below in error.context:
            if below.validator != "type":
                yield from _faults(below)
    elif written and kind in _FORMS:
        path = tuple(error.absolute_path)
        value = "…" if path[:1] in _SECRET else short(error.instance)
        shown = " | ".join(json.dumps(one, ensure_ascii=False).replace('"', "") for one in written)
        yield "SOURCE-FORM", path, {"value": value, "written": shown}, None
    else:
        yield from faults_of(error, "SOURCE")


def _read_checked(document: Document, path: Path, sha256: str) -> tuple[list[Finding], Source | None]:
    findings: list[Finding] = []

    def add(error: HubError, *place: str | int) -> None:
        where = Where(file=path.name, row=document.line(place), path=shown_path(place) or None)
        findings.append(Finding(code=error.key, where=where, params=error.params))

    try:
        source = read_source(document.value, sha256)
    except HubError as error:
        add(error, "dialect" if isinstance(error, NotFound) else "schedule")
        return findings, None
    try:
        source.policy(allow_local=False)
        parse_place(source.endpoint)
    except HubError as error:
        add(error, "endpoint")
    if source.api == "v1" and source.format in _V2_ONLY - {"csv-2.0"}:
        findings.append(_format_finding(source, document, path))
    findings += _check_dialect(source, document, path)
    for wrong, position in check_files(source):
        add(wrong, "flows", position)
    seen: set[str] = set()
    for position, flow in enumerate(source.flows):
        if flow.id in seen:
            add(ConfigurationError("source-duplicate-flow", flow=flow.id), "flows", position)
        seen.add(flow.id)
        if source.api == "v1" and flow.provider and not flow.key and not flow.filters:
            add(ConfigurationError("source-provider", provider=flow.provider), "flows", position, "provider")
        if flow.mapping:
            findings += _check_mapping(flow, document, path, ("flows", position, "mapping"))
    return findings, None if has_errors(findings) else source


def _check_dialect(source: Source, document: Document, path: Path) -> Iterator[Finding]:
    """Tell what of a source its dialect does not go with; the source may be right, so these are warnings."""
    dialect = source.dialect

    def at(key: str) -> Where:
        return Where(file=path.name, row=document.line((key,)), path=key)

    if dialect.api and dialect.api != source.api:
        told = {"dialect": dialect.id, "api": source.api, "known": dialect.api}
        yield Finding(code="source-dialect-api", severity=Severity.WARNING, where=at("api"), params=told)
    if source.mechanism == "delta" and dialect.delta != "updatedAfter":
        told = {"dialect": dialect.id}
        yield Finding(code="source-dialect-delta", severity=Severity.WARNING, where=at("mechanism"), params=told)
    if dialect.page_values and not source.format.startswith("csv"):
        told = {"format": source.format}
        yield Finding(code="source-dialect-pages", severity=Severity.WARNING, where=at("format"), params=told)
    if source.adopts_structures and not can_be_asked(dialect):
        told = {"dialect": dialect.id}
        yield Finding(code="source-dialect-structures", severity=Severity.WARNING, where=at("structures"), params=told)
    if source.most_observations and dialect.split == "none":
        yield Finding(code="source-dialect-split", severity=Severity.WARNING, where=at("limits"), params={})


def _check_mapping(flow: Flow, document: Document, path: Path, place: _Path) -> list[Finding]:
    try:
        read_mapping(path.parent / str(flow.mapping))
    except BadMapping as error:
        return list(error.findings)
    except OSError as error:
        where = Where(file=path.name, row=document.line(place), path=shown_path(place))
        params = {"mapping": flow.mapping, "why": type(error).__name__}
        return [Finding(code="source-mapping", where=where, params=params)]
    return []


def _format_finding(source: Source, document: Document, path: Path) -> Finding:
    where = Where(file=path.name, row=document.line(("format",)), path="format")
    known = "generic-2.1, specific-2.1, csv-1.0, csv-2.0, json-1.0"
    params = {"format": source.format, "api": source.api, "known": known}
    return Finding(code="source-format", where=where, params=params, severity=Severity.ERROR)


def check_overlap(source: Source, others: Iterable[Source]) -> list[Finding]:
    """Find flows whose full pull could delete what another source brings (reported as warnings)."""
    return [
        Finding(
            code="source-overlap",
            severity=Severity.WARNING,
            params={"other": other.id, "dataflow": flow.dataflow},
        )
        for other in others
        if other.id != source.id
        for flow in source.flows
        for rival in other.flows
        if rival.dataflow == flow.dataflow and not _apart(flow, rival)
    ]


def _apart(flow: Flow, other: Flow) -> bool:
    """Tell whether some dimension is bounded by both to codes they do not share."""
    by_key = any(
        mine is not None and theirs is not None and not mine & theirs
        for mine, theirs in zip(flow.key, other.key, strict=False)
    )
    by_filter = any(not codes & other.filters[name] for name, codes in flow.filters.items() if name in other.filters)
    return by_key or by_filter
