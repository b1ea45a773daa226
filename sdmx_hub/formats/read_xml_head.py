"""The head of an SDMX-ML data message: everything up to the first data set. Runs in the sandbox; refuses any DTD."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from sdmx_hub.errors import Malformed

CHUNK = 1 << 16
DEEPEST = 64
MOST_ATTRIBUTES = 400
LONGEST_TEXT = 1 << 20
_MOST_NOTES = 20


class _Stop(Exception):
    """The first data set begins."""


def local(name: str) -> str:
    """Cut the prefix off a qualified name."""
    return name.rpartition(":")[2]


class SafeParser:
    """An expat parser that refuses DTDs, deep nesting and very many attributes, and says where a file is broken."""

    def __init__(self) -> None:
        self.expat = expat.ParserCreate()
        self.expat.buffer_text = True
        self.expat.ordered_attributes = True
        self.expat.StartDoctypeDeclHandler = self._refuse_doctype
        self.path: list[str] = []

    def _refuse_doctype(self, *_: object) -> None:
        raise Malformed("xml-doctype", line=self.expat.CurrentLineNumber)

    def enter(self, name: str, attributes: list[str]) -> None:
        """Go down one element."""
        self.path.append(local(name))
        if len(self.path) > DEEPEST:
            raise Malformed("xml-deep", line=self.expat.CurrentLineNumber, most=DEEPEST)
        if len(attributes) > 2 * MOST_ATTRIBUTES:
            raise Malformed("xml-attributes", line=self.expat.CurrentLineNumber, most=MOST_ATTRIBUTES)

    def leave(self, _: str) -> None:
        """Go up one element."""
        self.path.pop()

    def parse(self, path: Path) -> None:
        """Feed a file to the end. Raises Malformed with line and column."""
        with path.open("rb") as stream:
            try:
                while chunk := stream.read(CHUNK):
                    self.expat.Parse(chunk, False)
                self.expat.Parse(b"", True)
            except expat.ExpatError as error:
                raise Malformed(
                    "xml-broken", line=error.lineno, column=error.offset + 1, why=expat.ErrorString(error.code)
                ) from error
            except (LookupError, ValueError) as error:  # an encoding nobody knows, or one of several bytes a letter
                raise Malformed("xml-encoding", why=str(error)[:100]) from error


class _Head(SafeParser):
    def __init__(self) -> None:
        super().__init__()
        self.expat.namespace_prefixes = True
        self.expat.StartElementHandler = self._start
        self.expat.EndElementHandler = self._end
        self.expat.CharacterDataHandler = self._characters
        self.text = ""
        self.found: dict[str, Any] = {"header": {}, "structures": [], "datasets": [], "notes": []}

    def _start(self, name: str, attributes: list[str]) -> None:
        self.enter(name, attributes)
        self.text = ""
        given = dict(zip(attributes[::2], attributes[1::2], strict=True))
        if len(self.path) == 1:
            self.found["root"] = self.path[0]
            self.found["names"] = {key: value for key, value in given.items() if key.startswith("xmlns")}
        handler = _STARTS.get(self.path[-1])
        if handler:
            handler(self, given)

    def _end(self, name: str) -> None:
        handler = _ENDS.get(self.path[-1])
        if handler:
            handler(self, self.text.strip())
        self.text = ""
        self.leave(name)

    def _characters(self, text: str) -> None:
        self.text += text
        if len(self.text) > LONGEST_TEXT:
            raise Malformed("xml-text", line=self.expat.CurrentLineNumber)

    def sender(self, given: dict[str, str]) -> None:
        """``Sender`` of the header."""
        self.found["header"]["sender"] = given.get("id", "")

    def structure(self, given: dict[str, str]) -> None:
        """``Structure`` of the header, or the one inside it."""
        if "structureID" in given:
            self.found["structures"].append({local(key): value for key, value in given.items()})

    def ref(self, given: dict[str, str]) -> None:
        """``Ref``: agency, id and version of what is described; the parent element says the class."""
        if self.found["structures"] and len(self.path) > 2:
            self.found["structures"][-1] |= {
                "class": self.path[-2],
                "agency": given.get("agencyID", ""),
                "id": given.get("id", ""),
                "version": given.get("version", "1.0"),
            }

    def urn(self, text: str) -> None:
        """A URN, as text of ``StructureUsage``, ``Structure`` or ``URN``."""
        if text.startswith("urn:sdmx:") and self.found["structures"]:
            self.found["structures"][-1]["urn"] = text

    def scalar(self, text: str) -> None:
        """A plain element of the header, directly inside it."""
        if self.path[-2:-1] == ["Header"] and text:
            self.found["header"].setdefault(self.path[-1], text)

    def dataset(self, given: dict[str, str]) -> None:
        """The first ``DataSet``: its attributes end the head."""
        self.found["datasets"].append(given)
        raise _Stop

    def message(self, given: dict[str, str]) -> None:
        """A message of the footer or of an error: its code."""
        self.found["notes"].append({"code": given.get("code", ""), "text": ""})

    def note(self, text: str) -> None:
        """A text of the footer or of an error."""
        notes = self.found["notes"]
        if notes and len(notes) <= _MOST_NOTES and text and len(notes[-1]["text"]) < 500:
            notes[-1]["text"] = f"{notes[-1]['text']} {text[:500]}".strip()


_STARTS: dict[str, Callable[[_Head, dict[str, str]], None]] = {
    "Sender": _Head.sender,
    "Structure": _Head.structure,
    "Ref": _Head.ref,
    "DataSet": _Head.dataset,
    "Message": _Head.message,
    "ErrorMessage": _Head.message,
}
_ENDS: dict[str, Callable[[_Head, str], None]] = {
    "Structure": _Head.urn,
    "StructureUsage": _Head.urn,
    "ProvisionAgrement": _Head.urn,  # the spelling of SDMX 2.1
    "ProvisionAgreement": _Head.urn,
    "URN": _Head.urn,
    "Text": _Head.note,
    "ID": _Head.scalar,
    "Test": _Head.scalar,
    "Prepared": _Head.scalar,
    "DataSetAction": _Head.scalar,
    "EmbargoDate": _Head.scalar,
}


def read_head(path: str) -> dict[str, Any]:
    """Read the head of a message: header, structures, attributes of the first data set, messages of a footer.

    ``datasets`` is empty when the message holds none; then the whole file has been read. Raises Malformed.
    """
    head = _Head()
    with contextlib.suppress(_Stop):
        head.parse(Path(path))
    return head.found
