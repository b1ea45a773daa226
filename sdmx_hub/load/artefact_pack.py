"""The pack: the structures that come with the hub, as files people edit.

It is ``codelists/<AGENCY>/<ID>-<version>.csv`` with ``codelists/<AGENCY>/index.csv``, and
``dsd/<AGENCY>/<Class>-<ID>-<version>.json``, each file one artefact.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import sdmx_hub
from sdmx_hub.errors import HubError, Malformed, NotFound
from sdmx_hub.formats import codelist_csv, structure_json_v2_1
from sdmx_hub.formats.structure_schema import check_artefact, check_message
from sdmx_hub.load.artefact_checks import Located, check_artefacts, check_languages
from sdmx_hub.load.artefact_rules import RULES, finder
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Where


def pack_root() -> Path:
    """Find the content that comes with the hub: beside the package in a checkout, inside it when installed."""
    package = Path(sdmx_hub.__file__).parent
    for root in (package / "content", package.parent):
        if (root / "dsd").is_dir() and (root / "codelists").is_dir():
            return root
    raise NotFound("structures-no-pack", where=str(package))


def read_pack(root: Path) -> tuple[Artefact, ...]:
    """Read every artefact under ``root``. Raises Malformed (or BadRequest) at the first file that cannot be read."""
    return tuple(one.artefact for one in locate_pack(root))


def locate_pack(root: Path) -> tuple[Located, ...]:
    """Read every artefact under ``root`` together with the file it came from, paths relative to ``root``."""
    return tuple(itertools.chain.from_iterable(read() for _, read in _sources(root)))


def check_pack(root: Path) -> tuple[Finding, ...]:
    """Check a pack: files and schema, then names, languages, references, parents, values. Never raises for content."""
    located: list[Located] = []
    findings: list[Finding] = []
    for file, read in _sources(root):
        try:
            located += read()
        except HubError as error:
            where = Where(file=str(error.params.get("at", file)))
            findings.append(Finding(code=error.key, where=where, params=error.params))
    findings += _check_files(root, located)
    if not any(finding.code == "ART-SCHEMA" for finding in findings):
        findings += check_artefacts(located, finder(located), (*RULES, check_languages))
    return tuple(findings)


def _sources(root: Path) -> Iterator[tuple[str, Callable[[], list[Located]]]]:
    """Each file of the pack with the reader of its artefacts, in a stable order."""
    for index in sorted((root / "codelists").glob("*/index.csv")):
        yield _relative(index, root), functools.partial(_read_codelists, index, root)
    for path in sorted((root / "dsd").glob("*/*.json")):
        yield _relative(path, root), functools.partial(_read_json, path, root)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _read_codelists(index: Path, root: Path) -> list[Located]:
    located = []
    for heading in codelist_csv.read_index(index.read_bytes(), index.parent.name):
        path = index.parent / f"{heading.ref.id}-{heading.ref.version}.csv"
        if not path.is_file():
            raise NotFound("structures-no-list", file=path.name, index=_relative(index, root))
        located.append(_read_codelist(path, heading, _relative(path, root)))
    return located


def _read_codelist(path: Path, heading: codelist_csv.CodelistHeading, file: str) -> Located:
    try:
        return Located(codelist_csv.read(path.read_bytes(), heading), file)
    except Malformed as error:
        raise Malformed(error.key, **error.params, at=file) from error


def _read_json(path: Path, root: Path) -> list[Located]:
    file = _relative(path, root)
    return [Located(artefact, file) for artefact in structure_json_v2_1.read(path.read_bytes())]


def _check_files(root: Path, located: Sequence[Located]) -> Iterator[Finding]:
    named: dict[str | None, list[Located]] = {}
    for one in located:
        named.setdefault(one.file, []).append(one)
    for file, ones in named.items():
        if len(ones) > 1:
            yield Finding(code="ART-FILE-MANY", where=Where(file=file), count=len(ones), params={"count": len(ones)})
        expected = _file_of(ones[0].artefact)
        if file != expected:
            yield Finding(code="ART-FILE-NAME", where=Where(file=file), params={"expected": expected})
    listed = set(named)
    for path in sorted((root / "codelists").glob("*/*.csv")):
        if path.name != "index.csv" and _relative(path, root) not in listed:
            yield Finding(code="ART-FILE-UNLISTED", where=Where(file=_relative(path, root)))
    yield from _check_schema(root, located)


def _check_schema(root: Path, located: Sequence[Located]) -> Iterator[Finding]:
    for one in located:
        if one.file and one.file.endswith(".json"):
            errors = check_message(structure_json_v2_1.load_message((root / one.file).read_bytes()))
        else:
            errors = check_artefact(one.artefact)
        for error in errors:
            yield Finding(code="ART-SCHEMA", where=Where(file=one.file, path=error.path), params={"why": error.text})


def _file_of(artefact: Artefact) -> str:
    ref = artefact.ref
    if artefact.artefact_class is codelist_csv.CODELIST:
        return f"codelists/{ref.agency_id}/{ref.id}-{ref.version}.csv"
    return f"dsd/{ref.agency_id}/{artefact.artefact_class.name}-{ref.id}-{ref.version}.json"
