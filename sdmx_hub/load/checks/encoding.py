"""Texts that were read in another encoding than they were written in: ``Ã©`` for ``é``, or the mark of a lost letter.

Nothing depends on such a text, so it is a warning, with the text that was probably meant.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from sdmx_hub.load.checks.terms import VIEW, Checking
from sdmx_hub.load.checks.values import TEXT_TYPES
from sdmx_hub.model.finding import Finding, Severity
from sdmx_hub.model.rows import literal, quoted

LOST = "\N{REPLACEMENT CHARACTER}"
_FIRST = "ÂÃÅâ"
"""What the first byte of a letter in UTF-8 looks like in Latin-1: of é and ñ, of ° and «, of œ, of ’ and –."""
_NEXT = bytes(range(0x80, 0xC0))
"""What follows it."""
_FOLLOWING = "".join(sorted(set(_NEXT.decode("latin-1") + _NEXT.decode("cp1252", "ignore"))))
_TWICE = f"[ÂÃ][{_FOLLOWING}]|Å[\x92\x93’“]|â[{_FOLLOWING}]{{2}}"


def check_encoding(checking: Checking) -> Iterator[Finding]:
    """TEXT-TWICE: texts encoded twice. TEXT-LOST: texts of which letters were lost. One pass over the rows."""
    places = [(code, one, condition) for one in _texts(checking) for code, condition in _conditions(one).items()]
    if not places:
        return
    counted = ", ".join(f"count(*) FILTER ({condition})" for _, _, condition in places)
    counts = checking.one(f"SELECT {counted} FROM {VIEW} WHERE {checking.live}")
    for (code, component_id, condition), count in zip(places, counts, strict=True):
        if count:
            shown, where = _text(component_id), f"{condition} AND {checking.live}"
            for finding in checking.find(code, where, shown, component_id=component_id):
                meant = decoded(finding.source_value or "")
                yield dataclasses.replace(finding, severity=Severity.WARNING, suggestion=meant)


def _texts(checking: Checking) -> list[str]:
    """The components whose values are texts of people."""
    return [
        one.id
        for one in checking.structure.components.values()
        if one.id in checking.rows.columns
        and one is not checking.structure.time_dimension
        and not one.representation.is_coded
        and one.representation.text_type not in TEXT_TYPES
    ]


def _text(component_id: str) -> str:
    return f"CAST({quoted(component_id)} AS VARCHAR)"


def _conditions(component_id: str) -> dict[str, str]:
    """SQL, by the code of the finding; most texts are quickly seen to be well."""
    text = _text(component_id)
    quick = " OR ".join(f"contains({text}, {literal(letter)})" for letter in _FIRST)
    return {
        "TEXT-TWICE": f"({quick}) AND regexp_matches({text}, {literal(_TWICE)})",
        "TEXT-LOST": f"contains({text}, {literal(LOST)})",
    }


def decoded(text: str) -> str | None:
    """Give the text that was meant, where a text was encoded twice; None where that cannot be said."""
    for encoding in ("cp1252", "latin-1"):
        try:
            meant = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return meant if meant != text else None
    return None
