"""What those who compose a draft share: what was seen, and the doubts that grow as it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sdmx_hub.mapping.guess.constants import Context
from sdmx_hub.mapping.guess.seen import Seen
from sdmx_hub.mapping.guess.told import Doubt

SHOWN = 8
"""Texts without a code named in a comment; the answer names all."""


@dataclass(frozen=True, kw_only=True)
class Sketch:
    """A draft in the making; ``doubts`` is the list of one and the same draft."""

    context: Context
    seen: Seen
    path: Path
    titles: Sequence[str]
    language: str
    doubts: list[Doubt] = field(default_factory=list)

    def doubt(self, key: str, path: str, alternatives: Sequence[str] = (), **params: object) -> None:
        """Note that something is unsure."""
        self.doubts.append(Doubt(key=key, path=path, params=params, alternatives=tuple(alternatives)))

    def unmapped(self, component_id: str, left: Mapping[str, tuple[str, ...]]) -> None:
        """Note the texts that are left out, each with what it may mean."""
        shown = [f"“{text}”" + (f" ({', '.join(codes)}?)" if codes else "") for text, codes in left.items()]
        more = " …" if len(shown) > SHOWN else ""
        self.doubts.append(
            Doubt(
                key="guess-unmapped",
                path=f"components.{component_id}",
                params={"count": len(shown), "texts": "; ".join(shown[:SHOWN]) + more},
                texts=dict(left),
            )
        )

    def level_name(self, row: int) -> str:
        """What the headings of a row are called once the columns are rows."""
        return "heading" if self.seen.extent.header_rows == 1 else f"heading_{row + 1}"
