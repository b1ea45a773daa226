"""Whether a partner's structure fits ours: every difference by which an observation could be lost or misread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sdmx_hub.harvest.addresses import same_ref
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref
from sdmx_hub.store.artefacts import Artefacts

MISMATCH = "STRUCT-MISMATCH"
_SHOWN = 5


def check_fit(
    theirs: DataStructure, their_artefacts: Artefacts, ours: DataStructure, our_artefacts: Artefacts
) -> list[Finding]:
    """Compare two structures. Errors: another dimension, an unknown measure or attribute, other coding, other major.

    Warnings: codes of theirs that our lists do not have; an observation that uses one is refused by the checks.
    """
    differences = list(_differences(theirs, ours))
    if not differences:
        return list(_missing_codes(theirs, their_artefacts, ours, our_artefacts))
    return [Finding(code=MISMATCH, params={"theirs": theirs.ref, "ours": ours.ref}), *differences]


def check_named(named: Ref, own: Iterable[Ref]) -> list[Finding]:
    """Compare what a message says its data follow with our artefacts: another version of one is no fit."""
    ours = next((ref for ref in own if same_ref(ref, named)), None)
    if ours is None:
        return []
    mismatch = Finding(code=MISMATCH, params={"theirs": named, "ours": ours})
    return [mismatch, _difference("STRUCT-VERSION", [named.version], [ours.version])]


def _differences(theirs: DataStructure, ours: DataStructure) -> Iterator[Finding]:
    major, our_major = theirs.ref.version.partition(".")[0], ours.ref.version.partition(".")[0]
    if same_ref(theirs.ref, ours.ref) and major != our_major:
        yield _difference("STRUCT-VERSION", [theirs.ref.version], [ours.ref.version])
    if set(theirs.key_ids) != set(ours.key_ids):
        yield _difference("STRUCT-DIMENSIONS", theirs.key_ids, ours.key_ids)
        return
    known = ours.components
    measures = [measure.id for measure in theirs.measures if measure.id not in known]
    attributes = [attribute.id for attribute in theirs.attributes if attribute.id not in known]
    coding = [
        name
        for name, component in theirs.components.items()
        if name in known and component.representation.is_coded and not known[name].representation.is_coded
    ]
    if measures and not _is_only_measure(theirs, ours):
        yield _difference("STRUCT-MEASURES", measures)
    if attributes:
        yield _difference("STRUCT-ATTRIBUTES", attributes)
    if coding:
        yield _difference("STRUCT-CODING", coding)


def _difference(code: str, theirs: Iterable[str], ours: Iterable[str] = ()) -> Finding:
    return Finding(code=code, params={"theirs": _listed(theirs), "ours": _listed(ours)})


def _is_only_measure(theirs: DataStructure, ours: DataStructure) -> bool:
    """SDMX 2.1 names the primary measure OBS_VALUE whatever the structure calls it."""
    return len(theirs.measures) <= 1 and len(ours.measures) <= 1


def _missing_codes(
    theirs: DataStructure, their_artefacts: Artefacts, ours: DataStructure, our_artefacts: Artefacts
) -> Iterator[Finding]:
    for name, component in theirs.components.items():
        mine = ours.components.get(name)
        left, right = component.representation.codelist, mine.representation.codelist if mine else None
        if left is None or right is None or their_artefacts.find(left) is None:
            continue
        known = our_artefacts.codelist(right).codes
        missing = [code for code in their_artefacts.codelist(left).codes if code not in known]
        if missing:
            yield Finding(
                code="harvest-structure-codes",
                severity=Severity.WARNING,
                params={"component": name, "count": len(missing), "examples": _listed(missing[:_SHOWN])},
            )


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(ids)
