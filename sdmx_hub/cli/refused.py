"""What a command says that did not end well, in the user's language.

Refusals know their sentences. Words that cannot be read are told by click, in English: its sentences are recognised by
the English ones of our catalogue and said anew. What the machine refuses (a full disk, a database that does not answer,
a file nobody may write) becomes a refusal too: whoever runs a hub is told what to do, and not where the program was.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import string
from collections.abc import Iterator, Sequence

import click

from sdmx_hub.errors import ConfigurationError, HubError, TryAgain
from sdmx_hub.language import catalogue, sentence

USAGE = (
    "usage-no-option",
    "usage-no-command",
    "usage-no-such-hint",
    "usage-no-such-hints",
    "usage-missing-command",
    "usage-missing-argument",
    "usage-missing-option",
    "usage-choose-from",
    "usage-extra-argument",
    "usage-extra-arguments",
    "usage-option-value",
    "usage-option-no-value",
    "usage-invalid-variable",
    "usage-invalid-for",
    "usage-invalid",
    "usage-not-number",
    "usage-not-in-range",
    "usage-not-moment",
    "usage-not-moments",
    "usage-not-there",
    "usage-is-file",
    "usage-is-directory",
    "usage-not-readable",
    "usage-not-writable",
    "usage-not-choices",
    "usage-not-choice",
    "usage-integer",
    "usage-integer-range",
    "usage-float",
    "usage-float-range",
    "usage-file",
    "usage-directory",
    "usage-path",
)
"""The sentences of click that our commands can cause; the first that fits is taken."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_SPACE = os.strerror(errno.ENOSPC)
MISSING = frozenset({errno.ENOENT, errno.ENOTDIR})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def troubles() -> tuple[type[Exception], ...]:
    """What the machine raises when it refuses. Evaluated only when something was raised: the imports are slow."""
    import duckdb  # noqa: PLC0415 - as the docstring says

    from sdmx_hub.store.database import DatabaseTrouble  # noqa: PLC0415

    return OSError, DatabaseTrouble, duckdb.OperationalError, duckdb.FatalException


def as_refusal(error: Exception) -> HubError | None:
    """Say what the machine refused; None where it is no refusal but a fault of the program."""
    if isinstance(error, OSError):
        return _of_file(error)
    why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if type(error).__module__.partition(".")[0] == "sqlalchemy":
        return _of_database(error, why)
    return TryAgain("machine-full", where=why) if _NO_SPACE in why else TryAgain("machine-engine", why=why)


def _of_file(error: OSError) -> HubError:
    where = error.filename2 or error.filename or "–"  # of a copy, what is written
    if error.errno in FULL:
        return TryAgain("machine-full", where=where)
    if error.errno in FORBIDDEN:
        return ConfigurationError("machine-forbidden", where=where)
    if error.errno in MISSING:
        return ConfigurationError("machine-missing", where=where)
    return HubError("machine-file", where=where, why=error.strerror or str(error))


def _of_database(error: Exception, why: str) -> HubError | None:
    kind = type(error).__name__
    if kind == "OperationalError":
        return TryAgain("machine-database", why=why)
    return ConfigurationError("machine-no-database", why=why) if kind == "DatabaseError" else None


def usage_text(error: click.ClickException, language: str) -> str:
    """Say what cannot be read on the command line, and where help is."""
    context = getattr(error, "ctx", None)
    lines = []
    if context is not None:
        lines = [context.get_usage(), sentence("usage-help", language, command=context.command_path), ""]
    return "\n".join([*lines, sentence("usage-error", language, message=_say(error.format_message(), language))])


def _say(text: str, language: str) -> str:
    """Say a sentence of click, and the sentences and words inside it, in ``language``."""
    for keys, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            inner = {name: _say(value, language) for name, value in found.groupdict().items()}
            return " ".join(sentence(key, language, **_named(key, inner)) for key in keys)
    return text


def _named(key: str, values: dict[str, str]) -> dict[str, str]:
    return {name: values[name] for _, name, _, _ in string.Formatter().parse(catalogue()[key]["en"]) if name}


@functools.cache
def _patterns() -> Sequence[tuple[tuple[str, ...], re.Pattern[str]]]:
    return list(_all_patterns())


def _all_patterns() -> Iterator[tuple[tuple[str, ...], re.Pattern[str]]]:
    # A missing command or option may be followed by what there is instead: two sentences, told as two.
    after = ("usage-no-such-hint", "usage-no-such-hints", "usage-choose-from")
    for first in ("usage-no-option", "usage-no-command", "usage-missing-argument", "usage-missing-option"):
        yield from (((first, second), _pattern(first, second)) for second in after)
    yield from (((key,), _pattern(key)) for key in USAGE)


def _pattern(*keys: str) -> re.Pattern[str]:
    parts = string.Formatter().parse(" ".join(catalogue()[key]["en"] for key in keys))
    return re.compile(
        "".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, _, _ in parts), re.DOTALL
    )
