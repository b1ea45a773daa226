"""The questions, in the order of what is worth knowing when requests run short; each asks once or twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from sdmx_hub.errors import HubError
from sdmx_hub.formats.sniff import Kind
from sdmx_hub.formats.structure_reading import read_structures
from sdmx_hub.harvest.dialect.answers import error_code, error_style
from sdmx_hub.harvest.probing.facts import (
    DATA_FORMATS,
    STRUCTURE_FORMATS,
    Facts,
    Places,
    accept_of,
    accept_structure,
    count_observations,
    is_data,
    is_structure,
)
from sdmx_hub.harvest.probing.prober import Prober, Told
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.urn import Ref, Urn
from sdmx_hub.store.artefacts import Artefacts

NAMES = (("csvdata", "csv"), ("SDMX-CSV", "csv"), ("jsondata", "json"), ("genericdata", "generic-2.1"))
"""Names for ``format=`` in use, and what they should bring."""
FAR = "2100"
NOBODY = "ZZZ_NOBODY"
_ANY = {"v1": Ref("all", "all", "latest"), "v2": Ref("*", "*", "*")}
_NOWHERE = Places(endpoint="", api="", ref=_ANY["v1"])
_LARGE_ENOUGH = 2000
_NOT_THERE = frozenset({400, 404, 501})
"""How services say that they do not have a resource."""
_CLOSED = frozenset({401, 403, 407, 429, 503})
"""What will not become another answer by asking otherwise."""
_MOST_FLOWS = 4


@dataclass(kw_only=True)
class Inquiry:
    """Asks, and writes into ``facts`` what the answers say."""

    prober: Prober
    facts: Facts
    bodies: list[Told] = field(default_factory=list)
    places: Places = _NOWHERE

    def run(self, apis: tuple[str, ...], wanted: Ref | None) -> None:
        """Ask everything. Raises PartnerUnavailable when nothing ever answers."""
        found = self._find_apis(apis)
        self.prober.require_answers()
        candidates = {api: [wanted] for api in found or apis} if wanted else found
        for api, flows in reversed(candidates.items()):
            self.facts.api, self.facts.flows = api, len(found.get(api, ()))
            self.facts.listed = tuple(found.get(api, ()))
            if self._choose_flow(flows):
                break
        if self.facts.ref is None:
            return
        for question in _QUESTIONS:
            question(self)

    # Which edition of the API, which dataflow

    def _find_apis(self, apis: tuple[str, ...]) -> dict[str, list[Ref]]:
        """Ask for the dataflows by each edition."""
        found: dict[str, list[Ref]] = {}
        for api in apis:
            told = self._list_flows(api)
            if told is not None:
                found[api] = [one.ref for one in _artefacts(told) if one.artefact_class.name == "Dataflow"]
                self.facts.apis += (api,)
        self.facts.page_with_200 = False  # what answers where no API is says nothing of the API
        return found

    def _list_flows(self, api: str) -> Told | None:
        """Ask for all dataflows by one edition: in its formats, and with a slash at the end where nothing is found."""
        names = STRUCTURE_FORMATS[api]
        for name, slash in ((names[0], ""), (names[1], ""), (names[0], "/")):
            places = Places(endpoint=self.facts.endpoint, api=api, ref=_ANY[api], slash=slash)
            told = self._structure("dataflows", places.structure("detail=allstubs"), name)
            if told is not None and is_structure(told):
                return told
            if told is None or told.status in _CLOSED:
                return None
        return None

    def _choose_flow(self, flows: list[Ref]) -> bool:
        """Take the first dataflow that has data, of the first few; tell whether one has."""
        for ref in flows[:_MOST_FLOWS]:
            self.places = Places(endpoint=self.facts.endpoint, api=self.facts.api, ref=ref)
            if self._find_base_format():
                self.facts.ref = ref
                return True
        if flows:
            self.places = Places(endpoint=self.facts.endpoint, api=self.facts.api, ref=flows[0])
            self.facts.ref = flows[0]
        return False

    def _find_base_format(self) -> bool:
        names = ("csv-2.0", "specific-2.1") if self.facts.api == "v2" else ("specific-2.1", "csv-1.0")
        keys = (self.places.everything, None)
        tried = [(name, key, "") for name in names for key in keys]
        tried += [(names[0], keys[0], "/")]
        for name, key, slash in tried:
            places = replace(self.places, slash=slash)
            told = self._ask("data", places.data(key, "lastNObservations=1"), accept_of(name))
            if told is not None and is_data(told):
                self.facts.base_format, self.facts.slash = _name_of(told, name), bool(slash)
                self.facts.keys["all" if key else "omit"] = True
                self.facts.accepts[name] = told.kind is DATA_FORMATS[name][1]
                self.facts.typed = bool(told.answer.content_type)
                self.places = places
                return True
            self._note_error(told)
            if told is None or told.status in {204, 413}:
                return False
            self.facts.keys.setdefault("all" if key else "omit", False)
        return False

    # Structures

    def ask_structures(self) -> None:
        """The structure with all it stands on, and the modes of references."""
        name = STRUCTURE_FORMATS[self.facts.api][0]
        for mode in ("descendants", "children", "none", "all"):
            told = self._structure(f"references={mode}", self.places.structure(f"references={mode}"), name)
            self._note(self.facts.references, mode, told, is_structure(told))
            if told is not None and is_structure(told) and mode == "descendants":
                self._read_structure(told)
            if told is not None and not is_structure(told):
                self._note_error(told)
        if self.facts.references and not any(self.facts.references.values()):
            alone = self.places.structure("references=children", resource="datastructure")
            told = self._structure("datastructure", alone, name)
            if told is not None and (is_structure(told) or told.status in _NOT_THERE):
                self.facts.structure_alone = is_structure(told)

    def _read_structure(self, told: Told) -> None:
        artefacts = Artefacts(_artefacts(told))
        try:
            structure = artefacts.structure_of(Urn("Dataflow", self.places.ref))
        except HubError:
            self.facts.structure_complete = False
            return
        lists = [one.representation.codelist for one in structure.components.values() if one.representation.codelist]
        self.facts.structure_complete = all(artefacts.find(one) is not None for one in lists)
        self.facts.dimension_ids = tuple(structure.dimension_ids)
        self.places = replace(self.places, dimensions=len(structure.dimension_ids))

    def ask_variants(self) -> None:
        """Stubs, any agency, the latest version, other formats of structures."""
        names = STRUCTURE_FORMATS[self.facts.api]
        ref, any_agency = self.places.ref, _ANY[self.facts.api].agency_id
        latest = "latest" if self.facts.api == "v1" else "+"
        told = self._structure("detail", self.places.structure("detail=allstubs"), names[0])
        self.facts.stubs = self._told(told, is_structure(told))
        told = self._structure("agency", self.places.structure(ref=replace(ref, agency_id=any_agency)), names[0])
        self.facts.any_agency = self._told(told, is_structure(told))
        told = self._structure("version", self.places.structure(ref=replace(ref, version=latest)), names[0])
        self.facts.latest = self._told(told, is_structure(told))
        self.facts.structure_formats[names[0]] = bool(self.facts.references.get("descendants"))
        for name in names[1:]:
            told = self._structure(f"structure {name}", self.places.structure("references=none"), name)
            wanted = Kind.XML_STRUCTURE if name.startswith("xml") else Kind.JSON_STRUCTURE
            comes = told is not None and told.status == 200 and told.kind is wanted
            self._note(self.facts.structure_formats, name, told, comes)

    def ask_languages(self) -> None:
        """Names in another language than English."""
        for language in ("fr", "es"):
            told = self._structure(
                f"language {language}", self.places.structure(), STRUCTURE_FORMATS[self.facts.api][0], language
            )
            spoken = told.answer.headers.get("content-language", "") if told else ""
            named = language in spoken or _names_language(told.body if told else b"", language)
            self._note(self.facts.languages, language, told, is_structure(told) and named)

    # Data

    def ask_formats(self) -> None:
        """Formats by Accept, and by their names."""
        for name in DATA_FORMATS:
            if name not in self.facts.accepts:
                told = self._data(f"format {name}", "lastNObservations=1", name)
                comes = told is not None and told.status == 200 and told.kind is DATA_FORMATS[name][1]
                self._note(self.facts.accepts, name, told, comes)
        for text, wanted in NAMES:
            told = self._data(f"format={text}", f"lastNObservations=1&format={quote(text)}", "", accept="*/*")
            if told is not None and is_data(told) and wanted in (name := _name_of(told, "")) + name.partition("-")[0]:
                self.facts.named.setdefault(name, text)

    def ask_keys(self) -> None:
        """Other ways to ask for everything."""
        for rule, key in (("omit", None), ("dots", self.places.dots), ("all", self.places.everything)):
            if rule not in self.facts.keys:
                url = self.places.data(key, "lastNObservations=1")
                told = self._ask(f"key {rule}", url, self._accept)
                self._note(self.facts.keys, rule, told, is_data(told))
        if self.facts.api == "v1":
            url = self.places.data(self._key, "lastNObservations=1")
            encoded = url.replace(",", "%2C")
            self.facts.encoded_comma = is_data(self._ask("comma", encoded, self._accept))

    def ask_parameters(self) -> None:
        """What parameters do: fewer observations, no values, later periods, later changes."""
        one = self._data("lastNObservations=1", "lastNObservations=1")
        three = self._data("lastNObservations=3", "lastNObservations=3")
        if one is not None and three is not None and is_data(one) and is_data(three):
            self.facts.last_n = 0 < count_observations(one) < count_observations(three)
        query = "detail=serieskeysonly" if self.facts.api == "v1" else "attributes=none&measures=none"
        keys = self._data("detail", f"{query}&lastNObservations=1")
        self.facts.detail = self._told(keys, keys is not None and (is_data(keys) or self._is_nothing(keys)))
        later = self._ask("period", self.places.data(self._key, self.places.since(FAR)), self._accept)
        self.facts.period = self._told(later, later is not None and self._is_nothing(later))
        if later is not None:
            self._note_nothing(later)
        changed = self._data("updatedAfter", f"updatedAfter={FAR}-01-01T00%3A00%3A00Z")
        self.facts.updated_after = self._told(changed, changed is not None and self._is_nothing(changed))

    def ask_availability(self) -> None:
        """Which data there are: by availability, or by a constraint."""
        ref, key = self.places.ref, self.places.everything
        flow = ",".join((ref.agency_id, ref.id, ref.version))
        v2 = f"availability/dataflow/{ref.agency_id}/{ref.id}/{ref.version}/{key}"
        name = "availableconstraint" if self.facts.api == "v1" else "availability"
        url = f"{self.places.endpoint}/" + (f"availableconstraint/{flow}/{key}" if self.facts.api == "v1" else v2)
        told = self._structure(name, url, self._structures)
        if self._told(told, said=True) is None:
            return
        self.facts.availability = name if is_structure(told) else "none"
        if not is_structure(told):
            mode = "contentconstraint" if self.facts.api == "v1" else "dataconstraint"
            told = self._structure("constraint", self.places.structure(f"references={mode}"), self._structures)
            written = _artefacts(told) if told is not None and is_structure(told) else ()
            if any(one.artefact_class.name == "AvailabilityConstraint" for one in written):
                self.facts.availability = "references"

    def ask_changes(self) -> None:
        """Whether an answer says what it was, and that it has not changed; packed answers; ranges of values."""
        first = self._data("etag", "lastNObservations=1")
        validators = {
            header: first.answer.headers[name]
            for header, name in (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
            if first is not None and name in first.answer.headers
        }
        self.facts.etag = self._told(first, said=False)
        if validators:
            again = self._data("if-none-match", "lastNObservations=1", more=validators)
            self.facts.etag = self._told(again, again is not None and again.status == 304)
        ranged = self._data("range", "", more={"Range": "values=0-0"})
        self.facts.range = self._told(ranged, ranged is not None and ranged.status == 206)
        large = [told for told in self.bodies if len(told.body) > _LARGE_ENOUGH]
        packed = any("gzip" in told.answer.headers.get("content-encoding", "") for told in self.bodies)
        self.facts.gzip = packed if large or packed else None

    def ask_errors(self) -> None:
        """How the partner says that it does not know, or does not understand."""
        nobody = self._ask("unknown code", self.places.data(self.places.key(NOBODY)), self._accept)
        if nobody is not None:
            self._note_nothing(nobody)
        unknown = replace(self.places.ref, id=NOBODY)
        told = self._ask("unknown dataflow", self.places.data(self.places.everything, ref=unknown), self._accept)
        self.facts.unknown_status = self._note_error(told)
        told = self._data("malformed", "lastNObservations=many")
        self.facts.malformed_status = self._note_error(told)
        told = self._data("unknown format", "lastNObservations=1", "", accept="application/x-nobody-writes-this")
        self.facts.refused_status = told.status if told else None

    # Asking

    def _told(self, told: Told | None, said: bool) -> bool | None:
        """What was said; None where no request was left to ask."""
        return None if told is None and self.prober.left <= 0 else said

    def _note(self, facts: dict[str, bool], name: str, told: Told | None, said: bool) -> None:
        """Write down what was said, where it was asked."""
        if self._told(told, said) is not None:
            facts[name] = said

    @property
    def _key(self) -> str | None:
        rules = {"all": self.places.everything, "omit": None, "dots": self.places.dots}
        return next((rules[rule] for rule, works in self.facts.keys.items() if works), self.places.everything)

    @property
    def _structures(self) -> str:
        """A format of structures that has come."""
        working = [name for name, works in self.facts.structure_formats.items() if works]
        return next(iter(working), STRUCTURE_FORMATS[self.facts.api][0])

    @property
    def _accept(self) -> str:
        return accept_of(self.facts.base_format) if self.facts.base_format else "*/*"

    def _data(
        self, about: str, query: str, name: str = "", *, accept: str = "", more: dict[str, str] | None = None
    ) -> Told | None:
        wanted = accept or (accept_of(name) if name else self._accept)
        return self._ask(about, self.places.data(self._key, query), wanted, more)

    def _structure(self, about: str, url: str, name: str, language: str = "") -> Told | None:
        return self._ask(about, url, accept_structure(name), {"Accept-Language": language} if language else None)

    def _ask(self, about: str, url: str, accept: str, more: dict[str, str] | None = None) -> Told | None:
        told = self.prober.ask(about, url, {"Accept": accept, **(more or {})})
        if told is None:
            return None
        self.bodies.append(told)
        self.facts.limited |= told.status == 429 or any("ratelimit" in name for name in told.answer.headers)
        self.facts.too_large |= told.status == 413
        self.facts.page_with_200 |= told.status == 200 and told.kind is Kind.HTML
        return told

    def _is_nothing(self, told: Told) -> bool:
        if told.status in {204, 404}:
            return True
        if told.status == 400:
            return error_code(told.excerpt) == "100"
        return is_data(told) and count_observations(told) == 0

    def _note_nothing(self, told: Told) -> None:
        if not self._is_nothing(told):
            self._note_error(told)
            return
        code = error_code(told.excerpt) if told.status in {400, 404} else ""
        self.facts.nothing.add(f"{told.status}+100" if code in {"100", "404"} else str(told.status))

    def _note_error(self, told: Told | None) -> int | None:
        if told is None:
            return None
        if told.status >= 400 or (told.status == 200 and told.kind in {Kind.HTML, Kind.XML_ERROR}):
            self.facts.error_styles.add(error_style(told.excerpt))
        return told.status


_QUESTIONS: tuple[Callable[[Inquiry], None], ...] = (
    Inquiry.ask_structures,
    Inquiry.ask_parameters,
    Inquiry.ask_changes,
    Inquiry.ask_errors,
    Inquiry.ask_formats,
    Inquiry.ask_availability,
    Inquiry.ask_keys,
    Inquiry.ask_variants,
    Inquiry.ask_languages,
)


def _artefacts(told: Told) -> tuple[Artefact, ...]:
    try:
        return read_structures(told.body)
    except HubError:
        return ()


def _name_of(told: Told, wanted: str) -> str:
    """Our name of the format an answer is in."""
    return next((name for name, (_, kind) in DATA_FORMATS.items() if kind is told.kind), wanted)


def _names_language(body: bytes, language: str) -> bool:
    quoted = language.encode()
    return b'xml:lang="' + quoted + b'"' in body or b'"' + quoted + b'":' in body.replace(b" ", b"")
