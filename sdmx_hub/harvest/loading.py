"""Loading an answer: by ``load.release``, as any file, with what a harvest knows besides.

The partner may call the dataflow and its structure otherwise than we do: the artefacts the load looks things up in
know both names. A full answer replaces within the bounds of the flow; a flow without bounds replaces what this source
brought earlier, as the logs of its loads tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sdmx_hub.errors import TryAgain
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.harvest.answer import Answer
from sdmx_hub.harvest.parts import Parts
from sdmx_hub.harvest.raw import Kept
from sdmx_hub.harvest.source import DROP, FILES, Flow, Source
from sdmx_hub.load.doubts import HOLDING, SHRINKS, Doubter
from sdmx_hub.load.guard import GuardLimits
from sdmx_hub.load.release import load_file
from sdmx_hub.load.report import LoadOrder, LoadReport
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.artefacts import Artefacts
from sdmx_hub.store.blobs import log_name
from sdmx_hub.store.fence import pass_fence
from sdmx_hub.store.run_rows import Outcome, Run, State, Verdict

LOGS = "logs"
"""What the next run remembers: the logs that together hold everything this source has brought since a full answer."""
_TYPES = {"csv": "csv", "json": "json", "xml": "xml"}


class Renamed(Artefacts):
    """Artefacts that answer to the partner's names too."""

    def __init__(self, artefacts: Artefacts, names: Mapping[Urn, Urn]) -> None:
        super().__init__(artefacts, revision=artefacts.revision)
        self._names = names

    def find(self, urn: Urn) -> Artefact | None:
        """Find an artefact by our name or the partner's."""
        wanted = urn.artefact
        return super().find(self._names.get(wanted, wanted)) or super().find(self._names.get(_any(wanted), wanted))


def _any(urn: Urn) -> Urn:
    return Urn(urn.class_name, replace(urn.ref, version="*"))


def names_of(flow: Flow, theirs: DataStructure | None, ours: DataStructure) -> dict[Urn, Urn]:
    """What the partner's names mean here, in any version the message may write."""
    partner, own = Urn("Dataflow", flow.partner), Urn("Dataflow", flow.dataflow)
    names = {} if partner == own else {partner: own, _any(partner): own}
    if theirs is not None and theirs.ref != ours.ref:
        structure = Urn("DataStructure", theirs.ref)
        names |= dict.fromkeys((structure, _any(structure)), Urn("DataStructure", ours.ref))
    return names


@dataclass(frozen=True, kw_only=True)
class Loading:
    """What became of an answer."""

    report: LoadReport
    findings: tuple[Finding, ...]
    logs: tuple[str, ...]
    release_id: int | None

    @property
    def counts(self) -> dict[str, object]:
        """The four counts, for a sentence."""
        report = self.report
        return {
            "added": report.added,
            "revised": report.revised,
            "deleted": report.deleted,
            "unchanged": report.unchanged,
        }

    @property
    def is_held(self) -> bool:
        """Tell whether nothing but doubts stand against the load."""
        errors = {finding.code for finding in self.findings if finding.severity is Severity.ERROR}
        return bool(errors) and errors <= HOLDING

    def outcome(self, state: State, verdict: Verdict, memory: Mapping[str, Any]) -> Outcome:
        """Make the outcome of the run."""
        report = self.report
        return Outcome(
            state=state,
            verdict=verdict,
            received=report.read,
            added=report.added,
            revised=report.revised,
            deleted=report.deleted,
            unchanged=report.unchanged,
            release_id=self.release_id,
            memory={**memory, LOGS: list(self.logs)} if memory else {},
        )


def load_answer(
    parts: Parts,
    source: Source,
    flow: Flow,
    run: Run,
    answer: Answer,
    *,
    names: Mapping[Urn, Urn],
    scope: Mapping[str, frozenset[str]] | None,
    logs: tuple[str, ...],
    memory: Mapping[str, Any],
    period: str = "",
    doubts: tuple[Finding, ...] = (),
    accepted: frozenset[str] = frozenset(),
    announced: int | None = None,
) -> Loading:
    """Check an answer and, in one release or not at all, load it; in a dry run only compare.

    ``scope`` bounds a full answer (empty: no bounds but what ``logs`` hold); None says that the answer is a delta, or a
    file that its mapping bounds, of a ``period``. ``memory`` is kept with the release, for whoever takes the run over.
    ``doubts`` keep the load back like those found in it, unless they are ``accepted``.
    Of ``announced`` observations none may be missing.
    Raises TryAgain when somebody else is loading the dataflow.
    """
    kept = answer.kept
    if kept is None:
        raise TryAgain("harvest-raw-missing", sha256="")
    full = scope is not None
    known = {**memory, LOGS: [] if full else list(logs)}
    order = LoadOrder(
        path=kept.path,
        tables=_tables(source, answer, kept, period, mapped=flow.mapping is not None),
        mapping=Path(flow.mapping) if flow.mapping else None,
        dataflow=Urn("Dataflow", flow.dataflow),
        provider=flow.provider.rpartition(",")[2] if flow.provider else None,
        action=Action.REPLACE if full else None,
        scope=scope or None,
        earlier=_earlier(parts, logs) if full and not scope else None,
        most_deleted=source.most_deleted_percent / 100,
        totals=flow.totals,
        overrides=flow.accept | (accepted & {SHRINKS}),
        name=origin_of(run),
        overlapping=answer.overlapping,
        limits=GuardLimits(
            sent=source.limits.unpacked_bytes, unpacked=source.limits.unpacked_bytes, ratio=source.limits.ratio
        ),
    )
    report = load_file(
        order,
        Renamed(parts.registry.snapshot(), names),
        parts.observations,
        actor=actor_of(source),
        now=parts.clock.now(),
        dry_run=run.dry_run,
        fence=lambda connection, release: pass_fence(connection, run, release, known),
        judge=Doubter(
            observations=parts.observations,
            guards=source.guards,
            most_deleted_percent=source.most_deleted_percent,
            found=doubts,
            accepted=accepted,
            announced=announced,
        ),
    )
    release = report.release_id
    added = _log_of(parts, release, flow)
    kept_logs = (added,) if added and full else (*logs, *([added] if added and added not in logs else []))
    findings = (*report.findings, *([] if source.api == FILES else _declared_otherwise(answer, report, source)))
    return Loading(report=report, findings=findings, logs=kept_logs, release_id=release)


def _tables(source: Source, answer: Answer, kept: Kept, period: str, *, mapped: bool) -> tuple[TableFile, ...]:
    if source.api == FILES or (source.api == DROP and mapped):
        return (TableFile(path=kept.path, name=_file_name(answer), period=period),)
    several = answer.parts if len(answer.parts) > 1 else ()
    return tuple(TableFile(path=one.path, name=f"{number}") for number, one in enumerate(several, start=1))


def _file_name(answer: Answer) -> str:
    return unquote(urlsplit(answer.url).path).rpartition("/")[2]


def actor_of(source: Source) -> str:
    """Who loads, for the audit log and the leases."""
    return f"harvest:{source.id}"


def origin_of(run: Run) -> str:
    """Where a load comes from, for its lineage: names the run."""
    return f"harvest {run.source}/{run.flow} run {run.id}"


def _earlier(parts: Parts, logs: tuple[str, ...]) -> tuple[Path, ...]:
    blobs, names = parts.observations.blobs, map(log_name, logs)
    return tuple(blobs.path(name) for name in names if blobs.exists(name))


def _log_of(parts: Parts, release_id: int | None, flow: Flow) -> str | None:
    if release_id is None:
        return None
    wanted = (str(flow.dataflow), INTERNAL)
    found = [row for row in parts.observations.lineage(release_id) if (row["dataflow"], row["audience"]) == wanted]
    return str(found[0]["log_sha256"]) if found else None


def _declared_otherwise(answer: Answer, report: LoadReport, source: Source) -> list[Finding]:
    """Tell when the partner called its answer something else than it is; it was read as what it is."""
    kinds = {kind.value: kind for kind in Kind}
    kind = kinds.get(report.kind)
    syntax = kind.name.partition("_")[0].lower() if kind else ""
    expected = source.dialect.any_content_type or not answer.content_type or syntax in answer.content_type
    if syntax not in _TYPES or expected:
        return []
    params = {"declared": answer.content_type[:100], "found": report.kind}
    return [Finding(code="harvest-content-type", severity=Severity.WARNING, where=Where(), params=params)]


def count_held(parts: Parts, flow: Flow, structure: DataStructure, scope: Mapping[str, frozenset[str]]) -> int:
    """Count what we hold within the bounds of a flow."""
    key = tuple(scope.get(name) for name in structure.dimension_ids)
    plan = plan_data(DataQuery(keys=(key,) if scope else ()), structure)
    return parts.observations.availability(flow.dataflow, structure, plan, audience=INTERNAL).observations
