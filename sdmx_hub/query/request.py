"""What a request asks for, as values: the same value whichever URL family it came by."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field

from sdmx_hub.model.classes import ArtefactClass

ANY = "*"
"""The pattern that matches every agency, id or version."""
LATEST = "~"
"""The version pattern ``latest`` of REST v1, as REST v2 writes it."""
TIME = "TIME_PERIOD"
"""What a filter on time is called until a plan knows the structure."""
ALL_DIMENSIONS = "AllDimensions"

KeyPattern = tuple[frozenset[str] | None, ...]
"""Per dimension the codes wanted, None for all; trailing dimensions may be left out."""


class Context(enum.StrEnum):
    """What the agency, id and version of a data query name."""

    DATAFLOW = "dataflow"
    DATASTRUCTURE = "datastructure"
    METADATAFLOW = "metadataflow"
    METADATASTRUCTURE = "metadatastructure"
    PROVISION_AGREEMENT = "provisionagreement"
    METADATA_PROVISION_AGREEMENT = "metadataprovisionagreement"
    ANY = "*"


class Operator(enum.StrEnum):
    """The operators of component filters (REST v2.2, data queries)."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    LESS = "lt"
    LESS_OR_EQUAL = "le"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    CONTAINS = "co"
    NOT_CONTAINS = "nc"
    STARTS_WITH = "sw"
    ENDS_WITH = "ew"

    @property
    def compares(self) -> bool:
        """Tell whether values are compared by their kind, rather than looked into as text."""
        return self in _COMPARING


_COMPARING = frozenset(
    {
        Operator.EQUAL,
        Operator.NOT_EQUAL,
        Operator.LESS,
        Operator.LESS_OR_EQUAL,
        Operator.GREATER,
        Operator.GREATER_OR_EQUAL,
    }
)


@dataclass(frozen=True, order=True)
class Condition:
    """One comparison with one value."""

    operator: Operator
    value: str


AnyOf = tuple[tuple[Condition, ...], ...]
"""Alternatives, each a conjunction: ``A,B+C`` is A or (B and C)."""


def is_plain(all_of: tuple[Condition, ...]) -> bool:
    """Tell whether a conjunction is one value that must be equal."""
    return len(all_of) == 1 and all_of[0].operator is Operator.EQUAL


@dataclass(frozen=True, order=True)
class ComponentFilter:
    """What one component must satisfy: one of the alternatives, all conditions of it.

    ``any_of`` is kept sorted and without repetitions, so that equal questions are equal values.
    """

    component_id: str
    any_of: AnyOf

    @classmethod
    def of(cls, component_id: str, any_of: AnyOf) -> ComponentFilter:
        """Make a filter in its canonical order."""
        return cls(component_id, tuple(sorted({tuple(sorted(set(all_of))) for all_of in any_of})))


@dataclass(frozen=True)
class SortTerm:
    """Sort by a component; ``*`` (all dimensions) and ``series_key`` are resolved in the plan."""

    component_id: str
    descending: bool = False


@dataclass(frozen=True, kw_only=True)
class DataQuery:
    """A data query.

    ``agency_ids``, ``resource_ids`` and ``versions`` are patterns (``*`` for all; versions as in ``query.versions``).
    ``keys`` are alternatives, none meaning all. ``providers`` are (agency or ``*``, id), as only REST v1 asks.
    ``attributes`` holds ``dsd``, ``msd``, ``dataset``, ``series``, ``obs``, ``all``, ``none`` or attribute ids;
    ``measures`` ``all``, ``none`` or ids. The two instants are aware, in UTC.
    """

    context: Context = Context.DATAFLOW
    agency_ids: tuple[str, ...] = (ANY,)
    resource_ids: tuple[str, ...] = (ANY,)
    versions: tuple[str, ...] = (ANY,)
    keys: tuple[KeyPattern, ...] = ()
    providers: tuple[tuple[str, str], ...] = ()
    filters: tuple[ComponentFilter, ...] = ()
    updated_after: dt.datetime | None = None
    as_of: dt.datetime | None = None
    include_history: bool = False
    first_n: int | None = None
    last_n: int | None = None
    dimension_at_observation: str | None = None
    attributes: tuple[str, ...] = ("dsd",)
    measures: tuple[str, ...] = ("all",)
    reporting_year_start_day: str | None = None
    offset: int = 0
    limit: int | None = None
    sort: tuple[SortTerm, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Tell whether some attributes or measures are left out, so that a receiver must merge."""
        return self.attributes not in {("dsd",), ("all",)} or self.measures != ("all",)


class Detail(enum.StrEnum):
    """How much of each artefact a structure query wants."""

    FULL = "full"
    RAW = "raw"
    ALL_STUBS = "allstubs"
    ALL_COMPLETE_STUBS = "allcompletestubs"
    REFERENCE_STUBS = "referencestubs"
    REFERENCE_COMPLETE_STUBS = "referencecompletestubs"
    REFERENCE_PARTIAL = "referencepartial"


class References(enum.StrEnum):
    """Which neighbours of the matching artefacts come along, when they are not named by class."""

    NONE = "none"
    PARENTS = "parents"
    PARENTS_AND_SIBLINGS = "parentsandsiblings"
    ANCESTORS = "ancestors"
    CHILDREN = "children"
    DESCENDANTS = "descendants"
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class StructureQuery:
    """A structure query.

    ``roles`` narrows constraints (``Allowed``, ``Actual``, ``Attachment``), as REST v1's resources do, and
    ``reference_roles`` those among the neighbours named by class; empty for no narrowing.
    ``item_ids`` empty for all items; nested ids are dotted. ``references`` are directions and ``reference_classes``
    the classes named one by one.
    """

    artefact_classes: tuple[ArtefactClass, ...]
    agency_ids: tuple[str, ...] = (ANY,)
    ids: tuple[str, ...] = (ANY,)
    versions: tuple[str, ...] = (LATEST,)
    item_ids: tuple[str, ...] = ()
    detail: Detail = Detail.FULL
    references: frozenset[References] = frozenset({References.NONE})
    reference_classes: tuple[ArtefactClass, ...] = ()
    reference_roles: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    as_of: dt.datetime | None = None

    @property
    def is_exact(self) -> bool:
        """Tell whether one artefact is named, so that its absence is worth a refusal."""
        return all(ANY not in part and len(part) == 1 for part in (self.agency_ids, self.ids))


class Mode(enum.StrEnum):
    """What availability means: the values in the result, or those that could still be chosen."""

    EXACT = "exact"
    AVAILABLE = "available"


AVAILABILITY_REFERENCES = (
    "codelist",
    "valuelist",
    "datastructure",
    "conceptscheme",
    "dataflow",
    "dataproviderscheme",
)


@dataclass(frozen=True, kw_only=True)
class AvailabilityQuery:
    """An availability query: a data query and what to tell about its result.

    ``component_ids`` empty for all dimensions; ``references`` a subset of ``AVAILABILITY_REFERENCES``.
    """

    data: DataQuery
    component_ids: tuple[str, ...] = ()
    mode: Mode = Mode.EXACT
    references: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class SchemaQuery:
    """A schema query: the message schema of the data of one dataflow, structure or agreement."""

    context: Context
    agency_id: str
    resource_id: str
    version: str = LATEST
    dimension_at_observation: str | None = None
    explicit_measure: bool = False
    deletion: bool = False
    as_of: dt.datetime | None = field(default=None)
