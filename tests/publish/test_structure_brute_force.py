"""References, items and partial answers over random worlds, against evaluators that are as naive as they can be."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from sdmx_hub.errors import NotFound
from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.structure import read_constraint, read_data_structure
from sdmx_hub.publish.structure import open_structures
from sdmx_hub.publish.structure_edges import Edition
from sdmx_hub.query import urls_v1, urls_v2
from sdmx_hub.store.artefacts import Artefacts
from tests.publish.world import World

WORLDS = range(60)
NAMED = re.compile(r"urn:sdmx:org\.sdmx\.infomodel\.\w+\.(\w+)=([\w.*]+):([\w@$*-]+)\(([^)]+)\)(?:\.([\w.]+))?")
SCHEMES = {
    "Code": "Codelist", "Concept": "ConceptScheme", "Category": "CategoryScheme", "DataProvider": "DataProviderScheme",
    "MetadataProvider": "MetadataProviderScheme",
}  # fmt: skip
UNKNOWN_IN_V1 = {"MetadataProvisionAgreement", "MetadataProviderScheme"}
DIRECTIONS = ("none", "parents", "parentsandsiblings", "ancestors", "children", "descendants", "all")
CLASSES = ("codelist", "datastructure", "dataflow", "categorisation", "dataconstraint", "conceptscheme", "agencyscheme")
Found = dict[str, set[str | None]]


def is_meant(pattern: str, version: str, others: Iterable[str]) -> bool:
    """Which versions a reference means: one, all, or the latest stable one (nothing else is made here)."""
    if pattern == "*":
        return True
    if pattern == "1+.0.0":
        stable = [one for one in others if re.fullmatch(r"[1-9]\d*\.\d+\.\d+", one)]
        return bool(stable) and version == max(stable, key=lambda one: [int(part) for part in one.split(".")])
    return pattern == version


class Naive:
    """The graph, drawn with a regular expression over the text of every document."""

    def __init__(self, world: World, edition: Edition) -> None:
        self.edition = edition
        self.known = {str(one.urn): one for one in world.made if self._is_known(one)}
        self.down = {urn: set(self.named_by(one)) - {urn} for urn, one in self.known.items()}
        self.up = {urn: {other for other, below in self.down.items() if urn in below} for urn in self.known}

    def _is_known(self, artefact: Artefact) -> bool:
        return self.edition is Edition.V2 or artefact.urn.class_name not in UNKNOWN_IN_V1

    def named_by(self, artefact: Artefact) -> Found:
        """What an artefact names, with the items of each."""
        document = dict(artefact.document)
        if self.edition is Edition.V1:
            later = {"DataStructure": "metadata", "Metadataflow": "targets"}.get(artefact.urn.class_name, "")
            document.pop(later, None)
        found: Found = {}
        for name, agency, identifier, version, item in NAMED.findall(json.dumps(document)):
            class_name = SCHEMES.get(name, name)
            alike = [
                one
                for one in self.known.values()
                if (one.urn.class_name, one.ref.id) == (class_name, one.ref.id if identifier == "*" else identifier)
                and agency in {"*", one.ref.agency_id}
            ]
            for one in alike:
                same = [x.ref.version for x in alike if (x.ref.agency_id, x.ref.id) == (one.ref.agency_id, one.ref.id)]
                if is_meant(version, one.ref.version, same):
                    found.setdefault(str(one.urn), set()).add(item or None)
        if self.edition is Edition.V2:
            home, _, agency = artefact.ref.agency_id.rpartition(".")
            scheme = f"urn:sdmx:org.sdmx.infomodel.base.AgencyScheme={home or 'SDMX'}:AGENCIES(1.0)"
            if scheme in self.known:
                found.setdefault(scheme, set()).add(agency)
        return found

    def far(self, urns: set[str], edges: dict[str, set[str]]) -> set[str]:
        found: set[str] = set()
        for _ in self.known:
            found |= {near for one in urns | found for near in edges[one]}
        return found

    def answer(self, starts: set[str], words: Iterable[str]) -> set[str]:
        children = {near for one in starts for near in self.down[one]}
        parents = {near for one in starts for near in self.up[one]}
        siblings = parents | {near for one in parents for near in self.down[one]}
        directions = {
            "none": set(),
            "children": children,
            "parents": parents,
            "parentsandsiblings": siblings,
            "descendants": self.far(starts, self.down),
            "ancestors": self.far(starts, self.up),
            "all": siblings | self.far(starts, self.down),
        }
        near = children | parents
        return starts.union(
            *(directions[w] if w in directions else {one for one in near if f".{w}=" in one.lower()} for w in words)
        )


def ask(world: World, path: str, parameters: str, edition: Edition = Edition.V2) -> tuple[Artefact, ...]:
    family = urls_v2 if edition is Edition.V2 else urls_v1
    query = family.parse_structure(path.split("/"), parameters)
    return open_structures(query, Artefacts(world.made), edition=edition)


@pytest.mark.parametrize("edition", list(Edition))
def test_references_are_those_the_naive_evaluator_finds(edition: Edition) -> None:
    cases = 0
    for seed in WORLDS:
        world = World(seed)
        naive = Naive(world, edition)
        artefacts = Artefacts(world.made)
        for urn, artefact in naive.known.items():
            words = (world.chance.choice((*DIRECTIONS, *CLASSES)),)
            if edition is Edition.V2:
                words = tuple(world.chance.sample((*DIRECTIONS, *CLASSES), world.chance.randint(1, 3)))
            else:
                words = tuple("contentconstraint" if one == "dataconstraint" else one for one in words)
            row, ref = artefact.artefact_class, artefact.ref
            resource = row.resources_v1[0] if edition is Edition.V1 else row.resource
            version = ref.version.removesuffix("-draft") if edition is Edition.V1 else ref.version
            path = f"{resource}/{ref.agency_id}/{ref.id}/{version}"
            family = urls_v1 if edition is Edition.V1 else urls_v2
            query = family.parse_structure(path.split("/"), f"references={','.join(words)}&detail=raw")
            found = open_structures(query, artefacts, edition=edition)
            urns = [str(one.urn) for one in found]
            today = tuple("dataconstraint" if one == "contentconstraint" else one for one in words)
            assert set(urns) == naive.answer({urn}, today), (seed, path, words)
            assert (urns[0], len(urns)) == (urn, len(set(urns)))
            cases += 1
    assert cases > 1000


def paths(items: Iterable[Any], key: str, prefix: str = "") -> Iterable[tuple[str, Any]]:
    for item in items:
        yield prefix + item["id"], item
        yield from paths(item.get(key, ()), key, f"{prefix}{item['id']}.")


def test_items_come_with_what_is_above_them_and_nothing_below() -> None:
    for seed in WORLDS:
        world = World(seed)
        naive = Naive(world, Edition.V2)
        for artefact in [one for one in world.made if one.artefact_class.items and one.urn.class_name != "Process"]:
            key = artefact.artefact_class.items or ""
            whole = dict(paths(artefact.items, key))
            wanted = world.chance.sample(sorted(whole), min(len(whole), world.chance.randint(1, 3)))
            ref, row = artefact.ref, artefact.artefact_class
            path = f"{row.resource}/{ref.agency_id}/{ref.id}/{ref.version}/{','.join(wanted)}"
            shown, *around = ask(world, path, "references=parents,children")
            kept = {path for path in whole if any(f"{one}.".startswith(f"{path}.") for one in wanted)}
            there = dict(paths(shown.items, key))
            assert set(there) == kept, (seed, path)
            assert shown.document["isPartial"] is True
            without = {
                path: {name: value for name, value in item.items() if name != key} for path, item in whole.items()
            }
            assert all({n: v for n, v in item.items() if n != key} == without[path] for path, item in there.items())
            near = {
                urn
                for urn, parent in naive.known.items()
                if naive.named_by(parent).get(str(artefact.urn), set()) & kept and urn != str(artefact.urn)
            }
            near |= set(naive.named_by(shown)) - {str(artefact.urn)}
            assert {str(one.urn) for one in around} == near, (seed, path)


def test_an_item_that_is_not_there_is_nothing() -> None:
    world = World(1)
    scheme = world.any_of("Codelist")
    with pytest.raises(NotFound):
        ask(world, f"codelist/{scheme.ref.agency_id}/{scheme.ref.id}/{scheme.ref.version}/NOWHERE", "")


def above(items: Iterable[Any], wanted: set[str]) -> set[str]:
    """Items with all that lies above them, by parent or by nesting."""
    found = set(wanted)
    for _ in range(10):
        found |= {item["parent"] for item in items if item["id"] in found and "parent" in item}
        found |= {one.rpartition(".")[0] for one in found if "." in one}
    return found


def mapped(naive: Naive, user: Artefact, scheme: str) -> Iterable[str]:
    """The items of a scheme that a map of schemes names."""
    for side, read in (
        ("source", lambda pair: pair["sourceValue"]["value"]),
        ("target", lambda pair: pair["targetValue"]),
    ):
        if "itemMaps" in user.document:
            only = Artefact(
                user.artefact_class, {**user.document, "source": "", "target": "", side: user.document[side]}
            )
            if scheme in naive.named_by(only):
                yield from map(read, user.document["itemMaps"])


def allowed(world: World, structure: Artefact, component_id: str, context: Artefact) -> set[str] | None:
    """The codes that every constraint on the flow or its structure leaves a component, None for all."""
    limits = []
    for one in world.made:
        if one.urn.class_name != "DataConstraint":
            continue
        targets = Naive(world, Edition.V2).named_by(one)
        regions = read_constraint(one).regions
        if {str(context.urn), str(structure.urn)} & set(targets) and all(
            component_id in each.values for each in regions
        ):
            limits.append(set().union(*(each.values[component_id] for each in regions)))
    return set.intersection(*limits) if limits else None


def test_partial_schemes_hold_what_the_answer_uses() -> None:
    """For a dataflow with all around it: concepts, categories, providers, agencies by name, codes by constraint."""
    checked = dict.fromkeys(("AgencyScheme", "ConceptScheme", "Codelist", "CategoryScheme", "DataProviderScheme"), 0)
    for seed in WORLDS:
        world = World(seed)
        naive = Naive(world, Edition.V2)
        for flow in [one for one in world.made if one.urn.class_name == "Dataflow"]:
            path = f"dataflow/{flow.ref.agency_id}/{flow.ref.id}/{flow.ref.version}"
            direction = world.chance.choice(("all", "descendants"))
            found = ask(world, path, f"references={direction}&detail=referencepartial")
            schemes = [one for one in found if one.urn.class_name in checked]
            users = [one for one in found if one.urn.class_name not in checked]
            for scheme in schemes:
                whole = naive.known[str(scheme.urn)]
                if whole.urn.class_name == "Codelist":
                    continue
                used = {
                    item
                    for user in (users if whole.urn.class_name != "AgencyScheme" else found)
                    for item in naive.named_by(user).get(str(scheme.urn), set())
                    if item
                }
                key = whole.artefact_class.items or ""
                there = {path for path, _ in paths(scheme.items, key)}
                everything = {path for path, _ in paths(whole.items, key)}
                used |= {item for user in users for item in mapped(naive, user, str(scheme.urn))}
                used &= everything
                assert there == (above(whole.items, used) if used else everything), (seed, path, str(scheme.urn))
                assert bool(scheme.document.get("isPartial")) == (there != everything)
                checked[whole.urn.class_name] += 1
            checked["Codelist"] += check_codes(world, naive, flow, found)
    assert min(checked.values()) > 10, checked


def check_codes(world: World, naive: Naive, flow: Artefact, found: tuple[Artefact, ...]) -> int:
    """Compare the codes of lists that only the structure of this one flow uses."""
    shown = {one.urn: one for one in found}
    artefacts = Artefacts(world.made)
    structures = [one for one in found if one.urn.class_name == "DataStructure"]
    flows = [one for one in found if one.urn.class_name == "Dataflow"]
    if len(structures) != 1 or len(flows) != 1:
        return 0
    view = read_data_structure(structures[0], artefacts.find)
    expected: dict[str, set[str] | None] = {}
    for component in view.components.values():
        codelist = component.representation.codelist
        target = artefacts.find(codelist) if codelist else None
        if target is not None:
            limit = allowed(world, structures[0], component.id, flow)
            known = expected.get(str(target.urn), set())
            expected[str(target.urn)] = None if limit is None or known is None else known | limit
    checked = 0
    for urn, codes in expected.items():
        target = naive.known[urn]
        others = [one for one in found if one.urn not in {structures[0].urn, target.urn} and urn in naive.named_by(one)]
        if any(None in naive.named_by(one)[urn] and one.urn.class_name != "ConceptScheme" for one in others):
            continue  # it is used as a whole elsewhere
        kept = {item["id"] for item in target.items}
        if codes is not None:
            kept &= above(target.items, codes)
        assert {item["id"] for item in shown[target.urn].items} == kept, urn
        checked += 1
    return checked


def test_full_answers_and_stubs_differ_in_content_only() -> None:
    """Every level of detail gives the same artefacts in the same order, but for what a partial answer leaves out."""
    for seed, detail in itertools.product(
        range(10), ("allstubs", "allcompletestubs", "referencestubs", "referencecompletestubs")
    ):
        world = World(seed)
        flow = world.any_of("Dataflow")
        path = f"dataflow/{flow.ref.agency_id}/{flow.ref.id}/{flow.ref.version}"
        full = ask(world, path, "references=all")
        cut = ask(world, path, f"references=all&detail={detail}")
        assert [one.urn for one in cut] == [one.urn for one in full]
        assert all(one.is_stub for one in cut[1:])
        assert cut[0].is_stub == detail.startswith("all")
