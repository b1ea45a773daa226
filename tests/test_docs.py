"""The documentation is true: what the code names is found in it, and what it shows can be done.

A block marked ``console`` is run: its lines that begin with ``$ `` in one shell, in a temporary directory beside which
the shipped files lie; its other lines are answers, each of which must come (``…`` stands for any). ``serve`` runs in
the background until the page ends, at free ports in place of 8000 and, of a second server, 8001. Blocks marked
``python`` are run there too.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from sdmx_hub import cli
from sdmx_hub.config import NOT_SETTINGS, PREFIX, Settings
from tests import reference
from tests.support.forking import write_program
from tests.tables import told

ROOT = reference.ROOT
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])
LARGEST_PICTURE = 150_000
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SERVE_SECONDS = 60
TOUR_SECONDS = 600
SHIPPED = ("mappings", "config", "codelists", "dsd", "deploy", "docs")


def ids(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


# What the code names


@pytest.mark.parametrize(
    ("document", "name"), [(page, name) for page in reference.PAGES for name in reference.PAGES[page]]
)
def test_tables_are_as_what_they_tell_of(document: Path, name: str) -> None:
    now = reference.PAGES[document][name]()
    assert told(document, name) == now, "out of date; write it anew with: python -m tests.reference"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_of_the_table_is_there(name: str) -> None:
    assert cli.cli.get_command(click.Context(cli.cli), name) is not None


def test_every_command_says_what_it_does() -> None:
    assert not [name for name, command in reference.commands() if not command.help]


def test_every_option_says_what_it_means() -> None:
    told = [(name, one.opts) for name, command in reference.commands() for one in reference.options_of(command)
            if not one.help]  # fmt: skip
    assert not told


def keys_of(schema: object) -> Iterator[str]:
    """The keys a JSON Schema allows, at any depth."""
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from properties
        for below in [*properties.values(), *(value for key, value in schema.items() if key != "properties")]:
            yield from keys_of(below)
    elif isinstance(schema, list):
        for below in schema:
            yield from keys_of(below)


@pytest.mark.parametrize(
    ("schema", "page"),
    [
        ("sdmx_hub/mapping/mapping.schema.json", "docs/mapping.md"),
        ("sdmx_hub/harvest/source.schema.json", "docs/harvest.md"),
        ("sdmx_hub/quality/pilot.schema.json", "docs/pilot.md"),
    ],
)
def test_every_key_of_a_file_is_explained(schema: str, page: str) -> None:
    known, told = set(keys_of(json.loads(text_of(schema)))), set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text_of(page)))
    assert known
    assert not known - told


def test_every_finding_stated_in_the_code_has_a_sentence() -> None:
    assert not set(reference.stated_findings()) - set(reference.sentences())


@pytest.mark.parametrize("code", sorted(reference.stated_findings()))
def test_a_finding_is_as_grave_as_the_reference_says(code: str) -> None:
    stated = reference.stated_findings()[code]
    told = set(re.findall(r"error|warning|info", reference.SEVERITIES.get(code, "error")))
    assert stated <= told


def test_findings_of_changing_gravity_exist() -> None:
    assert not set(reference.SEVERITIES) - set(reference.finding_codes())


# What the pages name


@pytest.mark.parametrize("document", PAGES, ids=ids(PAGES))
def test_every_setting_a_page_names_exists(document: Path) -> None:
    named = set(re.findall(rf"{PREFIX}([A-Z_]+[A-Z])", document.read_text(encoding="utf-8")))
    known = {name.upper() for name in Settings.__dataclass_fields__} | NOT_SETTINGS
    assert not named - known


def commands_shown(document: Path) -> Iterator[str]:
    """The lines of all blocks, and the inline code, that call the program."""
    text = document.read_text(encoding="utf-8")
    for _, block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if match := re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:ExecStart=)?(?:\S*/)?(sdmx-hub .*)", line.strip()):
                yield match[1]
    yield from re.findall(r"`(sdmx-hub [^`]+)`", text)


@pytest.mark.parametrize("document", PAGES, ids=ids(PAGES))
def test_every_command_a_page_shows_exists_with_its_options(document: Path) -> None:
    wrong = [line for line in commands_shown(document) if not is_command(line)]
    assert not wrong


def is_command(line: str) -> bool:
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "[OPTIONS]"]
    command: click.Command = cli.cli
    known = {name for one in command.params for name in one.opts} | {"--help", "-h"}
    for word in words:
        if word in {"…", "|", ">", "&"}:
            break
        if word.startswith("--"):
            if word.partition("=")[0] not in known:
                return False
        elif isinstance(command, click.Group) and (found := command.get_command(click.Context(command), word)):
            command = found
            known |= {name for one in command.params for name in one.opts}
    return command is not cli.cli or not words or words[0].startswith("-") or words[0] == "COMMAND"


@pytest.mark.parametrize("document", PAGES, ids=ids(PAGES))
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    links = [
        link for link in LINK.findall(re.sub(BLOCK, "", document.read_text(encoding="utf-8"))) if "://" not in link
    ]
    assert not [link for link in links if not leads_somewhere(document, link)]


def leads_somewhere(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = document if not name else (document.parent / unquote(name)).resolve()
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors_of(target)


def anchors_of(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(BLOCK, "", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("picture", sorted(ROOT.glob("docs/images/*.png")), ids=lambda path: path.name)
def test_pictures_are_small_and_shown(picture: Path) -> None:
    assert picture.stat().st_size <= LARGEST_PICTURE
    assert any(f"images/{picture.name}" in document.read_text(encoding="utf-8") for document in PAGES)


def test_the_readme_links_to_every_page() -> None:
    linked = set(LINK.findall(text_of("README.md")))
    assert not {document.relative_to(ROOT).as_posix() for document in PAGES if document.name != "README.md"} - linked


# What the pages show


class Tour:
    """One page followed in a directory of its own, with the shipped files beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.second_port = free_port(), free_port()
        self._servers: list[subprocess.Popen[bytes]] = []
        for name in SHIPPED:
            (folder / name).symlink_to(ROOT / name)
        programs = folder / ".programs"
        programs.mkdir()
        (programs / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        (programs / "python").chmod(0o755)
        write_program(programs / "sdmx-hub")
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        hidden = {name for name in os.environ if name.startswith(PREFIX)}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        self.environment = {**kept, "PATH": path, f"{PREFIX}PORT": str(self.port), "COLUMNS": "200"}

    def placed(self, text: str) -> str:
        return re.sub(r"(:|--port )8001\b", rf"\g<1>{self.second_port}", text.replace(":8000", f":{self.port}"))

    def follow(self, kind: str, block: str) -> None:
        if kind == "python":
            self.check(["python", "-c", self.placed(block)])
            return
        for command, answer in exchanges(block):
            if re.search(r"\bserve\b", command):
                self.serve(self.placed(command))
                continue
            told = self.check(["bash", "-euo", "pipefail", "-c", self.placed(command)])
            missing = [line for line in self.placed(answer).splitlines() if not comes(line, told)]
            assert not missing, f"{command}\nanswered\n{told}"

    def check(self, words: list[str]) -> str:
        done = subprocess.run(
            words, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{words[-1]}\nended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def serve(self, command: str) -> None:
        with (self.folder / "server.log").open("ab") as log:
            words = ["bash", "-c", f"exec {command}"]
            server = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self._servers.append(server)
        port = self.second_port if f"--port {self.second_port}" in command else self.port
        until = time.monotonic() + SERVE_SECONDS
        while time.monotonic() < until and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        pytest.fail((self.folder / "server.log").read_text(encoding="utf-8"))

    def close(self) -> None:
        for server in self._servers:
            server.terminate()
            server.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def exchanges(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block with the answer shown for it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = next(place for place, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield "\n".join(lines[:length]), "\n".join(lines[length:])


def comes(line: str, told: str) -> bool:
    pieces = [re.escape(piece.strip()).replace(r"\ ", r"\s+") for piece in line.split("…")]
    return re.search(".*".join(pieces), told) is not None


TOURS = [
    document for document in PAGES if re.search(r"^```console$", document.read_text(encoding="utf-8"), re.MULTILINE)
]


def test_there_is_a_tour_in_the_readme() -> None:
    assert ROOT / "README.md" in TOURS


@pytest.mark.timeout(TOUR_SECONDS)
@pytest.mark.parametrize("document", TOURS, ids=ids(TOURS))
def test_what_a_page_shows_can_be_done(document: Path, tmp_path: Path) -> None:
    tour = Tour(tmp_path)
    try:
        for kind, block in BLOCK.findall(document.read_text(encoding="utf-8")):
            if kind in {"console", "python"}:
                tour.follow(kind, block)
    finally:
        tour.close()
