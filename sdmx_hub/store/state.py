"""The rows of a version, as SQL over its attached segments: those that live, those that ended, and what they become.

The segments of a chain are a base and deltas. A row of a segment lives unless a later delta supersedes its position; a
row of a delta that only says *gone* never lives. At an earlier release the later deltas are left out; before the base
itself was written, its rows tell by their own releases, and its ``hist`` holds those that had ended since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from sdmx_hub.model.rows import quoted
from sdmx_hub.store.manifest import Version
from sdmx_hub.store.segments import AT, GONE, OF, VALID_FROM, VALID_TO, Engine, Segment

Narrow = Callable[[Segment, str], str | None]
"""A condition on the key, for a segment and the name its table has; None when no row of the segment can match."""
Project = Callable[["Place"], str]
"""What to select from one place."""


def everything(segment: Segment, table: str) -> str | None:
    """Narrow nothing."""
    return "true"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where rows come from: table ``t`` of one segment, at a position in the chain.

    ``valid_from`` is the SQL of the release that brought a row, ``valid_to`` of the one that ended it (``NULL``: none).
    """

    state: State
    position: int
    table: str = "cur"
    ended: bool = False

    @property
    def segment(self) -> Segment:
        """The segment."""
        return self.state.segments[self.position]

    @property
    def since(self) -> int:
        """The release the segment came with."""
        return self.state.version.links[self.position].since

    @property
    def valid_from(self) -> str:
        """The release that brought a row."""
        return f"coalesce(t.{VALID_FROM}, {self.since})"

    def column(self, column: str) -> str:
        """A component as the type all segments of the state share."""
        if column not in self.segment.columns:
            return f"CAST(NULL AS {self.state.type_of(column)})"
        name = f"t.{quoted(column)}"
        wanted = self.state.type_of(column)
        owned = self.segment.type_of(column) if column in self.segment.dictionaries else "VARCHAR"
        if wanted == owned or self.segment.dictionaries.get(column) == self.state.dictionary(column):
            return name
        return f"CAST({name} AS {wanted})"


@dataclass(frozen=True, kw_only=True)
class State:
    """A version with its segments attached: all of the chain that existed at its release, the base at least."""

    version: Version
    segments: tuple[Segment, ...]

    @property
    def is_plain(self) -> bool:
        """Tell whether the rows are those of one table, as they lie in it, sorted by key."""
        return len(self.segments) == 1 and self.version.release_id >= self.version.links[0].since

    def dictionary(self, column: str) -> tuple[str, ...]:
        """The codes of a component, in order; none when it is text somewhere."""
        having = [segment for segment in self.segments if column in segment.columns]
        if not having or any(column not in segment.dictionaries for segment in having):
            return ()
        return having[-1].dictionaries[column]

    def type_of(self, column: str) -> str:
        """The type a component has in all of the state: the ENUM of its latest segment, or text."""
        if not self.dictionary(column):
            return "VARCHAR"
        return next(segment for segment in reversed(self.segments) if column in segment.columns).type_of(column)

    def living(self, project: Project, narrow: Narrow = everything) -> Iterator[str]:
        """Select the rows of the state, one SELECT for each place they come from."""
        release = self.version.release_id
        for position, segment in enumerate(self.segments):
            condition = narrow(segment, "t")
            if condition is None:
                continue
            place = Place(state=self, position=position)
            is_old = release < place.since  # the base was written after this state
            if position:
                condition += f" AND NOT t.{GONE}"
            elif is_old:
                condition += f" AND {place.valid_from} <= {release}"
            source = f"{segment.alias}.cur AS t{self._unless_superseded(position, narrow)}"
            yield f"SELECT {project(place)} FROM {source} WHERE {condition}"
            if is_old:
                place = Place(state=self, position=position, table="hist")
                until = f"coalesce(t.{VALID_TO}, {place.since})"
                yield (
                    f"SELECT {project(place)} FROM {segment.alias}.hist AS t WHERE {condition} AND {until} > {release}"
                )

    def ended(self, project: Callable[[Place, str], str]) -> Iterator[str]:
        """Select every row that ended by now; ``project`` is told the SQL of the release that ended it too."""
        for position, segment in enumerate(self.segments):
            place = Place(state=self, position=position)
            if not position:
                until = f"coalesce(t.{VALID_TO}, {place.since})"
                hist = Place(state=self, position=0, table="hist")
                yield f"SELECT {project(hist, until)} FROM {segment.alias}.hist AS t"
            later = [
                f"SELECT d.{AT} AS at, {self.version.links[number].since} AS ended_by"
                f" FROM {self.segments[number].alias}.cur AS d WHERE d.{OF} = {position}"
                for number in range(position + 1, len(self.segments))
            ]
            if later:
                gone = f" WHERE NOT t.{GONE}" if position else ""
                yield (
                    f"SELECT {project(place, 'e.ended_by')} FROM {segment.alias}.cur AS t"
                    f" JOIN ({' UNION ALL '.join(later)}) AS e ON t.rowid = e.at{gone}"
                )

    def deleted_since(self, release: int, keys: Sequence[str], narrow: Narrow = everything) -> str | None:
        """Select the keys that lived at an earlier ``release`` and do not now; None when there are none for sure."""
        base, using = self.segments[0], ", ".join(quoted(key) for key in keys)
        place, condition = Place(state=self, position=0, table="hist"), narrow(base, "t")
        candidates = []
        if condition is not None and place.since > release:
            until = f"coalesce(t.{VALID_TO}, {place.since})"
            candidates.append(
                f"SELECT {_keys(place, keys)} FROM {base.alias}.hist AS t WHERE {condition}"
                f" AND {place.valid_from} <= {release} AND {until} > {release}"
            )
        gone = [
            f"SELECT {_keys(Place(state=self, position=position), keys)} FROM {segment.alias}.cur AS t"
            f" WHERE {condition} AND t.{GONE}"
            for position, segment in enumerate(self.segments)
            if position and self.version.links[position].since > release and (condition := narrow(segment, "t"))
        ]
        then = " UNION ALL ".join(self._at(release).living(lambda place: _keys(place, keys), narrow))
        if gone and then:
            candidates.append(f"SELECT * FROM ({' UNION ALL '.join(gone)}) SEMI JOIN ({then}) USING ({using})")
        if not candidates:
            return None
        living = " UNION ALL ".join(self.living(lambda place: _keys(place, keys), narrow)) or _none(self, keys)
        return f"SELECT DISTINCT {using} FROM ({' UNION ALL '.join(candidates)}) ANTI JOIN ({living}) USING ({using})"

    def _at(self, release: int) -> State:
        """The state after an earlier release."""
        links = self.version.links
        there = [one for position, one in enumerate(self.segments) if not position or links[position].since <= release]
        return State(version=replace(self.version, release_id=release), segments=tuple(there))

    def _unless_superseded(self, position: int, narrow: Narrow) -> str:
        later = []
        for segment in self.segments[position + 1 :]:
            condition = narrow(segment, "d")
            if condition is not None:
                later.append(
                    f"SELECT d.{AT} AS at FROM {segment.alias}.cur AS d WHERE d.{OF} = {position} AND {condition}"
                )
        return f" ANTI JOIN ({' UNION ALL '.join(later)}) AS e ON t.rowid = e.at" if later else ""


def open_state(engine: Engine, version: Version, reader: duckdb.DuckDBPyConnection) -> State:
    """Attach what a version needs, for ``reader``."""
    needed = [
        link.sha256 for position, link in enumerate(version.links) if position == 0 or link.since <= version.release_id
    ]
    return State(version=version, segments=engine.attach(needed, reader))


def _keys(place: Place, keys: Sequence[str]) -> str:
    return ", ".join(f"{place.column(key)} AS {quoted(key)}" for key in keys)


def _none(state: State, keys: Sequence[str]) -> str:
    columns = ", ".join(f"CAST(NULL AS {state.type_of(key)}) AS {quoted(key)}" for key in keys)
    return f"SELECT {columns} WHERE false"
