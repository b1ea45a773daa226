"""What the mirror commands share: opening a comparison, and knowing the rules."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from sdmx_hub.cli.context import HubContext
from sdmx_hub.errors import BadRequest
from sdmx_hub.quality.mirror import Mirror, MirrorQuery, open_mirror
from sdmx_hub.quality.pair_rules import RULES
from sdmx_hub.sharing.audiences import PUBLIC
from sdmx_hub.store.judgements import Judgements


@contextlib.contextmanager
def opened_mirror(hub: HubContext, query: MirrorQuery, audience: str = PUBLIC) -> Iterator[Mirror]:
    """Compare what an audience may see now."""
    with open_mirror(
        query,
        hub.registry.snapshot(),
        hub.observations,
        audience=audience,
        now=dt.datetime.now(dt.UTC),
        judgements=Judgements(hub.database).current(),
    ) as found:
        yield found


def known_rules(asked: tuple[str, ...]) -> frozenset[str]:
    """The rules asked for. Raises BadRequest for one that is none."""
    known = [rule.id for rule in RULES]
    for rule in asked:
        if rule not in known:
            raise BadRequest("mirror-rule-unknown", rule=rule, known=", ".join(known))
    return frozenset(asked)
