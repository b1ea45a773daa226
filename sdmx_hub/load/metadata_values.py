"""Checks of reported values against the metadata structure: codes, types, facets, languages, structured text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats.xhtml import tidy_xhtml
from sdmx_hub.load.checks.values import TEXT_TYPES
from sdmx_hub.model.artefact import Document
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.metadata import MetadataAttribute
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.urn import Urn

FindCodelist = Callable[[Urn], Codelist | None]
_PERIODS = frozenset({
    "ObservationalTimePeriod", "StandardTimePeriod", "BasicTimePeriod", "GregorianTimePeriod", "ReportingTimePeriod",
    "ReportingYear", "ReportingSemester", "ReportingTrimester", "ReportingQuarter", "ReportingMonth", "ReportingWeek",
    "ReportingDay",
})  # fmt: skip
_SHOWN = 100


def check_value(
    attribute: MetadataAttribute, reported: Document, where: Where, codelist: FindCodelist
) -> Iterator[Finding]:
    """Check the value of one reported attribute."""
    value = reported.get("value")
    if value is None:
        return
    if attribute.is_presentational:
        yield Finding(code="MD-PRESENTATIONAL", where=where, params={"id": attribute.id})
        return
    if isinstance(value, Mapping) and not attribute.is_multilingual:
        yield Finding(code="MD-LANGUAGE", where=where, params={"id": attribute.id})
        return
    for text in value.values() if isinstance(value, Mapping) else [value]:
        yield from _check_text(attribute, text, where, codelist)


def _check_text(attribute: MetadataAttribute, text: str, where: Where, codelist: FindCodelist) -> Iterator[Finding]:
    if attribute.representation.codelist is not None:
        yield from _check_code(attribute.representation.codelist, text, where, codelist)
    elif attribute.is_xhtml:
        yield from _check_xhtml(text, where)
    else:
        yield from _check_type(attribute, text, where)
        yield from _check_facets(attribute.representation.facets, text, where)


def _check_code(urn: Urn, text: str, where: Where, codelist: FindCodelist) -> Iterator[Finding]:
    known = codelist(urn)
    if known is not None and text not in known.codes:
        near = difflib.get_close_matches(text, list(known.codes), n=3)
        yield Finding(
            code="MD-CODE",
            where=where,
            source_value=text[:_SHOWN],
            params={"value": text[:_SHOWN], "codelist": str(known.ref)},
            suggestion=", ".join(near) or None,
        )


def _check_xhtml(text: str, where: Where) -> Iterator[Finding]:
    try:
        tidy_xhtml(text)
    except Malformed as error:
        yield Finding(code="MD-XHTML", where=where, source_value=text[:_SHOWN], params={"why": error.text("en")})


def _check_type(attribute: MetadataAttribute, text: str, where: Where) -> Iterator[Finding]:
    kind = attribute.representation.text_type
    pattern = TEXT_TYPES.get(kind)
    fits = re.fullmatch(pattern, text) is not None if pattern else _is_period(text) if kind in _PERIODS else True
    if not fits:
        params = {"value": text[:_SHOWN], "type": kind}
        yield Finding(code="MD-TYPE", where=where, source_value=text[:_SHOWN], params=params)


def _is_period(text: str) -> bool:
    try:
        parse_period(text)
    except BadRequest:
        return False
    return True


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


_FACETS: Mapping[str, Callable[[str, Any], bool]] = {
    "minLength": lambda text, limit: len(text) >= int(limit),
    "maxLength": lambda text, limit: len(text) <= int(limit),
    "minValue": lambda text, limit: (number := _number(text)) is None or number >= Decimal(str(limit)),
    "maxValue": lambda text, limit: (number := _number(text)) is None or number <= Decimal(str(limit)),
    "startValue": lambda text, limit: (number := _number(text)) is None or number >= Decimal(str(limit)),
    "endValue": lambda text, limit: (number := _number(text)) is None or number <= Decimal(str(limit)),
    "decimals": lambda text, limit: len(text.partition(".")[2]) <= int(limit),
    "pattern": lambda text, limit: _matches(str(limit), text),
}


def _matches(pattern: str, text: str) -> bool:
    """Tell whether a text has a pattern; a pattern that is none constrains nothing."""
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True


def _check_facets(facets: Mapping[str, Any], text: str, where: Where) -> Iterator[Finding]:
    for name, keeps in _FACETS.items():
        if name in facets and not keeps(text, facets[name]):
            params = {"value": text[:_SHOWN], "facet": name, "limit": facets[name]}
            yield Finding(code="MD-FACET", where=where, source_value=text[:_SHOWN], params=params)
