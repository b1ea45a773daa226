import ast
import functools
import re
import string
from pathlib import Path

import pytest

import sdmx_hub
from sdmx_hub.errors import BadRequest, HubError
from sdmx_hub.language import LANGUAGES, catalogue, choose_language, localised, sentence


def placeholders(text):
    return sorted({name for _, name, _, _ in string.Formatter().parse(text) if name is not None})


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_sentence_exists_in_three_languages_with_the_same_placeholders(key):
    texts = catalogue()[key]
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert placeholders(texts["en"]) == placeholders(texts["fr"]) == placeholders(texts["es"])
    assert all(name.isidentifier() for name in placeholders(texts["en"]))


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 0, "0 findings"), ("en", 1, "1 finding;"), ("en", 2, "2 findings"), ("en", "1", "1 finding;"),
        ("fr", 0, "0 constat ;"), ("fr", 1, "1 constat ;"), ("fr", 2, "2 constats"),
        ("es", 0, "0 hallazgos"), ("es", 1, "1 hallazgo;"), ("es", 21, "21 hallazgos"),
    ],
)  # fmt: skip
def test_one_is_told_in_the_singular(language, count, said):
    assert said in sentence("source-refused", language, source="P", count=count)


@pytest.mark.parametrize("key", sorted(key for key, texts in catalogue().items() if "|" in texts["en"]))
def test_what_depends_on_a_count_has_two_forms_in_every_language(key):
    for text in catalogue()[key].values():
        for _, _, form, _ in string.Formatter().parse(text):
            assert (form or "").count("|") <= 1
            assert all(part == part.strip() for part in (form or "").split("|"))


@functools.cache
def program_text():
    files = sorted(Path(sdmx_hub.__file__).parent.rglob("*"))
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in {".py", ".html"})


def test_every_sentence_is_said_by_the_program():
    named = set(re.findall(r"[\w-]+", program_text()))
    begun = tuple(set(re.findall(r"""["']([\w-]+-)(?:\{|["'] [~+])""", program_text())))
    ended = tuple(set(re.findall(r"""\}(-[\w-]+)["']""", program_text())))
    assert [key for key in catalogue() if not (key in named or key.startswith(begun) or key.endswith(ended))] == []


def raised_keys():
    """The constant first arguments of every refusal raised in the package, by place."""
    for path in sorted(Path(sdmx_hub.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and getattr(node.func, "id", None) in REFUSALS:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    named = {keyword.arg for keyword in node.keywords}
                    yield pytest.param(first.value, named, id=f"{path.stem}-{node.lineno}-{first.value}")


def subclasses(base):
    return {base} | {below for child in base.__subclasses__() for below in subclasses(child)}


REFUSALS = {refusal.__name__ for refusal in subclasses(HubError)}


@pytest.mark.parametrize(("key", "named"), list(raised_keys()))
def test_every_refusal_has_its_sentence_and_fills_its_placeholders(key, named):
    assert key in catalogue()
    if None not in named:  # `**params` is filled elsewhere
        assert set(placeholders(catalogue()[key]["en"])) <= named


def test_a_refusal_speaks_three_languages():
    refusal = BadRequest("urn-syntax", text="x")
    assert str(refusal) == refusal.text("en")
    assert len({refusal.text(language) for language in LANGUAGES}) == 3


def test_an_unknown_language_falls_back_to_english_and_an_unknown_key_is_an_error():
    assert sentence("urn-syntax", "de", text="x") == sentence("urn-syntax", "en", text="x")
    with pytest.raises(KeyError):
        sentence("no-such-key")


@pytest.mark.parametrize(
    ("names", "language", "expected"),
    [
        ({"en": "Area", "fr": "Zone"}, "fr", "Zone"),
        ({"en": "Area", "fr": "Zone"}, "es", "Area"),
        ({"fr": "Zone"}, "es", "Zone"),
        ({}, "en", ""),
    ],
)
def test_a_translation_is_the_one_asked_for_or_english_or_any(names, language, expected):
    assert localised(names, language) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("FR;q=1.0", "fr"),
        ("de, es;q=0.8, fr;q=0.9", "fr"),
        ("es;q=0", "en"),
        ("*", "en"),
        ("es-419,es;q=0.9,en;q=0.5", "es"),
        ("fr;q=x, es", "es"),
    ],
)
def test_the_language_of_a_header_is_looked_up(header, expected):
    assert choose_language(header) == expected
