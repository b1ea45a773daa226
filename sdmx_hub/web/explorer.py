"""The page of a dataflow: what is chosen, one page of series as a table, a chart of them, and where to get more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.datastructures import MultiDict

from sdmx_hub.language import localised, sentence
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.urn import Ref
from sdmx_hub.query.request import DataQuery
from sdmx_hub.web import downloads
from sdmx_hub.web.charts import MOST_BARS, MOST_SERIES, Chart, ChartSeries, draw_chart
from sdmx_hub.web.holdings import Holdings, count_series, draw_rows, find_holdings
from sdmx_hub.web.hub import Visit
from sdmx_hub.web.jsonld import describe_dataset
from sdmx_hub.web.labels import Labels
from sdmx_hub.web.listing import page_path
from sdmx_hub.web.notes import list_notes
from sdmx_hub.web.numbers import format_day, parse_value
from sdmx_hub.web.selection import Selection, read_selection
from sdmx_hub.web.table import SeriesKey, Table, read_table, with_derived

SERIES_A_PAGE = 25
MOST_DERIVED = 400
"""Series of which totals and shares are derived together, on one page."""
PERIODS_SHOWN = 8
PERIODS_DRAWN = 60
_UNIT_DIMENSIONS = ("INDICATOR", "UNIT_MEASURE", "UNIT_MULT", "FREQ")


@dataclass(frozen=True, kw_only=True)
class Page:
    """The content of a dataflow page, and what only its HTML shows."""

    content: dict[str, Any]
    selection: Selection
    updated: dt.datetime | None = None
    chart: Chart | None = None
    dataset: dict[str, Any] = field(default_factory=dict)
    has_more: bool = False


def explore(visit: Visit, artefact: Artefact, arguments: MultiDict[str, str]) -> Page:
    """Make the page of a dataflow as ``arguments`` choose it."""
    content = _about(artefact, visit.language) | {"about": list_notes(visit, artefact)}
    held = find_holdings(visit, artefact)
    if held is None:
        return Page(content=content | {"observations": 0}, selection=Selection(codes={}))
    labels = Labels(visit.artefacts, visit.artefacts.structure_of(artefact.urn), visit.language)
    selection = read_selection(arguments, labels.structure, held.periods)
    table = _draw_table(visit, artefact, labels, selection, held)
    chart = _draw_chart(table, content["name"], visit.language)
    content |= {
        "observations": held.observations,
        "series": held.series,
        "first_period": held.first_period,
        "last_period": held.last_period,
        "updated": held.updated.isoformat(),
        "dimensions": _list_dimensions(labels, held, selection),
        "periods": list(held.periods),
        "start": selection.start,
        "end": selection.end,
        "page": selection.page,
        "derive": list(selection.derive),
        "too_many_to_derive": bool(selection.derive) and table.total > MOST_DERIVED and not table.has_derived,
        "has_selection": not selection.is_empty,
        "table": table.as_json(PERIODS_SHOWN),
        **_list_addresses(artefact.ref, selection, visit.base_url, visit.language),
        "citation": _cite(visit, artefact, content["name"], held),
    }
    has_more = table.first + len(table.keys) - 1 < table.total
    return Page(
        content=content,
        selection=selection,
        updated=held.updated,
        chart=chart,
        dataset=describe_dataset(
            visit, content, [one["name"] for one in content["dimensions"]], content["downloads_all"]
        ),
        has_more=has_more,
    )


def _about(artefact: Artefact, language: str) -> dict[str, Any]:
    return {
        "id": artefact.ref.id,
        "agency": artefact.ref.agency_id,
        "version": artefact.ref.version,
        "urn": str(artefact.urn),
        "path": page_path(artefact.ref),
        "name": localised(artefact.names, language) or artefact.ref.id,
        "description": localised(texts(artefact.document, "description"), language),
    }


def _list_dimensions(labels: Labels, held: Holdings, selection: Selection) -> list[dict[str, Any]]:
    return [
        {
            "id": one,
            "name": labels.component(one),
            "codes": [
                {
                    "id": code,
                    "name": labels.code(one, code),
                    "depth": labels.depth(one, code),
                    "chosen": code in selection.codes.get(one, ()),
                }
                for code in _in_list_order(labels, one, held.codes.get(one, ()))
            ],
        }
        for one in labels.structure.dimension_ids
    ]


def _in_list_order(labels: Labels, component_id: str, codes: Sequence[str]) -> list[str]:
    codelist = labels.codelist(component_id)
    order = {code: position for position, code in enumerate(codelist.codes)} if codelist else {}
    return sorted(codes, key=lambda code: (order.get(code, len(order)), code))


def _draw_table(visit: Visit, artefact: Artefact, labels: Labels, selection: Selection, held: Holdings) -> Table:
    """Draw one page of series: first their keys, then the latest observations of just these."""
    query = selection.query(artefact.ref)
    total = held.series if selection.is_empty else count_series(visit, query)
    derives = bool(selection.derive) and total <= MOST_DERIVED
    first, most = (0, MOST_DERIVED) if derives else ((selection.page - 1) * SERIES_A_PAGE, SERIES_A_PAGE)
    ids = labels.structure.dimension_ids
    some = replace(query, attributes=("none",), measures=("none",), offset=first, limit=most)
    keys = [tuple(row[one] for one in ids) for row in draw_rows(visit, some)] if first < total else []
    rows = draw_rows(visit, _observations_of(query, keys)) if keys else []
    table = read_table(labels, keys, rows, first=first + 1, total=total)
    return with_derived(table, selection.derive) if derives else table


def _observations_of(query: DataQuery, keys: Sequence[SeriesKey]) -> DataQuery:
    patterns = tuple(tuple(frozenset({code}) for code in key) for key in keys)
    return replace(query, keys=patterns, last_n=PERIODS_DRAWN)


def _draw_chart(table: Table, name: str, language: str) -> Chart | None:
    """Draw the series of the table with one unit, those with the highest latest values first."""
    if not table.keys:
        return None
    unit = _unit(table, table.keys[0])
    alike = [key for key in table.keys if _unit(table, key) == unit]
    series = [
        ChartSeries(
            ", ".join(table.row_labels(key)), tuple(_number(table.value(key, period)) for period in table.periods)
        )
        for key in alike
    ]
    most = MOST_SERIES if len(table.periods) > 1 else MOST_BARS
    ranked = sorted(series, key=lambda one: -_latest(one))[:most]
    first, last = table.periods[0], table.periods[-1]
    title = (
        sentence("page-chart-line", language, name=name, first=first, last=last)
        if len(table.periods) > 1
        else sentence("page-chart-bars", language, name=name, period=last)
    )
    listed = "; ".join(one.label for one in ranked)
    description = sentence("page-chart-description", language, count=len(ranked), series=listed)
    return draw_chart(title, description, table.periods, ranked, language)


def _unit(table: Table, key: SeriesKey) -> tuple[object, ...]:
    found: Mapping[str, object] = dict(zip(table.structure.dimension_ids, key, strict=True))
    row = next((table.cells[key, period] for period in table.periods if (key, period) in table.cells), {})
    return tuple(found.get(one, row.get(one)) for one in _UNIT_DIMENSIONS)


def _number(text: str | None) -> float | None:
    value = parse_value(text)
    return None if value is None else float(value)


def _latest(series: ChartSeries) -> float:
    known = [value for value in reversed(series.values) if value is not None]
    return known[0] if known else float("-inf")


def _list_addresses(ref: Ref, selection: Selection, base: str, language: str) -> dict[str, Any]:
    url = base + downloads.data_path(ref, selection.filters())
    everything = base + downloads.data_path(ref)
    return {
        "url": url,
        "downloads": downloads.list_downloads("data", "v2", url, language),
        "downloads_all": downloads.plainest(downloads.list_downloads("data", "v2", everything, language)),
        "structures": downloads.list_downloads("structure", "v2", base + downloads.structure_path(ref)),
        "snippets": downloads.data_snippets(url),
    }


def _cite(visit: Visit, artefact: Artefact, name: str, held: Holdings) -> str:
    language, hub = visit.language, visit.hub
    return sentence(
        "page-citation",
        language,
        publisher=hub.settings.hub_name,
        name=name,
        urn=artefact.urn,
        updated=format_day(held.updated, language),
        url=visit.base_url + page_path(artefact.ref),
        today=format_day(hub.now(), language),
        licence=hub.settings.licence,
    )
