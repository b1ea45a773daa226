"""Reads ``rules``, ``date`` and ``epoch`` of a component: what a map of the standard says, in a mapping file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.dates import check_date
from sdmx_hub.mapping.declared import DatedCode
from sdmx_hub.mapping.reading_codes import evened
from sdmx_hub.mapping.value_rules import DateRule, TextTest, ValueRule

Find = Callable[..., None]
"""How a fault is told: its code, the path to it, and parameters by name."""


def read_value_rules(component_id: str, node: Mapping[str, Any], find: Find) -> tuple[ValueRule, ...]:
    """Read ``rules``; a rule for another number of columns is a fault, and so is a date that does not exist."""
    columns = node.get("column", [])
    count = len(columns) if isinstance(columns, list) else 1
    found = []
    for place, one in enumerate(node.get("rules", ())):
        rule = _rule(one)
        path = ("components", component_id, "rules", place)
        if len(rule.when) != count:
            find("MAP-RULE", *path, columns=count, texts=len(rule.when))
        try:
            DatedCode(code="", valid_from=rule.valid_from, valid_to=rule.valid_to).span  # noqa: B018 - raises
        except BadRequest as error:
            find("M22-DATE", *path, value=error.params.get("text", ""))
        found.append(rule)
    return tuple(found)


def _rule(node: Mapping[str, Any]) -> ValueRule:
    when = node["when"] if isinstance(node["when"], list) else [node["when"]]
    texts = {key: str(node[key]) for key in ("code", "valid_from", "valid_to") if key in node}
    return ValueRule(when=tuple(map(_test, when)), **texts)


def _test(node: Any) -> TextTest:
    if not isinstance(node, Mapping):
        return TextTest(text=evened(node))
    if "matches" in node:
        return TextTest(pattern=node["matches"])
    return TextTest(text=evened(node.get("is", "")), start=node.get("start"))


def read_date_rule(component_id: str, node: Mapping[str, Any], find: Find) -> DateRule | None:
    """Read ``date`` or ``epoch``; a pattern or a base that cannot be read is a fault."""
    given = node.get("date", node.get("epoch"))
    if given is None:
        return None
    rule = DateRule(**{key: str(value) for key, value in given.items()})
    try:
        check_date(rule)
    except BadRequest as error:
        key = "date" if "date" in node else "epoch"
        why = error.params.get("why", error.params.get("text", ""))
        find("MAP-DATE", "components", component_id, key, pattern=rule.pattern or rule.base, why=why)
    return rule
