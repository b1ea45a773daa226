"""``sdmx-hub source profiles`` and ``source probe``: how partners speak SDMX REST, known beforehand or found out."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from sdmx_hub.cli.address import check_typed
from sdmx_hub.cli.context import (
    FINDINGS,
    NOT_ALLOWED,
    TRY_AGAIN,
    UNAVAILABLE,
    HubContext,
    json_option,
    pass_hub,
    show,
)
from sdmx_hub.errors import Conflict
from sdmx_hub.harvest.clock import Clock
from sdmx_hub.harvest.dialect.profiles import get_profile, profiles
from sdmx_hub.harvest.dialect.record import Dialect, deviations
from sdmx_hub.harvest.probing.probe import MOST_REQUESTS, Order, Probed, probe
from sdmx_hub.harvest.source import Credentials
from sdmx_hub.language import LANGUAGES, sentence
from sdmx_hub.model.urn import parse_ref

_ENDS = {
    "probe-no-login": NOT_ALLOWED,
    "probe-no-entry": NOT_ALLOWED,
    "probe-no-patience": TRY_AGAIN,
    "probe-no-service": UNAVAILABLE,
}


@click.command("profiles")
@click.argument("profile_id", required=False)
@json_option
@pass_hub
def list_profiles(hub: HubContext, profile_id: str | None, *, as_json: bool) -> None:
    r"""List the built-in dialects of public services, or show what one does otherwise than the standard, and why.

    \b
    Examples:
      sdmx-hub source profiles
      sdmx-hub source profiles EUROSTAT --json
    """
    if profile_id is None:
        rows = [_profile_row(one, hub.language) for one in profiles().values()]
        show({"profiles": rows}, as_json=as_json, text=lambda: "\n".join(_profile_line(row) for row in rows))
        return
    profile = get_profile(profile_id)
    different = deviations(profile)
    reasons = {name: profile.remark(name, hub.language) for name in different}
    answer = {
        **profile.as_json(),
        "title": profile.title(hub.language),
        "deviations": different,
        "remarks": {name: reason for name, reason in reasons.items() if reason},
    }
    show(answer, as_json=as_json, text=lambda: "\n".join(_profile_text(profile, hub.language)))


def _profile_row(profile: Dialect, language: str) -> dict[str, Any]:
    told = {"id": profile.id, "title": profile.title(language), "api": profile.api, "endpoint": profile.endpoint}
    return {**told, "deviations": list(deviations(profile))}


def _profile_line(row: dict[str, Any]) -> str:
    return f"{row['id']:<13} {row['api'] or '-':<3} {row['endpoint'] or '-':<66} {row['title']}"


def _profile_text(profile: Dialect, language: str) -> Iterator[str]:
    yield _profile_line(_profile_row(profile, language))
    different = deviations(profile)
    if not different:
        yield sentence("profile-standard", language, profile=profile.id)
    for name, value in different.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        said = [sentence(f"dialect-field-{name}", language), profile.remark(name, language)]
        yield f"  {name}: {text}\n    {': '.join(one for one in said if one)}"


@click.command("probe")
@click.argument("url")
@click.option("--api", type=click.Choice(["v1", "v2"]), help="Edition of the API; both are tried unless told.")
@click.option("--flow", metavar="AGENCY:ID(VERSION)", help="Ask about this dataflow, not the first that has data.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the draft of a source here.")
@click.option(
    "--max-requests", type=click.IntRange(1, 200), default=MOST_REQUESTS, show_default=True, help="Most requests made."
)
@click.option(
    "--spacing",
    type=click.FloatRange(0, 60),
    default=1.0,
    show_default=True,
    help="Seconds between two requests.",
)
@click.option(
    "--secret-environment", metavar="NAME", help="Environment variable with the secret the partner wants to see."
)
@click.option("--secret-file", type=click.Path(dir_okay=False), help="File with that secret.")
@click.option(
    "--secret-kind",
    type=click.Choice(["bearer", "basic", "header"]),
    default="bearer",
    show_default=True,
    help="How the secret is sent.",
)
@click.option("--secret-header", metavar="NAME", default="Authorization", help="Header of --secret-kind header.")
@click.option("--lang", "language", type=click.Choice(LANGUAGES), help="Language of the scorecard.")
@json_option
@pass_hub
def probe_partner(hub: HubContext, /, url: str, *, as_json: bool, **options: Any) -> None:
    r"""Ask a partner about forty small questions; tell its dialect, grade it from A to E and say what to do.

    Nothing is loaded. Exits with 3 when no SDMX API is there, with 77 when the partner lets nobody in, with 75 when it
    was asked too often, with 69 when it is out of order or nothing answers.

    \b
    Examples:
      sdmx-hub source probe https://stats.example.org/rest --api v1 --output config/sources/PARTNER.yaml
      sdmx-hub source probe https://stats.example.org/sdmx/v2 --json
      sdmx-hub source probe https://stats.example.org/rest --secret-environment PARTNER_TOKEN
    """
    language, output = options["language"] or hub.language, options["output"]
    check_typed(url)
    if output is not None and output.exists():
        raise Conflict("probe-exists", path=output)
    order = Order(
        endpoint=url,
        apis=(options["api"],) if options["api"] else ("v1", "v2"),
        flow=parse_ref(options["flow"]) if options["flow"] else None,
        most=options["max_requests"],
        seconds=options["spacing"],
        allow_local=hub.settings.allow_loopback,
        user_agent=f"sdmx-hub/{hub.settings.hub_id}",
        credentials=_credentials(options),
    )
    with _progress(order.most, language) as step:
        probed = probe(order, Clock(), step)
    if output is not None and probed.draft:
        output.write_text(probed.draft, encoding="utf-8")
    answer = {**probed.as_json(language), "draft": probed.draft or None}
    show(answer, as_json=as_json, text=lambda: "\n".join(_card(probed, answer, output, language)))
    if probed.diagnosis:
        sys.exit(_ENDS.get(probed.diagnosis, FINDINGS))


def _credentials(options: dict[str, Any]) -> Credentials | None:
    """Where the secret is; none where none was named."""
    environment, file = options["secret_environment"], options["secret_file"]
    if environment and file:
        raise click.UsageError("--secret-environment | --secret-file")
    if not environment and not file:
        return None
    kind, header = options["secret_kind"], options["secret_header"]
    return Credentials(kind=kind, header=header, environment=environment, file=file)


@contextlib.contextmanager
def _progress(most: int, language: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error while a person watches."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    with click.progressbar(length=most, label=sentence("probe-step", language), file=sys.stderr) as bar:
        yield lambda _done, _most, _about: bar.update(1)


def _card(probed: Probed, answer: dict[str, Any], output: Path | None, language: str) -> Iterator[str]:
    card = answer["scorecard"]
    yield sentence(
        "probe-head",
        language,
        endpoint=answer["endpoint"],
        grade=card["grade"],
        requests=len(probed.asked),
        milliseconds=answer["milliseconds"],
    )
    if probed.diagnosis:
        yield answer["diagnosis"]
        yield sentence("probe-asked", language)
        yield from (f"   {one.status or one.failure}  {one.content_type or '-'}  {one.url}" for one in probed.asked)
        return
    told = {name: answer[name] for name in ("api", "dataflows", "dataflow")}
    yield sentence("probe-api", language, **told)
    yield from (sentence("probe-also", language, api=one) for one in answer["apis"] if one != answer["api"])
    if answer["profile"]:
        yield sentence("probe-profile", language, profile=answer["profile"])
    signs = {True: "+", False: "!", None: "?"}
    yield sentence("probe-signs", language)
    for area in card["areas"]:
        yield f"\n{area['grade']}  {area['title']}"
        yield from (f"   {signs[check['passed']]} {check['text']}" for check in area["checks"])
    advice = [check["advice"] for area in card["areas"] for check in area["checks"] if "advice" in check]
    if advice:
        yield f"\n{sentence('probe-advice', language)}"
        yield from (f"   - {line}" for line in advice)
    if output is not None and probed.draft:
        yield f"\n{sentence('probe-written', language, path=output)}"
    elif probed.draft:
        yield f"\n{probed.draft}".rstrip()
