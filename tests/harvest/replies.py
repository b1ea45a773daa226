"""Replies in the style of public services, made from what a small hub of our own serves.

The table says, service by service and by hand, which addresses one must ask; what stands in it is what the providers'
pages document, not what our code makes of a profile.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass, replace

from sdmx_hub.formats.table import FORMAT_BY_ID
from sdmx_hub.web.app import create_app
from tests.harvest.hubs import Hub
from tests.harvest.partner import Partner, Reply, Seen

DATA_FORMATS = {
    "generic-2.1": "data-xml-2.1-generic",
    "specific-2.1": "data-xml-2.1-specific",
    "csv-1.0": "data-csv-1.0",
    "csv-2.0": "data-csv-2.0",
    "json-2.0": "data-json-2.0",
}
STRUCTURE_FORMATS = ("xml-2.1", "xml-3.0", "json-2.0")


class Library:
    """What a hub serves of TEST:DF, in each format, asked for once."""

    def __init__(self, hub: Hub) -> None:
        self.client = create_app(
            database=hub.database,
            registry=hub.registry,
            observations=hub.observations,
            settings=hub.settings,
            now=hub.time.now,
        ).test_client()
        self._kept: dict[str, Reply] = {}

    def data(self, name: str) -> Reply:
        return self._get(f"/sdmx/v2/data/dataflow/TEST/DF/1.0.0/*?{name}", DATA_FORMATS[name])

    def structure(self, name: str, references: str = "descendants") -> Reply:
        path = f"/sdmx/v2/structure/dataflow/TEST/DF/1.0.0?references={references}&{name}"
        return self._get(path, f"structure-{name}")

    def _get(self, path: str, format_id: str) -> Reply:
        if path not in self._kept:
            answer = self.client.get(
                path.rpartition("&")[0] if "&" in path else path.partition("?")[0],
                headers={"Accept": FORMAT_BY_ID[format_id].content_type},
            )
            assert answer.status_code == 200, answer.text
            self._kept[path] = Reply(200, answer.data, {"Content-Type": answer.content_type})
        return self._kept[path]


@dataclass(frozen=True)
class Service:
    """One service: the addresses it must be asked, and the formats it answers in."""

    api: str
    data: str
    structure: str
    data_format: str
    structure_format: str = "xml-2.1"
    content_type: str | None = None

    def imitate(self, partner: Partner, library: Library) -> None:
        """Answer these two addresses, and nothing else."""
        answers = {
            f"/rest/{self.data}": library.data(self.data_format),
            f"/rest/{self.structure}": library.structure(self.structure_format),
        }
        if self.content_type is not None:
            headers = {"Content-Type": self.content_type} if self.content_type else {}
            answers = {path: replace(reply, headers=headers) for path, reply in answers.items()}

        def live(seen: Seen) -> Reply:
            return answers.get(seen.path, Reply(400, f"not asked like that: {seen.path}".encode()))

        partner.live = live


_V1 = "data/TEST,DF,1.0.0/all"
_V1_STRUCTURE = "dataflow/TEST/DF/1.0.0?references=descendants"
_V2 = "data/dataflow/TEST/DF/1.0.0/*"
_V2_STRUCTURE = "structure/dataflow/TEST/DF/1.0.0?references=descendants"
_ESTAT = Service(
    "v1",
    "data/DF?format=SDMX_2.1_STRUCTURED&compressed=false",
    "dataflow/TEST/DF?references=descendants",
    "specific-2.1",
)
_DOTSTAT = Service("v1", _V1, _V1_STRUCTURE, "csv-1.0")

SERVICES = {
    "STANDARD": Service("v1", _V1, _V1_STRUCTURE, "specific-2.1"),
    "DOTSTAT": _DOTSTAT,
    "DOTSTAT3": Service("v2", _V2, _V2_STRUCTURE, "csv-2.0", "xml-3.0"),
    "EUROSTAT": _ESTAT,
    "ESTAT3": Service(
        "v2",
        "data/dataflow/TEST/DF/1.0.0?format=csvdata&compress=false&formatVersion=2.0",
        _V2_STRUCTURE + "&compress=false",
        "csv-2.0",
        "xml-3.0",
    ),
    "COMEXT": _ESTAT,
    "ECB": Service("v1", _V1 + "?format=structurespecificdata", _V1_STRUCTURE, "specific-2.1"),
    "ILO": Service("v1", _V1, _V1_STRUCTURE, "specific-2.1"),
    "IMF": Service("v1", _V1, "dataflow/all/DF/1.0.0?references=descendants", "specific-2.1"),
    "IMF3": Service("v2", _V2, "structure/dataflow/*/DF/1.0.0?references=descendants", "json-2.0", "json-2.0"),
    "OECD": _DOTSTAT,
    "OECD3": Service("v2", _V2, _V2_STRUCTURE, "csv-2.0", "xml-3.0"),
    "SPC": _DOTSTAT,
    "UNSD": Service("v1", _V1, _V1_STRUCTURE, "specific-2.1"),
    "UNICEF": Service(
        "v1",
        _V1 + "?format=sdmx-2.1",
        _V1_STRUCTURE + "&format=sdmx-2.1",
        "specific-2.1",
        content_type="application/vnd.sdmx.data+csv",
    ),
    "FMR": Service("v1", _V1 + "?format=sdmx-2.1", _V1_STRUCTURE + "&format=sdmx-2.1", "specific-2.1", content_type=""),
    "FMR3": Service("v2", _V2, _V2_STRUCTURE, "csv-2.0", "json-2.0", content_type=""),
    "BIS": Service("v1", _V1, _V1_STRUCTURE, "specific-2.1"),
    "ISTAT": _DOTSTAT,
    "INSEE": Service("v1", "data/DF", "dataflow/TEST/DF?references=descendants", "specific-2.1"),
    "BUNDESBANK": Service("v1", "data/DF", "metadata/dataflow/TEST/DF?references=descendants", "specific-2.1"),
    "WB_WDI": Service(
        "v1", "data/DF/all/", "datastructure/TEST/DSD/?references=children", "specific-2.1", content_type="text/xml"
    ),
    "WITS": Service("v1", _V1 + "/", "dataflow/TEST/DF/1.0.0/?references=descendants", "specific-2.1"),
    "ABS": _DOTSTAT,
    "INEGI": Service("v1", _V1 + "/", "dataflow/TEST/DF/1.0.0/?references=descendants", "csv-1.0"),
    "NB": Service("v1", _V1, _V1_STRUCTURE, "generic-2.1"),
    "LSD": Service("v1", _V1, _V1_STRUCTURE, "specific-2.1", content_type="application/force-download"),
}


def soap(code: int, text: str, status: int = 400) -> Reply:
    """An error as Eurostat tells it."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring></S:Fault>"
    )
    return Reply(status, body.encode(), {"Content-Type": "text/xml"})


def announcement(*texts: str) -> Reply:
    """A message without data whose footer says where they will be."""
    message = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
    shown = "".join(f'<common:Text xml:lang="en">{text}</common:Text>' for text in texts)
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><message:GenericData xmlns:message="{message}/message" '
        f'xmlns:common="{message}/common" xmlns:footer="{message}/message/footer"><message:Header>'
        "<message:ID>1</message:ID><message:Test>false</message:Test></message:Header><footer:Footer>"
        f'<footer:Message code="413" severity="Information">{shown}</footer:Message></footer:Footer>'
        "</message:GenericData>"
    )
    return Reply(200, body.encode(), {"Content-Type": "application/vnd.sdmx.genericdata+xml;version=2.1"})


def footed(code: str, severity: str, text: str, *, rows: int = 0) -> str:
    """A message of data with so many observations, and a footer behind them (SDMX-ML 2.1, section 3A)."""
    message = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
    series = '<Series FREQ="A"><Obs TIME_PERIOD="2019" OBS_VALUE="1"/></Series>' * rows
    return (
        f'<?xml version="1.0"?><m:StructureSpecificData xmlns:m="{message}/message" xmlns:c="{message}/common" '
        f'xmlns:f="{message}/message/footer"><m:Header><m:ID>1</m:ID></m:Header>'
        + (f"<m:DataSet>{series}</m:DataSet>" if rows else "")
        + f'<f:Footer><f:Message code="{code}" severity="{severity}"><c:Text xml:lang="en">{text}</c:Text></f:Message>'
        "</f:Footer></m:StructureSpecificData>"
    )


def zipped(reply: Reply, name: str = "data.xml") -> Reply:
    """The body as the only file of a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, reply.body)
    return Reply(200, out.getvalue(), {"Content-Type": "application/octet-stream"})


def gzipped(reply: Reply) -> Reply:
    """The body as a gzip file that no header announces."""
    return Reply(200, gzip.compress(reply.body), reply.headers)


def marked(reply: Reply) -> Reply:
    """The body with a byte order mark."""
    return Reply(200, b"\xef\xbb\xbf" + reply.body, reply.headers)


def paged(reply: Reply, seen: Seen, *, most: int = 1000) -> Reply:
    """The observations of a table that ``Range: values=`` asks for, as .Stat Suite gives them."""
    wanted = seen.headers.get("range", "").removeprefix("values=")
    heading, *rows = reply.body.splitlines(keepends=True)
    if not wanted:
        return reply
    first, last = (int(text) for text in wanted.split("-"))
    last = min(last, len(rows) - 1, first + most - 1)
    headers = {**reply.headers, "Content-Range": f"values {first}-{last}/{len(rows)}"}
    return Reply(206, heading + b"".join(rows[first : last + 1]), headers)
