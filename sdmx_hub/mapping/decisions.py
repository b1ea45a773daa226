"""What people decided about texts: a table ``decisions.csv`` beside the mapping, one row a decision, never changed.

It is a file and not a table of the control database so that it goes where the mapping goes: it is reviewed, merged and
kept with it, a hub set up anew from a folder of mappings knows it, and an office can hand its folder to another, whose
suggestions then rest on what was confirmed there. Rows are only added (``undone`` takes the last one back) and are read
by their time, so that the work of two people merges as the union of its lines (``merge=union`` in ``.gitattributes``).
"""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Protocol

from sdmx_hub.mapping.checking import Artefacts, codelist_of
from sdmx_hub.mapping.reading import BadMapping, read_mapping
from sdmx_hub.mapping.rules import SKIP
from sdmx_hub.mapping.suggest import Confirmation
from sdmx_hub.model.codelist import Codelist
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn

NAME = "decisions.csv"
MOST_FILES = 5_000


class Choice(enum.StrEnum):
    """What was decided: the text has the code; it has not; a text that was itself a code stays one; never mind."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    KEPT = "kept"
    UNDONE = "undone"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One row: when (UTC), who, what, about which text of a mapping's component; ``before`` is the code it had."""

    decided_at: str
    decided_by: str
    choice: Choice
    provider: str
    mapping: str
    component: str
    codelist: str
    text: str
    code: str
    before: str = ""

    @property
    def subject(self) -> tuple[str, str, str]:
        """What the decision is about."""
        return self.mapping, self.component, self.text


_FIELDS = [field.name for field in fields(Decision)]


class Structures(Artefacts, Protocol):
    """Artefacts that know the structure of a dataflow."""

    def structure_of(self, urn: Urn, /) -> DataStructure:
        """View the structure of a dataflow that is there."""


def list_key(codelist: Codelist) -> str:
    """Name a codelist without its version: what was decided for 1.0 holds for 1.1."""
    return f"{codelist.ref.agency_id}:{codelist.ref.id}"


def read_decisions(file: Path) -> tuple[Decision, ...]:
    """Read a table of decisions, oldest first; no file is no decisions, and rows that are none are passed over.

    Rows of one second keep the order of the file.
    """
    if not file.is_file():
        return ()
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
    found = (_read(row) for row in rows)
    return tuple(sorted(filter(None, found), key=lambda one: one.decided_at))


def _read(row: dict[str, str | None]) -> Decision | None:
    values = {name: row.get(name) or "" for name in _FIELDS}
    said = values.pop("choice")
    choice = next((one for one in Choice if one == said), None)
    return Decision(choice=choice, **values) if choice else None


def write_decisions(file: Path, decisions: Iterable[Decision]) -> None:
    """Add rows to a table of decisions, with a heading when it is new."""
    is_new = not file.is_file() or not file.stat().st_size
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _FIELDS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(asdict(one) for one in decisions)


def in_force(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Give the decisions that hold: neither undone nor followed by another about the same text and, rejected, code."""
    held = _not_undone(decisions)
    return tuple(one for position, one in enumerate(held) if not _followed(one, held[position + 1 :]))


def _not_undone(decisions: Iterable[Decision]) -> list[Decision]:
    held: list[Decision] = []
    for one in decisions:
        if one.choice is Choice.UNDONE:
            last = next((old for old in reversed(held) if (old.subject, old.code) == (one.subject, one.code)), None)
            held = [old for old in held if old is not last]
        else:
            held.append(one)
    return held


def _followed(one: Decision, later: Iterable[Decision]) -> bool:
    same = [other for other in later if other.subject == one.subject]
    if one.choice is Choice.REJECTED:
        return any(other.code == one.code for other in same)
    return any(other.choice is Choice.ACCEPTED or other.code == one.code for other in same)


def last_decision(
    decisions: Sequence[Decision], mapping: str, component: str | None, text: str | None
) -> Decision | None:
    """Find the latest decision not undone: of the whole mapping, or of one text."""
    wanted = (
        one
        for one in reversed(_not_undone(decisions))
        if one.mapping == mapping
        and one.choice is not Choice.KEPT
        and component in {None, one.component}
        and text in {None, one.text}
    )
    return next(wanted, None)


def read_confirmations(folders: Iterable[Path], artefacts: Structures, *, but: str = "") -> Iterator[Confirmation]:
    """Gather what offices decided: decisions in force, and the code tables of their mappings (not of mapping ``but``).

    Folders are looked through two levels deep (``<PROVIDER>/<table>.yaml``). A mapping that cannot be read, or whose
    dataflow is not held, teaches nothing.
    """
    seen: set[Path] = set()
    for folder in folders:
        for file in sorted({*folder.glob("*.yaml"), *folder.glob("*/*.yaml")})[:MOST_FILES]:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield from _table_confirmations(file, artefacts, but)
        for file in sorted({*folder.glob(NAME), *folder.glob(f"*/{NAME}")}):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield from (_confirmation(one) for one in in_force(read_decisions(file)))


def _confirmation(one: Decision) -> Confirmation:
    return Confirmation(
        codelist=one.codelist,
        text=one.text,
        code=one.code,
        provider=one.provider,
        accepted=one.choice is not Choice.REJECTED,
    )


def _table_confirmations(file: Path, artefacts: Structures, but: str) -> Iterator[Confirmation]:
    try:
        mapping = read_mapping(file)
    except (BadMapping, OSError):
        return
    flow = Urn("Dataflow", mapping.dataflow)
    if mapping.id == but or artefacts.find(flow) is None:
        return
    structure = artefacts.structure_of(flow)
    for component_id, rule in mapping.components.items():
        component = structure.components.get(component_id)
        codelist = codelist_of(component, artefacts) if component and rule.codes else None
        for text, code in rule.codes.items() if codelist else ():
            if code not in {SKIP, ""} and text and codelist:
                yield Confirmation(codelist=list_key(codelist), text=text, code=code, provider=mapping.provider)
