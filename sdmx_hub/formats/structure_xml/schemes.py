"""Shapes of the classes that are the same in all editions, but for what every artefact or item begins with."""

from __future__ import annotations

from dataclasses import dataclass

from sdmx_hub.formats.structure_xml.parts import (
    Attr,
    Child,
    Children,
    ItemUrn,
    Local,
    Localised,
    Nested,
    Ref,
    Refs,
    Text,
    Texts,
)
from sdmx_hub.formats.structure_xml.shape import Part, Shape, shape
from sdmx_hub.formats.structure_xml.shared import CONTACTS, NAMES


@dataclass(frozen=True, kw_only=True)
class Kit:
    """What every element of a kind begins with in an edition.

    ``annotated``: its annotations (and links); ``maintainable``: all attributes, annotations, names of an artefact.
    ``concept``: the representation of a concept.
    """

    annotations: Shape
    annotated: Shape
    maintainable: Shape
    concept: Shape

    @property
    def identified(self) -> Shape:
        """An element with an id."""
        return shape(Attr("id", "id"), self.annotated)

    @property
    def named(self) -> Shape:
        """An element with an id and names."""
        return shape(Attr("id", "id"), self.annotated, NAMES)

    def item(self, class_name: str) -> Shape:
        """An item of a scheme."""
        return shape(Attr("id", "id"), ItemUrn(class_name), self.annotated, NAMES)

    def scheme(self, tag: str, key: str, inner: Shape) -> Shape:
        """An item scheme."""
        return shape(self.maintainable, Attr("isPartial", "isPartial", "bool"), Children(tag, key, inner))


PARENT = Local("Parent", "parent")


def organisations(kit: Kit, tag: str, key: str) -> Shape:
    """A scheme of agencies, data providers, data consumers, metadata providers or organisation units."""
    return kit.scheme(tag, key, shape(kit.item(tag), PARENT, CONTACTS))


def categories(kit: Kit) -> Shape:
    """A category scheme."""

    def category() -> Shape:
        return shape(kit.item("Category"), Nested("Category", "categories", category))

    return kit.scheme("Category", "categories", category())


def concepts(kit: Kit) -> Shape:
    """A concept scheme."""
    iso = (
        Text("ConceptAgency", "conceptAgency"),
        Text("ConceptSchemeID", "conceptSchemeID"),
        Text("ConceptID", "conceptID"),
    )
    inner = shape(
        kit.item("Concept"),
        PARENT,
        Child("CoreRepresentation", "coreRepresentation", kit.concept),
        Child("ISOConceptReference", "isoConceptReference", iso),
    )
    return kit.scheme("Concept", "concepts", inner)


def categorisation(kit: Kit) -> Shape:
    """A categorisation."""
    return shape(kit.maintainable, Ref("Source", "source"), Ref("Target", "target", "Category"))


def reporting_taxonomy(kit: Kit) -> Shape:
    """A reporting taxonomy."""

    def category() -> Shape:
        return shape(
            kit.item("ReportingCategory"),
            Nested("ReportingCategory", "reportingCategories", category),
            Refs("StructuralMetadata", "structuralMetadata"),
            Refs("ProvisioningMetadata", "provisioningMetadata"),
        )

    return kit.scheme("ReportingCategory", "reportingCategories", category())


def process(kit: Kit) -> Shape:
    """A process."""
    data = shape(Attr("localID", "localID"), kit.annotations, Ref("ObjectReference", "objectReference"))
    computation = shape(
        Attr("localID", "localID"),
        Attr("softwarePackage", "softwarePackage"),
        Attr("softwareLanguage", "softwareLanguage"),
        Attr("softwareVersion", "softwareVersion"),
        kit.annotations,
        Localised("common:Description", "description"),
    )
    transition = shape(
        kit.identified,
        Attr("localID", "localID"),
        Local("TargetStep", "targetStep"),
        Localised("Condition", "condition"),
    )

    def step() -> Shape:
        return shape(
            kit.named,
            Children("Input", "inputs", data),
            Children("Output", "outputs", data),
            Child("Computation", "computation", computation),
            Children("Transition", "transitions", transition),
            Nested("ProcessStep", "processSteps", step),
        )

    return shape(kit.maintainable, Children("ProcessStep", "processSteps", step()))


def _vtl(kit: Kit, tag: str, key: str, *inner: Part, version: bool = True) -> Shape:
    body = kit.scheme(tag, key, shape(kit.item(tag), *inner))
    return shape(body, Attr("vtlVersion", "vtlVersion")) if version else body


def transformations(kit: Kit) -> Shape:
    """A transformation scheme."""
    inner = (Attr("isPersistent", "isPersistent", "bool"), Text("Expression", "expression"), Text("Result", "result"))
    return shape(
        _vtl(kit, "Transformation", "transformations", *inner),
        Ref("VtlMappingScheme", "vtlMappingScheme", "VtlMappingScheme"),
        Ref("NamePersonalisationScheme", "namePersonalisationScheme", "NamePersonalisationScheme"),
        Ref("CustomTypeScheme", "customTypeScheme", "CustomTypeScheme"),
        Refs("RulesetScheme", "rulesetSchemes", "RulesetScheme"),
        Refs("UserDefinedOperatorScheme", "userDefinedOperatorSchemes", "UserDefinedOperatorScheme"),
    )


def rulesets(kit: Kit) -> Shape:
    """A ruleset scheme."""
    inner = (
        Attr("rulesetType", "rulesetType"),
        Attr("rulesetScope", "rulesetScope"),
        Text("RulesetDefinition", "rulesetDefinition"),
    )
    return shape(
        _vtl(kit, "Ruleset", "rulesets", *inner), Ref("VtlMappingScheme", "vtlMappingScheme", "VtlMappingScheme")
    )


def operators(kit: Kit) -> Shape:
    """A user defined operator scheme."""
    return shape(
        _vtl(kit, "UserDefinedOperator", "userDefinedOperators", Text("OperatorDefinition", "operatorDefinition")),
        Ref("VtlMappingScheme", "vtlMappingScheme", "VtlMappingScheme"),
        Refs("RulesetScheme", "rulesetSchemes", "RulesetScheme"),
    )


def custom_types(kit: Kit) -> Shape:
    """A custom type scheme."""
    return _vtl(
        kit,
        "CustomType",
        "customTypes",
        Text("VtlScalarType", "vtlScalarType"),
        Text("DataType", "dataType"),
        Text("VtlLiteralFormat", "vtlLiteralFormat"),
        Text("OutputFormat", "outputFormat"),
        Text("NullValue", "nullValue"),
    )


def personalisations(kit: Kit) -> Shape:
    """A name personalisation scheme."""
    return _vtl(
        kit,
        "NamePersonalisation",
        "namePersonalisations",
        Attr("vtlArtefact", "vtlArtefact"),
        Text("VtlDefaultName", "vtlDefaultName"),
        Text("PersonalisedName", "personalisedName"),
    )


def vtl_mappings(kit: Kit) -> Shape:
    """A VTL mapping scheme."""
    keys = (Texts("Key", "keys"),)
    inner = (
        Attr("alias", "alias"),
        Ref("Dataflow", "dataflow", "Dataflow"),
        Child("GenericDataflow", "genericDataflow", (), kept=True),
        Child(
            "ToVtlMapping", "toVtlMapping", (Attr("method", "method"), Child("ToVtlSubSpace", "toVtlSubSpace", keys))
        ),
        Child(
            "FromVtlMapping",
            "fromVtlMapping",
            (Attr("method", "method"), Child("FromVtlSuperSpace", "fromVtlSuperSpace", keys)),
        ),
        Ref("Codelist", "codelist", "Codelist"),
        Ref("Concept", "concept", "Concept"),
    )
    return _vtl(kit, "VtlMapping", "vtlMappings", *inner, version=False)
