"""VTL artefacts of the fixture of every class."""

from __future__ import annotations

from tests.formats.class_parts import Named, artefact, concept, item, note, urn

_MAPPINGS = urn("VtlMappingScheme", "VMS_TEST")

VTL: tuple[Named, ...] = (
    artefact(
        "VtlMappingScheme",
        "VMS_TEST",
        "Names in VTL",
        "Noms en VTL",
        vtlMappings=[
            item(
                "FLOW",
                "The plain flow",
                "Le flux simple",
                alias="DS_1",
                dataflow=urn("Dataflow", "DF_PLAIN"),
                toVtlMapping={"method": "Pivot", "toVtlSubSpace": {"keys": ["REF_AREA", "SEX"]}},
                fromVtlMapping={"method": "Unpivot", "fromVtlSuperSpace": {"keys": ["REF_AREA"]}},
            ),
            item("LIST", "The units", "Les unités", alias="units", codelist=urn("Codelist", "CL_UNIT")),
            item("TERM", "The area", "La zone", alias="area", concept=concept("REF_AREA")),
        ],
    ),
    artefact(
        "CustomTypeScheme",
        "CTS_TEST",
        "Types",
        "Types",
        vtlVersion="2.0",
        customTypes=[
            item(
                "TYPE1",
                "Number",
                "Nombre",
                vtlScalarType="number",
                dataType="Double",
                vtlLiteralFormat="9999.99",
                outputFormat="DD.D",
                nullValue="null",
            ),
            item("TYPE2", "Text", "Texte", vtlScalarType="string", dataType="String"),
        ],
    ),
    artefact(
        "NamePersonalisationScheme",
        "NPS_TEST",
        "Own names",
        "Noms propres",
        vtlVersion="2.0",
        namePersonalisations=[
            item("BOOL", "Truth", "Vérité", vtlArtefact="variable", vtlDefaultName="bool_var", personalisedName="TRUE"),
            item("INT", "Count", "Compte", vtlArtefact="variable", vtlDefaultName="int_var", personalisedName="COUNT"),
        ],
    ),
    artefact(
        "RulesetScheme",
        "RSS_TEST",
        "Rulesets",
        "Ensembles de règles",
        vtlVersion="2.0",
        vtlMappingScheme=_MAPPINGS,
        rulesets=[
            item(
                "SUMS",
                "Sums",
                "Sommes",
                rulesetType="hierarchical",
                rulesetScope="valuedomain",
                rulesetDefinition="define hierarchical ruleset SUMS (valuedomain rule A) is W = N + S end",
            ),
            item(
                "SIGNS",
                "Signs",
                rulesetType="datapoint",
                rulesetScope="variable",
                rulesetDefinition="define datapoint ruleset SIGNS (variable V) is V >= 0 end datapoint ruleset",
            ),
        ],
    ),
    artefact(
        "UserDefinedOperatorScheme",
        "UDOS_TEST",
        "Operators",
        "Opérateurs",
        vtlVersion="2.0",
        vtlMappingScheme=_MAPPINGS,
        rulesetSchemes=[urn("RulesetScheme", "RSS_TEST")],
        userDefinedOperators=[
            item("TWICE", "Twice", "Double", operatorDefinition="define operator TWICE (x number) is x + x end"),
            item("HALF", "Half", "Moitié", operatorDefinition="define operator HALF (x number) is x / 2 end"),
        ],
    ),
    artefact(
        "TransformationScheme",
        "TS_TEST",
        "Computations",
        "Calculs",
        vtlVersion="2.0",
        annotations=[note("ENGINE", "any")],
        vtlMappingScheme=_MAPPINGS,
        namePersonalisationScheme=urn("NamePersonalisationScheme", "NPS_TEST"),
        customTypeScheme=urn("CustomTypeScheme", "CTS_TEST"),
        rulesetSchemes=[urn("RulesetScheme", "RSS_TEST")],
        userDefinedOperatorSchemes=[urn("UserDefinedOperatorScheme", "UDOS_TEST")],
        transformations=[
            item("T1", "Double it", "Doubler", isPersistent=False, expression="TWICE(DS_1)", result="DS_2"),
            item("T2", "Keep it", "Garder", isPersistent=True, expression="DS_2 [filter x > 0]", result="DS_3"),
        ],
    ),
)
