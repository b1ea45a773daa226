"""Files and requests that are wrong: each is told what is wrong and where, nothing is stored, and the hub stays up."""

from __future__ import annotations

import gzip
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.hubs import CSV_2, MAPPINGS, XML_3, Answer, Server, ask, data_path, run, serving

LANGUAGES = ("en", "fr", "es")
FLOW = "DF_STOCK_ABROAD"
ANSD = MAPPINGS / "SEN_ANSD"
MOST_SECONDS = 60
MOST_MEGABYTES = 200
"""What serving may grow by while it refuses; the bomb holds five times as much."""


class Desk(NamedTuple):
    """A hub that serves, a key to load with, and sound messages to spoil."""

    home: Path
    server: Server
    key: str
    csv: bytes
    flows: bytes
    xml: bytes
    folder: Path


class Case(NamedTuple):
    """A wrong file: how it is made of a sound one, its name, and what must be said of it."""

    make: Callable[[Desk], bytes]
    name: str
    code: str
    row: int | None
    told: dict[str, str]
    mapping: str | None = None


@pytest.fixture(scope="module")
def desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    mine = Path(shutil.copytree(home, tmp_path_factory.mktemp("bad") / "home"))
    key = ask(mine, "key", "add", "office", "--scope", "load")["key"]
    with serving(mine) as server:
        csv, xml = (server.get(data_path("v2", FLOW), accept).body for accept in (CSV_2, XML_3))
        flows = server.get(data_path("v2", "DF_FLOW_POP"), CSV_2).body
        yield Desk(mine, server, key, csv, flows, xml, tmp_path_factory.mktemp("files"))


def with_doctype(xml: bytes, doctype: bytes) -> bytes:
    """Put a document type definition into a message, and use its entity in the header."""
    head, mark, rest = xml.partition(b"?>\n")
    assert mark
    assert rest.count(b"<message:Test>false</message:Test>") == 1
    rest = rest.replace(b"<message:Test>false</message:Test>", b"<message:Test>&a;</message:Test>")
    return head + mark + doctype + b"\n" + rest


def twice(csv: bytes) -> bytes:
    lines = csv.splitlines(keepends=True)
    return b"".join([*lines[:6], lines[2], *lines[6:]])


def in_latin_1(csv: bytes) -> bytes:
    lines = csv.decode("utf-8").splitlines(keepends=True)
    lines[3] = lines[3].replace("(", "(é", 1)
    return "".join(lines).encode("latin-1", errors="replace")


def bomb(_desk: Desk) -> bytes:
    """One gibibyte of blanks in 8 members of a gzip file."""
    member = gzip.compress(b" " * (128 << 20), compresslevel=6)
    return member * 8


def unmapped(_desk: Desk) -> bytes:
    text = (ANSD / "samples" / "emigrants_rgph5.csv").read_text(encoding="utf-8")
    assert text.count("Italie") == 1
    return text.replace("Italie", "Itallie").encode()


def wrong_table_encoding(_desk: Desk) -> bytes:
    text = (ANSD / "samples" / "emigrants_rgph5.csv").read_text(encoding="utf-8")
    return text.replace("\u202f", " ").replace("France", "Françe").encode("cp1252")


def never_closed(_desk: Desk) -> bytes:
    """A quote opens in the second line, and megabytes follow."""
    lines = (ANSD / "samples" / "emigrants_rgph5.csv").read_bytes().splitlines(keepends=True)
    return lines[0] + b'"' + lines[1] + b"".join(lines[2:]) * 20_000


CASES = {
    "quote never closed": Case(
        never_closed,
        "emigrants.csv",
        "TABLE-CELL",
        2,
        {"en": "a quote is probably not closed", "fr": "un guillemet n'y est", "es": "falta cerrar unas comillas"},
        mapping="emigrants_rgph5.yaml",
    ),
    "workbook in place of a table": Case(
        lambda _desk: b"PK\x03\x04 [Content_Types].xml",
        "emigrants.csv",
        "guard-packed",
        None,
        {"en": "damaged or cut off", "fr": "endommagé", "es": "dañado"},
        mapping="emigrants_rgph5.yaml",
    ),
    "wrong encoding": Case(
        lambda desk: in_latin_1(desk.csv),
        "latin.csv",
        "guard-encoding",
        4,
        {"en": "not UTF-8: byte E9", "fr": "pas en UTF-8 : octet E9", "es": "no está en UTF-8: byte E9"},
    ),
    "wrong encoding of a table": Case(
        wrong_table_encoding,
        "emigrants.csv",
        "TABLE-ENCODING",
        2,
        {"en": "utf-8", "fr": "utf-8", "es": "utf-8"},
        mapping="emigrants_rgph5.yaml",
    ),
    "unmapped code": Case(
        unmapped,
        "emigrants.csv",
        "AREA-UNKNOWN",
        3,
        {
            "en": "“Itallie” is not the name or code of an area",
            "fr": "« Itallie » n'est ni le nom ni le code d'une zone",
            "es": "«Itallie» no es el nombre ni el código de un área",
        },
        mapping="emigrants_rgph5.yaml",
    ),
    "unknown code": Case(
        lambda desk: desk.flows.replace(b",CDS,", b",XYZ,", 1),
        "code.csv",
        "V01",
        2,
        {"en": "XYZ", "fr": "XYZ", "es": "XYZ"},
    ),
    "duplicate key": Case(
        lambda desk: twice(desk.flows),
        "twice.csv",
        "DUP-01",
        7,
        {"en": "is already in row 3", "fr": "figure déjà à la ligne 3", "es": "ya está en la fila 3"},
    ),
    "truncated XML": Case(
        lambda desk: desk.xml[: len(desk.xml) // 2],
        "truncated.xml",
        "xml-broken",
        -1,
        {"en": "breaks off or is malformed", "fr": "s'interrompt ou est mal formé", "es": "se interrumpe o está mal"},
    ),
    "internal entity": Case(
        lambda desk: with_doctype(desk.xml, b'<!DOCTYPE m [<!ENTITY a "false">]>'),
        "entity.xml",
        "xml-doctype",
        2,
        {"en": "document type definition", "fr": "définition de type de document", "es": "definición de tipo de"},
    ),
    "external entity": Case(
        lambda desk: with_doctype(desk.xml, b'<!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
        "external.xml",
        "xml-doctype",
        2,
        {"en": "document type definition", "fr": "définition de type de document", "es": "definición de tipo de"},
    ),
    "gzip bomb": Case(
        bomb,
        "bomb.csv.gz",
        "guard-ratio",
        None,
        {"en": "200 times its size", "fr": "200 fois sa taille", "es": "200 veces su tamaño"},
    ),
}


def post(desk: Desk, case: Case, body: bytes, language: str) -> Answer:
    """Send a file as curl would: as the body, or as a form with the mapping beside it."""
    headers = {"Authorization": f"Bearer {desk.key}", "Accept-Language": language}
    if case.mapping is None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return desk.server.request("POST", f"/api/load?name={case.name}", headers, body)
    parts = (("file", case.name, body), ("mapping", case.mapping, (ANSD / case.mapping).read_bytes()))
    form = b"".join(
        f'--part\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'.encode() + text + b"\r\n"
        for field, name, text in parts
    )
    headers["Content-Type"] = "multipart/form-data; boundary=part"
    return desk.server.request("POST", "/api/load", headers, form + b"--part--\r\n")


def assert_told(report: Any, case: Case, language: str) -> None:
    """The report holds one error, of this code and place, that says what is wrong in the language asked for."""
    errors = [each for each in report["findings"] if each["severity"] == "error"]
    assert [each["code"] for each in errors] == [case.code]
    assert errors[0]["file"] == case.name
    if case.row == -1:
        assert errors[0]["row"] > 2
    else:
        assert errors[0].get("row") == case.row
    assert case.told[language] in errors[0]["message"]
    assert (report["stored"], report["release"], report["added"]) == (False, None, 0)


def held(desk: Desk) -> object:
    """All that is stored: releases, files, and what is published."""
    files = sorted(
        path.name for folder in ("observations", "raw") for path in (desk.home / folder).rglob("*") if path.is_file()
    )
    tags = [desk.server.get(data_path("v2", flow), CSV_2).headers["ETag"] for flow in (FLOW, "DF_FLOW_POP")]
    return desk.server.get("/api/releases").json(), files, tags


def workers(server: Server) -> list[int]:
    """The processes below the server's."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            status = (path / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        if status.rpartition(")")[2].split()[1] == str(server.process.pid):
            found.append(int(path.name))
    return found


def megabytes(server: Server) -> float:
    """The most memory the workers ever used."""
    texts = [Path(f"/proc/{pid}/status").read_text(encoding="utf-8") for pid in workers(server)]
    assert texts
    return sum(int(text.partition("VmHWM:")[2].split()[0]) / 1024 for text in texts)


@pytest.mark.parametrize(("number", "name"), list(enumerate(CASES)), ids=list(CASES))
def test_a_wrong_file_is_refused_everywhere_with_its_reason(desk: Desk, number: int, name: str) -> None:
    case, before, serving_before = CASES[name], held(desk), workers(desk.server)
    memory = megabytes(desk.server)
    body = case.make(desk)
    path = desk.folder / case.name
    path.write_bytes(body)
    mapping = ("--mapping", ANSD / case.mapping) if case.mapping else ()
    language = LANGUAGES[number % len(LANGUAGES)]

    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(run, desk.home, "load", path, *mapping, "--lang", language, "--json", "--yes")
        for asked in LANGUAGES:
            answer = post(desk, case, body, asked)
            assert answer.status == 422, answer.text[:500]
            assert_told(answer.json(), case, asked)
            alive = desk.server.get("/livez")
            assert alive.status == 200
        done = command.result()
    assert done.returncode == 3, done.stderr
    assert_told(json.loads(done.stdout), case, language)

    assert time.monotonic() - begun < MOST_SECONDS
    assert megabytes(desk.server) - memory < MOST_MEGABYTES
    assert workers(desk.server) == serving_before, "a worker died"
    assert held(desk) == before


def test_data_of_an_unknown_dataflow_are_refused(desk: Desk) -> None:
    before, body = held(desk), desk.csv.replace(b"ILMH:DF_STOCK_ABROAD(1.0.0)", b"ILMH:DF_NOTHING(1.0.0)")
    case = Case(lambda _desk: body, "nothing.csv", "read-structure-unknown", None, {})
    told = set()
    for language in LANGUAGES:
        answer = post(desk, case, body, language)
        assert (answer.status, answer.content_type) == (404, "application/problem+json")
        assert "Dataflow=ILMH:DF_NOTHING(1.0.0)" in answer.json()["detail"]
        told.add(answer.json()["detail"])
    assert len(told) == len(LANGUAGES)
    path = desk.folder / case.name
    path.write_bytes(body)
    done = run(desk.home, "--lang", "fr", "load", path, "--yes")
    assert (done.returncode, done.stdout) == (5, "")
    assert "Dataflow=ILMH:DF_NOTHING(1.0.0), que ce hub ne possède pas" in done.stderr
    assert held(desk) == before


def test_a_report_for_people_says_where_and_what_to_do(desk: Desk) -> None:
    path = desk.folder / "shown.csv"
    path.write_bytes(in_latin_1(desk.csv))
    done = run(desk.home, "--lang", "es", "check", path)
    assert done.returncode == 3
    assert "guard-encoding" in done.stdout
    assert "UTF-8" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


REQUESTS = {
    # path, Accept, status, what must be said in each language
    "unknown dataflow, v1": ("/sdmx/v1/data/DF_NOTHING", None, 404, "DF_NOTHING"),
    "unknown dataflow, v2": ("/sdmx/v2/data/dataflow/ILMH/DF_NOTHING/1.0.0", None, 404, "DF_NOTHING"),
    "unknown dataflow, schema": ("/sdmx/v2/schema/dataflow/ILMH/DF_NOTHING/1.0.0", None, 404, "DF_NOTHING"),
    "malformed key, v1": (f"/sdmx/v1/data/ILMH,{FLOW}/A{'.X' * 20}", None, 400, "A.X.X"),
    "malformed key, v2": (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/+/A{'.X' * 20}", None, 400, "A.X.X"),
    "malformed code, v1": (f"/sdmx/v1/data/ILMH,{FLOW}/A.E(P", None, 400, "A.E(P"),
    "malformed period, v1": (f"/sdmx/v1/data/ILMH,{FLOW}?startPeriod=soon", None, 400, "soon"),
    "unknown component, v2": (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/+?c[COLOUR]=RED", None, 422, "COLOUR"),
    "unknown operator, v2": (f"/sdmx/v2/data/dataflow/ILMH/{FLOW}/+?c[TIME_PERIOD]=zz:2020", None, 400, "zz:2020"),
    "forbidden format, Accept": (data_path("v2", FLOW), "application/vnd.sdmx.data+edi;version=1.0", 406, "edi"),
    "forbidden format, parameter": (data_path("v1", FLOW, query="format=edi"), None, 406, "edi"),
    "forbidden version": (data_path("v2", FLOW), "application/vnd.sdmx.data+csv;version=9.0.0", 406, "9.0.0"),
}


@pytest.mark.parametrize("name", list(REQUESTS))
def test_a_wrong_request_is_answered_with_its_reason_in_three_languages(desk: Desk, name: str) -> None:
    path, accept, status, named = REQUESTS[name]
    told = set()
    for language in LANGUAGES:
        answer = desk.server.get(path, accept, Accept_Language=language)
        assert answer.status == status, answer.text[:500]
        assert named in answer.text
        assert answer.headers["Content-Language"] == language
        assert answer.content_type is not None
        told.add(answer.text)
        assert "Traceback" not in answer.text
    assert len(told) == len(LANGUAGES)
    assert desk.server.get("/livez").status == 200


COMMANDS = {
    # what is exported, in which format, the exit code, what must be said
    "unknown dataflow": ("dataflow/ILMH/DF_NOTHING/1.0.0", "csv", 5, "DF_NOTHING"),
    "malformed key": (f"dataflow/ILMH/{FLOW}/1.0.0/A{'.X' * 20}", "csv", 2, "A.X.X"),
    "forbidden format": (f"dataflow/ILMH/{FLOW}/1.0.0", "edi", 2, "edi"),
}


@pytest.mark.parametrize(("number", "name"), list(enumerate(COMMANDS)), ids=list(COMMANDS))
def test_a_wrong_export_ends_with_its_reason(home: Path, number: int, name: str) -> None:
    asked, form, code, named = COMMANDS[name]
    done = run(home, "--lang", LANGUAGES[number], "export", asked, "--format", form)
    assert (done.returncode, done.stdout) == (code, "")
    assert named in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_loads_without_a_key(desk: Desk) -> None:
    before = held(desk)
    answer = desk.server.request("POST", "/api/load?name=good.csv", {"Accept-Language": "fr"}, desk.csv)
    assert answer.status == 401
    assert held(desk) == before


def test_what_is_sound_is_loaded_over_http_after_all_that(desk: Desk) -> None:
    body = (ANSD / "samples" / "emigrants_rgph5.csv").read_bytes()
    sound = Case(lambda _desk: body, "emigrants.csv", "", None, {}, mapping="emigrants_rgph5.yaml")
    answer = post(desk, sound, body, "fr")
    assert answer.status == 200, answer.text[:500]
    report = answer.json()
    assert (report["errors"], report["mapped"], report["unchanged"]) == (0, 7, 7)
