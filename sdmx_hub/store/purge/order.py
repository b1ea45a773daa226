"""What is to be purged, as a value, and as SQL over the columns of a segment or a log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sdmx_hub.errors import BadQuery
from sdmx_hub.model.rows import literal, quoted
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Ref


@dataclass(frozen=True, kw_only=True)
class Order:
    """Whose values go: those at keys ``where`` each dimension has one of its codes.

    They go of all components, or of those ``cleared``. ``traceless`` lets the keys go as well, from all of history:
    then nobody can be told that they went.
    """

    dataflow: Ref
    structure: DataStructure
    where: Mapping[str, frozenset[str]]
    cleared: tuple[str, ...] = ()
    traceless: bool = False

    def check(self) -> None:
        """Raise BadQuery for components the structure has not, or a key that would go and stay at once."""
        keys, known = self.structure.key_ids, self.structure.components
        for name in self.where:
            if name not in keys:
                raise BadQuery("purge-dimension", name=name, known=", ".join(keys))
        for name in self.cleared:
            if name in keys or name not in known:
                values = ", ".join(one for one in known if one not in keys)
                raise BadQuery("purge-component", name=name, known=values)
        if self.cleared and self.traceless:
            raise BadQuery("purge-traceless")

    @property
    def components(self) -> tuple[str, ...]:
        """The components whose values go."""
        return self.cleared or tuple(one for one in self.structure.components if one not in self.structure.key_ids)

    @property
    def condition(self) -> str:
        """The SQL that is true of the keys concerned, and never unknown."""
        parts = []
        for name, codes in sorted(self.where.items()):
            listed = ", ".join(literal(code) for code in sorted(codes))
            parts.append(f"coalesce(CAST({quoted(name)} AS VARCHAR) IN ({listed}), false)")
        return " AND ".join(parts) or "true"

    def remains(self, part: str, columns: Collection[str]) -> str:
        """Select what remains of rows now: cleared of some components, or without the rows."""
        return self._emptied(part, columns) if self.cleared else f"SELECT * FROM ({part}) WHERE NOT ({self.condition})"

    def emptied(self, part: str, columns: Collection[str]) -> str:
        """Select what remains of rows that ended: their keys, unless these go too."""
        if self.traceless:
            return f"SELECT * FROM ({part}) WHERE NOT ({self.condition})"
        return self._emptied(part, columns)

    def reviser(self) -> Callable[[str], str]:
        """Make what turns a SELECT of all components into one of what remains in history."""
        return lambda part: self.emptied(part, self.structure.components)

    def has_values(self, columns: Collection[str]) -> str:
        """The SQL that is true where there still is something to purge."""
        told = [f"{quoted(name)} IS NOT NULL" for name in self.components if name in columns]
        left = "true" if self.traceless else f"({' OR '.join(told) or 'false'})"
        return f"({self.condition}) AND {left}"

    def _emptied(self, part: str, columns: Collection[str]) -> str:
        cases = [
            f"CASE WHEN {self.condition} THEN NULL ELSE {quoted(name)} END AS {quoted(name)}"
            for name in self.components
            if name in columns
        ]
        return f"SELECT * REPLACE ({', '.join(cases)}) FROM ({part})" if cases else part
