"""The codes behind the texts of a template: each different text of a column is looked up once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from sdmx_hub.load.checks.terms import Terms
from sdmx_hub.load.template.cells import CodeReader, parse_text, show_code
from sdmx_hub.load.template.layout import allowed_codes
from sdmx_hub.mapping.suggest import suggest
from sdmx_hub.mapping.table import letters
from sdmx_hub.model.finding import Finding, Severity, Where
from sdmx_hub.model.rows import SOURCE_ROW
from sdmx_hub.store.artefacts import Artefacts

MOST = 200
"""Different texts of one column told one by one."""
_FEW = 20
"""So many candidates are listed."""


class Lookups:
    """The look-ups of one workbook; ``findings`` gathers what has no code."""

    def __init__(
        self, terms: Terms, artefacts: Artefacts, language: str, connection: duckdb.DuckDBPyConnection
    ) -> None:
        self.terms = terms
        self.artefacts = artefacts
        self.language = language
        self.connection = connection
        self.findings: list[Finding] = []
        self._readers: dict[str, CodeReader] = {}
        self._allowed = allowed_codes((*terms.constraints, *terms.provider_constraints))

    def codes(self, component_id: str) -> frozenset[str]:
        """All codes of a component."""
        codelist = self.terms.codelists.get(component_id)
        return frozenset(codelist.codes) if codelist else frozenset()

    def read_one(self, component_id: str, text: str, where: Where) -> str | None:
        """Read a text that stands in one cell; None is told by a finding."""
        if component_id not in self.terms.codelists:
            return parse_text(text, self.terms.structure.components[component_id])
        answer = self._reader(component_id).read(text)
        if answer.code is None:
            self._tell(component_id, [(text, answer.candidates, where, 1)], where.sheet or "")
        return answer.code

    def answer(self, table: str, columns: Mapping[str, int], sheet: str) -> str:
        """Put codes in the place of texts; ``_bad`` marks rows with a text that has none. Gives the new table."""
        joins, shown, bad = [], [], ["false"]
        for component_id, position in columns.items():
            component = self.terms.structure.components[component_id]
            if component_id not in self.terms.codelists and component.representation.is_plain:
                continue
            column = f"c{position}"
            answers = f"{table}_{column}"
            self._look_up(component_id, column, table, answers, sheet)
            joins.append(f"LEFT JOIN {answers} ON {answers}.text = trim({table}.{column})")
            shown.append(f"{answers}.code AS {column}")
            bad.append(f"({answers}.text IS NOT NULL AND {answers}.code IS NULL)")
        replaced = f" REPLACE ({', '.join(shown)})" if shown else ""
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table}_coded AS SELECT {table}.*{replaced}, {' OR '.join(bad)} AS _bad "
            f"FROM {table} {' '.join(joins)}"
        )
        return f"{table}_coded"

    def _look_up(self, component_id: str, column: str, table: str, answers: str, sheet: str) -> None:
        met = self.connection.execute(
            f"SELECT trim({column}) AS text, count(*), min({SOURCE_ROW}) AS first FROM {table} "
            f"WHERE trim({column}) <> '' GROUP BY text ORDER BY first, text"
        ).fetchall()
        found: list[tuple[str, str | None]] = []
        wrong: list[tuple[str, tuple[str, ...], Where, int]] = []
        for text, count, row in met:
            if component_id not in self.terms.codelists:
                found.append((text, parse_text(text, self.terms.structure.components[component_id])))
                continue
            answer = self._reader(component_id).read(text)
            found.append((text, answer.code))
            if answer.code is None:
                where = Where(sheet=sheet, row=row, column=component_id, cell=f"{letters(int(column[1:]))}{row}")
                wrong.append((text, answer.candidates, where, count))
        self._tell(component_id, wrong, sheet)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {answers} (text VARCHAR, code VARCHAR)")
        if found:
            self.connection.executemany(f"INSERT INTO {answers} VALUES (?, ?)", found)

    def _reader(self, component_id: str) -> CodeReader:
        if component_id not in self._readers:
            codelist, among = self.terms.codelists[component_id], self._allowed.get(component_id)
            allowed = [code for code in codelist.codes.values() if among is None or code.id in among]
            component = self.terms.structure.components[component_id]
            self._readers[component_id] = CodeReader(codelist, allowed, component)
        return self._readers[component_id]

    def _tell(self, component_id: str, wrong: Sequence[tuple[str, tuple[str, ...], Where, int]], sheet: str) -> None:
        """Tell the texts that have no code, each once, with candidates or the code it is most like."""
        told = wrong[:MOST]
        likely = self._likely(component_id, [text for text, candidates, _, _ in told if not candidates])
        for text, candidates, where, count in told:
            params: dict[str, object] = {
                "value": text if len(text) <= 80 else f"{text[:79]}…",
                "component": component_id,
                "candidates": ", ".join(self._shown(component_id, code) for code in candidates[:_FEW]),
            }
            self.findings.append(
                Finding(
                    code="TEMPLATE-AMBIGUOUS" if candidates else "TEMPLATE-CODE",
                    where=where,
                    source_value=text,
                    params=params,
                    suggestion=likely.get(text),
                    count=count,
                )
            )
        if len(wrong) > MOST:
            where = Where(sheet=sheet, column=component_id)
            params = {"count": len(wrong) - MOST, "component": component_id}
            self.findings.append(Finding(code="MAP-MORE", severity=Severity.INFO, where=where, params=params))

    def _shown(self, component_id: str, code: str) -> str:
        return show_code(self.terms.codelists[component_id].codes[code], self.language)

    def _likely(self, component_id: str, texts: Sequence[str]) -> dict[str, str]:
        """The code each text is most like, of those the template offers."""
        if not texts:
            return {}
        allowed, codelist = self._reader(component_id).allowed, self.terms.codelists[component_id]
        ranked = suggest(texts, codelist, component=component_id, language=self.language, artefacts=self.artefacts)
        best = {text: next((one.code for one in found if one.code in allowed), None) for text, found in ranked.items()}
        return {text: self._shown(component_id, code) for text, code in best.items() if code}
