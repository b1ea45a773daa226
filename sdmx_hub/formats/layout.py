"""Layout: which component of a dataset is written where, given the dimension at the observation.

SDMX-ML 2.1 (Technical Notes §3.3) and SDMX-JSON 2.0 agree: an attribute that describes some dimensions goes to the
series unless one of those dimensions is at the observation; one that describes a group goes to its group.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sdmx_hub.model.message import Dataset
from sdmx_hub.model.structure import Attachment, Attribute, Group

ALL_DIMENSIONS = "AllDimensions"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Ids of the components by place, each in the order of the structure.

    ``series_ids`` make the series key, and are empty in a flat dataset; ``observation_ids`` are the dimensions written
    with each observation: one in a series, all in a flat dataset. ``has_observations`` is false where only series are
    wanted. Attributes and measures the rows do not carry are left out.
    """

    dimension_at_observation: str
    series_ids: tuple[str, ...]
    observation_ids: tuple[str, ...]
    measure_ids: tuple[str, ...]
    dataset_attributes: tuple[Attribute, ...]
    group_attributes: tuple[tuple[Group, tuple[Attribute, ...]], ...]
    series_attributes: tuple[Attribute, ...]
    observation_attributes: tuple[Attribute, ...]
    has_observations: bool

    @property
    def is_flat(self) -> bool:
        """Tell whether observations stand alone, with all their dimensions."""
        return not self.series_ids


def choose_layout(dataset: Dataset, dimension_at_observation: str | None = None) -> Layout:
    """Lay a dataset out by its own dimension at the observation, or by the one a format insists on."""
    structure = dataset.structure
    wanted = dimension_at_observation or dataset.dimension_at_observation
    present = frozenset(dataset.rows.columns)
    attributes = [
        attribute
        for attribute in structure.attributes
        if attribute.id in dataset.attribute_ids and attribute.id in present
    ]
    measure_ids = tuple(identifier for identifier in dataset.measure_ids if identifier in present)
    at_observation = _of(attributes, Attachment.OBSERVATION)
    has_observations = not dataset.series_keys_only and bool(measure_ids or at_observation or not structure.measures)
    if wanted == ALL_DIMENSIONS and not has_observations:
        wanted = structure.key_ids[-1]
    is_flat = wanted == ALL_DIMENSIONS
    observation_ids = structure.key_ids if is_flat else (wanted,)
    series_ids = tuple(identifier for identifier in structure.key_ids if identifier not in observation_ids)
    in_series, at_each = _split(attributes, observation_ids, is_flat=is_flat)
    return Layout(
        dimension_at_observation=wanted,
        series_ids=series_ids,
        observation_ids=observation_ids,
        measure_ids=measure_ids if has_observations else (),
        dataset_attributes=_of(attributes, Attachment.DATASET),
        group_attributes=_by_group(structure.groups, _of(attributes, Attachment.GROUP)),
        series_attributes=in_series,
        observation_attributes=at_each if has_observations else (),
        has_observations=has_observations,
    )


def _of(attributes: Iterable[Attribute], attachment: Attachment) -> tuple[Attribute, ...]:
    return tuple(attribute for attribute in attributes if attribute.attached_to is attachment)


def _split(
    attributes: Iterable[Attribute], observation_ids: tuple[str, ...], *, is_flat: bool
) -> tuple[tuple[Attribute, ...], tuple[Attribute, ...]]:
    in_series: list[Attribute] = []
    at_each: list[Attribute] = []
    for attribute in attributes:
        if attribute.attached_to is Attachment.OBSERVATION:
            at_each.append(attribute)
        elif attribute.attached_to is Attachment.DIMENSIONS:
            varies = is_flat or not set(observation_ids).isdisjoint(attribute.dimension_ids)
            (at_each if varies else in_series).append(attribute)
    return tuple(in_series), tuple(at_each)


def _by_group(
    groups: Iterable[Group], attributes: tuple[Attribute, ...]
) -> tuple[tuple[Group, tuple[Attribute, ...]], ...]:
    found = ((group, tuple(each for each in attributes if each.group_id == group.id)) for group in groups)
    return tuple((group, its) for group, its in found if its)
