"""SDMX-CSV reference metadata, what 2.0 and 2.1 share. One row a metadata set.

Beside the columns of the guide the hub writes what it would otherwise lose in columns of its own, as the guide allows:
``names``, ``descriptions`` and what a set says of its time. Annotations and links have no place.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest, Malformed
from sdmx_hub.formats.metadata_canonical import make_metadata_set
from sdmx_hub.formats.metadata_cells import join, read_value, split, write_value
from sdmx_hub.formats.metadata_columns import Column, Report, parse_column, plan_columns, write_cell
from sdmx_hub.formats.metadata_labels import Labels
from sdmx_hub.formats.metadata_targets import join_target, split_target
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.metadata import MetadataMessage
from sdmx_hub.model.urn import parse_urn

SEPARATOR = ";"
KINDS = {"metadataflow": "metadataflow", "metadataprovision": "metadataProvisionAgreement"}
"""What the first column may say, and the key of a set."""
_PREFIXES = {
    "metadataflow": "urn:sdmx:org.sdmx.infomodel.metadatastructure.Metadataflow=",
    "metadataProvisionAgreement": "urn:sdmx:org.sdmx.infomodel.registry.MetadataProvisionAgreement=",
}
TEXTS = ("names", "descriptions")
TIMES = ("publicationPeriod", "publicationYear", "reportingBegin", "reportingEnd", "validFrom", "validTo")
_FIRST = re.compile(r"\ufeff?MDSTRUCTURE(?:\[(.)\])?(.)")
_REFERENCE = re.compile(r"([^:()]+):([^:()]+?)(?:\(([^()]+)\))?(?:: (.*))?", re.DOTALL)
_NAME_COLUMNS = frozenset({"MDSTRUCTURE_NAME", "METADATASET_NAME", "TARGET_NAMES"})


def write_csv(message: MetadataMessage, params: Mapping[str, str], *, action: bool, partial: bool) -> bytes:
    """Write a message; ``action`` and ``partial`` say whether the edition has those columns."""
    labels = Labels(message, params.get("labels", "id"))
    reports = [(one.document, message.structures[one.urn]) for one in message.sets]
    columns = plan_columns(reports)
    own = [key for key in (*TEXTS, *TIMES) if any(key in one.document for one in message.sets)]
    languages = {key: _languages(message.sets, key) for key in TEXTS}
    rows = [
        [
            *_identification(one, labels, action=action, partial=partial),
            *(cell for column in columns for cell in labels.cells(one, column, _cell(column, one))),
            *(_own_cell(one, key) for key in own),
        ]
        for one in message.sets
    ]
    first = f"MDSTRUCTURE[{SEPARATOR}]" if _is_composite(message.sets, columns, own) else "MDSTRUCTURE"
    heading = [
        *labels.headings(first, "MDSTRUCTURE_ID", "METADATASET_ID"),
        *(["ACTION"] if action else []),
        *(["IS_PARTIAL_LANGUAGE"] if partial else []),
        *labels.headings("TARGET_TYPES", "TARGET_IDS"),
        *(cell for column in columns for cell in labels.heading(column, column.heading(SEPARATOR))),
        *(f"{key}[{SEPARATOR.join(languages[key])}]" if key in TEXTS else key for key in own),
    ]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(heading)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _is_composite(sets: Sequence[Artefact], columns: Sequence[Column], own: Sequence[str]) -> bool:
    return (
        any(column.is_composite for column in columns)
        or any(key in TEXTS for key in own)
        or any(len(one.document.get("targets", ())) > 1 for one in sets)
    )


def _languages(sets: Sequence[Artefact], key: str) -> list[str]:
    return list(dict.fromkeys(language for one in sets for language in one.document.get(key, ())))


def _cell(column: Column, one: Artefact) -> str | None:
    return write_cell(column, one.document.get("attributes", ()), SEPARATOR)


def _identification(one: Artefact, labels: Labels, *, action: bool, partial: bool) -> list[str]:
    document = one.document
    kind, key = next(((kind, key) for kind, key in KINDS.items() if key in document), ("metadataflow", ""))
    usage = parse_urn(document[key]) if key else None
    targets = [split_target(urn) for urn in document.get("targets", ())]
    return [
        kind,
        *labels.reference(str(usage.ref) if usage else "", labels.name_of(usage)),
        *labels.reference(str(one.ref), labels.name(one)),
        *(["R"] if action else []),
        *([str(int(bool(document.get("isPartialLanguage"))))] if partial else []),
        join([each for each, _ in targets], SEPARATOR) or "",
        *labels.references([reference for _, reference in targets], document.get("targets", ()), SEPARATOR),
    ]


def _own_cell(one: Artefact, key: str) -> str:
    value = one.document.get(key)
    return write_value(value, SEPARATOR, spoken=key in TEXTS) or ""


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """The heading of a message, understood: which column says what."""

    separator: str
    places: Mapping[str, int]
    columns: Mapping[int, Column]
    texts: Mapping[int, tuple[str, tuple[str, ...]]]
    times: Mapping[int, str]


def read(data: bytes) -> tuple[Artefact, ...]:
    """Read the sets of a message, in canonical form. Raises Malformed with the row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("metadata-csv-encoding", why=str(error)) from error
    first = _FIRST.match(text)
    if first is None:
        raise Malformed("metadata-csv-first")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=first[2], strict=True))
    except csv.Error as error:
        raise Malformed("metadata-csv-quotes", why=str(error)) from error
    sheet = _read_heading(rows[0], first[1] or SEPARATOR)
    return tuple(_read_row(row, number, sheet) for number, row in enumerate(rows[1:], start=2) if any(row))


def _read_heading(heading: Sequence[str], separator: str) -> _Sheet:
    places: dict[str, int] = {}
    columns: dict[int, Column] = {}
    texts: dict[int, tuple[str, tuple[str, ...]]] = {}
    times: dict[int, str] = {}
    fixed = frozenset({"MDSTRUCTURE_ID", "METADATASET_ID", "ACTION", "IS_PARTIAL_LANGUAGE", "TARGET_TYPES"})
    is_named = bool(_NAME_COLUMNS & set(heading))
    is_name = False
    for position, title in enumerate(heading):
        if position == 0:
            continue
        if title in fixed | _NAME_COLUMNS | {"TARGET_IDS"}:
            places[title] = position
        elif title in TIMES:
            times[position] = title
        elif (own := title.partition("[")[0]) in TEXTS:
            texts[position] = (own, parse_column(title, separator).languages)
        elif is_name:
            is_name = False
        else:
            columns[position] = parse_column(title.partition(": ")[0], separator)
            is_name = is_named
    missing = [
        name for name in ("MDSTRUCTURE_ID", "METADATASET_ID", "TARGET_TYPES", "TARGET_IDS") if name not in places
    ]
    if missing:
        raise Malformed("metadata-csv-missing", columns=", ".join(missing))
    return _Sheet(separator=separator, places=places, columns=columns, texts=texts, times=times)


def _read_row(row: Sequence[str], number: int, sheet: _Sheet) -> Artefact:
    cells = [*row, *([""] * (max((*sheet.places.values(), *sheet.columns), default=0) + 1 - len(row)))]
    try:
        return make_metadata_set(
            {**_read_identity(cells, sheet), **_read_own(cells, sheet), **_read_report(cells, sheet)}
        )
    except (Malformed, BadRequest) as error:
        raise Malformed(error.key, **error.params | {"row": number}) from error


def _read_identity(cells: Sequence[str], sheet: _Sheet) -> dict[str, Any]:
    kind = KINDS.get(cells[0].strip().lower())
    if kind is None:
        raise Malformed("metadata-csv-kind", kind=cells[0][:50], allowed=", ".join(KINDS))
    usage = _reference(cells[sheet.places["MDSTRUCTURE_ID"]])
    agency, identifier, version, name = _reference_parts(cells[sheet.places["METADATASET_ID"]])
    types = split(cells[sheet.places["TARGET_TYPES"]], sheet.separator)
    references = split(cells[sheet.places["TARGET_IDS"]], sheet.separator)
    if len(types) != len(references):
        raise Malformed("metadata-csv-targets", types=len(types), ids=len(references))
    named = cells[sheet.places["METADATASET_NAME"]] if "METADATASET_NAME" in sheet.places else name
    partial = cells[sheet.places["IS_PARTIAL_LANGUAGE"]] if "IS_PARTIAL_LANGUAGE" in sheet.places else "0"
    document: dict[str, Any] = {
        "id": identifier,
        "agencyID": agency,
        "version": version or "1.0",
        "name": named or identifier,
        kind: _PREFIXES[kind] + usage,
        "targets": [
            join_target(each or "", (reference or "").partition(": ")[0])
            for each, reference in zip(types, references, strict=True)
        ],
    }
    return document | ({"isPartialLanguage": True} if partial.strip() in {"1", "true"} else {})


def _reference_parts(text: str) -> tuple[str, str, str, str]:
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise Malformed("ref-syntax", text=text[:100])
    return match[1], match[2], match[3] or "", match[4] or ""


def _reference(text: str) -> str:
    agency, identifier, version, _ = _reference_parts(text)
    return f"{agency}:{identifier}({version or '1.0'})"


def _read_own(cells: Sequence[str], sheet: _Sheet) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for position, (key, languages) in sheet.texts.items():
        if position < len(cells) and cells[position]:
            value = read_value(cells[position], sheet.separator, languages)
            found[key] = value if isinstance(value, dict) else {"en": value}
    for position, key in sheet.times.items():
        if position < len(cells) and cells[position]:
            found[key] = cells[position]
    return found


def _read_report(cells: Sequence[str], sheet: _Sheet) -> dict[str, Any]:
    report = Report()
    for position, column in sheet.columns.items():
        if cells[position]:
            report.read_cell(column, cells[position], sheet.separator)
    return {"attributes": report.attributes()}
