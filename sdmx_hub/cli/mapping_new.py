"""``sdmx-hub map new``: the draft of a mapping for a table nobody has described."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.dataflow_name import HELP, find_dataflow
from sdmx_hub.errors import BadRequest
from sdmx_hub.language import sentence
from sdmx_hub.load.artefacts import pack_root
from sdmx_hub.mapping.decisions import read_confirmations
from sdmx_hub.mapping.guess.draft import Draft, draft_mapping
from sdmx_hub.mapping.guess.told import Doubt

_TEXTS = 20
"""Texts without a code shown for one component; ``--json`` gives all."""


@click.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dataflow", required=True, help=HELP)
@click.option("--provider", help="Whose table it is; guessed from names and agreements unless told.")
@click.option("--sheet", help="Name or position of the sheet of a workbook; the first with a table unless told.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the draft; on the screen unless told.",
)
@click.option(
    "--learn-from",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of more mappings to learn from; may be repeated.",
)
@json_option
@pass_hub
def new(
    hub: HubContext,
    *,
    file: Path,
    dataflow: str,
    provider: str | None,
    sheet: str | None,
    output: Path | None,
    folders: tuple[Path, ...],
    as_json: bool,
) -> None:
    r"""Draft the mapping of FILE onto a dataflow.

    The table's encoding, delimiter, headings, layout, columns and codes are guessed. What is not sure is marked
    "# CHECK:" in the draft and listed; texts without a sure code are left out, never given one, unless the office gave
    them one before ("map accept", its other mappings). The draft can be tried at once with "map preview" and "check".

    \b
    sdmx-hub map new emigrants.csv --dataflow DF_FLOW_POP --provider SEN_ANSD --output emigrants.yaml
    sdmx-hub map new permits.xlsx --dataflow DF_FLOW_PERMIT --sheet "2023" --json

    A file that is there already is not overwritten.
    """
    if output is not None and output.exists():
        raise BadRequest("guess-exists", file=output)
    artefacts = hub.registry.snapshot()
    draft = draft_mapping(
        file,
        find_dataflow(artefacts, dataflow),
        artefacts,
        provider=provider,
        language=hub.language,
        sheet=sheet,
        confirmed=read_confirmations(_places(hub, output, provider, folders), artefacts),
    )
    if output is not None:
        output.write_text(draft.text, encoding="utf-8")
    show(draft.as_json(hub.language), as_json=as_json, text=lambda: "\n".join(_lines(draft, output, hub.language)))


def _places(hub: HubContext, output: Path | None, provider: str | None, more: tuple[Path, ...]) -> list[Path]:
    """Where decisions of offices are: the mappings shipped, those of the hub's home, those beside the draft."""
    places = [pack_root() / "mappings", hub.home / "mappings"]
    if output is not None:
        folder = output.resolve().parent
        places.append(folder.parent if folder.name == provider else folder)
    return [place for place in (*places, *more) if place.is_dir()]


def _lines(draft: Draft, output: Path | None, language: str) -> Iterator[str]:
    if output is None:
        yield draft.text.rstrip()
        return
    yield sentence("guess-written", language, file=output, count=len(draft.doubts))
    for doubt in draft.doubts:
        yield f"{doubt.path}: {doubt.text(language)}"
        yield from _more(doubt)


def _more(doubt: Doubt) -> Iterator[str]:
    if doubt.alternatives:
        yield f"    → {' · '.join(doubt.alternatives)}"
    for text, codes in list(doubt.texts.items())[:_TEXTS]:
        yield f"    {text!r}" + (f" → {' · '.join(codes)}" if codes else "")
