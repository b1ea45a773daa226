"""How the commands under ``sdmx-hub map`` apply a mapping in memory, and tell the faults of one that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import duckdb

from sdmx_hub.cli.context import FINDINGS, HubContext
from sdmx_hub.mapping.apply import Mapped, apply_mapping
from sdmx_hub.mapping.reading import BadMapping, read_mapping
from sdmx_hub.mapping.rules import TableMapping
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn


@contextmanager
def usable(hub: HubContext) -> Iterator[None]:
    """The faults of a mapping that cannot be used are all told before the command ends, with exit code 3."""
    try:
        yield
    except BadMapping as error:
        for finding in error.findings:
            click.echo(finding_line(finding, hub.language), err=True)
        raise click.exceptions.Exit(FINDINGS) from error


@contextmanager
def applied(hub: HubContext, file: Path, mapping_file: Path) -> Iterator[tuple[TableMapping, DataStructure, Mapped]]:
    """Apply a mapping in memory."""
    with usable(hub):
        mapping = read_mapping(mapping_file)
    artefacts = hub.registry.snapshot()
    structure = artefacts.structure_of(Urn("Dataflow", mapping.dataflow))
    limits: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": hub.settings.memory_limit,
        "threads": hub.settings.engine_threads,
    }
    with duckdb.connect(config=limits) as connection:
        yield mapping, structure, apply_mapping(mapping, file, structure, artefacts, connection)


def finding_line(finding: Finding, language: str) -> str:
    """Tell a finding in one line."""
    times = f" (×{finding.count})" if finding.count > 1 else ""
    hint = f" → {finding.suggestion}" if finding.suggestion else ""
    return f"{finding.severity} {finding.code} {finding.where}: {finding.text(language)}{times}{hint}"
