"""The grid of a file of SPSS or Stata: the child process takes it apart, and its file of texts is read from there."""

from __future__ import annotations

from pathlib import Path

from sdmx_hub.errors import Malformed, TooLarge
from sdmx_hub.mapping.rules import SourceRule
from sdmx_hub.mapping.statistics_file import extract_statistics, require_library
from sdmx_hub.mapping.table import TableFile, bad_table
from sdmx_hub.mapping.table_arrow import ArrowGrid
from sdmx_hub.model.finding import Where
from sdmx_hub.sandbox import run_limited

_DEFAULT = SourceRule(line="", licence="", format="sav").encoding


def open_statistics(file: TableFile, source: SourceRule, folder: Path) -> ArrowGrid:
    """Open a file; ``folder`` takes its texts. Raises BadTable, and ConfigurationError where the extra is missing."""
    require_library()
    target = folder / "cases.arrows"
    encoding = None if source.encoding == _DEFAULT else source.encoding  # the file says its own, unless told
    order = {
        "path": str(file.path),
        "kind": source.format,
        "encoding": encoding,
        "labels": source.labels,
        "decimal": source.decimal or ".",
        "target": str(target),
    }
    try:
        run_limited(extract_statistics, order)
    except (Malformed, TooLarge) as error:
        raise bad_table(error.key, Where(file=file.shown), **error.params) from error
    return ArrowGrid(target, file.shown)
