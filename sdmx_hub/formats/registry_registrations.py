"""Registrations in registry messages: requests on their way in, answers on their way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.registry_reading import (
    Element,
    action_of,
    child,
    flag_of,
    local_name,
    moment_of,
    needed,
    needed_text,
    read_interface,
    reference_of,
    text_of,
)
from sdmx_hub.formats.registry_xml import status_message, write_interface
from sdmx_hub.formats.render_xml import escape
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.registration import INDEXES, Queryable, Registration
from sdmx_hub.model.submission import Told
from sdmx_hub.model.urn import Urn

SUBMIT, QUERY = "SubmitRegistrationsRequest", "QueryRegistrationRequest"
ANSWER = "QueryRegistrationResponse"
_CONTEXTS = ("ProvisionAgreement", "DataProvider", "Dataflow", "Metadataflow")


@dataclass(frozen=True)
class RegistrationRequest:
    """One registration to be added, replaced or deleted."""

    action: Action
    registration: Registration


@dataclass(frozen=True)
class RegistrationQuestion:
    """What a query message asks for: all, or what refers to one thing."""

    about: Urn | None


@dataclass(frozen=True, kw_only=True)
class RegistrationResult:
    """What became of one request."""

    registration: Registration
    code: int
    told: tuple[Told, ...]


def read_message(data: bytes) -> Sequence[RegistrationRequest] | RegistrationQuestion:
    """Read requests, or a question. Raises Malformed, BadRequest."""
    element = read_interface(data)
    if local_name(element) == QUERY:
        return RegistrationQuestion(_about(element))
    if local_name(element) != SUBMIT:
        raise Malformed("registry-content", found=local_name(element), expected=f"{SUBMIT}, {QUERY}")
    return [
        RegistrationRequest(action_of(one), _read(needed(one, "Registration")))
        for one in element.iterfind("{*}RegistrationRequest")
    ]


def read_query_response(data: bytes) -> tuple[Registration, ...]:
    """Read the registrations a registry answers with. Raises Malformed, BadRequest."""
    element = read_interface(data)
    if local_name(element) != ANSWER:
        raise Malformed("registry-content", found=local_name(element), expected=ANSWER)
    return tuple(_read(one) for one in element.iterfind("{*}QueryResult/{*}DataResult/{*}Registration"))


def _about(element: Element) -> Urn | None:
    if child(element, "All") is not None:
        return None
    for name in _CONTEXTS:
        found = child(element, name)
        if found is not None:
            return reference_of(found, name)
    raise Malformed("registry-missing", name="All", within=QUERY, line=element.sourceline)


def _read(element: Element) -> Registration:
    source = needed(element, "Datasource")
    queryable = child(source, "QueryableDataSource")
    return Registration(
        id=element.get("id", ""),
        provision_agreement=reference_of(needed(element, "ProvisionAgreement"), "ProvisionAgreement"),
        simple_url=text_of(child(source, "SimpleDataSource")),
        queryable=_read_queryable(queryable) if queryable is not None else None,
        valid_from=moment_of(element, "validFrom"),
        valid_to=moment_of(element, "validTo"),
        indexes=frozenset(name for name in INDEXES if flag_of(element, name)),
    )


def _read_queryable(element: Element) -> Queryable:
    return Queryable(
        data_url=needed_text(element, "DataURL"),
        is_rest=flag_of(element, "isRESTDatasource"),
        is_web_service=flag_of(element, "isWebServiceDatasource"),
        wsdl_url=text_of(child(element, "WSDLURL")),
        wadl_url=text_of(child(element, "WADLURL")),
    )


def write_query_response(registrations: Iterable[Registration], header: Header, version: str) -> bytes:
    """Write a QueryRegistrationResponse."""
    results = "".join(
        f'<registry:QueryResult timeSeriesMatch="false"><registry:DataResult>{registration_xml(one, version)}'
        "</registry:DataResult></registry:QueryResult>\n"
        for one in registrations
    )
    return write_interface("QueryRegistrationResponse", status_message("Success", ()) + results, header, version)


def write_submit_response(results: Iterable[RegistrationResult], header: Header, version: str) -> bytes:
    """Write a SubmitRegistrationsResponse."""
    body = "".join(
        f"<registry:RegistrationStatus>{registration_xml(one.registration, version)}"
        f"{status_message('Failure' if one.code >= 400 else 'Success', one.told, one.code)}"
        "</registry:RegistrationStatus>\n"
        for one in results
    )
    return write_interface("SubmitRegistrationsResponse", body, header, version)


def registration_xml(one: Registration, version: str) -> str:
    """Write one registration."""
    given: dict[str, str | None] = {
        "id": one.id or None,
        "validFrom": _moment(one.valid_from),
        "validTo": _moment(one.valid_to),
        "lastUpdated": _moment(one.updated_at),
        **dict.fromkeys(sorted(one.indexes), "true"),
    }
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items() if value is not None)
    urn = escape(str(one.provision_agreement))
    agreement = f"<URN>{urn}</URN>" if version == "2.1" else urn
    url = escape(one.simple_url or "")
    simple = f"<registry:SimpleDataSource>{url}</registry:SimpleDataSource>" if url else ""
    return (
        f"<registry:Registration{attributes}><registry:ProvisionAgreement>{agreement}</registry:ProvisionAgreement>"
        f"<registry:Datasource>{simple}{_queryable(one.queryable)}</registry:Datasource></registry:Registration>"
    )


def _queryable(queryable: Queryable | None) -> str:
    if queryable is None:
        return ""
    urls = {"DataURL": queryable.data_url, "WSDLURL": queryable.wsdl_url, "WADLURL": queryable.wadl_url}
    inner = "".join(f"<common:{name}>{escape(url)}</common:{name}>" for name, url in urls.items() if url)
    return (
        f'<registry:QueryableDataSource isRESTDatasource="{_flag(queryable.is_rest)}" '
        f'isWebServiceDatasource="{_flag(queryable.is_web_service)}">{inner}</registry:QueryableDataSource>'
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _moment(moment: dt.datetime | None) -> str | None:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z" if moment else None
