"""What there is: every dataflow with its name and what it holds, for the first page and for search."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass

from sdmx_hub.language import localised
from sdmx_hub.model.artefact import Artefact, texts
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref
from sdmx_hub.web.holdings import Holdings, find_holdings
from sdmx_hub.web.hub import Visit

DATAFLOW = CLASS_BY_NAME["Dataflow"]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A dataflow in one language, with what it holds (None: nothing published)."""

    artefact: Artefact
    name: str
    description: str
    holdings: Holdings | None

    @property
    def path(self) -> str:
        """The path of its page."""
        return page_path(self.artefact.ref)

    @property
    def updated(self) -> dt.datetime | None:
        """When it was last published."""
        return self.holdings.updated if self.holdings else None

    def as_json(self) -> dict[str, object]:
        """Shape it for the first page and its JSON twin."""
        held = self.holdings
        return {
            "id": self.artefact.ref.id,
            "agency": self.artefact.ref.agency_id,
            "version": self.artefact.ref.version,
            "urn": str(self.artefact.urn),
            "path": self.path,
            "name": self.name,
            "description": self.description,
            "observations": held.observations if held else 0,
            "series": held.series if held else 0,
            "first_period": held.first_period if held else None,
            "last_period": held.last_period if held else None,
            "updated": held.updated.isoformat() if held else None,
        }


def page_path(ref: Ref) -> str:
    """The path of the page of a dataflow."""
    return f"/dataflow/{ref.agency_id}/{ref.id}"


def list_dataflows(visit: Visit) -> list[Listed]:
    """List the latest version of every dataflow that has a structure, by name."""
    listed = [
        Listed(
            artefact=artefact,
            name=localised(artefact.names, visit.language) or artefact.ref.id,
            description=localised(texts(artefact.document, "description"), visit.language),
            holdings=find_holdings(visit, artefact),
        )
        for artefact in visit.artefacts.select(DATAFLOW, versions=("~",))
        if not artefact.is_stub and artefact.document.get("structure")
    ]
    return sorted(listed, key=lambda one: fold(one.name))


def search(listed: list[Listed], text: str) -> list[Listed]:
    """Keep the dataflows in whose id, names or descriptions, in any language, every word occurs."""
    words = fold(text).split()
    return [one for one in listed if all(word in _searched(one.artefact) for word in words)]


def _searched(artefact: Artefact) -> str:
    spoken = [*artefact.names.values(), *texts(artefact.document, "description").values()]
    return fold(" ".join([artefact.ref.id, *spoken]))


def fold(text: str) -> str:
    """Fold case and accents away, as people leave them out when they search."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
