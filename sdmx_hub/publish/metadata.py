"""Reference metadata on their way out: which sets a query is answered with, and how much of them.

What a set is about, and what it is reported under, are structures of the hub, which everybody may read; a set tells
nothing of observations, so that every audience sees the same. A set of whose targets none is left is not given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, METADATA_SET
from sdmx_hub.model.metadata import find_named, flow_of
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.query.metadata import By, MetadataDetail, MetadataQuery
from sdmx_hub.query.request import ANY
from sdmx_hub.store.artefacts import Artefacts

_KEPT = frozenset(
    {"id", "agencyID", "version", "name", "names", "metadataflow", "metadataProvisionAgreement", "targets"}
)
_METADATAFLOW, _PROVIDERS = CLASS_BY_NAME["Metadataflow"], CLASS_BY_NAME["MetadataProviderScheme"]
_COMPONENTS = {"datastructure": "DataStructure", "metadatastructure": "MetadataStructure"}


def open_metadata(query: MetadataQuery, sets: Artefacts, artefacts: Artefacts) -> tuple[Artefact, ...]:
    """The sets a query asks for, sorted by provider, id and version. Raises NotFound when there are none."""
    found = tuple(one for one in _SELECTED[query.by](query, sets, artefacts) if _is_shown(one, artefacts))
    if not found:
        raise NotFound("metadata-none", what=_asked(query))
    return tuple(map(make_stub, found)) if query.detail is MetadataDetail.ALL_STUBS else found


def _asked(query: MetadataQuery) -> str:
    parts = (query.agency_ids, query.ids, query.versions)
    return "/".join([query.by.value, *(",".join(part) for part in parts)])


def _by_set(query: MetadataQuery, sets: Artefacts, artefacts: Artefacts) -> Iterable[Artefact]:
    return (
        one
        for one in sets.select(METADATA_SET, (ANY,), query.ids, query.versions)
        if any(_is_maintainer(one, wanted, artefacts) for wanted in query.agency_ids)
    )


def _is_maintainer(one: Artefact, wanted: str, artefacts: Artefacts) -> bool:
    """Tell whether a set is a provider's, named ``ID`` or ``AGENCY.ID``."""
    agency, _, identifier = wanted.rpartition(".")
    return wanted == one.ref.agency_id or _is_provider(one, (agency or ANY, identifier), artefacts)


def _by_flow(query: MetadataQuery, sets: Artefacts, artefacts: Artefacts) -> Iterable[Artefact]:
    about = {one.urn for one in _named(query, artefacts)} if query.or_about else set()
    flows = {one.urn for one in artefacts.select(_METADATAFLOW, query.agency_ids, query.ids, query.versions)}
    for one in _latest(sets):
        flow = flow_of(one, artefacts.find)
        is_meant = (flow is not None and flow.urn in flows) or bool(about & _targets(one, artefacts))
        if is_meant and _is_any_provider(one, query, artefacts):
            yield one


def _by_structure(query: MetadataQuery, sets: Artefacts, artefacts: Artefacts) -> Iterable[Artefact]:
    wanted = {one.urn for one in _named(query, artefacts)}
    return (one for one in _latest(sets) if wanted & _targets(one, artefacts))


_SELECTED: Mapping[By, Callable[[MetadataQuery, Artefacts, Artefacts], Iterable[Artefact]]] = {
    By.SET: _by_set,
    By.FLOW: _by_flow,
    By.STRUCTURE: _by_structure,
}


def _latest(sets: Artefacts) -> tuple[Artefact, ...]:
    """Of every set its latest version: queries by flow and by structure have no place to ask for another."""
    return sets.select(METADATA_SET, versions=("~",))


def _named(query: MetadataQuery, artefacts: Artefacts) -> Iterable[Artefact]:
    for row in query.artefact_classes:
        yield from artefacts.select(row, query.agency_ids, query.ids, query.versions)


def _is_any_provider(one: Artefact, query: MetadataQuery, artefacts: Artefacts) -> bool:
    return not query.providers or any(_is_provider(one, wanted, artefacts) for wanted in query.providers)


def _is_provider(one: Artefact, wanted: tuple[str, str], artefacts: Artefacts) -> bool:
    """Tell whether a set is a provider's: by ``agencyID`` (``ID``, or ``AGENCY.ID``) and by the agreement it names."""
    agency, identifier = wanted
    if identifier == ANY:
        return True
    owner, _, own = one.ref.agency_id.rpartition(".")
    if identifier not in {own, one.ref.agency_id}:
        return False
    return agency in {ANY, owner} or (not owner and agency in _owners(one, identifier, artefacts))


def _owners(one: Artefact, identifier: str, artefacts: Artefacts) -> set[str]:
    """The agencies in whose schemes a provider is: that of the agreement the set names, else any."""
    agreement = find_named(one.document.get("metadataProvisionAgreement"), artefacts.find)
    if agreement is not None and "metadataProvider" in agreement.document:
        return {parse_urn(agreement.document["metadataProvider"]).ref.agency_id}
    return {
        scheme.ref.agency_id
        for scheme in artefacts.select(_PROVIDERS)
        if any(item["id"] == identifier for item in scheme.items)
    }


def _targets(one: Artefact, artefacts: Artefacts) -> set[Urn]:
    """The artefacts a set is about, or about something in."""
    found = (target_artefact(text, artefacts) for text in one.document.get("targets", ()))
    return {artefact.urn for artefact in found if artefact is not None}


def target_artefact(text: str, artefacts: Artefacts) -> Artefact | None:
    """The artefact a target names, or in which it names something."""
    try:
        urn = parse_urn(text)
        return artefacts.find(urn.artefact)
    except BadRequest as error:
        if error.key != "urn-class":
            return None
    package = text.removeprefix("urn:sdmx:org.sdmx.infomodel.").partition(".")[0]
    owner = _COMPONENTS.get(package)
    return artefacts.find(Urn(owner, urn.ref)) if owner else None


def _is_shown(one: Artefact, artefacts: Artefacts) -> bool:
    targets = one.document.get("targets", ())
    return any(target_artefact(text, artefacts) is not None for text in targets)


def make_stub(one: Artefact) -> Artefact:
    """Leave a set its identification, names and what it is about.

    The JSON schema asks for at least one attribute: the first is named, without what it says.
    """
    document = {key: value for key, value in one.document.items() if key in _KEPT}
    first = [{"id": attribute["id"]} for attribute in one.document.get("attributes", ())[:1]]
    return Artefact(METADATA_SET, {**document, "isExternalReference": True, "attributes": first})


def about(artefact: Artefact, sets: Artefacts, artefacts: Artefacts) -> tuple[Artefact, ...]:
    """The latest sets about an artefact itself."""
    return tuple(one for one in _latest(sets) if artefact.urn in _targets(one, artefacts))
