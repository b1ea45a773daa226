"""Whatever is done to a structure message, it is read or refused; what the schema accepts, every format can carry."""

from __future__ import annotations

import contextlib
import functools
import random

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdmx_hub.errors import HubError, Malformed
from sdmx_hub.formats.structure_reading import READERS, read_structures
from sdmx_hub.formats.structure_schema import check_artefact
from sdmx_hub.language import LANGUAGES
from sdmx_hub.load.artefact_checks import Located
from sdmx_hub.load.artefacts import check_artefact_files
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASSES
from sdmx_hub.store.artefacts import Artefacts
from tests.formats.every_class import find, of_class
from tests.formats.mutations import cut_bytes, mutate_json, mutate_xml
from tests.formats.test_structure_formats import QUICK, WRITERS, message
from tests.formats.test_structure_round_trips import FULL


@functools.cache
def messages(name: str) -> list[bytes]:
    """A valid message of each class, as rich as the schema allows."""
    return [WRITERS[name](message(*of_class(row.name), FULL[row.name][1])) for row in CLASSES]


@pytest.mark.parametrize("name", WRITERS)
@settings(QUICK, max_examples=60)
@given(seed=st.integers(0, 2**32), at=st.integers(0, len(CLASSES) - 1), in_bytes=st.booleans())
def test_a_broken_message_is_read_or_refused(name: str, seed: int, at: int, in_bytes: bool) -> None:
    mutate = cut_bytes if in_bytes else mutate_json if "json" in name else mutate_xml
    found = read_if_possible(mutate(messages(name)[at], random.Random(seed)))  # noqa: S311 - no secret
    if not any(check_artefact(artefact) for artefact in found):
        for other in WRITERS:
            WRITERS[other](message(*found))


def read_if_possible(data: bytes) -> tuple[Artefact, ...]:
    """Read and check; a refusal says why, in every language."""
    try:
        found = read_structures(data)
        check_artefact_files([Located(artefact) for artefact in found], Artefacts(()))
    except HubError as refusal:
        said = [refusal.text(language) for language in LANGUAGES]
        return () if all(said) else pytest.fail("a refusal without a sentence")
    return found


SHAPES = {
    "names that are a text": {"names": "A"},
    "links that are a number": {"links": 5},
    "codes that are texts": {"codes": ["A"]},
    "annotations that are an object": {"annotations": {"text": {"en": 1}}},
    "a version that is a number": {"version": 1},
    "texts of another kind": {"names": {"en": ["A"]}},
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("version", ["1.0", "2.0.0", "2.1"])
def test_another_shape_is_refused_or_told_by_the_schema(shape: dict[str, object], version: str) -> None:
    address = f"https://json.sdmx.org/{version}/sdmx-json-structure-schema.json"
    codelist = {"id": "CL", "agencyID": "TST", "version": "1.0", "names": {"en": "A"}} | shape
    data = orjson.dumps({"meta": {"schema": address}, "data": {"codelists": [codelist]}})
    with contextlib.suppress(Malformed):
        (artefact,) = read_structures(data)
        assert check_artefact(artefact) != ()


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x0c", "\x1f", "\ufffe", "\uffff"])
@pytest.mark.parametrize("escaped", [True, False])
def test_signs_xml_cannot_carry_are_refused(sign: str, escaped: bool) -> None:
    said = "".join(f"\\u{ord(one):04x}" for one in sign) if escaped or sign < " " else sign
    text = f'{{"data": {{"codelists": [{{"id": "CL", "agencyID": "TST", "names": {{"en": "A{said}B"}}}}]}}}}'
    with pytest.raises(Malformed, match="XML"):
        read_structures(text.encode())


@pytest.mark.parametrize("kept", ["\\\\u0008", "\\\\f", "\\t\\n\\r", "\\u00e9"])
def test_other_signs_are_kept(kept: str) -> None:
    text = f'{{"data": {{"codelists": [{{"id": "CL", "agencyID": "TST", "names": {{"en": "A{kept}B"}}}}]}}}}'
    (artefact,) = read_structures(text.encode())
    assert artefact.names["en"] == orjson.loads(f'"A{kept}B"')


def test_a_bottomless_message_is_refused() -> None:
    deep = b'{"id": "A", "categories": [' * 300 + b"]}" * 300
    with pytest.raises(Malformed):
        read_structures(
            b'{"data": {"categorySchemes": [{"id": "C", "agencyID": "TST", "categories": [' + deep + b"]}]}}"
        )


WHOLE = {"minLength": "9" * 30, "decimals": "1e9", "minValue": "1e999999999", "interval": "NaN", "maxLength": "many"}


@pytest.mark.parametrize("facet", WHOLE)
@pytest.mark.parametrize("name", ["structure-xml-2.1", "structure-xml-3.0", "structure-xml-3.1"])
def test_numbers_that_are_none_are_refused_with_their_line(facet: str, name: str) -> None:
    data = WRITERS[name](message(find("DataStructure", "DSD_PLAIN")))
    plain = b'textType="Double" decimals="2"'
    assert plain in data
    with pytest.raises(Malformed, match=r"DataStructure, line \d+"):
        read_structures(data.replace(plain, f'textType="Double" {facet}="{WHOLE[facet]}"'.encode(), 1))


def test_large_numbers_stay_what_they_are() -> None:
    concepts = [
        {"id": "C", "names": {"en": "C"}, "coreRepresentation": {"format": {"maxValue": 1e300, "minValue": -2e16}}}
    ]
    scheme = {"id": "CS", "agencyID": "TST", "version": "1.0", "names": {"en": "A"}, "concepts": concepts}
    (artefact,) = read_structures(orjson.dumps({"data": {"conceptSchemes": [scheme]}}))
    for name, write in WRITERS.items():
        assert READERS[name](write(message(artefact)))[0].document == artefact.document
