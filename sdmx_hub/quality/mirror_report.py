"""The mirror report as one value: what the command line prints, the page shows and programs read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sdmx_hub.language import localised, sentence
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.quality.mirror import COMPARED, NO_DESTINATION, NO_ORIGIN, Mirror
from sdmx_hub.quality.pair_rules import AGENCY, VERSION
from sdmx_hub.quality.pilot_words import number_text
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.run_rows import short_instant

MOST_PAIRS = 1000
FEW = 8
"""Pairs of which only one end reports that are listed without being asked for."""
_PAIR = ("rule", "frequency", "period", "origin", "destination", "split", "detail", "state", "verdict")
_END = ("value", "status", "source", "unit", "provider", "series", "choices")
_SUMMED = ("rule", "frequency", "period", "split", "expected", "compared", "exceeding", "unexplained")
_NEAREST = ("origin_period", "origin_value", "destination_period", "destination_value")
_LACKING = ("no_origin", "no_destination", "no_value")


class Names:
    """The names of codes in one language; the code itself where a list is not here."""

    def __init__(self, artefacts: Artefacts, language: str) -> None:
        self._artefacts = artefacts
        self._language = language
        self._lists: dict[str, Mapping[str, Any]] = {}

    def name(self, codelist_id: str, code: str) -> str:
        """The name of a code of one of the pack's codelists."""
        if codelist_id not in self._lists:
            urn = Urn("Codelist", Ref(AGENCY, codelist_id, VERSION))
            self._lists[codelist_id] = self._artefacts.codelist(urn).codes if self._artefacts.find(urn) else {}
        found = self._lists[codelist_id].get(code)
        return localised(found.names, self._language) if found else code


def report_mirror(mirror: Mirror, artefacts: Artefacts, language: str, *, limit: int = MOST_PAIRS) -> dict[str, Any]:
    """Shape a comparison: the versions compared, a summary a rule and period, and the pairs, the worst first."""
    names = Names(artefacts, language)
    pairs = [pair_row(row, names) for row in mirror.pairs(limit)]
    summaries = [summary_row(row, language) for row in mirror.summaries()]
    return {
        **head_of(mirror),
        "summaries": summaries,
        "apart": [apart_row(row, names, language) for row in mirror.apart()],
        "found": mirror.count,
        "shown": len(pairs),
        "pairs": pairs,
    }


def head_of(mirror: Mirror) -> dict[str, Any]:
    """What was compared, and from where on a difference is too large."""
    return {
        "threshold": mirror.query.threshold,
        "vintages": [
            {"dataflow": one.dataflow, "release": one.release_id, "visible_from": short_instant(one.visible_from)}
            for one in mirror.vintages
        ],
    }


def pair_row(row: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """One pair with the names of its countries and causes, and what a person said of it."""
    confirmed = row["confirmed_cause"]
    return {
        **{name: row[name] for name in _PAIR},
        "origin_name": names.name("CL_AREA", row["origin"]),
        "destination_name": names.name("CL_AREA", row["destination"]),
        **{f"{end}_{name}": row[f"{end}_{name}"] for end in ("origin", "destination") for name in _END},
        "difference": row["difference"],
        "cc1": _rounded(row["cc1"]),
        "ratio": _rounded(row["ratio"]),
        "causes": [{"id": code, "name": names.name("CL_DISC_CAUSE", code)} for code in row["causes"]],
        "confirmed": {
            "id": confirmed,
            "name": names.name("CL_DISC_CAUSE", confirmed),
            "comment": row["comment"],
            "by": row["confirmed_by"],
            "at": row["confirmed_at"],
        }
        if confirmed
        else None,
    }


def summary_row(row: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What was compared under one rule in one period."""
    return {
        "title": sentence(f"mirror-rule-{row['rule']}", language),
        **{name: row[name] for name in (*_SUMMED, *_LACKING)},
        "difference": row["total_difference"],
        "mean": row["total_mean"],
        "multilateral": _rounded(row["multilateral"]),
        "coverage": _rounded(row["coverage"]),
    }


def apart_row(row: Mapping[str, Any], names: Names, language: str) -> dict[str, Any]:
    """A corridor both ends of which report and where nothing is compared, with the reason in words."""
    told = {f"{end}_{at}": row[f"{end}_{at}"] for end in ("origin", "destination") for at in ("from", "to")}
    return {
        "rule": row["rule"],
        "title": sentence(f"mirror-rule-{row['rule']}", language),
        "origin": row["origin"],
        "origin_name": names.name("CL_AREA", row["origin"]),
        "destination": row["destination"],
        "destination_name": names.name("CL_AREA", row["destination"]),
        **told,
        "why": row["why"],
        "reason": sentence(f"mirror-apart-{row['why']}", language, **told),
        **{name: row[name] for name in _NEAREST},
        "nearest": None
        if row["origin_period"] is None
        else sentence("mirror-nearest", language, **_shown(row, language)),
    }


def _shown(row: Mapping[str, Any], language: str) -> dict[str, str]:
    return {name: figure_text(row[name], language) if name.endswith("_value") else row[name] for name in _NEAREST}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def lines_of(report: Mapping[str, Any], language: str, *, whole: bool = False) -> Iterator[str]:
    """The report for a terminal: each summary, and below it its pairs; many that one end alone tells are counted."""
    by_group: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for pair in report["pairs"]:
        by_group.setdefault(_group(pair), []).append(pair)
    if not any(summary["compared"] or summary["no_value"] for summary in report["summaries"]):
        yield sentence("mirror-nothing", language)
    for summary in report["summaries"]:
        if not summary["compared"] and not summary["no_value"]:
            continue
        yield ""
        yield f"{summary['title']} · {summary['frequency']} {summary['period']} {summary['split']}".rstrip()
        yield "  " + _told(summary, language)
        yield from _lines(by_group.get(_group(summary), []), language, whole=whole)
    if report["apart"]:
        yield ""
        yield sentence("mirror-apart", language)
    for one in report["apart"]:
        yield f"  {one['origin']}–{one['destination']}  {one['title']}: {one['reason']}"
        if one["nearest"]:
            yield f"           {one['nearest']}"
    if report["shown"] < report["found"]:
        counts = {name: number_text(report[name], language) for name in ("shown", "found")}
        yield sentence("mirror-more", language, **counts)


def _group(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (row["rule"], row["frequency"], row["period"], row["split"])


def _lines(pairs: list[Mapping[str, Any]], language: str, *, whole: bool) -> Iterator[str]:
    one_sided = [pair for pair in pairs if pair["state"] in {NO_ORIGIN, NO_DESTINATION}]
    shown = whole or len(one_sided) <= FEW
    for pair in pairs:
        if shown or pair not in one_sided:
            yield "  " + _line(pair, language)
    if not shown:
        yield "  " + sentence("mirror-one-sided", language, count=number_text(len(one_sided), language))


def _told(summary: Mapping[str, Any], language: str) -> str:
    multilateral = summary["multilateral"]
    return sentence(
        "mirror-summary",
        language,
        compared=number_text(summary["compared"], language),
        expected=number_text(summary["expected"], language),
        multilateral="–" if multilateral is None else number_text(multilateral, language, 4),
        exceeding=number_text(summary["exceeding"], language),
    )


def _line(pair: Mapping[str, Any], language: str) -> str:
    said = pair["confirmed"]["name"] + " ✓" if pair["confirmed"] else ", ".join(one["name"] for one in pair["causes"])
    verdict = pair["verdict"] if pair["state"] == COMPARED else pair["state"]
    cells = (
        f"{pair['origin']}–{pair['destination']}",
        figure_text(pair["origin_value"], language, pair["origin_status"]),
        figure_text(pair["destination_value"], language, pair["destination_status"]),
        "–" if pair["cc1"] is None else ("+" if pair["cc1"] >= 0 else "") + number_text(pair["cc1"], language, 4),
        "–" if pair["ratio"] is None else number_text(pair["ratio"], language, 4),
        sentence(f"mirror-{verdict}", language),
        " ".join(part for part in (pair["detail"], said) if part),
    )
    widths = (8, 14, 14, 8, 9, 10)
    padded = [f"{cells[0]:<8}", *(f"{cell:>{width}}" for cell, width in zip(cells[1:5], widths[1:5], strict=True))]
    return "  ".join([*padded, *cells[5:]]).rstrip()


def figure_text(value: float | None, language: str, status: str | None = None) -> str:
    """Write a figure with all its decimals, as people of a language do; where there is none, its status or a dash."""
    if value is None:
        return f"({status})" if status else "–"
    plain = f"{value:.15g}"
    return plain if "e" in plain else number_text(value, language, len(plain.partition(".")[2]))
