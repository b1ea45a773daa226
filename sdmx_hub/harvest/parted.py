"""The data of a flow in one answer, however many it takes: asked as a whole where that fits, else in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdmx_hub.errors import HubError, PartnerUnavailable
from sdmx_hub.harvest.addresses import accept_data, accept_structure, availability_url, data_url, scope_of
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.answering import ask_data
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.dialect.answers import says_no_results
from sdmx_hub.harvest.intent import Intent
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.source import Flow, Source
from sdmx_hub.harvest.splitting import (
    TOO_LARGE,
    Cut,
    Part,
    Splitter,
    enough_parts,
    pieces_of,
    plan_parts,
    read_part,
)
from sdmx_hub.harvest.structures import Partner
from sdmx_hub.load.artefacts import locate_files
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.run_rows import PARTS

COUNT, CUT = "count", "cut"
"""In the plan of a run: how many observations the partner says there are, and what the question may be split by."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked for. ``plan`` is what the run works by; ``keep`` writes it down after each change."""

    parts: Parts
    source: Source
    flow: Flow
    asker: Asker
    intent: Intent
    structure: DataStructure
    plan: dict[str, Any]
    keep: Callable[[], None]
    ask_partner: Callable[[], Partner]

    def answer(self) -> Answer:
        """Ask; in parts when the run has begun to, the source's limit says so, or the partner does."""
        limit = self.source.most_observations
        if PARTS in self.plan:
            return self._collect([read_part(item) for item in self.plan[PARTS]], _read_cut(self.plan))
        if limit and self.intent.full and not self.intent.validators:
            cut = self._cut()
            if cut.count is not None and cut.count > limit:
                return self._in_parts(cut, enough_parts(cut.count, limit))
        answer = self.ask(Part({}), self.intent.validators)
        if answer.status != TOO_LARGE:
            return answer
        return self._in_parts(self._cut(), pieces_of(answer.excerpt, limit))

    def ask(self, part: Part, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a part."""
        flow = narrowed(self.flow, part, self.structure)
        url = data_url(self.source, flow, self.structure.dimension_ids, updated_after=self.intent.updated_after)
        return ask_data(self.asker, self.source, url, {"Accept": accept_data(self.source), **(headers or {})})

    def _in_parts(self, cut: Cut, pieces: int) -> Answer:
        return self._collect(plan_parts(cut, pieces, self.parts.clock.now().year), cut)

    def _collect(self, parts: Sequence[Part], cut: Cut) -> Answer:
        self.plan[CUT] = {"codes": {name: list(codes) for name, codes in cut.codes.items()}, "years": cut.years}
        self.plan[COUNT] = cut.count

        def keep(found: Sequence[Part]) -> None:
            self.plan[PARTS] = [part.as_json() for part in found]
            self.keep()

        keep(parts)
        splitter = Splitter(
            ask=self.ask,
            is_empty=lambda answer: says_no_results(answer, self.source.dialect),
            keep=keep,
            raw=self.parts.raw,
            cut=cut,
            now=self.parts.clock.now,
        )
        return splitter.collect(parts)

    def _cut(self) -> Cut:
        """What to split by: what the partner says it has, else the codes its structure knows."""
        told = self._availability()
        if told is not None:
            return told
        partner = self.ask_partner()
        return Cut(codes=self._bounded(_codes(partner.structure(self.flow), partner.artefacts)))

    def _bounded(self, codes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        wanted = scope_of(self.flow, self.structure.dimension_ids)
        return {name: tuple(sorted(wanted[name])) if name in wanted else some for name, some in codes.items()}

    def _availability(self) -> Cut | None:
        """Ask what there is; None when the partner does not say it in a way that can be relied on."""
        url = availability_url(self.source, self.flow, self.structure.dimension_ids)
        try:
            answer = self.asker.ask("available", url, {"Accept": accept_structure(self.source)})
        except PartnerUnavailable:
            return None
        if answer.status != 200 or answer.kept is None:
            return None
        try:
            located = locate_files([Path(answer.kept.path)])
        except HubError:
            return None
        documents = [one.artefact.document for one in located if "onstraint" in one.artefact.artefact_class.name]
        return _read_available(documents[0], self.structure) if len(documents) == 1 else None


def narrowed(flow: Flow, part: Part, structure: DataStructure) -> Flow:
    """The flow bounded to a part."""
    if not part.codes and part.since is None and part.until is None:
        return flow
    key = tuple(
        None if name in part.codes else codes for name, codes in zip(structure.dimension_ids, flow.key, strict=False)
    )
    filters = {**flow.filters, **{name: frozenset(codes) for name, codes in part.codes.items()}}
    return replace(flow, key=key, filters=filters, since=part.since, until=part.until)


def _codes(structure: DataStructure, artefacts: Artefacts) -> dict[str, tuple[str, ...]]:
    lists = {name: structure.components[name].representation.codelist for name in structure.dimension_ids}
    return {
        name: tuple(artefacts.codelist(urn).codes)
        for name, urn in lists.items()
        if urn is not None and artefacts.find(urn) is not None
    }


def _read_available(document: Mapping[str, Any], structure: DataStructure) -> Cut | None:
    """Read codes, years and number of observations from an availability constraint.

    None without the number: only by it can be seen that nothing was left out.
    """
    count = document.get("obsCount")
    if count is None:
        return None
    codes: dict[str, tuple[str, ...]] = {}
    years = None
    for item in document.get("cubeRegion", {}).get("keyValues", ()):
        if "timeRange" in item:
            years = _years(item["timeRange"])
        elif item["id"] in structure.dimension_ids:
            values = [one["value"] if isinstance(one, Mapping) else one for one in item.get("values", ())]
            codes[item["id"]] = tuple(values)
    return Cut(codes=codes, years=years, count=int(count)) if codes else None


def _years(span: Mapping[str, Any]) -> tuple[int, int] | None:
    ends = [str(span.get(name, {}).get("period", ""))[:4] for name in ("startPeriod", "endPeriod")]
    return (int(ends[0]), int(ends[1])) if all(one.isdecimal() for one in ends) else None


def _read_cut(plan: Mapping[str, Any]) -> Cut:
    item = plan.get(CUT, {"codes": {}, "years": None})
    codes = {name: tuple(codes) for name, codes in item["codes"].items()}
    return Cut(codes=codes, years=tuple(item["years"]) if item["years"] else None, count=plan.get(COUNT))
