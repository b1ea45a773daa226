"""Sources: one YAML file a partner, checked against ``source.schema.json``, every fault told with its line and path.

A source holds no secret: credentials are named by environment variable or file, and read when a run begins.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sdmx_hub.config import Secret
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.dialect.profiles import read_dialect
from sdmx_hub.harvest.dialect.record import STANDARD, Dialect
from sdmx_hub.harvest.guard import PORTS, Place, Policy, parse_place
from sdmx_hub.harvest.slots import Schedule, parse_cron, parse_interval
from sdmx_hub.load.checks import Total
from sdmx_hub.load.doubts import Guards, read_guards
from sdmx_hub.model.urn import Ref, parse_ref

FILES = "file"
"""In place of an edition of the API: the partner offers plain files."""
LATEST, ALL, NONE = "latest", "all", "none"
"""Which of the slots that were missed are run: the last of them, each, or none."""
DROP = "drop"
"""In place of an edition of the API, and as a mechanism: files appear in a folder."""
DEFAULT_FORMATS = {"v1": "specific-2.1", "v2": "csv-2.0", FILES: "csv-2.0", DROP: "csv-2.0"}
DEFAULT_STRUCTURE_FORMATS = {"v1": "xml-2.1", "v2": "json-2.0", FILES: "json-2.0", DROP: "json-2.0"}


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One flow of a source: our dataflow, the partner's, and which part of it.

    ``key`` and ``filters`` bound both what is asked for and what a full pull may delete. ``accept`` names the errors
    this office answers for, ``totals`` those whose parts are rounded. Of plain files ``path`` says where the file of a
    period is, and ``periods_back`` of which; of a folder ``files`` says which files are meant. ``since`` and ``until``
    are the years of a part of the flow.
    """

    id: str
    dataflow: Ref
    partner: Ref
    key: tuple[frozenset[str] | None, ...] = ()
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    provider: str | None = None
    mapping: str | None = None
    path: str | None = None
    periods_back: int = 0
    accept: frozenset[str] = frozenset()
    totals: tuple[Total, ...] = ()
    since: int | None = None
    until: int | None = None
    files: str = "*"


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Where a secret is and how it is sent."""

    kind: str
    header: str
    environment: str | None = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """One partner's endpoint."""

    id: str
    titles: Mapping[str, str]
    endpoint: str
    api: str
    format: str
    structure_format: str
    adopts_structures: bool
    mechanism: str
    full_every: int
    schedule: Schedule
    jitter_seconds: int
    catch_up: str
    due: Mapping[str, Any]
    hosts: tuple[str, ...]
    credentials: Credentials | None
    limits: Limits
    tries: int
    most_deleted_percent: int
    flows: tuple[Flow, ...]
    alerts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dialect: Dialect = STANDARD
    sha256: str = ""
    most_observations: int | None = None
    breaker: int = 5
    guards: Guards = field(default_factory=Guards)
    folder: str | None = None
    notices: Mapping[str, str] | None = None

    @property
    def place(self) -> Place:
        """Where the endpoint is."""
        return parse_place(self.endpoint)

    def flow(self, flow_id: str) -> Flow:
        """Get a flow by its id. Raises ConfigurationError when the source no longer has it."""
        found = [flow for flow in self.flows if flow.id == flow_id]
        if not found:
            raise ConfigurationError("configuration", where=self.id, why=f"flows: {flow_id}?")
        return found[0]

    def policy(self, *, allow_local: bool) -> Policy:
        """What harvests of this source may reach."""
        home = self.place
        named = frozenset(_host_and_port(text, home) for text in self.hosts)
        secure = frozenset({(home.host, PORTS["https"])} if home.scheme == "http" and home.port == 80 else ())
        return Policy(hosts=frozenset({(home.host, home.port)}) | named | secure, allow_local=allow_local)


def _host_and_port(text: str, home: Place) -> tuple[str, int]:
    place = parse_place(f"{home.scheme}://{text}")
    return place.host, place.port


def read_source(document: Mapping[str, Any], sha256: str = "") -> Source:
    """Read a checked document.

    Raises BadRequest for what a schema cannot tell (a cron field, a zone), NotFound for an unknown profile.
    """
    document = with_place(document)
    api = document["api"]
    dialect = read_dialect(document.get("dialect"))
    schedule = document["schedule"]
    limits = dict(document.get("limits", {}))
    known = {item.name for item in fields(Limits)}
    return Source(
        id=document["id"],
        titles=document["title"],
        endpoint=document["endpoint"].rstrip("/"),
        api=api,
        format=document.get("format", dialect.format or DEFAULT_FORMATS[api]),
        structure_format=document.get("structure_format", dialect.structure_format or DEFAULT_STRUCTURE_FORMATS[api]),
        adopts_structures=document.get("structures") == "adopt",
        mechanism=document.get("mechanism", "conditional"),
        full_every=document.get("full_every", 10),
        schedule=parse_interval(schedule["every"])
        if "every" in schedule
        else parse_cron(schedule["cron"], schedule.get("zone", "UTC")),
        jitter_seconds=schedule.get("jitter_seconds", 0),
        catch_up=schedule.get("catch_up", LATEST),
        due=document.get("due", {}),
        hosts=tuple(document.get("hosts", ())),
        credentials=_credentials(document.get("credentials")),
        tries=limits.get("tries", 3),
        most_deleted_percent=limits.get("most_deleted_percent", 50),
        limits=Limits(**{name: value for name, value in limits.items() if name in known}),
        flows=tuple(_flow(item) for item in document["flows"]),
        alerts={channel: tuple(found) for channel, found in document.get("alerts", {}).items()},
        dialect=dialect,
        sha256=sha256,
        most_observations=limits.get("observations"),
        breaker=limits.get("breaker", 5),
        guards=read_guards(document.get("guards", {})),
        folder=document.get("folder"),
        notices=document.get("notices"),
    )


def with_place(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a source with a folder a place of its own among hosts, which is never asked."""
    if document.get("mechanism") != DROP:
        return document
    return {**document, "api": DROP, "endpoint": f"http://{str(document['id']).lower()}.drop.invalid"}


def _flow(item: Mapping[str, Any]) -> Flow:
    dataflow = parse_ref(item["dataflow"])
    return Flow(
        id=item.get("id", dataflow.id),
        dataflow=dataflow,
        partner=parse_ref(item.get("partner", item["dataflow"])),
        key=tuple(frozenset(part.split("+")) if part else None for part in item.get("key", "").split("."))
        if item.get("key")
        else (),
        filters={name: frozenset(codes) for name, codes in item.get("filters", {}).items()},
        provider=item.get("provider"),
        mapping=item.get("mapping"),
        path=item.get("path"),
        periods_back=item.get("periods_back", 0),
        files=item.get("files", "*"),
        accept=frozenset(item.get("accept", ())),
        totals=tuple(
            Total(
                component_id=total["component"],
                total=total["total"],
                parts=tuple(total.get("parts", ())),
                tolerance=str(total.get("tolerance", 0)),
            )
            for total in item.get("totals", ())
        ),
    )


def _credentials(item: Mapping[str, Any] | None) -> Credentials | None:
    if item is None:
        return None
    return Credentials(
        kind=item["kind"],
        header=item.get("header", "Authorization"),
        environment=item.get("environment"),
        file=item.get("file"),
    )


def parse_stored(document: str, sha256: str) -> Source:
    """Read a source as the control database keeps it."""
    return read_source(json.loads(document), sha256)


def text_hash(text: str) -> str:
    """The hash that tells whether a source file has changed."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_credentials(source: Source, environment: Mapping[str, str] | None = None) -> dict[str, Secret]:
    """Read the secret of a source, as the header it is sent in. Raises ConfigurationError when it is not there."""
    return secret_headers(source.credentials, source.id, environment) if source.credentials else {}


def secret_headers(
    wanted: Credentials, source_id: str, environment: Mapping[str, str] | None = None
) -> dict[str, Secret]:
    """Read a secret, as the header it is sent in. Raises ConfigurationError when it is not there."""
    secret = _read_secret(source_id, wanted, os.environ if environment is None else environment)
    if wanted.kind == "bearer":
        return {wanted.header: Secret(f"Bearer {secret}")}
    if wanted.kind == "basic":
        return {wanted.header: Secret("Basic " + base64.b64encode(secret.encode()).decode())}
    return {wanted.header: Secret(secret)}


def _read_secret(source_id: str, wanted: Credentials, environment: Mapping[str, str]) -> str:
    if wanted.environment:
        found = environment.get(wanted.environment, "")
        what = f"environment {wanted.environment}"
    else:
        what = f"file {wanted.file}"
        try:
            found = Path(wanted.file or "").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError("source-credential", source=source_id, what=what) from error
    if not found or not found.isprintable():
        raise ConfigurationError("source-credential", source=source_id, what=what)
    return found
