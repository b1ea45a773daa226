"""Puts together what was seen: the keys of the mapping in their order, and a doubt for everything unsure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.mapping.guess import constants, vocabulary
from sdmx_hub.mapping.guess.codes import MOST_ALTERNATIVES, Coding
from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.constants import Context
from sdmx_hub.mapping.guess.layout import Level
from sdmx_hub.mapping.guess.periods import Times, frequency_of
from sdmx_hub.mapping.guess.roles import PARTNER, REF, TIME, VALUE, Role, unused
from sdmx_hub.mapping.guess.seen import Seen
from sdmx_hub.mapping.guess.told import Constant, Doubt
from sdmx_hub.mapping.rules import SKIP
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.artefact import Artefact, texts

_SHOWN = 8
"""Texts without a code named in a comment; the answer names all."""
_MOST_LISTED = 12
"""Columns listed one by one; more are described by their first and last."""
_FILL = 0.2
"""Share of blank cells from which a column of words is one that leaves repetitions out."""
YEAR_START = "REPORTING_YEAR_START_DAY"


class Composer:
    """Composes one draft; ``doubts`` grow as it goes."""

    def __init__(self, context: Context, seen: Seen, path: Path, titles: Sequence[str], language: str) -> None:
        self.context = context
        self.seen = seen
        self.path = path
        self.titles = titles
        self.language = language
        self.doubts: list[Doubt] = []

    def intro(self, doubts: int) -> list[str]:
        """The lines at the top of the file."""
        said = sentence("guess-intro", self.language, file=self.path.name, count=doubts)
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
            "language": self.language,
            "action": "append",
            "source": self._source(),
        }
        components = self._components()
        filled = self._filled()
        if filled:
            document["fill_down"] = {"columns": filled}
        if self.seen.layout.is_wide:
            document["unpivot"] = self._unpivot()
        document["components"] = components
        document["rest"] = constants.TOTAL
        self._tell_leftovers()
        return document

    def _id(self, provider: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9]+", "_", fold(self.path.stem)).strip("_").upper()
        return f"{provider}_{stem}"[:80].rstrip("_")

    def _doubt(self, key: str, path: str, alternatives: Sequence[str] = (), **params: object) -> None:
        self.doubts.append(Doubt(key=key, path=path, params=params, alternatives=tuple(alternatives)))

    # the file

    def _source(self) -> dict[str, Any]:
        seen, extent = self.seen, self.seen.extent
        line = self.titles[0] if self.titles else self.path.name
        source: dict[str, Any] = {"line": line, "licence": sentence("guess-licence-unknown", self.language)}
        self._doubt("guess-line", "source.line")
        source |= {key: value for key, value in seen.sample.source.items() if value is not None}
        if seen.sample.source.get("encoding") and seen.sample.others:
            self._doubt(
                "guess-encoding", "source.encoding", seen.sample.others, encoding=seen.sample.source["encoding"]
            )
        signs = seen.signs
        decimal = signs.decimal or ("." if seen.sample.sheet and "," not in (signs.thousands or "") else None)
        source |= {key: value for key, value in (("decimal", decimal), ("thousands", signs.thousands)) if value}
        if signs.others:
            self._doubt("guess-signs", "source.thousands", signs.others, sign=signs.thousands)
        source |= {"header_row": extent.header_row}
        if extent.header_rows > 1:
            source["header_rows"] = extent.header_rows
        if extent.footer_rows:
            source["footer_rows"] = extent.footer_rows
            self._doubt("guess-footer", "source.footer_rows", count=extent.footer_rows)
        if extent.header_row == 0:
            self._doubt("guess-no-headings", "source.header_row")
        if not seen.sample.is_whole:
            self._doubt("guess-sampled", "source", rows=len(seen.rows))
        return source

    def _filled(self) -> list[str]:
        """Columns of codes whose blank cells repeat the one above."""
        rows = max(len(self.seen.rows), 1)
        coded = [column for role in self.seen.roles.values() if role.coding for column in role.columns]
        filled = [
            column.name
            for column in coded
            if column.blanks / rows > _FILL and self._starts(column) and not column.is_numeric
        ]
        if filled:
            self._doubt("guess-fill", "fill_down", columns=", ".join(filled))
        return filled

    def _starts(self, column: TableColumn) -> bool:
        place = column.position - self.seen.table.grid.first_column
        first = self.seen.rows[0] if self.seen.rows else ()
        return place < len(first) and bool(first[place].strip())

    def _unpivot(self) -> dict[str, Any]:
        layout, depth = self.seen.layout, self.seen.extent.header_rows
        names = [self._level_name(row) for row in range(depth)]
        for row in layout.unexplained:
            headings = dict.fromkeys(column.column.headings[row] for column in layout.figures)
            self._doubt("guess-headings", "unpivot", list(headings)[:_SHOWN], row=self.seen.extent.header_row + row)
        different = len({column.column.headings for column in layout.figures})
        if different < len(layout.figures):
            self._doubt("guess-repeated", "unpivot", count=len(layout.figures) - different)
        return {"names": names, "columns": self._cells()}

    def _level_name(self, row: int) -> str:
        return "heading" if self.seen.extent.header_rows == 1 else f"heading_{row + 1}"

    def _cells(self) -> Any:
        figures = self.seen.layout.figures
        if len(figures) <= _MOST_LISTED:
            return [column.name for column in figures]
        first, last = figures[0], figures[-1]
        if last.position - first.position + 1 == len(figures):
            return {"from": first.name, "to": last.name}
        between = [column for column in self.seen.columns if first.position <= column.position <= last.position]
        chosen = {column.position for column in figures}
        outside = [column.name for column in between if column.position not in chosen]
        return {"from": first.name, "to": last.name, "except": outside}

    # the components

    def _components(self) -> dict[str, Any]:
        """Every component that must be named, in the order of the structure."""
        seen = self.seen
        given: dict[str, Any] = {key: self._role(role) for key, role in seen.roles.items() if key != PARTNER}
        given |= {
            level.component_id: self._level(level) for level in seen.layout.levels if level.component_id != PARTNER
        }
        self._add_children(given)
        self._add_constants(given)
        given |= {VALUE: rule} if (rule := self._value()) else {}
        order = list(self.context.structure.components)
        return {
            key: given[key] for key in sorted(given, key=lambda key: order.index(key) if key in order else len(order))
        }

    def _add_children(self, given: dict[str, Any]) -> None:
        """Where headings tell boys and girls from men and women they tell ages too."""
        level = next((one for one in self.seen.layout.levels if one.component_id == "SEX"), None)
        ages = vocabulary.words("AGE")
        if level is None or level.coding is None or "AGE" in given or "AGE" not in self.context.coder.codelists:
            return
        headings = {text: vocabulary.sex_ages().get(fold(text)) for text in level.coding.resolved}
        if "Y_LT18" not in headings.values():
            return
        codes = {text: code or ages.get(fold(text), constants.TOTAL) for text, code in headings.items()}
        given["AGE"] = {"column": self._level_name(level.rows[0]), "codes": codes}
        self._doubt("guess-children", "components.AGE")

    def _add_constants(self, given: dict[str, Any]) -> None:
        context = self.context
        partner = self.seen.roles.get(PARTNER)
        level = next((one for one in self.seen.layout.levels if one.component_id == PARTNER), None)
        told = self._partner_type(partner)
        self._add_time(given)
        if REF not in given:
            self._put(given, REF, constants.guess_area(context))
        indicator = str(given.get("INDICATOR", ""))
        if "INDICATOR" not in given and "INDICATOR" in context.coder.codelists:
            chosen = constants.guess_indicator(context, told)
            indicator = chosen.code
            self._put(given, "INDICATOR", chosen)
        found = constants.guess_partner(context, indicator, told, has_area=partner is not None or level is not None)
        for key, constant in found.items():
            self._put(given, key, constant)
        kind = found["COUNTERPART_TYPE"].code if "COUNTERPART_TYPE" in found else told
        if partner is not None:
            given[PARTNER] = self._role(partner, constants.world_code(kind))
        elif level is not None:
            given[PARTNER] = self._level(level, constants.world_code(kind))
        guesses = {
            "SOURCE_TYPE": constants.guess_source,
            "UNIT_MEASURE": constants.guess_unit,
            "TIME_PER_COLLECT": constants.guess_collection,
        }
        for key, guess in guesses.items():
            if key not in given and key in context.structure.components:
                self._put(given, key, guess(context, indicator))
        for key, constant in constants.guess_others(context, given).items():
            self._put(given, key, constant)

    def _put(self, given: dict[str, Any], component_id: str, constant: Constant) -> None:
        if component_id in self.context.structure.components:
            given[component_id] = constant.code
            if constant.doubt is not None:
                self.doubts.append(constant.doubt)

    def _partner_type(self, partner: Role | None) -> str:
        """The type of partner its heading tells, a prefix of its codes, or a heading over the figures."""
        if partner is not None and partner.partner_type:
            return partner.partner_type
        known = vocabulary.headings()
        said = re.split(r"[^a-z]+", (partner.coding.strip or "").casefold()) if partner and partner.coding else []
        said += [fold(text) for text in self.titles]
        said += [fold(heading) for column in self.seen.columns[:_MOST_LISTED] for heading in column.column.headings]
        found = (
            word.code for text in said for word in known.get(text, ()) if word.component_id == PARTNER and word.code
        )
        return next(found, "")

    def _add_time(self, given: dict[str, Any]) -> None:
        """FREQ and TIME_PERIOD, from a column, the headings, or the titles."""
        times = self._times()
        if times is None:
            self._add_titled_time(given)
        elif "FREQ" not in given and "FREQ" in self.context.structure.components:
            given["FREQ"] = self._frequency(times, given[TIME])
        if times is not None and times.is_own_year:
            self._add_own_year(given, times)

    def _times(self) -> Times | None:
        role = self.seen.roles.get(TIME)
        level = next((one for one in self.seen.layout.levels if one.component_id == TIME), None)
        return role.times if role else level.times if level else None

    def _frequency(self, times: Times, rule: Mapping[str, Any]) -> Any:
        if len(times.frequencies) == 1:
            return times.frequencies[0]
        role = self.seen.roles.get(TIME)
        listed = {} if role is None else _frequencies(times, role.columns)
        self._doubt("guess-frequencies", "components.FREQ", frequencies=", ".join(times.frequencies))
        return {"column": rule["column"], "codes": listed}

    def _add_own_year(self, given: dict[str, Any], times: Times) -> None:
        """The first day of an office's own year, where the country's is known."""
        known = constants.fiscal_year(self.context.own_area)
        rule = given[TIME]
        self._doubt("guess-own-year", f"components.{TIME}", pattern=times.pattern)
        if known is None or not isinstance(rule, dict):
            return
        start, named_by = known
        rule["time"] = {"pattern": times.pattern, "year_start": start}
        if named_by == "end" and "_end" not in times.pattern:
            rule["time"]["named_by"] = named_by
        if YEAR_START in self.context.structure.components:
            given[YEAR_START] = start

    def _add_titled_time(self, given: dict[str, Any]) -> None:
        own = self._own_year_cell()
        if own is not None:
            place, pattern = own
            given[TIME] = {"column": place, "time": pattern}
            given.setdefault("FREQ", "A")
            times = Times(pattern=pattern, share=1, unread=(), frequencies=("A",), is_own_year=True)
            self._add_own_year(given, times)
            return
        headings = [heading for column in self.seen.columns for heading in column.column.headings]
        found = constants.guess_year([self.path.stem.replace("_", " "), *self.titles, *headings])
        year, others = found or ("2000", ())
        given[TIME] = year
        given.setdefault("FREQ", "A")
        self._doubt("guess-year" if found else "guess-no-time", f"components.{TIME}", others, year=year)

    def _own_year_cell(self) -> tuple[str, str] | None:
        """A cell above the figures that says which year of the office's own this is."""
        for number, cells in self.seen.sample.rows[:20]:
            if number >= self.seen.extent.first_row:
                break
            for place, cell in enumerate(cells):
                match = re.fullmatch(
                    r"(fiscal year|exercice|FY|année fiscale|año fiscal) ?[0-9]{4}", cell.strip(), re.IGNORECASE
                )
                if match:
                    letter = self.seen.table.columns[place].letter if place < len(self.seen.table.columns) else "A"
                    return f"$cell:{letter}{number}", re.sub("[0-9]{4}", "{yyyy}", cell.strip())
        return None

    def _role(self, role: Role, world: str | None = None) -> dict[str, Any]:
        names = [column.name for column in role.columns]
        rule: dict[str, Any] = {"column": names[0] if len(names) == 1 else names}
        if role.times is not None:
            rule |= self._time_rule(role.times, role.component_id)
            if any(column.blanks for column in role.columns) and len(names) == 1:
                rule["codes"] = {"": SKIP}
                self._doubt("guess-blank-time", f"components.{role.component_id}", column=names[0])
        elif role.coding is not None:
            if role.others:
                self._doubt("guess-role", f"components.{role.component_id}", role.others, column=names[0])
            rule |= self._coding_rule(
                role.coding, world, may_be_empty=role.component_id not in self.context.structure.key_ids
            )
        return rule

    def _level(self, level: Level, world: str | None = None) -> dict[str, Any]:
        names = [self._level_name(row) for row in level.rows]
        rule: dict[str, Any] = {"column": names[0] if len(names) == 1 else names}
        if level.times is not None:
            return rule | self._time_rule(level.times, level.component_id)
        if level.is_part:
            self._doubt("guess-part", f"components.{level.component_id}")
        return rule | (self._coding_rule(self._met(level), world) if level.coding else {})

    def _met(self, level: Level) -> Coding:
        """The codes of the headings over the figures chosen; other columns need none."""
        coding = level.coding or Coding(component_id=level.component_id, texts=0, resolved={})
        met = {column.column.headings[level.rows[0]] for column in self.seen.layout.figures}
        return replace(
            coding,
            codes={text: code for text, code in coding.codes.items() if text in met},
            eliminated={text: code for text, code in coding.eliminated.items() if text in met},
            unsure={text: codes for text, codes in coding.unsure.items() if text in met},
        )

    def _time_rule(self, times: Times, component_id: str) -> dict[str, Any]:
        if times.unread:
            unread = dict.fromkeys(times.unread, ())
            self._unmapped(component_id, unread)
        if not times.is_sure and not times.is_own_year:
            self._doubt("guess-time", f"components.{component_id}", pattern=times.pattern)
        return {} if times.pattern == "iso" else {"time": times.pattern}

    def _coding_rule(self, coding: Coding, world: str | None = None, *, may_be_empty: bool = False) -> dict[str, Any]:
        if may_be_empty and coding.is_plain and not coding.unsure:
            return {}
        rule: dict[str, Any] = {"strip": coding.strip, "case": coding.case}
        rule |= {"areas": list(coding.areas), "age": coding.age, "codes": self._codes(coding, world)}
        for text, code in coding.eliminated.items():
            named = self.context.named(coding.component_id, code)
            self._doubt("guess-eliminated", f"components.{coding.component_id}", text=text, name=named)
        for text, code in coding.proven.items():
            named = self.context.named(coding.component_id, code)
            self._doubt("guess-proven", f"components.{coding.component_id}", text=text, name=named)
        left = {text: codes for text, codes in coding.unsure.items() if text not in rule["codes"]}
        if left:
            self._unmapped(coding.component_id, self._alternatives(coding.component_id, left))
        return {key: value for key, value in rule.items() if value}

    def _codes(self, coding: Coding, world: str | None) -> dict[str, str]:
        codes = dict(coding.codes)
        if world is not None and coding.component_id == PARTNER:
            codes |= {text: world for text in coding.unsure if self._is_total(text, coding)}
        return codes

    def _is_total(self, text: str, coding: Coding) -> bool:
        short = re.sub(coding.strip, "", text) if coding.strip else text
        return fold(short) in vocabulary.totals()

    def _alternatives(self, component_id: str, left: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """What the texts left out may mean: areas they name, codes of like names, the world where they say so."""
        found: dict[str, tuple[str, ...]] = {}
        asked = [text for text, codes in left.items() if not codes][:MOST_ALTERNATIVES]
        suggested = self.context.coder.suggested(component_id, asked)
        for text, codes in left.items():
            if codes:
                found[text] = tuple(self.context.named(component_id, code) for code in codes)
            elif component_id == PARTNER and fold(text) in vocabulary.totals():
                found[text] = tuple(self.context.named(component_id, code) for code in ("W0", "W1"))
            else:
                found[text] = tuple(self.context.named(component_id, one.code) for one in suggested.get(text, ()))
        return found

    def _unmapped(self, component_id: str, left: Mapping[str, tuple[str, ...]]) -> None:
        shown = [f"“{text}”" + (f" ({', '.join(codes)}?)" if codes else "") for text, codes in left.items()]
        more = " …" if len(shown) > _SHOWN else ""
        self.doubts.append(
            Doubt(
                key="guess-unmapped",
                path=f"components.{component_id}",
                params={"count": len(shown), "texts": "; ".join(shown[:_SHOWN]) + more},
                texts=dict(left),
            )
        )

    def _value(self) -> dict[str, Any]:
        layout, signs = self.seen.layout, self.seen.signs
        rule: dict[str, Any] = {} if layout.is_wide else {"column": layout.figures[0].name}
        missing = dict(signs.missing)
        if any(column.blanks for column in layout.figures):
            missing[""] = SKIP if layout.is_wide else "O"
            self._doubt("guess-blank", f"components.{VALUE}")
        if signs.percent:
            rule["percent"] = True
        rule |= {key: value for key, value in (("missing", missing), ("nil", list(signs.nil))) if value}
        if signs.suppressed:
            rule["suppressed"] = list(signs.suppressed)
        if signs.footnotes:
            rule["footnotes"] = {"pattern": signs.footnotes}
        unsure = [*signs.nil, *signs.suppressed]
        if unsure:
            self._doubt("guess-tokens", f"components.{VALUE}", texts=", ".join(unsure[:_SHOWN]))
        if signs.unread:
            self._unmapped(VALUE, dict.fromkeys(signs.unread[:200], ()))
        return rule

    def _tell_leftovers(self) -> None:
        """Columns nobody uses: of figures, or of words that tell rows apart."""
        layout = self.seen.layout
        if layout.left_out:
            names = [column.name for column in layout.left_out]
            path = "unpivot" if layout.is_wide else f"components.{VALUE}"
            self._doubt("guess-figures-left", path, names[:_SHOWN], count=len(names))
        used = {column.position for role in self.seen.roles.values() for column in role.columns}
        used |= {column.position for column in (*layout.figures, *layout.left_out)}
        places = [
            column.position - self.seen.table.grid.first_column
            for role in self.seen.roles.values()
            for column in role.columns
        ]
        for column in unused(self.seen.columns, used)[:20]:
            if not self._is_told(column, places):
                self._doubt(
                    "guess-unused", "components", column.texts[:_SHOWN], column=column.name, count=len(column.texts)
                )

    def _is_told(self, column: TableColumn, places: Sequence[int]) -> bool:
        """Tell whether one of the columns used already tells what this one says, as a code tells its name."""
        own = column.position - self.seen.table.grid.first_column
        rows = [row for row in self.seen.rows[:5000] if own < len(row)]
        for place in places:
            pairs = {(row[place], row[own]) for row in rows if place < len(row)}
            if len(pairs) == len({first for first, _ in pairs}):
                return True
        return False


def _frequencies(times: Times, columns: Sequence[TableColumn]) -> dict[str, str]:
    """The frequency of each text of a time column that holds periods of several."""
    if len(columns) != 1:
        return {}
    return {text: code for text in columns[0].texts if (code := frequency_of(text, times.pattern)) is not None}
