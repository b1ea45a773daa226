"""A table nobody has described becomes the draft of its mapping, and the list of what a person has to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdmx_hub.errors import BadRequest
from sdmx_hub.mapping.guess.codes import Coder
from sdmx_hub.mapping.guess.columns import body_of, open_sample, read_columns
from sdmx_hub.mapping.guess.compose import Composer
from sdmx_hub.mapping.guess.constants import Context
from sdmx_hub.mapping.guess.evidence import add_totals
from sdmx_hub.mapping.guess.extent import Extent, guess_extent
from sdmx_hub.mapping.guess.layout import guess_layout
from sdmx_hub.mapping.guess.provider import Registry, choose_provider, own_area
from sdmx_hub.mapping.guess.roles import Role, guess_roles
from sdmx_hub.mapping.guess.sample import Sample, read_samples
from sdmx_hub.mapping.guess.seen import Seen
from sdmx_hub.mapping.guess.signs import guess_signs
from sdmx_hub.mapping.guess.sketch import Sketch
from sdmx_hub.mapping.guess.told import Doubt
from sdmx_hub.mapping.guess.writing import write_draft
from sdmx_hub.mapping.suggest import Confirmation
from sdmx_hub.mapping.words import fold
from sdmx_hub.model.structure import DataStructure
from sdmx_hub.model.urn import Urn

MOST_COLUMNS = 300
"""Columns asked what they say beside the figures."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The text of a mapping, and everything in it, or left out of it, that is not sure."""

    text: str
    doubts: tuple[Doubt, ...]
    seen: Seen
    provider: str

    def as_json(self, language: str) -> dict[str, Any]:
        """Shape the answer for JSON."""
        seen = self.seen
        return {
            "provider": self.provider,
            "source": {
                **seen.sample.source,
                "header_row": seen.extent.header_row,
                "header_rows": seen.extent.header_rows,
                "footer_rows": seen.extent.footer_rows,
                "rows_looked_at": len(seen.rows),
                "is_whole": seen.sample.is_whole,
            },
            "layout": "wide" if seen.layout.is_wide else "long",
            "roles": {
                **{key: [column.name for column in role.columns] for key, role in seen.roles.items()},
                **{level.component_id: ["headings"] for level in seen.layout.levels},
            },
            "figures": [column.name for column in seen.layout.figures],
            "checks": [doubt.as_json(language) for doubt in self.doubts],
            "mapping": self.text,
        }


def draft_mapping(
    path: Path,
    dataflow: Urn,
    registry: Registry,
    *,
    provider: str | None,
    language: str,
    sheet: str | None = None,
    confirmed: Iterable[Confirmation] = (),
) -> Draft:
    """Draft the mapping of ``path`` onto ``dataflow``, with comments in ``language``.

    ``confirmed`` are decisions of offices: those of the provider itself hold, others are told as alternatives.
    Raises NotFound for a dataflow that is not there, BadTable and BadRequest for a file without a table.
    """
    structure = registry.structure_of(dataflow)
    samples = read_samples(path, sheet)
    sample, extent = _choose(samples)
    titles = _titles(sample, extent)
    named, provider_doubt = choose_provider(dataflow, registry, provider, [*path.parts, *titles])
    area = own_area(dataflow, named, registry)
    coder = Coder(structure, registry, confirmed=confirmed, provider=named)
    seen = _look(sample, extent, structure, coder, area)
    seen = replace(seen, roles=_improved(seen.roles, coder))
    seen = replace(seen, roles=add_totals(seen, coder, area))
    context = Context(
        structure=structure,
        coder=coder,
        words=_words(path, sample, titles, seen),
        allowed=_allowed(dataflow, registry),
        own_area=area,
        units=_annotations(structure, registry, "UNIT"),
        kinds=_annotations(structure, registry, "KIND"),
        language=language,
    )
    composer = Composer(Sketch(context=context, seen=seen, path=path, titles=titles, language=language))
    document = composer.document(named, registry.get(dataflow))
    doubts = [*([provider_doubt] if provider_doubt else []), *composer.sketch.doubts]
    if len(samples) > 1:
        others = tuple(one.sheet or "" for one in samples if one is not sample)
        doubts.append(
            Doubt(key="guess-sheet", path="source.sheet", params={"sheet": sample.sheet}, alternatives=others)
        )
    comments: dict[str, list[str]] = {}
    for doubt in doubts:
        comments.setdefault(doubt.path, []).append(doubt.text(language))
    text = write_draft(document, comments, composer.intro(len(doubts)))
    return Draft(text=text, doubts=tuple(doubts), seen=seen, provider=named)


def _choose(samples: Sequence[Sample]) -> tuple[Sample, Extent]:
    """The first sheet that is not far from the one with most figures."""
    found = [(sample, extent) for sample in samples if (extent := guess_extent(sample)) is not None]
    if not found:
        raise BadRequest("guess-no-table", file=samples[0].file if samples else "")
    most = max(_figures(sample, extent) for sample, extent in found)
    return next(one for one in found if _figures(*one) >= most / 2)


def _figures(sample: Sample, extent: Extent) -> int:
    return len(extent.numeric) * len(sample.rows)


def _look(sample: Sample, extent: Extent, structure: DataStructure, coder: Coder, area: str | None) -> Seen:
    table = open_sample(sample, extent)
    rows = body_of(sample, extent)
    columns = read_columns(table, rows, extent.numeric)
    roles = guess_roles(columns[:MOST_COLUMNS], rows, structure, coder, own_area=area)
    layout = guess_layout(columns, roles, structure, coder, own_area=area)
    if not layout.figures:
        raise BadRequest("guess-no-table", file=sample.file)
    signs = guess_signs(text for column in layout.figures for text in column.texts)
    return Seen(
        sample=sample, extent=extent, table=table, columns=columns, rows=rows, roles=roles, layout=layout, signs=signs
    )


def _improved(roles: Mapping[str, Role], coder: Coder) -> dict[str, Role]:
    """Look the texts left over in the columns chosen up among all names known, and what the office decided."""
    return {
        key: replace(role, coding=coder.improved(role.coding))
        if role.coding and (role.coding.unsure or role.coding.eliminated)
        else role
        for key, role in roles.items()
    }


def _titles(sample: Sample, extent: Extent) -> list[str]:
    above = extent.header_row or extent.first_row
    return [cell.strip() for number, cells in sample.rows if number < above for cell in cells if cell.strip()][:60]


def _words(path: Path, sample: Sample, titles: Iterable[str], seen: Seen) -> str:
    """All that is said beside the figures, folded: file, sheet, titles, headings, columns that say one thing."""
    said = [path.stem, sample.sheet or "", *titles]
    said += [heading for column in seen.columns[:200] for heading in column.column.headings]
    said += [text for column in seen.columns[:200] if len(column.texts) == 1 for text in column.texts]
    return f" {fold(' | '.join(said))} ".replace("_", " ")


def _allowed(dataflow: Urn, registry: Registry) -> dict[str, frozenset[str]]:
    allowed: dict[str, frozenset[str]] = {}
    for constraint in registry.constraints_of(dataflow):
        for region in constraint.regions:
            if region.include and len(constraint.regions) == 1:
                allowed |= region.values
    return allowed


def _annotations(structure: DataStructure, registry: Registry, kind: str) -> dict[str, str]:
    component = structure.components.get("INDICATOR")
    urn = component.representation.codelist if component else None
    codelist = registry.find(urn) if urn else None
    return {
        item["id"]: annotation["title"]
        for item in (codelist.items if codelist else ())
        for annotation in item.get("annotations", ())
        if annotation.get("type") == kind and annotation.get("title")
    }
