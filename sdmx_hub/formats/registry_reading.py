"""Registry messages on their way in: what is asked, by the name of the element, in SDMX-ML 2.1, 3.0 and 3.1.

Elements are found by their local names: what this hub reads of the three editions differs only in how references are
written (``URN`` or ``Ref`` in 2.1, text in 3).
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from lxml import etree

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_xml.message import parse
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, SYNONYMS
from sdmx_hub.model.message import Action
from sdmx_hub.model.urn import Ref, Urn, parse_urn

Element = Any
_ACTIONS = {action.name.capitalize(): action for action in Action}
_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/"


def read_interface(data: bytes) -> Element:
    """Read a registry message: the one element below its header. Raises Malformed."""
    root = parse(data)
    name = etree.QName(root)
    if name.localname != "RegistryInterface" or not (name.namespace or "").startswith(_SCHEMAS):
        raise Malformed("registry-root", found=name.localname)
    found = [child for child in root if etree.QName(child).localname not in {"Header", "Footer"}]
    if len(found) != 1:
        raise Malformed("registry-root", found=name.localname)
    return found[0]


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    name: str = etree.QName(element).localname
    return name


def child(element: Element, name: str) -> Element | None:
    """The first child of a name."""
    return element.find(f"{{*}}{name}")


def needed(element: Element, name: str) -> Element:
    """The child of a name. Raises Malformed when it is not there."""
    found = child(element, name)
    if found is None:
        raise Malformed("registry-missing", name=name, within=local_name(element), line=element.sourceline)
    return found


def text_of(element: Element | None) -> str | None:
    """The text of an element, white space around it taken away; None for none."""
    text = (element.text or "").strip() if element is not None else ""
    return text or None


def needed_text(element: Element, name: str) -> str:
    """The text of a child. Raises Malformed when there is none."""
    text = text_of(needed(element, name))
    if text is None:
        raise Malformed("registry-missing", name=name, within=local_name(element), line=element.sourceline)
    return text


def action_of(element: Element) -> Action:
    """The action of a request. Raises Malformed."""
    word = element.get("action", "")
    if word not in _ACTIONS:
        raise Malformed("registry-action", found=word[:50], line=element.sourceline)
    return _ACTIONS[word]


def flag_of(element: Element, name: str, *, default: bool = False) -> bool:
    """A boolean attribute."""
    return bool(element.get(name, str(default)).strip().lower() in {"true", "1"})


def moment_of(element: Element, name: str) -> dt.datetime | None:
    """An instant in an attribute, in UTC unless it says another zone. Raises Malformed."""
    text = element.get(name)
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise Malformed("registry-moment", found=text[:50], line=element.sourceline) from error
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def reference_of(element: Element, class_name: str | None = None) -> Urn:
    """The artefact or item an element refers to: a URN as text or in ``URN``, or ``Ref``.

    Raises Malformed, BadRequest.
    """
    text = text_of(child(element, "URN")) or text_of(element)
    if text:
        return parse_urn(text)
    ref = needed(element, "Ref")
    name = SYNONYMS.get(ref.get("class", ""), ref.get("class")) or class_name
    if name is None or (name not in CLASS_BY_NAME and name not in CLASS_BY_ITEM):
        raise Malformed("registry-missing", name="class", within="Ref", line=ref.sourceline)
    if ref.get("maintainableParentID"):
        parent = Ref(ref.get("agencyID"), ref.get("maintainableParentID"), ref.get("maintainableParentVersion", "1.0"))
        return parse_urn(str(Urn(name, parent, ref.get("id"))))
    return parse_urn(str(Urn(name, Ref(ref.get("agencyID"), ref.get("id"), ref.get("version", "1.0")))))
