"""Two sets of artefacts side by side: what was added, removed and changed, and which version each change asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sdmx_hub.load.artefact_diff import Comparison, Verdict, allowed_by, compare, next_version
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.query.versions import parse_version

_Name = tuple[str, str, str]


@dataclass(frozen=True)
class Pair:
    """An artefact and the one that follows it; one of them may be missing."""

    old: Artefact | None
    new: Artefact | None

    @property
    def comparison(self) -> Comparison:
        """What changed; nothing to tell of where one side is missing."""
        return compare(self.old, self.new) if self.old and self.new else Comparison(())

    @property
    def change(self) -> str:
        """``unchanged``, ``draft``, ``patch``, ``minor``, ``major``, ``added`` or ``removed``.

        A draft is what may still change without a new version: not final and not following something final.
        """
        if self.old is None or self.new is None:
            return "added" if self.old is None else "removed"
        verdict = self.comparison.verdict
        if verdict is Verdict.NONE:
            return "unchanged"
        return "draft" if self.is_draft else verdict.name.lower()

    @property
    def is_draft(self) -> bool:
        """Tell whether the old artefact is still a draft."""
        return self.old is not None and not self.old.is_final

    @property
    def is_allowed(self) -> bool:
        """Tell whether the version of the new artefact allows what changed."""
        if self.old is None or self.new is None or self.is_draft:
            return True
        if self.old.ref.version == self.new.ref.version:
            return self.comparison.verdict is Verdict.NONE
        after = parse_version(self.new.ref.version)
        if after is not None and after.extension:
            return True
        return self.comparison.verdict <= allowed_by(self.old.ref.version, self.new.ref.version)

    @property
    def proposed(self) -> str:
        """The version the new artefact should have: its own, when that allows the change."""
        if self.old is None or self.new is None:
            return (self.new or self.old or _nothing()).ref.version
        if self.is_allowed:
            return self.new.ref.version
        return next_version(self.old.ref.version, self.comparison.verdict)

    def as_json(self) -> dict[str, Any]:
        """Shape the pair for JSON."""
        return {
            "old": str(self.old.urn) if self.old else None,
            "new": str(self.new.urn) if self.new else None,
            "change": self.change,
            "allowed": self.is_allowed,
            "proposed": self.proposed,
            **self.comparison.as_json(),
        }


def _nothing() -> Artefact:
    raise ValueError("a pair of nothing")


def pair_artefacts(old: Sequence[Artefact], new: Iterable[Artefact], *, whole: bool) -> tuple[Pair, ...]:
    """Put each new artefact beside the old one it follows: of the same class, agency and id, the same version if there.

    Where the version is another, it follows the latest before it, else the latest. ``whole`` says that the old side is
    complete: what has no counterpart is told too.
    """
    pairs, met = [], set()
    for after in new:
        before = _followed(after, [one for one in old if _name(one) == _name(after)])
        if before is not None:
            met.add(_name(before))
        if before is not None or whole:
            pairs.append(Pair(before, after))
    gone = [Pair(before, None) for before in old if whole and _name(before) not in met]
    return (*pairs, *gone)


def _followed(new: Artefact, same: Sequence[Artefact]) -> Artefact | None:
    exact = [one for one in same if one.ref.version == new.ref.version]
    if exact or not same:
        return exact[0] if exact else None
    ordered = sorted(same, key=_precedence)
    earlier = [one for one in ordered if _precedence(one) < _precedence(new)]
    return (earlier or ordered)[-1]


def _precedence(artefact: Artefact) -> tuple[object, ...]:
    version = parse_version(artefact.ref.version)
    return (version is not None, version.precedence if version else (), artefact.ref.version)


def _name(artefact: Artefact) -> _Name:
    return artefact.artefact_class.name, artefact.ref.agency_id, artefact.ref.id
