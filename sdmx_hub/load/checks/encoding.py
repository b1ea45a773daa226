"""Texts that were read in another encoding than they were written in: ``Ã©`` for ``é``, or the mark of a lost letter.

Nothing depends on such a text, so it is a warning, with the text that was probably meant.
"""

from __future__ import annotations

import dataclasses

from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import literal

LOST = "\N{REPLACEMENT CHARACTER}"
_FIRST = "ÂÃÅâ"
"""What the first byte of a letter in UTF-8 looks like in Latin-1: of é and ñ, of ° and «, of œ, of ’ and –."""
_NEXT = bytes(range(0x80, 0xC0))
"""What follows it."""
_FOLLOWING = "".join(sorted(set(_NEXT.decode("latin-1") + _NEXT.decode("cp1252", "ignore"))))
_TWICE = f"[ÂÃ][{_FOLLOWING}]|Å[\x92\x93’“]|â[{_FOLLOWING}]{{2}}"


def faults_of(text: str) -> dict[str, str]:
    """SQL conditions on a text, by the code of the finding; most texts are quickly seen to be well.

    TEXT-TWICE: it was encoded twice. TEXT-LOST: letters of it were lost.
    """
    quick = " OR ".join(f"contains({text}, {literal(letter)})" for letter in _FIRST)
    return {
        "TEXT-TWICE": f"({quick}) AND regexp_matches({text}, {literal(_TWICE)})",
        "TEXT-LOST": f"contains({text}, {literal(LOST)})",
    }


def as_warning(finding: Finding) -> Finding:
    """Make what was found a warning that tells what was meant."""
    return dataclasses.replace(finding, severity=Severity.WARNING, suggestion=decoded(finding.source_value or ""))


def decoded(text: str) -> str | None:
    """Give the text that was meant, where a text was encoded twice; None where that cannot be said."""
    for encoding in ("cp1252", "latin-1"):
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return meant if meant != text else None
    return None
