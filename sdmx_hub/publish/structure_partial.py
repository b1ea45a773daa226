"""``detail=referencepartial``: item schemes come with the items that what is returned really uses.

An item is used when something returned names it by URN (a concept by a structure, a category by a categorisation, a
provider by an agreement), when an agency maintains something returned, and, for codes, when a component with this
codelist may hold it under the constraints of the dataflows returned, or when a representation map maps it. Whatever
lies above a used item comes along. A codelist nothing returned refers to any more is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.structure import Component, Constraint, read_dataflow, read_provision_agreement
from sdmx_hub.model.urn import Urn, parse_urn
from sdmx_hub.publish.structure_detail import keep_items
from sdmx_hub.store.artefacts import Artefacts

_CODES = frozenset({"Codelist", "GeographicCodelist", "GeoGridCodelist", "ValueList"})
_SCHEMES = frozenset(
    {
        "AgencyScheme",
        "DataProviderScheme",
        "DataConsumerScheme",
        "MetadataProviderScheme",
        "OrganisationUnitScheme",
        "ConceptScheme",
        "CategoryScheme",
        "ReportingTaxonomy",
    }
)


def references_of(artefact: Artefact) -> Mapping[Urn, set[str | None]]:
    """What a document refers to: each artefact with the items named, None for the artefact as a whole."""
    found: dict[Urn, set[str | None]] = {}
    for text in _urns(artefact.document):
        try:
            urn = parse_urn(text)
            found.setdefault(urn.artefact, set()).add(urn.item_id)
        except BadRequest:  # the URN of a component names no artefact
            continue
    return found


def cut_to_used(
    matching: Mapping[Urn, Artefact], around: Mapping[Urn, Artefact], artefacts: Artefacts
) -> list[Artefact]:
    """Cut the item schemes among the referenced artefacts to what is used; the matching ones stay whole."""
    schemes = {urn: artefact for urn, artefact in around.items() if urn.class_name in _SCHEMES}
    others = {urn: artefact for urn, artefact in around.items() if urn not in schemes and urn.class_name not in _CODES}
    users = [*matching.values(), *others.values()]
    cut = {urn: _keep_used(artefact, _used(artefact, users, artefacts)) for urn, artefact in schemes.items()}
    codes = _Codes([*users, *cut.values()], matching, artefacts)
    shown: list[Artefact] = []
    for urn, artefact in around.items():
        if urn.class_name in _CODES:
            shown += codes.cut(artefact)
        else:
            shown.append(cut.get(urn, artefact))
    for place, scheme in enumerate(shown):
        if scheme.artefact_class.name == "AgencyScheme":
            whole = around[scheme.urn]
            used = _used(whole, users, artefacts) | _maintainers(whole, [*matching.values(), *shown])
            shown[place] = _keep_used(whole, used)
    return shown


def agency_schemes_of(users: Collection[Artefact], artefacts: Artefacts) -> tuple[Artefact, ...]:
    """The agency schemes with the agencies that maintain ``users``, and no others."""
    cut = (_agencies(scheme, users) for scheme in artefacts.select(CLASS_BY_NAME["AgencyScheme"]))
    return tuple(scheme for scheme in cut if scheme is not None)


def _agencies(scheme: Artefact, users: Iterable[Artefact]) -> Artefact | None:
    used = _maintainers(scheme, users)
    return keep_items(scheme, used) if used else None


def _maintainers(scheme: Artefact, users: Iterable[Artefact]) -> set[str]:
    agencies = {user.ref.agency_id for user in users}
    prefix = "" if scheme.ref.agency_id == "SDMX" else f"{scheme.ref.agency_id}."
    return {item["id"] for item in scheme.items if prefix + item["id"] in agencies}


def _keep_used(scheme: Artefact, used: set[str]) -> Artefact:
    """Cut a scheme to what is used; it is whole where it is only named as a whole."""
    return keep_items(scheme, used) if used else scheme


def _used(scheme: Artefact, users: Iterable[Artefact], artefacts: Artefacts) -> set[str]:
    return {item for user in users for item in _items_used(user, scheme, artefacts)}


def _items_used(user: Artefact, scheme: Artefact, artefacts: Artefacts) -> Iterator[str]:
    """The items of a scheme that an artefact names by URN, or maps."""
    for target, items in references_of(user).items():
        if any(found.urn == scheme.urn for found in artefacts.cover(target)):
            yield from (item for item in items if item is not None)
    for side, value in (("source", _source_value), ("target", _target_value)) if "itemMaps" in user.document else ():
        if any(found.urn == scheme.urn for found in artefacts.cover(parse_urn(user.document[side]))):
            yield from (value(pair) for pair in user.document["itemMaps"])


def _source_value(pair: Document) -> str:
    return str(pair["sourceValue"]["value"])


def _target_value(pair: Document) -> str:
    return str(pair.get("targetValue", ""))


class _Codes:
    """Which codes of each codelist are used by what is returned."""

    def __init__(self, users: list[Artefact], matching: Mapping[Urn, Artefact], artefacts: Artefacts) -> None:
        self._artefacts = artefacts
        self._used: dict[Urn, set[str] | None] = {}
        """Codes by codelist; None for all of them."""
        for context, structure in _contexts(users, matching, artefacts):
            self._add_structure(context, structure)
        constrained = frozenset(self._used)
        for user in users:
            self._add_references(user, constrained)

    def cut(self, codelist: Artefact) -> list[Artefact]:
        """The codelist with its used codes; nothing when nothing returned refers to it."""
        if codelist.urn not in self._used:
            return []
        used = self._used[codelist.urn]
        return [codelist if used is None else keep_items(codelist, used)]

    def _add(self, urn: Urn, codes: Iterable[str] | None) -> None:
        found = self._artefacts.find(urn)
        if found is None:
            return
        known = self._used.get(found.urn, set())
        self._used[found.urn] = None if codes is None or known is None else known | set(codes)

    def _add_structure(self, context: Urn, structure: Urn) -> None:
        """The codes each component of a structure may hold in a dataflow, an agreement, or anywhere."""
        try:
            view = self._artefacts.structure_of(structure)
        except HubError:  # a stub, or broken: nothing is known of its components
            return
        constraints = self._artefacts.constraints_of(context)
        for component in view.components.values():
            codelist = component.representation.codelist
            if codelist is not None:
                self._add(codelist, _allowed(component, constraints))

    def _add_references(self, user: Artefact, constrained: frozenset[Urn]) -> None:
        name = user.artefact_class.name
        if name == "DataStructure":
            return
        if name == "RepresentationMap":
            for urn, codes in _mapped(user.document):
                self._add(urn, codes)
            return
        for urn, items in references_of(user).items():
            if urn.class_name in _CODES and None not in items:
                self._add(urn, (item for item in items if item is not None))
            elif urn.class_name in _CODES:
                for found in self._artefacts.cover(urn):
                    if found.urn not in constrained:
                        self._add(found.urn, None)


def _contexts(
    users: Iterable[Artefact], matching: Mapping[Urn, Artefact], artefacts: Artefacts
) -> Iterator[tuple[Urn, Urn]]:
    """Each use of a structure: the structure itself when it was asked for, else by an agreement, else by a dataflow."""
    structures = [user for user in users if user.artefact_class.name == "DataStructure"]
    by_agreement = {_structure_of(urn, artefacts): urn for urn in matching if urn.class_name == "ProvisionAgreement"}
    for structure in structures:
        flows = [user.urn for user in users if _uses(user, structure, artefacts)]
        if structure.urn in matching or not (flows or structure.urn in by_agreement):
            yield structure.urn, structure.urn
        elif structure.urn in by_agreement:
            yield by_agreement[structure.urn], structure.urn
        else:
            yield from ((flow, structure.urn) for flow in flows)


def _structure_of(agreement: Urn, artefacts: Artefacts) -> Urn | None:
    try:
        flow = read_provision_agreement(artefacts.get(agreement)).dataflow
        return artefacts.structure_artefact_of(flow).urn
    except HubError:  # it leads nowhere
        return None


def _uses(user: Artefact, structure: Artefact, artefacts: Artefacts) -> bool:
    if user.artefact_class.name != "Dataflow" or user.is_stub:
        return False
    found = artefacts.find(read_dataflow(user).structure)
    return found is not None and found.urn == structure.urn


def _allowed(component: Component, constraints: Iterable[Constraint]) -> set[str] | None:
    """The values all constraints allow a component; None when none of them says anything."""
    allowed: set[str] | None = None
    for constraint in constraints:
        regions = [region for region in constraint.regions if region.include]
        if regions and all(component.id in region.values for region in regions):
            values = {value for region in regions for value in region.values[component.id]}
            allowed = values if allowed is None else allowed & values
    return allowed


def _mapped(document: Document) -> Iterator[tuple[Urn, list[str]]]:
    """The codes a representation map names on either side, by codelist."""
    for side in ("source", "target"):
        for position, part in enumerate(document.get(side, ())):
            if "codelist" in part:
                yield (
                    parse_urn(part["codelist"]),
                    [
                        value if isinstance(value, str) else value["value"]
                        for mapping in document.get("representationMappings", ())
                        for value in mapping.get(f"{side}Values", ())[position : position + 1]
                    ],
                )


def _urns(node: object) -> Iterator[str]:
    if isinstance(node, str):
        if node.startswith("urn:sdmx:"):
            yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key != "links":
                yield from _urns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _urns(value)
