"""Puts together what was seen: the keys of the mapping in their order, and a doubt for everything unsure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.mapping.guess import constants
from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.compose_components import MOST_LISTED, ComponentComposer
from sdmx_hub.mapping.guess.roles import VALUE, unused
from sdmx_hub.mapping.guess.sketch import SHOWN, Sketch
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.artefact import Artefact, texts

_FILL = 0.2
"""Share of blank cells from which a column of words is one that leaves repetitions out."""


@dataclass(frozen=True)
class Composer:
    """Composes one draft; its ``doubts`` grow as it goes."""

    sketch: Sketch

    def intro(self, doubts: int) -> list[str]:
        """The lines at the top of the file."""
        said = sentence("guess-intro", self.sketch.language, file=self.sketch.path.name, count=doubts)
        return [line.strip() for line in said.splitlines() if line.strip()]

    def document(self, provider: str, dataflow: Artefact) -> dict[str, Any]:
        """Compose the mapping."""
        names = texts(dataflow.document, "name")
        document: dict[str, Any] = {
            "id": self._id(provider),
            "title": {key: names[key] for key in LANGUAGES if key in names}
            | ({} if "en" in names else {"en": dataflow.ref.id}),
            "provider": provider,
            "dataflow": str(dataflow.ref),
            "language": self.sketch.language,
            "action": "append",
            "source": self._source(),
        }
        components = ComponentComposer(self.sketch).components()
        filled = self._filled()
        if filled:
            document["fill_down"] = {"columns": filled}
        if self.sketch.seen.layout.is_wide:
            document["unpivot"] = self._unpivot()
        document["components"] = components
        document["rest"] = constants.TOTAL
        self._tell_leftovers()
        return document

    def _id(self, provider: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9]+", "_", fold(self.sketch.path.stem)).strip("_").upper()
        return f"{provider}_{stem}"[:80].rstrip("_")

    # the file

    def _source(self) -> dict[str, Any]:
        seen, extent = self.sketch.seen, self.sketch.seen.extent
        line = self.sketch.titles[0] if self.sketch.titles else self.sketch.path.name
        source: dict[str, Any] = {"line": line, "licence": sentence("guess-licence-unknown", self.sketch.language)}
        self.sketch.doubt("guess-line", "source.line")
        source |= {key: value for key, value in seen.sample.source.items() if value is not None}
        if seen.sample.source.get("encoding") and seen.sample.others:
            self.sketch.doubt(
                "guess-encoding", "source.encoding", seen.sample.others, encoding=seen.sample.source["encoding"]
            )
        signs = seen.signs
        decimal = signs.decimal or ("." if seen.sample.sheet and "," not in (signs.thousands or "") else None)
        source |= {key: value for key, value in (("decimal", decimal), ("thousands", signs.thousands)) if value}
        if signs.others:
            self.sketch.doubt("guess-signs", "source.thousands", signs.others, sign=signs.thousands)
        source |= {"header_row": extent.header_row}
        if extent.header_rows > 1:
            source["header_rows"] = extent.header_rows
        if extent.footer_rows:
            source["footer_rows"] = extent.footer_rows
            self.sketch.doubt("guess-footer", "source.footer_rows", count=extent.footer_rows)
        if extent.header_row == 0:
            self.sketch.doubt("guess-no-headings", "source.header_row")
        if not seen.sample.is_whole:
            self.sketch.doubt("guess-sampled", "source", rows=len(seen.rows))
        return source

    def _filled(self) -> list[str]:
        """Columns of codes whose blank cells repeat the one above."""
        rows = max(len(self.sketch.seen.rows), 1)
        coded = [column for role in self.sketch.seen.roles.values() if role.coding for column in role.columns]
        filled = [
            column.name
            for column in coded
            if column.blanks / rows > _FILL and self._starts(column) and not column.is_numeric
        ]
        if filled:
            self.sketch.doubt("guess-fill", "fill_down", columns=", ".join(filled))
        return filled

    def _starts(self, column: TableColumn) -> bool:
        place = column.position - self.sketch.seen.table.grid.first_column
        first = self.sketch.seen.rows[0] if self.sketch.seen.rows else ()
        return place < len(first) and bool(first[place].strip())

    def _unpivot(self) -> dict[str, Any]:
        layout, depth = self.sketch.seen.layout, self.sketch.seen.extent.header_rows
        names = [self.sketch.level_name(row) for row in range(depth)]
        for row in layout.unexplained:
            headings = dict.fromkeys(column.column.headings[row] for column in layout.figures)
            self.sketch.doubt(
                "guess-headings", "unpivot", list(headings)[:SHOWN], row=self.sketch.seen.extent.header_row + row
            )
        different = len({column.column.headings for column in layout.figures})
        if different < len(layout.figures):
            self.sketch.doubt("guess-repeated", "unpivot", count=len(layout.figures) - different)
        return {"names": names, "columns": self._cells()}

    def _cells(self) -> Any:
        figures = self.sketch.seen.layout.figures
        if len(figures) <= MOST_LISTED:
            return [column.name for column in figures]
        first, last = figures[0], figures[-1]
        if last.position - first.position + 1 == len(figures):
            return {"from": first.name, "to": last.name}
        between = [column for column in self.sketch.seen.columns if first.position <= column.position <= last.position]
        chosen = {column.position for column in figures}
        outside = [column.name for column in between if column.position not in chosen]
        return {"from": first.name, "to": last.name, "except": outside}

    def _tell_leftovers(self) -> None:
        """Columns nobody uses: of figures, or of words that tell rows apart."""
        layout = self.sketch.seen.layout
        if layout.left_out:
            names = [column.name for column in layout.left_out]
            path = "unpivot" if layout.is_wide else f"components.{VALUE}"
            self.sketch.doubt("guess-figures-left", path, names[:SHOWN], count=len(names))
        used = {column.position for role in self.sketch.seen.roles.values() for column in role.columns}
        used |= {column.position for column in (*layout.figures, *layout.left_out)}
        places = [
            column.position - self.sketch.seen.table.grid.first_column
            for role in self.sketch.seen.roles.values()
            for column in role.columns
        ]
        for column in unused(self.sketch.seen.columns, used)[:20]:
            if not self._is_told(column, places):
                self.sketch.doubt(
                    "guess-unused", "components", column.texts[:SHOWN], column=column.name, count=len(column.texts)
                )

    def _is_told(self, column: TableColumn, places: Sequence[int]) -> bool:
        """Tell whether one of the columns used already tells what this one says, as a code tells its name."""
        own = column.position - self.sketch.seen.table.grid.first_column
        rows = [row for row in self.sketch.seen.rows[:5000] if own < len(row)]
        for place in places:
            pairs = {(row[place], row[own]) for row in rows if place < len(row)}
            if len(pairs) == len({first for first, _ in pairs}):
                return True
        return False
