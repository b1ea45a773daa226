"""Subscriptions in registry messages: requests on their way in, answers and notifications on their way out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.registry_reading import (
    Element,
    action_of,
    child,
    local_name,
    needed,
    needed_text,
    read_interface,
    reference_of,
    text_of,
)
from sdmx_hub.formats.registry_registrations import registration_xml
from sdmx_hub.formats.registry_xml import EDITIONS, status_message, write_interface
from sdmx_hub.formats.render_xml import escape
from sdmx_hub.model.message import Action, Header
from sdmx_hub.model.registration import read_registration
from sdmx_hub.model.submission import Told
from sdmx_hub.model.subscription import ANY, DataEvents, Event, StructureEvents, Subscription, Target

SUBMIT, QUERY = "SubmitSubscriptionsRequest", "QuerySubscriptionRequest"
URN = "urn:sdmx:org.sdmx.infomodel.registry.Subscription="
"""How the URN of a subscription begins; its id follows."""

CLASSES = {
    "AgencyScheme": "AgencyScheme",
    "DataConsmerScheme": "DataConsumerScheme",
    "DataProviderScheme": "DataProviderScheme",
    "OrganisationUnitScheme": "OrganisationUnitScheme",
    "Dataflow": "Dataflow",
    "Metadataflow": "Metadataflow",
    "CategoryScheme": "CategoryScheme",
    "Categorisation": "Categorisation",
    "Codelist": "Codelist",
    "HierarchicalCodelist": "Hierarchy",
    "ConceptScheme": "ConceptScheme",
    "MetadataStructureDefinition": "MetadataStructure",
    "KeyFamily": "DataStructure",
    "StructureSet": "StructureMap",
    "ReportingTaxonomy": "ReportingTaxonomy",
    "Process": "Process",
    "AttachmentConstraint": "MetadataConstraint",
    "ContentConstraint": "DataConstraint",
    "ProvisionAgreement": "ProvisionAgreement",
    "TransformationScheme": "TransformationScheme",
    "NamePersonalisationScheme": "NamePersonalisationScheme",
    "RulesetScheme": "RulesetScheme",
    "UserDefinedOperatorScheme": "UserDefinedOperatorScheme",
}
"""The class each element of a selector means, spelled as the schema spells them."""
_FLOWS = {"DataflowReference": "Dataflow", "KeyFamilyReference": "DataStructure"}


@dataclass(frozen=True)
class SubscriptionRequest:
    """One subscription to be added, replaced or deleted."""

    action: Action
    subscription: Subscription


@dataclass(frozen=True)
class SubscriptionQuestion:
    """Which subscriptions of an organisation there are."""

    organisation: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionResult:
    """What became of one request."""

    id: str
    subscriber_id: str
    code: int
    told: tuple[Told, ...]


def read_message(data: bytes) -> Sequence[SubscriptionRequest] | SubscriptionQuestion:
    """Read requests, or a question. Raises Malformed, BadRequest."""
    element = read_interface(data)
    if local_name(element) == QUERY:
        return SubscriptionQuestion(str(reference_of(needed(element, "Organisation"))))
    if local_name(element) != SUBMIT:
        raise Malformed("registry-content", found=local_name(element), expected=f"{SUBMIT}, {QUERY}")
    version = _version_of(element)
    return [
        SubscriptionRequest(action_of(one), _read(needed(one, "Subscription"), version))
        for one in element.iterfind("{*}SubscriptionRequest")
    ]


def _version_of(element: Element) -> str:
    space = etree.QName(element).namespace or ""
    return next((version for version, edition in EDITIONS.items() if f"/{edition}/" in space), "3.1.0")


def _read(element: Element, version: str) -> Subscription:
    selector = needed(element, "EventSelector")
    structures, data = child(selector, "StructuralRepositoryEvents"), child(selector, "DataRegistrationEvents")
    period = needed(element, "ValidityPeriod")
    return Subscription(
        id=(text_of(child(element, "RegistryURN")) or "").removeprefix(URN),
        organisation=str(reference_of(needed(element, "Organisation"))),
        subscriber_id=text_of(child(element, "SubscriberAssignedID")) or "",
        mail_to=tuple(_texts(element, "NotificationMailTo", "mailto:")),
        http=tuple(_texts(element, "NotificationHTTP")),
        valid_from=_date(period, "StartDate"),
        valid_to=_date(period, "EndDate"),
        structures=_read_structures(structures) if structures is not None else None,
        data=_read_data(data) if data is not None else None,
        version=version,
    )


def _texts(element: Element, name: str, prefix: str = "") -> Iterable[str]:
    return ((text_of(one) or "").removeprefix(prefix) for one in element.iterfind(f"{{*}}{name}"))


def _date(element: Element, name: str) -> dt.date:
    text = needed_text(element, name)
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError as error:
        raise Malformed("registry-moment", found=text[:50], line=element.sourceline) from error


def _read_structures(element: Element) -> StructureEvents:
    agencies = tuple(text_of(one) or ANY for one in element.iterfind("{*}AgencyID"))
    targets = [_target(one, CLASSES[local_name(one)]) for one in element if local_name(one) in CLASSES]
    _check_known(element, {"AgencyID", "AllEvents", *CLASSES})
    return StructureEvents(agency_ids=agencies or (ANY,), targets=tuple(targets))


def _target(element: Element, class_name: str) -> Target:
    urn = text_of(child(element, "URN"))
    if urn:
        return Target(urn=str(reference_of(element)))
    if child(element, "All") is not None:
        return Target(class_name=class_name)
    return Target(
        class_name=class_name,
        id=text_of(child(element, "ID")) or ANY,
        version=text_of(child(element, "Version")) or ANY,
    )


def _read_data(element: Element) -> DataEvents:
    _check_known(element, {"AllEvents", "RegistrationID", "ProvisionAgreement", "DataProvider", *_FLOWS})
    agreements = (
        Target(urn=str(reference_of(one, "ProvisionAgreement"))) for one in element.iterfind("{*}ProvisionAgreement")
    )
    flows = (_flow(one, class_name) for name, class_name in _FLOWS.items() for one in element.iterfind(f"{{*}}{name}"))
    return DataEvents(
        registration_ids=tuple(_texts(element, "RegistrationID")),
        providers=tuple(str(reference_of(one, "DataProvider")) for one in element.iterfind("{*}DataProvider")),
        targets=(*agreements, *flows),
    )


def _flow(element: Element, class_name: str) -> Target:
    if text_of(child(element, "URN")):
        return Target(urn=str(reference_of(element)))
    ref = needed(element, "Ref")
    return Target(
        class_name=class_name,
        agency_id=ref.get("agencyID", ANY),
        id=ref.get("id", ANY),
        version=ref.get("version", ANY),
    )


def _check_known(element: Element, known: Iterable[str]) -> None:
    """Refuse what would be passed over: a subscriber must not wait for what never comes. Raises Malformed."""
    for one in element:
        if local_name(one) not in set(known):
            raise Malformed("subscription-selector", found=local_name(one), line=one.sourceline)


def write_submit_response(results: Iterable[SubscriptionResult], header: Header, version: str) -> bytes:
    """Write a SubmitSubscriptionsResponse."""
    body = "".join(
        "<registry:SubscriptionStatus>"
        + (f"<registry:SubscriptionURN>{escape(URN + one.id)}</registry:SubscriptionURN>" if one.id else "")
        + _named("SubscriberAssignedID", one.subscriber_id)
        + status_message("Failure" if one.code >= 400 else "Success", one.told, one.code)
        + "</registry:SubscriptionStatus>\n"
        for one in results
    )
    return write_interface("SubmitSubscriptionsResponse", body, header, version)


def write_query_response(subscriptions: Iterable[Subscription], header: Header, version: str) -> bytes:
    """Write a QuerySubscriptionResponse."""
    body = "".join(_subscription(one, version) for one in subscriptions)
    return write_interface("QuerySubscriptionResponse", status_message("Success", ()) + body, header, version)


def _subscription(one: Subscription, version: str) -> str:
    return (
        f"<registry:Subscription><registry:Organisation>{_reference(one.organisation, version)}</registry:Organisation>"
        f"<registry:RegistryURN>{escape(URN + one.id)}</registry:RegistryURN>"
        + "".join(_named("NotificationMailTo", f"mailto:{address}") for address in one.mail_to)
        + "".join(_named("NotificationHTTP", address) for address in one.http)
        + _named("SubscriberAssignedID", one.subscriber_id)
        + f"<registry:ValidityPeriod><registry:StartDate>{one.valid_from}</registry:StartDate>"
        f"<registry:EndDate>{one.valid_to}</registry:EndDate></registry:ValidityPeriod>"
        f"<registry:EventSelector>{_structure_events(one.structures)}{_data_events(one.data, version)}"
        "</registry:EventSelector></registry:Subscription>\n"
    )


def _structure_events(events: StructureEvents | None) -> str:
    if events is None:
        return ""
    names = {class_name: name for name, class_name in CLASSES.items()}
    agencies = "".join(_named("AgencyID", one) for one in events.agency_ids)
    targets = "".join(
        f"<registry:{names[_class_of(one)]}>{_selected(one)}</registry:{names[_class_of(one)]}>"
        for one in events.targets
    )
    return (
        f'<registry:StructuralRepositoryEvents TYPE="STRUCTURE">{agencies}'
        f"{targets or '<registry:AllEvents/>'}</registry:StructuralRepositoryEvents>"
    )


def _class_of(target: Target) -> str:
    return target.urn.partition("=")[0].rpartition(".")[2] if target.urn else target.class_name


def _selected(target: Target) -> str:
    if target.urn:
        return _named("URN", target.urn)
    if (target.id, target.version) == (ANY, ANY):
        return "<registry:All/>"
    version = "" if target.class_name == "Categorisation" else _named("Version", target.version)
    return _named("ID", target.id) + version


def _data_events(events: DataEvents | None, version: str) -> str:
    if events is None:
        return ""
    flows = {class_name: name for name, class_name in _FLOWS.items()}
    inner = "".join(_named("RegistrationID", one) for one in events.registration_ids)
    inner += "".join(
        f"<registry:DataProvider>{_reference(one, version)}</registry:DataProvider>" for one in events.providers
    )
    for target in events.targets:
        class_name = _class_of(target)
        if class_name == "ProvisionAgreement":
            inner += f"<registry:ProvisionAgreement>{_reference(target.urn, version)}</registry:ProvisionAgreement>"
        elif target.urn:
            inner += f"<registry:{flows[class_name]}>{_named('URN', target.urn)}</registry:{flows[class_name]}>"
        else:
            given = {"agencyID": target.agency_id, "id": target.id, "version": target.version}
            attributes = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
            inner += f"<registry:{flows[class_name]}><registry:Ref{attributes}/></registry:{flows[class_name]}>"
    all_events = "<registry:AllEvents/>" if events.is_all else inner
    return f'<registry:DataRegistrationEvents TYPE="DATA">{all_events}</registry:DataRegistrationEvents>'


def write_notification(event: Event, subscription: Subscription, header: Header) -> bytes:
    """Write a NotifyRegistryEvent in the edition of the subscription."""
    if event.registration is not None:
        registration = read_registration(event.registration)
        about = _named("RegistrationID", registration.id)
        shown = registration_xml(registration, subscription.version)
        detail = f"<registry:RegistrationEvent>{shown}</registry:RegistrationEvent>"
    else:
        about, detail = _named("ObjectURN", event.urn), ""
    body = (
        f"<registry:EventTime>{event.at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z</registry:EventTime>{about}"
        f"{_named('SubscriptionURN', URN + subscription.id)}"
        f"<registry:EventAction>{event.action.name.capitalize()}</registry:EventAction>{detail}\n"
    )
    return write_interface("NotifyRegistryEvent", body, header, subscription.version)


def _named(name: str, text: str) -> str:
    return f"<registry:{name}>{escape(text)}</registry:{name}>" if text else ""


def _reference(urn: str, version: str) -> str:
    return f"<URN>{escape(urn)}</URN>" if version == "2.1" else escape(urn)
