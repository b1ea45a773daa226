"""Reads mapping files: YAML, the schema, and the rules it becomes. Every fault of a file is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.mapping import reading_figures as figures
from sdmx_hub.mapping import reading_source as sources
from sdmx_hub.mapping.document import Document, parse_document
from sdmx_hub.mapping.reading_codes import CodeTables
from sdmx_hub.mapping.reading_rules import read_date_rule, read_value_rules
from sdmx_hub.mapping.rules import (
    AggregateRule,
    ComponentRule,
    Condition,
    FillRule,
    FootnoteRule,
    NamedBy,
    NumberRule,
    RowRule,
    SourceRule,
    TableMapping,
    TimeRule,
    TotalRule,
    UnpivotRule,
)
from sdmx_hub.mapping.schema import check_document
from sdmx_hub.mapping.times import check_pattern
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import parse_ref, parse_urn

MEASURE = "OBS_VALUE"
BLANKS = (" ", "\u00a0", "\u202f", "\u2009", "\u2007")
"""What a blank as thousands sign stands for."""


class BadMapping(HubError):
    """A mapping file cannot be used; ``findings`` say why, each with its line."""

    def __init__(self, file: str | None, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        first = self.findings[0]
        super().__init__(
            "map-unusable", file=file or "mapping", count=len(self.findings), where=first.where, first=first.text("en")
        )


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping file and the code tables it names. Raises BadMapping with all its faults."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        where = Where(file=path.name)
        raise BadMapping(path.name, [Finding(code="MAP-YAML", where=where, params={"why": "UTF-8"})]) from error
    return parse_mapping(text, file=path.name, folder=path.parent)


def parse_mapping(text: str, *, file: str | None = None, folder: Path | None = None) -> TableMapping:
    """Read the text of a mapping; code tables in files are looked for in ``folder``. Raises BadMapping."""
    document = parse_document(text, file)
    findings = list(document.findings)
    if not findings:
        findings = check_document(document, file)
    if not findings:
        reader = _Reader(document, file, folder)
        mapping = reader.mapping(text)
        findings = reader.findings
    if findings:
        raise BadMapping(file, findings)
    return mapping


class _Reader:
    """Turns a document the schema allows into rules; what only values can tell is a finding."""

    def __init__(self, document: Document, file: str | None, folder: Path | None) -> None:
        self.document = document
        self.file = file
        self.folder = folder
        self.findings: list[Finding] = []

    def mapping(self, text: str) -> TableMapping:
        node: Mapping[str, Any] = self.document.value
        source = node["source"]
        return TableMapping(
            id=node["id"],
            version=node.get("version", "1.0.0"),
            titles=node["title"],
            provider=node["provider"],
            dataflow=parse_ref(node["dataflow"]),
            language=node["language"],
            action=Action[node["action"].upper()],
            source=self._source(source),
            components={key: self._component(key, value, source) for key, value in self._components(node).items()},
            rows=RowRule(**{key: tuple(map(_condition, value)) for key, value in node.get("rows", {}).items()}),
            fill_down=_fill(node.get("fill_down")),
            unpivot=_unpivot(node.get("unpivot")),
            rest=_text(node.get("rest")),
            totals=tuple(_total(one, rounded="rounding" in node) for one in node.get("totals", ())),
            aggregate=_aggregate(node.get("aggregate")),
            percentages=figures.percentages(node.get("percentages"), self._find),
            units=figures.units(node.get("units"), self._find),
            rounding=figures.rounding(node.get("rounding"), self._find),
            checks=figures.checks(node.get("checks"), self._find),
            scope=tuple(node.get("scope", ())),
            file=self.file,
            folder=self.folder,
            text=text,
            lines=self.document.lines,
        )

    def _source(self, node: Mapping[str, Any]) -> SourceRule:
        until = node.get("until")
        return SourceRule(
            **sources.plain_keys(node, self._find),
            thousands=_thousands(node.get("thousands")),
            until=_condition(until) if until else None,
        )

    def _components(self, node: Mapping[str, Any]) -> dict[str, Any]:
        components = dict(node["components"])
        if "unpivot" in node:
            measure = components.get(MEASURE, {})
            if isinstance(measure, Mapping) and "constant" not in measure:
                components[MEASURE] = {"column": "$value", **measure}
        return components

    def _component(self, component_id: str, node: Any, source: Mapping[str, Any]) -> ComponentRule:
        if not isinstance(node, Mapping):
            return ComponentRule(constant=str(node))
        if "constant" in node:
            return ComponentRule(constant=str(node["constant"]))
        if "column" not in node:
            self._find("MAP-ONE-OF", "components", component_id, keys="constant, column")
        is_number = component_id == MEASURE or node.get("number", False)
        tables = CodeTables(component_id, node, self.folder, self._find)
        return ComponentRule(
            columns=_columns(node.get("column", [])),
            strip=node.get("strip"),
            extract=node.get("extract"),
            case=node.get("case"),
            prefix=node.get("prefix", ""),
            codes=tables.codes,
            dated=tables.dated,
            splits=tables.splits,
            groups=tables.groups,
            map=parse_urn(node["map"]) if "map" in node else None,
            areas=tuple(node.get("areas", ())),
            age=node.get("age", False),
            time=self._time(component_id, node.get("time")),
            number=_number(node, source) if is_number else None,
            rules=read_value_rules(component_id, node, self._find),
            date=read_date_rule(component_id, node, self._find),
        )

    def _time(self, component_id: str, node: Any) -> TimeRule | None:
        if node is None:
            return None
        given = node if isinstance(node, Mapping) else {"pattern": node}
        try:
            check_pattern(given["pattern"])
        except BadRequest as error:
            self._find("MAP-TIME", "components", component_id, "time", **error.params)
        return TimeRule(
            pattern=given["pattern"],
            year_start=given.get("year_start"),
            named_by=NamedBy(given.get("named_by", "start")),
        )

    def _find(self, code: str, *path: str | int, **params: object) -> None:
        where = Where(file=self.file, row=self.document.line(path), path=".".join(map(str, path)))
        self.findings.append(Finding(code=code, where=where, params=params))


def clean(text: str) -> str:
    """Take blanks of every kind off both ends and make one blank of each run of them."""
    return " ".join(text.split())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _columns(node: Any) -> tuple[str, ...]:
    return tuple(clean(str(column)) for column in (node if isinstance(node, list) else [node]))


def _texts(node: Any) -> tuple[str, ...]:
    return tuple(clean(str(text)) for text in (node if isinstance(node, list) else [node]))


def _condition(node: Mapping[str, Any]) -> Condition:
    listed = node.get("is", node.get("not"))
    return Condition(
        column=clean(str(node["column"])),
        any_of=None if listed is None else _texts(listed),
        matches=node.get("matches"),
        same_as=clean(str(node["same_as"])) if "same_as" in node else None,
        negated="not" in node,
    )


def _thousands(node: Any) -> tuple[str, ...]:
    signs = node if isinstance(node, list) else [node] if node else []
    return tuple(dict.fromkeys(sign for given in signs for sign in (BLANKS if given.isspace() else (given,))))


def _number(node: Mapping[str, Any], source: Mapping[str, Any]) -> NumberRule:
    notes = node.get("footnotes")
    return NumberRule(
        decimal=node.get("decimal", source.get("decimal")),
        thousands=_thousands(node.get("thousands", source.get("thousands"))),
        percent=node.get("percent", False),
        missing={clean(text): status for text, status in node.get("missing", {}).items()},
        nil=_texts(node.get("nil", [])),
        suppressed=_texts(node.get("suppressed", [])),
        cumulative=figures.cumulative(node.get("cumulative")),
        footnotes=FootnoteRule(pattern=notes["pattern"], texts=notes.get("texts", {})) if notes else None,
    )


def _fill(node: Mapping[str, Any] | None) -> FillRule:
    if node is None:
        return FillRule()
    return FillRule(
        columns=_columns(node["columns"]), marks=_texts(node.get("marks", [])), blanks=node.get("blanks", True)
    )


def _unpivot(node: Mapping[str, Any] | None) -> UnpivotRule | None:
    if node is None:
        return None
    given = node["columns"] if isinstance(node["columns"], Mapping) else {"list": node["columns"]}
    return UnpivotRule(
        names=tuple(node["names"]),
        columns=_columns(given.get("list", [])),
        first=_text(given.get("from")),
        last=_text(given.get("to")),
        pattern=given.get("pattern"),
        others_than=_columns(given.get("except", [])),
        fill_right=node.get("fill_right", True),
    )


def _total(node: Mapping[str, Any], *, rounded: bool) -> TotalRule:
    return TotalRule(
        component_id=node["component"],
        total=str(node["total"]),
        parts=tuple(map(str, node.get("parts", ()))),
        residual=_text(node.get("residual")),
        derive_residual=node.get("derive_residual", False),
        tolerance=_text(node.get("tolerance", None if rounded else 0)),
    )


def _aggregate(node: Mapping[str, Any] | None) -> AggregateRule | None:
    return None if node is None else AggregateRule(partial=node.get("partial", "refuse") == "allow")
