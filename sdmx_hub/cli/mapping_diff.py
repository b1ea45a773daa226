"""``sdmx-hub map diff``: what a changed file or mapping would change in what is published, before it does."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from sdmx_hub.cli.check import file_options, language_of, order_of
from sdmx_hub.cli.context import FINDINGS, HubContext, pass_hub, show, tell
from sdmx_hub.cli.load_texts import findings_table, render
from sdmx_hub.language import sentence
from sdmx_hub.load.difference import Change, Difference, FlowDifference, compare_orders, find_difference
from sdmx_hub.load.report import LoadOrder

_STYLES = {"A": "green", "R": "yellow", "D": "red"}
_SIGNS = {"A": "+", "R": "~", "D": "-"}
_MAPPINGS = {".yaml", ".yml"}
_WIDEST = 60
_SILENT = {"OBS_STATUS": "A", "CONF_STATUS": "F"}
"""Components not worth showing of a new or deleted observation when they say nothing out of the ordinary."""
_SHOWN = ("OBS_STATUS", "CONF_STATUS", "COMMENT_OBS")


@click.command("diff")
@file_options
@click.option(
    "--against",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Older file or older mapping (.yaml) to compare with, in place of what the hub holds; both may be named.",
)
@click.option(
    "--rows", "most", type=click.IntRange(0, 10_000), default=20, show_default=True, help="Changes of a kind to show."
)
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write all changes, as SDMX-CSV."
)
@pass_hub
@click.pass_context
def diff(
    ctx: click.Context,
    hub: HubContext,
    /,
    file: Path,
    *,
    lang: str | None,
    as_json: bool,
    against: tuple[Path, ...],
    most: int,
    output: Path | None,
    **told: Any,
) -> None:
    r"""Say what FILE, with its mapping, would change in what is published: added, revised and deleted observations.

    FILE is compared with what the hub holds, exactly as a load would compare it, or with what an older file or an older
    mapping makes. Nothing is stored. Exit code 3 when FILE has errors: a load would change nothing.

    \b
    sdmx-hub map diff emigrants-corrected.csv --mapping emigrants.yaml
    sdmx-hub map diff emigrants.csv --mapping new.yaml --against old.yaml --rows 50
    sdmx-hub map diff emigrants.csv --mapping emigrants.yaml --output changes.csv --json
    """
    order = order_of(hub, file, **told)
    tell(sentence("load-checking", hub.language, file=file.name))
    found = _compare(hub, order, against, most, output)
    language = language_of(hub, found.report, lang)
    show(_as_json(found, language), as_json=as_json, text=lambda: _text(found, language, output))
    ctx.exit(FINDINGS if found.report.has_errors else 0)


def _compare(hub: HubContext, order: LoadOrder, against: Sequence[Path], most: int, output: Path | None) -> Difference:
    now, artefacts = dt.datetime.now(dt.UTC), hub.registry.snapshot()
    with _written(output) as out:
        if not against:
            return find_difference(order, artefacts, hub.observations, now=now, most=most, out=out)
        older = order
        for path in against:
            if path.suffix.lower() in _MAPPINGS:
                older = dataclasses.replace(older, mapping=path)
            else:
                older = dataclasses.replace(older, path=path)
        return compare_orders(older, order, artefacts, now=now, most=most, out=out)


@contextlib.contextmanager
def _written(output: Path | None) -> Iterator[BinaryIO | None]:
    """A file that is there whole or, where nothing is written, not at all."""
    if output is None:
        yield None
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        if part.stat().st_size:
            part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _as_json(found: Difference, language: str) -> dict[str, Any]:
    report = found.report.as_json(language)
    counts = {name: sum(getattr(one, name) for one in found.flows) for name in ("added", "revised", "deleted")}
    return {
        **{name: report[name] for name in ("file", "read", "mapped", "rejected", "errors", "warnings", "findings")},
        **counts,
        "unchanged": sum(one.unchanged for one in found.flows),
        "dataflows": [one.as_json() for one in found.flows],
        **({"older": found.older.as_json(language)} if found.older else {}),
    }


def _text(found: Difference, language: str, output: Path | None) -> str:
    parts: list[RenderableType] = []
    if found.older and found.older.has_errors:
        errors = sum(one.severity.value == "error" for one in found.older.findings)
        parts.append(Text(sentence("diff-older", language, count=errors), style="yellow"))
    if found.report.findings:
        parts.append(findings_table(found.report.findings, language))
    for flow in found.flows:
        parts += _flow(flow, language)
    parts.append(Text(_ending(found, language), style="bold"))
    if output is not None and found.changed:
        parts.append(Text(sentence("diff-written", language, file=output, count=found.changed)))
    return render(*parts)


def _ending(found: Difference, language: str) -> str:
    if not found.flows:
        return sentence("diff-refused", language)
    return sentence("diff-nothing" if not found.changed else "diff-ending", language)


def _flow(flow: FlowDifference, language: str) -> Iterator[RenderableType]:
    counts = {name: getattr(flow, name) for name in ("added", "revised", "deleted", "unchanged")}
    yield Text(sentence("diff-counts", language, dataflow=flow.dataflow, **counts), style="bold")
    if flow.components:
        listed = ", ".join(f"{name} ({count})" for name, count in flow.components.items())
        yield Text(sentence("diff-components", language, components=listed))
    if flow.changes:
        yield _table(flow, language)
        if len(flow.changes) < flow.changed:
            yield Text(sentence("diff-more", language, count=flow.changed - len(flow.changes)), style="dim")


def _table(flow: FlowDifference, language: str) -> Table:
    """The changes, with those parts of their keys that tell them apart."""
    keys = list(flow.changes[0].key)
    telling = [key for key in keys if len({one.key[key] for one in flow.changes}) > 1] or keys[-1:]
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    table.add_column("")
    for key in telling:
        table.add_column(key, overflow="fold")
    table.add_column(sentence("diff-heading-old", language), justify="right")
    table.add_column(sentence("diff-heading-new", language), justify="right")
    table.add_column(sentence("diff-heading-attributes", language), overflow="fold")
    for one in flow.changes:
        cells = [_SIGNS[one.kind], *(one.key[key] for key in telling), *_values(one, flow.measure or "")]
        table.add_row(*map(Text, cells), style=_STYLES[one.kind])
    return table


def _values(one: Change, measure: str) -> tuple[str, str, str]:
    """The value before and after, and what else differs or is worth knowing."""
    if one.kind == "R":
        others = [name for name in one.new if name != measure]
        said = [f"{name}: {_cut(one.old[name])} → {_cut(one.new[name])}" for name in others]
    else:
        stated = one.new if one.kind == "A" else one.old
        said = [f"{name}: {_cut(stated[name])}" for name in _SHOWN if stated.get(name, _SILENT.get(name)) is not None
                and stated.get(name) not in {None, _SILENT.get(name)}]  # fmt: skip
    return one.old.get(measure) or "", one.new.get(measure) or "", "; ".join(said)


def _cut(text: str | None) -> str:
    if text is None:
        return "–"
    return text if len(text) <= _WIDEST else text[:_WIDEST] + "…"
