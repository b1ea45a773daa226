"""``sdmx-hub map codelist``: the labels of the values of a column, as a codelist in the form of a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.errors import BadRequest, NotFound
from sdmx_hub.language import LANGUAGES
from sdmx_hub.mapping.statistics_file import read_labels, require_library
from sdmx_hub.sandbox import run_limited

_KINDS = {".sav": "sav", ".zsav": "sav", ".dta": "dta"}


@click.command("codelist")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--component", "column", help="The column whose values have labels; without it the columns are listed.")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Of the labels.")
@click.option("--encoding", help="Of the file, where it does not say so itself.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the list; on the screen unless told.",
)
@json_option
@pass_hub
def codelist(
    hub: HubContext,
    /,
    *,
    file: Path,
    column: str | None,
    language: str,
    encoding: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    r"""Make a codelist of the value labels of a column of FILE (SPSS or Stata): id, parent, name.en and so on.

    It is a file as those in codelists/: complete it (parents, names in other languages), give it a line in the index
    of its folder and load the folder. A file that is there already is not overwritten.

    \b
    sdmx-hub map codelist survey.sav
    sdmx-hub map codelist survey.sav --component reason --language fr --output CL_REASON-1.0.0.csv
    """
    if output is not None and output.exists():
        raise BadRequest("guess-exists", file=output)
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        raise BadRequest("stat-kind", file=file.name, known=", ".join(_KINDS))
    require_library()
    columns: Mapping[str, Any] = run_limited(read_labels, str(file), kind, encoding)
    labelled = {name: told for name, told in columns.items() if told["values"]}
    if column is None:
        show({"columns": labelled}, as_json=as_json, text=lambda: "\n".join(map(_line, labelled, labelled.values())))
        return
    if column not in labelled:
        raise NotFound("stat-no-labels", column=column, known=", ".join(labelled) or "–")
    text = _csv(labelled[column]["values"], language)
    if output is not None:
        output.write_text(text, encoding="utf-8", newline="")
    told = {"column": column, "codes": labelled[column]["values"], "file": str(output) if output else None}
    show(told, as_json=as_json, text=text.rstrip() if output is None else str(output))


def _line(name: str, told: Mapping[str, Any]) -> str:
    return f"{name}  {told['label']}  ({len(told['values'])})"


def _csv(values: Mapping[str, str], language: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "parent", *(f"name.{one}" for one in LANGUAGES)])
    for value, label in values.items():
        writer.writerow([value, "", *(label if one == language else "" for one in LANGUAGES)])
    return out.getvalue()
