"""What an SDMX-JSON data message says of its own structure: components by the level they stand at, values by index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.read_data import PRIMARY_MEASURE


@dataclass(frozen=True)
class Part:
    """One component of the message's own structure: its values by index (a number or its text), if it has a list.

    ``default`` holds where a message leaves an attribute out; ``dimension_ids`` are those an attribute describes.
    """

    id: str
    values: Mapping[Any, Any] | None
    position: int
    default: Any = None
    dimension_ids: frozenset[str] = frozenset()

    def text(self, told: Any) -> Any:
        """Give what an entry means: by index where there is a list, else itself."""
        if self.values is None or told is None or isinstance(told, dict):
            return told
        try:
            return [self.values[one] for one in told] if isinstance(told, list) else self.values[told]
        except (KeyError, TypeError) as error:
            raise Malformed("json-index", component=self.id, text=str(told)[:40]) from error


def links_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links of a structure; the draft of 1.0 had one, as ``uri``."""
    links = list(document.get("links") or ())
    return [*links, {"href": document["uri"]}] if document.get("uri") else links


def _by_index(values: list[Any] | None) -> Mapping[Any, Any] | None:
    if not values:
        return None
    found = [_value(one) for one in values]
    return dict(enumerate(found)) | {str(index): value for index, value in enumerate(found)}


def _value(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return next(
        (item[key] for key in ("id", "value", "values", "name") if item.get(key) is not None), item.get("names")
    )


def _parts(items: list[dict[str, Any]] | None) -> list[Part]:
    return [
        Part(
            item["id"],
            _by_index(item.get("values")),
            int(item.get("keyPosition", place)),
            item.get("default"),
            frozenset(item.get("relationship", {}).get("dimensions", ())),
        )
        for place, item in enumerate(items or ())
    ]


class Structure:
    """The components of one structure by the level they stand at."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        dimensions, attributes = document["dimensions"], document.get("attributes", {})
        measures = (document.get("measures") or {}).get("observation")
        self.fixed = _parts(dimensions.get("dataSet") or dimensions.get("dataset"))
        self.series = _parts(dimensions.get("series"))
        self.observation = _parts(dimensions.get("observation"))
        self.has_primary = "measures" not in document
        self.measures = [Part(PRIMARY_MEASURE, None, 0)] if self.has_primary else _parts(measures)
        self.of_dataset = _parts(attributes.get("dataSet") or attributes.get("dataset"))
        self.of_group = _parts(attributes.get("dimensionGroup"))
        self.of_series = _parts(attributes.get("series"))
        self.of_observation = _parts(attributes.get("observation"))
        self.dimensions = [*self.fixed, *self.series, *self.observation]

    @property
    def ids(self) -> list[str]:
        """Ids of all components: dimensions, measures, attributes."""
        attributes = (*self.of_dataset, *self.of_group, *self.of_series, *self.of_observation)
        return [part.id for part in (*self.dimensions, *self.measures, *attributes)]
