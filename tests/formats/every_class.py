"""One rich artefact of every class, two agencies and several versions: the fixture of everything generic.

Nothing here means anything outside the tests: the agencies TST and TSX, and their lists and flows, are made up. Every
document is a canonical SDMX-JSON 2.1 object, and every reference but those with a wildcard is found inside the set.
"""

from __future__ import annotations

from collections.abc import Iterable

from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from tests.formats.class_lists import LISTS
from tests.formats.class_maps import MAPS
from tests.formats.class_schemes import SCHEMES
from tests.formats.class_structures import STRUCTURES
from tests.formats.class_vtl import VTL

ARTEFACTS: tuple[Artefact, ...] = tuple(
    make_artefact(CLASS_BY_NAME[name], document) for name, document in (*SCHEMES, *LISTS, *STRUCTURES, *MAPS, *VTL)
)
"""The whole set, in canonical form."""


def of_class(*names: str) -> tuple[Artefact, ...]:
    """The artefacts of some classes, by their names of today."""
    return tuple(artefact for artefact in ARTEFACTS if artefact.artefact_class.name in names)


def find(class_name: str, artefact_id: str, version: str | None = None, agency: str | None = None) -> Artefact:
    """The one artefact of that class and id (and version and agency, where there are several)."""
    (found,) = (
        artefact
        for artefact in of_class(class_name)
        if artefact.ref.id == artefact_id
        and version in {None, artefact.ref.version}
        and agency in {None, artefact.ref.agency_id}
    )
    return found


def class_names(artefacts: Iterable[Artefact] = ARTEFACTS) -> list[str]:
    """The classes of some artefacts, once each, in the order they come."""
    return list(dict.fromkeys(artefact.artefact_class.name for artefact in artefacts))
