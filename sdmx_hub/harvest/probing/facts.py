"""What a probe finds out, and where it asks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sdmx_hub.formats.sniff import DATA_MESSAGES, Kind
from sdmx_hub.formats.table import FORMAT_BY_ID
from sdmx_hub.harvest.probing.prober import Told
from sdmx_hub.model.urn import Ref

DATA_FORMATS = {
    "csv-2.0": ("data-csv-2.0", Kind.CSV_V2),
    "csv-1.0": ("data-csv-1.0", Kind.CSV_V1),
    "specific-2.1": ("data-xml-2.1-specific", Kind.XML_V2_1_SPECIFIC),
    "generic-2.1": ("data-xml-2.1-generic", Kind.XML_V2_1_GENERIC),
    "xml-3.0": ("data-xml-3.0", Kind.XML_V3_0),
    "json-2.0": ("data-json-2.0", Kind.JSON_V2),
    "json-1.0": ("data-json-1.0", Kind.JSON_V1),
}
STRUCTURE_FORMATS = {"v1": ("xml-2.1", "json-2.0", "xml-3.0"), "v2": ("json-2.0", "xml-3.0", "xml-2.1")}
_OBSERVATION = re.compile(rb"<(?:\w+:)?Obs[\s/>]|\"[0-9]+(?::[0-9]+)*\"\s*:\s*\[")


def accept_of(format_name: str) -> str:
    """The Accept header of a data format."""
    return FORMAT_BY_ID[DATA_FORMATS[format_name][0]].content_type


def accept_structure(format_name: str) -> str:
    """The Accept header of a structure format."""
    return FORMAT_BY_ID[f"structure-{format_name}"].content_type


def is_data(told: Told | None) -> bool:
    """Tell whether an answer is a message of data the hub reads."""
    return told is not None and told.status == 200 and told.kind in DATA_MESSAGES


def is_structure(told: Told | None) -> bool:
    """Tell whether an answer is a message of structures."""
    return told is not None and told.status == 200 and told.kind in {Kind.XML_STRUCTURE, Kind.JSON_STRUCTURE}


def count_observations(told: Told) -> int:
    """Count the observations of a small message."""
    if told.kind in {Kind.CSV_V1, Kind.CSV_V2}:
        return max(len(told.body.splitlines()) - 1, 0)
    return len(_OBSERVATION.findall(told.body))


@dataclass(frozen=True, kw_only=True)
class Places:
    """The addresses of one dataflow by one edition of the API."""

    endpoint: str
    api: str
    ref: Ref
    dimensions: int = 0
    slash: str = ""

    def data(self, key: str | None, query: str = "", *, ref: Ref | None = None) -> str:
        """Where data are; ``key`` None leaves the key out."""
        one = ref or self.ref
        named = ",".join((one.agency_id, one.id, one.version))
        flow = named if self.api == "v1" else f"dataflow/{one.agency_id}/{one.id}/{one.version}"
        path = f"{self.endpoint}/data/{flow}" + (f"/{key}" if key else "") + self.slash
        return f"{path}?{query}" if query else path

    def structure(self, query: str = "", *, resource: str = "dataflow", ref: Ref | None = None) -> str:
        """Where structures are."""
        one = ref or self.ref
        between = "" if self.api == "v1" else "structure/"
        path = f"{self.endpoint}/{between}{resource}/{one.agency_id}/{one.id}/{one.version}{self.slash}"
        return f"{path}?{query}" if query else path

    @property
    def everything(self) -> str:
        """The key of everything."""
        return "all" if self.api == "v1" else "*"

    @property
    def dots(self) -> str:
        """A key of open parts."""
        return ".".join(("" if self.api == "v1" else "*",) * max(self.dimensions, 1))

    def key(self, code: str) -> str:
        """A key with one code, all other parts open."""
        return ".".join((code, *(("" if self.api == "v1" else "*",) * (max(self.dimensions, 1) - 1))))

    def since(self, period: str) -> str:
        """The parameter that asks for periods from ``period`` on."""
        return f"startPeriod={period}" if self.api == "v1" else f"c[TIME_PERIOD]=ge:{period}"


@dataclass(kw_only=True)
class Facts:
    """What was found out; None where it was not tried."""

    endpoint: str
    apis: tuple[str, ...] = ()
    api: str = ""
    ref: Ref | None = None
    flows: int = 0
    listed: tuple[Ref, ...] = ()
    dimension_ids: tuple[str, ...] = ()
    slash: bool = False
    structure_complete: bool | None = None
    structure_alone: bool | None = None
    references: dict[str, bool] = field(default_factory=dict)
    stubs: bool | None = None
    any_agency: bool | None = None
    latest: bool | None = None
    base_format: str = ""
    accepts: dict[str, bool] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    structure_formats: dict[str, bool] = field(default_factory=dict)
    keys: dict[str, bool] = field(default_factory=dict)
    encoded_comma: bool | None = None
    last_n: bool | None = None
    detail: bool | None = None
    period: bool | None = None
    updated_after: bool | None = None
    availability: str | None = None
    etag: bool | None = None
    gzip: bool | None = None
    range: bool | None = None
    languages: dict[str, bool] = field(default_factory=dict)
    nothing: set[str] = field(default_factory=set)
    unknown_status: int | None = None
    malformed_status: int | None = None
    refused_status: int | None = None
    error_styles: set[str] = field(default_factory=set)
    limited: bool = False
    too_large: bool = False
    typed: bool | None = None
    page_with_200: bool = False
