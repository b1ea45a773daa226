"""The files of a table by period: a pattern of names, and the period each name tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sdmx_hub.errors import BadRequest

MOST_FILES = 5_000
_HOLE = re.compile(r"\{period(?::([^{}]*))?\}")
_PARTS = {
    "Y": ("y", "[0-9]{4}"),
    "m": ("m", "0[1-9]|1[0-2]"),
    "d": ("d", "0[1-9]|[12][0-9]|3[01]"),
    "q": ("q", "[1-4]"),
}
_FORM = re.compile(r"%(.)|([^%]+)")


@dataclass(frozen=True)
class FilePattern:
    """A pattern such as ``data/permits_{period:%Y-%m}.xlsx``, below ``folder``. See ``parse_pattern``."""

    text: str
    expression: re.Pattern[str]
    glob: str

    def files(self, folder: Path) -> Iterator[tuple[Path, str]]:
        """Find the files below ``folder``, in the order of their periods, each with its period."""
        found = []
        for path in folder.glob(self.glob):
            name = path.relative_to(folder).as_posix()
            match = self.expression.fullmatch(name)
            if match and path.is_file():
                found.append((_period(match), name, path))
        for period, _, path in sorted(found)[:MOST_FILES]:
            yield path, period

    def period(self, path: Path) -> str:
        """The period the name of a file tells, wherever it lies; empty when it does not fit."""
        parts = self.text.count("/") + 1
        match = self.expression.fullmatch("/".join(path.parts[-parts:]))
        last = match or parse_pattern(self.text.rpartition("/")[2]).expression.fullmatch(path.name)
        return _period(last) if last else ""


def parse_pattern(text: str) -> FilePattern:
    """Read a pattern: ``*`` is any part of a name, ``{period}`` any text and told, ``{period:%Y-%m}`` a period.

    ``%Y`` is a year, ``%m`` a month, ``%q`` a quarter, ``%d`` a day. Raises BadRequest for one that cannot be read, has
    several periods, or leads out of its folder.
    """
    if text.startswith(("/", "~")) or ".." in text.split("/") or "\\" in text or re.match("[A-Za-z]:", text):
        raise BadRequest("files-outside", pattern=text)
    expression, glob, place = "", "", 0
    holes = list(_HOLE.finditer(text))
    if len(holes) > 1:
        raise BadRequest("files-pattern", pattern=text)
    for hole in holes:
        expression += _plain(text[place : hole.start()]) + _hole(hole[1], text)
        glob += text[place : hole.start()] + "*"
        place = hole.end()
    expression += _plain(text[place:])
    glob += text[place:]
    if re.search(r"[{}\[\]]", glob) or "**" in text:
        raise BadRequest("files-pattern", pattern=text)
    return FilePattern(text, re.compile(expression), re.sub(r"\*+", "*", glob).replace("?", "[?]"))


def _plain(text: str) -> str:
    return "[^/]*".join(map(re.escape, text.split("*")))


def _hole(form: str | None, text: str) -> str:
    if form is None:
        return "(?P<any>[^/]+)"
    made, met = "", set()
    for sign, plain in _FORM.findall(form):
        if plain:
            made += re.escape(plain)
            continue
        if sign not in _PARTS or sign in met:
            raise BadRequest("files-pattern", pattern=text)
        met.add(sign)
        made += f"(?P<{_PARTS[sign][0]}>{_PARTS[sign][1]})"
    if "Y" not in met or {"m", "q"} <= met or ("d" in met and "m" not in met) or form.endswith("%"):
        raise BadRequest("files-pattern", pattern=text)
    return made


def _period(match: re.Match[str]) -> str:
    found = match.groupdict()
    if "any" in found:
        return found["any"]
    if "q" in found:
        return f"{found['y']}-Q{found['q']}"
    return "-".join(found[part] for part in ("y", "m", "d") if part in found)
