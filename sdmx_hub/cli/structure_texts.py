"""What ``sdmx-hub structures`` says to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sdmx_hub.language import localised, sentence
from sdmx_hub.load.artefacts import ArtefactReport
from sdmx_hub.model.artefact import Artefact, Document
from sdmx_hub.model.finding import Finding
from sdmx_hub.store.artefacts import Artefacts

_SHOWN = 30
"""So many artefacts are told by name; the rest is counted."""


def row_of(artefact: Artefact, language: str) -> dict[str, Any]:
    """One artefact in a list."""
    return {
        "class": artefact.artefact_class.name,
        "ref": str(artefact.ref),
        "name": localised(artefact.names, language),
        "urn": str(artefact.urn),
        "final": artefact.is_final,
    }


def report_text(report: ArtefactReport, language: str, *, dry_run: bool) -> str:
    """What became, or would become, of what was loaded."""
    lines = list(finding_lines(report.findings, language))
    for kind, urns in (("added", report.added), ("changed", report.changed)):
        lines += [
            f"{sentence(f'structures-{kind}', language)}  {urn.class_name:<22} {urn.ref}" for urn in urns[:_SHOWN]
        ]
        if len(urns) > _SHOWN:
            lines.append(sentence("structures-more", language, count=len(urns) - _SHOWN))
    key = "structures-stored" if report.stored else "structures-dry" if dry_run else "structures-not-stored"
    counts = {kind: len(getattr(report, kind)) for kind in ("added", "changed", "unchanged")}
    return "\n".join([*lines, sentence(key, language, **counts)])


def finding_lines(findings: Iterable[Finding], language: str) -> list[str]:
    """Findings, one a line."""
    return [
        f"{finding.severity.value:<8} {finding.code}  {finding.where}: {finding.text(language)}" for finding in findings
    ]


def describe(artefact: Artefact, artefacts: Artefacts, language: str) -> list[str]:
    """An artefact for people: names, neighbours, items."""
    names = " · ".join(f"{text} [{spoken}]" for spoken, text in artefact.names.items())
    lines = [f"{artefact.artefact_class.name} {artefact.ref}", f"  {names}"]
    description = localised(artefact.document.get("descriptions", {}), language)
    lines += [f"  {description}"] if description else []
    for key, urns in (
        ("structures-refers", [child.urn for child in artefacts.children(artefact.urn)]),
        ("structures-referred", [parent.urn for parent in artefacts.parents(artefact.urn)]),
    ):
        told = [f"{urn.class_name} {urn.ref}" for urn in urns[:_SHOWN]]
        more = [sentence("structures-more", language, count=len(urns) - _SHOWN)] if len(urns) > _SHOWN else []
        lines += [f"  {sentence(key, language)}", *(f"    {line}" for line in [*told, *more])] if urns else []
    return [*lines, *_tree(artefact, language)]


def _tree(artefact: Artefact, language: str) -> list[str]:
    """The items, each below its parent."""
    key = artefact.artefact_class.items
    if not key or not artefact.items:
        return []
    below: dict[str | None, list[Document]] = {}
    ids = {item["id"] for item in artefact.items}
    for item in artefact.items:
        parent = item.get("parent")
        below.setdefault(parent if parent in ids else None, []).append(item)

    def lines(items: Iterable[Document], depth: int) -> list[str]:
        found: list[str] = []
        for item in items:
            name = localised(item.get("names", {}), language) or item.get("code", "").rpartition("=")[2]
            found.append(f"  {'  ' * depth}{item['id']}  {name}")
            found += lines([*below.get(item["id"], ()), *item.get(key, ())], depth + 1)
        return found

    return lines(below.get(None, ()), 1)


def diff_lines(answers: Iterable[dict[str, Any]], language: str) -> Iterator[str]:
    """Comparisons for people, each with its verdict; what did not change is counted."""
    same = 0
    for answer in answers:
        if answer["change"] == "unchanged" and answer["old"] == answer["new"]:
            same += 1
            continue
        yield answer["old"] or answer["new"]
        if answer["old"] and answer["new"]:
            yield f"→ {answer['new']}"
        yield from (f"  {one['verdict']:<6} {one['change']}" for one in answer["changes"])
        yield "  " + _verdict(answer, language)
    if same:
        yield sentence("structures-same", language, count=same)


def _verdict(answer: dict[str, Any], language: str) -> str:
    change = answer["change"]
    if change in {"added", "removed", "draft"}:
        return sentence(f"structures-change-{change}", language)
    said = sentence(f"structures-verdict-{answer['verdict']}", language)
    if answer["allowed"]:
        return said
    return f"{said} {sentence('structures-proposed', language, version=answer['proposed'])}"


def history_lines(urn: str, states: Iterable[dict[str, Any]], language: str) -> Iterator[str]:
    """The states of an artefact for people."""
    yield urn
    for one in states:
        until = one["until"] or sentence("structures-still", language)
        yield f"{one['state']:>4}  {one['from']} – {until}"
        yield from (f"        {change['verdict']:<6} {change['change']}" for change in one["changes"])
