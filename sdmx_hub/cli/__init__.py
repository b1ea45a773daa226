"""The command line: ``sdmx-hub``. One module a command or group; this one gathers them and turns refusals into exits.

Exit codes: 0 done, 1 failed, 2 usage, 3 findings of severity error, 4 partial, 5 not found, 69 partner unavailable,
75 try again, 77 not allowed, 78 configuration.
"""

from __future__ import annotations

import importlib
import itertools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import click

from sdmx_hub import __version__
from sdmx_hub.config import read_settings
from sdmx_hub.errors import HubError
from sdmx_hub.language import LANGUAGES, sentence

COMMANDS = {
    # name: module and attribute; a module is imported when its command is used, so that --help stays quick
    "init": "admin:init",
    "doctor": "admin:doctor",
    "upkeep": "upkeep:upkeep",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "storage": "storage:storage",
    "demo": "demo:demo",
    "serve": "serve:serve",
    "key": "keys:key",
    "structures": "structures:structures",
    "metadata": "metadata:metadata",
    "registration": "registration:registration",
    "subscription": "subscription:subscription",
    "check": "check:check",
    "load": "load:load",
    "template": "template:template",
    "release": "release:release",
    "map": "mapping:map_",
    "source": "source:source",
    "harvest": "harvest:harvest",
    "scheduler": "scheduler:scheduler",
    "worker": "worker:worker",
    "jobs": "jobs:jobs",
    "mirror": "mirror:mirror",
    "pilot": "pilot:pilot",
    "export": "export:export",
    "table": "table:table",
}
SUMMARIES = {
    "init": "Make a home for a hub: settings file, control database, folders.",
    "doctor": "Look the hub over: database, stored files and their hashes, audit chain, disk.",
    "upkeep": "Keep the stored observations small and quick.",
    "backup": "Back up the hub to TARGET, while it runs: a folder, or a file that ends with .tar or .tar.zst.",
    "restore": "Restore a backup into the home, which must be empty, and into the control database of the settings.",
    "storage": "Where observations and received bytes are kept: in the home directory, or in an object store.",
    "demo": "Start a hub on real national figures, a second hub as its partner, and the scheduler that harvests it.",
    "serve": "Serve pages, SDMX REST and administration over HTTP, until interrupted.",
    "key": "Make, list and revoke the keys of the administration API.",
    "structures": "Codelists, concepts, data structures, dataflows and all other artefacts of the registry.",
    "metadata": "Reference metadata: what is told about data and structures, against a metadata structure.",
    "registration": "Datasources registered for provision agreements.",
    "subscription": "Who is told of changes of structures and of new data.",
    "check": "Check a data file: an SDMX message (CSV, XML, JSON; also gzip or zip), a template, or a table with its "
    "mapping.",
    "load": "Load a data file: an SDMX message (CSV, XML, JSON; also gzip or zip), a template, or a table with its "
    "mapping.",
    "template": "Write a workbook to fill in: headings in a language, drop-down lists of the codes that may be used.",
    "release": "Releases: list them, look into one, go back to an earlier state, let embargoes end, purge.",
    "map": "Look at what a mapping makes of a file.",
    "source": "Partners this hub harvests: their endpoints, what is taken from them, and when.",
    "harvest": "Visits to partners: begin one, list them, look into one, stop or repeat it.",
    "scheduler": "Visit partners when their slots are due, and release what embargoes held back, until stopped.",
    "worker": "Work off the runs that a scheduler has queued, one at a time, until stopped.",
    "jobs": "See who does the work of the scheduler, and start a Dask scheduler that hands it out.",
    "mirror": "Compare what the two ends of a corridor report, and say what explains the difference.",
    "pilot": "Try out how partners share: a plan, rounds of visits, indicators, and a verdict on each dataflow.",
    "export": "Write data as an SDMX message, or as a table: a workbook (xlsx), Parquet, plain CSV.",
    "table": "Show data as a table for people: a row a series, a column a period, names in place of codes.",
}
"""The first sentence of each command, so that a list of them imports none; a test holds them to it."""


@dataclass
class Spoken:
    """The language of what is told when a command does not end well: at first as asked for, then as settings say."""

    language: str


class Commands(click.Group):
    """The commands, each imported when first named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them in the order a newcomer meets them."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their summaries, as click does, and import none."""
        room = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            shown = {name: click.Command(name, help=SUMMARIES[name]) for name in COMMANDS}
            formatter.write_dl([(name, command.get_short_help_str(room)) for name, command in shown.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
        _mark_examples(command)
        return command


def _mark_examples(command: click.Command) -> None:
    """Turn backslash and b of raw docstrings into the character by which click keeps the lines of examples apart."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _mark_examples(below)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".sdmx-hub"),
    envvar="SDMX_HUB_HOME",
    show_default=True,
    show_envvar=True,
    help="Directory that holds everything the hub keeps.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="SDMX_HUB_CONFIG",
    show_envvar=True,
    help="Settings file; HOME/hub.toml unless told otherwise.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="Language of messages and reports.")
@click.version_option(__version__, prog_name="sdmx-hub")
@click.pass_context
def cli(ctx: click.Context, home: Path, config: Path | None, lang: str | None) -> None:
    r"""Map national tables onto SDMX structures, publish them, share and harvest them.

    \b
    Examples:
      sdmx-hub --home office init
      sdmx-hub --home office structures load --pack
      sdmx-hub --home office load emigrants.csv --mapping emigrants.yaml
      sdmx-hub --home office serve
    """
    from sdmx_hub.cli.context import HubContext  # noqa: PLC0415 - keeps --help and --version quick

    default = home / "hub.toml"
    settings = read_settings(config or (default if default.is_file() else None))
    if lang:
        settings = settings.with_values({"language": lang}, "--lang")
    if isinstance(ctx.obj, Spoken) and settings.language in LANGUAGES:
        ctx.obj.language = settings.language
    ctx.obj = HubContext(home=home, settings=settings)
    ctx.call_on_close(ctx.obj.close)


_mark_examples(cli)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; what does not end well is told in the user's language and becomes its exit code."""
    spoken = Spoken(_language(arguments))
    try:
        code = cli.main(args=arguments, prog_name="sdmx-hub", standalone_mode=False, obj=spoken)
    except click.exceptions.NoArgsIsHelpError as help_text:
        help_text.show()
        sys.exit(help_text.exit_code)
    except click.ClickException as error:
        click.echo(_refused().usage_text(error, spoken.language), err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo(sentence("interrupted", spoken.language), err=True)
        sys.exit(1)
    except HubError as error:
        _refuse(error, spoken.language)
    except _refused().troubles() as error:
        refusal = _refused().as_refusal(error)
        if refusal is None:
            raise
        _refuse(refusal, spoken.language)
    sys.exit(code if isinstance(code, int) else 0)


def _refuse(error: HubError, language: str) -> NoReturn:
    from sdmx_hub.cli.context import exit_code  # noqa: PLC0415 - keeps --help and --version quick

    click.echo(error.text(language), err=True)
    sys.exit(exit_code(error))


def _refused() -> ModuleType:
    return importlib.import_module(f"{__name__}.refused")  # only when something was refused


def _language(arguments: list[str] | None) -> str:
    """The language asked for before anything is read: what is wrong may be the settings themselves."""
    words = sys.argv[1:] if arguments is None else arguments
    asked = os.environ.get("SDMX_HUB_LANGUAGE", "en")
    for word, after in itertools.pairwise([*words, ""]):
        if word == "--lang" or word.startswith("--lang="):
            asked = after if word == "--lang" else word.removeprefix("--lang=")
    return asked if asked in LANGUAGES else "en"
