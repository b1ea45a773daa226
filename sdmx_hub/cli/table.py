"""``sdmx-hub table``: a small table of published figures, with totals and shares that follow from them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich import box
from rich.table import Table as Drawn
from rich.text import Text

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.export import open_message
from sdmx_hub.cli.load_texts import render
from sdmx_hub.errors import TooLarge
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.model.urn import Urn
from sdmx_hub.publish.derived import Derivation
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.web.labels import Labels
from sdmx_hub.web.numbers import format_value
from sdmx_hub.web.table import Table, read_table, with_derived

MOST_OBSERVATIONS = 20_000
_FORMATS = ("text", "csv")


@click.command("table")
@click.argument("what")
@click.option("--derive", help="What follows from the figures: totals, shares, or both with a comma.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of headings; that of the hub unless told.")
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="text", show_default=True, help="Form of the table."
)
@click.option("--internal", is_flag=True, help="With what the public may not see: restricted and under embargo.")
@json_option
@pass_hub
def table(
    hub: HubContext,
    /,
    what: str,
    *,
    derive: str | None,
    language: str | None,
    format_: str,
    internal: bool,
    as_json: bool,
) -> None:
    r"""Show data as a table for people: a row a series, a column a period, names in place of codes.

    WHAT is a dataflow, as AGENCY:ID(VERSION), or what stands behind /sdmx/v2/data/ in an address, parameters included.
    With --derive, totals and parts nobody stated are worked out (home and abroad make the world, women and men all
    sexes), and shares of them. They are marked E, and never stored.

    \b
    Examples:
      sdmx-hub table "dataflow/ILMH/DF_PES_VAC/1.0.0?c[REF_AREA]=GHA" --derive totals,shares
      sdmx-hub table "ILMH:DF_FLOW_POP(1.0.0)" --language fr --format csv > flux.csv
    """
    asked = _asked(derive)
    spoken = language or hub.language
    made = with_derived(_read(hub, what, INTERNAL if internal else PUBLIC, spoken), asked)
    content = made.as_json(len(made.periods))
    show(content, as_json=as_json, text=lambda: _csv(content, spoken) if format_ == "csv" else _text(content, spoken))


def _asked(derive: str | None) -> tuple[Derivation, ...]:
    """What is to be derived. Raises BadParameter for a word that is no derivation."""
    words = [word.strip() for word in (derive or "").split(",") if word.strip()]
    known = [one.value for one in Derivation]
    wrong = [word for word in words if word not in known]
    if wrong:
        raise click.BadParameter(f"{', '.join(wrong)}: {' | '.join(known)}", param_hint="--derive")
    return tuple(Derivation(word) for word in words)


def _read(hub: HubContext, what: str, audience: str, language: str) -> Table:
    """The table of one dataflow. Raises TooLarge for more than people can read, NoResults for nothing."""
    message = open_message(hub, what, audience, language)
    try:
        dataset = message.datasets[0]
        rows: list[dict[str, Any]] = []
        for batch in dataset.rows.batches():
            rows += batch.to_pylist()
            if len(rows) > MOST_OBSERVATIONS:
                raise TooLarge("table-too-large", most=MOST_OBSERVATIONS)
    finally:
        for one in message.datasets:
            one.rows.close()
    artefacts = hub.registry.snapshot()
    labels = Labels(artefacts, artefacts.structure_of(Urn("Dataflow", dataset.dataflow.ref)), language)
    ids = labels.structure.dimension_ids
    keys = list(dict.fromkeys(tuple(row[one] for one in ids) for row in rows))
    return read_table(labels, keys, rows, first=1, total=len(keys))


def _labels(row: dict[str, Any], language: str) -> list[str]:
    labels = list(row["labels"])
    if "share_of" in row and labels:
        labels[-1] += f" {sentence('page-share-of', language, whole=row['share_of']['name'])}"
    return labels


def _rows(content: dict[str, Any], language: str, *, spoken: bool) -> Iterator[list[str]]:
    for row in content["rows"]:
        values = [format_value(cell["value"], language) if spoken else cell["value"] or "" for cell in row["cells"]]
        flags = [" ".join(cell["flags"]) for cell in row["cells"]]
        if spoken:
            yield [*_labels(row, language), *(f"{v} {f}".strip() for v, f in zip(values, flags, strict=True))]
        else:
            paired = [part for pair in zip(values, flags, strict=True) for part in pair]
            yield [*_labels(row, language), *paired]


def _text(content: dict[str, Any], language: str) -> str:
    drawn = Drawn(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for head in content["heads"]:
        drawn.add_column(head["name"], overflow="fold")
    for period in content["periods"]:
        drawn.add_column(period, justify="right")
    for row, cells in zip(content["rows"], _rows(content, language, spoken=True), strict=True):
        drawn.add_row(*map(Text, cells), style="dim" if "share_of" in row else None)
    common = "; ".join(f"{fact['name']}: {fact['value']}" for fact in content["common"])
    legend = [f"{flag}  {meaning}" for flag, meaning in content["flags"].items()]
    return render(*([Text(common, style="dim")] if common else []), drawn, *legend)


def _csv(content: dict[str, Any], language: str) -> str:
    """A table for a spreadsheet: beside each period its flags; numbers are plain."""
    heads: Sequence[str] = [head["name"] for head in content["heads"]]
    flag = sentence("table-flag", language)
    periods = [part for period in content["periods"] for part in (period, f"{period} {flag}")]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*heads, *periods])
    writer.writerows(_rows(content, language, spoken=False))
    return out.getvalue().rstrip("\n")
