"""E-mails over STARTTLS and TLS: to a real mail server on loopback, with certificates that are and are not believed."""

from __future__ import annotations

import logging
import ssl
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError, PartnerUnavailable
from sdmx_hub.harvest.mail import send_mail
from tests.harvest.partner import unused_port

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
PASSWORD = "correct horse"  # noqa: S105 — of a server that lives as long as a test


class Taken:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 — a name of aiosmtpd
        self.mails.append(envelope.content)
        return "250 ok"


class Echo(Taken):
    """A server that repeats what it was given when it turns somebody away."""

    async def auth_PLAIN(self, server, args):  # noqa: N802 — a name of aiosmtpd
        await server.push(f"535 5.7.8 wrong: {args[1]} is {PASSWORD}")
        return AuthResult(success=False, handled=True)

    async def auth_LOGIN(self, server, args):  # noqa: N802 — a name of aiosmtpd
        return await self.auth_PLAIN(server, args)


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """The office's own authority, and one nobody believes."""
    folder = tmp_path_factory.mktemp("office")
    own, other = trustme.CA(), trustme.CA()
    own.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    (folder / "wrong").write_text("battery staple", encoding="utf-8")
    return folder, {
        "good": own.issue_cert("127.0.0.1"),
        "for another host": own.issue_cert("mail.example.org"),
        "of another authority": other.issue_cert("127.0.0.1"),
    }


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@contextmanager
def mail_server(certificate, security, handler=None):
    """A mail server that wants a user and a password, and a line nobody else can read."""
    handler = handler or Taken()
    context = context_of(certificate) if certificate else None
    lines = {"tls": {"ssl_context": context}, "starttls": {"tls_context": context, "require_starttls": True}}

    def known(server, session, envelope, mechanism, data):
        is_known = data.login == b"hub" and data.password == PASSWORD.encode()
        return AuthResult(success=is_known, handled=is_known)

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=unused_port(),
        authenticator=known,
        auth_required=certificate is not None,
        auth_require_tls=security == "starttls",
        **lines.get(security, {}),
    )
    controller.start()
    try:
        yield controller.port, handler.mails
    finally:
        controller.stop()


def settings_of(office, port, security, **more):
    values = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": security,
        "smtp_user": "hub",
        "smtp_password_file": str(office[0] / "password"),
        "smtp_ca_file": str(office[0] / "ca.pem"),
        **more,
    }
    return Settings(**values)


def send(settings, folder):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hub@office.example", "ana@office.example", "The partner is late"
    mail.set_content("Since Monday.\n")
    send_mail(mail, settings, folder, "one")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_e_mail_goes_over_a_line_nobody_else_reads(office, tmp_path, security):
    with mail_server(office[1]["good"], security) as (port, mails):
        send(settings_of(office, port, security), tmp_path)
    assert [b"Since Monday." in mail for mail in mails] == [True]


@pytest.mark.parametrize(
    ("certificate", "security", "more"),
    [
        ("of another authority", "starttls", {}),
        ("of another authority", "tls", {}),
        ("for another host", "starttls", {}),
        ("for another host", "tls", {}),
        ("good", "starttls", {"smtp_ca_file": ""}),
    ],
)
def test_a_server_that_cannot_prove_who_it_is_gets_nothing(office, tmp_path, *, certificate, security, more):
    with mail_server(office[1][certificate], security) as (port, mails), pytest.raises(PartnerUnavailable) as refused:
        send(settings_of(office, port, security, **more), tmp_path)
    assert (refused.value.key, mails) == ("mail-certificate", [])
    assert all("smtp_ca_file" in refused.value.text(language) for language in ("en", "fr", "es"))


def test_a_server_that_offers_no_starttls_gets_nothing(office, tmp_path):
    with mail_server(None, "none") as (port, mails), pytest.raises(PartnerUnavailable, match="STARTTLS") as refused:
        send(settings_of(office, port, "starttls"), tmp_path)
    assert (refused.value.key, mails) == ("mail-refused", [])


@pytest.mark.parametrize("handler", [Taken, Echo])
def test_a_login_that_is_refused_is_told_and_no_password_with_it(office, tmp_path, caplog, handler):
    caplog.set_level(logging.DEBUG)
    wrong = {} if handler is Echo else {"smtp_password_file": str(office[0] / "wrong")}
    server = mail_server(office[1]["good"], "starttls", handler())
    with server as (port, mails), pytest.raises(PartnerUnavailable) as refused:
        send(settings_of(office, port, "starttls", **wrong), tmp_path)
    assert (refused.value.key, mails) == ("mail-login", [])
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.")]
    said = f"{refused.value.text('en')} {refused.value.__cause__!r} {refused.value.params} {logged}"
    assert "535" in said
    assert not [word for word in (PASSWORD, "battery staple", "Y29ycmVjdCBob3JzZQ", "AGh1Yg") if word in said]


def test_a_password_is_not_sent_over_an_open_line(office, tmp_path):
    with pytest.raises(ConfigurationError) as refused:
        send(settings_of(office, 25, "none", smtp_host="mail.office.example"), tmp_path)
    assert refused.value.key == "mail-plain"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_is_not_there_is_told(office, tmp_path, security):
    with pytest.raises(PartnerUnavailable, match="smtp_port") as refused:
        send(settings_of(office, unused_port(), security), tmp_path)
    assert refused.value.key == "mail-unreachable"


def test_a_server_that_speaks_plainly_where_tls_is_wanted_is_told(office, tmp_path):
    with mail_server(None, "none") as (port, mails), pytest.raises(PartnerUnavailable) as refused:
        send(settings_of(office, port, "tls"), tmp_path)
    assert (refused.value.key, mails) == ("mail-unreachable", [])


def test_authorities_that_are_not_there_are_told(office, tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere"):
        send(settings_of(office, 25, "tls", smtp_ca_file=str(tmp_path / "nowhere.pem")), tmp_path)
