"""What a page of a dataflow shows: the choices in its address, as a query of the API and as an address of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.publish.derived import Derivation
from sdmx_hub.query.request import TIME, ComponentFilter, Condition, DataQuery, Operator

LARGEST_PAGE = 100_000
_MOST_CODES = 2_000


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The codes ticked per dimension, the first and last period, what to derive, the page of the table (from 1)."""

    codes: Mapping[str, tuple[str, ...]]
    start: str = ""
    end: str = ""
    page: int = 1
    derive: tuple[Derivation, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether everything is shown."""
        return not (self.codes or self.start or self.end)

    def filters(self) -> dict[str, str]:
        """The selection as filters of REST v2: component id → value of ``c[…]``."""
        filters = {component_id: ",".join(codes) for component_id, codes in self.codes.items()}
        bounds = [f"ge:{self.start}"] if self.start else []
        bounds += [f"le:{self.end}"] if self.end else []
        return filters | ({TIME: "+".join(bounds)} if bounds else {})

    def query(self, ref: Ref) -> DataQuery:
        """The selection as a query."""
        filters = [
            ComponentFilter.of(component_id, tuple((Condition(Operator.EQUAL, code),) for code in codes))
            for component_id, codes in self.codes.items()
        ]
        bounds = [Condition(Operator.GREATER_OR_EQUAL, self.start)] if self.start else []
        bounds += [Condition(Operator.LESS_OR_EQUAL, self.end)] if self.end else []
        if bounds:
            filters.append(ComponentFilter.of(TIME, (tuple(bounds),)))
        return DataQuery(
            agency_ids=(ref.agency_id,),
            resource_ids=(ref.id,),
            versions=(ref.version,),
            filters=tuple(filters),
        )


def read_selection(arguments: MultiDict[str, str], structure: DataStructure, periods: tuple[str, ...]) -> Selection:
    """Read the choices of an address; what names no dimension or period of the dataflow is passed over."""
    codes = {}
    for dimension_id in structure.dimension_ids:
        sent = [code for value in arguments.getlist(f"c[{dimension_id}]") for code in value.split(",") if code]
        if sent:
            codes[dimension_id] = tuple(dict.fromkeys(sent[:_MOST_CODES]))
    start, end = arguments.get("start", ""), arguments.get("end", "")
    return Selection(
        codes=codes,
        start=start if start in periods else "",
        end=end if end in periods else "",
        page=_page(arguments.get("page", "1")),
        derive=read_derivations(arguments.getlist("derive")),
    )


def read_derivations(sent: Iterable[str]) -> tuple[Derivation, ...]:
    """Read what is to be derived, named one by one or with commas; what is no derivation is passed over."""
    named = {word.strip() for text in sent for word in text.split(",")}
    return tuple(one for one in Derivation if one in named)


def _page(text: str) -> int:
    return min(max(int(text), 1), LARGEST_PAGE) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
