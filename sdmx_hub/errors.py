"""Refusals: one request, command or load turned down, named for what happened.

```
HubError
├─ BadRequest            the text cannot be read (a malformed key, an unknown parameter value)
├─ BadQuery              readable, but it asks for something that cannot be (an unknown dimension)
├─ NotFound              the artefact, release, run … does not exist
│  └─ NoResults          it exists, and holds nothing that matches
├─ NotAuthenticated      a credential is missing or wrong
├─ NotAllowed            the principal may not do this
├─ NotAcceptable         no format offered matches what was asked for
├─ NotBuilt              a part of the standard this server does not offer
├─ TooLarge              more than the server, or this request, allows
├─ Conflict              it would contradict what is stored (a final artefact, a lease held by another)
├─ Malformed             bytes from outside that are not what they claim to be
├─ PartnerUnavailable    a partner did not answer as it should
├─ Damaged               a stored file is missing or not what was written
├─ TryAgain              nothing is wrong, but not now
│  └─ StorageAway        the object store does not answer
└─ ConfigurationError    a setting is wrong
```

Which HTTP status or exit code each becomes is one table in ``web.errors`` and one in ``cli``. A *finding* (something
wrong in data) is a value and is never raised: see ``model.finding``.
"""

from __future__ import annotations

from sdmx_hub.language import sentence


class HubError(Exception):
    """A refusal: ``key`` names its sentence in the catalogue, ``params`` fill the placeholders."""

    def __init__(self, key: str, /, **params: object) -> None:
        self.key = key
        self.params = params
        super().__init__(sentence(key, "en", **params))

    def text(self, language: str) -> str:
        """Say the refusal in ``language``."""
        return sentence(self.key, language, **self.params)


class BadRequest(HubError):
    """The request cannot be read."""


class BadQuery(HubError):
    """The request reads well, but asks for something that cannot be."""


class NotFound(HubError):
    """What was named does not exist."""


class NoResults(NotFound):
    """What was named exists and holds nothing that matches."""


class NotAuthenticated(HubError):
    """A credential is missing or wrong."""


class NotAllowed(HubError):
    """The principal may not do this."""


class NotAcceptable(HubError):
    """No format offered matches what was asked for."""


class NotBuilt(HubError):
    """A part of the standard this server does not offer."""


class TooLarge(HubError):
    """More than the server, or this request, allows."""


class Conflict(HubError):
    """It would contradict what is stored."""


class Malformed(HubError):
    """Bytes from outside that are not what they claim to be."""


class PartnerUnavailable(HubError):
    """A partner did not answer as it should."""


class Damaged(HubError):
    """What was stored is missing, or not what was written: whoever runs the hub must act."""


class TryAgain(HubError):
    """Nothing is wrong, but not now."""


class StorageAway(TryAgain):
    """The store that keeps files for several machines does not answer."""


class ConfigurationError(HubError):
    """A setting is wrong."""
