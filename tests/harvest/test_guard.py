"""The guard of outgoing requests: every decision a row, then a law over addresses."""

import datetime as dt
import ipaddress
import random
import socket
from types import SimpleNamespace

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdmx_hub.errors import NotAllowed
from sdmx_hub.harvest.answer import Limits
from sdmx_hub.harvest.dial import Deadline, GuardedTransport
from sdmx_hub.harvest.exchange import Line, exchange
from sdmx_hub.harvest.fetch import Visitor, fetch
from sdmx_hub.harvest.files import file_url
from sdmx_hub.harvest.guard import Place, Policy, check_url, may_dial, parse_place
from sdmx_hub.harvest.raw import raw_store_in

HOME = Place("https", "stats.example.org", 443)
POLICY = Policy(hosts=frozenset({("stats.example.org", 443), ("stats.example.org", 80), ("mirror.example.org", 8443)}))

REFUSED_URLS = [
    "ftp://stats.example.org/",
    "file:///etc/passwd",
    "gopher://stats.example.org/",
    "dict://stats.example.org:11211/",
    "jar:http://stats.example.org!/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "//stats.example.org/",
    "stats.example.org",
    "",
    "http://",
    "http:///",
    "http:stats.example.org",
    "https://user@stats.example.org/",
    "https://user:secret@stats.example.org/",
    "https://stats.example.org@evil.example/",
    "https://evil.example#@stats.example.org/",
    "https://evil.example\\@stats.example.org/",
    "https://stats.example.org\\.evil.example/",
    "https://stats.example.org.evil.example/",
    "https://evil.example/stats.example.org",
    "https://evil.example/?u=stats.example.org",
    "https://stats.example.org:22/",
    "https://stats.example.org:0/",
    "https://stats.example.org:99999/",
    "https://stats.example.org:/",
    "https://stats.example.org:80a/",
    "https://stats.example.org /",
    "https://stats.example.org\t/",
    "https://stats.example.org\r\nHost: evil/",
    "https://stats.example.org/\0",
    "https://stats.example.org/é",
    "https://ｓtats.example.org/",
    "https://stats。example。org/",
    "https://stats..example.org/",
    "https://-stats.example.org/",
    "https://localhost/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://[::1",
    "http://::1/",
    "https://" + "a." * 140 + "org/",
    "https://stats.example.org/" + "a" * 20_000,
]

ALLOWED_URLS = [
    "https://stats.example.org/rest/data/F/all?updatedAfter=2026-01-01T00%3A00%3A00Z",
    "https://STATS.example.org/",
    "https://stats.example.org./",
    "https://stats.example.org:443/rest",
    "http://stats.example.org/rest",
    "https://mirror.example.org:8443/",
]

DENIED = [
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "3ffe::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
    "fe80::1%eth0",
]
LOCAL = ["127.0.0.1", "127.8.8.8", "::1", "10.1.2.3", "172.20.0.1", "192.168.0.9", "fd00::1"]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "2001:4860::8888",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_a_hostile_url_is_refused(url):
    with pytest.raises(NotAllowed):
        check_url(url, POLICY)


@pytest.mark.parametrize("url", ALLOWED_URLS)
def test_a_url_of_the_source_is_allowed(url):
    assert (check_url(url, POLICY).host, check_url(url, POLICY).port) in POLICY.hosts


@pytest.mark.parametrize("text", DENIED)
def test_an_address_that_is_no_public_host_is_denied(text):
    assert not may_dial(ipaddress.ip_address(text), allow_local=False)


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_host_may_be_dialled(text):
    assert may_dial(ipaddress.ip_address(text), allow_local=False)


@pytest.mark.parametrize("text", sorted(set(DENIED) - set(LOCAL)))
def test_development_opens_this_machine_and_private_networks_only(text):
    address = ipaddress.ip_address(text)
    loopback_or_private = text.startswith(("127.", "10.", "172.", "192.168.", "fc", "fd")) or text == "::1"
    assert may_dial(address, allow_local=True) is loopback_or_private


@pytest.mark.parametrize("text", LOCAL)
def test_local_hosts_are_denied_unless_development_says_so(text):
    address = ipaddress.ip_address(text)
    assert not may_dial(address, allow_local=False)
    assert may_dial(address, allow_local=True)


def visitor(tmp_path, addresses, dialled, **changes):
    def connect(address, port, seconds):
        dialled.append(address)
        raise ConnectionRefusedError

    values = {
        "policy": POLICY,
        "limits": Limits(seconds=2, connect_seconds=1),
        "raw": raw_store_in(tmp_path / "raw"),
        "home": HOME,
        "resolve": lambda host, port: [ipaddress.ip_address(text) for text in addresses],
        "connect": connect,
    }
    return Visitor(**{**values, **changes})


@pytest.mark.parametrize("text", [text for text in DENIED if "%" not in text])
def test_a_name_that_stands_for_a_denied_address_is_not_dialled(tmp_path, text):
    dialled = []
    with pytest.raises(NotAllowed):
        fetch("https://stats.example.org/", visitor(tmp_path, [text], dialled), {})
    assert dialled == []


def test_one_denied_address_condemns_the_name(tmp_path):
    dialled = []
    with pytest.raises(NotAllowed):
        fetch("https://stats.example.org/", visitor(tmp_path, ["8.8.8.8", "10.0.0.1"], dialled), {})
    assert dialled == []


def test_a_name_is_resolved_once(tmp_path):
    asked, dialled = [], []

    def rebinding(host, port):
        asked.append(host)
        return [ipaddress.ip_address("8.8.8.8" if len(asked) == 1 else "127.0.0.1")]

    with pytest.raises(Exception, match="could not be reached"):
        fetch("https://stats.example.org/", visitor(tmp_path, [], dialled, resolve=rebinding), {})
    assert [str(address) for address in dialled] == ["8.8.8.8"]
    assert len(asked) == 1


def test_a_connection_that_ends_elsewhere_is_dropped(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    try:
        diverted = visitor(
            tmp_path, ["8.8.8.8"], [], connect=lambda *_: socket.create_connection(("127.0.0.1", port), 1)
        )
        with pytest.raises(NotAllowed, match=r"127\.0\.0\.1"):
            fetch("https://stats.example.org/", diverted, {})
    finally:
        listener.close()


addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(st.lists(addresses, min_size=1, max_size=4))
def test_the_dialler_never_sees_a_denied_address(found):
    dialled = []

    def connect(address, port, seconds):
        dialled.append(address)
        raise ConnectionRefusedError

    transport = GuardedTransport(POLICY, Deadline(5, 5), resolve=lambda *_: found, connect=connect)
    backend = transport._pool._network_backend
    with pytest.raises(Exception):  # noqa: B017 - refused or not reached, as the addresses have it
        backend.connect_tcp("stats.example.org", 443)
    transport.close()
    if not all(may_dial(address, allow_local=False) for address in found):
        assert dialled == []
    assert set(dialled) <= set(found)


hosts = st.one_of(
    st.from_regex(r"[a-z0-9.\-]{1,20}", fullmatch=True),
    st.from_regex(r"\[[0-9a-f:.%]{1,20}\]", fullmatch=True),
    st.text(min_size=1, max_size=12),
)


@given(
    st.sampled_from(["http", "https", "HTTP", "ftp", ""]), hosts, st.sampled_from(["", ":80", ":0", ":x"]), st.text()
)
def test_a_url_is_read_in_one_strict_spelling_or_refused(scheme, host, port, path):
    try:
        place = parse_place(f"{scheme}://{host}{port}/{path}")
    except NotAllowed:
        return
    assert place.host.isascii()
    assert place.host == place.host.lower()
    assert not set(place.host) & set("@/\\ %?#")
    assert 0 < place.port < 65536


def test_ten_thousand_urls_lead_to_no_denied_address():
    """Whatever is written, and whatever a name stands for this time, what is connected to may be dialled."""
    chance = random.Random(9)  # noqa: S311 - chance that can be repeated
    numbers = ["127.0.0.1", "2130706433", "0177.0.0.1", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
    embedded = ["[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25eth0]", "169.254.169.254", "10.0.0.1", "8.8.8.8"]
    names = ["stats.example.org", "STATS.example.org.", "xn--bcher-kva.example", "bücher.example", "ⓢtats.example.org"]
    tricks = ["", "", "", "user@", "user:pw@", "8.8.8.8@", "stats.example.org\\@", "%00"]
    hosts = frozenset(
        (host.strip("[]").lower().removesuffix("."), port) for host in numbers + embedded + names for port in (80, 443)
    )
    policy = Policy(hosts=hosts)
    dialled: list[object] = []

    def connect(address, port, seconds):
        dialled.append(address)
        raise ConnectionRefusedError

    def resolve(host, port):
        found = chance.choices([*DENIED, *PUBLIC * 8], k=chance.choice((1, 1, 2)))
        return [ipaddress.ip_address(text) for text in found]

    backend = GuardedTransport(policy, Deadline(600, 600), resolve=resolve, connect=connect)._pool._network_backend
    for _ in range(10_000):
        scheme = chance.choice(("http", "https", "http", "ftp", "file", "HTTP"))
        host = chance.choice(numbers + embedded + names)
        url = f"{scheme}://{chance.choice(tricks)}{host}{chance.choice(('', '', ':80', ':0', ':x'))}/"
        try:
            place = check_url(url, policy)
            backend.connect_tcp(place.host, place.port)
        except (NotAllowed, httpcore2.ConnectError):
            continue
    assert len(dialled) > 100
    assert all(may_dial(address, allow_local=False) for address in dialled)


@pytest.mark.parametrize("text", [text for text in DENIED if "%" not in text])
def test_notifications_pass_the_same_dialler(text):
    dialled = []
    line = Line(
        policy=POLICY,
        deadline=Deadline(2, 2),
        connect_seconds=1,
        idle_seconds=1,
        resolve=lambda *_: [ipaddress.ip_address(text)],
        connect=lambda address, *_: dialled.append(address),
    )
    with pytest.raises(NotAllowed), exchange(line, "POST", "https://stats.example.org/", HOME, headers={}, content=b""):
        pass
    assert dialled == []


@pytest.mark.parametrize(
    "path", ["@evil.example/x", "//evil.example/x", "../../x", "\\\\evil.example\\x", "?u=//evil", "#@evil"]
)
def test_the_path_of_a_plain_file_leads_to_no_other_host(path):
    source = SimpleNamespace(endpoint="https://stats.example.org/pub")
    assert parse_place(file_url(source, SimpleNamespace(path=path), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))) == HOME
