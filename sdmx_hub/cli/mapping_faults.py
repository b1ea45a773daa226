"""How commands tell the faults of a mapping that cannot be used, and findings in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from sdmx_hub.cli.context import FINDINGS, HubContext
from sdmx_hub.mapping.reading import BadMapping
from sdmx_hub.model.finding import Finding


@contextmanager
def usable(hub: HubContext) -> Iterator[None]:
    """The faults of a mapping that cannot be used are all told before the command ends, with exit code 3."""
    try:
        yield
    except BadMapping as error:
        for finding in error.findings:
            click.echo(finding_line(finding, hub.language), err=True)
        raise click.exceptions.Exit(FINDINGS) from error


def finding_line(finding: Finding, language: str) -> str:
    """Tell a finding in one line."""
    times = f" (×{finding.count})" if finding.count > 1 else ""
    hint = f" → {finding.suggestion}" if finding.suggestion else ""
    return f"{finding.severity} {finding.code} {finding.where}: {finding.text(language)}{times}{hint}"
