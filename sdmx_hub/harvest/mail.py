"""E-mails: handed to the mail server the settings name, or written as files for the office's own mail system."""

from __future__ import annotations

import base64
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from sdmx_hub.config import Settings
from sdmx_hub.errors import ConfigurationError, PartnerUnavailable
from sdmx_hub.store.files import flush, rename

SECONDS = 30.0
STARTTLS, TLS, NONE = "starttls", "tls", "none"
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""A line to this machine is read by nobody else."""


def begin_mail(settings: Settings, address: str, subject: str, number: str) -> EmailMessage:
    """Begin an e-mail of the hub; ``number`` makes its id the same however often it is tried."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    mail = EmailMessage()
    mail["From"] = Address(settings.hub_name, addr_spec=settings.smtp_from or f"no-reply@{host}")
    mail["To"] = address
    mail["Message-ID"] = f"<{settings.hub_id}.{number}@{host}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Subject"] = subject
    return mail


def send_mail(mail: EmailMessage, settings: Settings, folder: Path, name: str) -> None:
    """Send an e-mail, or write it to ``folder`` where no mail server is set.

    Raises PartnerUnavailable, saying whether the server is not there, is not who it should be, turns the hub away or
    the e-mail down; ConfigurationError; OSError for the folder. No refusal carries the password, whatever the server
    says.
    """
    if not settings.smtp_host:
        write_mail(mail, folder, name)
        return
    password = _password(settings)
    place = {"host": settings.smtp_host, "port": settings.smtp_port}
    try:
        with _open(settings) as server:
            if settings.smtp_user:
                _login(server, settings, password)
            server.send_message(mail)
    except smtplib.SMTPException as error:
        raise PartnerUnavailable("mail-refused", **place, why=_said(error, settings, password)) from None
    except ssl.SSLCertVerificationError as error:
        raise PartnerUnavailable("mail-certificate", **place, why=error.verify_message) from error
    except OSError as error:
        raise PartnerUnavailable("mail-unreachable", **place, why=error.strerror or type(error).__name__) from error


def _password(settings: Settings) -> str:
    """The password; a password never goes over a line that others can read. Raises ConfigurationError."""
    if not settings.smtp_user:
        return ""
    if settings.smtp_security == NONE and settings.smtp_host not in _HERE:
        raise ConfigurationError("mail-plain", host=settings.smtp_host)
    return read_secret(settings.smtp_password_file)


def _login(server: smtplib.SMTP, settings: Settings, password: str) -> None:
    """Say who we are. A server that hangs up turns us away too. Raises PartnerUnavailable."""
    try:
        server.login(settings.smtp_user, password)
    except smtplib.SMTPException as error:
        place = {"host": settings.smtp_host, "port": settings.smtp_port, "user": settings.smtp_user}
        raise PartnerUnavailable("mail-login", **place, why=_said(error, settings, password)) from None


def _said(error: smtplib.SMTPException, settings: Settings, password: str) -> str:
    """What a server said, without the password in any form in which it was sent."""
    code, text = getattr(error, "smtp_code", ""), getattr(error, "smtp_error", b"")
    words = f"{code} {text.decode('utf-8', errors='replace')}" if isinstance(text, bytes) and text else str(error)
    if password:
        sent = (password.encode(), f"\0{settings.smtp_user}\0{password}".encode())
        for form in (password, *(base64.b64encode(one).decode() for one in sent)):
            words = words.replace(form, "***").replace(form.rstrip("="), "***")
    return " ".join(words.split())[:200]


def _open(settings: Settings) -> smtplib.SMTP:
    place = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security not in {STARTTLS, TLS, NONE}:
        why = f"{settings.smtp_security!r}: {STARTTLS}, {TLS}, {NONE}"
        raise ConfigurationError("configuration", where="smtp_security", why=why)
    if settings.smtp_security == TLS:
        return smtplib.SMTP_SSL(*place, timeout=SECONDS, context=_trusted(settings))
    server = smtplib.SMTP(*place, timeout=SECONDS)
    if settings.smtp_security == STARTTLS:
        try:
            server.starttls(context=_trusted(settings))
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
    return server


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Whose certificates are believed: the system's authorities, or those of the office's own file."""
    try:
        return ssl.create_default_context(cafile=settings.smtp_ca_file or None)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ConfigurationError("configuration", where=f"smtp_ca_file: {settings.smtp_ca_file}", why=why) from error


def write_mail(mail: EmailMessage, folder: Path, name: str) -> None:
    """Write one e-mail (RFC 5322), whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.eml"
    draft = target.with_suffix(".part")
    draft.write_bytes(bytes(mail))
    flush(draft)
    rename(draft, target)


def read_secret(path: str) -> str:
    """Read a secret from the file that holds it. Raises ConfigurationError."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("configuration", where=path, why=type(error).__name__) from error
