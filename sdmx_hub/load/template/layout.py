"""What a template consists of: which constants stand on top, which columns follow, which table is crossed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx_hub.errors import NotFound
from sdmx_hub.language import localised, sentence
from sdmx_hub.load.checks import Terms
from sdmx_hub.load.terms import find_agreement, terms_of
from sdmx_hub.model.artefact import texts
from sdmx_hub.model.codelist import Code
from sdmx_hub.model.structure import Attachment, Attribute, Component, Constraint, Dimension
from sdmx_hub.model.urn import Urn
from sdmx_hub.store.artefacts import Artefacts

TEMPLATE_VERSION = 1
CONSTANT_NAMES, CONSTANT_IDS, CONSTANT_VALUES = 3, 4, 5
COLUMN_NAMES, COLUMN_IDS, FIRST_ROW = 7, 8, 9
"""Rows of a sheet of data, from 1."""
CODES_SHEET = "_codes"
MOST_ACROSS = 6
"""A dimension with so many codes, or fewer, may go across."""
NO_BREAKDOWN = frozenset({"_T", "_Z"})
DEFAULTS: Mapping[str, str] = {"OBS_STATUS": "A", "CONF_STATUS": "F", "UNIT_MULT": "0", "DECIMALS": "0"}
"""What cross-domain attributes mostly are; it stands in the template for everybody to see and change."""
STATUS, PROVIDER = "OBS_STATUS", "DATA_PROVIDER"
ACROSS = "="
"""Between the dimension and the code beneath the heading of a crossed column."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A constant or a column: a component, what it is called, and the codes it may have (None where uncoded)."""

    component: Component
    heading: str
    codes: tuple[Code, ...] | None = None
    is_required: bool = False
    value: str | None = None

    @property
    def id(self) -> str:
        """Id of the component."""
        return self.component.id


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is known of the rows a template is filled with: components of one value, of several, and with gaps."""

    constants: Mapping[str, str]
    varying: frozenset[str] = frozenset()
    gaps: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet of data. ``across`` is the dimension whose codes stand side by side, if any."""

    name: str
    constants: tuple[Field, ...]
    columns: tuple[Field, ...]
    across: Field | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A whole template."""

    dataflow: Urn
    title: str
    structure: Urn
    provider: str | None
    language: str
    sheets: tuple[Sheet, ...]
    terms: Terms

    def as_meta(self) -> dict[str, str]:
        """What the hidden sheet says; ``hash`` is over the rest."""
        sheets = [{"name": sheet.name, "across": sheet.across.id if sheet.across else None} for sheet in self.sheets]
        meta = {
            "template": str(TEMPLATE_VERSION),
            "dataflow": str(self.dataflow),
            "structure": str(self.structure),
            "provider": self.provider or "",
            "language": self.language,
            "sheets": json.dumps(sheets, ensure_ascii=False),
        }
        return meta | {"hash": hash_meta(meta)}


def hash_meta(meta: Mapping[str, Any]) -> str:
    """Hash what the hidden sheet says, the hash itself left out."""
    told = {key: value for key, value in meta.items() if key != "hash"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def plan_template(
    artefacts: Artefacts,
    dataflow: Urn,
    *,
    provider: str | None = None,
    language: str = "en",
    held: Held | None = None,
) -> Layout:
    """Plan the template of a dataflow for a provider.

    Given what is held, there is no crossed table, and what varies stands in its column. Raises NotFound for a dataflow,
    or an agreement, that is not there.
    """
    artefact = artefacts.get(dataflow)
    if provider and find_agreement(artefacts, artefact.urn, provider) is None:
        raise NotFound("template-agreement", provider=provider, dataflow=artefact.ref)
    terms = terms_of(artefacts, artefact.urn, provider=provider)
    fields = {one.id: one for one in _fields(artefacts, terms, language)}
    top = tuple(_constants(fields, terms, held))
    columns = tuple(one for one in fields.values() if not _is_settled(one, held))
    columns = tuple(sorted(columns, key=lambda one: _place(one, terms)))
    sheets = [Sheet(name=sentence("template-sheet-data", language), constants=top, columns=columns)]
    across = None if held is not None else _crossed(columns)
    if across is not None:
        sheets.append(_crossed_sheet(top, columns, across, language))
    return Layout(
        dataflow=artefact.urn,
        title=localised(artefact.names, language),
        structure=Urn("DataStructure", terms.structure.ref),
        provider=provider,
        language=language,
        sheets=tuple(sheets),
        terms=terms,
    )


def _fields(artefacts: Artefacts, terms: Terms, language: str) -> Iterator[Field]:
    allowed = allowed_codes((*terms.constraints, *terms.provider_constraints))
    for component in terms.structure.components.values():
        codelist = terms.codelists.get(component.id)
        codes = None
        if codelist is not None:
            among = allowed.get(component.id)
            codes = tuple(code for code in codelist.codes.values() if among is None or code.id in among)
        yield Field(
            component=component,
            heading=_heading(artefacts, component, language),
            codes=codes,
            is_required=isinstance(component, Dimension) or bool(getattr(component, "is_mandatory", False)),
        )


def allowed_codes(constraints: Iterable[Constraint]) -> dict[str, frozenset[str]]:
    """The codes each component may have, by all constraints; a component that is free is not named."""
    allowed: dict[str, frozenset[str]] = {}
    for constraint in constraints:
        regions = [region for region in constraint.regions if region.include]
        for component_id in {one for region in regions for one in region.values}:
            if all(component_id in region.values for region in regions):
                found = frozenset[str]().union(*(region.values[component_id] for region in regions))
                allowed[component_id] = allowed.get(component_id, found) & found
    return allowed


def _heading(artefacts: Artefacts, component: Component, language: str) -> str:
    scheme = artefacts.find(component.concept.artefact)
    items = scheme.items if scheme else []
    names = next((texts(item, "name") for item in items if item["id"] == component.concept.item_id), {})
    return localised(names, language) or component.id


def _constants(fields: Mapping[str, Field], terms: Terms, held: Held | None) -> Iterator[Field]:
    """The fields stated once: dimensions with nothing to choose, and attributes above or of most observations."""
    for field in fields.values():
        if _is_constant(field):
            value = _usual(field, terms) if held is None else _held_value(field, terms, held)
            yield Field(**{**vars(field), "value": value})


def _held_value(field: Field, terms: Terms, held: Held) -> str | None:
    """What is held, where it is one value; what is usual, where no row would be read as something else by it."""
    if field.id in held.constants:
        return held.constants[field.id]
    is_safe = isinstance(field.component, Dimension) or (_is_own(field) and field.id not in held.gaps)
    return _usual(field, terms) if is_safe else None


def _is_constant(field: Field) -> bool:
    component = field.component
    if isinstance(component, Dimension):
        return (field.codes is not None and {code.id for code in field.codes} <= NO_BREAKDOWN) or _is_only(field)
    if isinstance(component, Attribute):
        return not _is_own(field) or (component.is_mandatory and field.id in DEFAULTS)
    return False


def _is_only(field: Field) -> bool:
    return field.codes is not None and len(field.codes) == 1


def _is_own(field: Field) -> bool:
    """Tell whether a field is an attribute of the observation."""
    return isinstance(field.component, Attribute) and field.component.attached_to is Attachment.OBSERVATION


def _usual(field: Field, terms: Terms) -> str | None:
    """What most would say: the only code, the total, the provider, the usual value of an attribute."""
    listed = [code.id for code in field.codes or ()]
    if isinstance(field.component, Dimension):
        return "_T" if "_T" in listed else (listed[0] if len(listed) == 1 else None)
    wanted = terms.provider if field.id == PROVIDER else DEFAULTS.get(field.id)
    return wanted if wanted in listed else None


def _is_settled(field: Field, held: Held | None) -> bool:
    """Tell whether a field has no column: it is the same for the whole sheet."""
    if held is not None and field.id in held.varying:
        return False
    component = field.component
    of_dataset = isinstance(component, Attribute) and component.attached_to is Attachment.DATASET
    return of_dataset or (isinstance(component, Dimension) and _is_only(field))


def _place(field: Field, terms: Terms) -> tuple[int, int]:
    """Order of columns: what is broken down, what hardly is, the value and its attributes, the attributes above."""
    order = list(terms.structure.components).index(field.id)
    if isinstance(field.component, Attribute):
        return (2 if _is_own(field) else 3), order
    return (0 if isinstance(field.component, Dimension) else 1), order


def _crossed(columns: Iterable[Field]) -> Field | None:
    """The dimension to go across: the one with the fewest codes that is broken down; SEX before any other."""
    few = [
        one
        for one in columns
        if isinstance(one.component, Dimension) and one.codes and 2 < len(one.codes) <= MOST_ACROSS + (one.id == "SEX")
    ]
    return min(few, key=lambda one: (one.id != "SEX", len(one.codes or ()))) if few else None


def _crossed_sheet(top: tuple[Field, ...], columns: tuple[Field, ...], across: Field, language: str) -> Sheet:
    kept = tuple(one for one in columns if isinstance(one.component, Dimension) and one.id != across.id)
    name = sentence("template-sheet-cross", language, dimension=across.heading)
    return Sheet(name=_sheet_name(name), constants=top, columns=kept, across=across)


def _sheet_name(name: str) -> str:
    return "".join(sign for sign in name if sign not in "[]:*?/\\'")[:31].strip()
