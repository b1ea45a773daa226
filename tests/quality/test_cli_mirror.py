"""The mirror commands, as a person types them."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.quality.cells import seasonal_work
from tests.support.commands import type_command
from tests.support.homes import make_office


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A home with the figures of AS-06."""
    folder = tmp_path_factory.mktemp("mirror")
    home = make_office(folder / "home")
    for file, provider in seasonal_work(folder):
        assert type_command(home, "load", file, "--provider", provider, "--yes").returncode == 0
    return home


@pytest.fixture
def type_(office, tmp_path):
    """Type a command in a copy of it."""
    home = shutil.copytree(office, tmp_path / "home")

    def typed(*words, expect=0):
        done = type_command(home, *words)
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    return typed


def exported(type_, folder, what):
    type_("export", what, "--output", folder / "told.csv")
    return (folder / "told.csv").read_text(encoding="utf-8")


PAIR = ("DEPLOYED_PERMITS", "MRT", "ESP", "A", "2024", "--split", "MIG_TYPE=SEAS")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "MRT–ESP 41 0 +2.0000 – exceeds the threshold"),
        ("fr", "ECU–ESP – 300 – – pas de déclaration de l'origine"),
        ("es", "4 de 5 pares comparados; asimetría multilateral 0,0518; 1 por encima del umbral"),
    ],
)
def test_the_report_is_told_in_the_reader_s_language(type_, language, words):
    told = type_("--lang", language, "mirror", "show", "--destination", "ESP").stdout
    assert words in " ".join(told.split())


def test_a_difference_is_explained_by_a_person_and_the_word_can_be_taken_back(type_, tmp_path):
    assert type_("mirror", "show", "--strict", expect=3)
    type_("mirror", "confirm", *PAIR, "--cause", "CHAN", "--comment", "Private agencies")
    (pair,) = [
        one for one in json.loads(type_("mirror", "show", "--strict", "--json").stdout)["pairs"] if one["confirmed"]
    ]
    assert (pair["origin"], pair["confirmed"]["id"], pair["confirmed"]["comment"]) == (
        "MRT",
        "CHAN",
        "Private agencies",
    )
    type_("mirror", "release")
    assert "CHAN" in exported(type_, tmp_path, "dataflow/ILMH/DF_Q_MIRROR/1.0.0/A.MRT.CC1")
    type_("mirror", "withdraw", *PAIR)
    assert "CHAN" not in type_("mirror", "show", "--json").stdout
    again = type_("mirror", "withdraw", *PAIR, expect=5)
    assert "Nobody has said anything" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("mirror", "show", "--rule", "NO"), 2, "DEPLOYED_PERMITS"),
        (("mirror", "confirm", *PAIR, "--cause", "NO"), 2, "BASIS"),
        (("mirror", "confirm", "QUOTAS", "A", "B", "A", "2024", "--cause", "ERR"), 5, "QUOTAS A B A 2024"),
        (("mirror", "reconcile", "--method", "MR3"), 2, "4 countries"),
        (("mirror", "dossier", "SEN", "XXX"), 5, "Senegal"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(type_, arguments, code, words):
    assert words in type_(*arguments, expect=code).stderr


def test_a_dossier_gathers_what_two_countries_say_of_each_other(type_):
    dossier = json.loads(type_("mirror", "dossier", "SEN", "ESP", "--json").stdout)
    figures = {
        (series["reporter"], series["indicator"]): series["figures"][0]["value"]
        for flow in dossier["dataflows"]
        for series in flow["series"]
    }
    assert figures == {("SEN", "DEPLOYED"): "352", ("ESP", "PERMIT_FIRST"): "401"}
    assert [pair["cc1"] for pair in dossier["mirror"]["pairs"]] == [-0.1301]
    assert "SEN → ESP" in type_("mirror", "dossier", "SEN", "ESP").stdout


def test_reconciled_values_are_shown_before_they_are_published(type_, tmp_path):
    shown = json.loads(type_("mirror", "reconcile", "--method", "MR2", "--json").stdout)
    assert {one["origin"]: one["reconciled_value"] for one in shown["values"]}["SEN"] == 376.5
    assert "MIR" not in exported(type_, tmp_path, "dataflow/ILMH/DF_FLOW_PERMIT")
    type_("mirror", "reconcile", "--method", "MR2", "--release")
    assert "MIR" in exported(type_, tmp_path, "dataflow/ILMH/DF_FLOW_PERMIT")
