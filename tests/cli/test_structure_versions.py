"""``sdmx-hub structures diff``, ``history``, ``restore``: every change named, its version proposed, its undoing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdmx_hub.load.artefact_diff import Verdict, allowed_by, next_version
from sdmx_hub.load.artefact_pairs import Pair, pair_artefacts
from sdmx_hub.model.artefact import Artefact
from tests.cli.test_structures import Hub, code
from tests.factories import component, make_artefact, make_codelist, make_dsd, urn_of
from tests.web.registry_hub import drafted, message

LIST = make_codelist("CL", "AB")


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    made = Hub(tmp_path / "home")
    made.run("init")
    return made


def write(path: Path, *artefacts: Artefact) -> str:
    path.write_bytes(message(*artefacts))
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("1.0.0", "1.0.1", Verdict.PATCH),
        ("1.0.0", "1.1.0", Verdict.MINOR),
        ("1.0.0", "2.0.0", Verdict.MAJOR),
        ("1.0.0", "1.0.0", Verdict.NONE),
        ("0.1.0", "0.1.1", Verdict.MAJOR),
        ("1.0", "1.1", Verdict.MAJOR),
        ("1.0.0-draft", "1.0.0", Verdict.MAJOR),
        ("1", "x", Verdict.MAJOR),
    ],
)
def test_a_version_allows_what_its_number_says(old: str, new: str, allowed: Verdict) -> None:
    assert allowed_by(old, new) is allowed


@pytest.mark.parametrize(
    ("old", "verdict", "new"),
    [
        ("1.2.3", Verdict.PATCH, "1.2.4"),
        ("1.2.3", Verdict.MINOR, "1.3.0"),
        ("1.2.3", Verdict.MAJOR, "2.0.0"),
        ("1.2.3", Verdict.NONE, "1.2.3"),
        ("1.2", Verdict.MINOR, "1.3"),
        ("1.2", Verdict.PATCH, "1.3"),
        ("1.2", Verdict.MAJOR, "2.0"),
        ("7", Verdict.MINOR, "8"),
        ("1.2.3-draft", Verdict.MAJOR, "1.2.3"),
    ],
)
def test_the_next_version_is_the_first_that_allows_the_change(old: str, verdict: Verdict, new: str) -> None:
    assert next_version(old, verdict) == new


@pytest.mark.parametrize(
    ("new", "change", "allowed", "proposed"),
    [
        (LIST, "unchanged", True, "1.0.0"),
        (make_codelist("CL", "ABC"), "minor", False, "1.1.0"),
        (drafted(make_codelist("CL", "ABC"), "1.1.0"), "minor", True, "1.1.0"),
        (drafted(make_codelist("CL", "ABC"), "1.0.1"), "minor", False, "1.1.0"),
        (drafted(make_codelist("CL", "A"), "1.1.0"), "major", False, "2.0.0"),
        (drafted(make_codelist("CL", "A"), "1.1.0-draft"), "major", True, "1.1.0-draft"),
        (drafted(LIST, "1.0.0", name="New", names={"en": "New"}), "patch", False, "1.0.1"),
    ],
)
def test_a_change_is_named_and_its_version_proposed(new: Artefact, change: str, allowed: bool, proposed: str) -> None:
    pair = Pair(LIST, new)
    assert (pair.change, pair.is_allowed, pair.proposed) == (change, allowed, proposed)


def test_a_draft_may_change_as_it_is() -> None:
    pair = Pair(drafted(LIST), drafted(make_codelist("CL", "X")))
    assert (pair.change, pair.is_allowed, pair.proposed) == ("draft", True, "0.1.0")


@pytest.mark.parametrize(
    ("version", "change"), [("1.0.1", "patch"), ("1.1.0", "minor"), ("2.0.0", "major"), ("1.0", "major")]
)
def test_a_reference_to_another_version_changes_what_that_version_may(version: str, change: str) -> None:
    old = make_dsd([component("SEX", "CL_SEX")])
    text = json.dumps(old.document).replace(urn_of("Codelist", "CL_SEX"), urn_of("Codelist", "CL_SEX", version))
    assert Pair(old, Artefact(old.artefact_class, json.loads(text))).change == change


def test_an_artefact_follows_the_latest_before_it() -> None:
    old = [drafted(LIST, version) for version in ("1.0.0", "1.10.0", "1.2.0", "2.0.0")]
    (pair,) = pair_artefacts(old, [drafted(LIST, "1.11.0")], whole=False)
    assert pair.old is not None
    assert pair.old.ref.version == "1.10.0"


def test_two_files_are_compared_whole(hub: Hub, tmp_path: Path) -> None:
    old = write(tmp_path / "old.json", LIST, make_codelist("CL_GONE", "A"))
    new = write(tmp_path / "new.json", make_codelist("CL", "A"), make_codelist("CL_NEW", "A"))
    result = hub.structures("diff", old, new)
    assert code(result) == 3
    for said in ("major  codes[B]: removed", "use 2.0.0", "Only on the new side", "Only on the old side"):
        assert said in result.output
    changes = {one["new"] or one["old"]: one["change"] for one in hub.json("diff", old, new)["comparisons"]}
    assert list(changes.values()) == ["major", "added", "removed"]
    assert "utilisez 2.0.0" in hub.structures("diff", old, new, language="fr").output


def test_a_file_is_compared_with_the_registry(hub: Hub, tmp_path: Path) -> None:
    path = write(tmp_path / "list.json", LIST)
    assert hub.json("diff", path)["comparisons"][0]["change"] == "added"
    hub.structures("load", path)
    result = hub.structures("diff", path)
    assert (code(result), result.output.strip()) == (0, "1 artefact is the same on both sides.")
    assert code(hub.structures("diff", "codelist/TEST/CL")) == 2
    assert code(hub.structures("diff", path, write(tmp_path / "other.json", make_codelist("CL_X", "A")))) == 0
    assert code(hub.structures("diff", "codelist/TEST/CL", str(tmp_path / "other.json"))) == 5


def test_a_mistake_is_seen_and_undone(hub: Hub, tmp_path: Path) -> None:
    name = "codelist/TEST/CL/0.1.0"
    for number, codes in enumerate(["AB", "ABC", "A"]):
        hub.structures("load", write(tmp_path / f"{number}.json", drafted(make_codelist("CL", codes))))
    states = hub.json("history", name)["states"]
    assert [one["until"] is None for one in states] == [False, False, True]
    assert [one["change"] for one in states[2]["changes"]] == ["codes[B]: removed …", "codes[C]: removed …"]
    assert "codes[C]: added" in hub.structures("history", name).output

    def now() -> list[str]:
        return [one["id"] for one in hub.json("show", name)["artefacts"][0]["document"]["codes"]]

    assert code(hub.structures("restore", name, "--dry-run")) == 0
    assert now() == ["A"]
    assert code(hub.structures("restore", name)) == 0
    assert now() == ["A", "B", "C"]
    assert code(hub.structures("restore", name, "--state", "1")) == 0
    assert now() == ["A", "B"]
    assert code(hub.structures("restore", name, "--as-of", states[2]["from"])) == 0
    assert now() == ["A"]
    hub.structures("remove", name)
    assert code(hub.structures("show", name)) == 5
    assert code(hub.structures("restore", name)) == 0
    assert now() == ["A"]


def test_a_final_artefact_comes_back_only_as_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.structures("load", write(tmp_path / "one.json", LIST))
    hub.structures("remove", "codelist/TEST/CL/1.0.0")
    assert code(hub.structures("restore", "codelist/TEST/CL/1.0.0")) == 0
    assert code(hub.structures("show", "codelist/TEST/CL/1.0.0")) == 0


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (["history", "codelist/TEST/NONE/1.0.0"], 5),
        (["history", "codelist/TEST/CL"], 2),
        (["history", "codelist/TEST/CL/~"], 2),
        (["restore", "codelist/TEST/CL/0.1.0", "--state", "9"], 5),
        (["restore", "codelist/TEST/CL/0.1.0"], 5),
        (["restore", "codelist/TEST/CL/0.1.0", "--as-of", "2001-01-01"], 5),
        (["restore", "codelist/TEST/CL/0.1.0", "--as-of", "yesterday"], 2),
        (["restore", "what/TEST/CL/0.1.0"], 2),
    ],
)
def test_what_never_was_is_refused(hub: Hub, tmp_path: Path, words: list[str], exit_code: int) -> None:
    hub.structures("load", write(tmp_path / "one.json", drafted(LIST)))
    assert code(hub.structures(*words)) == exit_code


def test_what_can_no_longer_stand_is_not_restored(hub: Hub, tmp_path: Path) -> None:
    needed = make_codelist("CL_BASE", "A")
    user = make_artefact(
        "Codelist",
        "CL_USER",
        "0.1.0",
        codes=[{"id": "X", "name": "X", "names": {"en": "X"}}],
        codelistExtensions=[{"codelist": str(needed.urn)}],
    )
    hub.structures("load", write(tmp_path / "one.json", needed, user))
    hub.structures("remove", "codelist/TEST/CL_USER/0.1.0")
    hub.structures("remove", "codelist/TEST/CL_BASE/1.0.0")
    result = hub.structures("restore", "codelist/TEST/CL_USER/0.1.0")
    assert code(result) == 3
    assert "CL_BASE" in result.output
