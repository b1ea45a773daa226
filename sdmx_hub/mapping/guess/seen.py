"""What was seen in a file, gathered: the value the draft is composed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.extent import Extent
from sdmx_hub.mapping.guess.layout import Layout
from sdmx_hub.mapping.guess.roles import Role
from sdmx_hub.mapping.guess.sample import Sample
from sdmx_hub.mapping.guess.signs import Signs
from sdmx_hub.mapping.table import Table


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was seen in a file: the sample, where its table is, its columns and rows, what they say."""

    sample: Sample
    extent: Extent
    table: Table
    columns: Sequence[TableColumn]
    rows: Sequence[Sequence[str]] = field(repr=False)
    roles: Mapping[str, Role]
    layout: Layout
    signs: Signs
