"""E-mails: handed to the mail server the settings name, or written as files for the office's own mail system."""

from __future__ import annotations

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
    """Send an e-mail, or write it to ``folder`` where no mail server is set. Raises PartnerUnavailable, OSError."""
    if not settings.smtp_host:
        write_mail(mail, folder, name)
        return
    try:
        with _open(settings) as server:
            if settings.smtp_user:
                server.login(settings.smtp_user, read_secret(settings.smtp_password_file))
            server.send_message(mail)
    except smtplib.SMTPException as error:
        raise PartnerUnavailable("mail-refused", host=settings.smtp_host, why=str(error)[:200]) from error


def _open(settings: Settings) -> smtplib.SMTP:
    place = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == TLS:
        return smtplib.SMTP_SSL(*place, timeout=SECONDS, context=ssl.create_default_context())
    if settings.smtp_security not in {STARTTLS, NONE}:
        why = f"{settings.smtp_security!r}: {STARTTLS}, {TLS}, {NONE}"
        raise ConfigurationError("configuration", where="smtp_security", why=why)
    server = smtplib.SMTP(*place, timeout=SECONDS)
    if settings.smtp_security == STARTTLS:
        server.starttls(context=ssl.create_default_context())
    return server


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
