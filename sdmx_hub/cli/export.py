"""``sdmx-hub export``: data of the hub as a file in any format, without a server."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sdmx_hub.cli.context import HubContext, pass_hub, tell
from sdmx_hub.cli.dataflow_name import find_ref
from sdmx_hub.errors import NotAcceptable
from sdmx_hub.formats.negotiate import Chosen, choose_format
from sdmx_hub.formats.writers import DATA_WRITERS
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.model.message import DataMessage, Header
from sdmx_hub.publish.data import open_data
from sdmx_hub.query.urls_v2 import parse_data
from sdmx_hub.sharing.audiences import INTERNAL, PUBLIC
from sdmx_hub.store.artefacts import Artefacts

LABELS = ("id", "name", "both")


@click.command()
@click.argument("what")
@click.option(
    "--format",
    "format_",
    default="csv",
    show_default=True,
    help="Id or alias: csv-2.0, xml-3.0, generic-2.1, xlsx …",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; standard output else."
)
@click.option("--labels", type=click.Choice(LABELS), help="What stands for codes, where the format has a choice.")
@click.option("--language", type=click.Choice(LANGUAGES), help="Language of labels; that of the hub unless told.")
@click.option("--internal", is_flag=True, help="With what the public may not see: restricted and under embargo.")
@pass_hub
def export(
    hub: HubContext,
    /,
    what: str,
    *,
    format_: str,
    output: Path | None,
    labels: str | None,
    language: str | None,
    internal: bool,
) -> None:
    r"""Write data as an SDMX message, or as a table: a workbook (xlsx), Parquet, plain CSV.

    WHAT is a dataflow, as AGENCY:ID(VERSION) or its id, or what stands behind /sdmx/v2/data/ in an address, parameters
    included. Without --internal the file holds what everybody may see.

    \b
    Examples:
      sdmx-hub export DF_FLOW_POP --output flows.csv
      sdmx-hub export "dataflow/ILMH/DF_FLOW_POP/1.0.0/A.SEN?lastNObservations=1" --format data-xml-3.0 -o senegal.xml
      sdmx-hub export dataflow/ILMH/DF_FLOW_POP --format csvfilewithlabels > flows.csv
      sdmx-hub export dataflow/ILMH/DF_FLOW_POP --format xlsx --labels both --language fr -o flux.xlsx
    """
    chosen = _choose(format_)
    params = {**chosen.params, **({"labels": labels} if labels in chosen.format.parameters.get("labels", ()) else {})}
    message = open_message(hub, what, INTERNAL if internal else PUBLIC, language or hub.language)
    try:
        chunks = DATA_WRITERS[chosen.format.id](message, params)
        _write(chunks, output)
    finally:
        for dataset in message.datasets:
            dataset.rows.close()
    if output is not None:
        tell(sentence("export-done", hub.language, file=output))


def _choose(name: str) -> Chosen:
    """The format of an id or alias. Raises NotAcceptable, naming what is offered."""
    chosen = choose_format("data", accept=None, format_param=name, api="v2")
    if chosen.format.id not in DATA_WRITERS:
        raise NotAcceptable("format-not-offered", asked=name, offered=", ".join(DATA_WRITERS))
    return chosen


def open_message(hub: HubContext, what: str, audience: str, language: str) -> DataMessage:
    """Open what was named, for an audience. Raises NotFound, NoResults and what a query may raise."""
    path, _, raw_query = _address(what, hub.registry.snapshot()).partition("?")
    settings, now = hub.settings, dt.datetime.now(dt.UTC)
    return open_data(
        parse_data(path.strip("/").split("/"), raw_query),
        hub.registry.snapshot(),
        hub.observations,
        audience=audience,
        now=now,
        header=Header(
            id=f"EXPORT{now:%Y%m%d%H%M%S}",
            prepared=now,
            sender_id=settings.hub_id,
            sender_names={"en": settings.hub_name},
            licence=settings.licence,
        ),
        language=language,
        base_url=settings.base_url,
    )


def _address(what: str, artefacts: Artefacts) -> str:
    """What was named, as REST v2 writes it."""
    if "/" in what:
        return what
    ref = find_ref(artefacts, what)
    return f"dataflow/{ref.agency_id}/{ref.id}/{ref.version}"


def _write(chunks: Iterator[bytes | memoryview], output: Path | None) -> None:
    """Write to standard output, or to a file that is there whole or not at all."""
    if output is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
