"""Files of SPSS and Stata, taken apart in a limited child process: values, or their labels, become a file of texts.

The library that reads them comes with the extra ``stat`` and is imported where it is used, in the child.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from sdmx_hub.errors import ConfigurationError, Malformed, TooLarge
from sdmx_hub.mapping.table_arrow import write_texts
from sdmx_hub.mapping.workbook import as_text

LIBRARY = "pyreadstat"
MOST_COLUMNS = 10_000
_BATCH = 20_000
_READERS = {"sav": "read_sav", "dta": "read_dta"}


def require_library() -> None:
    """Raises ConfigurationError, saying what to install, where the library is not here."""
    if importlib.util.find_spec(LIBRARY) is None:
        raise ConfigurationError("stat-missing")


def extract_statistics(order: Mapping[str, Any]) -> int:
    """Write all cases of ``path`` to ``target`` and count them. Runs in the child process. Raises Malformed, TooLarge.

    ``order`` says also what ``kind`` of file it is, its ``encoding`` where it does not say so itself, the ``decimal``
    sign to write, and whether cells are ``labels``.
    """
    library, reader = _library(order["kind"])
    meta = _metadata(library, reader, order["path"], order["encoding"])
    names = list(meta.column_names)
    if len(names) > MOST_COLUMNS:
        raise TooLarge("stat-wide", columns=len(names), most=MOST_COLUMNS)
    labels = meta.variable_value_labels if order["labels"] else {}
    parts = library.read_file_in_chunks(
        reader,
        order["path"],
        chunksize=_BATCH,
        output_format="dict",
        encoding=order["encoding"],
        user_missing=True,
    )
    try:
        return write_texts(Path(order["target"]), names, _batches(parts, names, labels, order["decimal"]))
    except library.ReadstatError as error:
        raise Malformed("stat-unreadable", why=str(error)[:200]) from error


def read_labels(path: str, kind: str, encoding: str | None) -> dict[str, dict[str, Any]]:
    """Read what a file says of its columns: by name, its ``label`` and the labels of its ``values``. Runs in the child.

    Raises Malformed.
    """
    library, reader = _library(kind)
    meta = _metadata(library, reader, path, encoding)
    told = zip(meta.column_names, meta.column_labels, strict=True)
    return {
        name: {
            "label": label or "",
            "values": {as_text(value, "."): text for value, text in meta.variable_value_labels.get(name, {}).items()},
        }
        for name, label in told
    }


def _library(kind: str) -> tuple[Any, Any]:
    library = importlib.import_module(LIBRARY)
    return library, getattr(library, _READERS[kind])


def _metadata(library: Any, reader: Any, path: str, encoding: str | None) -> Any:
    try:
        return reader(path, metadataonly=True, encoding=encoding)[1]
    except library.ReadstatError as error:
        raise Malformed("stat-unreadable", why=str(error)[:200]) from error


def _batches(parts: Iterable[Any], names: Sequence[str], labels: Any, decimal: str) -> Iterator[list[pa.Array]]:
    for part, _ in parts:
        yield [pa.array(_texts(part[name], labels.get(name, {}), decimal), pa.string()) for name in names]


def _texts(cells: Sequence[Any], labels: dict[Any, str], decimal: str) -> list[str]:
    """A value without a label stays what it is; so does one declared missing, which its label explains."""
    return ["" if cell is None or cell != cell else labels.get(cell) or as_text(cell, decimal) for cell in cells]  # noqa: PLR0124 - NaN
