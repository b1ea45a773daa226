"""What a request of the SDMX API asks of its answer: format, language, compression; and how the answer is sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from sdmx_hub.formats.negotiate import Chosen, choose_format
from sdmx_hub.formats.table import Api, Kind
from sdmx_hub.query.parameters import Parameters, read_target
from sdmx_hub.web.answers import Kept
from sdmx_hub.web.conditional import Validators, answer_unchanged, is_unchanged
from sdmx_hub.web.hub import current_hub
from sdmx_hub.web.languages import check_language
from sdmx_hub.web.stream import Chunk, asked_encoding, stream

EXTENSIONS: Mapping[str, str] = {
    "xml": "xml",
    "json": "json",
    "csv": "csv",
    "xlsx": "xlsx",
    "parquet": "parquet",
}
"""The extension of a saved file, by syntax."""
PACKED = frozenset({"xlsx", "parquet"})
"""Syntaxes whose files are compressed as they are."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Everything that shapes the bytes of an answer beside the question itself."""

    chosen: Chosen
    language: str
    encoding: str | None
    by_parameter: bool

    @property
    def is_page(self) -> bool:
        """Tell whether a person is looking: a browser opened the address, and named no format."""
        return self.chosen.format.syntax == "html"

    @property
    def parts(self) -> tuple[object, ...]:
        """What of this two different answers differ in."""
        return (self.chosen.content_type, *sorted(self.chosen.params.items()), self.language, self.encoding)

    def known(self, validators: Validators) -> Response | None:
        """Answer without opening anything: 304 when the client has the answer, or the answer itself when we kept it."""
        if is_unchanged(validators):
            return answer_unchanged(validators)
        kept = current_hub().answers.find(validators.digest)
        if kept is None:
            return None
        return self._told(Response(kept.body, content_type=self.chosen.content_type), validators, kept.name)

    def send(self, chunks: Iterable[Chunk], validators: Validators, name: str, *, is_whole: bool = True) -> Response:
        """Stream an answer under its exact content type; ``name`` is what it is saved as. Small whole ones are kept."""
        response = stream(chunks, content_type=self.chosen.content_type, encoding=self.encoding)
        if is_whole and response.is_sequence:
            current_hub().answers.keep(validators.digest, Kept(response.get_data(), name))
        return self._told(response, validators, name)

    def send_nothing(self, validators: Validators, name: str) -> Response:
        """Tell of an answer what HEAD asks for: its headers."""
        return self._told(Response(content_type=self.chosen.content_type), validators, name)

    def _told(self, response: Response, validators: Validators, name: str) -> Response:
        if self.encoding:
            response.headers["Content-Encoding"] = self.encoding
        response.headers["Content-Language"] = self.language
        if self.by_parameter or "text/html" in request.headers.get("Accept", ""):
            extension = EXTENSIONS.get(self.chosen.format.syntax, "txt")
            response.headers["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
        return validators.add_to(response)


def read_asked(kind: Kind, api: Api, parts: Sequence[str]) -> Asked:
    """Read what is asked of the answer; ``parts`` may carry parameters glued to the path. Raises NotAcceptable."""
    _, parameters = read_target(parts, raw_query())
    wish = parameters.get("format", "").strip()
    accept = request.headers.get("Accept")
    chosen = choose_format(kind, accept=accept, format_param=wish or None, api=api)
    version = parameters.get("formatVersion", "").strip()
    if wish and version:
        exact = f"{chosen.format.media_type};version={version}"
        chosen = choose_format(kind, accept=exact, format_param=None, api=api)
    return Asked(
        chosen=_with_options(chosen, parameters),
        language=check_language(),
        encoding=None if chosen.format.syntax in PACKED else asked_encoding(),
        by_parameter=bool(wish),
    )


def _with_options(chosen: Chosen, parameters: Parameters) -> Chosen:
    """Let ``?labels=both`` and its like do what the parameters of the media type do."""
    known = chosen.format.parameters
    asked = {name: parameters[name] for name in known if parameters.get(name) in known[name]}
    if not asked:
        return chosen
    return dataclasses.replace(chosen, params={**chosen.params, **asked}, asked={**chosen.asked, **asked})


def raw_query() -> str:
    """The query string as it came: a ``+`` in it is an AND, not a blank."""
    return request.query_string.decode("latin-1")


def raw_parts(prefix: str) -> list[str]:
    """The path behind ``prefix`` as it came, cut at its slashes, percent-encoding untouched."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    _, _, rest = raw.partition("?")[0].partition(f"{prefix}/")
    return rest.split("/")
