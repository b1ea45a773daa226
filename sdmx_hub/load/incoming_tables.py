"""Tables on their way in: by a mapping, or filled in on a template."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import duckdb

from sdmx_hub.load.checks import Thresholds, Total
from sdmx_hub.load.flows import Flow, Incoming, bound, name_file, tell_empty
from sdmx_hub.load.guard import Guarded
from sdmx_hub.load.message_table import message_tables
from sdmx_hub.load.report import LoadOrder
from sdmx_hub.load.structure_maps import open_mapping
from sdmx_hub.load.tables import teller
from sdmx_hub.load.template.reading import Filled
from sdmx_hub.load.terms import check_agreement, terms_of
from sdmx_hub.mapping.apply import apply_to_files
from sdmx_hub.mapping.reading import BadMapping
from sdmx_hub.mapping.rules import CheckRule
from sdmx_hub.mapping.table import TableFile
from sdmx_hub.model.finding import Finding, Where
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts


def read_mapped(
    guarded: Guarded, order: LoadOrder, artefacts: Artefacts, connection: duckdb.DuckDBPyConnection
) -> Incoming:
    """Map a table, or several files as one. A mapping with faults, or a table unlike it, is told in findings."""
    try:
        mapping = (
            open_mapping(order.mapping, artefacts, provider=order.provider, dataflow=order.dataflow, data=guarded.path)
            if order.mapping
            else None
        )
    except BadMapping as error:
        return Incoming(findings=tuple(error.findings))
    if mapping is None:
        return Incoming()
    dataflow = artefacts.get(Urn("Dataflow", mapping.dataflow)).urn
    structure = artefacts.structure_of(dataflow)
    files = order.tables or (TableFile(path=guarded.path),)
    with message_tables(mapping, files, artefacts, order.limits) as tables:
        done = apply_to_files(mapping, tables, structure, artefacts, connection)
    action = order.action or done.action
    provider = order.provider or mapping.provider
    totals = tuple(
        Total(component_id=one.component_id, total=one.total, parts=one.parts, tolerance=one.tolerance)
        for one in done.totals
    )
    terms = terms_of(artefacts, dataflow, provider=provider, totals=totals, action=action, file=order.shown)
    flow = bound(
        Flow(
            dataflow=dataflow,
            structure=structure,
            rows=done.rows,
            count=done.mapped,
            action=action,
            terms=dataclasses.replace(
                terms,
                overrides=order.overrides,
                rounding=Decimal(done.rounding) if done.rounding else None,
                thresholds=_thresholds(mapping.checks),
            ),
        ),
        order,
        done.scope,
    )
    return Incoming(
        flows=(flow,),
        findings=(
            *name_file(done.findings, order),
            *check_agreement(artefacts, dataflow, provider, order.shown),
            *tell_empty(done.source_rows, done.findings, order),
        ),
        read=done.read,
        mapped=done.mapped,
        rejected=done.rejected,
        left_out=done.left_out,
        mapping=mapping,
        tell=teller(files, order.shown),
    )


def read_filled(filled: Filled, order: LoadOrder, artefacts: Artefacts) -> Incoming:
    """The flow of a template; it says itself what it is for."""
    told = filled.told
    language = told.language if told else None
    findings = name_file(filled.findings, order)
    if told is None or filled.rows is None:
        return Incoming(findings=tuple(findings), language=language)
    provider = order.provider or told.provider
    if order.dataflow is not None and told.dataflow != artefacts.get(order.dataflow).urn:
        params = {"found": told.dataflow.ref, "wanted": order.dataflow.ref}
        findings.append(Finding(code="FLOW-OTHER", where=Where(file=order.shown), params=params))
    action = order.action or Action.APPEND
    terms = terms_of(artefacts, told.dataflow, provider=provider, totals=order.totals, action=action, file=order.shown)
    flow = Flow(
        dataflow=told.dataflow,
        structure=terms.structure,
        rows=filled.rows,
        count=filled.mapped,
        action=action,
        terms=dataclasses.replace(terms, overrides=order.overrides),
    )
    return Incoming(
        flows=(bound(flow, order),),
        findings=(*findings, *check_agreement(artefacts, told.dataflow, provider, order.shown)),
        read=filled.read,
        mapped=filled.mapped,
        rejected=filled.rejected,
        language=language,
        provider=provider,
        tell=filled.places.tell,
    )


def _thresholds(rule: CheckRule) -> Thresholds:
    """The thresholds of the hub with those a mapping sets."""
    hub = Thresholds()
    return Thresholds(
        jump=float(rule.jump or hub.jump),
        jump_from=float(rule.jump_from or hub.jump_from),
        rate_tolerance=float(rule.rate_tolerance or hub.rate_tolerance),
        services=rule.services or hub.services,
        sexes=rule.sexes,
        off=frozenset(rule.off),
    )
