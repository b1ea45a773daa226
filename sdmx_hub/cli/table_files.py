"""What commands about tables read: the files typed, those the mapping names, or the rows of a database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, tell
from sdmx_hub.cli.mapping_faults import usable
from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.language import sentence
from sdmx_hub.mapping.file_pattern import FilePattern, parse_pattern
from sdmx_hub.mapping.reading import BadMapping, read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.mapping.table_sql import write_query

PERIOD = "period"
"""The name of a value of a query that is also ``$period``."""
_MAGIC = frozenset("*?[")


def files_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The files of a table, several or none, and the values of a query."""
    command = click.option(
        "--param", "params", multiple=True, metavar="NAME=VALUE", help="Value of a name in the query of the mapping."
    )(command)
    return click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))(command)


@contextmanager
def table_files(
    hub: HubContext, typed: Sequence[Path], mapping_file: Path | None, params: Sequence[str]
) -> Iterator[tuple[TableFile, ...]]:
    """Find what a command is to read; rows of a database are brought for as long as the context lasts.

    ``typed`` are files, folders and patterns of names. Raises NotFound, BadRequest, and what ``write_query`` raises.
    """
    mapping = _mapping(hub, mapping_file, is_needed=not typed)
    if mapping is not None and mapping.source.format == "sql":
        if typed:
            raise BadRequest("sql-no-file")
        with _brought(hub, mapping, _values(params)) as file:
            yield (file,)
        return
    if params:
        raise BadRequest("sql-only-params")
    files = tuple(_named(mapping)) if mapping and not typed else tuple(_typed(typed, mapping))
    if len(files) > 1 and mapping_file is None:
        raise BadRequest("files-one")
    yield files


def shown_name(files: Sequence[TableFile]) -> str:
    """What reports call the files."""
    first = files[0].shown
    return first if len(files) == 1 else f"{first} … {files[-1].shown} ({len(files)})"


def _mapping(hub: HubContext, mapping_file: Path | None, *, is_needed: bool) -> TableMapping | None:
    """Read the mapping; one that cannot be used is for the report to tell, unless it has to say where the table is."""
    if mapping_file is None:
        if is_needed:
            raise BadRequest("files-missing")
        return None
    if is_needed:
        with usable(hub):
            return read_mapping(mapping_file)
    try:
        return read_mapping(mapping_file)
    except (BadMapping, OSError):
        return None


def _values(params: Sequence[str]) -> dict[str, str]:
    values = {}
    for text in params:
        name, is_given, value = text.partition("=")
        if not is_given or not name:
            raise BadRequest("sql-param", text=text)
        values[name] = value
    return values


@contextmanager
def _brought(hub: HubContext, mapping: TableMapping, values: dict[str, str]) -> Iterator[TableFile]:
    name = f"{mapping.id} {mapping.source.url_env}"
    tell(sentence("sql-asking", hub.language, variable=mapping.source.url_env))
    with tempfile.TemporaryDirectory(prefix="sdmx-hub-sql-") as folder:
        target = Path(folder) / "rows.arrows"
        write_query(mapping.source, values, os.environ, target)
        yield TableFile(path=target, name=name, period=values.get(PERIOD, ""), is_brought=True)


def _named(mapping: TableMapping) -> Iterator[TableFile]:
    """The files the mapping itself names."""
    pattern = _pattern(mapping)
    if pattern is None:
        raise BadRequest("files-missing")
    found = [TableFile(path=path, period=period) for path, period in pattern.files(mapping.folder or Path())]
    if not found:
        raise NotFound("files-none", pattern=pattern.text)
    yield from found


def _pattern(mapping: TableMapping | None) -> FilePattern | None:
    return parse_pattern(mapping.source.files) if mapping and mapping.source.files else None


def _typed(typed: Sequence[Path], mapping: TableMapping | None) -> Iterator[TableFile]:
    """The files typed, those of folders in the order of their names; each with the period its name tells."""
    pattern = _pattern(mapping)
    for path in typed:
        if path.is_dir():
            found = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
            found = [one for one in found if pattern.period(one)] if pattern else found
        elif not path.exists() and _MAGIC & set(path.name):
            found = sorted(one for one in path.parent.glob(path.name) if one.is_file())
        elif path.exists() or mapping is None:  # what there is no message of, its guard tells
            found = [path]
        else:
            raise NotFound("guard-missing", path=path)
        if not found:
            raise NotFound("files-none", pattern=path)
        yield from (TableFile(path=one, period=pattern.period(one) if pattern else "") for one in found)
