"""How the editions refer: ``Ref`` elements in SDMX-ML 2.1, URNs as text in SDMX-ML 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lxml import etree

from sdmx_hub.errors import Malformed
from sdmx_hub.formats.structure_version import plain_version
from sdmx_hub.formats.structure_xml.shape import Element
from sdmx_hub.model.classes import CLASS_BY_ITEM, CLASS_BY_NAME, PREFIX, SYNONYMS
from sdmx_hub.model.urn import Urn, parse_urn


class UrnReferences:
    """SDMX-ML 3: the URN, or the id, is the text of the element."""

    def write(self, element: Element, urn: str) -> None:
        """Write the URN."""
        element.text = urn

    def read(self, element: Element, class_name: str | None) -> str | None:
        """Read the URN, with the class names of today."""
        return _today((element.text or "").strip())

    def write_local(self, element: Element, identifier: str) -> None:
        """Write the id."""
        element.text = identifier

    def read_local(self, element: Element) -> str | None:
        """Read the id."""
        return (element.text or "").strip() or None


_COMPONENTS = {
    "Dimension": ("Dimension", "DimensionDescriptor"),
    "TimeDimension": ("TimeDimension", "DimensionDescriptor"),
    "DataAttribute": ("Attribute", "AttributeDescriptor"),
    "Measure": ("PrimaryMeasure", "MeasureDescriptor"),
}
"""Components of a data structure: their names in 2.1, and the lists they stand in."""
PARTS_TODAY = {name: today for today, (name, _) in _COMPONENTS.items()} | {
    "MeasureDimension": "Dimension",
    "ReportingYearStartDay": "DataAttribute",
}
"""Components of 2.1, and what they are today."""
_PARENTS = {"Agency": "AGENCIES", "DataProvider": "DATA_PROVIDERS", "DataConsumer": "DATA_CONSUMERS"}
"""The one scheme organisations stand in, which a reference need not say."""
_MAPPING = "mapping"
"""The package that is ``structuremapping`` today."""


class RefReferences:
    """SDMX-ML 2.1: a ``Ref`` element of attributes; a URN where the class has no name in 2.1, and on the way in.

    ``names`` maps classes of today to those of 2.1, ``synonyms`` further classes of 2.1 to those of today, and
    ``urn_today`` whole URNs. Versions lose what 2.1 cannot say: wildcards and extensions.
    """

    def __init__(self, names: Mapping[str, str], synonyms: Mapping[str, str], urn_today: Callable[[str], str]) -> None:
        self._names = names
        self._urn_today = urn_today
        self._today = {name: today for today, name in names.items()} | dict(synonyms)

    def write(self, element: Element, urn: str) -> None:
        """Write the parts of the URN as attributes."""
        said = parse_urn(urn)
        row = CLASS_BY_NAME.get(said.class_name) or CLASS_BY_ITEM.get(said.class_name)
        if said.class_name in _COMPONENTS and said.item_id:
            _write_component(element, said)
            return
        if row is None or row.name not in self._names:
            etree.SubElement(element, "URN").text = urn
            return
        version = plain_version(said.ref.version)
        if said.item_id is None:
            given = {"id": said.ref.id, "version": version}
        else:
            parent = {"maintainableParentID": said.ref.id, "maintainableParentVersion": version}
            given = {"id": said.item_id, **parent}
        package = _MAPPING if row.package == "structuremapping" else row.package
        given |= {"agencyID": said.ref.agency_id, "package": package}
        given["class"] = self._names.get(said.class_name, said.class_name)
        etree.SubElement(element, "Ref", given)

    def read(self, element: Element, class_name: str | None) -> str | None:
        """Read a ``Ref``, or else a URN."""
        ref = element.find("Ref")
        if ref is None:
            urn = (element.findtext("URN") or "").strip()
            return self._urn_today(urn) if urn else None
        return self._urn(ref, class_name)

    def write_local(self, element: Element, identifier: str) -> None:
        """Write a ``Ref`` of an id alone."""
        etree.SubElement(element, "Ref").set("id", identifier)

    def read_local(self, element: Element) -> str | None:
        """Read the id of a ``Ref``, or the last part of a URN."""
        ref = element.find("Ref")
        if ref is not None:
            return ref.get("id")
        urn = element.find("URN")
        return (urn.text or "").strip().rpartition(".")[2] if urn is not None else None

    def _urn(self, ref: Element, class_name: str | None) -> str:
        said = ref.get("class") or class_name or ""
        name = self._today.get(said) or SYNONYMS.get(said) or PARTS_TODAY.get(said, said)
        row = CLASS_BY_NAME.get(name) or CLASS_BY_ITEM.get(name)
        package = row.package if row else ref.get("package", _PART_PACKAGES.get(name))
        identifier, agency = ref.get("id"), ref.get("agencyID")
        if package is None or identifier is None or agency is None:
            raise Malformed("structures-xml-ref", id=str(identifier), line=ref.sourceline)
        head = f"{PREFIX}{package}.{name}={agency}:"
        parent = ref.get("maintainableParentID") or _PARENTS.get(name)
        if parent is None:
            return f"{head}{identifier}({ref.get('version') or '1.0'})"
        version = ref.get("maintainableParentVersion") or "1.0"
        if name in CLASS_BY_NAME:  # a map, or a hierarchy, is itself an artefact today
            return f"{head}{identifier}({version})"
        container = None if name in _COMPONENTS else ref.get("containerID")
        item = f"{container}.{identifier}" if container else identifier
        return f"{head}{parent}({version}).{item}"


_PART_PACKAGES = dict.fromkeys(_COMPONENTS, "datastructure")


def _write_component(element: Element, said: Urn) -> None:
    name, container = _COMPONENTS[said.class_name]
    given = {"id": said.item_id or "", "containerID": container, "maintainableParentID": said.ref.id}
    given |= {"maintainableParentVersion": plain_version(said.ref.version), "agencyID": said.ref.agency_id}
    etree.SubElement(element, "Ref", given | {"package": "datastructure", "class": name})


def _today(urn: str) -> str | None:
    """A URN with the class name of today, where an earlier one stands."""
    head, equals, tail = urn.partition("=")
    package, _, name = head.rpartition(".")
    today = SYNONYMS.get(name)
    return (f"{package}.{today}{equals}{tail}" if today else urn) or None
