"""Which series tell the same story from both ends of a corridor, and how well their definitions agree.

A rule names a side of the origin country (what it says of the destination) and a side of the destination country (what
it says of the origin). The list is §5.3 of the shared structures, with total migration beside migration for work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdmx_hub.model.urn import Ref, Urn

AGENCY, VERSION = "ILMH", "1.0+.0"
TOTALS = ("_T", "_Z")
"""What a dimension holds that plays no part."""
ANY = ("*",)
"""Every code is as good as another."""
_RANKED = {"SOURCE_TYPE": ANY, "UNIT_MEASURE": ("PS", "PMT", "CTR", "*")}


@dataclass(frozen=True, kw_only=True)
class Side:
    """One end of a pair. ``prefer`` ranks the codes that may stand for the whole, by dimension, best first.

    A dimension the other side does not have may hold only what is ranked (``TOTALS`` unless told). ``alias`` gives the
    code of a split dimension where another dimension says the same: a permit for seasonal work is of seasonal type.
    """

    dataflow: str
    indicator: str
    counterpart_type: str
    prefer: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alias: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)

    @property
    def urn(self) -> Urn:
        """The dataflow."""
        return Urn("Dataflow", Ref(AGENCY, self.dataflow, VERSION))

    def ranked(self, dimension_id: str) -> tuple[str, ...]:
        """The codes admitted in a dimension, best first; ``*`` admits all others."""
        return self.prefer.get(dimension_id, _RANKED.get(dimension_id, TOTALS))


@dataclass(frozen=True, kw_only=True)
class PairRule:
    """Two sides that should agree. ``causes`` (CL_DISC_CAUSE) are differences of definition known beforehand.

    ``split_by`` are dimensions of which each code is a pair of its own. ``dataflow_ref`` is what DF_Q_MIRROR calls the
    comparison; of several rules under one name the first that has values is published. ``better`` is the side that
    method MR1 takes.
    """

    id: str
    origin: Side
    destination: Side
    dataflow_ref: str
    causes: tuple[str, ...] = ()
    split_by: tuple[str, ...] = ()
    better: str = "destination"
    same_unit: bool = False


_SOURCES_OF_DEPARTURES = {"SOURCE_TYPE": ("CTR", "PES", "PRM", "BRD", "*")}
_SOURCES_OF_PERMITS = {"SOURCE_TYPE": ("PMT", "PRG", "*")}
_SOURCES_OF_STOCKS = {"SOURCE_TYPE": ("PRG", "CEN", "LFS", "HHS", "*")}
_SOURCES_ABROAD = {"SOURCE_TYPE": ("CNS", "PRG", "CEN", "*")}
_MIGRATION = {"SOURCE_TYPE": ("PRG", "BRD", "CEN", "*")}

RULES: tuple[PairRule, ...] = (
    PairRule(
        id="WORK_FLOW",
        origin=Side(dataflow="DF_FLOW_WORK", indicator="OUTFLOW_WORK", counterpart_type="CDS"),
        destination=Side(dataflow="DF_FLOW_WORK", indicator="INFLOW_WORK", counterpart_type="CPR"),
        dataflow_ref="DF_FLOW_WORK",
    ),
    PairRule(
        id="WORK_FLOW_CITIZENS",
        origin=Side(dataflow="DF_FLOW_WORK", indicator="OUTFLOW_WORK", counterpart_type="CDS"),
        destination=Side(dataflow="DF_FLOW_WORK", indicator="INFLOW_WORK", counterpart_type="CCT"),
        dataflow_ref="DF_FLOW_WORK",
        causes=("BASIS",),
    ),
    PairRule(
        id="MIGRATION",
        origin=Side(dataflow="DF_FLOW_POP", indicator="OUTFLOW_POP", counterpart_type="CDS", prefer=_MIGRATION),
        destination=Side(dataflow="DF_FLOW_POP", indicator="INFLOW_POP", counterpart_type="CPR", prefer=_MIGRATION),
        dataflow_ref="DF_FLOW_POP",
    ),
    PairRule(
        id="MIGRATION_CITIZENS",
        origin=Side(dataflow="DF_FLOW_POP", indicator="OUTFLOW_POP", counterpart_type="CDS", prefer=_MIGRATION),
        destination=Side(dataflow="DF_FLOW_POP", indicator="INFLOW_POP", counterpart_type="CCT", prefer=_MIGRATION),
        dataflow_ref="DF_FLOW_POP",
        causes=("BASIS",),
    ),
    PairRule(
        id="DEPLOYED_PERMITS",
        origin=Side(
            dataflow="DF_REC_CHAIN",
            indicator="DEPLOYED",
            counterpart_type="CTP",
            prefer=_SOURCES_OF_DEPARTURES,
        ),
        destination=Side(
            dataflow="DF_FLOW_PERMIT",
            indicator="PERMIT_FIRST",
            counterpart_type="CCT",
            prefer={**_SOURCES_OF_PERMITS, "MIG_REASON": ("WRK", "_T", "_Z", "WRK_SEA")},
            alias={"MIG_TYPE": ("MIG_REASON", "WRK_SEA", "SEAS")},
        ),
        dataflow_ref="DF_FLOW_PERMIT",
        causes=("UNIT", "TIME"),
        split_by=("MIG_TYPE",),
    ),
    PairRule(
        id="QUOTAS",
        origin=Side(dataflow="DF_REC_CHAIN", indicator="QUOTA", counterpart_type="CTP", prefer={"SOURCE_TYPE": ANY}),
        destination=Side(
            dataflow="DF_REC_CHAIN", indicator="QUOTA", counterpart_type="CTP", prefer={"SOURCE_TYPE": ANY}
        ),
        dataflow_ref="DF_REC_CHAIN",
        causes=("ERR",),
        split_by=("AGREEMENT", "MIG_TYPE"),
    ),
    PairRule(
        id="STOCK_CITIZENS",
        origin=Side(dataflow="DF_STOCK_ABROAD", indicator="NAT_ABROAD", counterpart_type="CRS", prefer=_SOURCES_ABROAD),
        destination=Side(dataflow="DF_STOCK_POP", indicator="POP", counterpart_type="CCT", prefer=_SOURCES_OF_STOCKS),
        dataflow_ref="DF_STOCK_ABROAD",
        causes=("COVER",),
    ),
    PairRule(
        id="STOCK_BORN",
        origin=Side(dataflow="DF_STOCK_ABROAD", indicator="NAT_ABROAD", counterpart_type="CRS", prefer=_SOURCES_ABROAD),
        destination=Side(dataflow="DF_STOCK_POP", indicator="POP", counterpart_type="CBR", prefer=_SOURCES_OF_STOCKS),
        dataflow_ref="DF_STOCK_ABROAD",
        causes=("BASIS", "COVER"),
    ),
    PairRule(
        id="RETURNS",
        origin=Side(dataflow="DF_RET_ARR", indicator="RET_ARR", counterpart_type="CPR", prefer={"SOURCE_TYPE": ANY}),
        destination=Side(dataflow="DF_FLOW_POP", indicator="OUTFLOW_POP", counterpart_type="CDS", prefer=_MIGRATION),
        dataflow_ref="DF_RET_ARR",
        causes=("COVER",),
        better="origin",
    ),
    PairRule(
        id="REMITTANCES",
        origin=Side(
            dataflow="DF_REM_VALUE", indicator="R1_REC", counterpart_type="CTP", prefer={"SOURCE_TYPE": ("BOP", "*")}
        ),
        destination=Side(
            dataflow="DF_REM_VALUE", indicator="R1_PAID", counterpart_type="CTP", prefer={"SOURCE_TYPE": ("BOP", "*")}
        ),
        dataflow_ref="DF_REM_VALUE",
        better="origin",
        same_unit=True,
    ),
)
"""In the order in which they are tried: under one ``dataflow_ref`` the better basis first."""
