"""Deliver notifications: by HTTP through the guard, by e-mail as files for the office's own mail system.

A notification is taken from the outbox, tried once, and put back for later when it could not be delivered; so a
partner that is away costs one try at a time, and two deliverers never send the same one at the same moment.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from sdmx_hub.config import Settings
from sdmx_hub.errors import HubError, PartnerUnavailable
from sdmx_hub.formats.registry_subscriptions import write_notification
from sdmx_hub.harvest import dial
from sdmx_hub.harvest.exchange import Line, exchange
from sdmx_hub.harvest.failures import write_failure
from sdmx_hub.harvest.guard import Policy, check_url
from sdmx_hub.harvest.mail import begin_mail, send_mail
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.model.message import Header
from sdmx_hub.model.subscription import MAIL, read_hosts
from sdmx_hub.store.outbox import Notification, Outbox

MOST_AT_ONCE = 200
"""So many are delivered before the caller has its turn again."""
SECONDS, IDLE_SECONDS, CONNECT_SECONDS = 30.0, 10.0, 5.0


@dataclass(frozen=True, kw_only=True)
class Deliverer:
    """What deliveries need: the outbox, the folder for e-mails, and what may be reached."""

    outbox: Outbox
    folder: Path
    settings: Settings
    resolve: dial.Resolve = dial.resolve
    connect: dial.Connect = dial.connect
    verify: ssl.SSLContext | None = None

    def deliver_due(self, now: Callable[[], dt.datetime], *, most: int = MOST_AT_ONCE) -> tuple[int, int]:
        """Deliver what is due; give how many were delivered, and how many not."""
        sent = failed = 0
        while sent + failed < most:
            notification = self.outbox.take(now=now())
            if notification is None:
                break
            try:
                self._deliver(notification, now())
            except (HubError, OSError) as error:
                self.outbox.postpone(notification, write_failure(error), now=now())
                failed += 1
            else:
                self.outbox.finish(notification, now=now())
                sent += 1
        return sent, failed

    def _deliver(self, notification: Notification, now: dt.datetime) -> None:
        header = Header(
            id=f"{self.settings.hub_id}-EVENT-{notification.id}",
            prepared=now,
            sender_id=self.settings.hub_id,
            sender_names={"en": self.settings.hub_name},
        )
        message = write_notification(notification.event, notification.subscription, header)
        if notification.channel == MAIL:
            self._write_mail(notification, message, now)
        else:
            self._post(notification, message)

    def _post(self, notification: Notification, message: bytes) -> None:
        """Send one message. Raises as ``post``."""
        hosts = frozenset(_host_and_port(one) for one in read_hosts(self.settings.notify_hosts))
        policy = Policy(hosts=hosts, allow_local=self.settings.allow_loopback)
        headers = {"Content-Type": f"application/vnd.sdmx.registry+xml;version={notification.subscription.version}"}
        wires = Wires(resolve=self.resolve, connect=self.connect, verify=self.verify)
        post(notification.address, message, headers, policy, wires)

    def _write_mail(self, notification: Notification, message: bytes, now: dt.datetime) -> None:
        """Send one e-mail, or write it, under the number of the notification."""
        send_mail(self._mail(notification, message, now), self.settings, self.folder, f"{notification.id:08}")

    def _mail(self, notification: Notification, message: bytes, now: dt.datetime) -> EmailMessage:
        settings, event = self.settings, notification.event
        what = event.urn or (event.registration or {}).get("id", "")
        filled = {"what": what, "action": event.action.name.capitalize(), "at": f"{event.at:%Y-%m-%d %H:%M:%S} UTC"}
        subject = sentence("notify-subject", settings.language, hub=settings.hub_name, **filled)
        mail = begin_mail(settings, notification.address, subject, str(notification.id))
        mail["Date"] = now
        told = [sentence("notify-text", language, hub=settings.hub_name, **filled) for language in LANGUAGES]
        ending = sentence("notify-ending", settings.language, id=notification.subscription.id)
        mail.set_content("\n\n".join([*told, ending]) + "\n")
        mail.add_attachment(
            message, maintype="application", subtype="vnd.sdmx.registry+xml", filename="notification.xml"
        )
        return mail


@dataclass(frozen=True, kw_only=True)
class Wires:
    """How addresses are found and reached."""

    resolve: dial.Resolve = dial.resolve
    connect: dial.Connect = dial.connect
    verify: ssl.SSLContext | None = None


def post(address: str, message: bytes, headers: Mapping[str, str], policy: Policy, wires: Wires) -> None:
    """Post one message. Raises NotAllowed, and PartnerUnavailable for any answer but one that says it was taken."""
    place = check_url(address, policy)
    line = Line(
        policy=policy,
        deadline=dial.Deadline(SECONDS, IDLE_SECONDS),
        connect_seconds=CONNECT_SECONDS,
        idle_seconds=IDLE_SECONDS,
        resolve=wires.resolve,
        connect=wires.connect,
        verify=wires.verify,
    )
    sent = {**headers, "User-Agent": "sdmx-hub", "Connection": "close"}
    with exchange(line, "POST", address, place, headers=sent, content=message) as response:
        status = response.status_code
    if not 200 <= status < 300:
        raise PartnerUnavailable("notify-refused", host=place.authority, status=status)


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
