"""``sdmx-hub template``: a workbook to be filled in, for one dataflow and one provider."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from sdmx_hub.cli.context import HubContext, json_option, pass_hub, show
from sdmx_hub.cli.dataflow_name import find_dataflow
from sdmx_hub.errors import ConfigurationError
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.load.template.held import own_rows, study_rows
from sdmx_hub.load.template.layout import Layout, plan_template
from sdmx_hub.load.template.writing import write_template
from sdmx_hub.load.terms import terms_of
from sdmx_hub.model.rows import Rows
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.artefacts import Artefacts


@click.command()
@click.argument("dataflow")
@click.option("--provider", help="Data provider, whose agreement says which codes are offered.")
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of the workbook; that of the hub unless told.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File to write; named after both else."
)
@click.option("--filled", is_flag=True, help="Fill it in with what the hub holds, to be corrected.")
@json_option
@pass_hub
def template(
    hub: HubContext,
    /,
    dataflow: str,
    *,
    provider: str | None,
    lang: str | None,
    output: Path | None,
    filled: bool,
    as_json: bool,
) -> None:
    r"""Write a workbook to fill in: headings in a language, drop-down lists of the codes that may be used.

    DATAFLOW is AGENCY:ID(VERSION), or an id. Filled in, the workbook is checked and loaded without a mapping.
    Outside a hub the structures that come with it are used.

    \b
    Examples:
      sdmx-hub template DF_FLOW_POP --provider SEN_ANSD --lang fr
      sdmx-hub template DF_FLOW_POP --provider SEN_ANSD --filled -o correction.xlsx
      sdmx-hub check correction.xlsx --annotate marked.xlsx
      sdmx-hub load correction.xlsx
    """
    language = lang or hub.language
    artefacts = hub.artefacts()
    urn = artefacts.get(find_dataflow(artefacts, dataflow)).urn
    target = output or Path(".".join(part for part in (urn.ref.id, provider, language, "xlsx") if part))
    layout, rows = _planned(hub, artefacts, urn, provider, language, filled=filled)
    part = target.with_name(f"{target.name}.part")
    try:
        written = write_template(layout, part, rows=rows)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        if rows is not None:
            rows.close()
    told = {"file": str(target), "dataflow": str(urn.ref), "provider": provider, "language": language, "rows": written}
    text = sentence("template-written", language, file=target, dataflow=urn.ref, rows=written)
    show(told, as_json=as_json, text=text)


def _planned(
    hub: HubContext, artefacts: Artefacts, dataflow: Urn, provider: str | None, language: str, *, filled: bool
) -> tuple[Layout, Rows | None]:
    """Plan a template, and open the rows it is filled with, if any are wanted and held."""
    layout = plan_template(artefacts, dataflow, provider=provider, language=language)
    if not filled:
        return layout, None
    if not hub.is_initialised:
        raise ConfigurationError("home-missing", home=hub.home)
    rows = open_held(hub, artefacts, dataflow, provider)
    if rows is None:
        return layout, None
    held = study_rows(rows, layout.terms.structure)
    return plan_template(artefacts, dataflow, provider=provider, language=language, held=held), rows


def open_held(hub: HubContext, artefacts: Artefacts, dataflow: Urn, provider: str | None) -> Rows | None:
    """Open what the hub holds of a dataflow, restricted to what is the provider's own; None where that is nothing."""
    version = hub.observations.version(dataflow.ref, INTERNAL, now=dt.datetime.now(dt.UTC))
    if version is None:
        return None
    terms = terms_of(artefacts, dataflow, provider=provider)
    rows = hub.observations.open_rows(
        dataflow.ref, terms.structure, plan_data(DataQuery(), terms.structure), audience=INTERNAL, version=version
    )
    return own_rows(rows, terms)
