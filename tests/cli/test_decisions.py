"""``harvest approve``, ``reject``, ``replay`` and ``--force``, as a person types them."""

import dataclasses

from tests.cli.test_harvest import data, home, partner, run, source, structure, theirs, time
from tests.harvest.partner import Reply, unused_port
from tests.harvest.test_visit import DATA

__all__ = ["data", "home", "partner", "run", "source", "structure", "theirs", "time"]


def held_run(run, source, partner, data):
    run("source", "add", str(source))
    run("harvest", "run", "P")
    lines = data.body.splitlines(keepends=True)
    partner.on(DATA, dataclasses.replace(data, body=b"".join(lines[:4])))
    return run("harvest", "run", "P", "--json", code=3)["runs"][0]


def test_a_held_run_is_replayed_and_approved(run, source, partner, data):
    held = held_run(run, source, partner, data)
    assert (held["state"], held["deleted"]) == ("held", 7)
    number = str(held["id"])
    assert "gives the same again: held" in run("harvest", "replay", number)
    partner.on(DATA, Reply(500))
    done = run("harvest", "approve", number, "--reason", "asked", "--json")["runs"][0]
    assert (done["state"], done["deleted"], done["decision"], done["reason"]) == ("succeeded", 7, "approved", "asked")
    replayed = run("harvest", "replay", number, "--json")
    assert (replayed["equal"], replayed["replayed"]["deleted"]) == (True, 7)


def test_a_held_run_is_rejected_with_a_reason(run, source, partner, data):
    held = held_run(run, source, partner, data)
    assert "wrong file" in run("harvest", "reject", str(held["id"]), "--reason", "wrong file")
    assert run("harvest", "show", str(held["id"]), "--json")["state"] == "failed"


def test_a_host_that_does_not_answer_is_asked_only_by_force(run, source, home):
    text = source.read_text(encoding="utf-8")
    path = home.parent / "P.yaml"
    begin, _, end = text.partition("endpoint: ")
    gone = f"http://127.0.0.1:{unused_port()}/sdmx/v2"
    rest = end.partition("\n")[2]
    path.write_text(f"{begin}endpoint: {gone}\nlimits: {{breaker: 2, tries: 1}}\n{rest}", encoding="utf-8")
    run("source", "add", str(path))
    for _ in range(2):
        assert run("harvest", "run", "P", "--json", code=69)["runs"][0]["state"] == "failed"
    paused = run("harvest", "run", "P", "--json", code=69)["runs"][0]
    assert (paused["state"], paused["verdict_code"], paused["requests"]) == ("superseded", "harvest-host-paused", [])
    forced = run("harvest", "run", "P", "--force", "--json", code=69)["runs"][0]
    assert (forced["state"], forced["verdict_code"]) == ("failed", "fetch-no-connection")
