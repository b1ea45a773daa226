"""One provider for one source: what a file says, against what is stored (§2.6 of the shared structures)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.load.checks.keys import PROVIDER
from sdmx_hub.load.flows import Flow
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.rows import Rows, quoted
from sdmx_hub.model.structure import Attachment
from sdmx_hub.query.plan import plan_data
from sdmx_hub.query.request import DataQuery
from sdmx_hub.sharing.audiences import INTERNAL
from sdmx_hub.store.observations import Observations

_MOST = 20


def check_providers(flow: Flow, observations: Observations, overrides: frozenset[str]) -> Iterator[Finding]:
    """PROV-01: another provider already reports a source that the file reports, so one of the two is mistaken."""
    attribute = next((one for one in flow.structure.attributes if one.id == PROVIDER), None)
    if attribute is None or attribute.attached_to is not Attachment.GROUP or flow.action is Action.DELETE:
        return
    if observations.version(flow.dataflow.ref, INTERNAL) is None:
        return
    sent = _sources(flow.rows, attribute.dimension_ids)
    stored_rows = observations.open_rows(
        flow.dataflow.ref, flow.structure, plan_data(DataQuery(), flow.structure), audience=INTERNAL
    )
    try:
        stored = _sources(stored_rows, attribute.dimension_ids)
    finally:
        stored_rows.close()
    differing = [key for key, provider in sent.items() if stored.get(key, provider) != provider]
    for key in differing[:_MOST]:
        named = zip(attribute.dimension_ids, key, strict=True)
        yield Finding(
            code="PROV-01",
            severity=Severity.WARNING if "PROV-01" in overrides else Severity.ERROR,
            where=Where(file=flow.terms.file, column=PROVIDER),
            source_value=sent[key],
            params={
                "value": f"{stored[key]}, {sent[key]}",
                "place": ", ".join(f"{name}={code}" for name, code in named),
            },
        )


def _sources(rows: Rows, dimension_ids: tuple[str, ...]) -> Mapping[tuple[str | None, ...], str]:
    """The provider of each source that has one."""
    if PROVIDER not in rows.columns:
        return {}
    columns = ", ".join(f"CAST({quoted(one)} AS VARCHAR)" for one in (*dimension_ids, PROVIDER))
    found = rows.connection.execute(
        f"SELECT DISTINCT {columns} FROM ({rows.sql}) WHERE {quoted(PROVIDER)} IS NOT NULL", list(rows.params)
    ).fetchall()
    return {row[:-1]: row[-1] for row in found}
