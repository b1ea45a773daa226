"""SDMX-JSON data to Arrow files: moderate ones whole, large ones as a stream of events. Runs in the sandbox.

The message describes its own components, so nothing needs to be known beforehand. SDMX-JSON 1.0 and 2.x differ in where
things stand and in what may be an index; a component with a list of values is told by index in both. Numbers stay the
text that was sent.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import ijson

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_cells import unmarked
from sdmx_hub.formats.read_json_events import after_mark, blocks, build, members
from sdmx_hub.formats.read_json_structure import Part, Structure, links_of
from sdmx_hub.formats.read_spool import Columns
from sdmx_hub.model.cells import Value, write_cell

WHOLE = 64 << 20
"""Bytes of a file that is read as a whole, which is five times as fast and takes a dozen times its size in memory."""
_LARGE = ("dimensionGroupAttributes", "series", "observations")
_MARK = "\\u001"
"""How JSON writes the control characters that have a meaning in cells, and their neighbours."""
OTHER_DIMENSIONS = frozenset({"~", "-", ""})


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where a version keeps its parts: path of the structures, of the data sets and of the header."""

    structures: str
    datasets: str
    header: str


def extract(path: str, folder: str, places: Mapping[str, str]) -> dict[str, Any]:
    """Write ``series.arrow``, ``obs.arrow`` and ``groups.arrow``; header, structures, data sets and oddities.

    ``places`` is a ``Layout`` as a mapping. Raises Malformed with line and column.
    """
    layout = Layout(**places)
    kind = _Whole if Path(path).stat().st_size <= WHOLE else _Streamed
    try:
        return kind(Path(path), Path(folder), layout).run()
    except json.JSONDecodeError as error:
        raise Malformed("json-broken", line=error.lineno, column=error.colno, why=error.msg) from error
    except ijson.JSONError as error:
        raise Malformed("json-broken", line="?", column="?", why=str(error).splitlines()[0][:100]) from error
    except _ConstantMet as error:
        raise Malformed("json-constant", text=str(error)) from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Malformed("json-shape", why=f"{type(error).__name__}: {error}"[:200]) from error


class _ConstantMet(Exception):
    """``NaN``, ``Infinity`` or ``-Infinity``."""


def _refuse_constant(text: str) -> None:
    raise _ConstantMet(text)


class _Reader:
    """Turns the parts of a message into rows; where the parts come from is the business of the two kinds below.

    ``has_marks`` says that texts may hold control characters.
    """

    has_marks = False

    def __init__(self, folder: Path, documents: list[dict[str, Any]]) -> None:
        self.documents = documents
        self.structures = [Structure(document) for document in self.documents]
        names = list(dict.fromkeys(name for structure in self.structures for name in structure.ids))
        self.names = names
        self.series = Columns(folder, "series", names)
        self.obs = Columns(folder, "obs", names)
        self.groups = Columns(folder, "groups", names)
        self.datasets: list[dict[str, Any]] = []
        self.several: dict[str, list[int]] = {}
        self.several_languages: dict[str, list[int]] = {}
        self.packed: set[str] = set()

    def _found(self, header: Mapping[str, Any]) -> dict[str, Any]:
        for columns in (self.series, self.obs, self.groups):
            columns.close()
        return {
            "header": {key: header.get(key) for key in ("id", "prepared", "test", "sender")},
            "structures": [links_of(document) for document in self.documents],
            "datasets": self.datasets,
            "names": self.names,
            "series": self.series.count,
            "obs": self.obs.count,
            "groups": self.groups.count,
            "several": self.several,
            "several_languages": self.several_languages,
            "packed": sorted(self.packed),
            "has_primary": any(structure.has_primary for structure in self.structures),
            "has_empty": True,
        }

    def _open(self, structure: int) -> None:
        self.structure = self.structures[structure]
        self.datasets.append({"structure": structure})

    def _small_part(self, name: str, value: Any) -> None:
        if name == "attributes":
            self._dataset_attributes(value or ())
        elif name in {"action", "links"} and value:
            self.datasets[-1][name] = value

    def _members_of(self, name: str, drawn: Iterable[tuple[str, Any]]) -> None:
        """Read the series, observations or groups of the data set that is open."""
        if name == "series":
            for key, value in drawn:
                self._series(key, value)
        elif name == "observations":
            fixed = self._fixed()
            for key, value in drawn:
                self._observation(None, fixed | self._at(self._flat(key), key), value)
        else:
            for key, value in drawn:
                self._group(key, value)

    def _fixed(self) -> dict[str, str]:
        """The dimensions with one value for the whole data set."""
        return {part.id: str(part.values[0]) for part in self.structure.fixed if part.values}

    def _flat(self, key: str) -> list[Part]:
        """The dimensions in the key of an observation alone; a structure may be that of data sets by series, too."""
        observation = self.structure.observation
        whole = [*self.structure.series, *observation]
        return whole if key.count(":") + 1 == len(whole) != len(observation) else observation

    def _at(self, parts: list[Part], key: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for part, index in zip(parts, key.split(":") if parts else (), strict=True):
            if index not in OTHER_DIMENSIONS:
                found[part.id] = str((part.values or {})[index])
        return found

    def _series(self, key: str, value: Mapping[str, Any]) -> None:
        texts = self._fixed() | self._at(self.structure.series, key)
        self._tell(texts, self.structure.of_series, value.get("attributes") or ())
        number = self.series.count
        self.series.add(len(self.datasets) - 1, number, None, texts)
        for at, told in (value.get("observations") or {}).items():
            self._observation(number, self._at(self.structure.observation, at), told)

    def _observation(self, series: int | None, texts: dict[str, str], told: list[Any] | None) -> None:
        self._tell(texts, [*self.structure.measures, *self.structure.of_observation], told or ())
        self.obs.add(len(self.datasets) - 1, series, self.obs.count + 1, texts)

    def _group(self, key: str, told: list[Any]) -> None:
        texts = self._group_key(key, told or [])
        self._tell(texts, self.structure.of_group, told or ())
        self.groups.add(len(self.datasets) - 1, None, None, texts)

    def _group_key(self, key: str, told: list[Any]) -> dict[str, str]:
        """Read a partial key: dimensions stand in it as in the structure (``keyPosition``), or as in the message.

        Which it is shows in the dimensions the attributes describe. Raises KeyError when it fits neither.
        """
        parts = zip(self.structure.of_group, told, strict=False)
        described = {part.dimension_ids for part, one in parts if one is not None and part.dimension_ids}
        as_listed = self.structure.dimensions
        orders = [sorted(as_listed, key=lambda part: part.position), as_listed]
        found: list[dict[str, str]] = []
        for order in orders:
            with contextlib.suppress(KeyError):
                found.append(self._at(order, key))
        fitting = [texts for texts in found if described == {frozenset(texts)}]
        return (fitting or found or [self._at(as_listed, key)])[0]

    def _dataset_attributes(self, told: Any) -> None:
        texts: dict[str, str] = {}
        self._tell(texts, self.structure.of_dataset, told)
        self.datasets[-1] |= {f"@{name}": text for name, text in texts.items()}

    def _tell(self, texts: dict[str, str], parts: list[Part], told: Any) -> None:
        """Add what an array says of some components; those it is too short for have their defaults."""
        for part, one in zip(parts, told, strict=False):
            if one is not None:
                text = part.text(one)
                texts[part.id] = text if type(text) is str and not self.has_marks else self._text(part, text)
        for part in parts[len(told) :]:
            if part.default is not None:
                texts[part.id] = self._text(part, part.default)

    def _text(self, part: Part, value: Any) -> str:
        """Put a cell together, and note what only some components may hold."""
        values = [one for one in _values_in(value) if one]
        if len(values) > 1:
            self._note(self.several, part)
        if any(not isinstance(one, str) for one in values):
            self.packed.add(part.id)
        if any(not isinstance(one, str) and len(one) > 1 for one in values):
            self._note(self.several_languages, part)
        return write_cell(values)

    def _note(self, notes: dict[str, list[int]], part: Part) -> None:
        self.packed.add(part.id)
        notes.setdefault(part.id, [0, self.obs.count + 1, 0])[0] += 1


def _values_in(value: Any) -> Iterator[Value]:
    """The values of a list, however deep; texts by language are one value."""
    if isinstance(value, list):
        for one in value:
            yield from _values_in(one)
    elif isinstance(value, dict):
        yield {unmarked(str(key)): _scalar(text) for key, text in value.items() if text is not None}
    else:
        yield _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if -30 < value.adjusted() < 30 else str(value)
    return "" if value is None else unmarked(str(value))


class _Whole(_Reader):
    """The message as one value of the strict parser of the standard library."""

    def __init__(self, path: Path, folder: Path, layout: Layout) -> None:
        text = path.read_text(encoding="utf-8-sig")
        self.has_marks = _MARK in text.lower() if "\\u00" in text else False
        self.message = json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
        self.layout = layout
        found = _follow(self.message, layout.structures.removesuffix(".item"))
        super().__init__(folder, _listed(found or []))

    def run(self) -> dict[str, Any]:
        """Read all data sets."""
        for dataset in _follow(self.message, self.layout.datasets) or ():
            self._open(int(dataset.get("structure", 0)))
            for name, value in dataset.items():
                if name not in _LARGE:
                    self._small_part(name, value)
            for name in _LARGE:
                self._members_of(name, (dataset.get(name) or {}).items())
        return self._found(_follow(self.message, self.layout.header) or {})


class _Streamed(_Reader):
    """The message as events; only one series, or one observation, is in memory."""

    def __init__(self, path: Path, folder: Path, layout: Layout) -> None:
        self.path = path
        self.layout = layout
        with path.open("rb") as stream:
            self.has_marks = any(_MARK.encode() in line.lower() for line in blocks(stream))
        found = [document for item in self._items(layout.structures) for document in _listed(item)]
        super().__init__(folder, found)

    def _items(self, prefix: str) -> Iterator[Any]:
        with self.path.open("rb") as stream:
            yield from ijson.items(after_mark(stream), prefix)

    def run(self) -> dict[str, Any]:
        """Read all data sets. The index of the structure may stand after the data: it is read in a pass of its own."""
        described = [int(number) for number in self._items(f"{self.layout.datasets}.item.structure")]
        prefix = f"{self.layout.datasets}.item"
        with self.path.open("rb") as stream:
            events = ijson.parse(after_mark(stream))
            for where, event, value in events:
                if where == prefix and event == "start_map":
                    place = len(self.datasets)
                    self._open(described[place] if place < len(described) else 0)
                elif where == prefix and event == "map_key":
                    self._part(str(value), events, f"{prefix}.{value}")
        return self._found(next(self._items(self.layout.header), {}))

    def _part(self, name: str, events: Iterator[tuple[str, str, Any]], here: str) -> None:
        if name in _LARGE:
            self._members_of(name, members(events, here))
        else:
            self._small_part(name, build(events, next(events)))


def _follow(message: Any, path: str) -> Any:
    for name in path.split("."):
        message = message.get(name) if isinstance(message, dict) else None
    return message


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]
