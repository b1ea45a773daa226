"""Structure-specific SDMX-ML to Arrow files, the fast way: two passes of a streaming parser. Runs in the sandbox.

The parser only sees attributes it is told of. So every attribute in the file is counted too, and when the numbers
differ by one, or the file holds anything but plain elements and attributes, the answer is None and the reference reader
(``read_xml_expat``) reads the file instead.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from xml2arrow import XmlToArrowParser
from xml2arrow.exceptions import Xml2ArrowError

from sdmx_hub.formats.read_spool import Spool
from sdmx_hub.model.rows import number_array

BATCH = 65_536
BLOCK = 4 << 20
SAMPLE = 1 << 18
_NAMES = re.compile(rb"""\s([A-Za-z_][A-Za-z0-9_@$.-]*)\s*=\s*["']""")
_DATASET = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?DataSet[\s>/]")
_HARD = re.compile(rb"<(?:!|\?|(?:[A-Za-z_][\w.-]*:)?(?:Comp|Group|Atts)[\s>])")
"""What only the reference reader understands. Looked for in the first block; later, the count of attributes tells."""
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([^"']+)["']""")


@dataclass(frozen=True)
class _Shape:
    """What a look at the bytes tells: how many attributes the data set has, if any is empty, its layout."""

    attributes: int
    has_empty: bool
    has_series: bool
    names: frozenset[str]


def extract(path: str, component_ids: list[str], folder: str) -> dict[str, Any] | None:
    """Write ``series.arrow`` and ``obs.arrow`` into ``folder``; None when the file is not of the plain kind."""
    shape = _look(Path(path))
    if shape is None:
        return None
    sampled = [name for name in component_ids if name in shape.names]
    for names in (sampled, component_ids):
        counts = _extract(path, names, shape, folder)
        if counts is None:
            return None
        if counts.pop("attributes") == shape.attributes:
            return counts
    return None


def _look(path: Path) -> _Shape | None:
    """Walk the bytes once. None when something in them is beyond the fast reader."""
    counted, has_empty, has_series, names = 0, False, False, frozenset[str]()
    head = last = b""
    for position, block in enumerate(_blocks(path)):
        last = block
        if position == 0:
            start = _DATASET.search(block)
            if start is None or not _is_utf8(block):
                return None
            close = block.find(b">", start.end() - 1) + 1
            head, last = block[:close], block[close:]
            names = frozenset(name.decode() for name in _NAMES.findall(last[:SAMPLE]))
            has_series = b"Series" in last
            if _HARD.search(last):
                return None
        counted += last.count(b'="') + last.count(b"='")
        has_empty = has_empty or b'=""' in last or b"=''" in last
    root = re.search(rb"<((?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*)[\s>]", head)
    if root is None or not last.rstrip().endswith(b"</" + root[1] + b">"):
        return None
    return _Shape(counted, has_empty, has_series, names)


def _is_utf8(block: bytes) -> bool:
    declared = _ENCODING.match(block.removeprefix(codecs.BOM_UTF8))
    return declared is None or declared[1].lower() in {b"utf-8", b"utf8", b"us-ascii"}


def _blocks(path: Path) -> Iterator[bytes]:
    """Blocks that end between elements, so that no mark is cut in two."""
    rest = b""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            block = rest + block
            cut = block.rfind(b"<")
            rest, block = (block[cut:], block[:cut]) if cut > 0 else (b"", block)
            if block:
                yield block
    yield rest


def _extract(path: str, names: list[str], shape: _Shape, folder: str) -> dict[str, Any] | None:
    root = "/" + _root_name(path)
    data = f"{root}/DataSet"
    outer = {"name": "outer", "xml_path": root, "levels": ["DataSet"], "fields": []}
    series = {"name": "series", "xml_path": data, "levels": ["DataSet", "Series"]}
    nested = {"name": "obs", "xml_path": f"{data}/Series", "levels": ["DataSet", "Series", "Obs"]}
    flat = {"name": "obs", "xml_path": data, "levels": ["DataSet", "Obs"], "fields": _fields(f"{data}/Obs", names)}
    passes: list[list[dict[str, Any]]] = [[outer, flat]]
    if shape.has_series:
        passes = [
            [outer, series | {"fields": _fields(f"{data}/Series", names)}],
            [outer, series | {"fields": []}, nested | {"fields": _fields(f"{data}/Series/Obs", names)}],
        ]
    counts: dict[str, Any] = {"attributes": 0, "obs": 0, "series": 0, "groups": 0, "has_empty": shape.has_empty}
    try:
        for position, tables in enumerate(passes):
            kind = "series" if shape.has_series and position == 0 else "obs"
            with Spool(Path(folder), kind, names) as spool:
                for batch in _run(path, tables, folder):
                    counts["attributes"] += sum(batch.num_rows - batch.column(name).null_count for name in names)
                    spool.write(_complete(batch, names, counts[kind], kind))
                    counts[kind] += batch.num_rows
    except (Xml2ArrowError, TypeError, RuntimeError):  # broken text: the reference reader says where
        return None
    return counts


def _root_name(path: str) -> str:
    with Path(path).open("rb") as stream:
        found = re.search(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s>]", stream.read(1 << 16))
    return found[1].decode() if found else ""


def _fields(parent: str, names: list[str]) -> list[dict[str, Any]]:
    return [{"name": name, "xml_path": f"{parent}/@{name}", "data_type": "Utf8", "nullable": True} for name in names]


def _run(path: str, tables: list[dict[str, Any]], folder: str) -> Iterator[pa.RecordBatch]:
    settings = Path(folder) / "parser.yaml"
    settings.write_text(json.dumps({"parser_options": {"trim_text": False}, "tables": tables}), encoding="utf-8")
    parser = XmlToArrowParser(settings)
    for _, batch in parser.parse_batches(path, max_rows_per_batch=BATCH):
        yield batch


def _complete(batch: pa.RecordBatch, names: list[str], before: int, kind: str) -> list[pa.Array]:
    """Put the numbers in front: data set, series, row. Series count through the whole message."""
    numbers = number_array(np.arange(before + 1, before + 1 + batch.num_rows, dtype=np.int64))
    nothing = pa.nulls(batch.num_rows, pa.int64())
    dataset = batch.column("<DataSet>").cast(pa.int64())
    if kind == "series":
        series, row = batch.column("<Series>").cast(pa.int64()), nothing
    else:
        has_series = "<Series>" in batch.schema.names
        series, row = batch.column("<Series>").cast(pa.int64()) if has_series else nothing, numbers
    return [dataset, series, row, *(batch.column(name) for name in names)]
