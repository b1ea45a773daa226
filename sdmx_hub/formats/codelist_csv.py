"""Codelists as spreadsheets: one CSV file a list, and one index of a maintainer's lists.

A list has the columns ``id``, ``parent``, ``name.<language>``, and where wanted ``description.<language>``,
``annotation.<TYPE>``, ``valid_from``, ``valid_to``. The index has ``id``, ``version``, ``name.<language>``,
``description.<language>``, ``extends`` (``AGENCY:ID(VERSION)``, several divided by blanks: their codes are inherited)
and ``source``. UTF-8, RFC 4180.

In the artefact an annotation column becomes an annotation of that type whose *title* is the cell (the title is the one
part every edition of SDMX carries); ``valid_from`` and ``valid_to`` become annotations VALID_FROM and VALID_TO, because
codes have no validity of their own in SDMX; ``source`` becomes an English annotation of type SOURCE.

What this format cannot carry: partial inheritance (prefix, selections), annotations with more than a type and a title.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.language import LANGUAGES
from sdmx_hub.model.artefact import Artefact, Document, texts
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn, parse_ref

CODELIST = CLASS_BY_NAME["Codelist"]
_TEXTS = ("name", "description")
_VALIDITY = {"valid_from": "VALID_FROM", "valid_to": "VALID_TO"}


@dataclass(frozen=True)
class CodelistHeading:
    """What the index says of a list."""

    ref: Ref
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    extends: tuple[Ref, ...] = ()
    source: str = ""


def read_index(data: bytes, agency_id: str) -> tuple[CodelistHeading, ...]:
    """Read the index of an agency's lists. Raises Malformed, and BadRequest for a malformed reference."""
    rows = _read_rows(data, required=("id", "version"))
    return tuple(
        CodelistHeading(
            ref=Ref(agency_id, row["id"], row["version"]),
            names=_texts(row, "name"),
            descriptions=_texts(row, "description"),
            extends=tuple(parse_ref(text) for text in row.get("extends", "").split()),
            source=row.get("source", ""),
        )
        for row in rows
    )


def read(data: bytes, heading: CodelistHeading) -> Artefact:
    """Read one list as the codelist its index entry describes. Raises Malformed."""
    document: dict[str, Any] = {
        "id": heading.ref.id,
        "agencyID": heading.ref.agency_id,
        "version": heading.ref.version,
        "names": heading.names,
        "descriptions": heading.descriptions,
        "codes": [_code(row) for row in _read_rows(data, required=("id",))],
        "codelistExtensions": [{"codelist": str(Urn(CODELIST.name, ref))} for ref in heading.extends],
    }
    if heading.source:
        document["annotations"] = [{"type": "SOURCE", "text": heading.source}]
    return make_artefact(CODELIST, document)


def write(codelist: Artefact) -> bytes:
    """Write the codes of a list as one CSV file, every language and annotation type met in its own column."""
    codes = codelist.items
    languages = [*LANGUAGES, *sorted(_languages(codes) - set(LANGUAGES))]
    kinds = list(
        dict.fromkeys(item["type"] for code in codes for item in code.get("annotations", ()) if "type" in item)
    )
    validity = {kind: column for column, kind in _VALIDITY.items() if kind in kinds}
    header = ["id", "parent", *(f"name.{language}" for language in languages)]
    if any("descriptions" in code for code in codes):
        header += [f"description.{language}" for language in languages]
    header += [f"annotation.{kind}" for kind in kinds if kind not in validity]
    header += [column for kind, column in validity.items()]
    return _write_rows(header, (_row(code) for code in codes))


def _read_rows(data: bytes, *, required: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        _check_header(header, required)
        return [_cells(header, cells, reader.line_num) for cells in reader if any(cells)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise Malformed("structures-csv", why=str(error)) from error


def _check_header(header: list[str], required: tuple[str, ...]) -> None:
    missing = [column for column in required if column not in header]
    if missing:
        raise Malformed("structures-csv-header", missing=", ".join(missing))
    unknown = [column for column in header if not _is_known(column)]
    if unknown:
        raise Malformed("structures-csv-unknown", columns=", ".join(unknown))


def _is_known(column: str) -> bool:
    kind, dot, rest = column.partition(".")
    plain = {"id", "parent", "version", "extends", "source", *_VALIDITY}
    return (bool(rest) and kind in {"name", "description", "annotation"}) if dot else column in plain


def _cells(header: list[str], cells: list[str], line: int) -> dict[str, str]:
    if len(cells) != len(header):
        raise Malformed("structures-csv-cells", line=line, found=len(cells), wanted=len(header))
    return {column: cell.strip() for column, cell in zip(header, cells, strict=True)}


def _texts(row: Mapping[str, str], kind: str) -> dict[str, str]:
    prefix = f"{kind}."
    return {column.removeprefix(prefix): cell for column, cell in row.items() if column.startswith(prefix) and cell}


def _code(row: Mapping[str, str]) -> dict[str, Any]:
    annotations = {
        column.removeprefix("annotation."): row[column] for column in row if column.startswith("annotation.")
    }
    annotations |= {kind: row[column] for column, kind in _VALIDITY.items() if column in row}
    code: dict[str, Any] = {"id": row["id"], "names": _texts(row, "name"), "descriptions": _texts(row, "description")}
    if row.get("parent"):
        code["parent"] = row["parent"]
    code["annotations"] = [{"type": kind, "title": cell} for kind, cell in annotations.items() if cell]
    return code


def _row(code: Document) -> dict[str, str]:
    row = {"id": code["id"], "parent": code.get("parent", "")}
    for kind in _TEXTS:
        row |= {f"{kind}.{language}": text for language, text in texts(code, kind).items()}
    columns = {kind: column for column, kind in _VALIDITY.items()}
    for item in code.get("annotations", ()):
        kind = item.get("type", "")
        row[columns.get(kind, f"annotation.{kind}")] = item.get("title", "")
    return row


def _languages(codes: Iterable[Document]) -> set[str]:
    return {language for code in codes for kind in _TEXTS for language in texts(code, kind)}


def _write_rows(header: list[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
