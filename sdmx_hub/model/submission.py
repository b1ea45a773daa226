"""What becomes of artefacts somebody submits: one result each, told in every language (SDMX REST v2.2, maintenance)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.model.message import Action


@dataclass(frozen=True)
class Told:
    """A sentence of the catalogue with what fills it; ``place`` says where in the artefact, if anywhere."""

    key: str
    params: Mapping[str, object] = field(default_factory=dict)
    place: str = ""

    def text(self, language: str) -> str:
        """Say it in ``language``, the place first."""
        said = sentence(self.key, language, **self.params)
        return f"{self.place}: {said}" if self.place else said

    @property
    def texts(self) -> Mapping[str, str]:
        """What it says, by language."""
        return {language: self.text(language) for language in LANGUAGES}


@dataclass(frozen=True, kw_only=True)
class SubmissionResult:
    """What became of one artefact: ``code`` is an HTTP status; ``fingerprint`` that of the artefact as it now is."""

    urn: str
    action: Action
    code: int
    told: tuple[Told, ...] = ()
    fingerprint: str | None = None

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing was done."""
        return self.code >= 400

    @property
    def status(self) -> str:
        """The word the registry messages of the standard have for it."""
        if self.is_refused:
            return "Failure"
        return "Warning" if len(self.told) > 1 else "Success"


def status_of_all(results: tuple[SubmissionResult, ...]) -> int:
    """The HTTP status of several results: 201 when something is new, 207 when only some were refused."""
    codes = {result.code for result in results}
    refused = {result.code for result in results if result.is_refused}
    if not refused:
        return 201 if 201 in codes else 200
    if refused != codes:
        return 207
    return refused.pop() if len(refused) == 1 else 409
