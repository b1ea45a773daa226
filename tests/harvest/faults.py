"""What can be wrong with a partner's answer: one line a fault, with how a run that meets it may end.

``python -m tests.harvest.faults`` writes the table of docs/harvest.md.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sdmx_hub.store.run_rows import State
from tests.harvest.chaos import JSON, XML, Asked, Fault
from tests.harvest.partner import Reply

Spoil = Callable[[Asked], Reply]
GOOD_STATES = frozenset({State.SUCCEEDED, State.UNCHANGED})
LOADED = ("harvest-succeeded",)
SAME = ("harvest-unchanged",)


def _raw(head: bytes, body: bytes = b"", **more: object) -> Spoil:
    lines = head.replace(b"\n", b"\r\n") + b"\r\n\r\n"
    return lambda _: Reply(raw=lines + body, **more)  # type: ignore[arg-type]


def _wire(make: Callable[[bytes], bytes], **more: object) -> Spoil:
    """Bytes as they go over the wire, made of the good body."""
    return lambda asked: Reply(raw=make(asked.good.body), **more)  # type: ignore[arg-type]


def _head(*lines: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, b"Content-Type: text/csv", *lines, b"", b""))


def _length(body: bytes, more: int = 0) -> bytes:
    return b"Content-Length: %d" % (len(body) + more)


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


CHUNKED = b"Transfer-Encoding: chunked"


def _body(edit: Callable[[bytes], bytes], accept: str | None = None, **headers: str) -> Spoil:
    """The good answer with its body edited, in another format when ``accept`` names one."""

    def spoil(asked: Asked) -> Reply:
        good = asked.whole(accept) if accept else asked.good
        if good.status != 200:
            return good
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(good, body=edit(good.body), headers={**good.headers, **named})

    return spoil


def _headers(**headers: str) -> Spoil:
    return _body(lambda body: body, **headers)


def _reply(status: int, body: bytes = b"", **headers: str) -> Spoil:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(status, body, named)


def _swap(old: bytes, new: bytes, count: int = -1) -> Callable[[bytes], bytes]:
    return lambda body: body.replace(old, new, count)


def _first(*replies: Spoil) -> Spoil:
    """One answer after the other, and then good ones."""
    return lambda asked: replies[asked.number](asked) if asked.number < len(replies) else asked.good


def _lines(edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda body: b"".join(edit(body.splitlines(keepends=True)))


def _row(edit: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    """Edit the cells of the first row of a CSV."""
    return _lines(lambda lines: [*lines[:1], *(b",".join(edit(line.split(b","))) for line in lines[1:2]), *lines[2:]])


def _cell(position: int, value: bytes) -> Callable[[bytes], bytes]:
    return _row(lambda cells: [*cells[:position], value, *cells[position + 1 :]])


def _zip(*bodies: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, body in enumerate(bodies):
            archive.writestr(f"../{number}.csv", body)
    return made.getvalue()


def _halves(asked: Asked) -> Reply:
    """The first half of the rows of the release before, the second half of this one."""
    old, new = asked.earlier.body.splitlines(keepends=True), asked.whole().body.splitlines(keepends=True)
    keys = {line.split(b",", 7)[4:7] != [] and tuple(line.split(b",", 7)[4:7]) for line in new[len(new) // 2 :]}
    kept = [line for line in old[: len(old) // 2] if tuple(line.split(b",", 7)[4:7]) not in keys]
    return replace(asked.good, body=b"".join([*kept, *new[len(new) // 2 :]]))


def _error(code: int, text: bytes) -> bytes:
    opened = b'<?xml version="1.0"?><m:Error xmlns:m="x"><m:ErrorMessage code="%d"><Text>' % code
    return opened + text + b"</Text></m:ErrorMessage></m:Error>"


HTML = b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>"
SOAP = (
    b'<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>'
    b"<faultcode>100</faultcode><faultstring>No results found</faultstring></S:Fault></S:Body></S:Envelope>"
)
JSON_ERROR = json.dumps({"errors": [{"code": 500, "title": "out of order"}]}).encode()
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><x>&c;&c;&c;&c;</x>'
)
EXTERNAL = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'
NEVER = b"Fri, 31 Dec 99999999999999999999 23:59:59 GMT"
HEADER = b"FREQ,REF_AREA,SEX,TIME_PERIOD"
FAILED, HELD, WAITING, FINE = (
    frozenset({State.FAILED}),
    frozenset({State.HELD}),
    frozenset({State.QUEUED}),
    GOOD_STATES,
)
EITHER = FAILED | GOOD_STATES


def _fault(name: str, spoil: Spoil, states: frozenset[State], *verdicts: str, **more: object) -> Fault:
    return Fault(name=name, spoil=spoil, states=states, verdicts=frozenset(verdicts), **more)  # type: ignore[arg-type]


def _failing(verdict: str, **spoils: Spoil) -> Iterator[Fault]:
    for name, spoil in spoils.items():
        yield _fault(name.replace("_", " "), spoil, FAILED, verdict)


def _line_faults() -> Iterator[Fault]:
    """The line breaks, or what comes is no HTTP."""
    cut = "fetch-broken"
    yield _fault("the connection is reset", _raw(b"", reset=True), FAILED, cut, "fetch-no-connection")
    yield _fault("the connection is closed without a word", lambda _: Reply(raw=b""), FAILED, cut)
    yield _fault("cut inside the headers", lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Ty"), FAILED, cut)
    half = _wire(lambda body: _head(_length(body)) + body[: len(body) // 2])
    yield _fault("cut in the middle of the body", half, FAILED, cut)
    half = _wire(lambda body: _head(_length(body)) + body[: len(body) // 2], reset=True)
    yield _fault("reset in the middle of the body", half, FAILED, cut)
    yield _fault("shorter than announced by a byte", _wire(lambda body: _head(_length(body, 1)) + body), FAILED, cut)
    yield _fault("cut between chunks", _wire(lambda body: _head(CHUNKED) + _chunk(body[:200])), FAILED, cut)
    yield _fault("cut inside a chunk", _wire(lambda body: _head(CHUNKED) + _chunk(body)[:-9]), FAILED, cut)
    yield _fault("whole, but the last chunk is missing", _wire(lambda body: _head(CHUNKED) + _chunk(body)), FAILED, cut)
    yield _fault("a chunk without a size", _wire(lambda body: _head(CHUNKED) + b"zz\r\n" + body), FAILED, cut)
    yield _fault("two lengths", _wire(lambda body: _head(_length(body), b"Content-Length: 9") + body), FAILED, cut)
    yield _fault("a negative length", _wire(lambda body: _head(b"Content-Length: -5") + body), FAILED, cut)
    short = _wire(lambda body: _head(_length(body, -len(body) // 3)) + body)
    yield _fault("longer than announced", short, FAILED, "harvest-rejected")
    unframed = _wire(lambda body: _head().replace(b"1.1", b"1.0") + body)
    yield _fault("HTTP/1.0 without a length", unframed, FAILED, "fetch-unframed")
    yield _fault("HTTP/1.1 without a length", _wire(lambda body: _head() + body), FAILED, "fetch-unframed")
    yield _fault("no HTTP", lambda _: Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n"), FAILED, cut)
    yield _fault("TLS instead of HTTP", lambda _: Reply(raw=b"\x15\x03\x01\x00\x02\x02\x46" * 9), FAILED, cut)
    yield _fault("endless headers", lambda _: Reply(raw=b"HTTP/1.1 200 OK\r\n", endless=b"X: y\r\n" * 999), FAILED, cut)
    yield _fault("a thousand times 100", _wire(lambda _: b"HTTP/1.1 100 Continue\r\n\r\n" * 999), FAILED, cut)
    yield _fault("101 Switching Protocols", _raw(b"HTTP/1.1 101 Go\nUpgrade: x"), FAILED, cut, "harvest-status")
    stream = _raw(b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked", endless=_chunk(b"x" * 4000))
    yield _fault("an endless stream", stream, FAILED, "fetch-too-large")
    yield _fault("silence", lambda _: Reply(raw=b"HTTP", drip=4), FAILED, "fetch-timeout", slow=True)
    drip = _wire(lambda body: _head(_length(body)) + body, drip=0.1)
    yield _fault("a byte now and then", drip, FAILED, "fetch-timeout", slow=True)


def _packing_faults() -> Iterator[Fault]:
    """Gzip, ZIP, and what is packed too well."""
    packed = {"Content_Encoding": "gzip"}
    cut = _body(lambda body: gzip.compress(body)[:-9], **packed)
    yield _fault("gzip cut before its end", cut, FAILED, "fetch-cut")
    wrong = _body(lambda body: gzip.compress(body)[:-6] + b"\0\0" + gzip.compress(body)[-4:], **packed)
    yield _fault("gzip with a wrong checksum", wrong, FAILED, "fetch-gzip")
    yield _fault("called gzip, sent plain", _headers(**packed), FAILED, "fetch-gzip")
    yield _fault("called br", _headers(Content_Encoding="br"), FAILED, "fetch-encoding")
    yield _fault("gzip that nobody announced", _body(gzip.compress), FINE, *LOADED)
    twice = _body(lambda body: gzip.compress(gzip.compress(body)), **packed)
    yield _fault("gzip in gzip", twice, FINE, *LOADED)
    bomb = gzip.compress(b"\0" * 20_000_000)
    yield _fault("a bomb of gzip", _reply(200, bomb, **packed), FAILED, "fetch-ratio", "fetch-too-large")
    yield _fault("a bomb of gzip nobody announced", _reply(200, bomb), FAILED, "harvest-rejected")
    zipped = _zip(b"\0" * 20_000_000)
    yield _fault("a bomb of ZIP", _reply(200, zipped), FAILED, "harvest-rejected")
    yield _fault("a ZIP of two files", _body(lambda body: _zip(body, body)), FAILED, "harvest-rejected")
    yield _fault("a ZIP of one file with a name that climbs", _body(_zip), FINE, *LOADED)


def _text_faults() -> Iterator[Fault]:
    """Encodings, and texts that are not what they are called."""
    bad = "harvest-rejected"
    yield _fault("called HTML", _headers(Content_Type="text/html"), FINE, *LOADED)
    yield _fault("called UTF-16, sent as UTF-8", _headers(Content_Type="text/csv; charset=utf-16"), FINE, *LOADED)
    latin = _body(lambda body: body.decode().encode("latin-1"), Content_Type="text/csv; charset=utf-8")
    yield _fault("called UTF-8, sent as Latin-1", latin, FAILED, bad)
    yield _fault("UTF-16", _body(lambda body: body.decode().encode("utf-16")), FINE, *LOADED)
    blind = _body(lambda body: body.decode().encode("utf-16-le"))
    yield _fault("UTF-16 without its mark", blind, FAILED, bad, "harvest-failed")
    yield _fault("UTF-8 with a mark", _body(lambda body: b"\xef\xbb\xbf" + body), FINE, *LOADED)
    yield _fault("a NUL inside", _body(_swap(b"SEN", b"S\0N", 1)), FAILED, bad)
    yield _fault("control characters inside", _body(_swap("été".encode(), b"\x1b[2J", 1)), FAILED, bad)
    twice = _body(lambda body: body.decode().encode().decode("latin-1").encode())
    yield _fault("UTF-8 encoded twice", twice, FINE, *LOADED, lies=True)
    yield _fault("a page with 200", _reply(200, HTML, Content_Type="text/html"), FAILED, "harvest-page")
    yield _fault("a page called CSV", _reply(200, HTML, Content_Type="text/csv"), FAILED, "harvest-page")
    yield _fault("an SDMX error with 200", _reply(200, _error(500, b"out of order")), FAILED, "harvest-told")
    yield _fault("a SOAP fault for nothing with 200", _reply(200, SOAP), HELD, "harvest-empty")
    yield _fault("a JSON error with 200", _reply(200, JSON_ERROR), FAILED, "harvest-told")
    yield _fault("nothing with 200", _reply(200), FAILED, bad)
    yield _fault("binary", _reply(200, bytes(range(256)) * 9), FAILED, bad)
    yield _fault("a structure message for data", _structure_of, FAILED, bad)
    xml, cut_json = _body(lambda body: body[: len(body) * 2 // 3], XML), _body(lambda body: body[:-2], JSON)
    yield _fault("XML cut inside", xml, FAILED, bad)
    yield _fault("XML with something behind it", _body(lambda body: body + b"<!-- x --><y/>", XML), FAILED, bad)
    lie = _body(_swap(b'encoding="UTF-8"', b'encoding="ISO-8859-1"'), XML)
    yield _fault("XML in UTF-8 that says Latin-1", lie, FINE, *LOADED, lies=True)
    yield _fault("XML with entities in entities", _reply(200, ENTITIES), FAILED, bad)
    yield _fault("XML with an entity from a file", _reply(200, EXTERNAL), FAILED, bad)
    yield _fault("XML nested without end", _reply(200, b"<a>" * 50_000), FAILED, bad)
    yield _fault("JSON cut inside", cut_json, FAILED, bad)
    yield _fault("JSON with something behind it", _body(lambda body: body + b"{}", JSON), FAILED, bad)
    yield _fault("JSON nested without end", _reply(200, b'{"data":' + b"[" * 50_000), FAILED, bad)
    yield _fault("CSV cut inside a line", _body(lambda body: body[:-12]), FAILED, bad)
    lost = _body(_lines(lambda lines: [*lines[:3], *lines[4:]]))
    yield _fault("CSV that lost a line", lost, FINE, *LOADED, lies=True)


def _structure_of(asked: Asked) -> Reply:
    return asked.world.honest("/sdmx/v2/structure/dataflow/TEST/DF/1.0.0", {"Accept": "application/json"})


def _status_faults() -> Iterator[Fault]:
    """Refusals, wishes to wait, and ways elsewhere."""
    for status in (401, 403, 406, 410, 414, 451, 500, 501):
        yield _fault(f"{status}", _reply(status, _error(status, b"no")), FAILED, "harvest-status")
    yield _fault("413 without an estimate", _reply(413), FAILED, *TOO_LARGE)
    told = _error(413, b"The query matches 420709314 observations; the limit is 5000000")
    yield _fault("413 with an estimate", _reply(413, told), FAILED, *TOO_LARGE)
    yield _fault("a SOAP fault with 500", _reply(500, SOAP), FAILED, "harvest-status")
    yield _fault("206 with half", _body(lambda body: body, Content_Range="values 0-3/12"), FINE, *LOADED)
    yield _fault("206", lambda asked: replace(asked.good, status=206), FAILED, "harvest-status")
    yield _fault("203", lambda asked: replace(asked.good, status=203), FAILED, "harvest-status")
    yield _fault("304 that nobody asked for", _reply(304), FAILED, "harvest-status")
    yield _fault("204 after data", _reply(204), HELD, "harvest-empty")
    yield _fault("404 with the code for no results", _reply(404, _error(100, b"none")), HELD, "harvest-empty")
    gone = _fault("404 because the dataflow is gone", _reply(404, _error(100, b"none")), FAILED, "harvest-status")
    yield replace(gone, at="all")
    yield _fault("404 with a page", _reply(404, HTML), FAILED, "harvest-page")
    yield _fault("503 now and then", _first(_reply(503)), FINE, *LOADED)
    yield _fault("503 all the time", _reply(503), FAILED, "harvest-status")
    yield _fault("429 for five seconds", _first(_reply(429, Retry_After="5")), FINE, *LOADED)
    for text, shown in (("soon", "a word"), ("-5", "a negative number"), (NEVER.decode(), "no date")):
        yield _fault(f"429 with {shown} to wait", _reply(429, Retry_After=text), FAILED, "harvest-status")
    past = "Mon, 01 Jan 2001 00:00:00 GMT"
    yield _fault("429 with a date that has passed", _reply(429, Retry_After=past), FAILED, "harvest-status")
    yield _fault("429 with a huge wait", _reply(429, Retry_After="9" * 400), WAITING, "harvest-deferred")
    ahead = _fault("429 with a date ahead", _date_ahead, WAITING, "harvest-deferred")
    yield ahead
    yield _fault("redirects in a circle", _reply(302, Location="?again"), FAILED, "fetch-redirects")
    for name, target, verdict in (
        ("another port of this machine", "http://127.0.0.1:22/", "guard-host"),
        ("loopback by another name", "http://localhost/", "guard-host"),
        ("loopback as a number", "http://2130706433/", "guard-url"),
        ("a private network", "http://10.0.0.1/", "guard-host"),
        ("the metadata of a cloud", "http://169.254.169.254/latest/meta-data/", "guard-host"),
        ("a file", "file:///etc/passwd", "guard-scheme"),
        ("another user", "http://user:secret@127.0.0.1/", "guard-userinfo"),
        ("an address that is none", "http://[::1", "guard-url"),
    ):
        yield _fault(f"a redirect to {name}", _reply(302, Location=target), FAILED, verdict)
    moved = _first(_reply(301, Location="?moved=1"), _reply(307, Location="?moved=2"))
    yield _fault("two redirects to where it is", moved, FINE, *LOADED)


def _date_ahead(asked: Asked) -> Reply:
    at = asked.world.time.now() + dt.timedelta(minutes=30)
    return Reply(429, b"", {"Retry-After": email.utils.format_datetime(at.replace(microsecond=0), usegmt=True)})


def _header_faults() -> Iterator[Fault]:
    """Headers that would spoil the next visit."""
    by = {"mechanism": "conditional"}
    for name, tag in (("that cannot be sent back", "caf\xe9"), ("of 20 kB", "x" * 20_000)):
        yield _fault(f"an ETag {name}", _headers(ETag=f'"{tag}"'), FINE, *LOADED, **by)
    yield _fault("a new ETag for the same data", _headers(ETag='"new"'), FINE, *LOADED, **by)
    folded = _wire(lambda body: _head(_length(body), b'ETag: "a"\r\n Injected: b') + body)
    yield _fault("a header that goes on in the next line", folded, EITHER, *LOADED, "fetch-broken", **by)
    bare = _wire(lambda body: _head(_length(body), b'ETag: "a"\rInjected: b') + body)
    yield _fault("a header with a bare CR", bare, EITHER, *LOADED, "fetch-broken", **by)
    nul = _wire(lambda body: _head(_length(body), b'ETag: "a\0b"') + body)
    yield _fault("a header with a NUL", nul, EITHER, *LOADED, "fetch-broken", **by)
    yield _fault("304 although it has changed", _reply(304), FINE, "harvest-not-modified", lies=True, **by)
    stale = _fault("old data with the new ETag", lambda asked: replace(asked.good, body=asked.earlier.body), FINE)
    yield replace(stale, verdicts=frozenset(SAME), lies=True, mechanism="conditional")


def _row_faults() -> Iterator[Fault]:
    """Messages that can be read and say something else than the truth."""
    bad = "harvest-rejected"
    doubled = _body(_lines(lambda lines: [*lines, lines[-1]]))
    yield _fault("a row twice", doubled, FAILED, bad)
    other = _body(_lines(lambda lines: [*lines, re.sub(rb",[0-9.]+,USD", b",77,USD", lines[-1])]))
    yield _fault("a row twice with two values", other, FAILED, bad)
    for name, edit in {
        "an unknown code": _swap(b"SEN", b"XXX"),
        "an unknown unit": _swap(b",USD,", b",XYZ,"),
        "a code in other letters": _swap(b",SEN,", b",sen,"),
        "a key with a part missing": _cell(4, b""),
        "a code that climbs": _cell(4, b"../../etc/passwd"),
        "a code with SQL": _cell(4, b"'; DROP TABLE observations; --"),
        "a code of 100 kB": _cell(4, b"A" * 100_000),
        "a period that is none": _cell(6, b"2020-13"),
        "a value in words": _cell(7, b"many"),
        "a value of another script": _cell(7, "١٢".encode()),
        "a value with grouped digits": _cell(7, b"1_000"),
        "an infinite value": _cell(7, b"1e999"),
        "an unknown action": _cell(2, b"X"),
        "a column too many": _swap(b"REF_AREA", b"REF_AREA,EXTRA"),
        "a dimension missing": _lines(
            lambda lines: [b",".join(cell for at, cell in enumerate(line.split(b",")) if at != 5) for line in lines]
        ),
        "a ragged line": _lines(lambda lines: [*lines[:-1], lines[-1].rstrip() + b",1,2,3\n"]),
        "columns with one name": _swap(b"OBS_STATUS", b"UNIT_MEASURE"),
    }.items():
        yield _fault(name, _body(edit), FAILED, bad, "load-other-action")
    strange = {"another dataflow's data": b"TEST:OTHER(", "another agency's data": b"OTHER:DF("}
    for name, text in strange.items():
        yield _fault(name, _body(_swap(b"TEST:DF(", text)), FAILED, "read-structure-unknown", bad)
    for name, text in {"DF": b"dataflow,TEST:DF(2.0.0)", "DSD": b"datastructure,TEST:DSD(2.0.0)"}.items():
        edit = _body(_swap(b"dataflow,TEST:DF(1.0.0)", text))
        yield _fault(f"data of {name} 2.0.0, whose structures are still 1.0.0", edit, FAILED, "STRUCT-MISMATCH")
    dsd = _body(_swap(b"dataflow,TEST:DF(", b"datastructure,TEST:DSD("))
    yield _fault("data of the structure, of no dataflow", dsd, EITHER, *LOADED, bad, "read-structure-unknown")
    mixed = _body(_lines(lambda lines: [*lines[:-1], lines[-1].replace(b"TEST:DF(", b"TEST:OTHER(")]))
    yield _fault("two dataflows in one message", mixed, FAILED, "read-structure-unknown", bad)
    yield _fault("NaN", _body(_cell(7, b"NaN")), FINE, *LOADED, lies=True)
    shrunk = _body(_lines(lambda lines: lines[:2]))
    yield _fault("shrunk to one observation", shrunk, HELD, "SHRINK-01")
    yield _fault("shrunk to nothing", _body(_lines(lambda lines: lines[:1])), HELD, "harvest-empty")
    gone = _body(_lines(lambda lines: [lines[0], *(line.replace(b",R,", b",D,", 1) for line in lines[1:])]))
    yield _fault("a full answer whose rows say deleted", gone, FAILED | HELD | FINE, *LOADED, bad, "SHRINK-01")
    higher = _body(lambda body: re.sub(rb"(,[0-9.]+)(,USD)", _thousand, body))
    yield _fault("values times 1000", higher, HELD, *JUMPS)
    yield _fault("another unit", _body(_swap(b",USD,", b",PS,")), FAILED | HELD, bad, *JUMPS)
    yield _fault("half of one release and half of the next", _halves, FINE, *LOADED, *SAME, lies=True)
    yield _fault(
        "the release before", lambda asked: replace(asked.good, body=asked.earlier.body), FINE, *SAME, lies=True
    )


def _thousand(found: re.Match[bytes]) -> bytes:
    return b",%.2f" % (float(found[1][1:]) * 1000) + found[2]


TOO_LARGE = ("harvest-status", "harvest-part-too-large")
JUMPS = ("HOLD-JUMP",)


def _structure_faults() -> Iterator[Fault]:
    """The structures change while the data are on their way, or do not come."""
    other = "STRUCT-MISMATCH"
    for name, edit in {
        "a dimension was added": _more_dimensions,
        "a dimension was renamed": _swap(b'{"id":"SEX","conceptIdentity"', b'{"id":"GENDER","conceptIdentity"'),
        "the structure has a new major version": _new_major,
    }.items():
        yield replace(_fault(name, _structure(edit), FAILED, other), at="structure")
    for name, edit in {
        "a code was removed": _swap(b'{"id":"TUN"', b'{"id":"TUX"'),
        "the data structure comes only when it is asked for": lambda body: re.sub(
            rb'"dataStructures":\[.*\],"dataflows"', b'"dataflows"', body
        ),
    }.items():
        yield replace(_fault(name, _structure(edit), FINE, *LOADED), at="structure")
    renamed = _structure(_swap(b'"Code SEN"', b'"Code SENEGAL"'))
    yield replace(_fault("a code was renamed", renamed, HELD, "HOLD-LABEL"), at="structure")
    for name, spoil in {
        "the dataflow is gone when the structures are asked for": _reply(404, _error(100, b"none")),
        "no structures: 500": _reply(500),
    }.items():
        yield replace(_fault(name, spoil, FAILED, "harvest-status"), at="structure")
    yield replace(_fault("no structures: a page", _reply(200, HTML), FAILED, "harvest-page"), at="structure")
    for name, spoil in {
        "no structures: nothing": _reply(200),
        "structures cut inside": _structure(lambda body: body[: len(body) // 2]),
        "structures nested without end": _reply(200, b'{"data":' + b"[" * 50_000),
        "structures with entities in entities": _reply(200, ENTITIES),
        "structures of another dataflow": _structure(_swap(b'"dataflows":[{"id":"DF"', b'"dataflows":[{"id":"DX"')),
    }.items():
        yield replace(_fault(name, spoil, FAILED, *STRUCTURE_VERDICTS), at="structure")


STRUCTURE_VERDICTS = ("harvest-structure-missing", "structures-json", "structures-format")
STRUCTURE = "application/vnd.sdmx.structure+json;version=2.0.0"


def _structure(edit: Callable[[bytes], bytes]) -> Spoil:
    """The structures edited, whatever the hub knows of them already."""

    def spoil(asked: Asked) -> Reply:
        good = asked.world.honest(asked.seen.path, {"Accept": STRUCTURE})
        return replace(good, body=edit(good.body), headers={**good.headers, "ETag": f'"{hash(edit)}"'})

    return spoil


def _more_dimensions(body: bytes) -> bytes:
    message = json.loads(body)
    listed = message["data"]["dataStructures"][0]["dataStructureComponents"]["dimensionList"]["dimensions"]
    listed.append({**listed[1], "id": "OTHER_AREA"})
    return json.dumps(message).encode()


def _new_major(body: bytes) -> bytes:
    return body.replace(b"TEST:DSD(1.0.0)", b"TEST:DSD(2.0.0)").replace(
        b'"id":"DSD","agencyID":"TEST","version":"1.0.0"', b'"id":"DSD","agencyID":"TEST","version":"2.0.0"'
    )


def _delta_faults() -> Iterator[Fault]:
    """What has changed since, told wrongly."""
    by = {"mechanism": "delta"}
    yield _fault("updatedAfter is ignored", lambda asked: asked.whole(), FINE, *LOADED, lies=True, **by)
    silent = _body(_lines(lambda lines: [line for line in lines if b",D," not in line]))
    yield _fault("deletions are not announced", silent, FINE, *LOADED, lies=True, **by)
    again = _body(_lines(lambda lines: [*lines, *(line for line in lines if b",D," in line)]))
    yield _fault("deletions are announced twice", again, EITHER, *LOADED, "harvest-rejected", **by)
    absent = _body(_lines(lambda lines: [*lines, b"dataflow,TEST:DF(1.0.0),D,Q,GHA,_T,1999-Q1,,,,\n"]))
    yield _fault("a deletion of what nobody holds", absent, FINE, *LOADED, **by)
    late = _fault("updatedAfter is read in another zone", _zone, FINE, "harvest-nothing-new", lies=True)
    yield replace(late, mechanism="delta")
    yield _fault("nothing new, although there is", _reply(204), FINE, "harvest-nothing-new", lies=True, **by)
    none = _body(_lines(lambda lines: lines[:1]))
    yield _fault("a table without rows, although there is news", none, FINE, "harvest-nothing-new", lies=True, **by)
    yield _fault("a delta cut inside", _body(lambda body: body[:-12]), FAILED, "harvest-rejected", **by)
    for name, shift in {
        "a clock a day behind": -dt.timedelta(days=1),
        "a clock a day ahead": dt.timedelta(days=1),
        "a clock in 1970": dt.datetime(1970, 1, 1, tzinfo=dt.UTC) - dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
    }.items():
        yield _fault(name, _clock(shift), FINE, *LOADED, **by)
    yield _fault("a clock that tells no time", _headers(Date=NEVER.decode()), FINE, *LOADED, **by)


def _zone(asked: Asked) -> Reply:
    return asked.since(asked.world.time.now() + dt.timedelta(hours=2))


def _clock(shift: dt.timedelta) -> Spoil:
    def spoil(asked: Asked) -> Reply:
        at = (asked.world.time.now() + shift).replace(microsecond=0)
        return replace(asked.good, headers={**asked.good.headers, "Date": email.utils.format_datetime(at, usegmt=True)})

    return spoil


FAULTS: tuple[Fault, ...] = (
    *_line_faults(),
    *_packing_faults(),
    *_text_faults(),
    *_status_faults(),
    *_row_faults(),
    *_structure_faults(),
    *_header_faults(),
    *_delta_faults(),
)

GROUPS = {
    "The line": _line_faults,
    "Packing": _packing_faults,
    "Texts": _text_faults,
    "Refusals and redirects": _status_faults,
    "Observations": _row_faults,
    "Structures": _structure_faults,
    "Headers": _header_faults,
    "Deltas": _delta_faults,
}
DOCS = Path(__file__).parents[2] / "docs" / "harvest.md"
BEGIN, END = "<!-- faults -->", "<!-- end of faults -->"


def docs_table() -> str:
    """The table of docs/harvest.md: what is wrong, how the run ends, and the key of what it says."""
    lines = ["| What the partner does | The run | What it says |", "|---|---|---|"]
    for title, group in GROUPS.items():
        lines.append(f"| **{title}** | | |")
        for fault in group():
            states = " or ".join(sorted(state.value for state in _shown(fault.states)))
            lie = " (a lie, see below)" if fault.lies else ""
            lines.append(
                f"| {fault.name} | {states}{lie} | {', '.join(f'`{key}`' for key in sorted(fault.verdicts))} |"
            )
    return "\n".join(lines)


def _shown(states: frozenset[State]) -> frozenset[State]:
    """Whether a good run brings something new is not for the fault to say."""
    return states - {State.UNCHANGED} if states >= GOOD_STATES else states


def write_docs() -> None:
    """Put the table into docs/harvest.md."""
    before, _, rest = DOCS.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCS.write_text(f"{before}{BEGIN}\n\n{docs_table()}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    write_docs()
