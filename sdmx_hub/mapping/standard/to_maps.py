"""A mapping as artefacts: the structure of its table, a StructureMap, and a RepresentationMap for each look-up.

Agency, ids and version come from the mapping, so that the same mapping always makes the same artefacts. Where texts
of a table are given, each of them is in the maps with what became of it, so that for this table the maps are complete.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.mapping.checking import Artefacts, codelist_of, filled_in
from sdmx_hub.mapping.lookups import AREAS
from sdmx_hub.mapping.resolve import read_representation_map
from sdmx_hub.mapping.rules import SKIP, ComponentRule, TableMapping
from sdmx_hub.mapping.standard.limits import limits_of
from sdmx_hub.mapping.standard.notes import write_notes
from sdmx_hub.mapping.standard.source_table import SourceTable, artefact_node, describe_table, is_iso, ref_of
from sdmx_hub.mapping.standard.texts import (
    area_texts,
    copies,
    date_pattern,
    is_transformed,
    tests_of,
    time_rules,
)
from sdmx_hub.mapping.standard.values import write_rule
from sdmx_hub.mapping.value_rules import TextTest, ValueRule, find_rule, parted, try_all
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.period import parse_period
from sdmx_hub.model.structure import Attribute, Component, DataStructure
from sdmx_hub.model.urn import Ref, Urn

Node = dict[str, Any]
Texts = Mapping[str, Mapping[str, str | None]]
"""What texts of each component became: a code, nothing (empty), or ``$skip``."""
AGENCIES = Urn("AgencyScheme", Ref("ILMH", "AGENCIES", "1.0"))


@dataclass(frozen=True, kw_only=True)
class MadeMaps:
    """Artefacts in the order they build on each other, and what they cannot say."""

    artefacts: tuple[Artefact, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def structure_map(self) -> Artefact:
        """The structure map itself."""
        return next(one for one in self.artefacts if one.artefact_class.name == "StructureMap")


def agency_of(mapping: TableMapping, artefacts: Artefacts) -> str:
    """The agency of what is made: that of the provider, where the hub knows it as one, else that of the dataflow."""
    scheme = artefacts.find(AGENCIES)
    known = {item["id"] for item in scheme.items} if scheme else set()
    own = mapping.dataflow.agency_id
    return f"{AGENCIES.ref.agency_id}.{mapping.provider}" if mapping.provider in known else own


def make_maps(
    mapping: TableMapping,
    structure: DataStructure,
    artefacts: Artefacts,
    *,
    agency: str | None = None,
    texts: Texts | None = None,
) -> MadeMaps:
    """Make the artefacts of a mapping onto a dataflow with ``structure``."""
    maker = _Maker(mapping, structure, artefacts, agency or agency_of(mapping, artefacts), texts or {})
    made = maker.made()
    return MadeMaps(artefacts=made, findings=(*limits_of(mapping), *maker.findings))


class _Maker:
    """Makes the artefacts of one mapping."""

    def __init__(
        self, mapping: TableMapping, structure: DataStructure, artefacts: Artefacts, agency: str, texts: Texts
    ) -> None:
        self.mapping = mapping
        self.structure = structure
        self.artefacts = artefacts
        self.agency = agency
        self.texts = texts
        self.table = SourceTable(mapping, structure)
        self.findings: list[Finding] = []
        self.maps: list[Artefact] = []

    def made(self) -> tuple[Artefact, ...]:
        described = describe_table(self.table, self.agency)
        node = artefact_node(self.mapping, self.agency, f"SM_{self.mapping.id}")
        node["annotations"] = write_notes(self.mapping)
        node["source"] = str(described[-1].urn)
        node["target"] = str(Urn("Dataflow", self.mapping.dataflow))
        dates, components = self._component_maps()
        node |= {"datePatternMaps": dates} if dates else {}
        node |= {"componentMaps": components} if components else {}
        fixed = [{"target": key, "values": [value]} for key, value in self._constants()]
        node |= {"fixedValueMaps": fixed} if fixed else {}
        return (*described, *self.maps, Artefact(CLASS_BY_NAME["StructureMap"], node))

    def _constants(self) -> Iterator[tuple[str, str]]:
        given = filled_in(self.mapping, self.structure)
        for key in self.structure.components:
            if key in given and key not in self.table.told:
                yield key, given[key]

    def _component_maps(self) -> tuple[list[Node], list[Node]]:
        dates: list[Node] = []
        components: list[Node] = []
        for component_id, component in self.structure.components.items():
            rule = self.mapping.components.get(component_id)
            if component_id in self.table.told:
                components.append({"source": [component_id], "target": [component_id]})
            elif rule is not None and rule.columns:
                date = self._date(component_id, component, rule)
                if date is not None:
                    dates.append(date)
                    continue
                node = self._component_map(component_id, component, rule)
                if node is None:
                    self._tell("STD-TEXTS", component_id)
                else:
                    components.append(node)
        return dates, components

    def _date(self, component_id: str, component: Component, rule: ComponentRule) -> Node | None:
        """A date pattern map, where the whole rule is one."""
        own = rule.codes or rule.dated or rule.rules or rule.map or is_transformed(rule)
        if component is not self.structure.time_dimension or own or len(rule.columns) != 1:
            return None
        found = self._date_pattern(rule)
        if found is None:
            return None
        pair = {"source": self.table.ids(component_id)[0], "target": component_id}
        return {"id": component_id, "mappedComponents": [pair], **found}

    def _date_pattern(self, rule: ComponentRule) -> Node | None:
        if rule.date is not None and rule.date.pattern is not None:
            beside = {"frequencyDimension": rule.date.frequency_of} if rule.date.frequency_of else {}
            told = beside or {"targetFrequencyID": rule.date.frequency or "D"}
            resolve = {"resolvePeriod": f"{rule.date.resolve}{'Of' if rule.date.resolve != 'mid' else ''}Period"}
            return {"sourcePattern": rule.date.pattern, "locale": rule.date.locale, **resolve, **told}
        found = date_pattern(rule.time) if rule.time else None
        if found is None:
            return None
        return {"sourcePattern": found[0], "locale": self.mapping.language, "targetFrequencyID": found[1]}

    def _component_map(self, component_id: str, component: Component, rule: ComponentRule) -> Node | None:
        node: Node = {"source": self.table.ids(component_id), "target": [component_id]}
        if rule.number is not None or self._is_copy(component, rule):
            return node
        only_map = not (rule.codes or rule.dated or rule.rules or rule.areas or rule.age or rule.time or rule.groups)
        if rule.map is not None and only_map and not is_transformed(rule) and component_id not in self.texts:
            return node | {"representationMap": str(rule.map)}
        found = self._rules(component_id, component, rule)
        if not found:
            return None
        return node | {"representationMap": str(self._representation_map(component_id, component, rule, found))}

    def _is_copy(self, component: Component, rule: ComponentRule) -> bool:
        if component is self.structure.time_dimension:
            return is_iso(rule)
        own = rule.prefix or rule.splits or rule.groups or is_transformed(rule)
        return not rule.is_lookup and not own

    def _tell(self, code: str, component_id: str) -> None:
        path = ("components", component_id)
        self.findings.append(self.mapping.finding(code, *path, severity=Severity.WARNING, component=component_id))

    def _representation_map(
        self, component_id: str, component: Component, rule: ComponentRule, rules: Sequence[ValueRule]
    ) -> Urn:
        node = artefact_node(self.mapping, self.agency, f"RM_{self.mapping.id}_{component_id}")
        codelist = component.representation.codelist
        is_open = codelist is None or self.artefacts.find(codelist) is None
        node["source"] = [{"dataType": "String"} for _ in rule.columns]
        node["target"] = [{"dataType": "String"} if is_open else {"codelist": str(codelist)}]
        if not is_open and any(not one.is_literal for one in rules):
            node["target"] = [{"dataType": "String"}]
        node["representationMappings"] = [write_rule(one) | _validity(one) for one in rules]
        self.maps.append(Artefact(CLASS_BY_NAME["RepresentationMap"], node))
        return Urn("RepresentationMap", ref_of(node))

    def _rules(self, component_id: str, component: Component, rule: ComponentRule) -> list[ValueRule]:
        """The rules of a component in the order it looks texts up, those of the table that need it before them."""
        is_attribute = isinstance(component, Attribute)
        rules = [one for one in self._declared(rule, is_attribute=is_attribute) if one is not None]
        if len(rule.columns) == 1:
            rules += self._found(component, rule)
        met = list(self._met(component_id, rule, rules, is_attribute=is_attribute))
        if rules and not met and self._is_partial(rule, rules):
            self._tell("STD-TEXTS", component_id)
        return met + _first(rules)

    def _is_partial(self, rule: ComponentRule, rules: Sequence[ValueRule]) -> bool:
        """Tell whether texts are changed, or times read, in a way that no pattern says."""
        if rule.time is not None and component_is_timed(rule):
            return not time_rules(rule.time)
        return is_transformed(rule) and not any(test.pattern for one in rules for test in one.when)

    def _declared(self, rule: ComponentRule, *, is_attribute: bool) -> Iterator[ValueRule]:
        """What the tables of a component say."""
        count = len(rule.columns)
        for text, dated in rule.dated.items():
            for one in dated:
                code = _code(one.code, is_attribute=is_attribute)
                yield from _ruled(text, code, rule, count, valid_from=one.valid_from, valid_to=one.valid_to)
        groups = {text: group.code for text, group in rule.groups.items()}
        for text, told in {**rule.codes, **groups}.items():
            yield from _ruled(text, _code(told, is_attribute=is_attribute), rule, count)
        if not is_transformed(rule):
            yield from rule.rules

    def _found(self, component: Component, rule: ComponentRule) -> Iterator[ValueRule]:
        """What the look-ups of a component find, and the texts that are codes themselves."""
        if rule.map is not None:
            artefact = self.artefacts.find(rule.map)
            for text, code in read_representation_map(artefact).items() if artefact else ():
                yield from _ruled(text, code, rule, 1, raw=False)
        codelist = codelist_of(component, self.artefacts)
        if rule.areas:
            areas = self.artefacts.find(AREAS)
            known = codelist.codes if codelist else {}
            for text, code in area_texts(areas, rule.areas) if areas else ():
                if code in known:
                    yield from _ruled(text, code, rule, 1, raw=False)
        elif rule.time is not None:
            yield from time_rules(rule.time) if not is_transformed(rule) else ()
        elif component is self.structure.time_dimension and not (rule.rules or rule.date):
            yield ValueRule(when=(TextTest(pattern="(.+)"),), code="\\1")
        elif not rule.is_lookup:
            yield from copies(rule, codelist.codes if codelist else ())

    def _met(
        self, component_id: str, rule: ComponentRule, rules: Sequence[ValueRule], *, is_attribute: bool
    ) -> Iterator[ValueRule]:
        """Texts of the table that the rules do not say, or say otherwise."""
        count = len(rule.columns)
        met = self.texts.get(component_id, {})
        try_all(rules, [texts for text in met if len(texts := parted(text, count)) == count])
        for text, told in met.items():
            code = None if told is None or told == SKIP else told
            texts = parted(text, count)
            found = find_rule(rules, texts, "")
            if len(texts) == count and (found is None or found.made(texts) != code):
                if code is None and found is None and not text and is_attribute:
                    continue
                yield ValueRule(when=tuple(TextTest(text=one) for one in texts), code=code)


def component_is_timed(rule: ComponentRule) -> bool:
    """Tell whether a rule reads times by a pattern of its own."""
    return rule.time is not None and not rule.codes


def _code(told: str, *, is_attribute: bool) -> str | None:
    return None if told == SKIP or (told == "" and is_attribute) else told


def _ruled(
    text: str, code: str | None, rule: ComponentRule, count: int, *, raw: bool = True, **valid: str | None
) -> Iterator[ValueRule]:
    if count > 1:
        texts = parted(text, count)
        if len(texts) == count:
            yield ValueRule(when=tuple(TextTest(text=one) for one in texts), code=code, **valid)
        return
    for test in tests_of(text, rule, raw=raw):
        yield ValueRule(when=(test,), code=code, **valid)


def _first(rules: Sequence[ValueRule]) -> list[ValueRule]:
    """Leave out rules that never come to their turn: those of a text that has an undated one before."""
    kept: dict[tuple[Any, ...], ValueRule] = {}
    for rule in rules:
        kept.setdefault((rule.when, rule.valid_from, rule.valid_to), rule)
    return list(kept.values())


def _validity(rule: ValueRule) -> Node:
    """Validity as moments: from the first day of a period to the last of another."""
    node: Node = {}
    if rule.valid_from:
        node["validFrom"] = f"{parse_period(rule.valid_from).start:%Y-%m-%dT%H:%M:%S}Z"
    if rule.valid_to:
        last = parse_period(rule.valid_to)
        day = re.fullmatch(r".*T(?!00:00:00).*", rule.valid_to)
        at = last.start if day else last.end.replace(hour=0, minute=0, second=0)
        node["validTo"] = f"{at:%Y-%m-%dT%H:%M:%S}Z" if day else f"{_day_before(at)}T00:00:00Z"
    return node


def _day_before(at: dt.datetime) -> str:
    return f"{(at - dt.timedelta(days=1)).date():%Y-%m-%d}"
