"""Reference metadata on their way in: files of any metadata format, checked, then stored all or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sdmx_hub.errors import HubError, NotFound
from sdmx_hub.formats.metadata_canonical import order_attributes
from sdmx_hub.formats.metadata_reading import read_metadata
from sdmx_hub.load.artefacts import ArtefactReport
from sdmx_hub.load.metadata_checks import LocatedSet, check_set
from sdmx_hub.load.metadata_usage import find_usage, settle_flow
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, has_errors
from sdmx_hub.model.metadata import structure_of
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.metadata_sets import MetadataSets

FOLDER = "metadata"
"""Where, beside ``dsd`` and ``codelists``, the sets that come with the hub are: ``<PROVIDER>/<ID>-<version>.json``."""
_CSV = b"MDSTRUCTURE"


def locate_sets(paths: Iterable[Path], artefacts: Artefacts) -> tuple[LocatedSet, ...]:
    """Read the sets of files, and of all files of folders, settled by what is known of their structure.

    Raises Malformed with the name of the file (``at``), NotFound, NotBuilt.
    """
    return tuple(one for path in paths for one in _locate(path, artefacts))


def locate_pack_sets(root: Path, artefacts: Artefacts) -> tuple[LocatedSet, ...]:
    """Read the sets that come with the hub."""
    return locate_sets([root / FOLDER], artefacts)


def _locate(path: Path, artefacts: Artefacts) -> Iterator[LocatedSet]:
    if not path.exists():
        raise NotFound("structures-no-file", file=str(path))
    if path.is_dir():
        for below in sorted(path.rglob("*.json")):
            yield from _locate(below, artefacts)
        return
    data = path.read_bytes()
    try:
        sets = read_metadata(data)
        for number, one in enumerate(sets):
            settled, flows = settle(one, artefacts)
            row = number + 2 if _CSV in data[:20] else None
            yield LocatedSet(metadata_set=settled, file=str(path), row=row, flows=flows)
    except HubError as error:
        raise type(error)(error.key, **error.params, at=str(path)) from error


def settle(metadata_set: Artefact, artefacts: Artefacts) -> tuple[Artefact, int]:
    """Bring a set into the form it is kept in; also how many metadataflows it might be reported for."""
    with_flow, flows = settle_flow(metadata_set, artefacts)
    structure = structure_of(with_flow, artefacts.find)
    return (order_attributes(with_flow, structure) if structure else with_flow), flows


def check_sets(located: Sequence[LocatedSet], artefacts: Artefacts) -> tuple[Finding, ...]:
    """Check sets against the official schema, what they are reported under, and their metadata structure."""
    findings: list[Finding] = []
    seen: set[Urn] = set()
    for one in located:
        if one.metadata_set.urn in seen:
            findings.append(Finding(code="MD-TWICE", where=one.where()))
        seen.add(one.metadata_set.urn)
        findings += check_set(one, find_usage(one.metadata_set, artefacts), artefacts)
    return tuple(findings)


def load_sets(
    located: Sequence[LocatedSet],
    sets: MetadataSets,
    artefacts: Artefacts,
    *,
    actor: str,
    now: dt.datetime,
    dry_run: bool = False,
) -> ArtefactReport:
    """Store sets, all or none: nothing is stored when a finding is an error, or in a dry run.

    Raises Conflict when another process stored something contrary meanwhile.
    """
    stored_sets = sets.snapshot()
    findings = (*check_sets(located, artefacts), *_contrary(located, stored_sets))
    added, changed, unchanged = _sorted(located, stored_sets)
    stored = not dry_run and not has_errors(findings)
    if stored:
        saved = sets.save((one.metadata_set for one in located), actor=actor, now=now)
        added, changed, unchanged = saved.added, saved.changed, saved.unchanged
    return ArtefactReport(added=added, changed=changed, unchanged=unchanged, findings=findings, stored=stored)


def _contrary(located: Iterable[LocatedSet], stored: Artefacts) -> Iterator[Finding]:
    """What would change a final set."""
    for one in located:
        there = stored.find(one.metadata_set.urn)
        if there is not None and there.is_final and there.fingerprint != one.metadata_set.fingerprint:
            shown = difference_text(there.document, one.metadata_set.document)
            params = {"urn": str(there.urn), "difference": shown}
            yield Finding(code="MD-FINAL", where=one.where(), params=params)


def _sorted(
    located: Iterable[LocatedSet], stored: Artefacts
) -> tuple[tuple[Urn, ...], tuple[Urn, ...], tuple[Urn, ...]]:
    """What storing would add, change and leave as it is."""
    kinds: dict[str, dict[Urn, None]] = {"added": {}, "changed": {}, "unchanged": {}}
    for one in located:
        there = stored.find(one.metadata_set.urn)
        same = there is not None and there.fingerprint == one.metadata_set.fingerprint
        kinds["added" if there is None else "unchanged" if same else "changed"][one.metadata_set.urn] = None
    return tuple(kinds["added"]), tuple(kinds["changed"]), tuple(kinds["unchanged"])
