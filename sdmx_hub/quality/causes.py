"""What may explain that two ends differ: proposed by rule, to be confirmed by a person (CL_DISC_CAUSE)."""

from __future__ import annotations

from sdmx_hub.model.rows import literal
from sdmx_hub.quality.pair_rules import PairRule

ORDER = ("CONF", "ERR", "UNIT", "BASIS", "DUR", "TIME", "AGE", "COVER", "CHAN", "DUAL", "UNK")
"""The first of several is the one an observation of DF_Q_MIRROR names."""
_SEEN = {
    "CONF": "o.status = 'Q' OR m.status = 'Q'",
    "UNIT": "o.unit <> m.unit",
    "DUR": "o.criterion <> m.criterion",
    "TIME": "o.start_day IS DISTINCT FROM m.start_day OR o.span IS DISTINCT FROM m.span",
}
"""What the observations themselves show; a TIME needs both ends, for one alone has nothing to differ from."""
_BOTH = "o.series IS NOT NULL AND m.series IS NOT NULL"


def causes_sql(rule: PairRule) -> str:
    """SQL: the list of causes of a pair, in ``ORDER``; ``o`` and ``m`` are the two ends."""
    terms = []
    for cause in ORDER:
        seen = [f"({_BOTH} AND ({_SEEN[cause]}))"] if cause in _SEEN else []
        if cause == "ERR" and cause in rule.causes:
            seen.append("o.value <> m.value")
        elif cause in rule.causes:
            seen.append("true")
        if seen:
            terms.append(f"CASE WHEN {' OR '.join(seen)} THEN {literal(cause)} END")
    return f"list_filter([{', '.join(terms)}], lambda one: one IS NOT NULL)"
