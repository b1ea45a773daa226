"""What a JSON Schema has against a file people write, in our words: mappings, sources and pilot plans alike.

A fault is (code, path, parameters, suggestion); its code begins with what the file is: ``MAP-KEY``, ``SOURCE-KEY`` …
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path as FilePath
from typing import Any, cast

from jsonschema.exceptions import ValidationError

from sdmx_hub.errors import ConfigurationError
from sdmx_hub.language import Phrase
from sdmx_hub.mapping.document import Document, Path, shown_path
from sdmx_hub.model.finding import Finding, Where

Fault = tuple[str, Path, dict[str, object], str | None]
_LONGEST = 60
_USER = re.compile(r"//[^/@\s]*@")
_LIMITS = {
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"),
    *("minProperties", "maxProperties", "uniqueItems", "const", "pattern", "format", "None", "oneOf", "anyOf", "not"),
}
"""Kinds of limits that have words: “None” is a key that may not be there at all."""


def faults_of(error: ValidationError, kind_of_file: str) -> Iterator[Fault]:
    """Tell one error of the validator: an unknown key, a missing one, another value, or whatever limit was passed."""
    path: Path = tuple(error.absolute_path)
    kind, wanted, value = str(error.validator), cast("Any", error.validator_value), cast("Any", error.instance)
    if kind == "additionalProperties":
        known = list(cast("Any", error.schema).get("properties", ()))
        for key in value:
            if key not in known:
                told = {"key": key, "known": ", ".join(known)}
                yield f"{kind_of_file}-KEY", (*path, key), told, nearest(key, known)
    elif kind in {"required", "dependentRequired"}:
        yield f"{kind_of_file}-REQUIRED", path, {"key": error.message.split("'")[1]}, None
    elif kind == "enum":
        allowed = [str(one) for one in wanted]
        told = {"value": short(value), "allowed": ", ".join(allowed)}
        yield f"{kind_of_file}-VALUE", path, told, nearest(str(value), allowed)
    else:
        yield f"{kind_of_file}-LIMIT", path, {"value": short(value), "limit": say_limit(kind, wanted)}, None


def say_limit(kind: str, wanted: Any) -> Phrase:
    """Say what the schema allows as people read it: “a whole number”, “0 or more”."""
    if kind == "type":
        return say_types([wanted] if isinstance(wanted, str) else wanted)
    if kind in {"minLength", "minItems", "minProperties"} and wanted == 1:
        return Phrase("limit-something")
    key = f"limit-{kind}" if kind in _LIMITS else "limit-other"
    return Phrase(key, {"limit": short(wanted) if kind in _LIMITS else kind})


def say_types(names: Sequence[str]) -> Phrase:
    """Say of which kinds a value may be."""
    first, *others = [Phrase(f"limit-type-{name}") for name in names]
    return functools.reduce(lambda said, one: Phrase("limit-or", {"one": said, "other": one}), others, first)


def place_fault(document: Document, file: str | None, fault: Fault) -> Finding:
    """Make a fault a finding at its line."""
    code, path, params, suggestion = fault
    where = Where(file=file, row=document.line(path), path=shown_path(path) or None)
    return Finding(code=code, where=where, params=params, suggestion=suggestion)


@functools.cache
def read_schema(package: str, name: str) -> Mapping[str, Any]:
    """Read a published schema that comes with ``package``."""
    read: Mapping[str, Any] = json.loads((resources.files(package) / name).read_text(encoding="utf-8"))
    return read


def read_written(path: FilePath) -> str:
    """Read a file a person wrote. Raises ConfigurationError when it cannot be opened."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("configuration", where=str(path), why=type(error).__name__) from error


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Find the known word that ``text`` most likely means."""
    return next(iter(difflib.get_close_matches(text, list(known), n=1, cutoff=0.6)), None)


def short(value: Any) -> str:
    """Cut a value for a message; who stands in an address before its host is left out, for it may hold a password."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _USER.sub("//…@", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "…"
