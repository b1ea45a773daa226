"""The tables of docs/reference.md, drawn from the code they describe.

``python -m tests.reference`` writes them, and those of docs/content.md, anew between their marks; ``test_docs`` fails
when they are out of date.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib.util
import inspect
import re
import tempfile
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
from flask import Flask

from sdmx_hub import cli, language
from sdmx_hub.cli import context
from sdmx_hub.cli.admin import make_home
from sdmx_hub.config import PREFIX, Settings
from sdmx_hub.errors import HubError
from sdmx_hub.formats.sniff import DATA_MESSAGES
from sdmx_hub.formats.table import ALIAS_PARAMETERS, FORMATS, GENERIC_TYPES, Format, formats_of
from sdmx_hub.mapping.standard.limits import LIMITS
from sdmx_hub.model.classes import CLASS_BY_RESOURCE
from sdmx_hub.query import others, urls_v1
from sdmx_hub.query.metadata import METADATA_V1, METADATA_V2
from sdmx_hub.query.options import AVAILABILITY_V1, AVAILABILITY_V2, DATA_V1, DATA_V2
from sdmx_hub.query.parameters import COMMON
from sdmx_hub.web.app import create_app
from sdmx_hub.web.errors import STATUSES
from sdmx_hub.web.limits import LONGEST_URL
from tests import content_tables, dialect_tables
from tests.tables import ROOT, coded, table, written

REFERENCE = ROOT / "docs" / "reference.md"
SOURCE = ROOT / "sdmx_hub"

ENDINGS = {
    0: "done",
    1: "failed",
    2: "usage: the command line cannot be read",
    3: "findings of severity error",
    4: "partial: some of several succeeded",
    5: "not found",
    69: "a partner is unavailable",
    75: "not now, try again",
    77: "not allowed",
    78: "configuration",
}


# Commands


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by its full name, groups first."""
    for name, place in cli.COMMANDS.items():
        if importlib.util.find_spec(f"sdmx_hub.cli.{place.partition(':')[0]}") is None:
            continue
        command = cli.cli.get_command(click.Context(cli.cli), name)
        assert command is not None
        yield from _and_below(f"sdmx-hub {name}", command)


def _and_below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            yield from _and_below(f"{name} {below}", one)


def options_of(command: click.Command) -> list[click.Option]:
    """The options of a command, --help left out."""
    return [one for one in command.params if isinstance(one, click.Option) and not one.hidden]


def commands_text() -> str:
    """Every command: what it does, how it is called, its options."""
    return "\n\n".join(_command_text(name, command) for name, command in [("sdmx-hub", cli.cli), *commands()])


def _command_text(name: str, command: click.Command) -> str:
    told, _, examples = inspect.cleandoc(command.help or "").replace("\b\n", "").partition("Examples:")
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    parts = [f"### `{name}`", " ".join(told.split("\n\n")[0].split())]
    parts += [" ".join(paragraph.split()) for paragraph in told.split("\n\n")[1:] if paragraph.strip()]
    parts.append(f"Usage: `{name} {usage}`")
    rows = [_option_row(one) for one in options_of(command)]
    parts += [table(("option", "meaning"), rows)] if rows else []
    shown = textwrap.dedent(examples.strip("\n"))
    parts += [f"```\n{shown.rstrip()}\n```"] if shown.strip() else []
    return "\n\n".join(parts)


def _option_row(option: click.Option) -> tuple[str, str]:
    names = "/".join(option.opts)
    if not option.is_flag:
        kind = option.type
        is_choice = isinstance(kind, click.Choice)
        names += " " + ("|".join(map(str, kind.choices)) if is_choice else option.make_metavar(_NO))
    told = option.help or ("Show the version and exit." if option.name == "version" else "")
    if option.show_default and option.default is not None and not option.is_flag:
        told += f" Default: `{option.default}`."
    if option.required:
        told += " Required."
    if option.envvar:
        told += f" Environment: `{option.envvar}`."
    return f"`{names}`", told


_NO = click.Context(click.Command("none"))


# Settings and endings


def settings_text() -> str:
    """Every setting, its name in the environment, its default."""
    rows = [
        (f"`{one.name}`", f"`{PREFIX}{one.name.upper()}`", f"`{_shown(one.default)}`", one.metadata["explained"])
        for one in dataclasses.fields(Settings)
    ]
    return table(("setting", "environment", "default", "meaning"), rows)


def _shown(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else f'"{default}"' if default == "" else str(default)


def exits_text() -> str:
    """Every exit code, and the refusals that become it."""
    rows = []
    for code, meaning in ENDINGS.items():
        named = [kind.__name__ for kind, one in context.EXIT_CODES if one == code]
        rows.append((str(code), meaning, coded(named)))
    return table(("code", "meaning", "refusals"), rows)


def statuses_text() -> str:
    """What each refusal becomes over HTTP."""
    rows = []
    for row in STATUSES:
        told = (
            (inspect.getdoc(row.refusal) or "").partition("\n")[0] if row.refusal is not HubError else "Anything else."
        )
        rows.append((f"`{row.refusal.__name__}`", told, str(row.sdmx), str(row.v1), str(row.v2), str(row.plain)))
    return table(("refusal", "meaning", "SDMX error", "REST v1", "REST v2", "pages, /api"), rows)


# Endpoints


def routes() -> Iterator[tuple[str, list[str], str]]:
    """Every address of the hub: rule, methods, the first line of what serves it."""
    with tempfile.TemporaryDirectory() as folder:
        app = _app(Path(folder) / "home")
        for rule in app.url_map.iter_rules():
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            served = app.view_functions[rule.endpoint]
            yield rule.rule, methods, (inspect.getdoc(served) or "").partition("\n")[0]


def _app(home: Path) -> Flask:
    hub = context.HubContext(home=home, settings=Settings())
    make_home(hub)
    app = create_app(database=hub.database, registry=hub.registry, observations=hub.observations, settings=hub.settings)
    hub.database.close()
    return app


def endpoints_text() -> str:
    """Addresses that are not SDMX REST; the JSON twin of a page stands beside it."""
    told: dict[str, list[str]] = {}
    for rule, methods, sentence in routes():
        if rule.startswith(("/sdmx/", "/static/")):
            continue
        told.setdefault(f"{'/'.join(methods)}|{sentence}", []).append(rule)
    rows = []
    for key, rules in told.items():
        methods_shown, _, sentence = key.partition("|")
        rows.append((", ".join(f"`{rule}`" for rule in rules), methods_shown, sentence.replace("``", "`")))
    return table(("address", "method", "answer"), sorted(rows))


RESOURCES: Sequence[tuple[str, str, frozenset[str]]] = (
    ("/sdmx/v1/data", "{flowRef}/{key}/{providerRef}", DATA_V1),
    ("/sdmx/v1/availableconstraint", "{flowRef}/{key}/{providerRef}/{componentID}", AVAILABILITY_V1),
    ("/sdmx/v1/schema", "{context}/{agencyID}/{resourceID}/{version}", others.SCHEMA),
    ("/sdmx/v1/metadata", "{flowRef}/{key}/{providerRef}", METADATA_V1),
    ("/sdmx/v1/{resource}", "{agencyID}/{resourceID}/{version}/{itemID}", others.STRUCTURE),
    ("/sdmx/v2/data", "{context}/{agencyID}/{resourceID}/{version}/{key}", DATA_V2),
    (
        "/sdmx/v2/availability",
        "{context}/{agencyID}/{resourceID}/{version}/{key}/{componentID}",
        AVAILABILITY_V2,
    ),
    ("/sdmx/v2/schema", "{context}/{agencyID}/{resourceID}/{version}", others.SCHEMA),
    ("/sdmx/v2/structure", "{artefactType}/{agencyID}/{resourceID}/{version}/{itemID}", others.STRUCTURE),
    ("/sdmx/v2/metadata/metadataset", "{providerID}/{metadatasetID}/{version}", METADATA_V2),
    ("/sdmx/v2/metadata/metadataflow", "{agencyID}/{resourceID}/{version}/{providerRef}", METADATA_V2),
    ("/sdmx/v2/metadata/structure", "{artefactType}/{agencyID}/{resourceID}/{version}", METADATA_V2),
)


def rest_text() -> str:
    """The resources of both editions of SDMX REST."""
    rows = [(f"`{place}`", f"`{slots}`", coded(sorted(known))) for place, slots, known in RESOURCES]
    return "\n\n".join(
        [
            table(("resource", "slots of the path", "parameters"), rows),
            f"Everywhere: {coded(sorted(COMMON))}; data and availability of v2 also `c[COMPONENT]`.",
            f"`{{resource}}` of v1: {coded(urls_v1.RESOURCES)}.",
            f"`{{artefactType}}` of v2: {coded(CLASS_BY_RESOURCE)}, or `*`.",
            f"Path and query together may have {LONGEST_URL} bytes.",
        ]
    )


# Formats


def formats_text() -> str:
    """Every format, what it is called, and where it is the default."""
    rows = []
    for row in FORMATS:
        parameters = "; ".join(f"`{name}`: {coded(values)}" for name, values in row.parameters.items())
        names = coded(dict.fromkeys((row.short_id, *row.aliases)))
        rows.append((f"`{row.id}`", ", ".join(_kinds(row)), f"`{row.content_type}`", names, parameters))
    heading = ("id", "of", "media type", "`?format=`, beside the id", "parameters, the default first")
    generic = "; ".join(
        f"{coded(types)} any {syntax.upper()}" for syntax, types in GENERIC_TYPES.items() if types and syntax != "html"
    )
    extra = "; ".join(
        f"`{alias}` also says " + ", ".join(f"`{name}={value}`" for name, value in said.items())
        for alias, said in ALIAS_PARAMETERS.items()
    )
    return "\n\n".join(
        [
            table(heading, rows),
            f"Generic types stand for formats too: {generic}; {extra}.",
            "Read by `load`, `check` and harvests: " + ", ".join(sorted(kind.value for kind in DATA_MESSAGES)) + ".",
        ]
    )


def _kinds(row: Format) -> Iterator[str]:
    for kind in ("data", "structure", "availability", "schema", "metadata"):
        if kind in row.kinds:
            first = [api for api in ("v1", "v2") if formats_of(kind, api)[0] is row]  # type: ignore[arg-type]
            yield kind + (f" (default of {' and '.join(first)})" if first else "")


# Findings

REFUSED_FILES = ("guard-", "sniff-", "read-", "csv-", "xml-", "json-", "sandbox-", "workbook-", "structures-json",
                 "structures-xml", "structures-csv", "structures-format", "structures-no-")  # fmt: skip
"""Beginnings of the keys of refusals that a report about a file tells as findings."""
SEVERITIES: Mapping[str, str] = {
    **dict.fromkeys(("STD-LAYOUT", "STD-PLACE", "STD-NUMBER", "STD-TOKEN", "STD-SOURCE-FIXED"), "info"),
    **dict.fromkeys(
        (
            "STD-SPLIT",
            "STD-GROUP",
            "STD-NAMES",
            "STD-AGE",
            "STD-SKIP",
            "STD-SUM",
            "STD-TOTALS",
            "STD-CUMULATIVE",
            "STD-SHARES",
            "STD-UNITS",
            "STD-ROUNDING",
            "STD-TEXTS",
            "STD-EDITION",
        ),
        "warning",
    ),
    "TEMPLATE-EMPTY": "warning",
    "ART-ACTUAL": "info",
    "ART-LANGUAGE": "error for a name, warning for a description",
    "ART-MISSING": "error; warning with --allow-missing",
    "CHECK-MORE": "info",
    "M15-GAP": "error; warning with gaps: missing",
    "M25-EXACT": "warning",
    "MAP-MORE": "info",
    "PROV-01": "error; warning with --override PROV-01",
    "READ-EMPTY": "warning",
    "READ-NOTE": "error; warning where there are data",
    **dict.fromkeys(("SOURCE-CODE", "SOURCE-DATAFLOW", "SOURCE-DIMENSION", "SOURCE-KEY-LONG"), "warning"),
    "SUM-01": "error; warning with --override SUM-01",
    "SUM-SKIP": "info",
    "TEXT-LOST": "warning",
    "TEXT-TWICE": "warning",
    "V05-AGREEMENT": "warning",
    "V11": "error; warning with --override V11",
    "V12": "error; warning with --override V12",
    "V12-QUOTA": "warning",
    "V13": "error; warning with --override V13",
    "V14": "warning",
    "V15": "warning",
    "V15-HELD": "warning",
    "V16": "warning",
    "V18-SIZE": "warning",
    "file-orphan": "info",
    "harvest-content-type": "warning",
    "harvest-structure-adopted": "info",
    "harvest-structure-codes": "warning",
    "harvest-structures-none": "info",
    "source-overlap": "warning",
    **dict.fromkeys(
        (f"source-dialect-{name}" for name in ("api", "delta", "pages", "split", "structures")),
        "warning",
    ),
}
"""How grave a finding is that is not always an error."""


_ONE_OR_MANY = re.compile(r"\{\w+:[^{}|]*\|([^{}|]*)\}")
"""Where a sentence has two forms, the one for many is shown."""


@functools.cache
def sentences() -> dict[str, str]:
    """Every sentence of the catalogue in English, by key."""
    found: dict[str, str] = {}
    for path in sorted(Path(language.__file__).parent.glob("catalogue/*.toml")):
        found |= {key: row["en"] for key, row in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    return {key: _ONE_OR_MANY.sub(r"\1", text) for key, text in found.items()}


@functools.cache
def stated_findings() -> dict[str, set[str]]:
    """Codes that the program names where it makes a finding, with the severities it names there."""
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                code, severities = _stated(node)
                if code:
                    found.setdefault(code, set()).update(severities)
    return found


def _stated(call: ast.Call) -> tuple[str | None, set[str]]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in {"Finding", "finding"}:
        return None, set()
    words = {keyword.arg: keyword.value for keyword in call.keywords}
    code = words.get("code") or (call.args[0] if call.args else None)
    if not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
        return None, set()
    severity = words.get("severity")
    named = {one.attr.lower() for one in ast.walk(severity) if isinstance(one, ast.Attribute)} if severity else set()
    return code.value, named & {"error", "warning", "info"} or ({"error"} if severity is None else set())


def finding_codes() -> list[str]:
    """Every code a finding can have: those in capitals, those stated, and refusals of files."""
    stated = stated_findings()
    codes = [
        key
        for key in sentences()
        if re.fullmatch(r"[A-Z][A-Z0-9]+(-[A-Z0-9]+)*", key) or key in stated or key.startswith(REFUSED_FILES)
    ]
    return sorted(codes, key=lambda key: (key.islower(), key))


def findings_text() -> str:
    """Every code, how grave it is, and what it says."""
    told = sentences()
    rows = [(f"`{code}`", SEVERITIES.get(code, "error"), told[code].replace("“", "").replace("”", "")) for code in
            finding_codes()]  # fmt: skip
    return table(("code", "severity", "what it says"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "commands": commands_text,
    "settings": settings_text,
    "exit codes": exits_text,
    "endpoints": endpoints_text,
    "resources": rest_text,
    "statuses": statuses_text,
    "formats": formats_text,
    "findings": findings_text,
}


def limits_text() -> str:
    """What the standard cannot say of a mapping, and what becomes of it."""
    rows = [
        (
            limit.code,
            coded(limit.keys.split(", ")),
            limit.difficulty,
            "done when the table is written in its source structure" if limit.in_table else "stays in the mapping",
        )
        for limit in LIMITS
    ]
    return table(("code", "keys", "difficulty", "what becomes of it"), rows)


MAPPING = ROOT / "docs" / "mapping.md"
PAGES = {
    REFERENCE: TABLES,
    content_tables.CONTENT: content_tables.TABLES,
    MAPPING: {"limits": limits_text},
    dialect_tables.HARVEST: dialect_tables.TABLES,
}
"""The pages with tables drawn from what they describe."""

if __name__ == "__main__":
    for page, tables in PAGES.items():
        page.write_text(written(page.read_text(encoding="utf-8"), tables), encoding="utf-8")
