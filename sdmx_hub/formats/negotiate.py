"""Content negotiation: which format answers a request, by ``Accept``, ``?format=``, or the default of the API.

REST API v1.5 and v2.2, "Content negotiation"; what real clients send is lenient reading made of: generic types, missing
versions, working-draft versions, version patterns, foreign parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sdmx_hub.errors import NotAcceptable
from sdmx_hub.formats.media_range import MediaRange, latest, parse_accept, version_matches
from sdmx_hub.formats.table import ALIAS_PARAMETERS, GENERIC_TYPES, Api, Format, Kind, formats_of


@dataclass(frozen=True)
class Chosen:
    """The format that answers, and its parameters: every one it knows, as asked for or at its default."""

    format: Format
    params: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """What the response says: the exact media type, the version, and the parameters that were asked for.

        Parameters are SDMX's own: a media type of everyday life has none of them.
        """
        if not self.format.version:
            return self.format.content_type
        return self.format.content_type + "".join(f";{name}={value}" for name, value in self.asked.items())


def choose_format(kind: Kind, *, accept: str | None, format_param: str | None, api: Api) -> Chosen:
    """Choose by ``?format=`` (an id, an alias or a media type), else by ``Accept``, else the default of ``api``.

    Where both name the same syntax, ``Accept`` fixes version and parameters, unless ``?format=`` gives the id of one
    format. A page (``html``) is chosen only for who names ``text/html``. Raises NotAcceptable, naming what is offered.
    """
    offered = formats_of(kind, api)
    ranges = parse_accept(accept or "*/*") or parse_accept("*/*")
    wish = (format_param or "").strip()
    if not wish:
        chosen = _by_accept(ranges, offered)
    elif "/" in wish:
        chosen = _by_accept(parse_accept(wish.replace(" ", "+", 1)), offered)
    else:
        chosen = _by_alias(wish.lower(), ranges, offered)
    if chosen is None:
        raise NotAcceptable(
            "format-not-offered",
            asked=(wish or accept or "")[:200],
            offered=", ".join(row.short_id if wish and "/" not in wish else row.content_type for row in offered),
        )
    return chosen


def _by_alias(alias: str, ranges: Sequence[MediaRange], offered: Sequence[Format]) -> Chosen | None:
    named = [row for row in offered if alias in row.aliases or row.is_named(alias)]
    if not named:
        return None
    everyday = {media_type for types in GENERIC_TYPES.values() for media_type in types}
    exact = [each for each in ranges if each.specificity > 1 and each.media_type not in everyday]
    vague = [each for each in ranges if each.specificity > 1 and each.media_type in everyday]
    is_one = named[0].is_named(alias) or named[0].by_name
    wider = named if is_one else [row for row in offered if row.syntax == named[0].syntax]
    chosen = _by_accept(exact, wider) or _by_accept(vague, named) or _chosen(named[0], {})
    asked = {**_accepted(chosen.format, ALIAS_PARAMETERS.get(alias, {})), **chosen.asked}
    return _chosen(chosen.format, asked)


def _by_accept(ranges: Sequence[MediaRange], offered: Sequence[Format]) -> Chosen | None:
    refused = [each for each in ranges if each.quality == 0]
    for wanted in ranges:
        if wanted.quality == 0:
            break
        matching = [row for row in offered if _matches(wanted, row) and not _is_refused(row, wanted, refused)]
        if matching:
            row = _preferred(wanted, matching)
            return _chosen(row, _accepted(row, wanted.parameters))
    return None


def _is_refused(row: Format, wanted: MediaRange, refused: Iterable[MediaRange]) -> bool:
    return any(each.specificity > wanted.specificity and _matches(each, row) for each in refused)


def _preferred(wanted: MediaRange, matching: Sequence[Format]) -> Format:
    if "+" in wanted.parameters.get("version", ""):
        newest = latest([row.version for row in matching])
        return next(row for row in matching if row.version == newest)
    by_right = (row for row in matching if row.media_type == wanted.media_type)
    return next(by_right, matching[0])


def _matches(wanted: MediaRange, row: Format) -> bool:
    if row.by_name or (row.syntax == "html" and wanted.specificity < 2):
        return False
    types = (row.media_type, *row.synonyms, *GENERIC_TYPES[row.syntax])
    if not any(wanted.covers(media_type) for media_type in types):
        return False
    version = wanted.parameters.get("version")
    fits = version is None or not row.version or version_matches(version, row.version)
    return fits and _values_fit(row, wanted.parameters)


def _values_fit(row: Format, parameters: Mapping[str, str]) -> bool:
    return all(
        parameters[name.lower()] in values for name, values in row.parameters.items() if name.lower() in parameters
    )


def _accepted(row: Format, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a range the format knows, under their own spelling; a value it does not know is left out."""
    return {
        name: parameters[name.lower()]
        for name, values in row.parameters.items()
        if parameters.get(name.lower()) in values
    }


def _chosen(row: Format, asked: Mapping[str, str]) -> Chosen:
    defaults = {name: values[0] for name, values in row.parameters.items()}
    return Chosen(row, {**defaults, **asked}, dict(asked))
