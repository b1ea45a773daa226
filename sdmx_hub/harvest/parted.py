"""The data of a flow in one answer, however many it takes: asked as a whole where that fits, else in parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdmx_hub.errors import HubError, PartnerUnavailable, TooLarge
from sdmx_hub.harvest.addresses import (
    accept_data,
    accept_structure,
    availability_url,
    constraint_url,
    data_url,
    scope_of,
)
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.answering import ask_data
from sdmx_hub.harvest.asking import Asker
from sdmx_hub.harvest.dialect.answers import says_no_results
from sdmx_hub.harvest.excerpt import told
from sdmx_hub.harvest.intent import Intent
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.resolving import can_be_asked
from sdmx_hub.harvest.second_look import has_changed
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

COUNT, CUT, SETTLED = "count", "cut", "settled"
"""In the plan of a run: how many observations the partner says there are, what the question may be split by, and that
the parts hold together."""
LOOKS = 2
"""So many times all parts are asked for, when the data change meanwhile."""
_RESOURCES = {"v1": "availableconstraint", "v2": "availability"}
_CONSTRAINTS = frozenset({"AvailabilityConstraint", "DataConstraint"})


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
        divisible = self.source.dialect.split != "none"
        if limit and divisible and self.intent.full and not self.intent.validators:
            cut = self._cut()
            if cut.size is not None and cut.size > limit:
                return self._in_parts(cut, enough_parts(cut.size, limit))
        answer = self.ask(Part({}), self.intent.validators)
        if answer.status != TOO_LARGE:
            return answer
        if self.source.dialect.split == "none":
            raise TooLarge("harvest-undivided", excerpt=told(answer.excerpt))
        return self._in_parts(self._cut(), pieces_of(answer.excerpt, limit))

    def ask(self, part: Part, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a part."""
        flow = narrowed(self.flow, part, self.structure, overlap=overlaps(self.flow))
        url = data_url(self.source, flow, self.structure.dimension_ids, updated_after=self.intent.updated_after)
        return ask_data(self.asker, self.source, url, {"Accept": accept_data(self.source), **(headers or {})})

    def _in_parts(self, cut: Cut, pieces: int) -> Answer:
        return self._collect(plan_parts(cut, pieces, self.parts.clock.now().year), cut)

    def _collect(self, parts: Sequence[Part], cut: Cut) -> Answer:
        codes = {name: list(codes) for name, codes in cut.codes.items()}
        self.plan[CUT] = {"codes": codes, "years": cut.years, "rule": cut.rule}
        self.plan[COUNT] = cut.count

        def keep(found: Sequence[Part]) -> None:
            self.plan[PARTS] = [part.as_json() for part in found]
            self.keep()

        keep(parts)
        for _ in range(LOOKS):
            answer = self._asked(cut, keep)
            if answer.status not in {200, 204} or not self._has_changed():
                return answer
            keep([replace(part, sha256=None, empty=False) for part in self._parts])
        raise PartnerUnavailable("harvest-parts-changed", times=LOOKS)

    @property
    def _parts(self) -> list[Part]:
        return [read_part(item) for item in self.plan[PARTS]]

    def _has_changed(self) -> bool:
        """Look again, once for all: parts that hold together need no other look, whoever takes them over."""
        if self.plan.get(SETTLED):
            return False
        if self._counts_otherwise() or has_changed(self._parts, self.ask, self.parts.raw):
            return True
        self.plan[SETTLED] = True
        self.keep()
        return False

    def _counts_otherwise(self) -> bool:
        """Ask again how many observations there are, where no header of the parts would tell a change."""
        count = self.plan[COUNT]
        if count is None or any(part.validators for part in self._parts):
            return False
        now = self._availability()
        if now is None or now.count == count:
            return False
        self.plan[COUNT] = now.count
        return True

    def _asked(self, cut: Cut, keep: Callable[[Sequence[Part]], None]) -> Answer:
        splitter = Splitter(
            ask=self.ask,
            is_empty=lambda answer: says_no_results(answer, self.source.dialect),
            keep=keep,
            raw=self.parts.raw,
            cut=cut,
            now=self.parts.clock.now,
        )
        return splitter.collect(self._parts)

    def _cut(self) -> Cut:
        """What to split by: what the partner says it has now, else the codes its structure knows."""
        said, rule = self._availability(), self._rule()
        if said is not None and said.count is not None:
            return replace(said, rule=rule)
        codes = self._bounded(self._known_codes())
        if said is None:
            return Cut(codes=codes, rule=rule)
        ordered = {name: in_order(some, said.codes.get(name, ())) for name, some in codes.items()}
        return replace(said, codes=ordered, rule=rule)

    def _rule(self) -> str:
        """The dialect's rule; periods are nothing to split by where there are none."""
        timeless = self.structure.time_dimension is None and self.source.dialect.split != "none"
        return "dimensions" if timeless else self.source.dialect.split

    def _known_codes(self) -> dict[str, tuple[str, ...]]:
        """The codes of the partner's lists; of ours where it has no structures."""
        if not can_be_asked(self.source.dialect):
            return _codes(self.structure, self.parts.registry.snapshot())
        partner = self.ask_partner()
        return _codes(partner.structure(self.flow), partner.artefacts)

    def _bounded(self, codes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        wanted = scope_of(self.flow, self.structure.dimension_ids)
        return {name: tuple(sorted(wanted[name])) if name in wanted else some for name, some in codes.items()}

    def _availability(self) -> Cut | None:
        """Ask what there is; None when the partner does not say it in a way that can be relied on.

        A constraint that was written when data last came in may be older than the data: it tells how large the answer
        will be about (``estimate``) and what comes first, and leaves nothing out.
        """
        kind = self.source.dialect.availability
        live = kind not in {"contentconstraint", "references"}
        resource = _RESOURCES[self.source.api] if live else "contentconstraint"
        if kind == "none" or resource in self.source.dialect.missing:
            return None
        ids = self.structure.dimension_ids
        url = availability_url(self.source, self.flow, ids) if live else constraint_url(self.source, self.flow)
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
        found = [one.artefact.document for one in located if one.artefact.artefact_class.name in _CONSTRAINTS]
        cut = _read_available(found[0], self.structure) if len(found) == 1 else None
        if cut is None or live:
            return cut
        scoped = bool(scope_of(self.flow, ids))
        return Cut(codes=cut.codes, years=cut.years, estimate=None if scoped else cut.count)


def in_order(codes: tuple[str, ...], first: Collection[str]) -> tuple[str, ...]:
    """Put the codes that are known to have data before the others."""
    known = frozenset(first)
    return tuple(sorted(codes, key=lambda code: code not in known))


def overlaps(flow: Flow) -> bool:
    """Tell whether parts by years share a year: what comes twice is then taken once; a mapping takes all it gets."""
    return flow.mapping is None


def narrowed(flow: Flow, part: Part, structure: DataStructure, *, overlap: bool = False) -> Flow:
    """The flow bounded to a part; with ``overlap`` from a year earlier on, for periods that lie across two years."""
    if not part.codes and part.since is None and part.until is None:
        return flow
    key = tuple(
        None if name in part.codes else codes for name, codes in zip(structure.dimension_ids, flow.key, strict=False)
    )
    filters = {**flow.filters, **{name: frozenset(codes) for name, codes in part.codes.items()}}
    since = part.since - 1 if overlap and part.since is not None else part.since
    return replace(flow, key=key, filters=filters, since=since, until=part.until)


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
    years = tuple(item["years"]) if item["years"] else None
    return Cut(codes=codes, years=years, count=plan.get(COUNT), rule=item.get("rule", "key"))
