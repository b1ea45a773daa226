"""Generic SDMX-ML 2.1 to Arrow files: components by name in ``Value`` elements. Runs in the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sdmx_hub.formats.read_xml_expat import CLOSED, GROUP_TYPE, Reader, run_reader


class _Reader(Reader):
    def __init__(self, component_ids: list[str], folder: Path, at_observation: str, measure_id: str) -> None:
        super().__init__(component_ids, folder, at_observation)
        self.measure_id = measure_id

    def start(self, name: str, attributes: list[str]) -> None:
        """Follow a start tag."""
        self.enter(name, attributes)
        tag = self.path[-1]
        if tag == "DataSet":
            self.open_dataset(attributes)
        elif self.values and tag in CLOSED:
            self.in_series = self.in_series or tag == "Series"
            given = dict(zip(attributes[::2], attributes[1::2], strict=True))
            self.values.append({GROUP_TYPE: given["type"]} if tag == "Group" and "type" in given else {})
        elif self.values and tag in {"Value", "ObsDimension", "ObsValue"}:
            self._keep(tag, dict(zip(attributes[::2], attributes[1::2], strict=True)))

    def end(self, name: str) -> None:
        """Follow an end tag."""
        tag = self.path[-1]
        if tag in CLOSED and self.values:
            CLOSED[tag](self, self.values.pop())
        self.leave(name)

    def _keep(self, tag: str, given: dict[str, str]) -> None:
        default = {"ObsDimension": self.at_observation, "ObsValue": self.measure_id}.get(tag)
        component = given.get("id") or default or ""
        if component in self.known:
            self.values[-1][component] = given.get("value", "")
        else:
            self.note(self.unknown, component)


def extract(path: str, component_ids: list[str], folder: str, at_observation: str, measure_id: str) -> dict[str, Any]:
    """Write ``series.arrow``, ``obs.arrow`` and ``groups.arrow`` into ``folder``; counts, data sets and oddities.

    ``at_observation`` is the dimension ``ObsDimension`` holds, ``measure_id`` the measure ``ObsValue`` holds, where the
    elements do not say so themselves. Raises Malformed with line and column.
    """
    return run_reader(_Reader(component_ids, Path(folder), at_observation, measure_id), path)
