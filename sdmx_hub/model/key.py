"""Keys: a pattern over the codes of the series-key dimensions, in the order of the structure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One pattern: per dimension the codes wanted, or None for all."""

    parts: tuple[frozenset[str] | None, ...]

    @property
    def is_wildcard(self) -> bool:
        """Tell whether everything matches."""
        return all(part is None for part in self.parts)

    def __str__(self) -> str:
        """Write the key as REST v1 does: ``A.SEN+MLI..``."""
        return ".".join("" if part is None else "+".join(sorted(part)) for part in self.parts)
