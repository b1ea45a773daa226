"""Alerts: who is responsible is told when the health of a source changes, and when it is well again.

A change is noted and the alerts are put into the control database in one transaction, so that of any number of workers
one tells of it; a cause is told once a day. Alerts are delivered as notifications are: posted through the guard (signed
where a secret is set), or sent as e-mails, tried again later where that fails.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson

from sdmx_hub.config import Settings
from sdmx_hub.errors import HubError
from sdmx_hub.harvest.failures import write_failure
from sdmx_hub.harvest.guard import Policy, parse_place
from sdmx_hub.harvest.health import WELL, Health, HealthState
from sdmx_hub.harvest.health_facts import HealthReader
from sdmx_hub.harvest.mail import begin_mail, read_secret, send_mail
from sdmx_hub.harvest.notify import Wires, post
from sdmx_hub.harvest.source import parse_stored
from sdmx_hub.language import LANGUAGES, localised, sentence
from sdmx_hub.store.alerts import HTTP, MAIL, Alert, Alerts, Noted
from sdmx_hub.store.run_rows import short_instant
from sdmx_hub.store.sources import Sources

SIGNATURE, TIMESTAMP = "X-Sdmx-Hub-Signature", "X-Sdmx-Hub-Timestamp"
MOST_AT_ONCE = 200
TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Looks at the health of all sources, and puts in alerts for what has changed."""

    reader: HealthReader
    settings: Settings

    def look(self, *, now: dt.datetime) -> int:
        """Note every change since the last look; give how many alerts that made."""
        alerts = Alerts(self.reader.database)
        noted = alerts.noted()
        return sum(
            self._note(alerts, health, noted.get(health.source), now) for health in self.reader.read_all(now=now)
        )

    def _note(self, alerts: Alerts, health: Health, before: Noted | None, now: dt.datetime) -> int:
        cause = "well" if health.state in WELL else health.worst.cause
        if before is not None and (before.health, before.cause) == (health.state.value, cause):
            return 0
        was = HealthState(before.health) if before else HealthState.NEVER
        told = not (was in WELL and health.state in WELL)
        return alerts.note(
            health.source,
            before=before,
            health=health.state.value,
            cause=cause,
            document=self.document(health, was, now),
            addresses=self.addresses(health.source) if told else (),
            now=now,
        )

    def send_test(self, source_id: str, *, now: dt.datetime) -> int:
        """Put in an alert of nothing for every address of a source; give how many."""
        health = self.reader.read(source_id, now=now)
        document = {**self.document(health, health.state, now), "test": True}
        addresses = self.addresses(source_id)
        cause = f"{TEST}:{now.isoformat()}"
        return Alerts(self.reader.database).put(source_id, cause, document, addresses, now)

    def addresses(self, source_id: str) -> tuple[tuple[str, str], ...]:
        """Whom to tell of a source: those of the settings and those of its own file, each once."""
        stored = Sources(self.reader.database).get(source_id)
        own = parse_stored(stored.document, stored.sha256).alerts
        hooks = [*_listed(self.settings.alerts_webhooks), *own.get("webhooks", ())]
        mail = [*_listed(self.settings.alerts_mail), *own.get("mail", ())]
        found = [*((HTTP, one) for one in hooks), *((MAIL, one) for one in mail)]
        return tuple(dict.fromkeys(found))

    def document(self, health: Health, was: HealthState, now: dt.datetime) -> dict[str, Any]:
        """What an alert says, for programs and in every language for people."""
        base = self.settings.base_url.rstrip("/")
        return {
            "hub": self.settings.hub_id,
            "source": health.source,
            "health": health.state.value,
            "before": was.value,
            "flow": health.worst.flow,
            "reason": health.worst.reason.key,
            "at": short_instant(now),
            "last_good": short_instant(health.last_good) if health.last_good else None,
            "url": f"{base}/harvest?source={health.source}" if base else None,
            "subjects": {one: self._said("alert-subject", health, was, one) for one in LANGUAGES},
            "texts": {one: self._said("alert-text", health, was, one) for one in LANGUAGES},
        }

    def _said(self, key: str, health: Health, was: HealthState, language: str) -> str:
        return sentence(
            key,
            language,
            hub=self.settings.hub_name,
            source=localised(health.titles, language),
            state=sentence(f"health-state-{health.state.value}", language),
            before=sentence(f"health-state-{was.value}", language),
            flow=health.worst.flow,
            reason=health.worst.reason.text(language),
        )


@dataclass(frozen=True, kw_only=True)
class AlertDeliverer:
    """Delivers alerts; e-mails go to ``folder`` where no mail server is set."""

    alerts: Alerts
    folder: Path
    settings: Settings
    wires: Wires = field(default_factory=Wires)

    def deliver_due(self, now: Callable[[], dt.datetime], *, most: int = MOST_AT_ONCE) -> tuple[int, int]:
        """Deliver what is due; give how many were delivered, and how many not."""
        sent = failed = 0
        while sent + failed < most:
            alert = self.alerts.take(now=now())
            if alert is None:
                break
            try:
                self._deliver(alert, now())
            except (HubError, OSError) as error:
                self.alerts.postpone(alert, write_failure(error), now=now())
                failed += 1
            else:
                self.alerts.finish(alert, now=now())
                sent += 1
        return sent, failed

    def _deliver(self, alert: Alert, now: dt.datetime) -> None:
        if alert.channel == MAIL:
            send_mail(self._mail(alert, now), self.settings, self.folder, f"alert-{alert.id:08}")
            return
        body = orjson.dumps({"id": alert.id, **alert.document})
        place = parse_place(alert.address)
        policy = Policy(hosts=frozenset({(place.host, place.port)}), allow_local=self.settings.allow_loopback)
        headers = {"Content-Type": "application/json", **self._signed(body, now)}
        post(alert.address, body, headers, policy, self.wires)

    def _signed(self, body: bytes, now: dt.datetime) -> Mapping[str, str]:
        if not self.settings.alerts_secret_file:
            return {}
        at = short_instant(now)
        return {TIMESTAMP: at, SIGNATURE: sign(read_secret(self.settings.alerts_secret_file), at, body)}

    def _mail(self, alert: Alert, now: dt.datetime) -> EmailMessage:
        subject = alert.document["subjects"][self.settings.language]
        mail = begin_mail(self.settings, alert.address, subject, f"alert.{alert.id}")
        mail["Date"] = now
        lines = [*alert.document["texts"].values(), alert.document.get("url")]
        mail.set_content("\n\n".join(line for line in lines if line) + "\n")
        return mail


def sign(secret: str, at: str, body: bytes) -> str:
    """Sign a body: HMAC-SHA256 of the moment, a dot, and the bytes, as ``sha256=`` and hexadecimal digits."""
    return "sha256=" + hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]
