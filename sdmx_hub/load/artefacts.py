"""Artefacts on their way in: files of any structure format, checked, then stored all or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdmx_hub.errors import HubError, NotFound
from sdmx_hub.formats import codelist_csv
from sdmx_hub.formats.message_schema import check_message_schema
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.load.artefact_checks import Located, check_artefacts
from sdmx_hub.load.artefact_pack import check_pack, locate_pack, pack_root, read_pack
from sdmx_hub.load.artefact_rules import RULES, finder
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity, Where, has_errors
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.difference import difference_text
from sdmx_hub.store.registry import Registry

__all__ = [
    "ArtefactReport",
    "check_artefact_files",
    "check_messages",
    "check_pack",
    "load_artefacts",
    "locate_files",
    "locate_pack",
    "pack_root",
    "read_pack",
]


@dataclass(frozen=True, kw_only=True)
class ArtefactReport:
    """What became of some artefacts, or would become of them: ``stored`` is false in a dry run and after errors."""

    added: tuple[Urn, ...]
    changed: tuple[Urn, ...]
    unchanged: tuple[Urn, ...]
    findings: tuple[Finding, ...]
    stored: bool

    def as_json(self, language: str = "en") -> dict[str, Any]:
        """Shape the report for JSON."""
        return {
            "stored": self.stored,
            "added": [str(urn) for urn in self.added],
            "changed": [str(urn) for urn in self.changed],
            "unchanged": [str(urn) for urn in self.unchanged],
            "findings": [finding.as_json(language) for finding in self.findings],
        }


def locate_files(paths: Iterable[Path]) -> tuple[Located, ...]:
    """Read the artefacts of files in any structure format, of codelist spreadsheets, and of folders laid out as a pack.

    Raises Malformed with the name of the file (``at``), NotFound, NotBuilt.
    """
    return tuple(located for path in paths for located in _locate(path))


def check_artefact_files(located: Sequence[Located], artefacts: Artefacts) -> tuple[Finding, ...]:
    """Check artefacts against the official schema and, when they keep to it, against each other and what is stored."""
    schema = tuple(
        Finding(code="ART-SCHEMA", where=one.where(error.path), params={"why": error.text})
        for one in located
        for error in check_artefact(one.artefact)
    )
    return schema or check_artefacts(located, finder(located, artefacts.find), RULES)


def check_messages(paths: Iterable[Path], *, lenient: bool = False) -> tuple[Finding, ...]:
    """Check structure messages against the official schema of their format; ``lenient`` makes warnings of errors.

    Folders and codelist spreadsheets are no messages. Many a message of a real publisher breaks the schema in a detail
    and can be read all the same, so harvesting does not ask here.
    """
    severity = Severity.WARNING if lenient else Severity.ERROR
    return tuple(
        Finding(
            code="ART-MESSAGE",
            severity=severity,
            where=Where(file=str(path), row=error.line, path=error.path),
            params={"why": error.text},
        )
        for path in paths
        if path.is_file() and path.suffix.lower() != ".csv"
        for error in check_message_schema(path.read_bytes())
    )


def load_artefacts(
    located: Sequence[Located],
    registry: Registry,
    *,
    actor: str,
    now: dt.datetime,
    dry_run: bool = False,
    allow_missing: bool = False,
    found: Sequence[Finding] = (),
) -> ArtefactReport:
    """Store artefacts, all or none: nothing is stored when a finding is an error, or in a dry run.

    ``found`` are findings about the messages themselves. With ``allow_missing`` a reference to what is not known is a
    warning. Availability constraints say what was there
    elsewhere; they are left out. Raises Conflict when another process stored something contrary meanwhile.
    """
    artefacts = registry.snapshot()
    kept = [one for one in located if one.artefact.artefact_class.name != "AvailabilityConstraint"]
    left = [one for one in located if one not in kept]
    findings = [
        *found,
        *(Finding(code="ART-ACTUAL", severity=Severity.INFO, where=one.where()) for one in left),
        *(_softened(finding) if allow_missing else finding for finding in check_artefact_files(kept, artefacts)),
        *_contrary(kept, artefacts),
    ]
    added, changed, unchanged = _sorted(kept, artefacts)
    stored = not dry_run and not has_errors(findings)
    if stored:
        saved = registry.save((one.artefact for one in kept), actor=actor, now=now)
        added, changed, unchanged = saved.added, saved.changed, saved.unchanged
    return ArtefactReport(added=added, changed=changed, unchanged=unchanged, findings=tuple(findings), stored=stored)


def _locate(path: Path) -> list[Located]:
    if not path.exists():
        raise NotFound("structures-no-file", file=str(path))
    if path.is_dir():
        return [replace(one, file=str(path / one.file) if one.file else None) for one in locate_pack(path)]
    try:
        artefacts = _read_codelist(path) if path.suffix.lower() == ".csv" else read_structures(path.read_bytes())
    except HubError as error:
        raise type(error)(error.key, **error.params, at=str(path)) from error
    return [Located(artefact, str(path)) for artefact in artefacts]


def _read_codelist(path: Path) -> tuple[Artefact, ...]:
    """Read one spreadsheet; what it is called stands in the index beside it."""
    index = path.parent / "index.csv"
    if not index.is_file():
        raise NotFound("structures-no-index", file=path.name)
    for heading in codelist_csv.read_index(index.read_bytes(), path.parent.name):
        if path.name == f"{heading.ref.id}-{heading.ref.version}.csv":
            return (codelist_csv.read(path.read_bytes(), heading),)
    raise NotFound("structures-no-index", file=path.name)


def _softened(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.WARNING) if finding.code == "ART-MISSING" else finding


def _contrary(located: Iterable[Located], artefacts: Artefacts) -> Iterator[Finding]:
    """What would change a final artefact."""
    for one in located:
        there = _there(one.artefact, artefacts)
        if there is not None and there.is_final and there.fingerprint != one.artefact.fingerprint:
            shown = difference_text(there.document, one.artefact.document)
            params = {"urn": str(there.urn), "difference": shown}
            yield Finding(code="ART-FINAL", where=one.where(), params=params)


def _there(artefact: Artefact, artefacts: Artefacts) -> Artefact | None:
    found = artefacts.find(artefact.urn)
    return found if found is not None and found.urn == artefact.urn else None


def _sorted(
    located: Iterable[Located], artefacts: Artefacts
) -> tuple[tuple[Urn, ...], tuple[Urn, ...], tuple[Urn, ...]]:
    """What storing would add, change and leave as it is."""
    kinds: dict[str, dict[Urn, None]] = {"added": {}, "changed": {}, "unchanged": {}}
    for one in located:
        there = _there(one.artefact, artefacts)
        same = there is not None and there.fingerprint == one.artefact.fingerprint
        kind = "added" if there is None else "unchanged" if same else "changed"
        kinds[kind][one.artefact.urn] = None
    return tuple(kinds["added"]), tuple(kinds["changed"]), tuple(kinds["unchanged"])
