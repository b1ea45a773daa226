"""A metadata structure with everything in it, and random reports against it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from sdmx_hub.formats.metadata_canonical import make_metadata_set, order_attributes
from sdmx_hub.formats.structure_canonical import make_artefact
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME, PREFIX
from sdmx_hub.model.message import Header
from sdmx_hub.model.metadata import MetadataMessage, read_metadata_structure
from sdmx_hub.model.urn import Urn

CONCEPTS = f"{PREFIX}conceptscheme.Concept=LAB:CS_NOTES(1.0.0)."
CODES = f"{PREFIX}codelist.Codelist=LAB:CL_KIND(1.0.0)"
FLOW = f"{PREFIX}metadatastructure.Metadataflow=LAB:MDF_NOTES(1.0.0)"
AGREEMENT = f"{PREFIX}registry.MetadataProvisionAgreement=LAB:MPA_NOTES(1.0.0)"
STRUCTURE = f"{PREFIX}metadatastructure.MetadataStructure=LAB:MSD_NOTES(1.0.0)"
PROVIDER = f"{PREFIX}base.MetadataProvider=LAB:METADATA_PROVIDERS(1.0).OFFICE"
DATAFLOW = f"{PREFIX}datastructure.Dataflow=LAB:DF_JOBS(1.0.0)"
OTHER_FLOW = f"{PREFIX}datastructure.Dataflow=LAB:DF_PAY(1.0.0)"
NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
HEADER = Header(id="TEST", prepared=NOW, sender_id="LAB", sender_names={"en": "Laboratory"})


def make(name: str, identifier: str, **document: Any) -> Artefact:
    spoken = {one: f"{identifier} {one}" for one in ("en", "fr", "es")}
    whole = {"id": identifier, "agencyID": "LAB", "version": "1.0.0", "names": spoken, **document}
    return make_artefact(CLASS_BY_NAME[name], whole)


def attribute(identifier: str, data_type: str | None = None, *below: dict[str, Any], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"id": identifier, "conceptIdentity": CONCEPTS + identifier, **more}
    if data_type:
        made.setdefault("localRepresentation", {"format": {"dataType": data_type}})
    return made | ({"metadataAttributes": list(below)} if below else {})


SPOKEN = {"localRepresentation": {"format": {"dataType": "String", "isMultiLingual": True}}}
STYLED = {"localRepresentation": {"format": {"dataType": "XHTML", "isMultiLingual": True}}}
CODED = {"localRepresentation": {"enumeration": CODES}}
MANY = {"minOccurs": 0, "maxOccurs": "unbounded"}
MAYBE = {"minOccurs": 0}
ATTRIBUTES = [
    attribute("TITLE", **SPOKEN),
    attribute("TEXT", **STYLED, **MAYBE),
    attribute("KIND", **CODED, **MANY),
    attribute(
        "CONTACT",
        None,
        attribute("NAME", "String"),
        attribute("PHONE", "String", **MANY),
        attribute("NOTE", **SPOKEN, **MANY),
        isPresentational=True,
        **MANY,
    ),
    attribute("SIZE", "Integer", **MAYBE),
    attribute("SHARE", "Double", **MAYBE),
    attribute("OPEN", "Boolean", **MAYBE),
    attribute("WEB", "URI", **MAYBE),
]
IDS = ("TITLE", "TEXT", "KIND", "CONTACT", "NAME", "PHONE", "NOTE", "SIZE", "SHARE", "OPEN", "WEB")


def structures() -> tuple[Artefact, ...]:
    """The structures reports need: all that refers and is referred to."""
    dsd = f"{PREFIX}datastructure.DataStructure=LAB:DSD_JOBS(1.0.0)"
    return (
        make("ConceptScheme", "CS_NOTES", concepts=[{"id": one, "names": {"en": f"The {one}"}} for one in IDS]),
        make("Codelist", "CL_KIND", codes=[{"id": one, "names": {"en": f"Kind {one}"}} for one in "AB"]),
        make(
            "MetadataStructure",
            "MSD_NOTES",
            metadataStructureComponents={"metadataAttributeList": {"metadataAttributes": ATTRIBUTES}},
        ),
        make("Metadataflow", "MDF_NOTES", structure=STRUCTURE, targets=[f"{PREFIX}datastructure.Dataflow=LAB:*(*)"]),
        make(
            "MetadataProviderScheme",
            "METADATA_PROVIDERS",
            version="1.0",
            metadataProviders=[{"id": one, "names": {"en": one}} for one in ("OFFICE", "STRANGER")],
        ),
        make(
            "MetadataProvisionAgreement",
            "MPA_NOTES",
            metadataflow=FLOW,
            metadataProvider=PROVIDER,
            targets=[DATAFLOW, OTHER_FLOW],
        ),
        make("Dataflow", "DF_JOBS", structure=dsd),
        make("Dataflow", "DF_PAY", structure=dsd),
    )


_FOUND = {one.urn: one for one in structures()}
MSD = read_metadata_structure(next(one for one in structures() if one.ref.id == "MSD_NOTES"), _FOUND.get)


def find(urn: Urn) -> Artefact | None:
    return _FOUND.get(urn.artefact)


def make_set(attributes: list[dict[str, Any]], **more: Any) -> Artefact:
    """A set about the jobs flow with these attributes."""
    document = {
        "id": "MDS_JOBS",
        "agencyID": "OFFICE",
        "version": "1.0.0",
        "names": {"en": "About jobs", "fr": "À propos des emplois"},
        "metadataflow": FLOW,
        "targets": [DATAFLOW],
        "attributes": attributes,
        **more,
    }
    return order_attributes(make_metadata_set(document), MSD)


def message(*sets: Artefact) -> MetadataMessage:
    return MetadataMessage(header=HEADER, sets=sets, find=find)


# what XML, JSON and CSV can all carry; blanks at the ends are kept by none of the people who read them
_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"), include_characters="\n"),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip())
TEXTS = st.one_of(st.sampled_from(["a;b", 'say "so"', "en:x", "a,b", '"', "x;y\nz", "fr: à"]), _TEXT)
SPEECH = st.dictionaries(st.sampled_from(["en", "fr", "es"]), TEXTS, min_size=1)
BLOCKS = st.sampled_from(
    [
        "<p>One &amp; two</p>",
        "<p>A <em>word</em>; “more”</p><ul><li>x</li></ul>",
        '<p><a href="https://example.org/">a</a></p>',
    ]
)
STYLES = st.dictionaries(st.sampled_from(["en", "fr"]), BLOCKS, min_size=1)


@st.composite
def contacts(draw: st.DrawFn) -> dict[str, Any]:
    below = [{"id": "NAME", "value": draw(TEXTS)}]
    below += [{"id": "PHONE", "value": one} for one in draw(st.lists(TEXTS, max_size=3))]
    below += [{"id": "NOTE", "value": one} for one in draw(st.lists(SPEECH, max_size=2))]
    return {"id": "CONTACT", "attributes": below}


@st.composite
def reports(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Attributes that keep every rule of the metadata structure."""
    told: list[dict[str, Any]] = [{"id": "TITLE", "value": draw(SPEECH)}]
    for identifier, values in (
        ("TEXT", STYLES),
        ("SIZE", st.integers(-5, 5).map(str)),
        ("SHARE", st.sampled_from(["0.5", "1.10", "1e3"])),
        ("OPEN", st.sampled_from(["true", "false"])),
        ("WEB", st.just("https://example.org/a;b")),
    ):
        if draw(st.booleans()):
            told.append({"id": identifier, "value": draw(values)})
    told += [{"id": "KIND", "value": one} for one in draw(st.lists(st.sampled_from("AB"), max_size=2))]
    told += draw(st.lists(contacts(), max_size=3))
    return told


@st.composite
def metadata_sets(draw: st.DrawFn, identifier: str = "MDS_JOBS") -> Artefact:
    more: dict[str, Any] = {"id": identifier}
    if draw(st.booleans()):
        more |= {"metadataflow": None, "metadataProvisionAgreement": AGREEMENT}
    if draw(st.booleans()):
        more["targets"] = [DATAFLOW, OTHER_FLOW]
    if draw(st.booleans()):
        more |= {"reportingBegin": "2020", "reportingEnd": "2021", "publicationYear": "2022"}
    if draw(st.booleans()):
        more["descriptions"] = {"en": "What; this is", "es": "Qué es"}
    return make_set(draw(reports()), **more)
