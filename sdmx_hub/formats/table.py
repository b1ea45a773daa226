"""Every format a row of plain facts: media type, version, names for ``?format=``, parameters, and who prefers it.

Media types are those of the REST API v1.5 and v2.2 (documents of sdmx-rest, "Content negotiation"). Any format is
offered on both APIs; ``ranks`` only says which comes first when a request leaves the choice open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["data", "structure", "availability", "schema", "registry", "metadata"]
Api = Literal["v1", "v2"]
Syntax = Literal["xml", "json", "csv", "html", "xlsx", "parquet"]

SDMX = "application/vnd.sdmx."
GENERIC_TYPES: Mapping[Syntax, tuple[str, ...]] = {
    "xml": ("application/xml", "text/xml"),
    "json": ("application/json", "text/json"),
    "csv": ("text/csv", "application/csv"),
    "html": ("application/xhtml+xml",),
    "xlsx": (),
    "parquet": ("application/parquet", "application/x-parquet"),
}
"""Media types of everyday life that stand for any format of a syntax."""

_LABELS_V1 = ("id", "both")
_LABELS_V2 = ("id", "name", "both")
_TIMES = ("original", "normalized")
_KEYS = ("none", "obs", "series", "both")


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format in one version.

    ``parameters`` maps a media-type parameter to the values it may take, the default first. ``ranks`` orders formats
    per API: the lowest is what a request gets that does not choose. ``synonyms`` are further media types in use. One
    ``by_name`` shares its media type with others, and is had by ``?format=`` alone.
    """

    id: str
    kinds: frozenset[Kind]
    syntax: Syntax
    media_type: str
    version: str
    aliases: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranks: Mapping[Api, int]
    by_name: bool = False

    @property
    def content_type(self) -> str:
        """The media type with its version, exactly as the standard writes it."""
        return f"{self.media_type};version={self.version}" if self.version else self.media_type

    @property
    def short_id(self) -> str:
        """The id without its kind, as sources name what they ask for: ``csv-2.0``, ``generic-2.1``."""
        _, _, short = self.id.partition("-")
        version, _, shape = short.removeprefix("xml-").partition("-")
        return f"{shape}-{version}" if self.syntax == "xml" and shape else short or self.id

    def is_named(self, name: str) -> bool:
        """Tell whether a name means this format and no other, as its id and its short id do."""
        return name in {self.id, self.short_id}


ALIAS_PARAMETERS: Mapping[str, Mapping[str, str]] = {"csvfilewithlabels": {"labels": "both"}}
"""What a name for ``?format=`` says beside the format."""

_DATA: frozenset[Kind] = frozenset({"data"})
_STRUCTURE: frozenset[Kind] = frozenset({"structure", "availability", "schema"})
_SCHEMA: frozenset[Kind] = frozenset({"schema"})
_REGISTRY: frozenset[Kind] = frozenset({"registry"})
_METADATA: frozenset[Kind] = frozenset({"metadata"})
_ALL: frozenset[Kind] = _DATA | _STRUCTURE | _METADATA
_CSV_ALIASES = ("csv", "csvfile", "csvfilewithlabels", "csvdata", "sdmx-csv")

FORMATS: tuple[Format, ...] = (
    Format(
        id="data-xml-2.1-generic",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "genericdata+xml",
        version="2.1",
        aliases=("genericdata", "generic", "xml", "sdmx-ml", "sdmx-ml-2.1"),
        synonyms=(SDMX + "generic+xml",),
        ranks={"v1": 0, "v2": 2},
    ),
    Format(
        id="data-xml-2.1-specific",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "structurespecificdata+xml",
        version="2.1",
        aliases=("structurespecificdata", "structurespecific", "xml", "sdmx-ml", "compact"),
        ranks={"v1": 1, "v2": 1},
    ),
    Format(
        id="data-xml-2.1-generic-series",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "generictimeseriesdata+xml",
        version="2.1",
        aliases=("generictimeseriesdata",),
        ranks={"v1": 2, "v2": 4},
    ),
    Format(
        id="data-xml-2.1-specific-series",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "structurespecifictimeseriesdata+xml",
        version="2.1",
        aliases=("structurespecifictimeseriesdata",),
        ranks={"v1": 3, "v2": 3},
    ),
    Format(
        id="data-xml-3.0",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "data+xml",
        version="3.0.0",
        aliases=("xml", "sdmx-ml", "sdmx-ml-3.0", "xmldata"),
        synonyms=(SDMX + "structurespecificdata+xml",),
        ranks={"v1": 4, "v2": 0},
    ),
    Format(
        id="data-xml-3.1",
        kinds=_DATA,
        syntax="xml",
        media_type=SDMX + "data+xml",
        version="3.1.0",
        aliases=("sdmx-ml-3.1",),
        ranks={"v1": 5, "v2": 5},
    ),
    Format(
        id="data-json-1.0",
        kinds=_DATA,
        syntax="json",
        media_type=SDMX + "data+json",
        version="1.0.0",
        aliases=("json", "sdmx-json", "sdmx-json-1.0"),
        ranks={"v1": 10, "v2": 11},
    ),
    Format(
        id="data-json-2.0",
        kinds=_DATA,
        syntax="json",
        media_type=SDMX + "data+json",
        version="2.0.0",
        aliases=("json", "jsondata", "sdmx-json", "sdmx-json-2.0"),
        ranks={"v1": 11, "v2": 10},
    ),
    Format(
        id="data-json-2.1",
        kinds=_DATA,
        syntax="json",
        media_type=SDMX + "data+json",
        version="2.1.0",
        aliases=("json", "sdmx-json", "sdmx-json-2.1"),
        ranks={"v1": 12, "v2": 12},
    ),
    Format(
        id="data-csv-1.0",
        kinds=_DATA,
        syntax="csv",
        media_type=SDMX + "data+csv",
        version="1.0.0",
        aliases=(*_CSV_ALIASES, "sdmx-csv-1.0"),
        parameters={"labels": _LABELS_V1, "timeFormat": _TIMES},
        ranks={"v1": 20, "v2": 21},
    ),
    Format(
        id="data-csv-2.0",
        kinds=_DATA,
        syntax="csv",
        media_type=SDMX + "data+csv",
        version="2.0.0",
        aliases=(*_CSV_ALIASES, "sdmx-csv-2.0"),
        parameters={"labels": _LABELS_V2, "timeFormat": _TIMES, "keys": _KEYS},
        ranks={"v1": 21, "v2": 20},
    ),
    Format(
        id="data-csv-2.1",
        kinds=_DATA,
        syntax="csv",
        media_type=SDMX + "data+csv",
        version="2.1.0",
        aliases=(*_CSV_ALIASES, "sdmx-csv-2.1"),
        parameters={"labels": _LABELS_V2, "timeFormat": _TIMES, "keys": _KEYS},
        ranks={"v1": 22, "v2": 22},
    ),
    Format(
        id="data-csv-plain",
        kinds=_DATA,
        syntax="csv",
        media_type="text/csv",
        version="",
        aliases=("csv-plain", "table"),
        parameters={"labels": _LABELS_V2, "timeFormat": _TIMES, "bom": ("no", "yes")},
        ranks={"v1": 30, "v2": 30},
        by_name=True,
    ),
    Format(
        id="data-xlsx",
        kinds=_DATA,
        syntax="xlsx",
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        version="",
        aliases=("xlsx", "excel"),
        parameters={"labels": _LABELS_V2, "timeFormat": _TIMES},
        ranks={"v1": 31, "v2": 31},
    ),
    Format(
        id="data-parquet",
        kinds=_DATA,
        syntax="parquet",
        media_type="application/vnd.apache.parquet",
        version="",
        aliases=("parquet",),
        parameters={"labels": _LABELS_V2, "timeFormat": _TIMES},
        ranks={"v1": 32, "v2": 32},
    ),
    Format(
        id="schema-xml-2.1",
        kinds=_SCHEMA,
        syntax="xml",
        media_type=SDMX + "schema+xml",
        version="2.1",
        aliases=("xsd", "schema", "xml"),
        ranks={"v1": 0, "v2": 1},
    ),
    Format(
        id="schema-xml-3.0",
        kinds=_SCHEMA,
        syntax="xml",
        media_type=SDMX + "schema+xml",
        version="3.0.0",
        aliases=("xsd", "schema", "xml"),
        ranks={"v1": 1, "v2": 0},
    ),
    Format(
        id="schema-xml-3.1",
        kinds=_SCHEMA,
        syntax="xml",
        media_type=SDMX + "schema+xml",
        version="3.1.0",
        aliases=("xsd", "schema", "xml"),
        ranks={"v1": 2, "v2": 2},
    ),
    Format(
        id="schema-json-2.0",
        kinds=_SCHEMA,
        syntax="json",
        media_type=SDMX + "schema+json",
        version="2.0.0",
        aliases=("jsonschema", "json"),
        ranks={"v1": 4, "v2": 4},
    ),
    Format(
        id="schema-json-2.1",
        kinds=_SCHEMA,
        syntax="json",
        media_type=SDMX + "schema+json",
        version="2.1.0",
        aliases=("jsonschema", "json"),
        ranks={"v1": 3, "v2": 3},
    ),
    Format(
        id="structure-xml-2.1",
        kinds=_STRUCTURE,
        syntax="xml",
        media_type=SDMX + "structure+xml",
        version="2.1",
        aliases=("structure", "xml", "sdmx-ml", "sdmx-ml-2.1"),
        ranks={"v1": 10, "v2": 11},
    ),
    Format(
        id="structure-xml-3.0",
        kinds=_STRUCTURE,
        syntax="xml",
        media_type=SDMX + "structure+xml",
        version="3.0.0",
        aliases=("structure", "xml", "sdmx-ml", "sdmx-ml-3.0"),
        ranks={"v1": 11, "v2": 10},
    ),
    Format(
        id="structure-xml-3.1",
        kinds=_STRUCTURE,
        syntax="xml",
        media_type=SDMX + "structure+xml",
        version="3.1.0",
        aliases=("sdmx-ml-3.1",),
        ranks={"v1": 12, "v2": 12},
    ),
    Format(
        id="structure-json-2.0",
        kinds=_STRUCTURE,
        syntax="json",
        media_type=SDMX + "structure+json",
        version="2.0.0",
        aliases=("json", "sdmx-json", "sdmx-json-2.0"),
        ranks={"v1": 20, "v2": 20},
    ),
    Format(
        id="structure-json-2.1",
        kinds=_STRUCTURE,
        syntax="json",
        media_type=SDMX + "structure+json",
        version="2.1.0",
        aliases=("json", "sdmx-json", "sdmx-json-2.1"),
        ranks={"v1": 21, "v2": 21},
    ),
    Format(
        id="structure-json-1.0",
        kinds=_STRUCTURE,
        syntax="json",
        media_type=SDMX + "structure+json",
        version="1.0.0",
        aliases=("json", "sdmx-json", "sdmx-json-1.0"),
        ranks={"v1": 22, "v2": 22},
    ),
    Format(
        id="registry-xml-2.1",
        kinds=_REGISTRY,
        syntax="xml",
        media_type=SDMX + "registry+xml",
        version="2.1",
        aliases=("registry", "xml", "sdmx-ml", "sdmx-ml-2.1"),
        synonyms=(SDMX + "structure+xml",),
        ranks={"v1": 0, "v2": 2},
    ),
    Format(
        id="registry-xml-3.0",
        kinds=_REGISTRY,
        syntax="xml",
        media_type=SDMX + "registry+xml",
        version="3.0.0",
        aliases=("registry", "xml", "sdmx-ml", "sdmx-ml-3.0"),
        synonyms=(SDMX + "structure+xml",),
        ranks={"v1": 1, "v2": 1},
    ),
    Format(
        id="registry-xml-3.1",
        kinds=_REGISTRY,
        syntax="xml",
        media_type=SDMX + "registry+xml",
        version="3.1.0",
        aliases=("registry", "xml", "sdmx-ml", "sdmx-ml-3.1"),
        synonyms=(SDMX + "structure+xml",),
        ranks={"v1": 2, "v2": 0},
    ),
    Format(
        id="metadata-xml-2.1-generic",
        kinds=_METADATA,
        syntax="xml",
        media_type=SDMX + "genericmetadata+xml",
        version="2.1",
        aliases=("genericmetadata", "xml", "sdmx-ml", "sdmx-ml-2.1"),
        ranks={"v1": 0, "v2": 2},
    ),
    Format(
        id="metadata-xml-3.0",
        kinds=_METADATA,
        syntax="xml",
        media_type=SDMX + "metadata+xml",
        version="3.0.0",
        aliases=("xml", "sdmx-ml", "sdmx-ml-3.0"),
        ranks={"v1": 1, "v2": 0},
    ),
    Format(
        id="metadata-xml-3.1",
        kinds=_METADATA,
        syntax="xml",
        media_type=SDMX + "metadata+xml",
        version="3.1.0",
        aliases=("sdmx-ml-3.1",),
        ranks={"v1": 2, "v2": 1},
    ),
    Format(
        id="metadata-json-2.0",
        kinds=_METADATA,
        syntax="json",
        media_type=SDMX + "metadata+json",
        version="2.0.0",
        aliases=("json", "sdmx-json", "sdmx-json-2.0"),
        ranks={"v1": 10, "v2": 10},
    ),
    Format(
        id="metadata-json-2.1",
        kinds=_METADATA,
        syntax="json",
        media_type=SDMX + "metadata+json",
        version="2.1.0",
        aliases=("json", "sdmx-json", "sdmx-json-2.1"),
        ranks={"v1": 11, "v2": 11},
    ),
    Format(
        id="metadata-csv-2.0",
        kinds=_METADATA,
        syntax="csv",
        media_type=SDMX + "metadata+csv",
        version="2.0.0",
        aliases=(*_CSV_ALIASES, "sdmx-csv-2.0"),
        parameters={"labels": _LABELS_V2},
        ranks={"v1": 20, "v2": 20},
    ),
    Format(
        id="metadata-csv-2.1",
        kinds=_METADATA,
        syntax="csv",
        media_type=SDMX + "metadata+csv",
        version="2.1.0",
        aliases=(*_CSV_ALIASES, "sdmx-csv-2.1"),
        parameters={"labels": _LABELS_V2},
        ranks={"v1": 21, "v2": 21},
    ),
    Format(
        id="html",
        kinds=_ALL,
        syntax="html",
        media_type="text/html",
        version="",
        aliases=("html",),
        ranks={"v1": 99, "v2": 99},
    ),
)

FORMAT_BY_ID: Mapping[str, Format] = {row.id: row for row in FORMATS}


def formats_of(kind: Kind, api: Api) -> tuple[Format, ...]:
    """List what is offered for ``kind``, in the order ``api`` prefers."""
    return tuple(sorted((row for row in FORMATS if kind in row.kinds), key=lambda row: row.ranks[api]))
