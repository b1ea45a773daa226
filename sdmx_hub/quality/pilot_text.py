"""The report of a pilot for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sdmx_hub.language import sentence
from sdmx_hub.quality.pilot_words import figure_text, moment_text, number_text, size_text, words_of
from sdmx_hub.store.run_rows import GOOD

MOST_PERIODS, _WIDTH = 6, 18
"""Periods beside one another, and how wide each is."""


def lines_of_pilot(report: Mapping[str, Any], language: str) -> Iterator[str]:
    """The report for a terminal."""
    yield f"{report['id']}  {report['title']}"
    yield sentence(
        "pilot-head", language, at=moment_text(report["at"]), visits=report["visits"], software=report["software"]
    )
    if report["partners"]:
        yield ""
        yield sentence("pilot-partners", language, period=report["shown_period"])
        for row in report["partners"]:
            yield "  " + _partner_line(row, language)
    yield from shared_lines(report["shared"], report["id"], language)
    for flow in report["flows"]:
        yield ""
        yield f"{flow['dataflow']}  {flow['name']}  ({flow['structure']})"
        yield from (f"  {line}" for line in _indicator_lines(flow, language))
        yield from (f"  {line}" for line in _mirror_lines(flow, language))
        verdict = sentence("pilot-verdict", language)
        yield "  " + sentence("pilot-named", language, name=verdict, text=flow["verdict_text"])
        yield from (f"    - {reason['text']}" for reason in flow["reasons"])
    yield ""
    if report["mechanisms"]:
        yield sentence("pilot-mechanisms", language)
        yield from (f"  {line}" for line in _mechanism_lines(report["mechanisms"], language))


def shared_lines(shared: Sequence[Mapping[str, Any]], pilot: str, language: str) -> Iterator[str]:
    """What other pilots publish in place of this one, and what to do about it."""
    for row in shared:
        told = {"other": row["pilot"], "dataflow": row["dataflow"], "area": row["area"]}
        yield sentence("pilot-shared", language, pilot=pilot, periods=", ".join(row["periods"]), **told)


def _mechanism_lines(rows: Sequence[Mapping[str, Any]], language: str) -> Iterator[str]:
    """The mechanisms beside one another, a figure a line."""
    named = [(sentence(f"pilot-figure-{figure.name}", language), shown) for figure, shown in words_of(rows, language)]
    cells = [[f"{text} ({remark})" if remark else text for _, text, remark in shown] for _, shown in named]
    heads = [row["mechanism"] for row in rows]
    first = max((len(name) for name, _ in named), default=0)
    widths = [max(len(head), *(len(line[place]) for line in cells)) for place, head in enumerate(heads)]
    for name, line in zip(["", *(name for name, _ in named)], [heads, *cells], strict=True):
        listed = (f"{text:>{width}}" for text, width in zip(line, widths, strict=True))
        yield f"{name:<{first}}  {'  '.join(listed)}".rstrip()


def _partner_line(row: Mapping[str, Any], language: str) -> str:
    counts = f"+{row['added']} ~{row['revised']} -{row['deleted']}"
    age = "" if row["age_days"] is None else "; " + sentence("pilot-age", language, days=row["age_days"])
    asked = f"{row['http'] or '–'!s:>4} ×{row['tries'] or 0} {size_text(row['bytes'], language):>9}"
    head = f"{row['source']:<16} {row['dataflow']:<18} {asked}  {counts:<16}"
    return f"{head} {'✓' if row['state'] in GOOD else '✗'} {row['outcome']}{age}"


def periods_of(flow: Mapping[str, Any]) -> list[str]:
    """The periods a flow has indicators of."""
    return list(dict.fromkeys(row["period"] for row in flow["indicators"]))


def _indicator_lines(flow: Mapping[str, Any], language: str) -> Iterator[str]:
    """A line an indicator of a participant, the periods beside one another: the last ones, as many as fit."""
    everybody, periods = sentence("pilot-all", language), periods_of(flow)[-MOST_PERIODS:]
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in flow["indicators"]:
        found.setdefault((row["participant"] or everybody, row["indicator"]), {})[row["period"]] = row
    if found:
        yield " " * 29 + "".join(f"{period:>{_WIDTH}}" for period in periods)
    for (who, indicator), rows in found.items():
        told = "".join(f"{_indicator_text(rows.get(period), language):>{_WIDTH}}" for period in periods)
        name = next(iter(rows.values()))["name"]
        yield f"{who:<16} {indicator:<12}{told}  {name}"
    if len(periods_of(flow)) > len(periods):
        yield sentence("pilot-last-periods", language, count=len(periods), of=len(periods_of(flow)))


def _indicator_text(row: Mapping[str, Any] | None, language: str) -> str:
    if row is None:
        return "–"
    mark = {None: " ", True: "✓", False: "✗"}[row["met"]]
    is_count = row["remark"].replace("/", "").replace(" ", "").isdigit()
    remark = f"({row['remark'].replace(' ', '')}) " if is_count else ""
    return f"{remark}{figure_text(row, language)} {mark}"


def _mirror_lines(flow: Mapping[str, Any], language: str) -> Iterator[str]:
    for pair in flow["mirror"]:
        values = [pair[end] for end in ("origin_value", "destination_value")]
        told = " / ".join("–" if value is None else number_text(value, language) for value in values)
        cc1 = "–" if pair["cc1"] is None else number_text(pair["cc1"], language, 4)
        said = f"✓ {pair['confirmed']}" if pair["confirmed"] else ", ".join(pair["causes"])
        verdict = sentence(f"mirror-{pair['verdict'] or pair['state']}", language)
        where = " ".join(part for part in (pair["split"], pair["detail"]) if part)
        corridor = f"{pair['period']:<8} {pair['origin']}–{pair['destination']} {where}".rstrip()
        yield f"{corridor}  {told}  {cc1}  {verdict}  {said}".rstrip()
