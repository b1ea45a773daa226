"""Addresses of the same query in other formats, and lines of code that fetch it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from sdmx_hub.formats.table import FORMATS, Api, Format, Kind, formats_of
from sdmx_hub.model.urn import Ref

_SAFE = "[]:,+*~"
_SYNTAX_NAMES = {"xml": "SDMX-ML", "json": "SDMX-JSON", "csv": "SDMX-CSV"}
_TABLES = {"data-xlsx": "Excel", "data-csv-plain": "CSV", "data-parquet": "Parquet"}
"""Tables for people, by the names people know them by."""
_ORDER = ("xlsx", "csv", "parquet", "xml", "json")


@dataclass(frozen=True)
class Download:
    """One format of an answer."""

    label: str
    media_type: str
    url: str

    def as_json(self) -> dict[str, str]:
        """Shape it for pages and their JSON twins."""
        return {"label": self.label, "media_type": self.media_type, "url": self.url}


def list_downloads(kind: Kind, api: Api, url: str, language: str = "") -> list[dict[str, str]]:
    """List the formats ``url`` can be downloaded in, tables for people first, their labels in ``language``."""
    offered = [row for row in formats_of(kind, api) if row.syntax != "html"]
    ranked = sorted(offered, key=lambda row: -1 if row.id in _TABLES else _ORDER.index(row.syntax))
    downloads = [download for row in ranked for download in _of_format(row, url, language)]
    return [download.as_json() for download in downloads]


def plainest(found: list[dict[str, str]]) -> list[dict[str, str]]:
    """Keep the first download of each syntax, with its labelled variant."""
    kept: dict[str, dict[str, str]] = {}
    for one in found:
        kept.setdefault(one["label"].partition(" ")[0] + ("+" if "+ labels" in one["label"] else ""), one)
    return list(kept.values())


def _of_format(row: Format, url: str, language: str) -> Iterable[Download]:
    name = format_label(row)
    plain = with_format(url, row.id)
    labelled = f"{plain}&labels=both" + (f"&lang={language}" if language else "")
    if row.id in _TABLES:
        yield Download(name, row.content_type, labelled + ("&bom=yes" if "bom" in row.parameters else ""))
        return
    yield Download(name, row.content_type, plain)
    if "both" in row.parameters.get("labels", ()):
        yield Download(f"{name} + labels", f"{row.content_type};labels=both", labelled)


def format_label(row: Format) -> str:
    """Name a format for people: ``SDMX-ML 2.1 (specific)``."""
    if row.id in _TABLES:
        return _TABLES[row.id]
    detail = row.id.split("-", 3)[3] if row.id.count("-") > 2 else ""
    version = row.version.removesuffix(".0") if row.version.count(".") > 1 else row.version
    kind = "XSD" if row.id.startswith("schema") else _SYNTAX_NAMES[row.syntax]
    return f"{kind} {version}" + (f" ({detail.replace('-', ' ')})" if detail else "")


def with_format(url: str, format_id: str) -> str:
    """Add ``format=`` to an address."""
    return f"{url}{'&' if '?' in url else '?'}format={format_id}"


def data_path(ref: Ref, filters: Mapping[str, str] | None = None) -> str:
    """The address of data by REST v2: ``/sdmx/v2/data/dataflow/…`` with its ``c[…]`` filters."""
    path = f"/sdmx/v2/data/dataflow/{ref.agency_id}/{ref.id}/{ref.version}"
    if not filters:
        return path
    query = urlencode({f"c[{name}]": value for name, value in filters.items()}, safe=_SAFE, quote_via=quote)
    return f"{path}?{query}"


def structure_path(ref: Ref) -> str:
    """The address of a dataflow with everything its data need, by REST v2."""
    place = f"{ref.agency_id}/{ref.id}/{ref.version}"
    return f"/sdmx/v2/structure/dataflow/{place}?references=descendants&detail=referencepartial"


def data_snippets(url: str) -> list[dict[str, str]]:
    """Lines that read ``url`` from a shell, Python, R and a spreadsheet."""
    csv = with_format(url, "csvfilewithlabels")
    return [
        {"name": "URL", "text": url},
        {"name": "curl", "text": f"curl -o data.csv '{with_format(url, 'csv')}'"},
        {"name": "Python (pandas)", "text": f'import pandas as pd\ndata = pd.read_csv("{with_format(url, "csv")}")'},
        {"name": "R", "text": f'data <- read.csv("{csv}")'},
        {"name": "Excel (Power Query)", "text": f'= Csv.Document(Web.Contents("{csv}"), [Encoding=65001])'},
    ]


def client_snippets(base: str, agency_id: str, name: str) -> list[dict[str, str]]:
    """Lines that make this hub known to the SDMX libraries in use."""
    sdmx1 = (
        "import sdmx\n"
        f'sdmx.add_source({{"id": "{agency_id}", "name": "{name}", "url": "{base}/sdmx/v1"}})\n'
        f'sdmx.Client("{agency_id}").dataflow()'
    )
    pysdmx = f'from pysdmx.api.fmr import RegistryClient\nclient = RegistryClient("{base}/sdmx/v2")'
    rsdmx = (
        "library(rsdmx)\n"
        f'url <- "{base}/sdmx/v1"\n'
        "builder <- SDMXREST21RequestBuilder(regUrl = url, repoUrl = url, compliant = TRUE)\n"
        f'addSDMXServiceProvider(SDMXServiceProvider(agencyId = "{agency_id}", name = "{name}", builder = builder))'
    )
    opensdmx = (
        f'{{"{agency_id.lower()}": {{"name": "{name}", "base_url": "{base}/sdmx/v1", "agency_id": "{agency_id}",\n'
        '  "constraint_endpoint": "availableconstraint", "language": "en"}}'
    )
    return [
        {"name": "Python (sdmx1)", "text": sdmx1},
        {"name": "Python (pysdmx)", "text": pysdmx},
        {"name": "R (rsdmx)", "text": rsdmx},
        {"name": "opensdmx (portals.json)", "text": opensdmx},
    ]


def known_formats(kind: Kind) -> list[Format]:
    """The formats of one kind of answer, in the order of the table."""
    return [row for row in FORMATS if kind in row.kinds and row.syntax != "html"]
