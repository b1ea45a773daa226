"""The raw query string and the path segments, decoded; everything else of this room works on these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sdmx_hub.errors import BadRequest
from sdmx_hub.query.text import decode, parse_flag, shown

LONGEST_QUERY = 1_048_576
COMMON = frozenset(
    {"format", "formatVersion", "compression", "lang", "locale", "labels", "timeFormat", "keys", "key", "strict"}
)
"""Parameters of the answer rather than of the question: read by content negotiation, known everywhere."""
_FILTER = re.compile(r"c\[([A-Za-z][A-Za-z0-9_@$-]{0,254})\]")


@dataclass(frozen=True)
class Parameters(Mapping[str, str]):
    """The parameters of one request by name, percent-encoding undone, in the order they came.

    Names are as the standard spells them; a name in other case is not taken for it.
    """

    values_by_name: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)

    def filters(self) -> dict[str, str]:
        """The values of ``c[COMPONENT]=…`` by component."""
        return {match[1]: value for name, value in self.items() if (match := _FILTER.fullmatch(name))}

    def check_known(self, names: frozenset[str]) -> None:
        """With ``strict=1``, refuse what is not among ``names``; otherwise unknown parameters are passed over."""
        if not parse_flag(self.get("strict", "0") or "1", "strict"):
            return
        unknown = [name for name in self if name not in names | COMMON and not _FILTER.fullmatch(name)]
        if unknown:
            raise BadRequest("query-unknown-parameter", found=shown(unknown[0]), allowed=", ".join(sorted(names)))


def read_parameters(raw_query: str) -> Parameters:
    """Read a raw query string. Raises BadRequest for too much text and for a parameter said twice differently."""
    if len(raw_query) > LONGEST_QUERY:
        raise BadRequest("query-too-long", part="query", most=LONGEST_QUERY)
    found: dict[str, str] = {}
    for pair in raw_query.split("&"):
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition("=")
        name = decode("query", raw_name)
        value = decode(name, raw_value)
        if found.setdefault(name, value) != value:
            raise BadRequest("query-twice", part=shown(name))
    return Parameters(found)


def read_target(path_parts: Sequence[str], raw_query: str) -> tuple[list[str], Parameters]:
    """Read path segments and query together.

    Some clients glue ``&format=…`` to the last segment when a URL had no ``?``: from the first ``&`` on, the path is
    query. Trailing slashes are dropped; an empty segment in between stays empty and means the default.
    """
    joined = "/".join(path_parts)
    if len(joined) > LONGEST_QUERY:
        raise BadRequest("query-too-long", part="path", most=LONGEST_QUERY)
    path, _, glued = joined.partition("&")
    parameters = read_parameters("&".join(part for part in (glued, raw_query) if part))
    return [decode("path", segment) for segment in path.rstrip("/").split("/")] if path.strip("/") else [], parameters


class Segments:
    """Path segments by position: what is missing is empty, and what is too many is refused."""

    def __init__(self, found: Sequence[str], names: Sequence[str], example: str) -> None:
        """Hold ``found`` against the ``names`` a path may have. Raises BadRequest when there are more."""
        if len(found) > len(names):
            raise BadRequest("query-path", found=shown("/".join(found)), allowed="/".join(names), example=example)
        self._by_name = dict(zip(names, found, strict=False))

    def __getitem__(self, name: str) -> str:
        return self._by_name.get(name, "")
