"""Completing a partner's structures: what an answer names and leaves out is asked for by itself, as the dialect allows.

Partners differ in which resources they have (``missing``) and which references they follow (``references``). Without a
dataflow resource the data structure is asked for and the dataflow is made of it; where references end early, lists are
asked for one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sdmx_hub.harvest.addresses import artefact_url, best_references, structure_url
from sdmx_hub.harvest.dialect.record import Dialect
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn, parse_urn
from sdmx_hub.store.artefacts import Artefacts

MOST_SINGLE = 60
"""So many lists of one structure are asked for one by one; a structure with more is left as it is."""
_DEEP = frozenset({"descendants", "all"})
_RESOURCES = {"Codelist": "codelist", "ValueList": "valuelist", "ConceptScheme": "conceptscheme"}

Ask = Callable[[str], Sequence[Located]]
"""Gives the artefacts at an address; none for what is not there."""


def can_be_asked(dialect: Dialect) -> bool:
    """Tell whether the partner has any resource that describes a dataflow."""
    return not {"dataflow", "datastructure"} <= set(dialect.missing)


def first_url(source: Source, flow: Flow, known: Ref | None) -> str:
    """Where to begin: at the dataflow, or at its data structure where there are no dataflows.

    ``known`` is the structure by which our dataflow is described; without it the structure is thought to have the id of
    the dataflow.
    """
    if "dataflow" not in source.dialect.missing:
        return structure_url(source, flow)
    return artefact_url(source, "datastructure", known or flow.partner, best_references(source.dialect))


def complete(located: Sequence[Located], source: Source, flow: Flow, ask: Ask) -> tuple[Located, ...]:
    """Ask for what is named and was left out, and give everything.

    First the data structure, with what it refers to; then, where references end before the lists, list by list.
    """
    dialect, mode = source.dialect, best_references(source.dialect)
    found = [*located, *_made_dataflow(located, source, flow)]
    named = _structure_of(found, flow)
    if named is None:
        return tuple(found)
    structure = Artefacts(one.artefact for one in found).find(named)
    lacking = structure is None or structure.is_stub
    follows = "dataflow" not in dialect.missing and mode == "children"  # those of the structure are one step further
    if (lacking or follows) and "datastructure" not in dialect.missing:
        found = _together(found, ask(artefact_url(source, "datastructure", named.ref, mode)))
    if mode not in _DEEP:
        for urn in _lists(found, named, dialect):
            found = _together(found, ask(artefact_url(source, _RESOURCES[urn.class_name], urn.ref, "none")))
    return tuple(found)


def _together(found: Sequence[Located], more: Sequence[Located]) -> list[Located]:
    """Put what came later to the rest; in place of a stub where it has the content."""
    whole = {one.artefact.urn for one in more if not one.artefact.is_stub}
    kept = [one for one in found if not (one.artefact.is_stub and one.artefact.urn in whole)]
    held = {one.artefact.urn for one in kept}
    return [*kept, *(one for one in more if one.artefact.urn not in held)]


def _structure_of(located: Sequence[Located], flow: Flow) -> Urn | None:
    dataflow = Artefacts(one.artefact for one in located).find(Urn("Dataflow", flow.partner))
    named = dataflow.document.get("structure") if dataflow else None
    return parse_urn(named) if isinstance(named, str) else None


def _made_dataflow(located: Sequence[Located], source: Source, flow: Flow) -> Iterator[Located]:
    """The dataflow, made of its structure, of a partner that has no dataflows."""
    structures = [one.artefact for one in located if one.artefact.artefact_class.name == "DataStructure"]
    if "dataflow" not in source.dialect.missing or len(structures) != 1:
        return
    structure, ref = structures[0], flow.partner
    document = {"id": ref.id, "agencyID": ref.agency_id, "version": ref.version, "structure": str(structure.urn)}
    named = {key: structure.document[key] for key in ("name", "names") if key in structure.document}
    yield Located(Artefact(CLASS_BY_NAME["Dataflow"], {**document, **named}))


def _lists(located: Sequence[Located], structure: Urn, dialect: Dialect) -> list[Urn]:
    """The codelists and concept schemes a structure names that did not come, as far as the partner has any."""
    artefacts = Artefacts(one.artefact for one in located)
    found = artefacts.find(structure)
    named = dict.fromkeys(urn.artefact for urn in found.references) if found else {}
    return [
        urn
        for urn in named
        if _RESOURCES.get(urn.class_name, "") not in {"", *dialect.missing} and artefacts.find(urn) is None
    ][:MOST_SINGLE]
