"""What the table does not say at all: codes that hold for every row, from provider, constraint, titles and times."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from sdmx_hub.language import localised
from sdmx_hub.mapping.guess import vocabulary
from sdmx_hub.mapping.guess.codes import Coder
from sdmx_hub.mapping.guess.roles import PARTNER, REF
from sdmx_hub.mapping.guess.told import Constant, Doubt
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.structure import DataStructure

TOTAL, NOT_APPLICABLE, UNKNOWN = "_T", "_Z", "_U"
_TYPES = {"OUTFLOW": "CDS", "NAT_ABROAD": "CRS", "RET": "CPR", "REINT": "CPR", "PERMIT": "CCT", "BORDER": "CCT"}
_TYPES |= {"INFLOW": "CCT", "POP": "CBR", "EMP": "CBR", "LF": "CBR"}
_ACROSS = frozenset({"CDS", "CPR", "CRS", "CTP"})
"""Types of partner that are never the reference area itself: the total of their areas is the rest of the world."""
_SOURCES = (
    ("census recensement censo rgph censimento", "CEN"),
    ("lfs epa geih emploi ocupacion labour force survey", "LFS"),
    ("survey enquete encuesta", "HHS"),
)
_CURRENCY, _DOLLAR = "CURRENCY", "USD"
_CURRENCIES = (("usd|us dollar|us dollars|current us|us million", "USD"), ("euro|euros|eur", "EUR"))


@dataclass(frozen=True, kw_only=True)
class Context:
    """What is known beside the columns: words of titles, headings and file name, what is allowed, the provider."""

    structure: DataStructure
    coder: Coder
    words: str
    allowed: Mapping[str, frozenset[str]]
    own_area: str | None
    units: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    def doubt(self, key: str, component_id: str, code: str, others: Collection[str] = ()) -> Doubt:
        """Make a doubt about a constant."""
        return Doubt(
            key=key,
            path=f"components.{component_id}",
            params={"component": component_id, "code": code, "name": self.named(component_id, code)},
            alternatives=tuple(self.named(component_id, other) for other in others if other != code),
        )

    def named(self, component_id: str, code: str) -> str:
        """A code with its name."""
        codelist = self.coder.codelists.get(component_id)
        if codelist is None or code not in codelist.codes:
            return code
        return f"{code} ({localised(codelist.codes[code].names, self.language)})"

    def codes(self, component_id: str) -> tuple[str, ...]:
        """The codes a component may have here, in the order of its list."""
        codelist = self.coder.codelists.get(component_id)
        allowed = self.allowed.get(component_id)
        return tuple(code for code in (codelist.codes if codelist else ()) if allowed is None or code in allowed)


def guess_indicator(context: Context, partner_type: str) -> Constant:
    """Choose the indicator whose words the titles, headings or the file's name say."""
    codes = context.codes("INDICATOR")
    if len(codes) == 1:
        return Constant(codes[0])
    scores = {code: _indicator_score(context, code) for code in codes}
    if partner_type == "CDS" and "OUTFLOW_POP" in scores:
        scores["OUTFLOW_POP"] += 1
    best = max(codes, key=lambda code: (scores[code], -codes.index(code)))
    others = sorted((code for code in codes if code != best), key=lambda code: -scores[code])[:6]
    return Constant(best, context.doubt("guess-indicator", "INDICATOR", best, others))


def _indicator_score(context: Context, code: str) -> float:
    names = context.coder.codelists["INDICATOR"].codes[code].names.values()
    phrases = [*vocabulary.indicators().get(code, ()), *(fold(name) for name in names)]
    return max((len(phrase) for phrase in phrases if phrase and f" {phrase} " in context.words), default=0)


def guess_partner(context: Context, indicator: str, told: str, *, has_area: bool) -> dict[str, Constant]:
    """Choose the type of partner, and the partner itself where no column names it."""
    if "COUNTERPART_TYPE" not in context.structure.components:
        return {}
    codes = context.codes("COUNTERPART_TYPE")
    if not has_area and NOT_APPLICABLE in codes and "MIG_STATUS" in context.structure.components:
        return {"COUNTERPART_TYPE": Constant(NOT_APPLICABLE), PARTNER: Constant(NOT_APPLICABLE)}
    usual = next((code for start, code in _TYPES.items() if indicator.startswith(start)), codes[0])
    real = [code for code in codes if code != NOT_APPLICABLE]
    if told in codes:
        found = {"COUNTERPART_TYPE": Constant(told)}
    elif len(real) == 1:
        found = {"COUNTERPART_TYPE": Constant(real[0])}
    else:
        code = usual if usual in codes else codes[0]
        found = {
            "COUNTERPART_TYPE": Constant(code, context.doubt("guess-partner-type", "COUNTERPART_TYPE", code, real))
        }
    if not has_area:
        world = "W1"
        found[PARTNER] = Constant(world, context.doubt("guess-partner", PARTNER, world, ("W0",)))
    return found


def world_code(partner_type: str) -> str | None:
    """The area a total over partners is; None where it may include the reference area or not."""
    return "W1" if partner_type in _ACROSS else None


def guess_area(context: Context) -> Constant:
    """The area the provider reports for."""
    if context.own_area:
        return Constant(context.own_area)
    return Constant(UNKNOWN, context.doubt("guess-no-area", REF, UNKNOWN))


def guess_source(context: Context, indicator: str) -> Constant:
    """Where figures of this kind usually come from; the titles may say it."""
    words = set(context.words.split())
    codes = context.codes("SOURCE_TYPE")
    compiler = context.own_area is None
    found = next((code for listed, code in _SOURCES if words & set(listed.split())), None)
    found = "CEN" if found is None and any(word.startswith("rgph") for word in words) else found
    if found is None:
        usual = (code for start, only, code in vocabulary.sources() if _fits(indicator, start) and compiler >= only)
        found = next(usual, "OTH")
    return Constant(found, context.doubt("guess-source", "SOURCE_TYPE", found, codes))


def _fits(indicator: str, start: str) -> bool:
    return indicator.startswith(start) if start.endswith("_") else indicator == start


def guess_unit(context: Context, indicator: str) -> Constant:
    """The unit of the indicator; of money, the currency the titles say."""
    unit = context.units.get(indicator, "")
    codes = context.codes("UNIT_MEASURE")
    if unit in codes:
        return Constant(unit)
    for listed, code in _CURRENCIES:
        if any(f" {phrase} " in context.words for phrase in listed.split("|")) and code in codes:
            return Constant(code)
    code = _DOLLAR if unit == _CURRENCY and _DOLLAR in codes else codes[0]
    return Constant(
        code, context.doubt("guess-unit", "UNIT_MEASURE", code, codes[-16:] if code == _DOLLAR else codes[:12])
    )


def guess_collection(context: Context, indicator: str) -> Constant:
    """When in the period the figure holds: a flow sums up, a stock is that of the end."""
    code = "E" if context.kinds.get(indicator) == "STOCK" else "S"
    return Constant(
        code, context.doubt("guess-collection", "TIME_PER_COLLECT", code, context.codes("TIME_PER_COLLECT"))
    )


def guess_others(context: Context, given: Collection[str]) -> dict[str, Constant]:
    """Dimensions nothing tells: only those that cannot be the total need be named."""
    found = {}
    for dimension in context.structure.dimensions:
        codes = context.codes(dimension.id)
        if dimension.id in given or TOTAL in codes or not codes:
            continue
        if NOT_APPLICABLE in codes:
            found[dimension.id] = Constant(NOT_APPLICABLE)
        else:
            code = codes[0]
            found[dimension.id] = Constant(code, context.doubt("guess-constant", dimension.id, code, codes[:12]))
    return found


def guess_year(texts: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """The year that titles or the file's name tell, and the other years they name."""
    years = [year for text in texts for year in re.findall(r"(?<![0-9])((?:19|20)[0-9]{2})(?![0-9])", text)]
    if not years:
        return None
    return years[0], tuple(sorted(set(years) - {years[0]}))


def fiscal_year(area: str | None) -> tuple[str, str] | None:
    """First day of the fiscal year of a country, and the calendar year it is named by."""
    text = (resources.files(__package__) / "fiscal_years.csv").read_text(encoding="utf-8")
    found = (row for row in csv.DictReader(text.splitlines()) if row["area"] == area)
    return next(((row["start"], row["named_by"]) for row in found), None)
