"""Label drift: the partner calls the same code by another name than at the last visit.

A spelling is no drift: accents, case, punctuation and a letter more or less in a long word are passed over. A code
that takes over another code's name is always one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from sdmx_hub.harvest.addresses import same_ref
from sdmx_hub.load.doubts import LABEL
from sdmx_hub.model.finding import Finding
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

_SHOWN = 5
Names = Mapping[str, Mapping[str, str]]
"""Names by id, each by language."""


def find_drift(
    before: Artefacts, after: Artefacts, structure: DataStructure, dataflow: Urn, least: int
) -> list[Finding]:
    """Find codes, and the dataflow, whose names changed: one doubt for all of them when there are ``least``."""
    drifted = list(_changed(_flow_names(before, dataflow), _flow_names(after, dataflow), dataflow.ref.id))
    lists = {
        component.representation.codelist
        for component in structure.components.values()
        if component.representation.codelist is not None
    }
    for urn in sorted(lists, key=str):
        earlier = _codelist(before, urn)
        if earlier is not None and after.find(urn) is not None:
            now = {code.id: code.names for code in after.codelist(urn).codes.values()}
            then = {code.id: code.names for code in before.codelist(earlier).codes.values()}
            drifted += _changed(then, now, urn.ref.id)
    if len(drifted) < least or not drifted:
        return []
    examples = "; ".join(drifted[:_SHOWN]) + ("; …" if len(drifted) > _SHOWN else "")
    return [Finding(code=LABEL, params={"count": len(drifted), "examples": examples})]


def _flow_names(artefacts: Artefacts, urn: Urn) -> Names:
    found = artefacts.find(urn)
    return {} if found is None else {urn.ref.id: found.document.get("names") or {}}


def _codelist(artefacts: Artefacts, urn: Urn) -> Urn | None:
    """The same codelist as it was, whatever its version."""
    if artefacts.find(urn) is not None:
        return urn
    alike = (one.urn for one in artefacts.select(urn.artefact_class))
    return next((one for one in alike if same_ref(one.ref, urn.ref)), None)


def _changed(then: Names, now: Names, where: str) -> Iterator[str]:
    """Say what changed, once for each id: ``CL_SEX M: Male → Female``."""
    owners = {(language, plain(name)): one for one, names in then.items() for language, name in names.items()}
    for one, names in now.items():
        for language, name in names.items():
            was = then.get(one, {}).get(language)
            if was is None or plain(was) == plain(name):
                continue
            owner = owners.get((language, plain(name)), one)
            if owner != one or not is_spelling(was, name):
                yield f"{where} {one}: {was} → {name}"
                break


def plain(name: str) -> str:
    """A name without accents, case, punctuation and spacing."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    return " ".join(re.findall(r"\w+", bare.casefold()))


def is_spelling(was: str, becomes: str) -> bool:
    """Tell whether two names differ by spelling alone: word by word a letter in five or more, two in eleven or more."""
    left, right = plain(was).split(), plain(becomes).split()
    if len(left) == len(right):
        return all(_near(one, other) for one, other in zip(left, right, strict=True))
    return _near("".join(left), "".join(right))


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if any(letter.isdecimal() for letter in one + other):
        return False
    longest = max(len(one), len(other))
    return _distance(one, other) <= (2 if longest >= 11 else 1 if longest >= 5 else 0)


def _distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for place, left in enumerate(one, start=1):
        before, row[0] = row[0], place
        for column, right in enumerate(other, start=1):
            before, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, before + (left != right)),
            )
    return row[-1]
