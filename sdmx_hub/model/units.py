"""Units of CL_UNIT_MEASURE that say what may be done with a value."""

from __future__ import annotations

COUNT_UNITS = frozenset({"PS", "PMT", "CTR", "MVT", "JB", "CAS", "N"})
"""Units in which a value is a count."""
NOT_ADDITIVE = frozenset({"PT", "R100K", "MTH", "SC10", "IX1", "DAY"})
"""Units whose values cannot be added up."""
