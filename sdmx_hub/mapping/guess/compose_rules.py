"""The rules of a draft: what becomes of a column, of a row of headings, and of the figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.guess.codes import MOST_ALTERNATIVES, Coding
from sdmx_hub.mapping.guess.layout import Level
from sdmx_hub.mapping.guess.periods import Times
from sdmx_hub.mapping.guess.roles import PARTNER, VALUE, Role
from sdmx_hub.mapping.guess.sketch import SHOWN, Sketch
from sdmx_hub.mapping.rules import SKIP
from sdmx_hub.mapping.words import fold


@dataclass(frozen=True)
class RuleComposer:
    """Composes the rules of one draft."""

    sketch: Sketch

    def role(self, role: Role, world: str | None = None) -> dict[str, Any]:
        """The rule of a component told by columns; ``world`` is what a total of partners means."""
        names = [column.name for column in role.columns]
        rule: dict[str, Any] = {"column": names[0] if len(names) == 1 else names}
        if role.times is not None:
            rule |= self._time_rule(role.times, role.component_id)
            if any(column.blanks for column in role.columns) and len(names) == 1:
                rule["codes"] = {"": SKIP}
                self.sketch.doubt("guess-blank-time", f"components.{role.component_id}", column=names[0])
        elif role.coding is not None:
            if role.others:
                self.sketch.doubt("guess-role", f"components.{role.component_id}", role.others, column=names[0])
            rule |= self._coding_rule(
                role.coding, world, may_be_empty=role.component_id not in self.sketch.context.structure.key_ids
            )
        return rule

    def level(self, level: Level, world: str | None = None) -> dict[str, Any]:
        """The rule of a component told by headings."""
        names = [self.sketch.level_name(row) for row in level.rows]
        rule: dict[str, Any] = {"column": names[0] if len(names) == 1 else names}
        if level.times is not None:
            return rule | self._time_rule(level.times, level.component_id)
        if level.is_part:
            self.sketch.doubt("guess-part", f"components.{level.component_id}")
        return rule | (self._coding_rule(self._met(level), world) if level.coding else {})

    def _met(self, level: Level) -> Coding:
        """The codes of the headings over the figures chosen; other columns need none."""
        coding = level.coding or Coding(component_id=level.component_id, texts=0, resolved={})
        met = {column.column.headings[level.rows[0]] for column in self.sketch.seen.layout.figures}
        return replace(
            coding,
            codes={text: code for text, code in coding.codes.items() if text in met},
            eliminated={text: code for text, code in coding.eliminated.items() if text in met},
            unsure={text: codes for text, codes in coding.unsure.items() if text in met},
        )

    def _time_rule(self, times: Times, component_id: str) -> dict[str, Any]:
        if times.unread:
            unread = dict.fromkeys(times.unread, ())
            self.sketch.unmapped(component_id, unread)
        if not times.is_sure and not times.is_own_year:
            self.sketch.doubt("guess-time", f"components.{component_id}", pattern=times.pattern)
        return {} if times.pattern == "iso" else {"time": times.pattern}

    def _coding_rule(self, coding: Coding, world: str | None = None, *, may_be_empty: bool = False) -> dict[str, Any]:
        if may_be_empty and coding.is_plain and not coding.unsure:
            return {}
        rule: dict[str, Any] = {"strip": coding.strip, "case": coding.case}
        rule |= {"areas": list(coding.areas), "age": coding.age, "codes": self._codes(coding, world)}
        for text, code in coding.eliminated.items():
            named = self.sketch.context.named(coding.component_id, code)
            self.sketch.doubt("guess-eliminated", f"components.{coding.component_id}", text=text, name=named)
        for text, code in coding.proven.items():
            named = self.sketch.context.named(coding.component_id, code)
            self.sketch.doubt("guess-proven", f"components.{coding.component_id}", text=text, name=named)
        left = {text: codes for text, codes in coding.unsure.items() if text not in rule["codes"]}
        if left:
            self.sketch.unmapped(coding.component_id, self._alternatives(coding.component_id, left))
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
        suggested = self.sketch.context.coder.suggested(component_id, asked)
        for text, codes in left.items():
            if codes:
                found[text] = tuple(self.sketch.context.named(component_id, code) for code in codes)
            elif component_id == PARTNER and fold(text) in vocabulary.totals():
                found[text] = tuple(self.sketch.context.named(component_id, code) for code in ("W0", "W1"))
            else:
                found[text] = tuple(
                    self.sketch.context.named(component_id, one.code) for one in suggested.get(text, ())
                )
        return found

    def value(self) -> dict[str, Any]:
        """The rule of the figures: which cells they are, and what stands for none."""
        layout, signs = self.sketch.seen.layout, self.sketch.seen.signs
        rule: dict[str, Any] = {} if layout.is_wide else {"column": layout.figures[0].name}
        missing = dict(signs.missing)
        if any(column.blanks for column in layout.figures):
            missing[""] = SKIP if layout.is_wide else "O"
            self.sketch.doubt("guess-blank", f"components.{VALUE}")
        if signs.percent:
            rule["percent"] = True
        rule |= {key: value for key, value in (("missing", missing), ("nil", list(signs.nil))) if value}
        if signs.suppressed:
            rule["suppressed"] = list(signs.suppressed)
        if signs.footnotes:
            rule["footnotes"] = {"pattern": signs.footnotes}
        unsure = [*signs.nil, *signs.suppressed]
        if unsure:
            self.sketch.doubt("guess-tokens", f"components.{VALUE}", texts=", ".join(unsure[:SHOWN]))
        if signs.unread:
            self.sketch.unmapped(VALUE, dict.fromkeys(signs.unread[:200], ()))
        return rule
