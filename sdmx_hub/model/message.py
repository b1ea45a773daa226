"""What travels: structure messages and data messages, with their header. Data are rows, still to be drawn."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.structure import DataStructure


class Action(enum.StrEnum):
    """What to do with the observations of a dataset; the value is the code SDMX-CSV uses."""

    INFORMATION = "I"
    APPEND = "A"
    REPLACE = "R"
    DELETE = "D"
    MERGE = "M"


@dataclass(frozen=True, kw_only=True)
class Header:
    """Who sends what, when. ``prepared`` is aware, in UTC."""

    id: str
    prepared: dt.datetime
    sender_id: str
    test: bool = False
    sender_names: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""


@dataclass(frozen=True)
class StructureMessage:
    """Artefacts in the order they are to be written.

    Those ``beside`` are not part of the answer; some editions write what they say into an artefact that refers to them.
    """

    header: Header
    artefacts: tuple[Artefact, ...]
    beside: tuple[Artefact, ...] = ()


FindCodelist = Callable[[str], Codelist | None]
"""The codelist of a component, by component id; None for an uncoded one."""
FindNames = Callable[[str], Mapping[str, str]]
"""The names of a component's concept by language, by component id."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Rows of one dataflow (or structure) in one message.

    ``attribute_ids`` and ``measure_ids`` are what is to be written, in the order of the structure; both may be empty.
    ``agreement`` is the provision agreement the rows were asked by, if they were.
    ``dimension_at_observation`` is a dimension id or ``AllDimensions``.
    """

    dataflow: Artefact
    structure: DataStructure
    structure_artefact: Artefact
    rows: Rows
    action: Action
    dimension_at_observation: str
    measure_ids: tuple[str, ...]
    attribute_ids: tuple[str, ...]
    codelist: FindCodelist
    names: FindNames
    series_keys_only: bool = False
    valid_from: dt.datetime | None = None
    valid_to: dt.datetime | None = None
    agreement: Artefact | None = None


@dataclass(frozen=True, kw_only=True)
class DataMessage:
    """Datasets to be written one after the other; ``language`` is for single-language labels."""

    header: Header
    datasets: tuple[Dataset, ...]
    language: str = "en"
    languages: tuple[str, ...] = ("en", "fr", "es")
    base_url: str = ""
