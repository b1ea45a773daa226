"""Structure-specific SDMX-ML to Arrow files, the careful way: every shape SDMX 2.1, 3.0 and 3.1 allow. Sandboxed.

The reference reader: several data sets, series and flat layouts mixed, groups and ``Atts`` in any order, values as
elements (``Comp``/``Value``), comments and CDATA. Slower than ``read_xml_arrow`` and equal to it on what both can read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_spool import Columns
from sdmx_hub.formats.read_xml_head import LONGEST_TEXT, SafeParser, local
from sdmx_hub.model.cells import Value, write_cell

GROUP_TYPE = "_group"
DEFAULT_LANGUAGE = "en"
"""The language of a text that names none (SDMXCommon.xsd, ``TextType``)."""
_RESERVED = frozenset(
    {"action", "setID", "validFromDate", "validToDate", "publicationYear", "publicationPeriod", "structureRef"}
    | {"dataScope", "reportingBeginDate", "reportingEndDate", "type", "REPORTING_YEAR_START_DAY"}
)


@dataclass
class _Text:
    """A text of a value being read, in a language where it says so."""

    language: str | None = None
    text: str = ""


def _value_of(texts: list[_Text]) -> Value:
    """Put a value together: a text, or texts by language; the blanks between those are nothing."""
    tagged = {one.language: one.text for one in texts if one.language is not None}
    return tagged or texts[0].text


class Reader(SafeParser):
    """Follows the elements of a message; what an element starts it finishes when the element ends."""

    def __init__(self, component_ids: list[str], folder: Path, at_observation: str | None) -> None:
        super().__init__()
        self.expat.StartElementHandler = self.start
        self.expat.EndElementHandler = self.end
        self.expat.CharacterDataHandler = self._characters
        self.known = frozenset(component_ids)
        self.at_observation = at_observation
        self.series = Columns(folder, "series", component_ids)
        self.obs = Columns(folder, "obs", component_ids)
        self.groups = Columns(folder, "groups", [*component_ids, GROUP_TYPE])
        self.datasets: list[dict[str, str]] = []
        self.unknown: dict[str, list[int]] = {}
        self.several: dict[str, list[int]] = {}
        self.languages: dict[str, list[int]] = {}
        self.several_languages: dict[str, list[int]] = {}
        self.depth = 0
        self.in_series = False
        self.values: list[dict[str, str]] = []
        self.component = ""
        self.texts: list[list[_Text]] | None = None
        self.markup = 0

    def start(self, name: str, attributes: list[str]) -> None:
        """Follow a start tag."""
        self.enter(name, attributes)
        tag = self.path[-1]
        if tag == "DataSet":
            self.open_dataset(attributes)
        elif not self.values:
            return
        elif tag in {"Series", "Obs", "Group", "Atts"}:
            self.in_series = self.in_series or tag == "Series"
            self.values.append(self._components(attributes, tag))
        elif tag == "Comp":
            self.component = dict(zip(attributes[::2], attributes[1::2], strict=True)).get("id", "")
            self.texts = []
        elif self.texts is not None:
            self._open_text(self.texts, tag, attributes)

    def _open_text(self, texts: list[list[_Text]], tag: str, attributes: list[str]) -> None:
        """Begin a value, a text of it in one language, or an element of a text that has such."""
        if tag == "Value":
            texts.append([_Text()])
        elif tag in {"Text", "StructuredText"} and texts and not self.markup:
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            texts[-1].append(_Text(given.get("xml:lang", DEFAULT_LANGUAGE)))
            self.markup = tag == "StructuredText"
        elif self.markup and texts:
            pairs = zip(attributes[::2], attributes[1::2], strict=True)
            given_text = "".join(f" {name}={quoteattr(value)}" for name, value in pairs)
            texts[-1][-1].text += f"<{tag}{given_text}>"
            self.markup += 1

    def open_dataset(self, attributes: list[str]) -> None:
        """Begin a data set: what it says of itself, and its attributes."""
        given = dict(zip(attributes[::2], attributes[1::2], strict=True))
        self.datasets.append({local(key): value for key, value in given.items() if local(key) in _RESERVED})
        self.values.append(self._components(attributes, "DataSet"))

    def _components(self, attributes: list[str], tag: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in zip(attributes[::2], attributes[1::2], strict=True):
            if name in self.known:
                found[name] = value
            elif local(name) == "type" and ":" in name:
                self._typed(found, value, tag)
            elif ":" not in name and not (tag == "DataSet" and name in _RESERVED):
                self.note(self.unknown, name)
        return found

    def _typed(self, found: dict[str, str], value: str, tag: str) -> None:
        """``xsi:type``: the name of a group, or the measure of an observation with explicit measures."""
        if tag == "Group":
            found[GROUP_TYPE] = local(value)
        elif tag == "Obs" and self.at_observation:
            found.setdefault(self.at_observation, local(value))

    def note(self, notes: dict[str, list[int]], name: str) -> None:
        """Count something odd, keeping the first place."""
        notes.setdefault(name, [0, self.obs.count + 1, self.expat.CurrentLineNumber])[0] += 1

    def _characters(self, text: str) -> None:
        if self.texts:
            held = self.texts[-1][-1]
            held.text += escape(text) if self.markup else text
            if len(held.text) > LONGEST_TEXT:
                raise Malformed("xml-text", line=self.expat.CurrentLineNumber)

    def end(self, name: str) -> None:
        """Follow an end tag."""
        tag = self.path[-1]
        if tag == "Comp" and self.texts is not None:
            self._close_component()
        elif self.texts and (self.markup or tag == "Text"):
            self._close_text(self.texts[-1], tag)
        elif tag in CLOSED and self.values:
            CLOSED[tag](self, self.values.pop())
        self.leave(name)

    def _close_text(self, texts: list[_Text], tag: str) -> None:
        self.markup = max(self.markup - 1, 0)
        if self.markup:
            texts[-1].text += f"</{tag}>"
        else:
            texts.append(_Text())

    def _close_component(self) -> None:
        values = [value for texts in self.texts or () if (value := _value_of(texts))]
        self.texts, self.markup = None, 0
        if self.component not in self.known:
            self.note(self.unknown, self.component)
        elif values:
            self.values[-1][self.component] = write_cell(values)
            if len(values) > 1:
                self.note(self.several, self.component)
            if any(not isinstance(value, str) for value in values):
                self.note(self.languages, self.component)
            if any(not isinstance(value, str) and len(value) > 1 for value in values):
                self.note(self.several_languages, self.component)

    def close_series(self, values: dict[str, str]) -> None:
        """End a series."""
        self.series.add(len(self.datasets) - 1, self.series.count, None, values)
        self.in_series = False

    def close_obs(self, values: dict[str, str]) -> None:
        """End an observation."""
        series = self.series.count if self.in_series else None
        self.obs.add(len(self.datasets) - 1, series, self.obs.count + 1, values)

    def close_group(self, values: dict[str, str]) -> None:
        """End a group, or ``Atts``."""
        self.groups.add(len(self.datasets) - 1, None, None, values)

    def close_dataset(self, values: dict[str, str]) -> None:
        """End a data set: its attributes go with it, marked ``@``."""
        self.datasets[-1] = {**self.datasets[-1], **{f"@{key}": value for key, value in values.items()}}


CLOSED = {
    "Series": Reader.close_series,
    "Obs": Reader.close_obs,
    "Group": Reader.close_group,
    "Atts": Reader.close_group,
    "DataSet": Reader.close_dataset,
}


def extract(path: str, component_ids: list[str], folder: str, at_observation: str | None) -> dict[str, Any]:
    """Write ``series.arrow``, ``obs.arrow`` and ``groups.arrow`` into ``folder``; counts, data sets and oddities.

    ``at_observation`` is the dimension that ``xsi:type`` of an observation stands for (explicit measures), if any.
    Raises Malformed with line and column.
    """
    return run_reader(Reader(component_ids, Path(folder), at_observation), path)


def run_reader(reader: Reader, path: str) -> dict[str, Any]:
    """Read a whole file and tell what was found. Raises Malformed with line and column."""
    reader.parse(Path(path))
    for columns in (reader.series, reader.obs, reader.groups):
        columns.close()
    return {
        "series": reader.series.count,
        "obs": reader.obs.count,
        "groups": reader.groups.count,
        "has_empty": True,
        "datasets": reader.datasets,
        "unknown": reader.unknown,
        "several": reader.several,
        "several_languages": reader.several_languages,
        "packed": sorted({*reader.several, *reader.languages}),
    }
