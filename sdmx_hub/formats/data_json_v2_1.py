"""SDMX-JSON 2.1 data: what has one value in the message is told once (field guide of SDMX-JSON 2.1).

- The schema is named at the root; a merge is a merge.
- A dimension with one value only is presented at the level of the dataset and left out of keys, as the guide
  recommends. One dimension stays in each kind of key, for no key is empty, and so does that at the observation of
  series. Partial keys of ``dimensionGroupAttributes`` have a place for every dimension, wherever it is presented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sdmx_hub.formats.render_json import ACTIONS, Indexed, meta
from sdmx_hub.formats.render_json_v2 import Edition, write_message
from sdmx_hub.model.message import Action, DataMessage

_SCHEMA = "https://json.sdmx.org/2.1/sdmx-json-data-schema.json"
_ACTIONS = {**ACTIONS, Action.MERGE: "Merge"}


def write(message: DataMessage, params: Mapping[str, str]) -> Iterator[bytes | memoryview]:
    """Write the message; the values in use are read first, then rows are drawn. ``params`` has no effect."""
    head = {"$schema": _SCHEMA, "meta": meta(message.header, message)}
    yield from write_message(message, Edition(head=head, actions=_ACTIONS, fix=_of_one_value))


def _of_one_value(indexed: Indexed) -> frozenset[str]:
    """Which dimensions have one value; where a part of a key may be absent, none is counted on."""
    if indexed.dataset.action is Action.DELETE:
        return frozenset()
    layout = indexed.layout
    ids = layout.observation_ids if layout.is_flat else layout.series_ids
    single = [each for each in ids if len(indexed.values.get(each, ())) == 1]
    return frozenset(single if len(single) < len(ids) else single[:-1])
