"""The rules every set of artefacts must keep before it is stored, and how they look things up."""

from __future__ import annotations

from collections.abc import Sequence

from sdmx_hub.load.artefact_checks import (
    Located,
    Rule,
    check_duplicates,
    check_parents,
    check_references,
    check_structures,
)
from sdmx_hub.load.artefact_ids import check_ids
from sdmx_hub.load.artefact_values import check_constraints, check_maps
from sdmx_hub.model.structure import FindArtefact

RULES: tuple[Rule, ...] = (
    check_duplicates,
    check_ids,
    check_references,
    check_parents,
    check_structures,
    check_constraints,
    check_maps,
)
"""What every set of artefacts must keep; the pack must keep ``check_languages`` too."""


def finder(located: Sequence[Located], stored: FindArtefact = lambda _: None) -> FindArtefact:
    """Look up artefacts in a set first, then among those ``stored``."""
    known = {one.artefact.urn: one.artefact for one in located}
    return lambda urn: known.get(urn.artefact) or stored(urn.artefact)
