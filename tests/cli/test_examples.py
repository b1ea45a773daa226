"""Examples of --help: every command that works on partners, releases and keys has some, and each can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest

from sdmx_hub.cli import cli

SHOWN = (
    *("init", "doctor", "upkeep", "demo", "serve", "key", "source", "harvest", "scheduler", "worker"),
    *("mirror", "pilot", "release", "subscription", "registration", "check", "load", "template", "export", "table"),
)
"""The commands all of whose help has examples."""


def below(words: list[str]) -> Iterator[list[str]]:
    command = find(words)
    yield words
    for name in command.commands if isinstance(command, click.Group) else ():
        yield from below([*words, name])


def find(words: list[str]) -> click.Command:
    command: click.Command = cli
    for word in words:
        command = find_in(command, word)
    return command


def find_in(group: click.Command, word: str) -> click.Command:
    assert isinstance(group, click.Group)
    found = group.get_command(click.Context(group), word)
    assert found is not None, word
    return found


def examples(command: click.Command) -> list[str]:
    return [line.strip() for line in (command.help or "").splitlines() if line.strip().startswith("sdmx-hub ")]


COMMANDS = [words for name in SHOWN for words in below([name])]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_has_examples_that_can_be_typed(words: list[str]) -> None:
    lines = examples(find(words))
    typed = [shlex.split(line.partition(" > ")[0])[1:] for line in lines]
    assert any(set(words) <= set(one) for one in typed)
    for one in typed:
        type_in(one)


def type_in(words: list[str]) -> None:
    """Read a command line as far as it can be read without the files it names."""
    command: click.Command = cli
    while isinstance(command, click.Group):
        if words[0] in {"--home", "--lang"}:
            words = words[2:]
        command, words = find_in(command, words[0]), words[1:]
    try:
        command.make_context("example", words)
    except click.BadParameter as error:
        if "does not exist" not in error.message:
            raise
