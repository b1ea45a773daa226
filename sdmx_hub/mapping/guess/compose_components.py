"""The components of a draft: those the table tells, and those it leaves to be known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.mapping.guess import constants, vocabulary
from sdmx_hub.mapping.guess.columns import TableColumn
from sdmx_hub.mapping.guess.compose_rules import RuleComposer
from sdmx_hub.mapping.guess.periods import Times, frequency_of
from sdmx_hub.mapping.guess.roles import PARTNER, REF, TIME, VALUE, Role
from sdmx_hub.mapping.guess.sketch import Sketch
from sdmx_hub.mapping.guess.told import Constant
from sdmx_hub.mapping.words import fold

MOST_LISTED = 12
"""Columns looked at, or listed, one by one."""
YEAR_START = "REPORTING_YEAR_START_DAY"


@dataclass(frozen=True)
class ComponentComposer:
    """Composes the components of one draft."""

    sketch: Sketch

    @property
    def rules(self) -> RuleComposer:
        """What composes the rule of one component."""
        return RuleComposer(self.sketch)

    def components(self) -> dict[str, Any]:
        """Every component that must be named, in the order of the structure."""
        seen = self.sketch.seen
        given: dict[str, Any] = {key: self.rules.role(role) for key, role in seen.roles.items() if key != PARTNER}
        given |= {
            level.component_id: self.rules.level(level) for level in seen.layout.levels if level.component_id != PARTNER
        }
        self._add_children(given)
        self._add_constants(given)
        given |= {VALUE: rule} if (rule := self.rules.value()) else {}
        order = list(self.sketch.context.structure.components)
        return {
            key: given[key] for key in sorted(given, key=lambda key: order.index(key) if key in order else len(order))
        }

    def _add_children(self, given: dict[str, Any]) -> None:
        """Where headings tell boys and girls from men and women they tell ages too."""
        level = next((one for one in self.sketch.seen.layout.levels if one.component_id == "SEX"), None)
        ages = vocabulary.words("AGE")
        if level is None or level.coding is None or "AGE" in given or "AGE" not in self.sketch.context.coder.codelists:
            return
        headings = {text: vocabulary.sex_ages().get(fold(text)) for text in level.coding.resolved}
        if "Y_LT18" not in headings.values():
            return
        codes = {text: code or ages.get(fold(text), constants.TOTAL) for text, code in headings.items()}
        given["AGE"] = {"column": self.sketch.level_name(level.rows[0]), "codes": codes}
        self.sketch.doubt("guess-children", "components.AGE")

    def _add_constants(self, given: dict[str, Any]) -> None:
        context = self.sketch.context
        partner = self.sketch.seen.roles.get(PARTNER)
        level = next((one for one in self.sketch.seen.layout.levels if one.component_id == PARTNER), None)
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
            given[PARTNER] = self.rules.role(partner, constants.world_code(kind))
        elif level is not None:
            given[PARTNER] = self.rules.level(level, constants.world_code(kind))
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
        if component_id in self.sketch.context.structure.components:
            given[component_id] = constant.code
            if constant.doubt is not None:
                self.sketch.doubts.append(constant.doubt)

    def _partner_type(self, partner: Role | None) -> str:
        """The type of partner its heading tells, a prefix of its codes, or a heading over the figures."""
        if partner is not None and partner.partner_type:
            return partner.partner_type
        known = vocabulary.headings()
        said = re.split(r"[^a-z]+", (partner.coding.strip or "").casefold()) if partner and partner.coding else []
        said += [fold(text) for text in self.sketch.titles]
        said += [
            fold(heading) for column in self.sketch.seen.columns[:MOST_LISTED] for heading in column.column.headings
        ]
        found = (
            word.code for text in said for word in known.get(text, ()) if word.component_id == PARTNER and word.code
        )
        return next(found, "")

    def _add_time(self, given: dict[str, Any]) -> None:
        """FREQ and TIME_PERIOD, from a column, the headings, or the titles."""
        times = self._times()
        if times is None:
            self._add_titled_time(given)
        elif "FREQ" not in given and "FREQ" in self.sketch.context.structure.components:
            given["FREQ"] = self._frequency(times, given[TIME])
        if times is not None and times.is_own_year:
            self._add_own_year(given, times)

    def _times(self) -> Times | None:
        role = self.sketch.seen.roles.get(TIME)
        level = next((one for one in self.sketch.seen.layout.levels if one.component_id == TIME), None)
        return role.times if role else level.times if level else None

    def _frequency(self, times: Times, rule: Mapping[str, Any]) -> Any:
        if len(times.frequencies) == 1:
            return times.frequencies[0]
        role = self.sketch.seen.roles.get(TIME)
        listed = {} if role is None else _frequencies(times, role.columns)
        self.sketch.doubt("guess-frequencies", "components.FREQ", frequencies=", ".join(times.frequencies))
        return {"column": rule["column"], "codes": listed}

    def _add_own_year(self, given: dict[str, Any], times: Times) -> None:
        """The first day of an office's own year, where the country's is known."""
        known = constants.fiscal_year(self.sketch.context.own_area)
        rule = given[TIME]
        self.sketch.doubt("guess-own-year", f"components.{TIME}", pattern=times.pattern)
        if known is None or not isinstance(rule, dict):
            return
        start, named_by = known
        rule["time"] = {"pattern": times.pattern, "year_start": start}
        if named_by == "end" and "_end" not in times.pattern:
            rule["time"]["named_by"] = named_by
        if YEAR_START in self.sketch.context.structure.components:
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
        headings = [heading for column in self.sketch.seen.columns for heading in column.column.headings]
        found = constants.guess_year([self.sketch.path.stem.replace("_", " "), *self.sketch.titles, *headings])
        year, others = found or ("2000", ())
        given[TIME] = year
        given.setdefault("FREQ", "A")
        self.sketch.doubt("guess-year" if found else "guess-no-time", f"components.{TIME}", others, year=year)

    def _own_year_cell(self) -> tuple[str, str] | None:
        """A cell above the figures that says which year of the office's own this is."""
        for number, cells in self.sketch.seen.sample.rows[:20]:
            if number >= self.sketch.seen.extent.first_row:
                break
            for place, cell in enumerate(cells):
                match = re.fullmatch(
                    r"(fiscal year|exercice|FY|année fiscale|año fiscal) ?[0-9]{4}", cell.strip(), re.IGNORECASE
                )
                if match:
                    letter = (
                        self.sketch.seen.table.columns[place].letter
                        if place < len(self.sketch.seen.table.columns)
                        else "A"
                    )
                    return f"$cell:{letter}{number}", re.sub("[0-9]{4}", "{yyyy}", cell.strip())
        return None


def _frequencies(times: Times, columns: Sequence[TableColumn]) -> dict[str, str]:
    """The frequency of each text of a time column that holds periods of several."""
    if len(columns) != 1:
        return {}
    return {text: code for text in columns[0].texts if (code := frequency_of(text, times.pattern)) is not None}
