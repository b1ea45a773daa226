"""One GET through the guard, against a real server that misbehaves in every way it can."""

import gzip
import hashlib

import pytest

from sdmx_hub.config import Secret
from sdmx_hub.errors import Malformed, NotAllowed, PartnerUnavailable, TooLarge
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.fetch import Visitor, fetch
from sdmx_hub.harvest.guard import Policy, parse_place
from sdmx_hub.harvest.raw import raw_store_in
from tests.harvest.partner import Reply, run_partner, unused_port

BODY = b"A;B\n" * 1000


def visitor(partner, tmp_path, *, hosts=(), allow_local=True, **limits):
    home = parse_place(partner.url)
    return Visitor(
        policy=Policy(hosts=frozenset({(home.host, home.port), *hosts}), allow_local=allow_local),
        limits=Limits(**{"seconds": 5, "connect_seconds": 2, "idle_seconds": 2, **limits}),
        raw=raw_store_in(tmp_path / "raw"),
        home=home,
        credentials={"Authorization": Secret("Bearer s3cret")},
    )


def leftovers(tmp_path):
    return [path for path in (tmp_path / "raw").rglob("*") if path.is_file()]


@pytest.mark.parametrize("reply", [Reply(body=BODY), Reply(body=BODY).zipped()], ids=["plain", "gzip"])
def test_a_body_is_kept_by_its_hash(partner, tmp_path, reply):
    partner.on("/", reply)
    answer = fetch(f"{partner.url}/data", visitor(partner, tmp_path), {"Accept": "text/csv"})
    assert answer.status == 200
    assert answer.kept.path.read_bytes() == BODY
    assert answer.kept.sha256 == hashlib.sha256(BODY).hexdigest() == answer.kept.path.name
    assert answer.bytes == len(reply.body)
    assert leftovers(tmp_path) == [answer.kept.path]
    seen = partner.seen[0].headers
    assert (seen["accept"], seen["authorization"], seen["accept-encoding"]) == ("text/csv", "Bearer s3cret", "gzip")


def test_members_of_gzip_may_follow_each_other(partner, tmp_path):
    partner.on("/", Reply(body=gzip.compress(b"one") + gzip.compress(b"two"), headers={"Content-Encoding": "gzip"}))
    assert fetch(partner.url, visitor(partner, tmp_path), {}).kept.path.read_bytes() == b"onetwo"


def head(*lines):
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode()


ZIPPED = gzip.compress(BODY)
BROKEN = {
    "shorter than announced": (Reply(raw=head("Content-Length: 5000") + BODY), PartnerUnavailable),
    "cut inside a chunk": (Reply(raw=head("Transfer-Encoding: chunked") + b"fa0\r\nhalf"), PartnerUnavailable),
    "cut between chunks": (Reply(raw=head("Transfer-Encoding: chunked") + b"4\r\nhalf\r\n"), PartnerUnavailable),
    "gzip cut": (Reply(body=ZIPPED[:-9], headers={"Content-Encoding": "gzip"}), PartnerUnavailable),
    "gzip damaged": (Reply(body=ZIPPED[:30] + b"xx" + ZIPPED[32:], headers={"Content-Encoding": "gzip"}), Malformed),
    "gzip that is none": (Reply(body=BODY, headers={"Content-Encoding": "gzip"}), Malformed),
    "an encoding nobody asked for": (Reply(body=BODY, headers={"Content-Encoding": "br"}), Malformed),
    "no frame": (Reply(raw=head() + BODY), Malformed),
    "no HTTP": (Reply(raw=b"SSH-2.0-OpenSSH\r\n"), PartnerUnavailable),
    "nothing": (Reply(raw=b""), PartnerUnavailable),
    "endless headers": (Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000), PartnerUnavailable),
}


@pytest.mark.parametrize(("reply", "refusal"), BROKEN.values(), ids=BROKEN)
def test_half_an_answer_is_no_answer(partner, tmp_path, reply, refusal):
    partner.on("/", reply)
    with pytest.raises(refusal):
        fetch(partner.url, visitor(partner, tmp_path), {})
    assert leftovers(tmp_path) == []


def test_a_bomb_is_dropped_by_its_ratio(partner, tmp_path):
    bomb = gzip.compress(b"\0" * 40_000_000)
    partner.on("/", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TooLarge, match="bomb"):
        fetch(partner.url, visitor(partner, tmp_path, ratio=200), {})
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("reply", "limits"),
    [
        (Reply(body=BODY), {"bytes": 3999}),
        (Reply(body=BODY).zipped(), {"unpacked_bytes": 3999}),
        (Reply(raw=head("Transfer-Encoding: chunked") + b"1000\r\n" + b"x" * 4096 + b"\r\n"), {"bytes": 3999}),
    ],
)
def test_bytes_are_capped_on_the_wire_and_after(partner, tmp_path, reply, limits):
    partner.on("/", reply)
    with pytest.raises(TooLarge):
        fetch(partner.url, visitor(partner, tmp_path, **limits), {})
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("raw", [head("Content-Length: 5000") + BODY, b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9000])
def test_a_partner_that_drips_is_cut_off(partner, tmp_path, raw):
    partner.on("/", Reply(raw=raw, drip=0.01))
    with pytest.raises(PartnerUnavailable, match="in time"):
        fetch(partner.url, visitor(partner, tmp_path, seconds=0.5), {})
    assert leftovers(tmp_path) == []


def test_a_partner_that_is_silent_is_cut_off(partner, tmp_path):
    partner.on("/", Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n", drip=3))
    with pytest.raises(PartnerUnavailable, match="in time"):
        fetch(partner.url, visitor(partner, tmp_path, idle_seconds=0.3), {})


def test_nobody_there_is_told(partner, tmp_path):
    there = visitor(partner, tmp_path)
    port = unused_port()
    absent = Visitor(**{**vars(there), "policy": Policy(hosts=frozenset({("127.0.0.1", port)}), allow_local=True)})
    with pytest.raises(PartnerUnavailable, match="could not be reached"):
        fetch(f"http://127.0.0.1:{port}/", absent, {})


def test_a_redirect_on_the_same_host_is_followed(partner, tmp_path):
    partner.on("/old", Reply(302, headers={"Location": "/new?x=1"}))
    partner.on("/new", Reply(body=BODY))
    answer = fetch(f"{partner.url}/old", visitor(partner, tmp_path), {})
    assert answer.url == f"{partner.url}/new?x=1"
    assert answer.kept is not None


def test_credentials_do_not_cross_hosts(partner, tmp_path):
    with run_partner() as other:
        partner.on("/", Reply(307, headers={"Location": f"{other.url}/data"}))
        other.on("/", Reply(body=BODY))
        fetch(partner.url, visitor(partner, tmp_path, hosts=[("127.0.0.1", other.port)]), {})
        assert partner.seen[0].headers["authorization"] == "Bearer s3cret"
        assert "authorization" not in other.seen[0].headers


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/",
        "http://[::1]/",
        "file:///etc/passwd",
        "//127.0.0.2/",
        "http://user@127.0.0.1/",
        "gopher://127.0.0.1/",
    ],
)
def test_a_redirect_elsewhere_is_refused(partner, tmp_path, target):
    partner.on("/", Reply(302, headers={"Location": target}))
    with pytest.raises(NotAllowed):
        fetch(partner.url, visitor(partner, tmp_path), {})
    assert len(partner.seen) == 1


def test_redirects_in_a_circle_end(partner, tmp_path):
    partner.on("/", Reply(302, headers={"Location": "/"}))
    with pytest.raises(PartnerUnavailable, match="redirects"):
        fetch(partner.url, visitor(partner, tmp_path), {})
    assert len(partner.seen) == 4


def test_this_machine_is_not_asked_unless_development_says_so(partner, tmp_path):
    with pytest.raises(NotAllowed, match="allow_loopback"):
        fetch(partner.url, visitor(partner, tmp_path, allow_local=False), {})
    assert partner.seen == []


@pytest.mark.parametrize("status", [304, 400, 404, 500, 503])
def test_a_refusal_keeps_only_its_beginning(partner, tmp_path, status):
    body = b"" if status == 304 else b"<Error>no</Error>" * 1000
    partner.on("/", Reply(status, body))
    answer = fetch(partner.url, visitor(partner, tmp_path), {})
    assert (answer.status, answer.kept) == (status, None)
    assert answer.excerpt == body[:4096].decode()
    assert leftovers(tmp_path) == []
