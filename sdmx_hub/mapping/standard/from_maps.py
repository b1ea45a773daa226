"""A mapping file made of a StructureMap and the RepresentationMaps it goes by, whoever wrote them.

The table it maps is a dataset in the source structure: columns named by component ids. What cannot be run is an error
that says where and why; nothing is guessed, and nothing is left out unsaid.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.checking import PROVIDERS
from sdmx_hub.mapping.date_patterns import parse_pattern
from sdmx_hub.mapping.guess.writing import write_draft
from sdmx_hub.mapping.reading import MEASURE
from sdmx_hub.mapping.standard.notes import read_notes
from sdmx_hub.mapping.standard.values import BadValue, read_values
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.structure import DataStructure, FindArtefact
from sdmx_hub.model.urn import Urn, parse_urn

Node = dict[str, Any]
_RESOLVE = {"startOfPeriod": "start", "endOfPeriod": "end", "midPeriod": "mid"}
_LANGUAGES = ("en", "fr", "es")
ARRAY = "\x1d"
"""Between the values of an array."""


@dataclass(frozen=True, kw_only=True)
class MadeMapping:
    """The text of a mapping file, and what was found on the way; with an error in it the text is not to be used."""

    text: str
    findings: tuple[Finding, ...] = ()


def make_mapping(
    structure_map: Artefact,
    find: FindArtefact,
    *,
    dataflow: Urn,
    structure: DataStructure,
    provider: str | None = None,
    source_format: str = "csv",
) -> MadeMapping:
    """Make the mapping of data in the source structure onto ``dataflow``, whose structure is ``structure``."""
    maker = _Maker(structure_map, find, structure)
    components = maker.components()
    provider = provider or maker.provider()
    names = {key: text for key, text in structure_map.names.items() if key in _LANGUAGES}
    shown = names.get("en") or next(iter(structure_map.names.values()), structure_map.ref.id)
    notes = read_notes(structure_map.document)
    node: Node = {
        "id": re.sub(r"\W", "_", structure_map.ref.id.removeprefix("SM_"), flags=re.ASCII),
        "version": _version(structure_map.ref.version),
        "title": {"en": shown} | names,
        "provider": provider,
        "dataflow": str(dataflow.ref),
        "language": notes.get("language", "en"),
        "action": notes.get("action", "append"),
        **({"scope": notes["scope"].split()} if notes.get("scope") else {}),
        "source": {
            "line": notes.get("line", shown),
            "licence": notes.get("licence", "-"),
            "format": source_format,
        },
        "components": components,
    }
    return MadeMapping(text=write_draft(node, {}, ()), findings=tuple(maker.findings))


def _version(text: str) -> str:
    numbers = re.findall(r"[0-9]+", text.partition("-")[0])[:3]
    return ".".join([*numbers, *["0"] * (3 - len(numbers))])


class _Maker:
    """Turns one structure map into the ``components`` of a mapping; ``findings`` say what it met."""

    def __init__(self, structure_map: Artefact, find: FindArtefact, structure: DataStructure) -> None:
        self.map = structure_map
        self.find = find
        self.structure = structure
        self.findings: list[Finding] = []

    def provider(self) -> str:
        """The provider the map names, or its agency where that is one; else an error."""
        named = read_notes(self.map.document).get("provider") or self.map.ref.agency_id.rpartition(".")[2]
        scheme = self.find(PROVIDERS)
        if scheme is None or any(item["id"] == named for item in scheme.items):
            return named
        self.tell("STD-PROVIDER", "", provider=named)
        return named

    def components(self) -> Node:
        """How each target component is filled, in the order of the structure."""
        found: list[tuple[str, Node | str]] = []
        document = self.map.document
        for place, one in enumerate(document.get("fixedValueMaps", ())):
            found += self._fixed(one, f"/fixedValueMaps/{place}")
        for place, one in enumerate(document.get("componentMaps", ())):
            found += self._component(one, f"/componentMaps/{place}")
        for key, read in (("datePatternMaps", self._date), ("epochMaps", self._epoch)):
            for place, one in enumerate(document.get(key, ())):
                found += self._dated(one, f"/{key}/{place}", read)
        for component_id, count in Counter(key for key, _ in found).items():
            if count > 1:
                self.tell("STD-TWICE", "", component=component_id, count=count)
            if component_id not in self.structure.components:
                self.tell("STD-COMPONENT", "", component=component_id, structure=self.structure.ref)
        if not found:
            self.tell("STD-EMPTY", "")
        given = dict(found)
        order = [key for key in self.structure.components if key in given]
        return {key: given[key] for key in (*order, *(key for key in given if key not in order))}

    def tell(self, code: str, path: str, /, severity: Severity = Severity.ERROR, **params: object) -> None:
        """Note something about a place in the map."""
        where = Where(file=str(self.map.urn.ref), path=path or None)
        self.findings.append(Finding(code=code, severity=severity, where=where, params=params))

    def _fixed(self, one: Document, path: str) -> Iterator[tuple[str, str]]:
        values = list(one.get("values", ()))
        if "target" not in one:
            self.tell("STD-SOURCE-FIXED", path, Severity.INFO, component=one.get("source", ""))
            return
        component = self.structure.components.get(one["target"])
        if len(values) != 1 and not (component and component.representation.is_array and values):
            self.tell("STD-VALUES", path, component=one["target"], count=len(values))
            return
        yield one["target"], ARRAY.join(values)

    def _component(self, one: Document, path: str) -> Iterator[tuple[str, Node]]:
        sources, targets = list(one["source"]), list(one["target"])
        column: str | list[str] = sources[0] if len(sources) == 1 else sources
        if "representationMap" not in one:
            if len(sources) != 1 or len(targets) != 1:
                self.tell("STD-NO-MAP", path, sources=", ".join(sources), targets=", ".join(targets))
            else:
                yield targets[0], self._copied(targets[0], column)
            return
        maps = self._representation(one["representationMap"], sources, targets, path)
        for place, target in enumerate(targets if maps is not None else ()):
            if target == MEASURE:
                self.tell("STD-MEASURE", path, component=target)
            yield target, {"column": column, **read_values(maps or (), place, is_attribute=self._is_attribute(target))}

    def _copied(self, target: str, column: str | list[str]) -> Node:
        if target == MEASURE:
            return {"column": column, "decimal": ".", "missing": {"": "O", "NaN": "O"}}
        return {"column": column}

    def _is_attribute(self, target: str) -> bool:
        return any(attribute.id == target for attribute in self.structure.attributes)

    def _representation(
        self, text: str, sources: Sequence[str], targets: Sequence[str], path: str
    ) -> Sequence[Document] | None:
        """The mappings of a representation map that is there, fits, and can be run."""
        urn = parse_urn(text)
        artefact = self.find(urn)
        if artefact is None or artefact.is_stub:
            self.tell("STD-REFERENCE", path, urn=urn)
            return None
        document = artefact.document
        mappings = document.get("representationMappings", ())
        for place, one in enumerate(mappings):
            given = (len(one["sourceValues"]), len(one.get("targetValues", ())) or len(targets))
            if given != (len(sources), len(targets)):
                shown = f"{artefact.ref}/representationMappings/{place}"
                self.tell("STD-SIDES", path, map=shown, found="{} → {}".format(*given),
                          wanted=f"{len(sources)} → {len(targets)}")  # fmt: skip
                return None
            try:
                read_values([one], 0, is_attribute=False)
            except BadValue as error:
                self.tell(error.code, path, map=f"{artefact.ref}/representationMappings/{place}", value=error.value)
                return None
        return list(mappings)

    def _dated(self, one: Document, path: str, read: Any) -> Iterator[tuple[str, Node]]:
        if one.get("mappedFrequencies"):
            self.tell("STD-FORMATS", path, formats=", ".join(one["mappedFrequencies"]))
        rule = read(one, path)
        frequency = {
            "frequency": one.get("targetFrequencyID"),
            "frequency_of": one.get("frequencyDimension"),
            "resolve": _RESOLVE.get(one.get("resolvePeriod", "")),
        }
        told = {key: value for key, value in frequency.items() if value}
        for key, node in rule.items():
            for pair in one["mappedComponents"]:
                yield pair["target"], {"column": pair["source"], key: node | told}

    def _date(self, one: Document, path: str) -> Mapping[str, Node]:
        pattern, locale = one["sourcePattern"], one.get("locale", "en")
        try:
            parse_pattern(pattern, locale)
        except BadRequest as error:
            self.tell("STD-DATE", path, pattern=pattern, why=error.params["why"])
        return {"date": {"pattern": pattern} | ({"locale": locale} if locale != "en" else {})}

    def _epoch(self, one: Document, _path: str) -> Mapping[str, Node]:
        return {"epoch": {"base": one["basePeriod"], "unit": one["epochPeriod"]}}
