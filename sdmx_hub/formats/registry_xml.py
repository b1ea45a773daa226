"""Registry messages of SDMX-ML 2.1, 3.0 and 3.1 (``RegistryInterface``): what all of them have in common.

A body is text inside the message's element, written with the prefixes ``common``, ``structure`` and ``registry``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sdmx_hub.formats.render_xml import DECLARATION, escape
from sdmx_hub.model.message import Header
from sdmx_hub.model.submission import SubmissionResult, Told

EDITIONS: Mapping[str, str] = {"2.1": "v2_1", "3.0.0": "v3_0", "3.1.0": "v3_1"}
"""The edition in the namespaces, by the version of the media type."""
NOBODY = "NOT_SUPPLIED"
"""The receiver the schema asks for, where nobody said who that is."""
SPACES = ("message", "common", "structure", "registry")


def write_interface(name: str, body: str, header: Header, version: str) -> bytes:
    """Write a registry message: ``body`` inside the element ``name``."""
    base = f"http://www.sdmx.org/resources/sdmxml/schemas/{EDITIONS[version]}"
    spaces = "".join(f' xmlns:{space}="{base}/{space}"' for space in SPACES)
    names = "".join(
        f'<common:Name xml:lang="{language}">{escape(text)}</common:Name>'
        for language, text in header.sender_names.items()
    )
    return (
        f"{DECLARATION}<message:RegistryInterface{spaces}>\n"
        f"<message:Header><message:ID>{escape(header.id)}</message:ID>"
        f"<message:Test>{'true' if header.test else 'false'}</message:Test>"
        f"<message:Prepared>{header.prepared:%Y-%m-%dT%H:%M:%SZ}</message:Prepared>"
        f'<message:Sender id="{escape(header.sender_id)}">{names}</message:Sender>'
        f'<message:Receiver id="{NOBODY}"/></message:Header>\n'
        f"<message:{name}>\n{body}</message:{name}>\n</message:RegistryInterface>\n"
    ).encode()


def status_message(status: str, told: Iterable[Told], code: int | None = None) -> str:
    """Write a status with its sentences, each in every language."""
    number = f' code="{code}"' if code is not None else ""
    messages = "".join(f"<registry:MessageText{number}>{_texts(one)}</registry:MessageText>" for one in told)
    return f'<registry:StatusMessage status="{status}">{messages}</registry:StatusMessage>\n'


def _texts(told: Told) -> str:
    return "".join(
        f'<common:Text xml:lang="{language}">{escape(text)}</common:Text>' for language, text in told.texts.items()
    )


def write_submission(results: Iterable[SubmissionResult], header: Header, version: str) -> bytes:
    """Write a SubmitStructureResponse: what became of each artefact."""
    body = "".join(_result(result, version) for result in results)
    return write_interface("SubmitStructureResponse", body, header, version)


def _result(result: SubmissionResult, version: str) -> str:
    urn = escape(result.urn)
    named = f"<URN>{urn}</URN>" if version == "2.1" else urn
    return (
        "<registry:SubmissionResult>"
        f'<registry:SubmittedStructure action="{result.action.name.capitalize()}">'
        f"<registry:MaintainableObject>{named}</registry:MaintainableObject></registry:SubmittedStructure>"
        f"{status_message(result.status, result.told, result.code)}</registry:SubmissionResult>\n"
    )
