"""Writes decisions: into the code table of the mapping, and into the table of decisions beside it.

Decisions are first planned, on the texts of the files, so that they can be shown before anything is written; then files
are replaced one by one, each whole, the mapping first.
"""

from __future__ import annotations

import datetime as dt
import difflib
import os
from collections.abc import Mapping
from pathlib import Path

from sdmx_hub.errors import BadQuery, Conflict, NotFound
from sdmx_hub.mapping.checking import codelist_of
from sdmx_hub.mapping.code_files import write_row
from sdmx_hub.mapping.decisions import (
    NAME,
    Choice,
    Decision,
    Structures,
    in_force,
    last_decision,
    list_key,
    read_decisions,
    write_decisions,
)
from sdmx_hub.mapping.document import parse_document
from sdmx_hub.mapping.editing import write_code
from sdmx_hub.mapping.reading import clean, read_mapping
from sdmx_hub.mapping.rules import SKIP, ComponentRule, TableMapping
from sdmx_hub.mapping.schema_faults import nearest
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.urn import Urn


class Plan:
    """Decisions about one mapping, not yet written. Raises BadMapping when the mapping file cannot be used."""

    def __init__(self, file: Path, artefacts: Structures, *, actor: str, now: dt.datetime) -> None:
        self.file = file
        self.artefacts = artefacts
        self.actor = actor
        self.now = now
        self.mapping: TableMapping = read_mapping(file)
        self.log = file.parent / NAME
        self.decisions: list[Decision] = []
        self._before: dict[Path, str] = {}
        self._texts: dict[Path, str] = {}

    def accept(self, component: str, text: str, code: str, *, keep: Mapping[str, str] | None = None) -> bool:
        """Plan to give a text a code; False when it has it already.

        ``keep`` are texts that are codes today (text → code): a component without look-up needs them written down, for
        its first code table ends taking texts as codes. Raises BadQuery (no such component or code), Conflict.
        """
        text, codelist = clean(text), self._codelist(component)
        if code != SKIP and code not in codelist.codes:
            near = nearest(code, codelist.codes)
            raise BadQuery("decision-no-code", code=code, codelist=codelist.ref, near=near or "–")
        rule = self._rule(component)
        before = self._code(rule, component, text)
        if before == code:
            return False
        if not rule.is_lookup and not self._table(component):
            if keep is None:
                raise Conflict("decision-needs-file", component=component)
            for kept, same in keep.items():
                self._write(component, kept, same)
                self._add(Choice.KEPT, component, kept, same)
        self._write(component, text, code)
        self._add(Choice.ACCEPTED, component, text, code, before=before or "")
        return True

    def reject(self, component: str, text: str, code: str) -> bool:
        """Plan to say that a text has not this code; False when that was said. The mapping itself is not changed."""
        text, codelist = clean(text), self._codelist(component)
        if code not in codelist.codes:
            near = nearest(code, codelist.codes)
            raise BadQuery("decision-no-code", code=code, codelist=codelist.ref, near=near or "–")
        if self._code(self._rule(component), component, text) == code:
            raise Conflict("decision-in-use", component=component, value=text, code=code)
        held = in_force((*read_decisions(self.log), *self.decisions))
        subject = self.mapping.id, component, text
        if any(one.choice is Choice.REJECTED and (one.subject, one.code) == (subject, code) for one in held):
            return False
        self._add(Choice.REJECTED, component, text, code)
        return True

    def undo(self, component: str | None = None, text: str | None = None) -> Decision:
        """Plan to take back the latest decision (about a text, where told). Raises NotFound, Conflict."""
        asked = clean(text) if text is not None else None
        last = last_decision(read_decisions(self.log), self.mapping.id, component, asked)
        if last is None:
            raise NotFound("decision-none", mapping=self.mapping.id)
        if last.choice is Choice.ACCEPTED:
            now = self._code(self._rule(last.component), last.component, last.text)
            if now != last.code:
                raise Conflict("decision-changed", component=last.component, value=last.text, code=now or "–")
            self._write(last.component, last.text, last.before or None)
        self._add(Choice.UNDONE, last.component, last.text, last.code, before=last.before)
        return last

    def difference(self) -> str:
        """Show what would change in the files, as a unified difference."""
        parts = [
            difflib.unified_diff(
                self._before[file].splitlines(), text.splitlines(), file.name, file.name, lineterm="", n=1
            )
            for file, text in self._texts.items()
        ]
        return "\n".join(line for part in parts for line in part)

    def write(self) -> None:
        """Write what is planned: mapping and code tables, then the decisions. Raises OSError."""
        for file, text in self._texts.items():
            written = file.with_name(f".{file.name}.new")
            written.write_bytes(text.encode())
            written.chmod(file.stat().st_mode & 0o777)
            os.replace(written, file)  # noqa: PTH105 - one step, and said so
        if self.decisions:
            write_decisions(self.log, self.decisions)

    def _rule(self, component: str) -> ComponentRule:
        rule = self.mapping.components.get(component)
        if rule is None or rule.constant is not None:
            known = [key for key, one in self.mapping.components.items() if one.constant is None]
            raise BadQuery("decision-no-column", component=component, known=", ".join(known))
        return rule

    def _codelist(self, component: str) -> Codelist:
        self._rule(component)
        structure = self.artefacts.structure_of(Urn("Dataflow", self.mapping.dataflow))
        found = structure.components.get(component)
        codelist = codelist_of(found, self.artefacts) if found else None
        if codelist is None:
            raise BadQuery("decision-no-codelist", component=component)
        return codelist

    def _table(self, component: str) -> dict[str, str]:
        """The codes this plan itself has written for a component so far."""
        added = (Choice.ACCEPTED, Choice.KEPT)
        return {one.text: one.code for one in self.decisions if one.component == component and one.choice in added}

    def _code(self, rule: ComponentRule, component: str, text: str) -> str | None:
        return self._table(component).get(text, rule.codes.get(text))

    def _write(self, component: str, text: str, code: str | None) -> None:
        mapping = self._text(self.file)
        node = parse_document(mapping).value["components"][component]
        own = {clean(str(key)) for key in node.get("codes", {})}
        if "codes_file" in node and text not in own:
            table = self.file.parent / node["codes_file"]
            self._texts[table] = write_row(self._text(table), text, code)
        else:
            self._texts[self.file] = write_code(mapping, component, text, code)

    def _text(self, file: Path) -> str:
        if file not in self._texts:
            self._before[file] = file.read_bytes().decode("utf-8")
            self._texts[file] = self._before[file]
        return self._texts[file]

    def _add(self, choice: Choice, component: str, text: str, code: str, *, before: str = "") -> None:
        self.decisions.append(
            Decision(
                decided_at=self.now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                decided_by=self.actor,
                choice=choice,
                provider=self.mapping.provider,
                mapping=self.mapping.id,
                component=component,
                codelist=list_key(self._codelist(component)),
                text=text,
                code=code,
                before=before,
            )
        )
