"""The slots of SDMX addresses for ``/openapi.json``: what may stand in each, with examples a person can try."""

from __future__ import annotations

from typing import Any

from sdmx_hub.formats.table import Api
from sdmx_hub.model.classes import CLASS_BY_RESOURCE
from sdmx_hub.query.request import Context

_CONTEXTS = [each.value for each in Context if each is not Context.ANY]
_ID = r"[A-Za-z0-9_@$\-]+"
_AGENCY = r"[A-Za-z][A-Za-z0-9_\-]*(\.[A-Za-z][A-Za-z0-9_\-]*)*"
_BETWEEN = {"v1": r"\+", "v2": ","}
"""What stands between values of which any will do."""

_FREE: dict[str, tuple[str, list[str]]] = {
    "flowRef": ("A dataflow: id; agency and id; or agency, id and version, parted by commas", ["ILMH,DF_STOCK_POP"]),
    "key": ("The values of the dimensions in their order, parted by dots; all or * for everything", ["all", "A.FRA"]),
    "providerRef": ("A data provider: id, or agency and id", ["all"]),
    "componentID": ("Dimensions the answer is restricted to", ["all", "SEX"]),
    "itemID": ("An item of an item scheme; what lies above it is before it, with dots", ["all", "F"]),
    "version": ("A version, a pattern of versions, or a word that means one", ["1.0.0", "~", "+", "*", "latest"]),
}


def slot(name: str, api: Api) -> dict[str, Any]:
    """Describe the parameter ``name`` of a path."""
    return {"name": name, "in": "path", "required": True, "schema": _schema(name, api)} | _said(name)


def _said(name: str) -> dict[str, str]:
    return {"description": _FREE[name][0]} if name in _FREE else {}


def _schema(name: str, api: Api) -> dict[str, Any]:
    if name == "context":
        return {"type": "string", "enum": [*_CONTEXTS, "*"]}
    if name == "artefactType":
        return {"type": "string", "enum": [*sorted(CLASS_BY_RESOURCE), "*"]}
    if name in {"agencyID", "resourceID"}:
        one, examples = (_AGENCY, ["ILMH", "SDMX"]) if name == "agencyID" else (_ID, ["DF_STOCK_POP", "CL_SEX"])
        wildcard = r"\*|all"
        pattern = f"^({wildcard}|{one}({_BETWEEN[api]}{one})*)$"
        return {"type": "string", "pattern": pattern, "examples": [*examples, "*" if api == "v2" else "all"]}
    return {"type": "string", "minLength": 1, "examples": _FREE[name][1]} if name in _FREE else {"type": "string"}
