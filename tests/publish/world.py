"""Random worlds of artefacts that refer to each other, for what is compared with naive evaluators."""

from __future__ import annotations

import random
from typing import Any

from sdmx_hub.model.artefact import Artefact
from sdmx_hub.model.classes import CLASS_BY_NAME
from sdmx_hub.model.urn import Ref, Urn
from tests.publish.cube import make_chance

AGENCIES = ("TOP", "TOP.SUB", "OTHER")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0", "2.1.0-draft", "1.0")
CODES = tuple("ABCDEFGH")
DIMENSIONS = ("FREQ", "AREA", "SEX")
Node = dict[str, Any]


class World:
    """Artefacts made one after the other, each referring to some that were made before."""

    def __init__(self, seed: int) -> None:
        self.chance: random.Random = make_chance(seed)
        self.made: list[Artefact] = []
        for name in ("SDMX", "TOP"):
            items = [self._item(one) for one in (("TOP", "OTHER") if name == "SDMX" else ("SUB",))]
            self._add("AgencyScheme", "AGENCIES", agency=name, version="1.0", agencies=items)
        for maker in (self._lists, self._organisations, self._structures, self._flows, self._around):
            maker()

    def _item(self, item_id: str, **content: Any) -> Node:
        return {"id": item_id, "name": item_id, "names": {"en": item_id}, **content}

    def _add(self, class_name: str, artefact_id: str, *, agency: str = "", version: str = "", **content: Any) -> Urn:
        agency = agency or self.chance.choice(AGENCIES)
        version = version or self.chance.choice(VERSIONS)
        document = {**self._item(artefact_id), "agencyID": agency, "version": version, **content}
        artefact = Artefact(CLASS_BY_NAME[class_name], document)
        if artefact.urn not in {one.urn for one in self.made}:
            self.made.append(artefact)
        return artefact.urn

    def any_of(self, *names: str) -> Artefact:
        return self.chance.choice([one for one in self.made if one.urn.class_name in names or not names])

    def named(self, *names: str, item_class: str = "") -> str:
        """The URN of some artefact, at times with a wildcard; or of one of its items."""
        artefact = self.any_of(*names)
        urn = artefact.urn
        if item_class:
            return str(Urn(item_class, urn.ref, self.chance.choice(artefact.items)["id"]))
        if self.chance.random() < 0.1:
            urn = Urn(urn.class_name, Ref(urn.ref.agency_id, urn.ref.id, self.chance.choice(("1+.0.0", "*"))))
        return str(urn)

    def _parented(self, ids: tuple[str, ...]) -> list[Node]:
        """Items, some of which have an earlier one as parent."""
        return [
            self._item(one, parent=self.chance.choice(ids[:place]))
            if place and self.chance.random() < 0.5
            else self._item(one)
            for place, one in enumerate(ids)
        ]

    def _lists(self) -> None:
        for number in range(5):
            codes = self._parented(CODES[: self.chance.randint(2, len(CODES))])
            self._add("Codelist", f"CL{number % 4}", codes=codes)
        for number in range(2):
            concepts = self._parented(("FREQ", "AREA", "SEX", "VALUE", "SPARE"))
            for concept in concepts:
                if self.chance.random() < 0.3:
                    concept["coreRepresentation"] = {"enumeration": self.named("Codelist")}
            self._add("ConceptScheme", f"CS{number}", concepts=concepts)
        self._add("CategoryScheme", "CAT", categories=self._nested("categories", 3, ""))

    def _nested(self, key: str, depth: int, prefix: str) -> list[Node]:
        count = self.chance.randint(1, 3)
        return [
            self._item(
                f"{prefix}{number}",
                **({key: self._nested(key, depth - 1, "N")} if depth and self.chance.random() < 0.6 else {}),
            )
            for number in range(count)
        ]

    def _organisations(self) -> None:
        self._add(
            "DataProviderScheme", "DATA_PROVIDERS", version="1.0", dataProviders=[self._item(f"P{n}") for n in range(3)]
        )
        self._add("MetadataProviderScheme", "METADATA_PROVIDERS", version="1.0", metadataProviders=[self._item("M")])

    def _component(self, component_id: str) -> Node:
        scheme = self.any_of("ConceptScheme")
        shape = (
            {"enumeration": self.named("Codelist")}
            if self.chance.random() < 0.8
            else {"format": {"dataType": "String"}}
        )
        concept = str(Urn("Concept", scheme.urn.ref, self.chance.choice(scheme.items)["id"]))
        return {"id": component_id, "conceptIdentity": concept, "localRepresentation": shape}

    def _structures(self) -> None:
        self._add(
            "MetadataStructure",
            "MSD",
            metadataStructureComponents={"metadataAttributeList": {"metadataAttributes": [self._component("NOTE")]}},
        )
        for number in range(3):
            value = self._component("OBS_VALUE") | {"localRepresentation": {"format": {"dataType": "Double"}}}
            more = {"metadata": self.named("MetadataStructure")} if self.chance.random() < 0.3 else {}
            self._add(
                "DataStructure",
                f"DSD{number % 2}",
                dataStructureComponents={
                    "dimensionList": {"dimensions": [self._component(one) for one in DIMENSIONS]},
                    "measureList": {"measures": [value]},
                },
                **more,
            )

    def _flows(self) -> None:
        for number in range(4):
            self._add("Dataflow", f"DF{number % 3}", structure=self.named("DataStructure"))
        for number in range(2):
            self._add(
                "ProvisionAgreement",
                f"PA{number}",
                dataflow=self.named("Dataflow"),
                dataProvider=self.named("DataProviderScheme", item_class="DataProvider"),
            )
        for number in range(3):
            kind, class_name = self.chance.choice(
                (
                    ("dataflows", "Dataflow"),
                    ("dataStructures", "DataStructure"),
                    ("provisionAgreements", "ProvisionAgreement"),
                )
            )
            regions = [
                {
                    "include": True,
                    "keyValues": [
                        {"id": one, "values": [{"value": code} for code in self.chance.sample(CODES, 2)]}
                        for one in self.chance.sample(DIMENSIONS, 2)
                    ],
                }
                for _ in range(self.chance.randint(1, 2))
            ]
            self._add(
                "DataConstraint",
                f"DC{number}",
                constraintAttachment={kind: [self.named(class_name)]},
                cubeRegions=regions,
            )

    def _around(self) -> None:
        for number in range(3):
            self._add("Categorisation", f"CTG{number}", source=self.named(), target=self._category())
        everything = f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={self.chance.choice((*AGENCIES, '*'))}:*(*)"
        self._add("Metadataflow", "MDF", structure=self.named("MetadataStructure"), targets=[everything, self.named()])
        self._add(
            "MetadataProvisionAgreement",
            "MPA",
            metadataflow=self.named("Metadataflow"),
            metadataProvider=self.named("MetadataProviderScheme", item_class="MetadataProvider"),
            targets=[self.named()],
        )
        one, other = self.named("Dataflow"), self.named("Dataflow")
        self._add(
            "StructureMap", "SM", source=one, target=other, componentMaps=[{"source": ["AREA"], "target": ["AREA"]}]
        )
        self._add(
            "ConceptSchemeMap",
            "CSM",
            source=self.named("ConceptScheme"),
            target=self.named("ConceptScheme"),
            itemMaps=[{"sourceValue": {"value": "FREQ"}, "targetValue": "SEX"}],
        )
        self._add("Process", "PR", processSteps=[self._item("STEP", inputs=[{"objectReference": self.named()}])])

    def _category(self) -> str:
        scheme = self.any_of("CategoryScheme")
        path, level = "", scheme.items
        while level:
            one = self.chance.choice(level)
            path, level = (
                f"{path}.{one['id']}".strip("."),
                one.get("categories", []) if self.chance.random() < 0.7 else [],
            )
        return str(Urn("Category", scheme.urn.ref, path))
