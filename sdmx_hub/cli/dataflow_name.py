"""How a dataflow is named on the command line: AGENCY:ID(VERSION), or its id where only one has it."""

from __future__ import annotations

from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn, parse_ref
from sdmx_hub.store.artefacts import Artefacts

HELP = "The dataflow, as AGENCY:ID(VERSION), or its id."


def find_dataflow(artefacts: Artefacts, text: str) -> Urn:
    """Find the dataflow a person named.

    Raises BadRequest for what is no reference, or an id several agencies have, and NotFound for an id nobody has.
    """
    if ":" in text:
        return Urn("Dataflow", parse_ref(text))
    found = artefacts.select(CLASS_BY_NAME["Dataflow"], ids=(text,), versions=("~",))
    refs = sorted({one.ref for one in found}, key=str)
    if len(refs) > 1:
        raise BadRequest("dataflow-ambiguous", name=text, known=", ".join(map(str, refs)))
    if not refs:
        ids = sorted({one.ref.id for one in artefacts.select(CLASS_BY_NAME["Dataflow"])})
        raise NotFound("dataflow-unknown", name=text, known=", ".join(ids))
    return Urn("Dataflow", refs[0])


def find_ref(artefacts: Artefacts, text: str) -> Ref:
    """The reference of the dataflow a person named; raises as ``find_dataflow``."""
    return find_dataflow(artefacts, text).ref
